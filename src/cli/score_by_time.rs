//! Scores by time, of groups of channels.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Text, TextLine, table};
use crate::evaluate::{
    Bounded, ByTime, GroupScore, Grouping, NAB_PROFILES, ScoreInterval, Span, TimeTally, Window, WindowScore, bounded,
    by_time, check_group_windows, check_groups, nab_score, nab_series, read_windows_from, together,
};
use crate::residual::{Math, Stream};
use crate::store::TableError;
use crate::trace::date_s;

/// How scores by time are made.
#[derive(clap::Args)]
pub(super) struct ByTimeArguments {
    /// Scores by time of groups of channels, too: J, time-weighted precision and recall, hits, false alarms of the group
    #[arg(long, requires = "tape")]
    by_time: bool,
    /// What stands between the name of a group and the rest of the name of a channel; without it all are one group
    #[arg(long, value_name = "SEPARATOR", requires = "by_time", value_parser = separator)]
    group_by: Option<String>,
    /// Channels of a group that must have an episode at a time
    #[arg(long, value_name = "K", requires = "by_time", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    at_least: u32,
    /// Stretches that are not judged, a table like the windows, by group; `*` is any
    #[arg(long, value_name = "FILE", requires = "by_time")]
    ignore: Option<PathBuf>,
    /// Cut windows to the time in which there are samples; without it what is before the first one is missed
    #[arg(long, requires = "by_time")]
    clip: bool,
    /// Tell what is detected at best at no more false alarms of a group an hour than these
    #[arg(long, value_name = "RATE", requires = "by_time", default_value_t = 1.0, value_parser = rate)]
    alarms_at_most: f64,
    /// The date of t = 0, where windows are dates and the times of the tape count from there, as `convert` said
    #[arg(long, value_name = "DATE", value_parser = origin)]
    origin: Option<f64>,
    /// The score of the Numenta Anomaly Benchmark, too: an episode is an alert at its detection; channels are its series
    #[arg(long, requires = "tape")]
    nab: bool,
}

fn separator(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("a separator has a character".to_owned()) } else { Ok(text.to_owned()) }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("not a number of false alarms an hour".to_owned()),
    }
}

