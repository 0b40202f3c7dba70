use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::marker::ShardState;
use super::plan::{build, episodes_name, output_name};
use super::problem::{Disagreement, InputProblem};
use super::{CONTRACT, Done, Shard, ShardError, ShardPlan, ShardUnit, UnitDone, rows};
use crate::diagnostics::Place;
use crate::experiment::parameters::read_parameters;
use crate::experiment::step::TAPE_FILE;
use crate::experiment::{Experiment, ExperimentError, ExperimentOutcome, Project, run};
use crate::motif::Engine;
use crate::store::{AtomicFile, Durability, Scratch, StoreError, file_digest, write_whole};
use crate::tape::{self, TapeError};

/// What a shard has computed, before it stands in its place: each file, staged, and its digest is known at the end.
struct Computed {
    units: Vec<UnitDone>,
    files: BTreeMap<String, Vec<u8>>,
    tapes: BTreeMap<String, PathBuf>,
    /// What was recognised in traces, by experiment.
    notes: BTreeMap<String, Vec<String>>,
    /// Where tapes are until they are copied.
    _scratch: Option<Scratch>,
}

/// Runs a shard: reads inputs below `root`, writes flat files and then the marker into `folder`. `false` if it had been done before.
///
/// Two at a time are harmless: both write beside the places, and rename the same bytes into them.
///
/// # Errors
/// When an input is not the plan's, something cannot be read or written, or other bytes were given before.
pub fn run_shard(plan: &ShardPlan, id: &str, root: &Path, folder: &Path) -> Result<bool, ShardError> {
    let shard = plan.shard(id)?;
    let marker = Done::path(folder, id);
    let before = match ShardState::read(plan, shard, folder)? {
        ShardState::Done(_) => return Ok(false),
        ShardState::Lost(done, _) => Some(done),
        ShardState::Not(_) => None,
    };
    let computed = match plan.engine() {
        Some(engine) => replay(shard, &engine, root)?,
        None => run_experiments(shard, root, folder)?,
    };
    let Computed { units, files, tapes, notes, _scratch } = computed;
    let mut outputs = BTreeMap::new();
    for (name, bytes) in &files {
        outputs.insert(name.clone(), hex::encode(Sha256::digest(bytes)));
    }
    for (name, path) in &tapes {
        outputs.insert(name.clone(), file_digest(path)?.sha256);
    }
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let (plan_digest, id) = (plan.digest.clone(), id.to_owned());
    let done = Done { contract: CONTRACT, plan: plan_digest, id, program, build: build()?, units, outputs, notes };
    // One that another process has written in the meantime counts, too.
    let earlier = match ShardState::read(plan, shard, folder)? {
        ShardState::Done(done) | ShardState::Lost(done, _) => Some(done),
        ShardState::Not(_) => before,
    };
    if let Some(earlier) = earlier
        && !earlier.gave_the_same(&done)
    {
        let names = done.outputs.iter().find(|(name, digest)| earlier.outputs.get(*name) != Some(*digest));
        let problem = names.map_or(Disagreement::Counts, |(name, _)| Disagreement::Output(name.clone()));
        return Err(ShardError::Nondeterminism { marker, problem });
    }
    for (name, bytes) in &files {
        write_whole(&folder.join(name), bytes, Durability::Synced)?;
    }
    for (name, path) in &tapes {
        copy(path, &folder.join(name), Durability::Synced, &done.outputs[name])?;
    }
    let mut text = serde_json::to_vec(&done).expect("a marker has string keys");
    text.push(b'\n');
    write_whole(&marker, &text, Durability::Synced)?;
    Ok(true)
}

/// Copies a file whose SHA-256 is known, whole or not at all.
pub(super) fn copy(from: &Path, to: &Path, durability: Durability, sha256: &str) -> Result<(), StoreError> {
    let mut file = File::open(from).map_err(StoreError::read(from))?;
    let mut staged = AtomicFile::create(to)?;
    let mut block = vec![0; 1 << 18];
    loop {
        match file.read(&mut block).map_err(StoreError::read(from))? {
            0 if staged.sha256() == sha256 => return staged.commit(durability).map(drop),
            0 => return Err(StoreError::read(from)(io::Error::other("it has changed in the meantime"))),
            count => staged.append(&block[..count])?,
        }
    }
}

