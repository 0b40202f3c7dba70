use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::problem::PlanningProblem;
use super::{CONTRACT, ShardError};
use crate::diagnostics::Place;
use crate::experiment::cache::program;
use crate::experiment::parameters::read_parameters;
use crate::experiment::step::{EPISODES_FILE, TAPE_FILE};
use crate::experiment::{Experiment, ExperimentError, ExperimentOutcome, Project, default_engine};
use crate::motif::{Engine, EngineKind};
use crate::residual::Class;
use crate::store::{Durability, OutputKind, StoreError, write_over};
use crate::tape::Manifest;
use crate::trace::{self, is_own};

/// Bytes of the largest plan: some 300,000 tapes.
pub(super) const LARGEST_PLAN: u64 = 64 << 20;

/// Bytes of input of a shard when nobody says how many shards there should be.
const BYTES_A_SHARD: u64 = 128 << 20;

/// What is to be done where, with everything that decides a byte of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardPlan {
    /// [`CONTRACT`].
    pub contract: u32,
    /// Version of the program that has to run it, for people.
    pub program: String,
    /// SHA-256 of that program's file: two builds of one version may give other bytes.
    pub build: String,
    /// What is done to each unit.
    pub work: Work,
    /// SHA-256 of the plan in its canonical form, this key left empty.
    pub digest: String,
    /// In order of their identifiers.
    pub shards: Vec<Shard>,
}

/// What is done to each unit of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Work {
    /// Tapes are replayed.
    Replay(Box<Engine>),
    /// Experiments are run: converted or generated, replayed, evaluated.
    Run,
}

/// A part of a plan that one process works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its place in the plan and the beginning of the digest of its units: `0003-1f0c22ab`.
    pub id: String,
    /// Bytes that it reads.
    pub bytes: u64,
    /// File names of what it gives, beside the marker.
    pub gives: Vec<String>,
    /// In order of name, then of class.
    pub units: Vec<ShardUnit>,
}

/// A tape, one class of a tape, or an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardUnit {
    /// Name of the result.
    pub name: String,
    /// The input, relative to the root; of a generator none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PathBuf>,
    /// SHA-256 of the input's bytes (of a recording of all its parts), or the digest of the generator.
    pub sha256: String,
    /// Bytes of the input.
    pub bytes: u64,
    /// The only class of the tape that is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The file of the experiment, relative to the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The text of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// Digests of the options, the grammar and the evaluation of the experiment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, String>,
}

/// How tapes are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// A tape is a unit.
    Tape,
    /// A tape of at least so many bytes is a unit a class.
    Class {
        /// That many.
        from_bytes: u64,
    },
}

/// A plan to replay tapes below `root`. Their digests are those of their manifests: a shard holds its inputs against them before
/// it works, so that planning reads no tape. Without an engine it is the one that all of them are replayed under by default.
///
/// # Errors
/// When a manifest cannot be read, two tapes have one name, or they are replayed under several engines by default.
pub fn plan_tapes(
    root: &Path,
    tapes: &[PathBuf],
    engine: Option<Engine>,
    split: Split,
    shards: Option<usize>,
) -> Result<ShardPlan, ShardError> {
    let mut units = BTreeMap::new();
    let mut defaults: BTreeMap<&'static str, (EngineKind, &PathBuf)> = BTreeMap::new();
    for tape in tapes {
        if tape.to_str().is_none() {
            let problem = PlanningProblem::NotUtf8;
            return Err(ShardError::Planning { place: Place::file(root.join(tape)), problem });
        }
        let manifest = Manifest::read(&root.join(tape))?;
        // No shard would replay it.
        if manifest.sample_count == 0 && !manifest.allow_empty {
            return Err(manifest.empty(&root.join(tape)).into());
        }
        let kind = default_engine(is_own(&manifest.source));
        defaults.entry(kind.name()).or_insert((kind, tape));
        let path = root.join(tape);
        let bytes = std::fs::metadata(&path).map_err(StoreError::read(&path))?.len();
        let file = tape.file_name().unwrap_or_default().to_string_lossy();
        let name = file.strip_suffix(".jsonl").unwrap_or(&file).to_owned();
        let unit = |class| ShardUnit {
            name: name.clone(),
            input: Some(tape.clone()),
            sha256: manifest.sha256.clone(),
            bytes,
            class,
            file: None,
            experiment: None,
            digests: BTreeMap::new(),
        };
        let of_tape = match split {
            Split::Class { from_bytes } if bytes >= from_bytes => Class::ALL.map(|class| unit(Some(class))).to_vec(),
            _ => vec![unit(None)],
        };
        if units.insert(name.clone(), of_tape).is_some() {
            let problem = PlanningProblem::SameName { name };
            return Err(ShardError::Planning { place: Place::file(path), problem });
        }
    }
    let defaults: Vec<(EngineKind, &PathBuf)> = defaults.into_values().collect();
    let engine = match (engine, &defaults[..]) {
        (Some(engine), _) => engine,
        (None, [(kind, tape), (other, other_tape), ..]) => {
            let problem =
                PlanningProblem::SeveralEngines { kind: *kind, other: (*other_tape).clone(), other_kind: *other };
            return Err(ShardError::Planning { place: Place::file(root.join(tape)), problem });
        }
        (None, defaults) => defaults.first().map_or_else(Engine::default, |(kind, _)| Engine::new(*kind)),
    };
    let work = Work::Replay(Box::new(engine));
    ShardPlan::new(work, units.into_values().flatten().collect(), shards, root)
}

