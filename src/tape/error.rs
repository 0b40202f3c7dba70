use std::path::PathBuf;

use super::problem::{LineProblem, ManifestProblem, SalvageProblem};
use crate::diagnostics::{Diagnose, FailureKind, Place};
use crate::residual::OutOfRange;
use crate::store::{SignatureError, StoreError};

/// A tape that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// The file system said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody vouches for it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// There is no manifest: the tape is not sealed, or the manifest was lost on the way.
    #[error(
        "`{tape}` has no manifest: expected it at `{manifest}`; convert or generate the tape again, or fetch its manifest",
        tape = .tape.display(), manifest = .manifest.display()
    )]
    NoManifest {
        /// The tape.
        tape: PathBuf,
        /// Where the manifest should be.
        manifest: PathBuf,
    },
    /// A recording without manifest: it is not sealed.
    #[error(
        "`{recording}` is not sealed: there is no manifest at `{manifest}`; seal what there is with \
         `telltape salvage {recording} --out FILE`", recording = .recording.display(), manifest = .manifest.display()
    )]
    Unsealed {
        /// The recording.
        recording: PathBuf,
        /// Where the manifest should be.
        manifest: PathBuf,
    },
    /// A recording was written, and its manifest could not be.
    #[error(
        "`{part}` could not be sealed; make room, and seal what there is with `telltape salvage {part} --out FILE`",
        part = .part.display()
    )]
    NotSealed {
        /// What was written.
        part: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A recording cannot be made again, so none is overwritten.
    #[error("`{recording}` is there already, and no recording is ever overwritten; give another --recording", recording = .recording.display())]
    RecordingExists {
        /// The recording.
        recording: PathBuf,
    },
    /// A line that no reader would take.
    #[error("a line of {bytes} bytes does not fit into `{recording}`: {most} MiB is the most", recording = .recording.display(), most = crate::tape::recording::LONGEST_LINE >> 20)]
    LineTooLong {
        /// The recording.
        recording: PathBuf,
        /// Bytes of the line.
        bytes: u64,
    },
    /// A recording is being written, or was when its program was killed.
    #[error(
        "`{part}` is there already: {}", if *.running { "another capture is writing it; give another --recording".to_owned() }
        else { format!("a capture that was killed left it; `telltape salvage {} --out FILE`, then remove it", .part.display()) },
        part = .part.display()
    )]
    RecordingUnderWay {
        /// The recording.
        recording: PathBuf,
        /// What is there.
        part: PathBuf,
        /// Whether somebody is writing it.
        running: bool,
    },
    /// There is nothing that could be sealed.
    #[error("nothing to salvage in `{file}`: {problem}", file = .file.display())]
    NothingToSalvage {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: SalvageProblem,
    },
    /// The manifest is not one.
    #[error("{place}: not a manifest of a tape: {problem}; convert or generate the tape again")]
    BadManifest {
        /// Where in the manifest.
        place: Place,
        /// What is wrong with it.
        problem: ManifestProblem,
    },
    /// The tape or recording was written in a format of the future.
    #[error(
        "`{tape}` is of {kind} format {found}, this program reads formats up to {newest}; use a newer telltape",
        tape = .tape.display()
    )]
    NewerFormat {
        /// The tape.
        tape: PathBuf,
        /// Which of the two it is.
        kind: &'static str,
        /// Its format.
        found: u32,
        /// The newest format that this program reads.
        newest: u32,
    },
    /// The bytes are not those that were sealed.
    #[error(
        "`{tape}` has changed since it was sealed: its SHA-256 is {actual}, the manifest says {recorded}; \
         restore the tape or make it again", tape = .tape.display()
    )]
    HashMismatch {
        /// The tape.
        tape: PathBuf,
        /// What the manifest says.
        recorded: String,
        /// What the bytes give.
        actual: String,
    },
    /// A line is not a sample.
    #[error("{place}: {problem}")]
    BadLine {
        /// Where.
        place: Place,
        /// What is wrong with it.
        problem: Box<LineProblem>,
    },
    /// The manifest says something about the samples that is not so.
    #[error("`{tape}`: the manifest says {key} = {recorded}, the tape has {actual}; restore the manifest or make the tape again", tape = .tape.display())]
    ManifestDisagrees {
        /// The tape.
        tape: PathBuf,
        /// The key of the manifest.
        key: &'static str,
        /// What the manifest says.
        recorded: String,
        /// What the samples say.
        actual: String,
    },
    /// There is nothing on the tape: whatever is said of it would be said of nothing.
    #[error(
        "`{tape}` holds no sample{rows}; make it again from a trace that leaves some, or, if it is right that there is none, \
         by an experiment with `allow_empty = true`", tape = .tape.display()
    )]
    Empty {
        /// The tape or recording.
        tape: PathBuf,
        /// What became of the rows that it was made from, behind a colon; empty if that is not known.
        rows: String,
    },
    /// A sample that a tape cannot hold was given to the writer.
    #[error("sample {index} (channel `{channel}`) cannot be written to `{tape}`", tape = .tape.display())]
    BadSample {
        /// The tape.
        tape: PathBuf,
        /// Position of the sample, from 0.
        index: u64,
        /// Its channel, empty if none.
        channel: String,
        /// What is wrong with it.
        source: OutOfRange,
    },
}

impl Diagnose for TapeError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Signature(error) => error.kind(),
            Self::BadSample { .. } => FailureKind::Sample,
            Self::NoManifest { .. } | Self::Unsealed { .. } => FailureKind::NoManifest,
            Self::NotSealed { .. } => FailureKind::Write,
            Self::NothingToSalvage { .. } => FailureKind::Nothing,
            Self::RecordingExists { .. } | Self::RecordingUnderWay { .. } => FailureKind::Exists,
            Self::LineTooLong { .. } => FailureKind::LineTooLong,
            Self::BadManifest { .. } => FailureKind::Manifest,
            Self::NewerFormat { .. } => FailureKind::Format,
            Self::HashMismatch { .. } => FailureKind::Hash,
            Self::BadLine { .. } => FailureKind::Line,
            Self::ManifestDisagrees { .. } => FailureKind::ManifestDisagrees,
            Self::Empty { .. } => FailureKind::Empty,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Store(error) => error.place(),
            Self::Signature(error) => error.place(),
            Self::BadManifest { place, .. } | Self::BadLine { place, .. } => Some(place.clone()),
            Self::Unsealed { recording: file, .. }
            | Self::NotSealed { part: file, .. }
            | Self::RecordingExists { recording: file }
            | Self::LineTooLong { recording: file, .. }
            | Self::RecordingUnderWay { recording: file, .. }
            | Self::NothingToSalvage { file, .. }
            | Self::NoManifest { tape: file, .. }
            | Self::NewerFormat { tape: file, .. }
            | Self::HashMismatch { tape: file, .. }
            | Self::ManifestDisagrees { tape: file, .. }
            | Self::Empty { tape: file, .. }
            | Self::BadSample { tape: file, .. } => Some(Place::file(file)),
        }
    }
}
