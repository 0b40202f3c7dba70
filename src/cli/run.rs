use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::arguments::output_path;
use super::failure::{Failure, FailureJson};
use super::output::{Output, Text, TextLine, Tone, table};
#[cfg(feature = "capture")]
use super::signals;
use super::verify::KeyArgument;
use super::{Exit, KeySettings, Out, Outcome, foreign, junit};
use crate::diagnostics::{FailureKind, counted};
use crate::experiment::{
    self, Counts, Evaluation, Experiment, ExperimentError, ExperimentReport, Progress, StageRow, Step, Verdict,
};
use crate::store::Shown;

/// Convert, replay, write out/<name>/, and compare with results/<name>/
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape run                      all of experiments/*.toml
  telltape run ceb 'snowset*'       by name and by glob
  telltape run ceb --set replay.grammar.cache_collapse.drift_threshold=0.05
  telltape run --json | jq '.[].verdict'")]
pub(super) struct RunCommand {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    #[command(flatten)]
    settings: KeySettings,
    /// Run every stage, even if nothing that it is made from has changed since the last run
    #[arg(long)]
    no_cache: bool,
    /// End with exit code 11 if an experiment is skipped: nothing was compared; for CI
    #[arg(long)]
    fail_on_skip: bool,
    /// Write the verdicts to this file as JUnit XML, for CI
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    junit: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgument,
    #[command(flatten)]
    out: Out,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ExperimentReportJson<'a> {
    name: &'a str,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    stages: &'a [StageRow],
    counts: Option<&'a Counts>,
    /// What was recognised in the trace.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    cached: &'a [Step],
    error: Option<FailureJson<'a>>,
}

impl RunCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = self.out.project()?.with_settings(self.settings.set);
        let project = project.with_key(self.key.read()?);
        let project = if self.no_cache { project.without_cache() } else { project };
        let selection = project.select_all(&self.experiments)?;
        let _lock = project.lock()?;
        let evaluated = |experiment: &Experiment| experiment.evaluation.as_ref().map_or(0, Evaluation::runs) as u64;
        let runs: u64 = selection.experiments.iter().map(|experiment| 1 + evaluated(experiment)).sum();
        #[cfg(feature = "capture")]
        let runs = runs + selection.live.len() as u64;
        let bar = output.bar(Some(runs), "{pos}/{len} runs {wide_bar} {per_sec}, {elapsed}, {eta} left");
        let progress = |progress: Progress<'_>| {
            bar.inc(1);
            if let Progress::Ended(report) = progress {
                output.note_above(&bar, format!("{}: {}", Shown::plain(&report.name), verdict_name(report)));
            }
        };
        let mut reports = Vec::new();
        if !selection.experiments.is_empty() {
            reports = experiment::run(&project, &selection.experiments, &progress).map_err(ExperimentError::from)?;
        }
        #[cfg(feature = "capture")]
        if !selection.live.is_empty() {
            let stop = signals::ask_first();
            reports.extend(experiment::run_live(&project, &selection.live, &stop, &progress));
            if stop.is_cancelled() {
                return Ok(Exit::Interrupted);
            }
        }
        bar.finish_and_clear();

        if let Some(path) = &self.junit {
            junit::write(path, &reports)?;
        }
        let compared = report_results(&reports, &selection.orphans, output)?;
        let names = selection.experiments.iter().map(|experiment| &experiment.name);
        let foreign: Vec<PathBuf> = names.flat_map(|name| experiment::list_foreign(&project, name)).collect();
        let exit = Exit::worst([compared, foreign::report_files(&foreign, output)]);
        let skipped = count_verdicts(&reports, "skipped");
        if self.fail_on_skip && skipped > 0 {
            let message = format!(
                "{skipped} skipped, not compared, and --fail-on-skip is given; run where the libm is that of the expected \
                 result, or leave the option out"
            );
            output.error(&Failure::new(FailureKind::Skipped, message));
            return Ok(Exit::worst([exit, Exit::NoExpected]));
        }
        Ok(exit)
    }
}

/// How many experiments have this verdict.
fn count_verdicts(reports: &[ExperimentReport], verdict: &str) -> usize {
    reports.iter().filter(|report| verdict_name(report) == verdict).count()
}

/// How many experiments have which verdict, such as `3 experiments: 2 same, 1 skipped`.
fn summarise(reports: &[ExperimentReport]) -> String {
    const VERDICTS: [&str; 7] = ["same", "met", "differs", "missed", "no-expected", "skipped", "failed"];
    let counts = VERDICTS.map(|verdict| (count_verdicts(reports, verdict), verdict));
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, verdict)| format!("{count} {verdict}")).collect();
    format!("{}: {}", counted(reports.len(), "experiment"), counts.join(", "))
}

/// Reports experiments that were run, here or in shards.
pub(super) fn report_results(reports: &[ExperimentReport], orphans: &[String], output: &Output) -> Outcome {
    let failures: Vec<Option<Failure>> =
        reports.iter().map(|report| report.verdict.as_ref().err().map(Failure::from)).collect();
    let json: Vec<ExperimentReportJson<'_>> = reports
        .iter()
        .zip(&failures)
        .map(|(report, failure)| ExperimentReportJson {
            name: &report.name,
            verdict: verdict_name(report),
            reason: match &report.verdict {
                Ok(Verdict::Skipped { reason } | Verdict::Missed { reason }) => Some(reason),
                _ => None,
            },
            stages: &report.stages,
            counts: report.counts.as_ref(),
            notes: &report.notes,
            cached: &report.cached,
            error: failure.as_ref().map(Failure::json),
        })
        .collect();
    output.data(&json, || text(reports, output));
    reports.iter().flat_map(trace_notes).for_each(|note| output.note(note));
    if !reports.is_empty() {
        output.note(summarise(reports));
    }
    let skipped: usize = reports.iter().map(|report| report.cached.len()).sum();
    if skipped > 0 {
        output
            .note(format!("skipped {}, unchanged since the last run; --no-cache runs all", counted(skipped, "stage")));
    }
    for (report, failure) in reports.iter().zip(&failures) {
        if let Some(failure) = failure {
            output.error_of(&report.name, failure);
        }
    }
    for orphan in orphans {
        let text =
            format!("`results/{orphan}` belongs to no experiment; remove it, or restore `experiments/{orphan}.toml`");
        output.error(&Failure::new(FailureKind::Orphan, text));
    }
    let different: Vec<&str> = reports
        .iter()
        .filter(|report| matches!(report.verdict, Ok(Verdict::Differs)))
        .map(|report| report.name.as_str())
        .collect();
    if !different.is_empty() {
        output.note(format!("what changed, and how to accept it: telltape explain {}", different.join(" ")));
    }
    let of_orphans = orphans.iter().map(|_| Exit::NoExpected);
    Ok(Exit::worst(
        reports.iter().zip(&failures).map(|(report, failure)| choose_exit(report, failure)).chain(of_orphans),
    ))
}

/// What was recognised in the trace of an experiment, and how many of its rows were rejected for which reason.
fn trace_notes(report: &ExperimentReport) -> Vec<String> {
    let rows = report.counts.as_ref().and_then(|counts| counts.rows.as_ref());
    let rejected = rows.into_iter().flat_map(|rows| &rows.rejected);
    let rejected = rejected.map(|(reason, count)| format!("{count} rejected ({reason})"));
    report.notes.iter().cloned().chain(rejected).map(|note| format!("{}: {note}", report.name)).collect()
}

fn choose_exit(report: &ExperimentReport, failure: &Option<Failure>) -> Exit {
    match (&report.verdict, failure) {
        (_, Some(failure)) => failure.exit,
        (Ok(Verdict::Differs | Verdict::Missed { .. }), _) => Exit::Differs,
        (Ok(Verdict::NoExpected), _) => Exit::NoExpected,
        _ => Exit::Ok,
    }
}

fn verdict_name(report: &ExperimentReport) -> &'static str {
    report.verdict.as_ref().map_or("failed", Verdict::name)
}

fn text(reports: &[ExperimentReport], output: &Output) -> Text {
    let rows: Vec<Vec<TextLine>> = reports
        .iter()
        .map(|report| {
            let tone = match &report.verdict {
                Ok(Verdict::Same | Verdict::Met) => Tone::Good,
                Ok(Verdict::Differs | Verdict::Missed { .. }) | Err(_) => Tone::Bad,
                Ok(Verdict::NoExpected | Verdict::Skipped { .. }) => Tone::Note,
            };
            let count =
                |of: fn(&Counts) -> u64| report.counts.as_ref().map_or("-".to_owned(), |counts| of(counts).to_string());
            vec![
                TextLine::cell(&report.name),
                output.paint(tone, verdict_name(report)),
                count(|counts| counts.samples).into(),
                count(Counts::all_episodes).into(),
                remark(report).into(),
            ]
        })
        .collect();
    let headers = ["experiment", "verdict", "samples", "episodes", "first difference"];
    table(&headers, &[false, false, true, true, false], &rows)
}

fn remark(report: &ExperimentReport) -> String {
    match &report.verdict {
        Ok(Verdict::Same | Verdict::Met) => String::new(),
        Ok(Verdict::Missed { reason }) => reason.clone(),
        Ok(Verdict::Differs) => match report.stages.iter().find(|row| !row.is_same()) {
            Some(row) => row.stage.name().to_owned(),
            None => "counts".to_owned(),
        },
        Ok(Verdict::NoExpected) => format!("nothing to compare with; telltape accept {}", report.name),
        Ok(Verdict::Skipped { reason }) => format!("NOT COMPARED: {reason}"),
        Err(_) => "see the error below".to_owned(),
    }
}
