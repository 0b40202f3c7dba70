use std::fmt;
use std::path::PathBuf;

use super::delimiter::Delimiter;

/// What is wrong with a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceTableProblem {
    /// It is Parquet, and this build reads none.
    #[error(
        "this is Parquet, and this build lacks the feature `parquet`; write it as CSV, such as with `duckdb -csv -c \"FROM \
         'x.parquet'\" > x.csv`"
    )]
    ParquetNotBuilt,
    /// Parquet has no delimiter that could be told.
    #[error("--delimiter is for CSV, and this is Parquet")]
    DelimiterOfParquet,
    /// Parquet that cannot be decoded; in the words of what reads it.
    #[error("this is no Parquet that can be read: {0}; write it again, or as CSV")]
    Undecodable(String),
    /// A column of a type that has neither numbers nor texts nor times.
    #[error("column `{column}` is of {of}; {}", .of.way_on())]
    ColumnType {
        /// Its name.
        column: String,
        /// Its type.
        of: UnreadType,
    },
    /// The columns are separated by something else.
    #[error(
        "the columns are separated by {found} and not by {taken}{}; pass {}",
        if *.is_told { "" } else { ", which the construction `reference` takes unless it is told" },
        .found.flag()
    )]
    OtherDelimiter {
        /// What separates them.
        found: Delimiter,
        /// What was taken to.
        taken: Delimiter,
        /// Whether that was told.
        is_told: bool,
    },
    /// Two delimiters give the columns that are needed.
    #[error(
        "the columns may be separated by {first} or by {second}; pass {} or {}",
        .first.flag(),
        .second.flag()
    )]
    Delimiters {
        /// The one.
        first: Delimiter,
        /// The other.
        second: Delimiter,
    },
    /// A later file of a trace is in another format than its first one.
    #[error("this file is {here}, but `{}` is {there}; the files of a trace are of one format", .first.display())]
    Formats {
        /// Its format.
        here: TableFormat,
        /// The first file.
        first: PathBuf,
        /// The format of that.
        there: TableFormat,
    },
    /// Nothing is in it.
    #[error("the file is empty; its first line should name the columns")]
    Empty,
    /// It has one column alone.
    #[error("one column is not a table")]
    OneColumn,
    /// Nothing is behind its header.
    #[error("there are no rows after the header")]
    NoRows,
    /// It is drawn for people to read.
    #[error("this is a table that is drawn for people to read; {AS_CSV}")]
    Drawn,
    /// Its first line is a message of psql.
    #[error("this line is a message of psql and no header; {AS_CSV}, with `psql -qX`")]
    Setting,
    /// Its first line says to Excel what separates the columns.
    #[error(
        "this line is for Excel and no header; remove it, and pass {}",
        .delimiter.map_or("--delimiter", Delimiter::flag)
    )]
    Directive {
        /// What separates them, if it can be told.
        delimiter: Option<Delimiter>,
    },
    /// The names of its columns are no text.
    #[error("the header is not UTF-8; convert the file to UTF-8")]
    HeaderNotUtf8,
}

/// The way on with what a program has printed for people.
pub(super) const AS_CSV: &str =
    "write it as CSV: `\\copy … TO 'x.csv' CSV HEADER`, `psql --csv`, `duckdb -csv` or `mysql --batch`";

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableFormat {
    /// Text, and what separates its columns.
    Csv(Delimiter),
    /// Parquet.
    Parquet,
}

impl fmt::Display for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv(delimiter) => write!(f, "CSV with {delimiter}"),
            Self::Parquet => f.write_str("Parquet"),
        }
    }
}

/// A type of Parquet whose values are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadType {
    /// A value of several parts.
    Struct,
    /// Several values.
    List,
    /// Values by keys.
    Map,
    /// A time without a date.
    TimeOfDay,
    /// A duration or an interval.
    Interval,
    /// Another one, as polars calls it.
    Other(String),
}

impl UnreadType {
    /// What makes a column of it one that is read.
    const fn way_on(&self) -> &'static str {
        match self {
            Self::Struct | Self::List | Self::Map => "write the values that are needed as columns of their own",
            Self::TimeOfDay | Self::Interval | Self::Other(_) => {
                "cast it to DOUBLE, BIGINT, TIMESTAMP or VARCHAR, whichever fits, and write the file again"
            }
        }
    }
}

impl fmt::Display for UnreadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Struct => f.write_str("a nested type (a struct)"),
            Self::List => f.write_str("a nested type (a list)"),
            Self::Map => f.write_str("a nested type (a map)"),
            Self::TimeOfDay => f.write_str("times of a day without a date"),
            Self::Interval => f.write_str("intervals, of which it is not said in which unit they are meant"),
            Self::Other(name) => write!(f, "the type {name}, which is not read"),
        }
    }
}