fn origin(text: &str) -> Result<f64, String> {
    date_s(text).ok_or_else(|| "not a date; write it like `2024-03-01T11:00:00Z`".to_owned())
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ByTimeJson {
    groups: Vec<GroupJson>,
    /// All groups, and what one endless episode and none at all would have.
    together: Vec<GroupJson>,
    j: IntervalJson,
    hit: IntervalJson,
    false_alarms_per_hour: IntervalJson,
    /// The best within a bound on false alarms, by a threshold on how strong episodes are.
    bounded: BoundedJson,
    windows: Vec<WindowJson>,
}

#[derive(Serialize, JsonSchema)]
struct BoundedJson {
    alarms_at_most: f64,
    hit: Option<f64>,
    j: Option<f64>,
    false_alarms_per_hour: Option<f64>,
    threshold: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct IntervalJson {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct GroupJson {
    group: String,
    windows: usize,
    detected: usize,
    hit: Option<f64>,
    time_recall: Option<f64>,
    time_precision: Option<f64>,
    j: Option<f64>,
    episodes: usize,
    false_alarms: usize,
    false_alarms_per_hour: Option<f64>,
    fault_s: f64,
    other_s: f64,
}

#[derive(Serialize, JsonSchema)]
struct WindowJson {
    group: String,
    t_start: f64,
    t_end: f64,
    detected: bool,
    share: f64,
    detection_delay_s: Option<f64>,
    start_error_s: Option<f64>,
    end_error_s: Option<f64>,
    length_error_s: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct NabJson {
    profile: &'static str,
    score: Option<f64>,
}

impl ByTimeArguments {
    /// Seconds from 1970 to t = 0, for windows that are dates.
    pub(super) fn origin_s(&self) -> f64 {
        self.origin.unwrap_or_default()
    }

    /// How scores by time are made, if they are asked for.
    pub(super) fn rules(&self) -> Result<Option<ByTime>, TableError> {
        if !self.by_time {
            return Ok(None);
        }
        let ignored = match &self.ignore {
            Some(path) => read_windows_from(path, self.origin_s())?.windows,
            None => Vec::new(),
        };
        let grouping = Grouping { separator: self.group_by.clone() };
        Ok(Some(ByTime { grouping, at_least: self.at_least as usize, ignored, clip: self.clip }))
    }

    /// An error unless windows, of this file, and what is not judged are of the tape.
    pub(super) fn check(
        &self,
        stream: &Stream,
        rules: &ByTime,
        windows: &[Window],
        path: &Path,
    ) -> Result<(), TableError> {
        check_group_windows(stream, windows, rules).map_err(|problem| problem.in_file(path))?;
        let ignored = rules.ignored.iter().map(|window| window.channel.as_str());
        let path = self.ignore.as_deref().unwrap_or(path);
        check_groups(stream, &rules.grouping, ignored).map_err(|problem| problem.in_file(path))
    }

    /// The scores by time.
    pub(super) fn score(&self, stream: &Stream, rules: &ByTime, spans: &[Span], windows: &[Window]) -> ByTimeJson {
        json(&by_time(stream, spans, windows, rules), bounded(stream, spans, windows, rules, self.alarms_at_most))
    }

    /// The scores of the benchmark, if they are asked for.
    pub(super) fn nab(&self, stream: Option<&Stream>, spans: &[Span], windows: &[Window]) -> Option<Vec<NabJson>> {
        let stream = stream.filter(|_| self.nab)?;
        let series = nab_series(stream, spans, windows);
        let score = |profile| nab_score(&series, profile, Math::Portable);
        Some(NAB_PROFILES.iter().map(|profile| NabJson { profile: profile.name, score: score(profile) }).collect())
    }
}

fn json(scores: &[GroupScore], bounded: Bounded) -> ByTimeJson {
    let Bounded { alarms_at_most, hit, j, false_alarms_per_hour, threshold } = bounded;
    let all = TimeTally::sum(scores.iter().map(|score| &score.tally));
    let together = together(scores);
    let interval = |interval: ScoreInterval| IntervalJson {
        value: interval.value,
        low: interval.bounds.map(|(low, _)| low),
        high: interval.bounds.map(|(_, high)| high),
    };
    let windows = scores.iter().flat_map(|score| &score.windows);
    ByTimeJson {
        groups: scores.iter().map(|score| group(&score.group, &score.tally)).collect(),
        together: vec![group("all", &all), group("always", &all.always()), group("never", &all.never())],
        j: interval(together.j),
        hit: interval(together.hit),
        false_alarms_per_hour: interval(together.false_alarms_per_hour),
        bounded: BoundedJson { alarms_at_most, hit, j, false_alarms_per_hour, threshold },
        windows: windows.map(window).collect(),
    }
}

fn group(name: &str, tally: &TimeTally) -> GroupJson {
    GroupJson {
        group: name.to_owned(),
        windows: tally.windows,
        detected: tally.detected,
        hit: tally.hit(),
        time_recall: tally.recall(),
        time_precision: tally.precision(),
        j: tally.j(),
        episodes: tally.episodes,
        false_alarms: tally.false_alarms,
        false_alarms_per_hour: tally.false_alarms_per_hour(),
        fault_s: tally.fault_s,
        other_s: tally.other_s,
    }
}

fn window(window: &WindowScore) -> WindowJson {
    WindowJson {
        group: window.group.clone(),
        t_start: window.t_start,
        t_end: window.t_end,
        detected: window.is_detected,
        share: window.share,
        detection_delay_s: window.delay_s,
        start_error_s: window.start_error_s,
        end_error_s: window.end_error_s,
        length_error_s: window.length_error_s,
    }
}

/// What is printed of the scores by time.
pub(super) fn text(json: &ByTimeJson) -> Text {
    let number =
        |number: Option<f64>| -> TextLine { number.map_or("-".into(), |number| format!("{number:.3}").into()) };
    let row = |group: &GroupJson| -> Vec<TextLine> {
        vec![
            group.group.clone().into(),
            group.windows.to_string().into(),
            number(group.hit),
            number(group.time_recall),
            number(group.time_precision),
            number(group.j),
            group.episodes.to_string().into(),
            group.false_alarms.to_string().into(),
            number(group.false_alarms_per_hour),
        ]
    };
    let rows: Vec<Vec<TextLine>> = json.groups.iter().chain(&json.together).map(row).collect();
    let headers =
        ["group", "windows", "hit", "time recall", "time precision", "J", "episodes", "false alarms", "an hour"];
    let mut text = table(&headers, &[false, true, true, true, true, true, true, true, true], &rows);
    let bounds = |name: &str, interval: &IntervalJson| match (interval.low, interval.high) {
        (Some(low), Some(high)) => Some(format!("{name} {low:.3} to {high:.3}")),
        _ => None,
    };
    let intervals = [("J", &json.j), ("hit", &json.hit), ("false alarms an hour", &json.false_alarms_per_hour)];
    let intervals: Vec<String> = intervals.into_iter().filter_map(|(name, of)| bounds(name, of)).collect();
    if !intervals.is_empty() {
        text.push(format!("95 % intervals over groups: {}", intervals.join("; ")));
    }
    let BoundedJson { alarms_at_most, hit, threshold, .. } = &json.bounded;
    if let Some(hit) = hit {
        let threshold = match threshold {
            Some(threshold) => format!("with episodes of {threshold:.2} levels of release or more"),
            None => "which no episode is within".to_owned(),
        };
        text.push(format!("hit at {alarms_at_most} false alarms an hour at most: {hit:.3}, {threshold}"));
    }
    text
}

/// What is printed of the benchmark's scores.
pub(super) fn nab_text(scores: &[NabJson]) -> Text {
    let row = |nab: &NabJson| -> Vec<TextLine> {
        vec![nab.profile.into(), nab.score.map_or("-".into(), |score| format!("{score:.1}").into())]
    };
    table(&["NAB profile", "score"], &[false, true], &scores.iter().map(row).collect::<Vec<_>>())
}