/// An input that cannot be read is for later; one that is another is not.
fn input_error(error: TapeError, unit: &ShardUnit, root: &Path) -> ShardError {
    match error {
        TapeError::Store(error) => error.into(),
        error => ShardError::Input {
            place: Place::file(root.join(unit.input.as_deref().unwrap_or(Path::new("")))),
            problem: Box::new(InputProblem::Tape(error)),
        },
    }
}

fn other_input(unit: &ShardUnit, root: &Path, found: &str) -> ShardError {
    let place = Place::file(root.join(unit.input.as_deref().unwrap_or(Path::new(""))));
    let problem = InputProblem::OtherBytes { found: found.to_owned(), planned: unit.sha256.clone() };
    ShardError::Input { place, problem: Box::new(problem) }
}

fn replay(shard: &Shard, engine: &Engine, root: &Path) -> Result<Computed, ShardError> {
    let mut rows = Vec::new();
    let mut units = Vec::new();
    let mut last: Option<(PathBuf, tape::Tape)> = None;
    for (ordinal, unit) in shard.units.iter().enumerate() {
        let path = root.join(unit.input.as_deref().unwrap_or(Path::new("")));
        // The classes of one tape are neighbours.
        let tape = match last.take().filter(|(read, _)| *read == path) {
            Some((_, tape)) => tape,
            None => tape::read(&path).map_err(|error| input_error(error, unit, root))?,
        };
        if tape.manifest.sha256 != unit.sha256 {
            return Err(other_input(unit, root, &tape.manifest.sha256));
        }
        let (episodes, samples, channels) = match unit.class {
            None => (engine.replay(&tape.stream), tape.stream.len() as u64, tape.stream.channel_count() as u64),
            Some(class) => {
                let samples = tape.stream.classes().iter().filter(|of| **of == class).count() as u64;
                (
                    engine.replay_class(&tape.stream, class),
                    samples,
                    tape.stream.channel_counts()[class.code() as usize] as u64,
                )
            }
        };
        units.push(UnitDone { input: unit.sha256.clone(), samples, channels, episodes: episodes.len() as u64 });
        rows.extend(episodes.into_iter().map(|episode| (ordinal, episode)));
        last = Some((path, tape));
    }
    let files = BTreeMap::from([(episodes_name(&shard.id), rows::write(engine.kind(), &rows))]);
    Ok(Computed { units, files, tapes: BTreeMap::new(), notes: BTreeMap::new(), _scratch: None })
}

/// Experiments are run in a temporary folder beside the outputs, and what they give is copied to flat files.
fn run_experiments(shard: &Shard, root: &Path, folder: &Path) -> Result<Computed, ShardError> {
    let scratch = Scratch::create(folder, &shard.id)?;
    let project = Project::in_folder(root, scratch.path()).without_cache();
    let (mut units, mut files, mut tapes) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut notes = BTreeMap::new();
    for (ordinal, unit) in shard.units.iter().enumerate() {
        let text = unit.experiment.as_deref().unwrap_or_default();
        let path = root.join("experiments").join(format!("{}.toml", unit.name));
        let experiment = Experiment::parse(&path, text, root)?;
        let found = experiment.source.hash_input(&project)?;
        if found != unit.sha256 {
            return Err(other_input(unit, root, &found));
        }
        let parameters = read_parameters(&project, &experiment)?.stages;
        if parameters != unit.digests {
            let place = Place::file(&path);
            return Err(ShardError::Input { place, problem: Box::new(InputProblem::Parameters) });
        }
        let catalogue = project.catalogue().map_err(ExperimentError::from)?;
        let (outcome, _) = run::execute(&project, &catalogue, &experiment, &|_| {})?;
        let folder = project.out(&unit.name);
        for table in outcome.tables.keys().map(String::as_str).chain([ExperimentOutcome::LAST_FILE]) {
            let path = folder.join(table);
            let bytes = std::fs::read(&path).map_err(StoreError::read(&path))?;
            files.insert(output_name(&shard.id, ordinal, table), bytes);
        }
        for name in [TAPE_FILE.to_owned(), format!("{TAPE_FILE}.hash")] {
            tapes.insert(output_name(&shard.id, ordinal, &name), folder.join(name));
        }
        units.push(UnitDone {
            input: found,
            samples: outcome.counts.samples,
            channels: outcome.counts.channels,
            episodes: outcome.counts.all_episodes(),
        });
        if !outcome.notes.is_empty() {
            notes.insert(unit.name.clone(), outcome.notes);
        }
    }
    Ok(Computed { units, files, tapes, notes, _scratch: Some(scratch) })
}
