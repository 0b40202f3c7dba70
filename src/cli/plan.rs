use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Text};
use super::{Exit, KeySettings, Out, Outcome};
use crate::experiment;
use crate::store::Shown;

/// Tell what would run and why; write nothing
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape plan snowset")]
pub(super) struct PlanCommand {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    #[command(flatten)]
    settings: KeySettings,
    #[command(flatten)]
    out: Out,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PlannedJson<'a> {
    name: &'a str,
    input: Option<String>,
    steps: &'a [String],
    error: Option<FailureJson<'a>>,
}

impl PlanCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = self.out.project()?.with_settings(self.settings.set);
        let selection = project.select(&self.experiments)?;
        let planned = experiment::plan(&project, &selection.experiments)?;
        let obstacles: Vec<Option<Failure>> =
            planned.iter().map(|planned| planned.obstacle.as_ref().map(Failure::from)).collect();
        let json: Vec<PlannedJson<'_>> = planned
            .iter()
            .zip(&obstacles)
            .map(|(planned, obstacle)| PlannedJson {
                name: &planned.name,
                input: planned.input.as_ref().map(|path| path.display().to_string()),
                steps: &planned.steps,
                error: obstacle.as_ref().map(Failure::json),
            })
            .collect();
        output.data(&json, || {
            let mut text = Text::default();
            for (planned, obstacle) in planned.iter().zip(&obstacles) {
                let input =
                    planned.input.as_ref().map_or(String::new(), |path| format!(" (from `{}`)", path.display()));
                text.push(format!("{}{input}", Shown::plain(&planned.name)));
                for step in &planned.steps {
                    text.push(format!("  {step}"));
                }
                if let Some(obstacle) = obstacle {
                    text.push(format!("  but: {}", obstacle.message()));
                }
            }
            text
        });
        Ok(Exit::worst(obstacles.iter().flatten().map(|obstacle| obstacle.exit)))
    }
}
