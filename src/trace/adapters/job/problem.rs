use std::fmt;

use crate::diagnostics::Place;
use crate::trace::plan::NotAnExecution;

/// What is wrong with executions as plans, or with the names of the files that they are in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JobProblem {
    /// A folder without plans.
    #[error(
        "there is no .json file in the folder{}; give one for each query and iteration, such as `1a_2.json` or \
         `1a/run2.json`, as EXPLAIN (ANALYZE, FORMAT JSON) writes them",
        .other.as_ref().map_or_else(String::new, |name| format!(" (but `{name}`)"))
    )]
    NoPlans {
        /// The first of the files that are there.
        other: Option<String>,
    },
    /// A text without plans.
    #[error("there are no plans in it; did the execution fail? Remove the file, or run it again")]
    Empty,
    /// A path with two numbers.
    #[error(
        "both `{folder}` and `{file}` could be the iteration; name the files like `1a/run2.json` or `run2/1a.json`"
    )]
    Iterations {
        /// The name of the folder.
        folder: String,
        /// The name of the file, without its endings.
        file: String,
    },
    /// Other JSON than EXPLAIN writes.
    #[error(transparent)]
    Entry(#[from] EntryProblem),
    /// It was not executed.
    #[error(transparent)]
    Plan(#[from] NotAnExecution),
    /// Plans of several releases.
    #[error(
        "this plan is of PostgreSQL {here}, and that of {place} of {there}; releases count rows in another way, so convert the \
         plans of each by themselves"
    )]
    Releases {
        /// That of this plan.
        here: &'static str,
        /// Where another one is.
        place: Place,
        /// That of the other one.
        there: &'static str,
    },
    /// What would be another iteration scans other tables.
    #[error(
        "taken for another iteration of `{query}`, it scans other tables than the one of {place}; if these are queries of their \
         own, name the files like `1a/run2.json`, or give each plan its `query` and `iteration`"
    )]
    OtherTables {
        /// The query.
        query: String,
        /// Where its first plan is.
        place: Place,
    },
    /// An iteration that was there before.
    #[error("iteration {iteration} of query `{query}` is twice: {place} has it, too")]
    IterationTwice {
        /// The iteration.
        iteration: u64,
        /// Its query.
        query: String,
        /// Where it is, too.
        place: Place,
    },
    /// Nothing says the unit of times.
    #[error("nothing says the unit of `{column}`; pass --latency-unit s, ms or us")]
    Unit {
        /// The column of the times.
        column: String,
    },
}

impl JobProblem {
    /// The reason under which such executions are counted.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Plan(problem) => problem.reason(),
            Self::OtherTables { .. } => "scans other tables than its query",
            Self::IterationTwice { .. } => "its iteration was there before",
            _ => "not a plan",
        }
    }
}

/// What stands where EXPLAIN would write a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryProblem {
    /// No JSON; in the words of the parser.
    #[error("this is not JSON: {0}; write it by EXPLAIN (ANALYZE, FORMAT JSON) with `psql -qAtX`")]
    NotJson(String),
    /// Lists in lists in lists.
    #[error("there is no plan at this depth of lists")]
    Deep,
    /// A text without JSON.
    #[error("the text `{0}` is not a plan in JSON")]
    Text(String),
    /// Something else than an object, a list or a text.
    #[error("`{0}` is not a plan")]
    Value(String),
    /// An iteration that is no number.
    #[error("`{key}` is `{value}`, not the number of an iteration")]
    Iteration {
        /// Its key.
        key: &'static str,
        /// What stands there, as JSON.
        value: String,
    },
    /// What another program writes.
    #[error("this is {plan}; plans are read as PostgreSQL writes them by EXPLAIN (ANALYZE, FORMAT JSON){}", .0.way_on(), plan = .0)]
    Foreign(ForeignPlan),
    /// An object with other keys.
    #[error(
        "an object with the keys {} has no `Plan`; write it by EXPLAIN (ANALYZE, FORMAT JSON)",
        .0.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    )]
    Object(Vec<String>),
}

/// What another program writes where PostgreSQL writes plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignPlan {
    /// MySQL or MariaDB.
    MySql,
    /// DuckDB.
    DuckDb {
        /// Where the time of the execution stands.
        time: &'static str,
    },
    /// An exporter of spans.
    Otlp,
    /// A node of PostgreSQL alone.
    Node,
}

impl ForeignPlan {
    /// What can be done where its plans cannot be read.
    fn way_on(self) -> String {
        let place = match self {
            Self::MySql => "those of each run",
            Self::DuckDb { time } => time,
            Self::Otlp | Self::Node => return String::new(),
        };
        format!(
            "; for times alone, write a CSV with the columns query, iteration and latency_s, whose seconds are {place} \
             (docs/adapters/job.md has the command)"
        )
    }
}

impl fmt::Display for ForeignPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "a plan of MySQL or MariaDB",
            Self::DuckDb { .. } => "a plan of DuckDB",
            Self::Otlp => "OTLP; convert it with --dataset otel",
            Self::Node => "a node without what stands around the plan; keep the whole output of EXPLAIN",
        })
    }
}
