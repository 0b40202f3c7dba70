use schemars::JsonSchema;
use serde::Serialize;

use super::failure::Failure;
use super::output::Output;
use super::{Exit, KeySettings, Out, Outcome};
use crate::diagnostics::{FailureKind, counted};
use crate::report::{self, Stale};

/// Write out/report.html: figures and tables of the last run in one self-contained file
#[derive(clap::Args)]
#[command(after_help = "\
The experiments must have been run: `telltape run`. The page needs no network and no server; open it in a browser.
It exits with 12 if an experiment, its input or its tape has changed since the run; that one is not in the page then.
Example: telltape report && xdg-open out/report.html")]
pub(super) struct ReportCommand {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    #[command(flatten)]
    settings: KeySettings,
    #[command(flatten)]
    out: Out,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ReportJson<'a> {
    report: String,
    bytes: usize,
    sha256: &'a str,
    experiments: usize,
    missing: &'a [String],
    stale: &'a [Stale],
    figures: &'a [String],
}

impl ReportCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = self.out.project()?.with_settings(self.settings.set);
        let selection = project.select(&self.experiments)?;
        let written = report::report(&project, &selection.experiments, self.out.folder()?)?;
        let json = ReportJson {
            report: written.html.display().to_string(),
            bytes: written.bytes,
            sha256: &written.sha256,
            experiments: written.experiments,
            missing: &written.missing,
            stale: &written.stale,
            figures: &written.figures,
        };
        output.data(&json, || {
            format!(
                "{}: {}, {}, {} kB",
                json.report,
                counted(json.experiments, "experiment"),
                counted(json.figures.len(), "figure"),
                json.bytes / 1000
            )
        });
        if !written.missing.is_empty() {
            output.note(format!("not run, so not in it: {}", written.missing.join(" ")));
        }
        for stale in &written.stale {
            let message = format!("{stale}, so it is not in the report; run `telltape run {}` again", stale.name);
            output.error(&Failure::new(FailureKind::Stale, message));
        }
        Ok(if written.stale.is_empty() { Exit::Ok } else { Exit::Input })
    }
}
