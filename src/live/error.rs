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
