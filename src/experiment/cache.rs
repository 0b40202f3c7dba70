//! What the last run of an experiment was made from, stage by stage, so that a stage whose inputs are the same is skipped.
//!
//! Nothing goes by the time of a file: a stage is the same when the bytes of the program, of what it reads, and of what it
//! wrote are.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::outcome::Outcome;
use super::{Experiment, ExperimentError, Project, run};
use crate::store::{Durability, StoreError, file_digest, program_digest, read_small_text, remove_file, write_whole};
use crate::tape::manifest_path;

/// The file in an experiment's folder of outputs.
pub(super) const FILE: &str = ".stages.toml";

/// What the last run remembers of its stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    /// Each stage by name.
    #[serde(default)]
    pub(super) stages: BTreeMap<String, Remembered>,
    /// The whole result.
    pub(super) outcome: Option<Outcome>,
}

/// What a stage was made from, and what it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remembered {
    /// Digests of what it read, by name.
    pub(super) from: BTreeMap<String, String>,
    /// Digests of the files that it wrote, by name.
    pub(super) wrote: BTreeMap<String, String>,
}

/// The stages that can be skipped, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CachedStage {
    /// Input to tape.
    Convert,
    /// Tape to episodes.
    Replay,
    /// Everything that `[evaluate]` asks for.
    Evaluate,
}

impl CachedStage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Convert => "convert",
            Self::Replay => "replay",
            Self::Evaluate => "evaluate",
        }
    }
}

/// Whether a stage can be skipped, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Everything is as it was.
    None,
    /// It has to run, because of this.
    Run(String),
}

impl Memory {
    /// What the last run left in a folder. What cannot be read is no memory: the cache is never a reason to fail.
    pub(super) fn read(folder: &Path) -> Self {
        let text = read_small_text(&folder.join(FILE)).unwrap_or_default();
        // A changed memory would say of a stage what the stage has not said.
        let text = text.split_once('\n').filter(|(seal, text)| *seal == Self::seal(text)).map(|(_, text)| text);
        text.and_then(|text| toml::from_str(text).ok()).unwrap_or_default()
    }

    /// The first line of a memory: the digest of the others.
    fn seal(text: &str) -> String {
        format!("# SHA-256 of what follows: {}", hex::encode(Sha256::digest(text)))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let text = toml::to_string(self).expect("a memory is tables of texts and counts");
        let text = format!("{}\n{text}", Self::seal(&text));
        write_whole(&folder.join(FILE), text.as_bytes(), Durability::Whole).map(drop)
    }

    pub(super) fn forget(folder: &Path) -> Result<(), StoreError> {
        remove_file(&folder.join(FILE))
    }

    pub(super) fn remember(
        &mut self,
        stage: CachedStage,
        from: BTreeMap<String, String>,
        wrote: BTreeMap<String, String>,
    ) {
        self.stages.insert(stage.name().to_owned(), Remembered { from, wrote });
    }

    /// Whether a stage that is to be made from `from` has to run.
    pub(super) fn need(&self, stage: CachedStage, from: &BTreeMap<String, String>, folder: &Path) -> Need {
        let Some(last) = self.stages.get(stage.name()) else { return Need::Run("it has not run yet".to_owned()) };
        if from.get(PROGRAM).is_none_or(String::is_empty) {
            return Need::Run("the program cannot tell its own file".to_owned());
        }
        let names = from.keys().chain(last.from.keys());
        if let Some(name) = names.into_iter().find(|name| from.get(*name) != last.from.get(*name)) {
            return Need::Run(format!("the {name} has changed"));
        }
        for (name, digest) in &last.wrote {
            match file_digest(&folder.join(name)) {
                Ok(found) if found.sha256 == *digest => {}
                Ok(_) => return Need::Run(format!("its `{name}` is not what it wrote")),
                Err(_) => return Need::Run(format!("its `{name}` is gone")),
            }
        }
        Need::None
    }
}

/// What each stage of an experiment is made from.
pub(super) struct Inputs {
    common: BTreeMap<String, String>,
    label: String,
    options: String,
    grammar: String,
    evaluation: Option<String>,
}

