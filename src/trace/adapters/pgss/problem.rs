use crate::trace::read::ColumnNames;
use crate::trace::repeated::quoted;

/// What is wrong with snapshots of counters.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PgssProblem {
    /// A column that is needed is not there, by any of its names.
    #[error("{column} (there are {there})")]
    Missing {
        /// Which, and the way on.
        column: CounterColumn,
        /// All columns.
        there: ColumnNames,
    },
    /// A row or none.
    #[error("counters need at least two snapshots, and there are fewer than two rows")]
    FewRows,
    /// One snapshot.
    #[error("counters need at least two snapshots, and all rows are of one")]
    OneSnapshot,
    /// Identifiers were taken for floating-point numbers.
    #[error(
        "all identifiers of statements look rounded, as JavaScript and pandas round what they take for a floating-point \
         number, so that different ones look the same; export the column as text"
    )]
    Rounded,
    /// Nothing can be compared with an earlier snapshot.
    #[error(
        "no statement is in two snapshots; {}",
        if .key.is_empty() {
            "give a file in which snapshots follow each other".to_owned()
        } else {
            format!(
                "a statement is told by its identifier and {}; leave a column out that has another value in each snapshot, such \
                 as the name of a file",
                quoted(.key)
            )
        }
    )]
    NothingInTwo {
        /// The columns that tell statements apart besides their identifiers.
        key: Vec<String>,
    },
    /// Counters fall more often than resets explain.
    #[error("these are not cumulative counters: {fell} of {steps} steps fall, here for the first time; {OR_ELSE}")]
    Fall {
        /// Steps that fall.
        fell: usize,
        /// All steps.
        steps: usize,
    },
    /// Counters of several servers, one after the other.
    #[error(
        "counters fall here, and never do if every row is compared with the {} before it; is this one file of {servers} \
         servers? Give them a column `server`",
        if *.servers == 2 { "second row" } else { "third or fourth row" }
    )]
    Servers {
        /// How many there seem to be.
        servers: usize,
    },
    /// Calls grow, and their total time falls.
    #[error(
        "these are not cumulative counters: since {since}, calls grow from {} to {} and their total time falls from {} to {}, \
         which no reset explains; {OR_ELSE}",
        .calls[0], .calls[1], .total_ms[0], .total_ms[1]
    )]
    Contradiction {
        /// Where the row before stands.
        since: String,
        /// Calls before and now.
        calls: [u64; 2],
        /// Total times before and now, in milliseconds.
        total_ms: [f64; 2],
    },
    /// Counters that are said to count from the snapshot before never fall.
    #[error(
        "these are cumulative counters: none of {steps} steps falls, from here on; leave out --counters per-interval"
    )]
    NeverFall {
        /// All steps.
        steps: usize,
    },
}

/// The way on with counters that fall.
const OR_ELSE: &str = "pass --counters per-interval if each row counts from the snapshot before (or --counters cumulative if the \
                       counters were reset so often)";

/// A column of snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CounterColumn {
    /// The time of the snapshot.
    #[error(
        "no column is the time of the snapshot (`snapshot_t`, `now`, `time`, `captured_at` …); pass --time-col, or select now() \
         with the view"
    )]
    Time,
    /// The statement's identifier.
    #[error("no column is the statement's identifier (`queryid`); export it, too")]
    Statement,
    /// The number of calls.
    #[error("no column is the number of calls (`calls`)")]
    Calls,
    /// The total time.
    #[error("no column is the total time in milliseconds (`total_exec_time`, before PostgreSQL 13 `total_time`)")]
    TotalTime,
}
