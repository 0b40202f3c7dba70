use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::cache::{self, CachedStage, Inputs, Memory, Need};
use super::compare::{self, StageRow, Verdict};
use super::evaluation::EvaluationInputs;
use super::outcome::{Counts, Outcome};
use super::{Experiment, ExperimentError, LiveExperiment, Project, Source, live, platform};
use crate::evaluate::Generator;
use crate::motif::{self, Episode};
use crate::residual::{Math, Stream};
use crate::store::{Durability, Place, StoreError, write_whole};
use crate::tape::{self, RowCounts, TapeWriter};
use crate::trace::{self, Catalogue, Entry, Options, TraceError};

/// What became of an experiment.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// The verdict, or why there is none.
    pub verdict: Result<Verdict, ExperimentError>,
    /// Its chain, stage by stage.
    pub stages: Vec<StageRow>,
    /// Its counts, if it ran.
    pub counts: Option<Counts>,
    /// The stages that were skipped, because everything that they are made from is the same as in the last run.
    pub cached: Vec<CachedStage>,
}

/// What is told while experiments run.
#[derive(Debug)]
pub enum Progress<'a> {
    /// One run of an evaluation has ended.
    Ran,
    /// An experiment has ended.
    Ended(&'a Report),
}

/// Runs experiments in parallel, writes `out/<name>/` of each, and compares it with what is expected.
///
/// `progress` is told of each experiment as it ends, in any order; the reports come in the order given. One that fails
/// does not keep the others from running.
///
/// # Errors
/// When the catalogue of data cannot be read.
pub fn run(
    project: &Project,
    experiments: &[Experiment],
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<Report>, TraceError> {
    let catalogue = project.catalogue()?;
    let reports = experiments.par_iter().map(|experiment| {
        let report = one(project, &catalogue, experiment, progress);
        progress(Progress::Ended(&report));
        report
    });
    Ok(reports.collect())
}

/// Runs live experiments one after the other: two servers at a time would disturb each other.
pub fn run_live(
    project: &Project,
    experiments: &[LiveExperiment],
    stop: &CancellationToken,
    progress: &dyn Fn(Progress<'_>),
) -> Vec<Report> {
    let run = |experiment: &LiveExperiment| {
        let report = live::run(project, experiment, stop);
        progress(Progress::Ended(&report));
        report
    };
    experiments.iter().map(run).collect()
}

fn one(
    project: &Project,
    catalogue: &Catalogue,
    experiment: &Experiment,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let name = experiment.name.clone();
    let expected = compare::expected_signed(&project.results(&name), &name, project.key());
    match (execute(project, catalogue, experiment, progress), expected) {
        (Ok((outcome, cached)), Ok(expected)) => Report {
            name,
            verdict: Ok(compare::verdict(&outcome, expected.as_ref())),
            stages: compare::rows(Some(&outcome), expected.as_ref()),
            counts: Some(outcome.counts),
            cached,
        },
        (Err(error), Ok(expected)) => {
            let stages = compare::rows(None, expected.as_ref());
            Report { name, verdict: Err(error), stages, counts: None, cached: Vec::new() }
        }
        // It was run all the same: `accept` may put its result in the place of one that cannot be used.
        (_, Err(error)) => Report { name, verdict: Err(error), stages: Vec::new(), counts: None, cached: Vec::new() },
    }
}

/// What a run of an experiment says that gave `outcome`, elsewhere, and whose tables are in `out/<name>/`.
pub(super) fn judged(project: &Project, name: &str, outcome: Outcome) -> Report {
    let judge = || {
        let folder = project.out(name);
        compare::check_tables(&folder, &folder.join("digests.toml"), &outcome)?;
        let expected = compare::expected(&project.results(name))?;
        Ok((compare::verdict(&outcome, expected.as_ref()), compare::rows(Some(&outcome), expected.as_ref())))
    };
    let name = name.to_owned();
    match judge() {
        Ok((verdict, stages)) => {
            Report { name, verdict: Ok(verdict), stages, counts: Some(outcome.counts), cached: Vec::new() }
        }
        Err(error) => Report { name, verdict: Err(error), stages: Vec::new(), counts: None, cached: Vec::new() },
    }
}

/// The result of an experiment as far as it is known before it runs: its parameters.
pub(super) fn parameters(project: &Project, experiment: &Experiment) -> Result<Outcome, ExperimentError> {
    Ok(parameters_and_inputs(project, experiment)?.0)
}

/// The same, with what the evaluation reads: the digests among the parameters are those of these very bytes.
fn parameters_and_inputs(
    project: &Project,
    experiment: &Experiment,
) -> Result<(Outcome, EvaluationInputs), ExperimentError> {
    let mut outcome = Outcome {
        program: Some(env!("CARGO_PKG_VERSION").to_owned()),
        experiment: Some(experiment.name.clone()),
        allow_empty: experiment.allow_empty,
        ..Outcome::default()
    };
    outcome.set_parameters(options(&experiment.source), &experiment.engine);
    if experiment.source.math() == Math::System {
        outcome.libm = Some(platform::libm().to_owned());
    }
    let (evaluated, read) = match &experiment.evaluation {
        Some(evaluation) => evaluation.read(project.root())?,
        None => Default::default(),
    };
    outcome.set_evaluation(evaluated);
    Ok((outcome, read))
}

/// Input → tape → stream → episodes → tables, written to the experiment's folder with their digests. Stages that are
/// what they were are skipped, and named.
pub(super) fn execute(
    project: &Project,
    catalogue: &Catalogue,
    experiment: &Experiment,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(Outcome, Vec<CachedStage>), ExperimentError> {
    let folder = project.output_of(&experiment.name)?;
    let last = if project.caches() { Memory::read(&folder) } else { Memory::default() };
    // A run that fails must not leave the last one's digests: they would pass for its own.
    Outcome::remove(&folder.join("digests.toml"))?;
    Memory::forget(&folder)?;
    let (mut outcome, evaluated) = parameters_and_inputs(project, experiment)?;
    let inputs = Inputs::new(&outcome, label(project, &experiment.source)?);
    let mut memory = Memory::default();
    let mut cached = Vec::new();
    let known = |stage: &str| last.outcome.as_ref().and_then(|outcome| outcome.stages.get(stage)).cloned();

    let tape_path = folder.join("tape.jsonl");
    let unchanged = match &last.outcome {
        // What is right only with `allow_empty` is converted again without it, and refused.
        Some(before) if experiment.allow_empty || before.counts.samples > 0 => {
            Some(input_digest(project, &experiment.source)?)
        }
        _ => None,
    };
    let kept = unchanged.filter(|input| last.need(CachedStage::Convert, &inputs.convert(input), &folder) == Need::None);
    match (kept, known("tape"), &last.outcome) {
        (Some(input), Some(tape), Some(before)) => {
            outcome.set("input", input);
            outcome.set("tape", tape);
            outcome.counts.rows.clone_from(&before.counts.rows);
            cached.push(CachedStage::Convert);
        }
        _ => {
            let (samples, input, rows) = samples(project, catalogue, &experiment.source)?;
            outcome.set("input", input);
            outcome.counts.rows = rows.clone().map(RowCounts::of_result);
            let name = format!("{}/tape.jsonl", experiment.name);
            let mut writer = TapeWriter::create(&tape_path, samples.source())?.named(name);
            writer.allow_empty(experiment.allow_empty);
            writer.append_stream(&samples)?;
            outcome.set("tape", writer.finalise(rows)?.sha256);
        }
    }
    let tape = outcome.stages["tape"].clone();
    let files = cache::tape_files(&tape_path, &tape)?;
    memory.remember(CachedStage::Convert, inputs.convert(&outcome.stages["input"]), files);

    // What is replayed is what stands on the tape, not what was in memory; and only if somebody needs it.
    let replayed = OnceCell::new();
    let replay = || -> Result<&(Stream, Vec<Episode>), ExperimentError> {
        if replayed.get().is_none() {
            let tape::Tape { stream, manifest, .. } = tape::read(&tape_path)?;
            if manifest.sha256 != tape {
                let problem = format!("its SHA-256 is {}, and {tape} was written a moment ago", manifest.sha256);
                return Err(ExperimentError::Result { place: Place::file(&tape_path), problem });
            }
            let episodes = experiment.engine.replay(&stream);
            // It was empty a moment ago.
            let _ = replayed.set((stream, episodes));
        }
        Ok(replayed.get().expect("it has just been set"))
    };
    let from = inputs.replay(&tape);
    let mut tables = BTreeMap::new();
    match (last.need(CachedStage::Replay, &from, &folder), known("stream"), known("episodes"), &last.outcome) {
        (Need::None, Some(stream), Some(episodes), Some(before)) => {
            outcome.set("stream", stream);
            outcome.set("episodes", episodes);
            outcome.counts = Counts { rows: outcome.counts.rows, ..before.counts.clone() };
            tables.extend(last.stages[CachedStage::Replay.name()].wrote.clone());
            cached.push(CachedStage::Replay);
        }
        _ => {
            let (stream, episodes) = replay()?;
            outcome.set("stream", stream.fingerprint());
            outcome.counts.samples = stream.len() as u64;
            outcome.counts.channels = stream.channel_count() as u64;
            outcome.set("episodes", motif::fingerprint(episodes));
            outcome.counts.count_episodes(episodes);
            tables.insert(
                EPISODES.to_owned(),
                write_table(&folder, EPISODES, &motif::csv(experiment.engine.semantics(), episodes))?,
            );
        }
    }
    memory.remember(CachedStage::Replay, from, tables.clone());

    if let (Some(evaluation), Some(from)) = (&experiment.evaluation, inputs.evaluate(&tape)) {
        let mut wrote = BTreeMap::new();
        if last.need(CachedStage::Evaluate, &from, &folder) == Need::None {
            wrote.clone_from(&last.stages[CachedStage::Evaluate.name()].wrote);
            cached.push(CachedStage::Evaluate);
        } else {
            let ran = || progress(Progress::Ran);
            let Experiment { source, .. } = experiment;
            let (stream, episodes) = replay()?;
            for (name, bytes) in evaluation.tables(&evaluated, source, stream, episodes, &ran) {
                let digest = write_table(&folder, &name, &bytes)?;
                wrote.insert(name, digest);
            }
        }
        tables.extend(wrote.clone());
        memory.remember(CachedStage::Evaluate, from, wrote);
    }
    outcome.set_tables(tables);
    outcome.write(&folder.join("digests.toml"), Durability::Whole)?;
    memory.outcome = Some(outcome.clone());
    memory.write(&folder)?;
    Ok((outcome, cached))
}

/// The table that every experiment has.
const EPISODES: &str = "episodes.csv";

fn write_table(folder: &Path, name: &str, bytes: &[u8]) -> Result<String, StoreError> {
    write_whole(&folder.join(name), bytes, Durability::Whole)
}

/// The samples, the digest of what they were made from, and what became of its rows.
fn samples(
    project: &Project,
    catalogue: &Catalogue,
    source: &Source,
) -> Result<(Stream, String, Option<RowCounts>), ExperimentError> {
    let convert = |path: &Path, options: &Options| {
        let converted = trace::convert(path, options)?;
        let input = converted.input.expect("the options of an experiment ask for it");
        Ok::<_, ExperimentError>((converted.stream, input.sha256, Some(converted.rows)))
    };
    match source {
        Source::Catalogue { name, options } => {
            let (path, entry) = known_trace(catalogue, name, options)?;
            match convert(&path, options) {
                // What was hashed is what was parsed.
                Ok(converted) => catalogue.expect(entry, &converted.1).map(|()| converted).map_err(Into::into),
                // Other bytes than those recorded explain everything else that may be wrong with them.
                Err(error) => catalogue.verify(entry).map_err(Into::into).and(Err(error)),
            }
        }
        Source::Trace { path, options } => convert(&project.root().join(path), options),
        Source::Generated { generator, seed, math } => {
            Ok((generator.stream(*seed, *math), generator_digest(*generator, *seed), None))
        }
    }
}

/// A catalogue entry in the format that `options` say, and its file, if it is there; its bytes are still to be verified.
pub(super) fn known_trace<'a>(
    catalogue: &'a Catalogue,
    name: &str,
    options: &Options,
) -> Result<(PathBuf, &'a Entry), ExperimentError> {
    let entry = catalogue.get(name).map_err(|error| ExperimentError::Trace(error.into_trace_error(catalogue)))?;
    if entry.adapter != options.dataset {
        let problem =
            format!("`{name}` is in the format `{}`, the experiment says `{}`", entry.adapter, options.dataset);
        return Err(ExperimentError::Result { place: Place::file(catalogue.folder().join("datasets.toml")), problem });
    }
    let path = catalogue.path(entry);
    if !path.exists() {
        return Err(ExperimentError::NoData { path, name: name.to_owned() });
    }
    Ok((path, entry))
}

/// The digest of what an experiment's samples would be made from now.
pub(super) fn input_digest(project: &Project, source: &Source) -> Result<String, ExperimentError> {
    match source {
        Source::Catalogue { name, options } => {
            let catalogue = project.catalogue()?;
            let (_, entry) = known_trace(&catalogue, name, options)?;
            catalogue.verify(entry)?;
            Ok(entry.sha256.clone())
        }
        Source::Trace { path, options } => Ok(trace::input_digest(&project.root().join(path), options.dataset)?.sha256),
        Source::Generated { generator, seed, .. } => Ok(generator_digest(*generator, *seed)),
    }
}

/// The label that an experiment's samples would have now: the name of the trace is in it, which its bytes do not decide.
pub(super) fn label(project: &Project, source: &Source) -> Result<String, ExperimentError> {
    Ok(match source {
        Source::Catalogue { name, options } => {
            trace::source(&known_trace(&project.catalogue()?, name, options)?.0, options)
        }
        Source::Trace { path, options } => trace::source(path, options),
        Source::Generated { .. } => String::new(),
    })
}

/// The stage `input` of a generator: SHA-256 of its name, scale or data set, and seed.
fn generator_digest(generator: Generator, seed: u64) -> String {
    let input = match generator {
        Generator::Perturbed { scale } => format!("perturbed {scale} {seed}"),
        Generator::Exemplar { dataset } => format!("exemplar {dataset} {seed}"),
        Generator::Null { noise } => format!("null {noise} {seed}"),
    };
    hex::encode(Sha256::digest(input.as_bytes()))
}

/// The canonical options of a source; what is at its default is left out.
pub(super) fn options(source: &Source) -> BTreeMap<String, String> {
    match source {
        Source::Catalogue { options, .. } | Source::Trace { options, .. } => {
            options.canonical().into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        }
        Source::Generated { generator, seed, math } => {
            let mut pairs = BTreeMap::from([("seed".to_owned(), seed.to_string())]);
            match generator {
                Generator::Perturbed { scale } => {
                    pairs.insert("kind".to_owned(), "perturbed".to_owned());
                    if *scale != 1.0 {
                        pairs.insert("scale".to_owned(), scale.to_string());
                    }
                }
                Generator::Exemplar { dataset } => {
                    pairs.insert("kind".to_owned(), "exemplar".to_owned());
                    pairs.insert("dataset".to_owned(), dataset.name().to_owned());
                }
                Generator::Null { noise } => {
                    pairs.insert("kind".to_owned(), "null".to_owned());
                    pairs.insert("noise".to_owned(), noise.name().to_owned());
                }
            }
            if *math != Math::default() {
                pairs.insert("math".to_owned(), math.name().to_owned());
            }
            pairs
        }
    }
}