/// A plan to run experiments; their inputs are relative to the root of the project.
///
/// # Errors
/// When an input cannot be read.
pub fn plan_experiments(
    project: &Project,
    experiments: &[Experiment],
    shards: Option<usize>,
) -> Result<ShardPlan, ShardError> {
    let mut units = Vec::new();
    for experiment in experiments {
        let path = experiment.source.find_trace(project)?;
        let bytes = path.as_ref().map_or(Ok(0), |path| size(path))?;
        units.push(ShardUnit {
            name: experiment.name.clone(),
            input: path.map(|path| below(&path, project.root())),
            sha256: experiment.source.hash_input(project)?,
            bytes,
            class: None,
            file: Some(below(&experiment.path, project.root())),
            experiment: Some(experiment.text.clone()),
            digests: read_parameters(project, experiment)?.stages,
        });
    }
    units.sort_by(|a, b| a.name.cmp(&b.name));
    ShardPlan::new(Work::Run, units, shards, project.root())
}

/// The bytes of the files that a trace is of.
fn size(trace: &Path) -> Result<u64, ExperimentError> {
    let sizes = trace::files(trace)?.into_iter().map(|file| {
        let found = std::fs::metadata(&file).map_err(StoreError::read(&file))?;
        Ok(found.len())
    });
    sizes.sum()
}

/// A path relative to the root, where it is below it.
fn below(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_path_buf()
}

impl ShardPlan {
    /// Packs units into shards of about equal size, in their order.
    fn new(work: Work, units: Vec<ShardUnit>, shards: Option<usize>, place: &Path) -> Result<Self, ShardError> {
        // A unit costs something even if it reads nothing. Sizes may be those of sparse files.
        let parts = |unit: &ShardUnit| if unit.class.is_some() { Class::ALL.len() as u128 } else { 1 };
        let weight = |unit: &ShardUnit| u128::from(unit.bytes.max(1 << 16)) / parts(unit);
        let total: u128 = units.iter().map(weight).sum();
        let count = shards.map_or_else(|| total.div_ceil(BYTES_A_SHARD.into()), |shards| shards as u128);
        let count = count.clamp(1, units.len().max(1) as u128);
        let mut packed: Vec<Vec<ShardUnit>> = Vec::new();
        let mut before = 0;
        for unit in units {
            // The shard in which the middle of the unit falls, if all units lay side by side.
            let shard = ((before + weight(&unit) / 2) * count / total.max(1)).min(count - 1) as usize;
            before += weight(&unit);
            if packed.len() <= shard {
                packed.resize_with(shard + 1, Vec::new);
            }
            packed[shard].push(unit);
        }
        packed.retain(|units| !units.is_empty());
        let shards = packed.into_iter().enumerate().map(|(ordinal, units)| Shard::new(&work, ordinal, units)).collect();
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let mut plan = Self { contract: CONTRACT, program, build: build()?, digest: String::new(), work, shards };
        plan.digest = plan.own_digest();
        let unusable = |problem| ShardError::Planning { place: Place::file(place), problem };
        plan.check().map_err(|problem| unusable(problem.into()))?;
        if canonical(&plan).len() as u64 >= LARGEST_PLAN {
            return Err(unusable(PlanningProblem::TooLarge { mib: LARGEST_PLAN >> 20 }));
        }
        Ok(plan)
    }

    pub(super) fn own_digest(&self) -> String {
        let bare = Self { digest: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(canonical(&bare)))
    }

    /// The engine that replays, where tapes are.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        match &self.work {
            Work::Replay(engine) => Some(**engine),
            Work::Run => None,
        }
    }

    /// The shard called `id`.
    ///
    /// # Errors
    /// When there is none.
    pub fn shard(&self, id: &str) -> Result<&Shard, ShardError> {
        self.shards.iter().find(|shard| shard.id == id).ok_or_else(|| ShardError::UnknownShard {
            id: id.to_owned(),
            count: self.shards.len(),
            first: self.shards.first().map(|shard| shard.id.clone()).unwrap_or_default(),
        })
    }

    /// Writes the plan whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        let mut text = canonical(self);
        text.push(b'\n');
        write_over(path, &text, Durability::Synced, OutputKind::Like(b"{\"contract\":")).map(drop)
    }
}

impl Shard {
    /// The shard of these units: everything else follows from them and its place.
    pub(super) fn new(work: &Work, ordinal: usize, units: Vec<ShardUnit>) -> Self {
        let digest = hex::encode(Sha256::digest(canonical(&units)));
        let id = format!("{ordinal:04}-{}", &digest[..8]);
        let gives = match work {
            Work::Replay(_) => vec![episodes_name(&id)],
            Work::Run => {
                let of = |unit| RESULT_FILES.map(|name| output_name(&id, unit, name));
                (0..units.len()).flat_map(of).collect()
            }
        };
        let bytes = units.iter().fold(0, |sum: u64, unit| sum.saturating_add(unit.bytes));
        Self { id, bytes, gives, units }
    }
}

/// What every experiment gives; its `digests.toml` names further tables.
const RESULT_FILES: [&str; 4] = [ExperimentOutcome::LAST_FILE, EPISODES_FILE, TAPE_FILE, "tape.jsonl.hash"];

/// The file with the rows of a shard of tapes.
pub(super) fn episodes_name(id: &str) -> String {
    format!("{id}.episodes.csv")
}

/// The flat name of a file that the unit of a shard of experiments gives.
pub(super) fn output_name(id: &str, unit: usize, name: &str) -> String {
    format!("{id}.{unit}.{name}")
}

/// SHA-256 of this program's file.
pub(super) fn build() -> Result<String, ShardError> {
    Some(program()).filter(|digest| !digest.is_empty()).ok_or(ShardError::NoBuild)
}

/// One text for one value: keys in the order of the structures, no blanks.
pub(super) fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plans have string keys and finite numbers")
}
