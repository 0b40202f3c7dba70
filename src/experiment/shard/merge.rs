use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::marker::ShardState;
use super::plan::{episodes_name, output_name};
use super::problem::{MergeProblem, Named};
use super::stale::{self, merged_outcome};
use super::work::copy;
use super::{Done, Shard, ShardError, ShardPlan, UnitDone, rows};
use crate::experiment::step::EPISODES_FILE;
use crate::experiment::{ExperimentOutcome, ExperimentReport, Project, run};
use crate::motif::{self, EngineKind, Episode};
use crate::store::{Durability, EPISODES, StoreError, write_over};

/// What came of a merge.
#[derive(Debug)]
#[non_exhaustive]
pub enum MergedShards {
    /// Tapes that were replayed, in order of name.
    Tapes(Vec<MergedTape>),
    /// Experiments that were run, in order of name.
    Results(Vec<ExperimentReport>),
}

/// A tape whose episodes have been put together.
#[derive(Debug)]
#[non_exhaustive]
pub struct MergedTape {
    /// Its name.
    pub name: String,
    /// The tape, relative to the root of the plan.
    pub input: PathBuf,
    /// SHA-256 of the tape.
    pub sha256: String,
    /// Its samples.
    pub samples: u64,
    /// Its channels, counted once a class.
    pub channels: u64,
    /// Its episodes.
    pub episodes: Vec<Episode>,
    /// SHA-256 of its table.
    pub csv_sha256: String,
    /// Where the table is.
    pub csv: PathBuf,
}

/// Shards that are all done, and can be put together.
pub struct Ready<'a> {
    plan: &'a ShardPlan,
    folder: &'a Path,
    markers: Vec<Done>,
}

/// Holds every shard in `folder` against its marker and the plan.
///
/// # Errors
/// When a shard is missing, of another plan or build, changed or stale, or there are others; when an experiment of the project has
/// changed since the plan. Or when files cannot be read.
pub fn ready<'a>(plan: &'a ShardPlan, folder: &'a Path, project: &Project) -> Result<Ready<'a>, ShardError> {
    let states: Vec<ShardState> =
        plan.shards.par_iter().map(|shard| ShardState::read(plan, shard, folder)).collect::<Result<_, _>>()?;
    let (mut markers, mut problems) = (Vec::new(), Vec::new());
    for (shard, state) in plan.shards.iter().zip(states) {
        match state {
            ShardState::Done(done) => markers.push(done),
            ShardState::Lost(_, what) | ShardState::Not(what) => problems.push(Named { name: shard.id.clone(), what }),
        }
    }
    problems.extend(find_foreign_markers(plan, folder)?);
    let ready = Ready { plan, folder, markers };
    if !problems.is_empty() {
        return Err(ready.refused(problems));
    }
    let changed = stale::changes(plan, project)?;
    if changed.is_empty() { Ok(ready) } else { Err(ShardError::Stale { changes: changed }) }
}

/// Markers that belong to no shard of the plan: their shards would be left out in silence.
fn find_foreign_markers(plan: &ShardPlan, folder: &Path) -> Result<Vec<Named<MergeProblem>>, StoreError> {
    let known: BTreeSet<String> = plan.shards.iter().map(|shard| format!("{}.done.json", shard.id)).collect();
    let mut foreign = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        // Then each of its shards is missing.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(foreign),
        entries => entries.map_err(StoreError::read(folder))?,
    };
    for entry in entries {
        let name = entry.map_err(StoreError::read(folder))?.file_name().to_string_lossy().into_owned();
        if let Some(id) = name.strip_suffix(".done.json").filter(|_| !known.contains(&name)) {
            foreign.push(Named { name: id.to_owned(), what: MergeProblem::NoSuchShard });
        }
    }
    foreign.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(foreign)
}

/// The shards that have to be run for a merge: those that are missing, or are not what their markers say.
///
/// # Errors
/// When the folder cannot be read.
pub fn missing_shards(plan: &ShardPlan, folder: &Path) -> Result<Vec<String>, ShardError> {
    let mut missing = Vec::new();
    for shard in &plan.shards {
        if !matches!(ShardState::read(plan, shard, folder)?, ShardState::Done(_)) {
            missing.push(shard.id.clone());
        }
    }
    Ok(missing)
}

