use super::finding::PreflightFinding;
use super::refusal::{GoneReason, RefusalReason};
use super::usage::UsageProblem;
use crate::diagnostics::{Diagnose, FailureKind, Place, with_causes};
use crate::store::StoreError;
use crate::tape::TapeError;
use crate::trace::TraceError;

/// Why a capture cannot begin, or ended before it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// A connection string, an option or a file behind it that cannot be used.
    #[error(transparent)]
    Usage(#[from] Box<UsageProblem>),
    /// Somebody asked for the end before there was anything to seal.
    #[error("interrupted before the capture began")]
    Interrupted,
    /// The server, or what stands before it, says no.
    #[error("{place} refused: {}; {remedy}", .refusal.text())]
    Refused {
        /// Role, host and database.
        place: String,
        /// Why.
        refusal: Box<Refusal>,
        /// What helps.
        remedy: String,
    },
    /// The server is there, but what is needed is not.
    #[error("{place} is not ready for a capture: {}", list(.findings))]
    NotReady {
        /// Role, host and database.
        place: String,
        /// What is missing, each with what mends it.
        findings: Vec<PreflightFinding>,
    },
    /// The server went away and did not come back.
    #[error("{place} is gone: {reason}; what was captured until then is sealed")]
    Gone {
        /// Role, host and database.
        place: String,
        /// Why it is given up.
        reason: GoneReason,
    },
    /// The program is wrong.
    #[error("telltape has a defect: {panic}; what was captured until then is sealed. Please report it")]
    Defect {
        /// The message of the panic.
        panic: String,
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

/// A refusal, and whose it is.
#[derive(Debug)]
pub struct Refusal {
    /// The server that refused, where there are several.
    pub server: Option<String>,
    /// Why.
    pub reason: RefusalReason,
}

impl Refusal {
    /// What is shown of it, and written into a recording.
    pub(super) fn text(&self) -> String {
        let reason = with_causes(&self.reason);
        self.server.as_ref().map_or_else(|| reason.clone(), |server| format!("{server}: {reason}"))
    }
}

impl From<RefusalReason> for Box<Refusal> {
    fn from(reason: RefusalReason) -> Self {
        Self::new(Refusal { server: None, reason })
    }
}

impl From<UsageProblem> for CaptureError {
    fn from(problem: UsageProblem) -> Self {
        Self::Usage(Box::new(problem))
    }
}

fn list(findings: &[PreflightFinding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Diagnose for CaptureError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Usage(_) => FailureKind::Usage,
            Self::Interrupted => FailureKind::Interrupted,
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
            Self::Usage(problem) => problem.place(),
            Self::Interrupted
            | Self::Refused { .. }
            | Self::NotReady { .. }
            | Self::Gone { .. }
            | Self::Defect { .. } => None,
        }
    }
}
