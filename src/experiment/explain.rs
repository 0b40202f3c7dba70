use super::compare;
use super::difference::Difference;
use super::{Experiment, ExperimentError, Outcome, Project};
use crate::store::Place;

/// Compares the last result of an experiment with the expected one.
///
/// # Errors
/// When there is no last result, or one of them is not what it says.
pub fn explain(project: &Project, experiment: &Experiment) -> Result<Difference, ExperimentError> {
    let name = &experiment.name;
    let (out, results) = (project.out(name), project.results(name));
    let path = out.join("digests.toml");
    let Some(actual) = Outcome::read(&path)? else {
        let problem = format!("there is no result to explain; run `telltape run {name}` first");
        return Err(ExperimentError::Result { place: Place::file(path), problem });
    };
    compare::check_tables(&out, &path, &actual)?;
    let expected = compare::expected(&results)?;
    Difference::of_outcomes((&results, expected.as_ref()), (&out, &actual), None)
}
