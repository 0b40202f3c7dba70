use std::path::PathBuf;

use crate::capture::CaptureError;
use crate::store::StoreError;

/// Why a live experiment could not be run.
#[derive(Debug, thiserror::Error)]
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
        problem: String,
        /// The last lines of its log.
        log: String,
    },
    /// A statement of the load or of a fault failed.
    #[error("`{program}` failed: {problem}")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        problem: String,
    },
    /// The load did not run to the end.
    #[error(
        "the load (`pgbench`) {what} before the capture did{problem}; without its load a server shows nothing: run again"
    )]
    Load {
        /// What it did.
        what: &'static str,
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

fn end_of_log(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; its log ends with:\n{log}") }
}
