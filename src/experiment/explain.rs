use super::compare;
use super::difference::Difference;
use super::{Experiment, ExperimentError, ExperimentOutcome, Project, last_result};

/// Compares the last result of an experiment with the expected one.
///
/// # Errors
/// When there is no last result of the experiment as it stands now, or one of them is not what it says.
pub fn explain(project: &Project, experiment: &Experiment) -> Result<Difference, ExperimentError> {
    explain_result(project, experiment, &last_result(project, experiment)?)
}

/// The same of a last result that has been read already.
///
/// # Errors
/// When its tables or the expected result are not what they say.
pub fn explain_result(
    project: &Project,
    experiment: &Experiment,
    last: &ExperimentOutcome,
) -> Result<Difference, ExperimentError> {
    let name = &experiment.name;
    let (out, results) = (project.out(name), project.results(name));
    compare::check_tables(&out, &out.join(ExperimentOutcome::LAST_FILE), last)?;
    let expected = compare::read_expected(name, &results, None)?;
    Difference::compare_results((&results, expected.as_ref()), (&out, last), None)
}
