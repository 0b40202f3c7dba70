//! The manifest that stands beside a part of a recording and seals it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RECORDING_FORMAT;
use crate::diagnostics::Place;
use crate::store::{Durability, OutputKind, StoreError, VerifyingKey, label, read_small, write_over};
use crate::tape::{ManifestProblem, TapeError, manifest_path};

/// The manifest of a part. Its hash is that of the text, so that a part may be compressed afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingManifest {
    /// SHA-256 of the part's text, lowercase hex.
    pub sha256: String,
    /// Version of the format, see [`RECORDING_FORMAT`].
    pub recording: u32,
    /// Polls in the part.
    pub polls: u64,
    /// Gaps in the part.
    pub gaps: u64,
    /// Time of its first line behind the header, in seconds since the capture began.
    pub first_t: Option<f64>,
    /// Time of its last line.
    pub last_t: Option<f64>,
    /// Version of the program that sealed it.
    pub crate_version: String,
    /// Why it ends.
    pub end: String,
    /// File name of this part: what a signature is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// File name of the next part, in the same folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_in: Option<String>,
}

impl RecordingManifest {
    /// Where the manifest of the part at `part` stands: a compressed part has that of its text.
    #[must_use]
    pub fn path(part: &Path) -> std::path::PathBuf {
        manifest_path(&part.with_file_name(label(part)))
    }

    /// The name of the part at `part` as its manifest has it.
    #[must_use]
    pub fn name(part: &Path) -> String {
        label(part)
    }

    /// Reads the manifest of a part.
    ///
    /// # Errors
    /// When there is none, it is none of a recording, or it is of a newer format.
    pub fn read(part: &Path) -> Result<Self, TapeError> {
        Self::from_bytes(part, read_small(&Self::path(part)), None)
    }

    /// The manifest of the part at `part`, of which `bytes` were read; with a key it has to be signed by it.
    pub(in crate::tape) fn from_bytes(
        part: &Path,
        bytes: std::io::Result<Vec<u8>>,
        key: Option<&VerifyingKey>,
    ) -> Result<Self, TapeError> {
        let path = Self::path(part);
        let text = match bytes {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(TapeError::Unsealed { recording: part.to_path_buf(), manifest: path });
            }
            Err(error) => return Err(StoreError::read(&path)(error).into()),
        };
        let bad = |place: Place, problem| TapeError::BadManifest { place, problem };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            let place = Place::file(&path).at_line(error.line() as u64).at_column(error.column() as u64);
            bad(place, ManifestProblem::Json(error))
        })?;
        if let Some(key) = key {
            // A part that was compressed afterwards is the same part.
            let plain = part.with_file_name(label(part));
            key.verify_manifest((&path, &text), &plain, manifest.part.as_deref())?;
        }
        if manifest.recording > RECORDING_FORMAT {
            return Err(newer_format(part, manifest.recording));
        }
        // The name becomes a path: a manifest must not reach out of its folder.
        if let Some(next) = &manifest.continued_in
            && (next.is_empty() || next.contains(['/', '\\']) || next.starts_with('.'))
        {
            return Err(bad(Place::file(&path), ManifestProblem::PartName(next.clone())));
        }
        Ok(manifest)
    }

    /// Whether a manifest is one of a part of a recording.
    pub(in crate::tape) fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(rename = "recording")]
            _recording: u32,
        }
        serde_json::from_slice::<Kind>(bytes).is_ok()
    }

    /// Writes the manifest of the part at `part`.
    pub(in crate::tape) fn write(&self, part: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("a manifest has string keys and finite numbers only");
        write_over(&Self::path(part), text.as_bytes(), Durability::Synced, OutputKind::RecordingManifest).map(drop)
    }
}

/// That the part at `part` is of a format which this program does not read.
pub(in crate::tape) fn newer_format(part: &Path, found: u32) -> TapeError {
    TapeError::NewerFormat { tape: part.to_path_buf(), kind: "recording", found, newest: RECORDING_FORMAT }
}

/// Whether the manifest beside `path` says that it is a part of a recording.
#[must_use]
pub fn is_recording(path: &Path) -> bool {
    read_small(&RecordingManifest::path(path)).is_ok_and(|bytes| RecordingManifest::is_one(&bytes))
}

/// The file of a part, which may have been compressed since its name was written down.
#[must_use]
pub fn part_on_disk(part: std::path::PathBuf) -> std::path::PathBuf {
    if part.exists() {
        return part;
    }
    let compressed = [".gz", ".zst"].into_iter().map(|ending| {
        let mut name = part.clone().into_os_string();
        name.push(ending);
        std::path::PathBuf::from(name)
    });
    compressed.into_iter().find(|path| path.exists()).unwrap_or(part)
}
