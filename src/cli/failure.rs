use std::error::Error;

use schemars::JsonSchema;
use serde::Serialize;

use super::exit::Exit;
#[cfg(feature = "capture")]
use crate::capture::CaptureError;
use crate::experiment::shard::ShardError;
use crate::experiment::{AcceptError, ExperimentError, GrammarFileError};
#[cfg(feature = "capture")]
use crate::live::LiveError;
use crate::store::{GlobError, LockError, Place, SignatureError, StoreError, TableError};
use crate::tape::TapeError;
use crate::trace::TraceError;

/// Why a command failed, or a part of it: what is printed, and with which exit code.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    kind: &'static str,
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
    fn new(exit: Exit, kind: &'static str, error: &(dyn Error + 'static), place: Option<Place>) -> Self {
        Self { exit, kind, message: chain(error), place }
    }

    /// Bad usage that the argument parser cannot see.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, kind: "usage", message: message.into(), place: None }
    }

    /// A table that is one, but not for what is asked.
    pub(super) fn table(place: Place, problem: &str) -> Self {
        Self { exit: Exit::Input, kind: "table", message: format!("{place}: {problem}"), place: Some(place) }
    }

    /// An expected result that no experiment claims.
    pub(super) fn orphan(message: &str) -> Self {
        Self { exit: Exit::NoExpected, kind: "orphan", message: message.to_owned(), place: None }
    }

    /// A result that is not one of what stands here now.
    pub(super) fn stale(message: &str) -> Self {
        Self { exit: Exit::Input, kind: "stale", message: message.to_owned(), place: None }
    }

    /// Experiments that were skipped where that must not be.
    pub(super) fn skipped(count: usize) -> Self {
        let message = format!(
            "{count} skipped, not compared, and --fail-on-skip is given; run where the libm is that of the expected \
             result, or leave the option out"
        );
        Self { exit: Exit::NoExpected, kind: "skipped", message, place: None }
    }

    pub(super) fn internal(error: &anyhow::Error) -> Self {
        Self { exit: Exit::Internal, kind: "internal", message: format!("{error:#}"), place: None }
    }

    /// The whole message, causes included.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn json(&self) -> FailureJson<'_> {
        FailureJson {
            code: self.exit.code(),
            kind: self.kind,
            message: &self.message,
            file: self.place.as_ref().map(|place| place.file.display().to_string()),
            line: self.place.as_ref().and_then(|place| place.line),
            column: self.place.as_ref().and_then(|place| place.column),
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!(": {error}"));
        cause = error.source();
    }
    message
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, kind) = store(&error);
        let place = Place::file(error.path());
        Self::new(exit, kind, &error, Some(place))
    }
}

impl Failure {
    /// Of a shard that runs: whoever started it asks whether to start it again.
    pub(super) fn of_shard(error: &ShardError) -> Self {
        let failure = Self::from(error);
        let missing = |error: &StoreError| matches!(error, StoreError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
        let exit = match error {
            ShardError::Store(error) if missing(error) => Exit::Input,
            ShardError::Store(StoreError::InTheWay { .. }) => failure.exit,
            ShardError::Store(_) => Exit::TryAgain,
            _ => match failure.exit {
                // An output of an experiment that cannot be written.
                Exit::Internal if failure.kind == "write" => Exit::TryAgain,
                exit => exit,
            },
        };
        Self { exit, ..failure }
    }
}

impl Failure {
    /// Of a merge, which refuses shards of another program whoever says it.
    pub(super) fn of_merge(error: &ShardError) -> Self {
        let failure = Self::from(error);
        match error {
            ShardError::OtherProgram { .. } => Self { exit: Exit::Refused, ..failure },
            _ => failure,
        }
    }
}

impl From<GlobError> for Failure {
    fn from(error: GlobError) -> Self {
        match error {
            GlobError::Pattern { .. } => Self::usage(error.to_string()),
            GlobError::Store(error) => error.into(),
        }
    }
}

impl From<&ShardError> for Failure {
    fn from(error: &ShardError) -> Self {
        let (exit, kind, place) = match error {
            ShardError::Plan { place, .. } | ShardError::Planning { place, .. } => {
                (Exit::Input, "plan", Some(place.clone()))
            }
            ShardError::OtherProgram { place, .. } => (Exit::Input, "program", Some(place.clone())),
            ShardError::NoBuild => (Exit::Input, "program", None),
            ShardError::UnknownShard { .. } => (Exit::Usage, "usage", None),
            ShardError::Input { place, .. } => (Exit::Input, "input", Some(place.clone())),
            ShardError::Nondeterminism { marker, .. } => {
                (Exit::Nondeterminism, "nondeterminism", Some(Place::file(marker)))
            }
            ShardError::Stale { .. } => (Exit::Refused, "stale", None),
            ShardError::Refused { folder, .. } => (Exit::Refused, "refused", Some(Place::file(folder))),
            ShardError::Tape(error) => {
                let (exit, kind) = tape(error);
                (exit, kind, Some(error.place()))
            }
            ShardError::Rows(error) => {
                let (exit, kind) = evaluated(error);
                (exit, kind, Some(error.place()))
            }
            ShardError::Experiment(error) => {
                let (exit, kind) = experiment(error);
                (exit, kind, error.place())
            }
            ShardError::Store(error) => {
                let (exit, kind) = store(error);
                (exit, kind, Some(Place::file(error.path())))
            }
        };
        Self::new(exit, kind, error, place)
    }
}

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        Self::from(&error)
    }
}

impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        let (exit, kind) = signature(&error);
        let place = Place::file(error.path());
        Self::new(exit, kind, &error, Some(place))
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy { ref folder, .. } => Self::new(Exit::Internal, "busy", &error, Some(Place::file(folder))),
            LockError::Store(error) => error.into(),
        }
    }
}

/// What cannot be read is a bad input; what cannot be written is nobody's input.
fn store(error: &StoreError) -> (Exit, &'static str) {
    match error {
        StoreError::Read { .. } => (Exit::Input, "read"),
        StoreError::Write { .. } => (Exit::Internal, "write"),
        StoreError::InTheWay { .. } => (Exit::Usage, "exists"),
    }
}

fn signature(error: &SignatureError) -> (Exit, &'static str) {
    match error {
        SignatureError::Key { .. } => (Exit::Usage, "key"),
        SignatureError::Unsigned { .. } | SignatureError::OtherSubject { .. } | SignatureError::NoSubject { .. } => {
            (Exit::Input, "signature")
        }
        SignatureError::Store(error) => store(error),
    }
}

fn tape(error: &TapeError) -> (Exit, &'static str) {
    match error {
        TapeError::Store(error) => store(error),
        TapeError::Signature(error) => signature(error),
        TapeError::BadSample { .. } => (Exit::Internal, "sample"),
        TapeError::NoManifest { .. } | TapeError::Unsealed { .. } => (Exit::Input, "no-manifest"),
        TapeError::NothingToSalvage { .. } => (Exit::Input, "nothing"),
        TapeError::RecordingExists { .. } | TapeError::RecordingUnderWay { .. } => (Exit::Usage, "exists"),
        TapeError::LineTooLong { .. } => (Exit::Internal, "line-too-long"),
        TapeError::BadManifest { .. } => (Exit::Input, "manifest"),
        TapeError::NewerFormat { .. } => (Exit::Input, "format"),
        TapeError::HashMismatch { .. } => (Exit::Input, "hash"),
        TapeError::BadLine { .. } => (Exit::Input, "line"),
        TapeError::ManifestDisagrees { .. } => (Exit::Input, "manifest-disagrees"),
        TapeError::Empty { .. } => (Exit::Input, "empty"),
    }
}

fn trace(error: &TraceError) -> (Exit, &'static str) {
    match error {
        TraceError::Store(error) => store(error),
        TraceError::Recording(error) => tape(error),
        TraceError::Busy(LockError::Busy { .. }) => (Exit::Internal, "busy"),
        TraceError::Busy(LockError::Store(error)) => store(error),
        TraceError::Malformed { .. } => (Exit::Input, "trace"),
        TraceError::Empty { .. } => (Exit::Input, "empty"),
    }
}

fn evaluated(error: &TableError) -> (Exit, &'static str) {
    match error {
        TableError::Store(error) => store(error),
        TableError::Malformed { .. } => (Exit::Input, "table"),
    }
}

