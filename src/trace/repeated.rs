//! Rows of one key at one time, of which nobody can know which one is right.

/// Two rows of which one is too many.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: {first} and {second}; {}", .key.hint())]
#[non_exhaustive]
pub struct RepeatedRow {
    /// What is there twice.
    pub key: RepeatedKey,
    /// Where the first one stands, such as `line 2`.
    pub first: String,
    /// Where the second one stands.
    pub second: String,
}

/// What is there twice.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RepeatedKey {
    /// A subplan of a query.
    #[error("subplan `{subplan}` is twice in query `{query}`")]
    Subplan {
        /// The subplan.
        subplan: String,
        /// Its query.
        query: String,
    },
    /// An iteration of a query.
    #[error("query `{query}` is twice in iteration {iteration}")]
    Iteration {
        /// The query.
        query: String,
        /// Its iteration.
        iteration: u64,
    },
    /// An execution of a query at a time.
    #[error("two executions of query `{query}` at t = {t}")]
    Execution {
        /// The query.
        query: String,
        /// The time, in seconds.
        t: f64,
    },
    /// A query of an instance.
    #[error("query `{query}` of instance `{instance}` is twice")]
    QueryOfInstance {
        /// The query.
        query: u64,
        /// Its instance.
        instance: String,
    },
    /// An identifier of queries.
    #[error("one `{column}` is twice")]
    Id {
        /// The column that has it.
        column: &'static str,
    },
    /// A row without an identifier.
    #[error("a row of one user, text, time and runtime is twice")]
    WholeRow,
    /// A statement in a snapshot of counters.
    #[error("query `{query}` occurs twice in the snapshot of t = {t}")]
    Snapshot {
        /// The statement.
        query: String,
        /// The time of the snapshot, in seconds.
        t: f64,
        /// Columns that may count apart what is one statement.
        finer: Vec<String>,
        /// Columns of the view's key that the file does not have.
        missing: Vec<&'static str>,
    },
    /// A value of a series.
    #[error("two values at t = {t}")]
    Value {
        /// The time, in seconds.
        t: f64,
        /// Columns that may tell series apart.
        telling: Vec<String>,
    },
}

impl RepeatedKey {
    /// What may be the reason, and the way on.
    fn hint(&self) -> String {
        match self {
            Self::Subplan { .. } => "is this one file of several estimators? Convert each of them by itself".to_owned(),
            Self::Iteration { .. } => {
                "is this one file of several runs? Number their iterations on, or give each run its own \
                                       names of queries"
                    .to_owned()
            }
            Self::Execution { .. } => {
                "is a stream part of the key? Put it into `query_id`, or write finer times".to_owned()
            }
            Self::QueryOfInstance { .. } | Self::Id { .. } => "is a part in the file twice?".to_owned(),
            Self::WholeRow => {
                "is a part in the file twice? pass --keep-repeats if the statement was run twice, or add a \
                               `query_id`"
                    .to_owned()
            }
            Self::Snapshot { finer, missing, .. } => match missing[..] {
                _ if !finer.is_empty() => format!(
                    "do they differ in {}? That is no part of the key here; export the sums of calls and total time over it",
                    quoted(finer)
                ),
                [] => "is this one file of several servers, or of two exports? Give the servers a column `server`"
                    .to_owned(),
                [part] => format!("is `{part}` part of the key? Export it, too"),
                [ref parts @ .., last] => {
                    format!("is `{}` or `{last}` part of the key? Export them, too", parts.join("`, `"))
                }
            },
            Self::Value { telling, .. } => {
                let which = match &telling[..] {
                    [] => "which column tells the series apart? Pass --channel-col".to_owned(),
                    [column] => format!("which column tells the series apart? Pass --channel-col {column}"),
                    [first, ..] => format!(
                        "which column tells the series apart, of {}? Pass --channel-col, such as --channel-col {first}",
                        quoted(telling)
                    ),
                };
                format!("{which}, or --one-series if a series has several values at a time")
            }
        }
    }
}

/// Names of columns, as an error lists them.
pub(super) fn quoted(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
