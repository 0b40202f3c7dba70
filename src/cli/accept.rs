use std::path::Path;

use serde::Serialize;

use super::output::Output;
use super::{Exit, Outcome};
use crate::experiment::{self, Project};

/// Make the last run's results the expected ones (refuses under CI)
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape run ceb; telltape explain ceb; telltape accept ceb; git diff results")]
pub(super) struct Accept {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
}

#[derive(Serialize)]
struct AcceptedJson {
    name: String,
    changed: bool,
}

impl Accept {
    pub(super) fn execute(self, out: &Path, output: &Output) -> Outcome {
        let project = Project::here(out);
        let selection = project.select(&self.experiments)?;
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        let mut accepted = Vec::new();
        for experiment in &selection.experiments {
            let one = experiment::accept(&project, experiment, in_ci)?;
            accepted.push(AcceptedJson { name: one.name, changed: one.changed });
        }
        output.data(&accepted, || {
            let lines = accepted.iter().map(|one| {
                let what = if one.changed { "accepted" } else { "unchanged" };
                format!("{what}: {}\n", one.name)
            });
            lines.collect()
        });
        if accepted.iter().any(|one| one.changed) {
            output.note("commit `results/`, and say in the CHANGELOG why digests changed");
        }
        Ok(Exit::Ok)
    }
}
