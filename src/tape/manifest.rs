use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{FORMAT, ManifestProblem, TapeError, manifest_path};
use crate::diagnostics::Place;
use crate::store::{StoreError, VerifyingKey, begins_as_recording, read_small};

/// What became of the rows of a trace: `read = used + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct RowCounts {
    /// Rows (records, queries, spans) in the file.
    pub read: u64,
    /// Rows that gave a residual or fed a baseline.
    pub used: u64,
    /// Those, by what they were used for, see [`Use`]. It stands in manifests of tapes, not in results of experiments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used_for: BTreeMap<Use, u64>,
    /// Unknown numbers of rows in those that are used, by reason: the construction `reference` takes each for 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clamped: BTreeMap<String, u64>,
    /// Rows that did neither, by reason.
    pub rejected: BTreeMap<String, u64>,
}

/// What a row is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// It gave no residual, but fed what later rows are held against.
    Baseline,
    /// It gave a residual.
    Residual,
}

impl Use {
    /// What a row is used for that feeds a baseline, and has given a residual or not.
    #[must_use]
    pub const fn of_row(residual: bool) -> Self {
        if residual { Self::Residual } else { Self::Baseline }
    }
}

impl RowCounts {
    /// Counts a row that is used.
    pub fn use_for(&mut self, what: Use) {
        self.used += 1;
        *self.used_for.entry(what).or_default() += 1;
    }

    /// The counts as results of experiments have them: what rows are used for is no part of those.
    #[must_use]
    pub fn of_result(mut self) -> Self {
        self.used_for.clear();
        self
    }

    /// What became of the rows, where they left no sample.
    #[must_use]
    pub fn account(&self) -> String {
        if self.read == 0 {
            return "no row was read".to_owned();
        }
        let plural = if self.read == 1 { " was" } else { "s were" };
        let mut text = format!("{} row{plural} read", self.read);
        if self.used > 0 {
            text += &format!(", {} only fed a baseline", self.used);
        }
        for (reason, rows) in &self.rejected {
            text += &format!(", {rows} rejected ({reason})");
        }
        text
    }

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
        for (what, rows) in other.used_for {
            *self.used_for.entry(what).or_default() += rows;
        }
        for (reason, rows) in other.clamped {
            *self.clamped.entry(reason).or_default() += rows;
        }
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
    /// The experiment that made the tape says that it may hold no sample.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
}

impl Manifest {
    /// The text of the file: JSON, two spaces of indent, no line feed at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest has string keys and finite numbers only")
    }

    /// That there is no sample on the tape, with what the manifest says of the rows that it was made from.
    pub(crate) fn empty(&self, tape: &Path) -> TapeError {
        let rows = self.rows.as_ref().map_or_else(String::new, |rows| format!(": {}", rows.account()));
        TapeError::Empty { tape: tape.to_path_buf(), rows }
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
        key: Option<&VerifyingKey>,
    ) -> Result<Self, TapeError> {
        let path = manifest_path(tape);
        let text = match bytes {
            Ok(text) => text,
            // What cannot be made again is salvaged.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && begins_as_recording(tape) => {
                return Err(TapeError::Unsealed { recording: tape.to_path_buf(), manifest: path });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(TapeError::NoManifest { tape: tape.to_path_buf(), manifest: path });
            }
            Err(error) => return Err(StoreError::read(&path)(error).into()),
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| TapeError::BadManifest {
            place: Place::file(&path).at_line(error.line() as u64).at_column(error.column() as u64),
            problem: ManifestProblem::Json(error),
        })?;
        if let Some(key) = key {
            key.verify_manifest((&path, &text), tape, manifest.tape.as_deref())?;
        }
        let bad = |problem| Err(TapeError::BadManifest { place: Place::file(&path), problem });
        if let Some(rows) = &manifest.rows
            && rows.rejected.values().try_fold(rows.used, |sum, rows| sum.checked_add(*rows)) != Some(rows.read)
        {
            return bad(ManifestProblem::Rows);
        }
        if let Some(rows) = &manifest.rows
            && !rows.used_for.is_empty()
            && rows.used_for.values().try_fold(0_u64, |sum, rows| sum.checked_add(*rows)) != Some(rows.used)
        {
            return bad(ManifestProblem::Uses);
        }
        match manifest.format {
            Some(0) => bad(ManifestProblem::FormatZero),
            Some(found) if found > FORMAT => {
                Err(TapeError::NewerFormat { tape: tape.to_path_buf(), kind: "tape", found, newest: FORMAT })
            }
            _ => Ok(manifest),
        }
    }
}
