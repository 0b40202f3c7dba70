//! Whether the last result of an experiment is one of the experiment, its input and its tape as they stand now.

use super::chain::Stage;
use super::outcome::ExperimentOutcome;
use super::parameters::read_parameters;
use super::step::TAPE_FILE;
use super::{Experiment, ExperimentError, Project};
use crate::store::{Place, StoreError, file_digest};
use crate::tape::Manifest;

/// What [`ExperimentError::Stale`] says of an experiment that has not been run.
pub const NO_RESULT: &str = "there is no result";

/// The experiment is another one.
const OTHER_EXPERIMENT: &str = "the experiment has changed since its last run, or that run had --set";

/// Reads the last result of an experiment, and checks that everything that it was made from is still the same.
///
/// # Errors
/// [`ExperimentError::Stale`] when there is no result, or the experiment, its input or the tape of the run is another one now. Or
/// when files cannot be read.
pub fn last_result(project: &Project, experiment: &Experiment) -> Result<ExperimentOutcome, ExperimentError> {
    let name = &experiment.name;
    let path = project.out(name).join(ExperimentOutcome::LAST_FILE);
    let stale = |problem| Err(ExperimentError::Stale { place: Place::file(&path), problem, name: name.clone() });
    let Some(last) = ExperimentOutcome::read(&path)? else { return stale(NO_RESULT) };
    let now = read_parameters(project, experiment)?;
    if (&now.options, &now.grammar, &now.evaluation) != (&last.options, &last.grammar, &last.evaluation) {
        return stale(OTHER_EXPERIMENT);
    }
    if last.counts.samples == 0 && !experiment.allow_empty {
        return stale("it is of no sample, and the experiment does not say `allow_empty = true`");
    }
    if last.digest(Stage::Input) != Some(experiment.source.hash_input(project)?.as_str()) {
        return stale("its input has changed since its last run");
    }
    let tape = project.out(name).join(TAPE_FILE);
    match file_digest(&tape) {
        Ok(found) if last.digest(Stage::Tape) == Some(found.sha256.as_str()) => {}
        Ok(_) => return stale("its tape has changed since its last run"),
        Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return stale("its tape is gone");
        }
        Err(error) => return Err(error.into()),
    }
    // A trace of the same bytes by another name is another label; behind it may stand what was found in the trace.
    let (source, label) = (Manifest::read(&tape)?.source, experiment.source.label_samples(project)?);
    match source.strip_prefix(&label) {
        Some(rest) if rest.is_empty() || rest.starts_with('[') || label.is_empty() => Ok(last),
        _ => stale(OTHER_EXPERIMENT),
    }
}
