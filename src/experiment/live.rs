//! Running live experiments, and holding what they saw against their limits.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::live_evidence::Evidence;
use super::live_file::{LiveExperiment, Truth, TruthChannel};
use super::step::{EPISODES_FILE, TAPE_FILE};
use super::{ExperimentError, ExperimentReport, Project, Verdict};
use crate::evaluate::Window;
use crate::live::{DATABASE, LiveError, LiveRun, find_server};
use crate::motif::{self, Episode, Grammar, Motif};
use crate::residual::Stream;
use crate::store::{Durability, TableColumns, remove_if, write_whole};
use crate::tape::recording::{Body, Cost, RecordingLine, RecordingManifest, read_recording};
use crate::tape::{self, TapeWriter};
use crate::trace;

/// What was found on one channel of the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFinding {
    /// The channel and when the fault lasted there, seconds since the capture began.
    pub window: Window,
    /// Whether it has to be found.
    pub required: bool,
    /// Seconds from the fault to the start of the first episode inside the window.
    pub start_delay_s: Option<f64>,
    /// Seconds from the fault until the engine could report that episode.
    pub detection_delay_s: Option<f64>,
    /// Seconds from the end of the fault to the end of that episode.
    pub end_late_s: Option<f64>,
    /// Seconds from the end of the fault until the residual is under the drift threshold for good.
    pub recovered_s: Option<f64>,
}

/// What a live experiment saw.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveScore {
    /// Version of the server.
    pub server: String,
    /// What was found.
    pub findings: Vec<LiveFinding>,
    /// Episodes on channels that the fault does not touch.
    pub false_episodes: Vec<Episode>,
    /// Medians of what a poll cost: milliseconds of the server, of CPU time, and until all was answered.
    pub cost: Cost,
}

/// Runs one live experiment, on the server of `PG_BIN` or of PATH.
pub(super) fn run(project: &Project, experiment: &LiveExperiment, stop: &CancellationToken) -> ExperimentReport {
    let verdict = execute(project, experiment, stop);
    ExperimentReport {
        name: experiment.name.clone(),
        verdict,
        stages: Vec::new(),
        counts: None,
        notes: Vec::new(),
        cached: Vec::new(),
    }
}

fn execute(
    project: &Project,
    experiment: &LiveExperiment,
    stop: &CancellationToken,
) -> Result<Verdict, ExperimentError> {
    let folder = project.output_of(&experiment.name)?;
    let recording = folder.join("recording.jsonl");
    let old: [(_, &[u8]); 4] = [
        (recording.clone(), b"{\"recording\":"),
        (RecordingManifest::path(&recording), b"{"),
        (folder.join("windows.csv"), b"motif,channel,"),
        (folder.join("score.csv"), b"server,kind,motif,"),
    ];
    for (path, start) in old {
        remove_if(&path, |head| head.starts_with(start))?;
    }
    let patterns: Vec<String> = experiment
        .truth
        .iter()
        .filter_map(|truth| match &truth.channel {
            TruthChannel::Statement(pattern) => Some(pattern.clone()),
            TruthChannel::Named(_) => None,
        })
        .collect();
    let live_run = experiment.live.run(&find_server()?, &recording, &patterns, stop)?;
    let about = RecordingAbout::read(&recording)?;
    let fault = live_run.fault.map(|(begin, end)| (begin - about.began, end - about.began));
    let missing = about.evidence.missing(experiment, &live_run.captured.end, fault);
    if !missing.is_empty() {
        return Err(LiveError::Unwatched { problems: missing.join("; "), recording }.into());
    }
    let converted = trace::convert(&recording, &experiment.options)?;
    let tape_path = folder.join(TAPE_FILE);
    let mut writer = TapeWriter::create(&tape_path, converted.stream.source())?;
    writer.append_stream(&converted.stream)?;
    writer.finalise(Some(converted.rows))?;
    let stream = tape::read(&tape_path)?.stream;
    let episodes = experiment.engine.replay(&stream);
    write_whole(&folder.join(EPISODES_FILE), &motif::csv(experiment.engine.kind(), &episodes), Durability::Atomic)?;
    let score = score_episodes(experiment, &live_run, &about, &stream, &episodes);
    write_whole(&folder.join("windows.csv"), &windows_csv(&score), Durability::Atomic)?;
    write_whole(&folder.join("score.csv"), &score.csv(), Durability::Atomic)?;
    let missed = list_misses(experiment, &score);
    Ok(if missed.is_empty() { Verdict::Met } else { Verdict::Missed { reason: missed.join("; ") } })
}

