use std::fmt;
use std::path::PathBuf;

/// How many column names an error lists before it says how many more there are.
const LISTED: usize = 30;

/// What is wrong with the names of the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderProblem {
    /// Columns that are needed are not there.
    #[error(
        "the header has no column{} {}; it has {there}{}",
        if .missing.len() == 1 { "" } else { "s" },
        .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        if *.is_row {
            "; if these are values and no names, export the file with its header (`CSV HEADER`)"
        } else {
            ""
        }
    )]
    Missing {
        /// What is not there.
        missing: Vec<MissingColumn>,
        /// What is.
        there: ColumnNames,
        /// Whether these look like values.
        is_row: bool,
    },
    /// A column that is needed stands there twice.
    #[error(
        "column `{name}` stands twice in the header, as columns {first} and {second}; remove or rename one of them"
    )]
    Repeated {
        /// Its name.
        name: String,
        /// The number of the first one, from 1.
        first: usize,
        /// The number of the second one.
        second: usize,
    },
    /// A column is named for two uses.
    #[error("column `{name}` cannot be two things at once; name another one for one of them (there are {there})")]
    TwoUses {
        /// Its name.
        name: String,
        /// All columns.
        there: ColumnNames,
    },
    /// Two columns could be the same thing.
    #[error("columns {first} and {second} could both be {what}; {advice}")]
    Ambiguous {
        /// The one.
        first: NumberedColumn,
        /// The other.
        second: NumberedColumn,
        /// What they could be.
        what: String,
        /// The way on.
        advice: &'static str,
    },
    /// Another file of the trace lacks a column.
    #[error("it has no column `{name}`, which `{}` has; the files of a trace have one header", .first.display())]
    Lacks {
        /// Its name.
        name: String,
        /// The first file of the trace.
        first: PathBuf,
    },
    /// Another file of the trace has one more.
    #[error("it has a column `{name}`, which `{}` has not; the files of a trace have one header", .first.display())]
    More {
        /// Its name.
        name: String,
        /// The first file of the trace.
        first: PathBuf,
    },
    /// Another file of the trace has them in another order.
    #[error("its columns are in another order than those of `{}`; the files of a trace have one header", .first.display())]
    Order {
        /// The first file of the trace.
        first: PathBuf,
    },
}

/// A column that is needed and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingColumn {
    /// Its name.
    pub name: String,
    /// One that is there and nearly called so.
    pub near: Option<String>,
}

impl fmt::Display for MissingColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        self.near.as_ref().map_or(Ok(()), |near| write!(f, " (is it `{near}`?)"))
    }
}

/// A column and where it stands in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberedColumn {
    /// Its number, from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
}

impl fmt::Display for NumberedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`)", self.number, self.name)
    }
}

/// The names in a header, of which no more than 30 are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames(pub Vec<String>);

impl fmt::Display for ColumnNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().take(LISTED).map(|name| format!("`{}`", super::text::shown(name)));
        f.write_str(&shown.collect::<Vec<_>>().join(", "))?;
        match self.0.len().checked_sub(LISTED) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}