impl Ready<'_> {
    /// Puts the shards together: writes what a single run writes, and says what it says.
    ///
    /// # Errors
    /// When a file has changed since it was checked, is not what its marker says, or cannot be read or written.
    pub fn merge(&self, project: &Project) -> Result<MergedShards, ShardError> {
        match self.plan.engine() {
            Some(engine) => self.tapes(engine.kind(), project).map(MergedShards::Tapes),
            None => self.results(project).map(MergedShards::Results),
        }
    }

    fn refused(&self, problems: Vec<Named<MergeProblem>>) -> ShardError {
        ShardError::Refused { problems, total: self.plan.shards.len(), folder: self.folder.to_path_buf() }
    }

    fn tapes(&self, engine: EngineKind, project: &Project) -> Result<Vec<MergedTape>, ShardError> {
        let shards: Vec<(&Shard, &Done)> = self.plan.shards.iter().zip(&self.markers).collect();
        let rows: Vec<Vec<Vec<Episode>>> =
            shards.par_iter().map(|(shard, done)| self.rows(shard, done, engine)).collect::<Result<_, _>>()?;
        let mut parts: BTreeMap<&str, Vec<TapePart<'_>>> = BTreeMap::new();
        for ((shard, done), rows) in shards.into_iter().zip(rows) {
            for (unit, (of, episodes)) in shard.units.iter().zip(rows).enumerate() {
                parts.entry(&of.name).or_default().push(TapePart { shard, unit, done, episodes });
            }
        }
        parts.into_par_iter().map(|(name, parts)| merged_tape(name, parts, engine, project)).collect()
    }

    /// The episodes of each unit of a shard: what is read now is what the marker speaks of.
    fn rows(&self, shard: &Shard, done: &Done, engine: EngineKind) -> Result<Vec<Vec<Episode>>, ShardError> {
        let name = episodes_name(&shard.id);
        let path = self.folder.join(&name);
        let text = std::fs::read(&path).map_err(StoreError::read(&path))?;
        let changed = |what| self.refused(vec![Named { name: shard.id.clone(), what }]);
        if done.outputs.get(&name) != Some(&hex::encode(Sha256::digest(&text))) {
            return Err(changed(MergeProblem::ChangedMeanwhile { name }));
        }
        let rows = rows::read(shard, engine, &path, &text)?;
        if !rows.iter().zip(&done.units).all(|(rows, unit)| rows.len() as u64 == unit.episodes) {
            return Err(changed(MergeProblem::Rows { name }));
        }
        Ok(rows)
    }

    fn results(&self, project: &Project) -> Result<Vec<ExperimentReport>, ShardError> {
        let mut reports = Vec::new();
        for (shard, done) in self.plan.shards.iter().zip(&self.markers) {
            for (ordinal, unit) in shard.units.iter().enumerate() {
                let prefix = output_name(&shard.id, ordinal, "");
                let out = project.output_of(&unit.name)?;
                let mut outcome = merged_outcome(self.folder, &format!("{prefix}digests.toml"), done)?;
                outcome.notes = done.notes.get(&unit.name).cloned().unwrap_or_default();
                // Digests last, as a run does.
                let outputs = done.outputs.iter();
                let outputs = outputs.filter_map(|(name, sha256)| Some((name.strip_prefix(&prefix)?, sha256)));
                let (digests, others): (Vec<_>, Vec<_>) =
                    outputs.partition(|(name, _)| *name == ExperimentOutcome::LAST_FILE);
                crate::store::remove_file(&out.join(ExperimentOutcome::LAST_FILE))?;
                for (name, sha256) in others.into_iter().chain(digests) {
                    let from = self.folder.join(format!("{prefix}{name}"));
                    copy(&from, &out.join(name), Durability::Atomic, sha256)?;
                }
                reports.push(run::report_merged(project, &unit.name, outcome));
            }
        }
        reports.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(reports)
    }
}

/// What one tape gets from one shard.
struct TapePart<'a> {
    shard: &'a Shard,
    unit: usize,
    done: &'a Done,
    episodes: Vec<Episode>,
}

fn merged_tape(
    name: &str,
    parts: Vec<TapePart<'_>>,
    engine: EngineKind,
    project: &Project,
) -> Result<MergedTape, ShardError> {
    let first = &parts[0].shard.units[parts[0].unit];
    let (input, sha256) = (first.input.clone().unwrap_or_default(), first.sha256.clone());
    let sum = |count: fn(&UnitDone) -> u64| parts.iter().map(|part| count(&part.done.units[part.unit])).sum();
    let (samples, channels) = (sum(|unit| unit.samples), sum(|unit| unit.channels));
    let episodes = motif::merge(parts.into_iter().map(|part| part.episodes).collect());
    let csv = project.output_of(name)?.join(EPISODES_FILE);
    let csv_sha256 = write_over(&csv, &motif::csv(engine, &episodes), Durability::Atomic, EPISODES)?;
    Ok(MergedTape { name: name.to_owned(), input, sha256, samples, channels, episodes, csv_sha256, csv })
}
