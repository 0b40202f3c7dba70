use crate::trace::read::{ColumnNames, NumberedColumn};
use crate::trace::repeated::quoted;

/// What is wrong with a table of any metric.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GenericProblem {
    /// Which column is what cannot be told.
    #[error("{choice}; pass {} (there are {there})", .ask.flags())]
    Undecided {
        /// What cannot be told.
        choice: ColumnChoice,
        /// What is to be told.
        ask: ColumnAsk,
        /// All columns.
        there: ColumnNames,
    },
    /// Nothing looks like a column that is needed.
    #[error("no column looks like a {what}; name it (there are {there})")]
    Missing {
        /// What it is.
        what: &'static str,
        /// All columns.
        there: ColumnNames,
    },
    /// Values are told in two ways.
    #[error("--value-col and --value-cols are both given; give one of them")]
    ValueTwice,
    /// The published construction has one value.
    #[error("the construction `reference` has one value column; pass --value-col, or another construction")]
    OneValue,
    /// A key is among the values.
    #[error("`{0}` is the time or the channel, and in --value-cols")]
    KeyAsValue(String),
    /// A value is there twice.
    #[error("`{0}` is twice in --value-cols")]
    RepeatedValue(String),
    /// A value column that no channel could be called by.
    #[error(
        "column {column} has no name, as an index of pandas has none; name the value columns in --value-cols (there are {there})"
    )]
    Nameless {
        /// Its number, from 1.
        column: usize,
        /// All columns.
        there: ColumnNames,
    },
    /// Two value columns of one name.
    #[error("columns {first} and {second} are both called `{name}`, and would be one channel; rename one of them")]
    OneChannel {
        /// Their name.
        name: String,
        /// The number of the first one, from 1.
        first: usize,
        /// The number of the second one.
        second: usize,
    },
    /// An option of another construction.
    #[error("--{flag} is of the construction `robust`, which makes no residuals here; leave it out")]
    OfRobust {
        /// Its flag, without the dashes.
        flag: &'static str,
    },
    /// Cells of a column are said to be missing that is no value.
    #[error("`{name}` in --missing is no value column; they are {}", quoted(.values))]
    NotAValue {
        /// What was named.
        name: String,
        /// The values.
        values: Vec<String>,
    },
    /// Columns may tell series apart, and nobody says so.
    #[error(
        "{} is not used; which column tells the series apart? Pass --channel-col {}, or --one-series if all rows are one series",
        quoted(.telling),
        .telling[0]
    )]
    Series {
        /// The columns, one at least.
        telling: Vec<String>,
    },
    /// A series is named that there is not.
    #[error("`{name}` in --{flag} is no column and no channel; known: {}", some_of(.known))]
    UnknownSeries {
        /// What was named.
        name: String,
        /// The option, without the dashes.
        flag: &'static str,
        /// The values and the channels.
        known: Vec<String>,
    },
    /// A row or none.
    #[error("the construction `reference` needs at least two rows")]
    FewRows,
    /// A rule that leaves nothing.
    #[error("the rule known_values, {known}, is more than centre_values, {centre}: nothing would ever be known")]
    Rules {
        /// `known_values`
        known: f64,
        /// `centre_values`
        centre: f64,
    },
    /// The stretch of the baseline is too short for some channels.
    #[error(
        "fewer than {known} values from {from} to {to}, the stretch of --baseline, of {channels}; give a longer one, or the rule \
         known_values"
    )]
    ShortBaseline {
        /// `known_values`
        known: f64,
        /// Where it begins, in seconds.
        from: f64,
        /// Where it ends, in seconds.
        to: f64,
        /// The channels, as a sentence lists them.
        channels: String,
    },
}

/// Names that an error lists.
const LISTED: usize = 30;

/// The first of some names, and how many there are more.
fn some_of(names: &[String]) -> String {
    let shown = quoted(&names[..names.len().min(LISTED)]);
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Which column cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnChoice {
    /// Two columns could be it.
    #[error("columns {first} and {second} could both be the {what}")]
    Two {
        /// The one.
        first: NumberedColumn,
        /// The other.
        second: NumberedColumn,
        /// What they could be.
        what: &'static str,
    },
    /// No column could be it.
    #[error("no column is called like a {what} ({})", .known.join(", "))]
    None {
        /// What it is.
        what: &'static str,
        /// What it would be called.
        known: &'static [&'static str],
    },
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnAsk {
    /// The time or the channel.
    Keys,
    /// These or the values.
    All,
}

impl ColumnAsk {
    const fn flags(self) -> &'static str {
        match self {
            Self::Keys => "--time-col or --channel-col",
            Self::All => "--time-col, --value-col (or --value-cols for several) or --channel-col",
        }
    }
}
