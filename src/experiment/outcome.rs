use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::Stage;
use super::{ExperimentError, ResultProblem};
use crate::diagnostics::{Place, line_and_column, reword_unknown_name};
use crate::motif::{Engine, Episode, Motif};
use crate::store::{
    Durability, Seal, StoreError, VerifyingKey, open_seal, read_small_text, remove_if, sealed, write_whole,
};
use crate::tape::RowCounts;

/// What an experiment gave: a digest a stage, and what stands beside them. `digests.toml` of a run, `expected.toml`
/// once accepted. Sorted, and free of times, hosts and paths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentOutcome {
    /// SHA-256 or fingerprint of each stage, by its [name](Stage::name).
    pub stages: BTreeMap<String, String>,
    /// What the stage `options` hashes: one text a key.
    pub options: BTreeMap<String, String>,
    /// What the stage `grammar` hashes.
    pub grammar: BTreeMap<String, String>,
    /// What the stage `evaluation` hashes, where there is one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evaluation: BTreeMap<String, String>,
    /// What the stage `tables` hashes: SHA-256 of each table by file name.
    pub tables: BTreeMap<String, String>,
    /// Counts, which no stage hashes.
    pub counts: Counts,
    /// What was recognised in the trace; no part of the result.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The libm that a platform-bound experiment (`math = "system"`) ran with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libm: Option<String>,
    /// The experiment that it is the result of, which no stage hashes: what a signature is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// Whether the experiment says that there may be no sample; it decides nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
    /// Version of the program that made it, which no stage hashes: it explains, and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// How many of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Samples on the tape.
    pub samples: u64,
    /// Channels, counted once a class.
    pub channels: u64,
    /// Episodes by motif.
    pub episodes: BTreeMap<String, u64>,
    /// Rows of the trace; absent for a generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowCounts>,
}

impl Counts {
    /// Episodes of all motifs.
    #[must_use]
    pub fn all_episodes(&self) -> u64 {
        self.episodes.values().sum()
    }

    pub(super) fn count_episodes(&mut self, episodes: &[Episode]) {
        self.episodes = Motif::ALL.map(|motif| (motif.name().to_owned(), 0)).into();
        for episode in episodes {
            *self.episodes.entry(episode.motif.name().to_owned()).or_default() += 1;
        }
    }
}

impl ExperimentOutcome {
    /// The file of an accepted result, in its folder under `results/`.
    pub(super) const EXPECTED_FILE: &str = "expected.toml";

    /// The file of the last result, in the folder of outputs.
    pub(super) const LAST_FILE: &str = "digests.toml";

    /// The digest of a stage; `None` if the experiment has no such stage, or it has not been made yet.
    #[must_use]
    pub fn digest(&self, stage: Stage) -> Option<&str> {
        self.stages.get(stage.name()).map(String::as_str)
    }

    /// The stages that steps have made, with their digests.
    pub(super) fn made_stages(&self) -> impl Iterator<Item = (Stage, &str)> {
        let made = Stage::ALL.iter().copied().filter(|stage| !stage.is_given());
        made.filter_map(|stage| Some((stage, self.digest(stage)?)))
    }

    pub(super) fn set(&mut self, stage: Stage, digest: String) {
        self.stages.insert(stage.name().to_owned(), digest);
    }

    /// Fills in the options and the grammar of an experiment, with their digests.
    pub(super) fn set_parameters(&mut self, options: BTreeMap<String, String>, engine: &Engine) {
        self.options = options;
        self.set(Stage::Options, pairs_digest(&self.options));
        self.grammar = engine.canonical().into_iter().collect();
        // The stage is hashed, and keeps the key that it had before engines were called so.
        self.grammar.insert("semantics".to_owned(), engine.kind().name().to_owned());
        self.set(Stage::Grammar, pairs_digest(&self.grammar));
    }

