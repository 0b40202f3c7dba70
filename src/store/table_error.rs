use super::{Shown, StoreError};
use crate::diagnostics::{Diagnose, FailureKind, Place, UnknownName};

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not such a table.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong, and the valid choices.
        problem: Box<TableProblem>,
    },
}

impl Diagnose for TableError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Malformed { .. } => FailureKind::Table,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Store(error) => error.place(),
            Self::Malformed { place, .. } => Some(place.clone()),
        }
    }
}

impl TableProblem {
    /// The error of the table in a file as a whole.
    #[must_use]
    pub fn in_file(self, path: &std::path::Path) -> TableError {
        TableError::Malformed { place: Place::file(path), problem: Box::new(self) }
    }
}

/// What is wrong with a table of episodes, windows or rows of a shard.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TableProblem {
    /// A column that is needed.
    #[error("the column `{column}` is missing; the header has: {header}")]
    MissingColumn {
        /// Its name.
        column: String,
        /// The columns that there are.
        header: String,
    },
    /// Nobody can tell which of the two is meant.
    #[error("the column `{0}` stands twice in the header")]
    ColumnTwice(String),
    /// The row is not as wide as the header.
    #[error("the row has {row} fields, the header {header}")]
    FieldCount {
        /// Fields of the row.
        row: u64,
        /// Fields of the header.
        header: u64,
    },
    /// The bytes are not text.
    #[error("the row is not UTF-8")]
    NotUtf8,
    /// In the words of the reader of CSV.
    #[error("this is no CSV: {0}")]
    NotCsv(String),
    /// Not a number, or an infinite one.
    #[error("`{text}` in the column `{column}` is not a finite number")]
    NotFinite {
        /// What stands there.
        text: String,
        /// The column.
        column: String,
    },
    /// Not a count.
    #[error("`{0}` is not a number of samples")]
    NotSamples(String),
    /// Not a truth value.
    #[error("`{text}` in the column `{column}` is neither true nor false")]
    NotBoolean {
        /// What stands there.
        text: String,
        /// The column.
        column: &'static str,
    },
    /// There is no such motif, channel or group.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Nobody can ever have so many.
    #[error(
        "{at_least} channels of a group must have an episode at a time, and no group of the tape has more than {most} (`{}`)",
        Shown::plain(.group)
    )]
    TooFewChannels {
        /// How many must have one.
        at_least: usize,
        /// The largest group.
        group: String,
        /// How many it has.
        most: usize,
    },
    /// An episode that takes less than no time.
    #[error("the episode ends at {t_end}, before its start at {t_start}")]
    EndsBeforeStart {
        /// Its start.
        t_start: f64,
        /// Its end.
        t_end: f64,
    },
    /// An episode that was known before it was there.
    #[error("the episode is detected at {t_detected}, before its start at {t_start}")]
    DetectedBeforeStart {
        /// Its start.
        t_start: f64,
        /// When it was detected.
        t_detected: f64,
    },
    /// A window that takes no time.
    #[error("the window ends at {t_end}, not after its start at {t_start}")]
    EmptyWindow {
        /// Its start.
        t_start: f64,
        /// Its end.
        t_end: f64,
    },
    /// Two windows of one fault.
    #[error("the window overlaps the one in line {line}, of the same motif and channel; join them")]
    Overlap {
        /// Where the other one stands.
        line: u64,
    },
    /// A fault that nobody could have seen.
    #[error(
        "the window of `{}` from {t_start} to {t_end} is outside the trace, which is from {first} to {last} seconds{}",
        Shown::plain(.channel),
        // Nobody's tape is that long: it is a date, and the tape counts from another one.
        if t_start - last > 1e8 { "; of windows that are dates, --origin (in an experiment `origin`) says where the times of the tape count from" }
        else { "" }
    )]
    OutsideTrace {
        /// The channel of the window.
        channel: String,
        /// Its start.
        t_start: f64,
        /// Its end.
        t_end: f64,
        /// The first time of the trace.
        first: f64,
        /// The last one.
        last: f64,
    },
    /// No window at all.
    #[error("there is no window in it, so nothing can be scored")]
    NoWindow,
    /// The rows of a shard are not of the engine that made them.
    #[error("its header is not that of episodes of `{engine}`: {header}")]
    OtherHeader {
        /// The engine.
        engine: &'static str,
        /// What its header is.
        header: String,
    },
    /// Not a number.
    #[error("the unit is not a number")]
    NotUnit,
    /// The shard has no such unit.
    #[error("a row is of unit {unit}, and the shard has {units}; run it again")]
    NoSuchUnit {
        /// The unit.
        unit: usize,
        /// How many there are.
        units: usize,
    },
    /// The unit is of one class of a tape, and the row of another.
    #[error("a row of unit {unit} is of `{motif}`, which is of another class")]
    OtherClass {
        /// The unit.
        unit: usize,
        /// The motif of the row.
        motif: &'static str,
    },
}
