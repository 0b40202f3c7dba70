//! Running experiments: step by step along the chain, and held against what is expected.

use std::cell::OnceCell;

use rayon::prelude::*;
#[cfg(feature = "capture")]
use tokio_util::sync::CancellationToken;

use super::cache::{StageCache, Surroundings};
use super::chain::Stage;
use super::compare;
use super::experiment_report::{ExperimentReport, Progress};
use super::outcome::ExperimentOutcome;
use super::parameters::read_parameters_and_inputs;
use super::step::{Files, Step, Workspace};
use super::{Experiment, ExperimentError, Project};
#[cfg(feature = "capture")]
use super::{LiveExperiment, live};
use crate::trace::{Catalogue, TraceError};

/// Runs experiments in parallel, writes `out/<name>/` of each, and compares it with what is expected.
///
/// `progress` is called with each experiment as it ends, in any order; the reports come in the order given. One that fails
/// does not keep the others from running.
///
/// # Errors
/// When the catalogue of data cannot be read.
pub fn run(
    project: &Project,
    experiments: &[Experiment],
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<ExperimentReport>, TraceError> {
    let catalogue = project.catalogue()?;
    let reports = experiments.par_iter().map(|experiment| {
        let report = run_experiment(project, &catalogue, experiment, progress);
        progress(Progress::Ended(&report));
        report
    });
    Ok(reports.collect())
}

/// Runs live experiments one after the other: two servers at a time would disturb each other.
#[cfg(feature = "capture")]
pub fn run_live(
    project: &Project,
    experiments: &[LiveExperiment],
    stop: &CancellationToken,
    progress: &dyn Fn(Progress<'_>),
) -> Vec<ExperimentReport> {
    let run = |experiment: &LiveExperiment| {
        let report = live::run(project, experiment, stop);
        progress(Progress::Ended(&report));
        report
    };
    experiments.iter().map(run).collect()
}

fn run_experiment(
    project: &Project,
    catalogue: &Catalogue,
    experiment: &Experiment,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> ExperimentReport {
    let name = experiment.name.clone();
    let expected = compare::read_expected(&name, &project.results(&name), project.key());
    match (execute(project, catalogue, experiment, progress), expected) {
        (Ok((outcome, cached)), Ok(expected)) => ExperimentReport::of_result(name, outcome, expected.as_ref(), cached),
        (Err(error), Ok(expected)) => {
            let stages = compare::compare_stages(None, expected.as_ref());
            ExperimentReport { stages, ..ExperimentReport::of_failure(name, error) }
        }
        // It was run all the same: `accept` may put its result in the place of one that cannot be used.
        (_, Err(error)) => ExperimentReport::of_failure(name, error),
    }
}

/// The report of an experiment that was run elsewhere, gave `outcome`, and whose tables are in `out/<name>/`.
pub(super) fn report_merged(project: &Project, name: &str, outcome: ExperimentOutcome) -> ExperimentReport {
    let folder = project.out(name);
    let expected = compare::check_tables(&folder, &folder.join(ExperimentOutcome::LAST_FILE), &outcome)
        .and_then(|()| compare::read_expected(name, &project.results(name), None));
    match expected {
        Ok(expected) => ExperimentReport::of_result(name.to_owned(), outcome, expected.as_ref(), Vec::new()),
        Err(error) => ExperimentReport::of_failure(name.to_owned(), error),
    }
}

/// Walks the steps of an experiment, and writes what they make to its folder with the digests of the chain. Steps that
/// would make what they made are skipped, and named.
pub(super) fn execute(
    project: &Project,
    catalogue: &Catalogue,
    experiment: &Experiment,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(ExperimentOutcome, Vec<Step>), ExperimentError> {
    let folder = project.output_of(&experiment.name)?;
    let last = if project.caches() { StageCache::read_for(experiment, &folder) } else { StageCache::default() };
    // A run that fails must not leave the last one's digests: they would pass for its own.
    ExperimentOutcome::remove(&folder.join(ExperimentOutcome::LAST_FILE))?;
    StageCache::remove(&folder)?;
    // First, so that of a set that is not there the set is named, and how to get it, and not its windows.
    let label = experiment.source.label_samples(project)?;
    let (mut outcome, evaluation_inputs) = read_parameters_and_inputs(project, experiment)?;
    let surroundings = Surroundings::new(&outcome, label);
    if last.outcome.is_some() {
        // Nobody else needs it before the conversion says what it has read.
        outcome.set(Stage::Input, experiment.source.hash_input(project)?);
    }
    let work = Workspace {
        project,
        catalogue,
        experiment,
        folder: &folder,
        evaluation_inputs: &evaluation_inputs,
        progress,
        replayed: OnceCell::new(),
    };
    let (mut cache, mut tables, mut skipped) = (StageCache::default(), Files::new(), Vec::new());
    for step in Step::select(experiment) {
        let files = match last.reuse(step, &surroundings.add_stages(step, &outcome), &folder) {
            Some((before, record)) => {
                step.restore(before, &mut outcome);
                if step == Step::Convert {
                    outcome.notes.clone_from(&last.notes);
                }
                skipped.push(step);
                record.wrote.clone()
            }
            None => step.run(&work, &mut outcome)?,
        };
        if step.writes_tables() {
            tables.extend(files.clone());
        }
        cache.record(step, surroundings.add_stages(step, &outcome), files);
    }
    outcome.set_tables(tables);
    outcome.write_digests(&folder.join(ExperimentOutcome::LAST_FILE))?;
    cache.notes.clone_from(&outcome.notes);
    cache.outcome = Some(outcome.clone());
    cache.write(&folder)?;
    Ok((outcome, skipped))
}
