use super::difference::{DifferenceJson, Style};
use super::output::{Output, Text};
use super::{Exit, KeySettings, Out, Outcome};
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
    settings: KeySettings,
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
        output.data(&json, || {
            let texts = explanations.iter().map(|(name, difference)| text(name, difference, style));
            texts.fold(Text::default(), |all, text| all.joined(&text))
        });
        Ok(Exit::worst(explanations.iter().map(|(_, difference)| match difference.verdict {
            Verdict::Same | Verdict::Skipped { .. } | Verdict::Met => Exit::Ok,
            Verdict::Differs | Verdict::Missed { .. } => Exit::Differs,
            Verdict::NoExpected => Exit::NoExpected,
        })))
    }
}

fn text(name: &str, difference: &Difference, style: Style<'_>) -> Text {
    let shown = style.name(name);
    let accept = style.command("telltape accept", name);
    match &difference.verdict {
        Verdict::Same | Verdict::Met => format!("{shown}: {}", difference.verdict.name()).into(),
        Verdict::Skipped { reason } | Verdict::Missed { reason } => {
            format!("{shown}: not compared: {}", style.name(reason)).into()
        }
        Verdict::NoExpected => {
            format!("{shown}: nothing to compare with; to make its result the expected one: {accept}").into()
        }
        Verdict::Differs if style.markdown => {
            style.results(name, difference).line("").line(format!("To make this the expected result: {accept}"))
        }
        Verdict::Differs => {
            style.results(name, difference).line(format!("  to make this the expected result: {accept}"))
        }
    }
}
