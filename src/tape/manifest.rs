use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{FORMAT, TapeError, manifest_path};
use crate::store::{Key, Place, StoreError, read_small, without_place};

/// What became of the rows of a trace: `read = used + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RowCounts {
    /// Rows (records, queries, spans) in the file.
    pub read: u64,
    /// Rows that took part in the residuals.
    pub used: u64,
    /// Rows that did not, by reason.
    pub rejected: BTreeMap<String, u64>,
}

impl RowCounts {
    /// Counts a row that cannot be read.
    pub fn reject(&mut self, reason: String) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Takes `rows` that could be read out of those that are used.
    pub fn withdraw(&mut self, rows: u64, reason: &str) {
        if rows > 0 {
            self.used -= rows;
            *self.rejected.entry(reason.to_owned()).or_default() += rows;
        }
    }

    /// Adds the counts of other rows.
    pub fn append(&mut self, other: Self) {
        self.read += other.read;
        self.used += other.used;
        for (reason, rows) in other.rejected {
            *self.rejected.entry(reason).or_default() += rows;
        }
    }
}

/// What stands beside a tape and seals it.
///
/// The first six keys are those of the published system and in its order; the others are ours and absent elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// SHA-256 of the tape's bytes, lowercase hex.
    pub sha256: String,
    /// Number of samples.
    pub sample_count: u64,
    /// Smallest time in seconds; `None` for an empty tape.
    #[serde(default)]
    pub first_t: Option<f64>,
    /// Largest time in seconds; `None` for an empty tape.
    #[serde(default)]
    pub last_t: Option<f64>,
    /// Version of the program that wrote the tape.
    #[serde(default)]
    pub crate_version: String,
    /// Label of where the samples come from; it becomes the stream's.
    #[serde(default)]
    pub source: String,
    /// Version of the tape format, see [`FORMAT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<u32>,
    /// For a converted trace, what became of its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowCounts>,
    /// The name of the tape's file, behind that of its folder for the tape of an experiment: what a signature is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tape: Option<String>,
}

impl Manifest {
    /// The text of the file: JSON, two spaces of indent, no line feed at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest has string keys and finite numbers only")
    }

    /// Reads the manifest of the tape at `tape`.
    ///
    /// # Errors
    /// When there is none, it is not a manifest, or it is of a newer format.
    pub fn read(tape: &Path) -> Result<Self, TapeError> {
        Self::from_bytes(tape, read_small(&manifest_path(tape)), None)
    }

    /// The manifest of the tape at `tape`, of which `bytes` were read; with a key it has to be signed by it.
    pub(super) fn from_bytes(
        tape: &Path,
        bytes: std::io::Result<Vec<u8>>,
        key: Option<&Key>,
    ) -> Result<Self, TapeError> {
        let path = manifest_path(tape);
        let text = match bytes {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(TapeError::NoManifest { tape: tape.to_path_buf(), manifest: path });
            }
            Err(error) => return Err(StoreError::read(&path)(error).into()),
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| TapeError::BadManifest {
            place: Place::file(&path).at_line(error.line() as u64).at_column(error.column() as u64),
            problem: without_place(&error.to_string(), error.line(), error.column()),
        })?;
        if let Some(key) = key {
            key.verify_manifest((&path, &text), tape, manifest.tape.as_deref())?;
        }
        let bad =
            |problem: &str| Err(TapeError::BadManifest { place: Place::file(&path), problem: problem.to_owned() });
        if let Some(rows) = &manifest.rows
            && rows.rejected.values().try_fold(rows.used, |sum, rows| sum.checked_add(*rows)) != Some(rows.read)
        {
            return bad("rows read are not rows used and rejected together");
        }
        match manifest.format {
            Some(0) => bad("there is no format 0"),
            Some(found) if found > FORMAT => Err(TapeError::NewerFormat { tape: tape.to_path_buf(), found }),
            _ => Ok(manifest),
        }
    }
}