fn score_episodes(
    experiment: &LiveExperiment,
    live_run: &LiveRun,
    about: &RecordingAbout,
    stream: &Stream,
    episodes: &[Episode],
) -> LiveScore {
    let mut identifiers = live_run.statements.iter();
    let mut findings = Vec::new();
    for Truth { motif, channel, required } in &experiment.truth {
        let channel = match channel {
            TruthChannel::Named(name) => name.clone(),
            TruthChannel::Statement(_) => {
                format!("{DATABASE}/{}", identifiers.next().copied().unwrap_or_default())
            }
        };
        let Some((begin, end)) = live_run.fault else { continue };
        let window = Window::new(*motif, channel, begin - about.began, end - about.began);
        findings.push(score_window(window, *required, stream, episodes));
    }
    let touched = |episode: &&Episode| {
        findings
            .iter()
            .any(|finding| finding.window.motif == episode.motif && finding.window.channel == episode.channel)
            && findings.iter().any(|finding| episode.t_start >= finding.window.t_start - 1e-3)
    };
    let false_episodes = episodes.iter().filter(|episode| !touched(episode)).cloned().collect();
    LiveScore { server: about.server.clone(), findings, false_episodes, cost: about.cost }
}

fn score_window(window: Window, required: bool, stream: &Stream, episodes: &[Episode]) -> LiveFinding {
    let of_channel =
        episodes.iter().filter(|episode| episode.motif == window.motif && episode.channel == window.channel);
    let found = of_channel.into_iter().find(|episode| (window.t_start..window.t_end).contains(&episode.t_start));
    let class = window.motif.class();
    // Under every engine the same: the published threshold.
    let drift = Grammar::default().parameters(window.motif).drift_threshold;
    let mut samples =
        stream.samples().filter(|sample| sample.class == class && sample.channel == Some(&window.channel));
    // The first sample from which on none is over: the one behind the last that is.
    let mut recovered = None;
    for sample in samples.by_ref().filter(|sample| sample.t >= window.t_end) {
        if sample.value.abs() >= drift {
            recovered = None;
        } else if recovered.is_none() {
            recovered = Some(sample.t - window.t_end);
        }
    }
    LiveFinding {
        required,
        start_delay_s: found.map(|episode| episode.t_start - window.t_start),
        detection_delay_s: found.map(|episode| episode.t_detected() - window.t_start),
        end_late_s: found.map(|episode| episode.t_end - window.t_end),
        recovered_s: recovered,
        window,
    }
}

/// What a recording says beside its counters.
struct RecordingAbout {
    /// Version of the server.
    server: String,
    /// When the capture began, seconds since 1970.
    began: f64,
    /// Medians.
    cost: Cost,
    evidence: Evidence,
}

impl RecordingAbout {
    fn read(recording: &Path) -> Result<Self, ExperimentError> {
        let (mut server, mut began) = (String::new(), None);
        let mut costs: Vec<Cost> = Vec::new();
        let mut evidence = Evidence::default();
        read_recording::<tape::TapeError>(recording, |_, line| {
            match line {
                RecordingLine::Header(header) => server = header.server.version,
                RecordingLine::Record(record) => {
                    evidence.take(&record);
                    began.get_or_insert(record.wall - record.t);
                    if let Body::Poll(poll) = record.body {
                        costs.push(poll.cost);
                    }
                }
            }
            Ok(())
        })?;
        let median = |of: &dyn Fn(&Cost) -> Option<f64>| {
            let mut values: Vec<f64> = costs.iter().filter_map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        let cost = Cost {
            server_ms: median(&|cost| cost.server_ms),
            cpu_ms: median(&|cost| Some(cost.cpu_ms)).unwrap_or_default(),
            elapsed_ms: median(&|cost| Some(cost.elapsed_ms)).unwrap_or_default(),
        };
        Ok(Self { server, began: began.unwrap_or_default(), cost, evidence })
    }
}

/// The limits that were missed, in words.
fn list_misses(experiment: &LiveExperiment, score: &LiveScore) -> Vec<String> {
    let limits = &experiment.limits;
    let mut missed = Vec::new();
    for finding in score.findings.iter().filter(|finding| finding.required) {
        let place = format!("{} on `{}`", finding.window.motif.name(), finding.window.channel);
        match finding.start_delay_s {
            None => missed.push(format!("{place} was not found")),
            Some(delay) if delay > limits.detect_s => {
                missed.push(format!("{place} was found after {delay:.1} s, more than {} s", limits.detect_s));
            }
            Some(_) => {}
        }
        match finding.recovered_s {
            Some(recovered) if recovered <= limits.recover_s => {}
            Some(recovered) => missed
                .push(format!("{place} is quiet {recovered:.1} s after the fault, more than {} s", limits.recover_s)),
            None if finding.start_delay_s.is_some() => missed.push(format!("{place} is never quiet after the fault")),
            None => {}
        }
    }
    if score.false_episodes.len() > limits.false_episodes {
        let names: Vec<String> = score
            .false_episodes
            .iter()
            .map(|episode| format!("{} on `{}`", episode.motif.name(), episode.channel))
            .collect();
        missed.push(format!(
            "{} false episodes, more than {}: {}",
            names.len(),
            limits.false_episodes,
            names.join(", ")
        ));
    }
    missed
}

/// The truth as windows that `score` and `[evaluate]` read.
fn windows_csv(score: &LiveScore) -> Vec<u8> {
    TableColumns::default()
        .text("motif", |finding: &LiveFinding| finding.window.motif.name())
        .text("channel", |finding| &finding.window.channel)
        // Milliseconds: the clocks of two processes do not agree to more.
        .fixed("t_start", 3, |finding| finding.window.t_start)
        .fixed("t_end", 3, |finding| finding.window.t_end)
        .csv(&score.findings)
}

/// A row of a live experiment's `score.csv`.
struct ScoreRow<'a> {
    kind: &'static str,
    /// None where nothing was planted and nothing was found.
    motif: Option<Motif>,
    channel: &'a str,
    t_start: Option<f64>,
    finding: Option<&'a LiveFinding>,
}

