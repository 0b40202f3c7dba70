use crate::diagnostics::{Place, counted};

/// What is wrong with sub-plans as SQL, or with the files of numbers beside them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CebProblem {
    /// The files of numbers are for SQL.
    #[error("--{flag} is for SQL with `||`, and this is a table with its own estimates")]
    Table {
        /// The option that names one, without the dashes.
        flag: &'static str,
    },
    /// Nothing says what was estimated.
    #[error(
        "this is SQL without estimates; give the file that has one for each line, with --estimates FILE (its path is relative \
         to the folder of this one)"
    )]
    NoEstimates,
    /// What stands behind the SQL counts the queries.
    #[error(
        "the number behind `||` counts the queries (0, 0, 1 …) and is not that of true rows; give the file that has them, a \
         number for each line, with --true-rows FILE"
    )]
    NoTrueRows,
    /// The true rows are there twice.
    #[error("the true rows stand behind `||` already; leave --true-rows out")]
    TrueRowsTwice,
    /// Bytes that are no text.
    #[error("the line is not UTF-8; convert the file to UTF-8")]
    NotUtf8,
    /// A line that is no sub-plan.
    #[error("`{0}` is no line of sub-plans, such as `SELECT COUNT(*) FROM a, b WHERE …;||7||1234`")]
    NoSubplan(String),
    /// Lines that are made up in two ways.
    #[error("this line is {here}, and line {line} is {there}")]
    Forms {
        /// How this one is made up.
        here: &'static str,
        /// An earlier line.
        line: u64,
        /// How that one is made up.
        there: &'static str,
    },
    /// There are no lines.
    #[error("there are no sub-plans in it")]
    Empty,
    /// A file of numbers has another number of lines than the SQL.
    #[error(
        "it has {}, and {sql} has {}; each number belongs to the sub-plan on its line",
        counted(*.numbers, "number"),
        counted(*.subplans, "sub-plan")
    )]
    Counts {
        /// Numbers in the file.
        numbers: u64,
        /// The file of SQL.
        sql: Place,
        /// Sub-plans in it.
        subplans: u64,
    },
}
