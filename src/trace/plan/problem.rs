/// Why what was explained is no execution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnExecution {
    /// It is not what PostgreSQL writes; in the words of the parser.
    #[error("it is not a plan of PostgreSQL: {0}; write it by EXPLAIN (ANALYZE, FORMAT JSON)")]
    Other(String),
    /// It was only planned.
    #[error(
        "the plan has no actual rows, for it was planned and not executed; write it by EXPLAIN (ANALYZE, FORMAT JSON)"
    )]
    NotAnalyzed,
    /// How long it took is not there.
    #[error("the plan has no `Execution Time`; leave SUMMARY on: EXPLAIN (ANALYZE, SUMMARY, FORMAT JSON)")]
    NoTime,
    /// A number that is none.
    #[error(transparent)]
    OutOfRange(#[from] PlanNumber),
}

/// A number of a plan that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{what} is {value}, and a number of rows or a time is between 0 and 1e100")]
#[non_exhaustive]
pub struct PlanNumber {
    /// Which.
    pub what: &'static str,
    /// The number.
    pub value: f64,
}

impl NotAnExecution {
    /// The reason under which such executions are counted.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Other(_) => "not a plan",
            Self::NotAnalyzed => "not executed (no ANALYZE)",
            Self::NoTime => "no execution time",
            Self::OutOfRange(_) => "out of range",
        }
    }
}

/// Why the text of an entry of `auto_explain` has no plan that can be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoggedPlanProblem {
    /// Other JSON than PostgreSQL writes; in the words of the parser.
    #[error("{0}")]
    Json(String),
    /// Text without a plan.
    #[error("there is no node in it")]
    NoNode,
    /// A number that is none.
    #[error(transparent)]
    OutOfRange(#[from] PlanNumber),
    /// A duration that is none, in milliseconds.
    #[error("the duration is {0} ms")]
    Duration(f64),
}