fn grammar(error: &GrammarFileError) -> (Exit, &'static str) {
    match error {
        GrammarFileError::Store(error) => store(error),
        GrammarFileError::Ending { .. } | GrammarFileError::Malformed { .. } => (Exit::Usage, "grammar"),
    }
}

#[cfg(feature = "capture")]
fn live(error: &LiveError) -> (Exit, &'static str) {
    match error {
        LiveError::NoServer { .. } => (Exit::Input, "no-server"),
        LiveError::Server { .. } | LiveError::Program { .. } => (Exit::Incomplete, "server"),
        LiveError::Load { .. } | LiveError::Fault { .. } | LiveError::Unwatched { .. } => {
            (Exit::Incomplete, "unwatched")
        }
        LiveError::Interrupted => (Exit::Interrupted, "interrupted"),
        LiveError::Capture(error) => captured(error),
        LiveError::Store(error) => store(error),
    }
}

#[cfg(feature = "capture")]
fn captured(error: &CaptureError) -> (Exit, &'static str) {
    match error {
        CaptureError::Usage(_) => (Exit::Usage, "usage"),
        CaptureError::Tape(error) => tape(error),
        CaptureError::Store(error) => store(error),
        CaptureError::Trace(error) => trace(error),
        CaptureError::Defect { .. } => (Exit::Internal, "internal"),
        CaptureError::Refused { .. } => (Exit::Incomplete, "refused"),
        CaptureError::NotReady { .. } => (Exit::Incomplete, "not-ready"),
        CaptureError::Gone { .. } => (Exit::Incomplete, "gone"),
    }
}

fn experiment(error: &ExperimentError) -> (Exit, &'static str) {
    match error {
        ExperimentError::File { .. } | ExperimentError::Unknown { .. } => (Exit::Usage, "experiment"),
        ExperimentError::Grammar(error) => grammar(error),
        #[cfg(feature = "capture")]
        ExperimentError::Live(error) => live(error),
        ExperimentError::Trace(error) => trace(error),
        ExperimentError::Tape(error) => tape(error),
        ExperimentError::Windows(error) => evaluated(error),
        ExperimentError::Store(error) => store(error),
        ExperimentError::Signature(error) => signature(error),
        ExperimentError::NoData { .. } => (Exit::Input, "no-data"),
        ExperimentError::Result { .. } => (Exit::Input, "result"),
        ExperimentError::Stale { .. } => (Exit::Input, "stale"),
        ExperimentError::OutInResults { .. } => (Exit::Usage, "out"),
    }
}

impl From<TapeError> for Failure {
    fn from(error: TapeError) -> Self {
        let (exit, kind) = tape(&error);
        Self::new(exit, kind, &error, Some(error.place()))
    }
}

impl From<TraceError> for Failure {
    fn from(error: TraceError) -> Self {
        let (exit, kind) = trace(&error);
        Self::new(exit, kind, &error, Some(error.place()))
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        let (exit, kind) = evaluated(&error);
        Self::new(exit, kind, &error, Some(error.place()))
    }
}

impl From<GrammarFileError> for Failure {
    fn from(error: GrammarFileError) -> Self {
        let (exit, kind) = grammar(&error);
        Self::new(exit, kind, &error, Some(error.place()))
    }
}

impl From<&ExperimentError> for Failure {
    fn from(error: &ExperimentError) -> Self {
        let (exit, kind) = experiment(error);
        Self::new(exit, kind, error, error.place())
    }
}

impl From<ExperimentError> for Failure {
    fn from(error: ExperimentError) -> Self {
        Self::from(&error)
    }
}

#[cfg(feature = "capture")]
impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        let (exit, kind) = captured(&error);
        let place = match &error {
            CaptureError::Tape(error) => Some(error.place()),
            CaptureError::Store(error) => Some(Place::file(error.path())),
            CaptureError::Trace(error) => Some(error.place()),
            _ => None,
        };
        Self::new(exit, kind, &error, place)
    }
}

impl From<AcceptError> for Failure {
    fn from(error: AcceptError) -> Self {
        match &error {
            AcceptError::InCi => Self::new(Exit::Usage, "ci", &error, None),
            AcceptError::Link { folder } => Self::new(Exit::Usage, "exists", &error, Some(Place::file(folder))),
            AcceptError::Experiment(error) => error.into(),
        }
    }
}
