use std::path::{Path, PathBuf};

use super::{FileProblem, GrammarFileError, ResultProblem};
use crate::diagnostics::{Diagnose, FailureKind, Place, UnknownName, with_causes};
use crate::evaluate::{CommandError, InjectError, InjectTrialError};
#[cfg(feature = "capture")]
use crate::live::LiveError;
use crate::store::{SignatureError, StoreError, TableError};
use crate::tape::TapeError;
use crate::trace::TraceError;

/// An experiment that cannot be read or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The experiment file is not one.
    #[error("{place}: {}", with_causes(&**.problem))]
    File {
        /// Where.
        place: Place,
        /// What is wrong, with the valid choices.
        problem: Box<FileProblem>,
    },
    /// No experiment of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A glob that no experiment matches.
    #[error("`{glob}` matches no experiment; known: {}", .known.join(", "))]
    NoMatch {
        /// What was asked for.
        glob: String,
        /// The names of all experiments.
        known: Vec<String>,
    },
    /// There are no experiments at all.
    #[error("there is no `*.toml` in `{}`; run this in the root of a project", .folder.display())]
    NoneThere {
        /// The folder of experiments.
        folder: PathBuf,
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
    /// The command of a detector.
    #[error(transparent)]
    Detector(#[from] CommandError),
    /// The tape of an experiment that injects faults into it.
    #[error("[evaluate.inject] has no place for its faults")]
    Inject(#[from] InjectError),
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
    #[error(
        "the trace `{}` is not there; get it with {}",
        .path.display(),
        if *.has_parts {
            format!("`telltape data fetch {name}` and `python3 scripts/external.py {name}` (`make external` does both)")
        } else {
            format!("`make data` (or `telltape data fetch {name}`)")
        }
    )]
    NoData {
        /// Where it should be.
        path: PathBuf,
        /// Its name in the catalogue.
        name: String,
        /// Whether it is made from several files that are fetched.
        has_parts: bool,
    },
    /// The last result is not one of the experiment as it stands now, or there is none.
    #[error("{place}: {reason}; run `telltape run {name}` first")]
    Stale {
        /// The last result.
        place: Place,
        /// What is wrong with it.
        reason: StaleReason,
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
    #[error("{}{problem}", .place.before())]
    Result {
        /// Where.
        place: Place,
        /// What is wrong with it.
        problem: Box<ResultProblem>,
    },
}

/// Why the last result of an experiment is not one of the experiment as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StaleReason {
    /// It has not been run.
    #[error("there is no result")]
    NoResult,
    /// The experiment file, or what it names, is another one.
    #[error("the experiment has changed since its last run, or that run had --set")]
    OtherExperiment,
    /// The result is of nothing.
    #[error("it is of no sample, and the experiment does not say `allow_empty = true`")]
    NoSamples,
    /// The trace is another one.
    #[error("its input has changed since its last run")]
    OtherInput,
    /// The tape in the folder of outputs is another one.
    #[error("its tape has changed since its last run")]
    OtherTape,
    /// The tape in the folder of outputs has been removed.
    #[error("its tape is gone")]
    NoTape,
}

impl ExperimentError {
    /// The same about the file as a whole, where the text that was read has settings in it and is not what stands in the file.
    pub(super) fn with_settings(self) -> Self {
        match self {
            Self::File { place, problem } => FileProblem::WithSettings(problem).in_whole(&place.file),
            other => other,
        }
    }
}

impl From<InjectTrialError> for ExperimentError {
    fn from(error: InjectTrialError) -> Self {
        match error {
            InjectTrialError::Inject(error) => error.into(),
            InjectTrialError::Command(error) => error.into(),
        }
    }
}

impl ResultProblem {
    /// The error of this problem with a file or folder.
    #[must_use]
    pub fn with_path(self, path: &Path) -> ExperimentError {
        self.with_place(Place::file(path))
    }

    /// The error of this problem at a place.
    #[must_use]
    pub fn with_place(self, place: Place) -> ExperimentError {
        ExperimentError::Result { place, problem: Box::new(self) }
    }
}

impl FileProblem {
    /// The error of this problem with a file or folder as a whole.
    pub(super) fn in_whole(self, path: &Path) -> ExperimentError {
        ExperimentError::File { place: Place::file(path), problem: Box::new(self) }
    }
}

impl Diagnose for ExperimentError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::File { .. } | Self::Unknown(_) | Self::NoMatch { .. } | Self::NoneThere { .. } | Self::Inject(_) => {
                FailureKind::Experiment
            }
            Self::Grammar(error) => error.kind(),
            Self::Trace(error) => error.kind(),
            Self::Tape(error) => error.kind(),
            Self::Windows(error) => error.kind(),
            Self::Detector(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Signature(error) => error.kind(),
            #[cfg(feature = "capture")]
            Self::Live(error) => error.kind(),
            Self::NoData { .. } => FailureKind::NoData,
            Self::Stale { .. } => FailureKind::Stale,
            Self::OutInResults { .. } => FailureKind::Out,
            Self::Result { .. } => FailureKind::Result,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::File { place, .. } | Self::Result { place, .. } | Self::Stale { place, .. } => {
                Some(place.clone()).filter(Place::is_known)
            }
            Self::OutInResults { out: path, .. } | Self::NoData { path, .. } => Some(Place::file(path)),
            Self::Unknown(_) | Self::NoMatch { .. } | Self::Inject(_) => None,
            Self::NoneThere { folder } => Some(Place::file(folder)),
            Self::Grammar(error) => error.place(),
            Self::Trace(error) => error.place(),
            Self::Tape(error) => error.place(),
            Self::Windows(error) => error.place(),
            Self::Detector(error) => error.place(),
            Self::Store(error) => error.place(),
            Self::Signature(error) => error.place(),
            #[cfg(feature = "capture")]
            Self::Live(error) => error.place(),
        }
    }
}
