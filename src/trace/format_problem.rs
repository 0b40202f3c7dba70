//! What in the files of a trace is not what their format says: a family of kinds for each part that reads them, beside it.

use super::adapters::{
    AdapterProblem, AutoExplainProblem, CebProblem, GenericProblem, JobProblem, OtelProblem, PgssProblem,
    SnowsetProblem, SqlshareTextProblem,
};
use super::inspect::RecognitionProblem;
use super::log::LogProblem;
use super::read::{Delimiter, ForeignFile, HeaderProblem, RowProblem, TimeProblem, TraceTableProblem};
use super::repeated::RepeatedRow;
use crate::residual::OutOfRange;

/// The end of every error about one row.
pub(super) const LENIENT_HINT: &str = " (--lenient counts such rows and goes on)";

/// What is wrong with the content of a trace.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatProblem {
    /// A row, or an entry or a query of a text. With `lenient` such rows are counted, and the others are read.
    #[error("{0}{LENIENT_HINT}")]
    Skippable(Box<FormatProblem>),
    /// A residual that no stream takes.
    #[error(transparent)]
    Residual(#[from] OutOfRange),
    /// Two rows of which one is too many.
    #[error(transparent)]
    Repeated(#[from] RepeatedRow),
    /// Which data set it is of cannot be told.
    #[error(transparent)]
    Recognition(#[from] RecognitionProblem),
    /// Something else than what the data set reads.
    #[error(transparent)]
    Foreign(#[from] ForeignFile),
    /// A table as a whole.
    #[error(transparent)]
    Table(#[from] TraceTableProblem),
    /// A table whose columns are separated by something else than was taken to, and what is wrong with them so.
    #[error("the columns are separated by {delimiter} ({}), and {problem}", .delimiter.flag())]
    Delimited {
        /// What separates them.
        delimiter: Delimiter,
        /// What is wrong.
        problem: Box<FormatProblem>,
    },
    /// A row of a table.
    #[error(transparent)]
    Row(#[from] RowProblem),
    /// A column of times.
    #[error(transparent)]
    Time(#[from] TimeProblem),
    /// The names of a table's columns.
    #[error(transparent)]
    Header(#[from] HeaderProblem),
    /// An entry of a log.
    #[error(transparent)]
    Log(#[from] LogProblem),
    /// What one data set alone asks of its files.
    #[error(transparent)]
    Adapter(#[from] AdapterProblem),
}

impl FormatProblem {
    /// The same of a row that `lenient` passes over.
    pub(super) fn skippable(problem: impl Into<Self>) -> Self {
        Self::Skippable(Box::new(problem.into()))
    }
}

/// Families of one data set, which are no variants of their own.
macro_rules! of_adapters {
    ($($family:ty),+ $(,)?) => {
        $(impl From<$family> for FormatProblem {
            fn from(problem: $family) -> Self {
                Self::Adapter(problem.into())
            }
        })+
    };
}

of_adapters!(
    AutoExplainProblem,
    CebProblem,
    GenericProblem,
    JobProblem,
    OtelProblem,
    PgssProblem,
    SnowsetProblem,
    SqlshareTextProblem,
);
