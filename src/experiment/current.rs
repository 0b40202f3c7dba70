//! Whether the last result of an experiment is one of the experiment, its input and its tape as they stand now.

use super::chain::Stage;
use super::outcome::ExperimentOutcome;
use super::parameters::read_parameters;
use super::step::TAPE_FILE;
use super::{Experiment, ExperimentError, Project, StaleReason};
use crate::diagnostics::Place;
use crate::store::{StoreError, file_digest};
use crate::tape::Manifest;

/// Reads the last result of an experiment, and checks that everything that it was made from is still the same.
///
/// # Errors
/// [`ExperimentError::Stale`] when there is no result, or the experiment, its input or the tape of the run is another one now. Or
/// when files cannot be read.
pub fn last_result(project: &Project, experiment: &Experiment) -> Result<ExperimentOutcome, ExperimentError> {
    let name = &experiment.name;
    let path = project.out(name).join(ExperimentOutcome::LAST_FILE);
    let stale = |reason| Err(ExperimentError::Stale { place: Place::file(&path), reason, name: name.clone() });
    let Some(last) = ExperimentOutcome::read_result_of(name, &path, None)? else { return stale(StaleReason::NoResult) };
    let now = read_parameters(project, experiment)?;
    if (&now.options, &now.grammar, &now.evaluation) != (&last.options, &last.grammar, &last.evaluation) {
        return stale(StaleReason::OtherExperiment);
    }
    if last.counts.samples == 0 && !experiment.allow_empty {
        return stale(StaleReason::NoSamples);
    }
    if last.digest(Stage::Input) != Some(experiment.source.hash_input(project)?.as_str()) {
        return stale(StaleReason::OtherInput);
    }
    let tape = project.out(name).join(TAPE_FILE);
    match file_digest(&tape) {
        Ok(found) if last.digest(Stage::Tape) == Some(found.sha256.as_str()) => {}
        Ok(_) => return stale(StaleReason::OtherTape),
        Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return stale(StaleReason::NoTape);
        }
        Err(error) => return Err(error.into()),
    }
    // A trace of the same bytes by another name is another label; behind it may stand what was found in the trace.
    let (source, label) = (Manifest::read(&tape)?.source, experiment.source.label_samples(project)?);
    match source.strip_prefix(&label) {
        Some(rest) if rest.is_empty() || rest.starts_with('[') || label.is_empty() => Ok(last),
        _ => stale(StaleReason::OtherExperiment),
    }
}
