//! Markers: what says that a shard is done, and whether it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::program_name;
use super::plan::{LARGEST_PLAN, output_name};
use super::problem::{MergeProblem, OutputProblem};
use super::{CONTRACT, Shard, ShardPlan, Work};
use crate::experiment::ExperimentOutcome;
use crate::store::{StoreError, file_digest};

/// Bytes of the largest marker. A unit takes more in it than in a plan, by less than this.
const LARGEST: u64 = 4 * LARGEST_PLAN;

/// Written last, when everything else of a shard is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// [`CONTRACT`].
    pub contract: u32,
    /// Digest of the plan.
    pub plan: String,
    /// Its shard.
    pub id: String,
    /// Version of the program that made it, for people.
    pub program: String,
    /// SHA-256 of that program's file.
    pub build: String,
    /// What each unit gave, in their order.
    pub units: Vec<UnitDone>,
    /// SHA-256 of every file, by name.
    pub outputs: BTreeMap<String, String>,
    /// What was recognised in the traces of its experiments, by their names; no part of what it gave.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<String, Vec<String>>,
}

/// What a unit gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitDone {
    /// SHA-256 of its input.
    pub input: String,
    /// Samples that it looked at.
    pub samples: u64,
    /// Channels that it looked at, counted once a class.
    pub channels: u64,
    /// Episodes.
    pub episodes: u64,
}

/// How far a shard is.
pub(super) enum ShardState {
    /// Its marker and all that it names are on the disk.
    Done(Done),
    /// It has to be run, because of this. The marker is of this shard, and speaks of all that it gives; what it names is gone or is
    /// not what was written.
    Lost(Done, MergeProblem),
    /// It has to be run, because of this.
    Not(MergeProblem),
}

impl Done {
    /// Whether another run of the shard gave the same.
    pub(super) fn gave_the_same(&self, other: &Self) -> bool {
        self.units == other.units && self.outputs == other.outputs
    }

    /// Where the marker of a shard stands.
    pub(super) fn path(folder: &Path, id: &str) -> PathBuf {
        folder.join(format!("{id}.done.json"))
    }
}

impl ShardState {
    /// Of a shard whose files are in `folder`. Whoever runs, lists or merges shards asks here.
    ///
    /// # Errors
    /// When the folder cannot be read: then nobody knows.
    pub(super) fn read(plan: &ShardPlan, shard: &Shard, folder: &Path) -> Result<Self, StoreError> {
        let id = &shard.id;
        let done = match read_marker(&Done::path(folder, id)) {
            Ok(Some(done)) => done,
            Ok(None) => return Ok(Self::Not(MergeProblem::Unreadable)),
            Err(StoreError::Read { source, .. })
                if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                return Ok(Self::Not(MergeProblem::Missing { marker: format!("{id}.done.json") }));
            }
            Err(error) => return Err(error),
        };
        if let Some(problem) = misfit(plan, shard, &done) {
            return Ok(Self::Not(problem));
        }
        if let Some(problem) = done.outputs.iter().find_map(|(name, digest)| wrong_output(folder, name, digest)) {
            return Ok(Self::Lost(done, MergeProblem::Output(problem)));
        }
        // Which tables an experiment gives is said by its digests, which are known to be whole now.
        match tables(plan, shard, folder).and_then(|tables| unlike(&done, shard, &tables)) {
            Ok(()) => Ok(Self::Done(done)),
            Err(problem) => Ok(Self::Not(problem)),
        }
    }
}