    /// Fills in the options of the evaluation, if there are any, with their digest.
    pub(super) fn set_evaluation(&mut self, options: BTreeMap<String, String>) {
        if !options.is_empty() {
            self.evaluation = options;
            self.set(Stage::Evaluation, pairs_digest(&self.evaluation));
        }
    }

    pub(super) fn set_tables(&mut self, tables: BTreeMap<String, String>) {
        self.tables = tables;
        self.set(Stage::Tables, pairs_digest(&self.tables));
    }

    /// Reads a `digests.toml` or `expected.toml`; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is not such a file.
    pub fn read(path: &Path) -> Result<Option<Self>, ExperimentError> {
        Ok(Self::read_with_text(path)?.map(|(read, _)| read))
    }

    /// As [`ExperimentOutcome::read`], as the result of `experiment`: one that names another is not its, and with a key it has to
    /// be signed by it and name its experiment. Without a key, one that names none is taken: the first versions wrote no name.
    ///
    /// # Errors
    /// As [`ExperimentOutcome::read`], when it is of another experiment, and when it is not signed.
    pub fn read_result_of(
        experiment: &str,
        path: &Path,
        key: Option<&VerifyingKey>,
    ) -> Result<Option<Self>, ExperimentError> {
        let Some((read, text)) = Self::read_with_text(path)? else { return Ok(None) };
        if let Some(key) = key {
            key.verify_result((path, text.as_bytes()), experiment, read.experiment.as_deref())?;
        }
        match &read.experiment {
            Some(named) if named != experiment => {
                let (named, experiment) = (named.clone(), experiment.to_owned());
                Err(ResultProblem::OtherExperiment { named, experiment }.with_path(path))
            }
            _ => Ok(Some(read)),
        }
    }

    fn read_with_text(path: &Path) -> Result<Option<(Self, String)>, ExperimentError> {
        let text = match read_small_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::read(path)(error).into()),
        };
        Ok(Some((Self::parse(path, &text)?, text)))
    }

    /// Reads the text of such a file, which stands at `path`.
    ///
    /// # Errors
    /// When it is not such a file, or has been changed since it was sealed.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ExperimentError> {
        if open_seal(text) == Seal::Changed {
            return Err(ResultProblem::Changed.with_path(path));
        }
        let read = toml::from_str::<Self>(text).map_err(|error| {
            let place = Place::file(path);
            let place = error.span().map_or(place.clone(), |span| place.at(line_and_column(text, span.start)));
            ResultProblem::Malformed(reword_unknown_name(error.message())).with_place(place)
        })?;
        for name in read.tables.keys() {
            // The name becomes a path: a result file must not reach out of its folder.
            if name.contains(['/', '\\']) || name.starts_with('.') {
                return Err(ResultProblem::TableName(name.clone()).with_path(path));
            }
        }
        Ok(read)
    }

    /// Removes a `digests.toml`, if there is one; what is no such file is kept.
    pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
        remove_if(path, |head| String::from_utf8_lossy(head).lines().any(|line| line == "[stages]"))
    }

    /// Writes an `expected.toml` whole. It has no seal: changes of it are for a version control to tell.
    pub(super) fn write_expected(&self, path: &Path) -> Result<(), StoreError> {
        write_whole(path, self.text().as_bytes(), Durability::Synced).map(drop)
    }

    /// Writes a `digests.toml` whole, with a seal.
    pub(super) fn write_digests(&self, path: &Path) -> Result<(), StoreError> {
        write_whole(path, sealed(&self.text()).as_bytes(), Durability::Atomic).map(drop)
    }

    fn text(&self) -> String {
        toml::to_string(self).expect("an outcome is tables of texts and counts")
    }
}

/// SHA-256 over `key = value` lines in order of key.
fn pairs_digest(pairs: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (key, value) in pairs {
        hasher.update(format!("{key} = {value}\n").as_bytes());
    }
    hex::encode(hasher.finalize())
}
