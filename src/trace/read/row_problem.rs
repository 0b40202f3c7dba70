use super::delimiter::Delimiter;
use super::stray_line::StrayLine;
use super::unknown::Unknown;
use crate::diagnostics::counted;

/// What is wrong with a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// A cell is not what its column says.
    #[error(
        "`{column}` is {}{} {problem}",
        if .value.trim().is_empty() { "empty".to_owned() } else { format!("`{value}`") },
        if *.problem == CellProblem::HiddenQuery { ":" } else { "," }
    )]
    Cell {
        /// The column.
        column: String,
        /// The start of what stands there.
        value: String,
        /// What is wrong with it.
        problem: CellProblem,
    },
    /// It has another number of fields than the header.
    #[error(
        "the row has {}, but the header has {expected}; look for a missing quote or an extra {}",
        counted(*.found, "field"),
        .delimiter.name()
    )]
    FieldCount {
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
        /// What separates them.
        delimiter: Delimiter,
    },
    /// It is no row.
    #[error("`{text}` {stray}")]
    Stray {
        /// What it is.
        stray: StrayLine,
        /// How it starts.
        text: String,
    },
    /// Bytes that are no text.
    #[error("the row is not UTF-8; convert the file to UTF-8")]
    NotUtf8,
    /// A byte that no text has.
    #[error(
        "the row has a NUL byte, as no text has; the file is damaged there, or is UTF-16 (convert it with `iconv -f UTF-16LE -t \
         UTF-8`)"
    )]
    Nul,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellProblem {
    /// It is not a number.
    #[error("not a number; write it like `12.5` or `1e-3`")]
    Number,
    /// It is not a whole number.
    #[error("not a whole number from 0 to 2^64-1; write it like `12`")]
    WholeNumber,
    /// It is not a time.
    #[error("not a time; write it like `2018-03-02 14:44:02.768+00:00`, or as a number of seconds")]
    Time,
    /// It is not a time with an offset.
    #[error("not a time with its offset; write it like `2018-03-02 14:44:02.768+00:00`")]
    TimeWithOffset,
    /// It is infinite.
    #[error("not finite; a residual needs a finite number")]
    NotFinite,
    /// Its size is beyond 1e100.
    #[error("beyond ±1e100; arithmetic with it would overflow")]
    TooLarge,
    /// It is below 0.
    #[error("negative; a count or a duration is 0 or more")]
    Negative,
    /// It says that its value is not known.
    #[error("{0}")]
    Unknown(Unknown),
    /// The same of a name.
    #[error("unknown; leave the row out, or give it a name")]
    UnknownName(Unknown),
    /// A comma stands in the number.
    #[error("which has a comma, for the decimals or for the thousands; write it like `12.5` or `12500`")]
    DecimalComma,
    /// It is not between 0 and 1.
    #[error("not a ratio, which is between 0 and 1")]
    Ratio,
    /// It is between 1 and 100 where a ratio should be.
    #[error("which looks like a percentage; divide the column by 100, for a ratio is between 0 and 1")]
    Percentage,
    /// A percent sign stands behind it.
    #[error("a percentage; divide it by 100 and write it like `0.992`")]
    PercentSign,
    /// It is no truth value.
    #[error("neither true nor false; write it like `true` or `0`")]
    Flag,
    /// It is a statement's identifier that PostgreSQL does not show to everybody.
    #[error(
        "the role that exported the view may not see the statements of others; GRANT pg_read_all_stats TO that role, and export \
         it again"
    )]
    HiddenQuery,
    /// It is an identifier that a program has taken for a number.
    #[error(
        "a floating-point number, as pandas and Excel make of an identifier; they round it, so that different ones look the \
         same; export the column as text"
    )]
    RoundedId,
    /// It is something else than the identifier of a statement.
    #[error("not the identifier of a statement, which is a whole number or hexadecimal")]
    QueryId,
}

impl CellProblem {
    /// The reason under which rows are counted that have it.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Number => "bad number",
            Self::WholeNumber => "bad whole number",
            Self::Time | Self::TimeWithOffset => "unparsable time",
            Self::NotFinite => "not finite",
            Self::TooLarge => "too large",
            Self::Negative => "negative",
            Self::Unknown(unknown) | Self::UnknownName(unknown) => unknown.reason(),
            Self::DecimalComma => "decimal comma",
            Self::Ratio | Self::Percentage | Self::PercentSign => "no ratio",
            Self::Flag => "neither true nor false",
            Self::HiddenQuery => "hidden from the role that exported it",
            Self::RoundedId => "rounded",
            Self::QueryId => "no identifier",
        }
    }
}
