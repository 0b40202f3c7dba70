use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::plan::read_json;
use super::stale::{self, merged_outcome};
use super::work::{Done, copy};
use super::{Plan, Shard, ShardError};
use crate::evaluate::{TableError, read_shard_rows};
use crate::experiment::{Project, Report, run};
use crate::motif::{self, Episode, Semantics};
use crate::store::{Durability, EPISODES, Place, write_over};

/// Shards that are named in a refusal; the others are counted.
const NAMED: usize = 20;

/// What came of a merge.
#[derive(Debug)]
pub enum Merged {
    /// Tapes that were replayed, in order of name.
    Tapes(Vec<MergedTape>),
    /// Experiments that were run, in order of name.
    Results(Vec<Report>),
}

/// A tape whose episodes have been put together.
#[derive(Debug)]
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

/// Puts the shards in `folder` together: writes what a single run writes, and says what it says.
///
/// # Errors
/// When a shard is missing, of another plan, changed or stale; nothing is written then. Or when files cannot be read or written.
pub fn merge(plan: &Plan, folder: &Path, project: &Project) -> Result<Merged, ShardError> {
    let (markers, problems) = markers(plan, folder);
    if !problems.is_empty() {
        let mut shown: Vec<String> = problems.iter().take(NAMED).cloned().collect();
        if problems.len() > NAMED {
            shown.push(format!("and {} more", problems.len() - NAMED));
        }
        let (total, folder) = (plan.shards.len(), folder.to_path_buf());
        return Err(ShardError::Refused { shown: shown.join("; "), problems, total, folder });
    }
    let changed = stale::changes(plan, project)?;
    if !changed.is_empty() {
        return Err(ShardError::Stale { problems: changed });
    }
    match plan.engine() {
        Some(engine) => tapes(plan, engine.semantics(), &markers, folder, project).map(Merged::Tapes),
        None => results(plan, &markers, folder, project).map(Merged::Results),
    }
}

/// The shards that have to be run for a merge: those that are missing, or are not what their markers say.
#[must_use]
pub fn missing_shards(plan: &Plan, folder: &Path) -> Vec<String> {
    let wrong = |shard: &&Shard| problem(plan, shard, folder).is_err();
    plan.shards.iter().filter(wrong).map(|shard| shard.id.clone()).collect()
}

/// The marker of a shard, or why it cannot be merged.
fn problem(plan: &Plan, shard: &Shard, folder: &Path) -> Result<Done, String> {
    let id = &shard.id;
    let path = Done::path(folder, id);
    if !path.exists() {
        return Err(format!("{id}: missing, there is no `{id}.done.json`"));
    }
    let done: Done = read_json(&path).ok_or_else(|| format!("{id}: its marker cannot be read"))?;
    if !done.is_of(plan, id) {
        return Err(format!("{id}: stale, its marker is of the plan {}", done.plan.get(..12).unwrap_or_default()));
    }
    if done.units.len() != shard.units.len() {
        return Err(format!("{id}: its marker counts {} units, the plan {}", done.units.len(), shard.units.len()));
    }
    let lacks = shard.gives.iter().find(|name| !done.outputs.contains_key(*name));
    if let Some(name) = lacks {
        return Err(format!("{id}: its marker says nothing of `{name}`"));
    }
    // Its names become paths.
    if let Some(name) =
        done.outputs.keys().find(|name| !name.starts_with(&format!("{id}.")) || name.contains(['/', '\\']))
    {
        return Err(format!("{id}: `{name}` is no output of it"));
    }
    match done.wrong_output(folder) {
        Some(problem) => Err(format!("{id}: changed, {problem}")),
        None => Ok(done),
    }
}

fn markers(plan: &Plan, folder: &Path) -> (Vec<Done>, Vec<String>) {
    let checked: Vec<Result<Done, String>> = plan.shards.par_iter().map(|shard| problem(plan, shard, folder)).collect();
    let (mut markers, mut problems) = (Vec::new(), Vec::new());
    for result in checked {
        match result {
            Ok(done) => markers.push(done),
            Err(problem) => problems.push(problem),
        }
    }
    // What belongs to no shard of the plan would be left out in silence.
    let known: BTreeSet<String> = plan.shards.iter().map(|shard| format!("{}.done.json", shard.id)).collect();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut foreign: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".done.json") && !known.contains(name))
        .map(|name| format!("{}: foreign, the plan has no such shard", name.trim_end_matches(".done.json")))
        .collect();
    foreign.sort();
    problems.extend(foreign);
    (markers, problems)
}

