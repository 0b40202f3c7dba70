use super::format_problem::FormatProblem;
use super::option::OptionError;
use super::problem::{CatalogueProblem, FetchProblem, FilesProblem};
use super::why_empty::WhyEmpty;
use crate::diagnostics::{Diagnose, FailureKind, Place};
use crate::store::{LockError, StoreError};
use crate::tape::{RowCounts, TapeError};

/// A trace that cannot be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The file cannot be read at all.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] TapeError),
    /// An option that the construction does not read.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// Another program is at it.
    #[error(transparent)]
    Busy(#[from] LockError),
    /// The catalogue, or a file of it, is not what it should be.
    #[error("{place}: {problem}")]
    Catalogue {
        /// Where.
        place: Place,
        /// What is wrong.
        problem: Box<CatalogueProblem>,
    },
    /// A file cannot be fetched.
    #[error("{place}: {problem}")]
    Fetch {
        /// Which, without what may be secret in a URL.
        place: Place,
        /// Why.
        problem: Box<FetchProblem>,
    },
    /// The files are not those of a trace.
    #[error("{place}: {problem}")]
    Files {
        /// Where.
        place: Place,
        /// What is wrong.
        problem: Box<FilesProblem>,
    },
    /// Something in the file is not what its format says.
    #[error("{place}: {problem}")]
    Format {
        /// Where.
        place: Place,
        /// What, and what would be right.
        problem: Box<FormatProblem>,
    },
    /// Nothing is left of the trace: whatever is said of it would be said of nothing.
    #[error(
        "{place} leaves no sample: {}{}; give a longer trace, or check the data set, the columns and the construction; an \
         experiment for which this is right says `allow_empty = true`",
        .rows.account(),
        .why.as_ref().map_or_else(String::new, |why| format!("; {why}"))
    )]
    Empty {
        /// The trace.
        place: Place,
        /// What became of its rows.
        rows: Box<RowCounts>,
        /// Why none of them gave a sample, if it can be told.
        why: Option<Box<WhyEmpty>>,
    },
}

impl TraceError {
    /// The content of a file is not what its format says.
    pub(crate) fn format(place: Place, problem: impl Into<FormatProblem>) -> Self {
        Self::Format { place, problem: Box::new(problem.into()) }
    }

    /// The same of a row, an entry or a query, which `lenient` passes over.
    pub(crate) fn skippable(place: Place, problem: impl Into<FormatProblem>) -> Self {
        Self::format(place, FormatProblem::skippable(problem))
    }
}

impl Diagnose for TraceError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Recording(error) => error.kind(),
            Self::Option(error) => error.kind(),
            Self::Busy(error) => error.kind(),
            Self::Catalogue { .. } | Self::Fetch { .. } | Self::Files { .. } | Self::Format { .. } => {
                FailureKind::Trace
            }
            Self::Empty { .. } => FailureKind::Empty,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Store(error) => error.place(),
            Self::Recording(error) => error.place(),
            Self::Option(error) => error.place(),
            Self::Busy(error) => error.place(),
            Self::Catalogue { place, .. }
            | Self::Fetch { place, .. }
            | Self::Files { place, .. }
            | Self::Format { place, .. }
            | Self::Empty { place, .. } => Some(place.clone()),
        }
    }
}