/// Why a marker is not one of this shard that could have been written with it.
fn misfit(plan: &ShardPlan, shard: &Shard, done: &Done) -> Option<MergeProblem> {
    let id = &shard.id;
    let (program, planned) = (program_name(&done.program, &done.build), program_name(&plan.program, &plan.build));
    if program != planned || done.build != plan.build {
        return Some(MergeProblem::OtherProgram { there: program, planned });
    }
    if (done.contract, &done.plan, &done.id) != (CONTRACT, &plan.digest, id) {
        return Some(MergeProblem::OtherPlan { plan: done.plan.get(..12).unwrap_or_default().to_owned() });
    }
    if done.units.len() != shard.units.len() {
        return Some(MergeProblem::Units { counted: done.units.len(), planned: shard.units.len() });
    }
    if let Some(name) = shard.gives.iter().find(|name| !done.outputs.contains_key(*name)) {
        return Some(MergeProblem::Unmentioned { name: name.clone() });
    }
    // Names become paths; which tables experiments give is not known yet.
    let is_own = |name: &String| match plan.work {
        Work::Replay(_) => shard.gives.contains(name),
        Work::Run => name.starts_with(&format!("{id}.")) && !name.contains(['/', '\\', '\0']),
    };
    let foreign = |name: &&String| !is_own(name);
    if let Some(name) = done.outputs.keys().find(foreign) {
        return Some(MergeProblem::Foreign { name: name.clone() });
    }
    let mut units = shard.units.iter().zip(&done.units);
    if units.any(|(unit, done)| unit.sha256 != done.input) {
        return Some(MergeProblem::OtherInputs);
    }
    // A tape has no more samples than bytes, uncompressed; sums of what is forged must not wrap.
    if done.units.iter().any(|unit| unit.samples.max(unit.channels).max(unit.episodes) > 1 << 60) {
        return Some(MergeProblem::Counts);
    }
    None
}

/// The tables of a shard of experiments, as flat names.
fn tables(plan: &ShardPlan, shard: &Shard, folder: &Path) -> Result<BTreeSet<String>, MergeProblem> {
    let mut names = BTreeSet::new();
    if plan.work == Work::Run {
        for unit in 0..shard.units.len() {
            let digests = output_name(&shard.id, unit, ExperimentOutcome::LAST_FILE);
            let outcome = ExperimentOutcome::read(&folder.join(&digests)).ok().flatten();
            let outcome = outcome.ok_or_else(|| MergeProblem::NoResult { name: digests.clone() })?;
            names.extend(outcome.tables.keys().map(|table| output_name(&shard.id, unit, table)));
        }
    }
    Ok(names)
}

/// Whether a marker names all that the shard gives, and nothing else.
fn unlike(done: &Done, shard: &Shard, tables: &BTreeSet<String>) -> Result<(), MergeProblem> {
    if let Some(name) = tables.iter().find(|name| !done.outputs.contains_key(*name)) {
        return Err(MergeProblem::Unmentioned { name: name.clone() });
    }
    match done.outputs.keys().find(|name| !shard.gives.contains(name) && !tables.contains(*name)) {
        Some(name) => Err(MergeProblem::Foreign { name: name.clone() }),
        None => Ok(()),
    }
}

/// Why an output is not on the disk as a marker says.
fn wrong_output(folder: &Path, name: &str, digest: &str) -> Option<OutputProblem> {
    let path = folder.join(name);
    match fs::metadata(&path) {
        // A pipe or a device might never end.
        Ok(found) if !found.is_file() => return Some(OutputProblem::NotAFile(name.to_owned())),
        Ok(_) => {}
        Err(_) => return Some(OutputProblem::Gone(name.to_owned())),
    }
    match file_digest(&path) {
        Ok(found) if found.sha256 == digest => None,
        Ok(_) => Some(OutputProblem::OtherBytes(name.to_owned())),
        Err(error) => Some(OutputProblem::Unreadable { name: name.to_owned(), error }),
    }
}

/// What a marker says; `None` if it is not one.
fn read_marker(path: &Path) -> Result<Option<Done>, StoreError> {
    let read = || {
        if !fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let mut text = Vec::new();
        File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
        Ok(Some(text).filter(|text| text.len() as u64 <= LARGEST))
    };
    let text = read().map_err(StoreError::read(path))?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}
