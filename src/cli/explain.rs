use super::difference::{DifferenceJson, Style};
use super::output::Output;
use super::{Exit, Out, Outcome, Settings};
use crate::experiment::{self, Difference, Verdict};

/// Name the first stage that differs, why, and the first differing rows, old and new
#[derive(clap::Args)]
#[command(after_help = "\
Explains the results that the last run left in out/; exits with 10 if one differs, with 11 if one has nothing to compare with,
with 12 if the experiment, its input or its tape has changed since the run. Give it the --set of that run.

Examples:
  telltape run ceb; telltape explain ceb
  telltape explain --markdown > comment.md      for a pull request")]
pub(super) struct Explain {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    /// Markdown instead of text
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    out: Out,
}

impl Explain {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = self.out.project()?.with_settings(self.settings.set);
        let selection = project.select(&self.experiments)?;
        let mut explanations = Vec::new();
        for experiment in &selection.experiments {
            explanations.push((experiment.name.as_str(), experiment::explain(&project, experiment)?));
        }
        let json: Vec<DifferenceJson<'_>> =
            explanations.iter().map(|(name, difference)| DifferenceJson::new(name, difference)).collect();
        let style = Style { output, markdown: self.markdown };
        output.data(&json, || explanations.iter().map(|(name, difference)| text(name, difference, style)).collect());
        Ok(Exit::worst(explanations.iter().map(|(_, difference)| match difference.verdict {
            Verdict::Same | Verdict::Skipped { .. } | Verdict::Met => Exit::Ok,
            Verdict::Differs | Verdict::Missed { .. } => Exit::Differs,
            Verdict::NoExpected => Exit::NoExpected,
        })))
    }
}

fn text(name: &str, difference: &Difference, style: Style<'_>) -> String {
    match &difference.verdict {
        Verdict::Same | Verdict::Met => format!("{name}: {}\n", difference.verdict.name()),
        Verdict::Skipped { reason } | Verdict::Missed { reason } => format!("{name}: not compared: {reason}\n"),
        Verdict::NoExpected => {
            format!("{name}: nothing to compare with; to make its result the expected one: telltape accept {name}\n")
        }
        Verdict::Differs => {
            let accept = if style.markdown {
                "\nTo make this the expected result: "
            } else {
                "  to make this the expected result: "
            };
            format!("{}{accept}telltape accept {name}\n", style.results(name, difference))
        }
    }
}
