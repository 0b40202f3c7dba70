use std::path::PathBuf;

use super::cache::{Staleness, assess_experiment};
use super::source::find_entry;
use super::step::Step;
use super::{Experiment, ExperimentError, ExperimentOutcome, Project, SampleSource};
use crate::diagnostics::Diagnose;
use crate::trace::Catalogue;

/// What running an experiment would do.
#[derive(Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The experiment.
    pub name: String,
    /// The trace that it would read; `None` for a generator.
    pub input: Option<PathBuf>,
    /// What it would do, in order.
    pub steps: Vec<String>,
    /// Why it could not, if so.
    pub obstacle: Option<ExperimentError>,
}

/// What would run and why; writes nothing.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn plan(project: &Project, experiments: &[Experiment]) -> Result<Vec<Planned>, ExperimentError> {
    let catalogue = project.catalogue()?;
    Ok(experiments.iter().map(|experiment| plan_experiment(project, &catalogue, experiment)).collect())
}

fn plan_experiment(project: &Project, catalogue: &Catalogue, experiment: &Experiment) -> Planned {
    let (input, obstacle) = match verify_trace(project, catalogue, &experiment.source) {
        Ok(path) => (path, None),
        Err(error) => (error.place().map(|place| place.file), Some(error)),
    };
    let assessed = if obstacle.is_none() { assess_experiment(project, experiment) } else { Ok(Vec::new()) };
    let (assessed, obstacle) = match assessed {
        Ok(assessed) => (assessed, obstacle),
        Err(error) => (Vec::new(), Some(error)),
    };
    let reason = |step: Step| match assessed.iter().find(|(of, _)| *of == step) {
        Some((_, Staleness::Stale(reason))) => format!(", {reason}"),
        Some((_, Staleness::Fresh)) => ": cached, nothing that it is made from has changed".to_owned(),
        None => String::new(),
    };
    let mut steps: Vec<String> =
        Step::select(experiment).into_iter().map(|step| step.describe(project, experiment) + &reason(step)).collect();
    let expected = project.results(&experiment.name).join(ExperimentOutcome::EXPECTED_FILE);
    steps.push(if expected.is_file() {
        format!("compare with `{}`", expected.display())
    } else {
        format!("nothing to compare with: `{}` is not there", expected.display())
    });
    Planned { name: experiment.name.clone(), input, steps, obstacle }
}

/// The trace that an experiment would read; one of the catalogue has the bytes that are recorded there.
fn verify_trace(
    project: &Project,
    catalogue: &Catalogue,
    source: &SampleSource,
) -> Result<Option<PathBuf>, ExperimentError> {
    match source {
        SampleSource::Catalogue { name, options } => {
            let (path, entry) = find_entry(catalogue, name, options)?;
            catalogue.verify(entry)?;
            Ok(Some(path))
        }
        SampleSource::Trace { path, .. } => Ok(Some(project.root().join(path))),
        SampleSource::Generated { .. } => Ok(None),
    }
}
