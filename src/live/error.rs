use std::io;
use std::path::PathBuf;

use crate::capture::CaptureError;
use crate::diagnostics::{Diagnose, FailureKind, Place};
use crate::store::StoreError;

/// Why a live experiment could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There is no server to start.
    #[error(
        "no PostgreSQL server to start: looked for `postgres`, `initdb`, `psql` and `pgbench` in {tried}; install postgresql and postgresql-contrib, or set PG_BIN to the folder of its programs"
    )]
    NoServer {
        /// The folders.
        tried: String,
    },
    /// The server did what it should not.
    #[error("the throw-away server of `{bin}` {problem}{}", end_of_log(.log))]
    Server {
        /// Folder of its programs.
        bin: PathBuf,
        /// What.
        problem: ServerProblem,
        /// The last lines of its log.
        log: String,
    },
    /// A statement of the load or of a fault failed.
    #[error("`{program}` failed: {problem}")]
    Program {
        /// Which.
        program: String,
        /// What it said, or why it said nothing.
        problem: ProgramProblem,
    },
    /// The load did not run to the end.
    #[error(
        "the load (`pgbench`) {} before the capture did{problem}; without its load a server shows nothing: run again",
        if *.running { "lost a session" } else { "ended" }
    )]
    Load {
        /// Whether it goes on, without a session.
        running: bool,
        /// What it said, behind a colon.
        problem: String,
    },
    /// The fault ended by itself.
    #[error("the fault `{fault}` ended before its time: its session was closed; run again")]
    Fault {
        /// Which.
        fault: &'static str,
    },
    /// Too little was seen to say anything.
    #[error("too little was seen to judge it: {problems}; what there is stands in `{recording}`; run again",
        recording = .recording.display())]
    Unwatched {
        /// What is missing.
        problems: String,
        /// The recording.
        recording: PathBuf,
    },
    /// Somebody asked for the end.
    #[error("interrupted; the server has been removed")]
    Interrupted,
    /// The capture failed.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a throw-away server did or could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerProblem {
    /// No temporary folder can be made.
    #[error("has no folder: {0}")]
    NoFolder(io::Error),
    /// No port on the loopback is free.
    #[error("has no port: {0}")]
    NoPort(io::Error),
    /// Its folder has to belong to an unprivileged user.
    #[error("cannot be given to an unprivileged user: {0}")]
    NotUnprivileged(io::Error),
    /// A file cannot be given to its user.
    #[error("cannot have `{}`: {error}", .path.display())]
    NotGiven {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// `initdb` cannot be run.
    #[error("cannot be made by initdb: {0}; may everybody read and execute the programs?")]
    NoInitdb(io::Error),
    /// `initdb` failed.
    #[error("cannot be made by initdb: {0}")]
    Initdb(String),
    /// Its configuration cannot be written.
    #[error("cannot be configured: {0}")]
    NotConfigured(io::Error),
    /// It cannot be started.
    #[error("does not start: {0}")]
    NotStarted(io::Error),
    /// It ended while it was started.
    #[error("ended at once")]
    Ended,
    /// It runs and does not answer.
    #[error("does not answer")]
    NoAnswer,
    /// It ended during the experiment.
    #[error("went away while it was watched")]
    Gone,
}

/// Why a program of the server failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramProblem {
    /// It cannot be run, or talked to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It failed, for the reason that it gives in its own words.
    #[error("{0}")]
    Said(String),
    /// It ended at a statement.
    #[error("`{0}` failed")]
    Statement(String),
    /// The load has not run a statement that it should have.
    #[error("no statement of the load is like `{0}`")]
    NoStatement(String),
}

fn end_of_log(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; its log ends with:\n{log}") }
}

impl Diagnose for LiveError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::NoServer { .. } => FailureKind::NoServer,
            Self::Server { .. } | Self::Program { .. } => FailureKind::Server,
            Self::Load { .. } | Self::Fault { .. } | Self::Unwatched { .. } => FailureKind::Unwatched,
            Self::Interrupted => FailureKind::Interrupted,
            Self::Capture(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Unwatched { recording, .. } => Some(Place::file(recording)),
            Self::Capture(error) => error.place(),
            Self::Store(error) => error.place(),
            Self::NoServer { .. }
            | Self::Server { .. }
            | Self::Program { .. }
            | Self::Load { .. }
            | Self::Fault { .. }
            | Self::Interrupted => None,
        }
    }
}