impl LiveScore {
    /// A row for each channel of the truth and each false episode. Empty cells: not found, or not known.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        let findings = self.findings.iter().map(|finding| ScoreRow {
            kind: if finding.required { "required" } else { "consequence" },
            motif: Some(finding.window.motif),
            channel: &finding.window.channel,
            t_start: Some(finding.window.t_start),
            finding: Some(finding),
        });
        let false_episodes = self.false_episodes.iter().map(|episode| ScoreRow {
            kind: "false",
            motif: Some(episode.motif),
            channel: &episode.channel,
            t_start: Some(episode.t_start),
            finding: None,
        });
        let mut rows: Vec<ScoreRow<'_>> = findings.chain(false_episodes).collect();
        if rows.is_empty() {
            rows.push(ScoreRow { kind: "quiet", motif: None, channel: "", t_start: None, finding: None });
        }
        TableColumns::default()
            .text("server", |_: &ScoreRow<'_>| &self.server)
            .text("kind", |row| row.kind)
            .text("motif", |row| row.motif.map_or("", Motif::name))
            .text("channel", |row| row.channel)
            .rounded("t_start", 1e3, |row| row.t_start)
            .rounded("start_delay_s", 1e3, |row| row.finding.and_then(|finding| finding.start_delay_s))
            .rounded("detection_delay_s", 1e3, |row| row.finding.and_then(|finding| finding.detection_delay_s))
            .rounded("end_late_s", 1e3, |row| row.finding.and_then(|finding| finding.end_late_s))
            .rounded("recovered_s", 1e3, |row| row.finding.and_then(|finding| finding.recovered_s))
            .rounded("server_ms", 1e3, |_| self.cost.server_ms)
            .rounded("cpu_ms", 1e3, |_| Some(self.cost.cpu_ms))
            .rounded("elapsed_ms", 1e3, |_| Some(self.cost.elapsed_ms))
            .csv(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::read_windows;

    #[test]
    fn channels_of_live_runs_read_back_whatever_their_names() {
        let window = Window::new(Motif::ContentionRamp, "db/a,\"b\"\nc", 1.0, 2.5);
        let finding = LiveFinding {
            window: window.clone(),
            required: true,
            start_delay_s: Some(0.25),
            detection_delay_s: None,
            end_late_s: None,
            recovered_s: None,
        };
        let cost = Cost { server_ms: None, cpu_ms: 1.0, elapsed_ms: 2.0 };
        let score = LiveScore {
            server: "PostgreSQL, 15".to_owned(),
            findings: vec![finding],
            false_episodes: Vec::new(),
            cost,
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), windows_csv(&score)).unwrap();
        assert_eq!(read_windows(file.path()).unwrap().windows, std::slice::from_ref(&window));
        std::fs::write(file.path(), score.csv()).unwrap();
        let table = crate::store::CsvTable::read(file.path(), &["server", "channel"]).unwrap();
        let row = table.rows().next().unwrap();
        assert_eq!((row.text("server"), row.text("channel")), ("PostgreSQL, 15", window.channel.as_str()));
        let quiet = LiveScore { findings: Vec::new(), ..score };
        assert!(
            quiet.csv().ends_with(b"\n\"PostgreSQL, 15\",quiet,,,,,,,,,1,2\n"),
            "{:?}",
            String::from_utf8(quiet.csv())
        );
    }
}
