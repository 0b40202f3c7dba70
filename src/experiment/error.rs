use std::path::PathBuf;

use super::GrammarFileError;
#[cfg(feature = "capture")]
use crate::live::LiveError;
use crate::store::{Place, SignatureError, StoreError, TableError};
use crate::tape::TapeError;
use crate::trace::TraceError;

/// An experiment that cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The experiment file is not one.
    #[error("{place}: {problem}")]
    File {
        /// Where.
        place: Place,
        /// What is wrong, with the valid choices.
        problem: String,
    },
    /// No experiment of that name, or a glob that matches none.
    #[error("no experiment `{name}`{suggestion}; {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// `; did you mean …?`, or nothing.
        suggestion: String,
        /// Which there are.
        known: String,
    },
    /// The grammar file that an experiment names.
    #[error(transparent)]
    Grammar(#[from] GrammarFileError),
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The windows that an experiment is scored against.
    #[error(transparent)]
    Windows(#[from] TableError),
    /// An output or an expected result.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody vouches for an expected result.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The server of a live experiment, or its capture.
    #[cfg(feature = "capture")]
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The trace is not there yet.
    #[error("the trace `{path}` is not there; get it with `make data` (or `telltape data fetch {name}`)", path = .path.display())]
    NoData {
        /// Where it should be.
        path: PathBuf,
        /// Its name in the catalogue.
        name: String,
    },
    /// The last result is not one of the experiment as it stands now, or there is none.
    #[error("{place}: {problem}; run `telltape run {name}` first")]
    Stale {
        /// The last result.
        place: Place,
        /// What is wrong with it.
        problem: &'static str,
        /// The experiment.
        name: String,
    },
    /// Outputs would be written over accepted results.
    #[error(
        "the outputs in `{out}` would be written into `{results}`, where the accepted results are; give another folder with --out", out = .out.display(), results = .results.display()
    )]
    OutInResults {
        /// Where the outputs would be written.
        out: PathBuf,
        /// The folder of accepted results.
        results: PathBuf,
    },
    /// An expected or last result that is not what it says.
    #[error("{place}: {problem}")]
    Result {
        /// Where.
        place: Place,
        /// What is wrong with it.
        problem: String,
    },
}

impl ExperimentError {
    /// The same about the file as a whole, where the text that was read is not what stands in it.
    pub(super) fn without_line(self, prefix: &str) -> Self {
        match self {
            Self::File { place, problem } => {
                Self::File { place: Place::file(place.file), problem: format!("{prefix}{problem}") }
            }
            other => other,
        }
    }

    /// Where, if it is about a file.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::File { place, .. } | Self::Result { place, .. } | Self::Stale { place, .. } => Some(place.clone()),
            Self::OutInResults { out, .. } => Some(Place::file(out)),
            Self::Unknown { .. } => None,
            #[cfg(feature = "capture")]
            Self::Live(_) => None,
            Self::Grammar(error) => Some(error.place()),
            Self::Trace(error) => Some(error.place()),
            Self::Tape(error) => Some(error.place()),
            Self::Windows(error) => Some(error.place()),
            Self::Store(error) => Some(Place::file(error.path())),
            Self::Signature(error) => Some(Place::file(error.path())),
            Self::NoData { path, .. } => Some(Place::file(path)),
        }
    }
}
