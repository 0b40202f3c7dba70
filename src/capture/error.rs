use crate::diagnostics::{Diagnose, FailureKind, Place};
use crate::store::StoreError;
use crate::tape::TapeError;
use crate::trace::TraceError;

/// Why a capture cannot begin, or ended before it should.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A connection string or an option that is none.
    #[error("{0}")]
    Usage(String),
    /// The server, or what stands before it, says no.
    #[error("{place} refused: {problem}; {remedy}")]
    Refused {
        /// Role, host and database.
        place: String,
        /// What it said.
        problem: String,
        /// What helps.
        remedy: String,
    },
    /// The server is there, but what is needed is not.
    #[error("{} is not ready for a capture: {}", .place, .findings.join("; "))]
    NotReady {
        /// Role, host and database.
        place: String,
        /// What is missing, each with what mends it.
        findings: Vec<String>,
    },
    /// The server went away and did not come back.
    #[error("{place} is gone: {problem}; what was captured until then is sealed")]
    Gone {
        /// Role, host and database.
        place: String,
        /// What the last attempt said.
        problem: String,
    },
    /// The program is wrong.
    #[error("telltape has a defect: {problem}; what was captured until then is sealed. Please report it")]
    Defect {
        /// What it said.
        problem: String,
    },
    /// The recording or the tape cannot be written.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Another file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The recording cannot be distilled.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl CaptureError {
    pub(in crate::capture) fn usage(problem: String) -> Self {
        Self::Usage(problem)
    }
}

impl Diagnose for CaptureError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Usage(_) => FailureKind::Usage,
            Self::Refused { .. } => FailureKind::Refused,
            Self::NotReady { .. } => FailureKind::NotReady,
            Self::Gone { .. } => FailureKind::Gone,
            Self::Defect { .. } => FailureKind::Internal,
            Self::Tape(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Trace(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Tape(error) => error.place(),
            Self::Store(error) => error.place(),
            Self::Trace(error) => error.place(),
            Self::Usage(_) | Self::Refused { .. } | Self::NotReady { .. } | Self::Gone { .. } | Self::Defect { .. } => {
                None
            }
        }
    }
}
