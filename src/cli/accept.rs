use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Text};
use super::{Exit, Out, Outcome, foreign};
use crate::experiment;

/// Make the last run's results the expected ones (refuses under CI)
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape run ceb; telltape explain ceb; telltape accept ceb; git diff results")]
pub(super) struct Accept {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    #[command(flatten)]
    out: Out,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct AcceptedJson<'a> {
    name: String,
    changed: bool,
    foreign: Vec<String>,
    error: Option<FailureJson<'a>>,
}

impl Accept {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = self.out.project()?;
        let selection = project.select(&self.experiments)?;
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        let _lock = project.lock()?;
        let (mut accepted, mut failures) = (Vec::new(), Vec::new());
        for experiment in &selection.experiments {
            match experiment::accept(&project, experiment, in_ci) {
                Ok(one) => {
                    foreign::note_files(&one.foreign, output);
                    if let Some(signature) = &one.old_signature {
                        output.note(format!(
                            "`{}` is of the result before; sign the new one with `minisign -S -m {}`",
                            signature.display(),
                            signature.with_extension("").display()
                        ));
                    }
                    let foreign = one.foreign.iter().map(|path| path.display().to_string()).collect();
                    accepted.push(AcceptedJson { name: one.name, changed: one.changed, foreign, error: None });
                }
                Err(error) => failures.push((experiment.name.clone(), Failure::from(error))),
            }
        }
        if let [(_, failure)] = failures.as_slice()
            && accepted.is_empty()
        {
            return Err(failure.clone());
        }
        let failed = failures.iter().map(|(name, failure)| AcceptedJson {
            name: name.clone(),
            changed: false,
            foreign: Vec::new(),
            error: Some(failure.json()),
        });
        accepted.extend(failed);
        output.data(&accepted, || {
            let lines = accepted.iter().filter(|one| one.error.is_none()).map(|one| {
                let what = if one.changed { "accepted" } else { "unchanged" };
                format!("{what}: {}", one.name)
            });
            lines.collect::<Text>()
        });
        if accepted.iter().any(|one| one.changed) {
            output.note("commit `results/`, and say in the CHANGELOG why digests changed");
        }
        failures.iter().for_each(|(name, failure)| output.error_of(name, failure));
        Ok(Exit::worst(failures.iter().map(|(_, failure)| failure.exit)))
    }
}