/// What one tape gets from one shard.
struct Part<'a> {
    shard: &'a Shard,
    unit: usize,
    done: &'a Done,
}

fn tapes(
    plan: &Plan,
    semantics: Semantics,
    markers: &[Done],
    folder: &Path,
    project: &Project,
) -> Result<Vec<MergedTape>, ShardError> {
    let rows: Vec<Vec<Vec<Episode>>> =
        plan.shards.par_iter().map(|shard| rows(shard, folder)).collect::<Result<_, _>>()?;
    let mut parts: BTreeMap<&str, Vec<(Part<'_>, &Vec<Episode>)>> = BTreeMap::new();
    for ((shard, done), rows) in plan.shards.iter().zip(markers).zip(&rows) {
        for (unit, (of, episodes)) in shard.units.iter().zip(rows).enumerate() {
            parts.entry(&of.name).or_default().push((Part { shard, unit, done }, episodes));
        }
    }
    let merged: Result<Vec<MergedTape>, ShardError> = parts
        .into_par_iter()
        .map(|(name, parts)| {
            let done = |part: &Part<'_>| part.done.units[part.unit].clone();
            let (first, _) = &parts[0];
            let by_class: Vec<Vec<Episode>> = parts.iter().map(|(_, episodes)| (*episodes).clone()).collect();
            let episodes = motif::merge(by_class);
            let csv = project.output_of(name)?.join("episodes.csv");
            let csv_sha256 = write_over(&csv, &motif::csv(semantics, &episodes), Durability::Whole, EPISODES)?;
            Ok(MergedTape {
                name: name.to_owned(),
                input: first.shard.units[first.unit].input.clone().unwrap_or_default(),
                sha256: first.shard.units[first.unit].sha256.clone(),
                samples: parts.iter().map(|(part, _)| done(part).samples).sum(),
                channels: parts.iter().map(|(part, _)| done(part).channels).sum(),
                episodes,
                csv_sha256,
                csv,
            })
        })
        .collect();
    merged
}

/// The episodes of each unit of a shard, in their order.
fn rows(shard: &Shard, folder: &Path) -> Result<Vec<Vec<Episode>>, ShardError> {
    let path = folder.join(&shard.gives[0]);
    let mut units = vec![Vec::new(); shard.units.len()];
    for (unit, episode) in read_shard_rows(&path)? {
        let no_unit = || TableError::Malformed {
            place: Place::file(&path),
            problem: format!("a row is of unit {unit}, and the shard has {}; run it again", shard.units.len()),
        };
        units.get_mut(unit).ok_or_else(no_unit)?.push(episode);
    }
    Ok(units)
}

fn results(plan: &Plan, markers: &[Done], folder: &Path, project: &Project) -> Result<Vec<Report>, ShardError> {
    let mut reports = Vec::new();
    for (shard, done) in plan.shards.iter().zip(markers) {
        for (ordinal, unit) in shard.units.iter().enumerate() {
            let prefix = format!("{}.{ordinal}.", shard.id);
            let out = project.output_of(&unit.name)?;
            let outcome = merged_outcome(folder, &format!("{prefix}digests.toml"), done)?;
            // Digests last, as a run does.
            let names = done.outputs.keys().filter_map(|name| name.strip_prefix(&prefix));
            let (digests, others): (Vec<&str>, Vec<&str>) = names.partition(|name| *name == "digests.toml");
            crate::experiment::Outcome::remove(&out.join("digests.toml"))?;
            for name in others.into_iter().chain(digests) {
                let from = folder.join(format!("{prefix}{name}"));
                copy(&from, &out.join(name), Durability::Whole)?;
            }
            reports.push(run::judged(project, &unit.name, outcome));
        }
    }
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(reports)
}
