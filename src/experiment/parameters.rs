//! What of a result is known before an experiment runs.

use super::evaluation::EvaluationInputs;
use super::{Experiment, ExperimentError, ExperimentOutcome, Project, platform};
use crate::residual::Math;

/// The result of an experiment as far as it is known before it runs: its parameters.
pub(super) fn read_parameters(
    project: &Project,
    experiment: &Experiment,
) -> Result<ExperimentOutcome, ExperimentError> {
    Ok(read_parameters_and_inputs(project, experiment)?.0)
}

/// The same, with what the evaluation reads: the digests among the parameters are those of these very bytes.
pub(super) fn read_parameters_and_inputs(
    project: &Project,
    experiment: &Experiment,
) -> Result<(ExperimentOutcome, EvaluationInputs), ExperimentError> {
    let mut outcome = ExperimentOutcome {
        program: Some(env!("CARGO_PKG_VERSION").to_owned()),
        experiment: Some(experiment.name.clone()),
        allow_empty: experiment.allow_empty,
        ..ExperimentOutcome::default()
    };
    outcome.set_parameters(experiment.source.list_options(), &experiment.engine);
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