impl Inputs {
    /// Of an outcome whose parameters are filled in, and whose samples get a label.
    pub(super) fn new(outcome: &Outcome, label: String) -> Self {
        let digest = |stage: &str| outcome.stages.get(stage).cloned();
        let mut common = BTreeMap::from([(PROGRAM.to_owned(), program())]);
        // Other seeds of an evaluation are generated with it, too.
        common.extend(outcome.libm.clone().map(|libm| ("libm".to_owned(), libm)));
        Self {
            common,
            label,
            options: digest("options").unwrap_or_default(),
            grammar: digest("grammar").unwrap_or_default(),
            evaluation: digest("evaluation"),
        }
    }

    fn with<const N: usize>(&self, more: [(&str, String); N]) -> BTreeMap<String, String> {
        let more = more.into_iter().map(|(name, digest)| (name.to_owned(), digest));
        self.common.clone().into_iter().chain(more).collect()
    }

    pub(super) fn convert(&self, input: &str) -> BTreeMap<String, String> {
        self.with([("input", input.to_owned()), ("label", self.label.clone()), ("options", self.options.clone())])
    }

    pub(super) fn replay(&self, tape: &str) -> BTreeMap<String, String> {
        // The label of the samples is in the digest of the stream, and not in the bytes of the tape.
        self.with([("tape", tape.to_owned()), ("label", self.label.clone()), ("grammar", self.grammar.clone())])
    }

    /// What a generator makes for other seeds hangs on its options, too.
    pub(super) fn evaluate(&self, tape: &str) -> Option<BTreeMap<String, String>> {
        let evaluation = self.evaluation.clone()?;
        Some(self.with([
            ("tape", tape.to_owned()),
            ("label", self.label.clone()),
            ("options", self.options.clone()),
            ("grammar", self.grammar.clone()),
            ("evaluation", evaluation),
        ]))
    }
}

/// The name of the program among what a stage is made from.
const PROGRAM: &str = "program";

/// SHA-256 of the program's own file; nothing where it cannot be told, and then no stage is skipped.
pub(super) fn program() -> String {
    program_digest().unwrap_or_default().to_owned()
}

/// The stages that running an experiment now would skip, and why it would run the others.
///
/// # Errors
/// When its input cannot be read.
pub(super) fn needs(project: &Project, experiment: &Experiment) -> Result<Vec<(CachedStage, Need)>, ExperimentError> {
    let folder = project.out(&experiment.name);
    let memory = Memory::read(&folder);
    let outcome = run::parameters(project, experiment)?;
    let inputs = Inputs::new(&outcome, run::label(project, &experiment.source)?);
    let input = run::input_digest(project, &experiment.source)?;
    let convert = memory.need(CachedStage::Convert, &inputs.convert(&input), &folder);
    let tape = memory.outcome.as_ref().and_then(|outcome| outcome.stages.get("tape")).cloned().unwrap_or_default();
    let after = |stage: CachedStage, from: &BTreeMap<String, String>| match memory.need(stage, from, &folder) {
        // Whether the tape will be another one is only known when it is there.
        Need::None if convert != Need::None => Need::Run("unless the tape stays the same".to_owned()),
        need => need,
    };
    let replay = after(CachedStage::Replay, &inputs.replay(&tape));
    let evaluate = inputs.evaluate(&tape).map(|from| after(CachedStage::Evaluate, &from));
    let mut needs = vec![(CachedStage::Convert, convert), (CachedStage::Replay, replay)];
    needs.extend(evaluate.map(|need| (CachedStage::Evaluate, need)));
    Ok(needs)
}

/// The files of a tape in an experiment's folder.
pub(super) fn tape_files(tape: &Path, sha256: &str) -> Result<BTreeMap<String, String>, StoreError> {
    let manifest = manifest_path(tape);
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(BTreeMap::from([(name(tape), sha256.to_owned()), (name(&manifest), file_digest(&manifest)?.sha256)]))
}
