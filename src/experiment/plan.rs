use std::path::PathBuf;

use super::cache::{self, CachedStage, Need};
use super::run::known_trace;
use super::{Experiment, ExperimentError, Project, Source};

/// What running an experiment would do.
#[derive(Debug)]
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
    let planned = experiments.iter().map(|experiment| {
        let (first, input, obstacle) = match &experiment.source {
            Source::Catalogue { name, options } => {
                let verified = known_trace(&catalogue, name, options).and_then(|(path, entry)| {
                    catalogue.verify(entry)?;
                    Ok(path)
                });
                let (path, obstacle) = match verified {
                    Ok(path) => (Some(path), None),
                    Err(error) => (error.place().map(|place| place.file), Some(error)),
                };
                (convert_step(options), path, obstacle)
            }
            Source::Trace { path, options } => (convert_step(options), Some(project.root().join(path)), None),
            Source::Generated { seed, .. } => (format!("generate with seed {seed}"), None, None),
        };
        let expected = project.results(&experiment.name).join("expected.toml");
        let last = if expected.is_file() {
            format!("compare with `{}`", expected.display())
        } else {
            format!("nothing to compare with: `{}` is not there", expected.display())
        };
        let evaluated = experiment.evaluation.as_ref().map(|evaluation| {
            format!(
                "score the engine and {} other detectors on {} runs",
                evaluation.subjects.len() - 1,
                evaluation.runs().max(1)
            )
        });
        let needs = if obstacle.is_none() { cache::needs(project, experiment) } else { Ok(Vec::new()) };
        let (needs, obstacle) = match needs {
            Ok(needs) => (needs, obstacle),
            Err(error) => (Vec::new(), Some(error)),
        };
        let reason = |stage: CachedStage| match needs.iter().find(|(of, _)| *of == stage) {
            Some((_, Need::Run(reason))) => format!(", {reason}"),
            Some((_, Need::None)) => ": cached, nothing that it is made from has changed".to_owned(),
            None => String::new(),
        };
        let tape = project.out(&experiment.name).join("tape.jsonl");
        let steps = [
            Some(format!("{first} to `{}`{}", tape.display(), reason(CachedStage::Convert))),
            Some(format!("replay under `{}`{}", experiment.engine.semantics(), reason(CachedStage::Replay))),
            evaluated.map(|evaluated| evaluated + &reason(CachedStage::Evaluate)),
            Some(last),
        ];
        Planned { name: experiment.name.clone(), input, steps: steps.into_iter().flatten().collect(), obstacle }
    });
    Ok(planned.collect())
}

fn convert_step(options: &crate::trace::Options) -> String {
    format!("convert `{}` by its construction `{}`", options.dataset, options.construction)
}
