//! Everything that `[evaluate]` asks for.

use super::super::{Evaluation, Experiment, ExperimentError, ExperimentOutcome, Progress};
use super::{Files, Workspace};
use crate::store::{Durability, write_whole};

pub(super) fn describe(experiment: &Experiment) -> String {
    let others = experiment.evaluation.as_ref().map_or(0, |evaluation| evaluation.subjects.len() - 1);
    let runs = experiment.evaluation.as_ref().map_or(0, Evaluation::runs);
    format!("score the engine and {others} other detectors on {} runs", runs.max(1))
}

pub(super) fn run(work: &Workspace<'_>, outcome: &ExperimentOutcome) -> Result<Files, ExperimentError> {
    let mut files = Files::new();
    let Some(evaluation) = &work.experiment.evaluation else { return Ok(files) };
    let (stream, episodes) = work.replay_tape(outcome)?;
    evaluation.check_inputs(work.project.root(), work.evaluation_inputs, stream)?;
    let ran = || (work.progress)(Progress::Ran);
    let tables = evaluation.tables(work.evaluation_inputs, &work.experiment.source, stream, episodes, &ran)?;
    for (name, bytes) in tables {
        let sha256 = write_whole(&work.folder.join(&name), &bytes, Durability::Atomic)?;
        files.insert(name, sha256);
    }
    Ok(files)
}
