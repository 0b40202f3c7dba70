use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::{Diagnose, FailureKind, Place};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading failed.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed; what was there before is untouched.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something is there that is not telltape's to replace or to write through; it is untouched.
    #[error("`{path}` {obstacle}")]
    InTheWay {
        /// What is there.
        path: PathBuf,
        /// Why it is kept, and what to do.
        obstacle: Obstacle,
    },
}

/// Why something is kept that stands where a file is to be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// Only the writers of manifests, signatures and parts use such a name.
    #[error("is a name of manifests (.hash), signatures (.minisig) or unsealed parts (.part); give another name")]
    ReservedName,
    /// A folder.
    #[error("is a directory; give the path of a file")]
    Folder,
    /// A rename would put a file in the place of a device or a pipe.
    #[error("is there and is not a regular file; give another path")]
    Device,
    /// A recording.
    #[error("is a recording, which is never overwritten; give another path, or remove it")]
    Recording,
    /// The manifest of a recording, without which the recording is worth nothing.
    #[error("is the manifest of a recording, which is never overwritten; give another path, or remove it")]
    RecordingManifest,
    /// A file of another kind than the one to be written.
    #[error("is there and is not what is to be written; remove it yourself, or give another path")]
    OtherKind,
    /// A file that is to be removed, but is not ours.
    #[error("is there and telltape has not written it; move it away")]
    Foreign,
    /// What is written in place would go where a link leads.
    #[error("is a link, and nothing is written through links; remove it")]
    Link,
    /// What is written in place would go to a device or a pipe.
    #[error("is there and is not a regular file; remove it")]
    DeviceInPlace,
    /// What is written in place would change another file, too.
    #[error("has a second name (a hard link), and would be written under both; remove it")]
    HardLink,
    /// A file in the place of a lock.
    #[error("is there and is not a lock of telltape; remove it yourself")]
    NotALock,
    /// A part of an unknown download.
    #[error("is there, and nothing says what it is a part of; move it away")]
    UnknownPart,
    /// A file that somebody has put there in the meantime.
    #[error("is there since a moment ago; what was fetched is kept as `{}`", .kept.display())]
    Appeared {
        /// What was to be put there.
        kept: PathBuf,
    },
}

impl Obstacle {
    /// The error of this obstacle at `path`.
    #[must_use]
    pub fn with_path(self, path: &Path) -> StoreError {
        StoreError::InTheWay { path: path.to_path_buf(), obstacle: self }
    }
}

impl StoreError {
    /// Wraps a failed read of `path`.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Read { path, source }
    }

    /// Wraps a failed write of `path`.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Write { path, source }
    }
}

impl Diagnose for StoreError {
    /// What cannot be read is a bad input; what cannot be written is nobody's input.
    fn kind(&self) -> FailureKind {
        match self {
            Self::Read { .. } => FailureKind::Read,
            Self::Write { .. } => FailureKind::Write,
            Self::InTheWay { .. } => FailureKind::Exists,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Read { path, .. } | Self::Write { path, .. } | Self::InTheWay { path, .. } => Some(Place::file(path)),
        }
    }
}
