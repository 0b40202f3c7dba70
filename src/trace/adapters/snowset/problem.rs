use crate::trace::read::ColumnNames;

/// What is wrong with profiles of queries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnowsetProblem {
    /// There are no times of operators.
    #[error(
        "the header has no column `prof…Rso`, from which the construction `profile` tells the class of a query; use the \
         construction `reference`, or a file that has them (it has {there})"
    )]
    NoOperators {
        /// All columns.
        there: ColumnNames,
    },
}
