use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostics::{Diagnose, Exit, FailureKind, Place, with_causes};

/// Why a command failed, or a part of it: what is printed, and with which exit code.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    kind: FailureKind,
    message: String,
    place: Option<Place>,
}

/// A failure as JSON.
#[derive(Serialize, JsonSchema)]
pub(super) struct FailureJson<'a> {
    code: u8,
    kind: &'a str,
    message: &'a str,
    file: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
}

impl Failure {
    /// What only the command line finds, and no library call.
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { exit: kind.exit(), kind, message: message.into(), place: None }
    }

    /// Bad usage that the argument parser cannot see.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// A defect, or something of the machine that nobody can foresee.
    pub(super) fn internal(error: &anyhow::Error) -> Self {
        Self::new(FailureKind::Internal, format!("{error:#}"))
    }

    /// The same with another exit code.
    pub(super) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The whole message, causes included.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn json(&self) -> FailureJson<'_> {
        FailureJson {
            code: self.exit.code(),
            kind: self.kind.name(),
            message: &self.message,
            file: self.place.as_ref().map(|place| place.file.display().to_string()),
            line: self.place.as_ref().and_then(|place| place.line),
            column: self.place.as_ref().and_then(|place| place.column),
        }
    }
}

impl<E: Diagnose> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: error.exit(), kind: error.kind(), place: error.place(), message: with_causes(&error) }
    }
}
