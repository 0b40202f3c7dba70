use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, Text, TextLine, table};
use super::score_by_time::{self, ByTimeArguments, ByTimeJson, NabJson};
use super::{Exit, Outcome};
use crate::evaluate::{
    Score, ScoreInterval, Span, Window, check_groups, check_window_times, check_windows, pool, published_scores,
    read_spans, read_windows_from, tally,
};
use crate::motif::Motif;
use crate::tape;

/// Score episodes, ours or anybody's, against ground-truth windows
#[derive(clap::Args)]
#[command(after_help = "\
Both files are CSV: motif, channel, t_start, t_end (seconds, or of windows dates). Channels match exactly. An episode is detected at its
t_detected (or t_confirmed), where there is such a column, else at its start; other columns are ignored.
Without --tape or --duration, the time outside the windows is not known, and false alarms are counted but have no rate.
Example: telltape score --episodes out/perturbed/episodes.csv --windows windows.csv --tape perturbed.jsonl")]
pub(super) struct ScoreCommand {
    /// Episodes; an episodes.csv, or the table of any detector
    #[arg(long, value_name = "FILE")]
    episodes: PathBuf,
    /// Where faults were planted
    #[arg(long, value_name = "FILE")]
    windows: PathBuf,
    /// The tape that they are about
    #[arg(long, value_name = "TAPE", conflicts_with = "duration")]
    tape: Option<PathBuf>,
    /// The tape's length in seconds, from 0
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<f64>,
    /// The published scores, too; they need the tape
    #[arg(long, requires = "tape")]
    published: bool,
    #[command(flatten)]
    by_time: ByTimeArguments,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds > 0.0 => Ok(seconds),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ScoresJson {
    scores: Vec<ScoreJson>,
    /// What one endless episode of each channel, and none at all, would have over all motifs.
    always: ScoreJson,
    never: ScoreJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Vec<PublishedJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_time: Option<ByTimeJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nab: Option<Vec<NabJson>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ScoreJson {
    motif: &'static str,
    windows: usize,
    episodes: usize,
    matched: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    range_f1: Option<f64>,
    detection_delay_s: Option<f64>,
    false_alarms: usize,
    false_alarms_per_hour: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PublishedJson {
    motif: &'static str,
    tp: usize,
    fp: usize,
    #[serde(rename = "fn")]
    fn_: usize,
    precision: f64,
    recall: f64,
    f1: f64,
    ttd_median_s: f64,
    ttd_p95_s: f64,
    false_alarm_per_hour: f64,
    compression_ratio: f64,
}

impl ScoreCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let windows = read_windows_from(&self.windows, self.by_time.origin_s())?.windows;
        let spans = read_spans(&self.episodes)?;
        let stream = self.tape.as_deref().map(tape::read).transpose()?.map(|tape| tape.stream);
        let span = match (&stream, self.duration) {
            (Some(stream), _) => Some(stream.span()),
            (None, Some(duration)) => Some((0.0, duration)),
            (None, None) => None,
        };
        let rated = span.is_some();
        let rules = self.by_time.rules()?;
        match (&stream, &rules, span) {
            (Some(stream), Some(rules), _) => {
                self.by_time.check(stream, rules, &windows, &self.windows)?;
                // Nobody would see that episodes of another tape are of no group.
                let names = spans.iter().map(|span| span.channel.as_str());
                check_groups(stream, &rules.grouping, names).map_err(|wrong| wrong.in_file(&self.episodes))?;
            }
            (Some(stream), None, _) => check_windows(stream, &windows).map_err(|wrong| wrong.in_file(&self.windows))?,
            (None, _, Some(span)) => {
                check_window_times(&windows, span).map_err(|wrong| wrong.in_file(&self.windows))?
            }
            (None, _, None) => {}
        }
        // Without a span nothing is quiet, so that rates are not defined.
        let scores = pool(&[tally(&spans, &windows, span.unwrap_or_default())]);
        let [always, never] = [endless(&spans, &windows, span), Vec::new()].map(|bound| {
            let scores = pool(&[tally(&bound, &windows, span.unwrap_or_default())]);
            json(scores.last().expect("the last one is of all motifs"), rated)
        });
        let by_time =
            stream.as_ref().zip(rules).map(|(stream, rules)| self.by_time.score(stream, &rules, &spans, &windows));
        let nab = self.by_time.nab(stream.as_ref(), &spans, &windows);
        let published = stream.filter(|_| self.published).map(|stream| {
            let scores = published_scores(&stream, &spans, &windows);
            scores
                .into_iter()
                .map(|score| PublishedJson {
                    motif: score.motif.name(),
                    tp: score.tp,
                    fp: score.fp,
                    fn_: score.fn_,
                    precision: score.precision,
                    recall: score.recall,
                    f1: score.f1,
                    ttd_median_s: score.ttd_median_s,
                    ttd_p95_s: score.ttd_p95_s,
                    false_alarm_per_hour: score.false_alarm_per_hour,
                    compression_ratio: score.compression_ratio,
                })
                .collect()
        });
        let scores = scores.iter().map(|score| json(score, rated)).collect();
        let json = ScoresJson { scores, always, never, published, by_time, nab };
        output.data(&json, || text(&json));
        Ok(Exit::Ok)
    }
}

/// An endless episode of each motif and channel that has an episode or a window: all of a tape, else from the first to the last
/// thing that is said of it.
fn endless(spans: &[Span], windows: &[Window], span: Option<(f64, f64)>) -> Vec<Span> {
    let of_spans = spans.iter().map(|span| (span.motif, &span.channel, span.t_start, span.t_end));
    let of_windows = windows.iter().map(|window| (window.motif, &window.channel, window.t_start, window.t_end));
    let said: Vec<(Motif, &String, f64, f64)> = of_spans.chain(of_windows).collect();
    let (t_start, t_end) = span.unwrap_or_else(|| {
        let first = said.iter().map(|(.., start, _)| *start).min_by(f64::total_cmp);
        let last = said.iter().map(|(.., end)| *end).max_by(f64::total_cmp);
        (first.unwrap_or_default(), last.unwrap_or_default())
    });
    let channels: BTreeSet<(usize, &String)> =
        said.iter().map(|(motif, channel, ..)| (*motif as usize, *channel)).collect();
    let of = |(motif, channel): (usize, &String)| Span {
        motif: Motif::ALL[motif],
        channel: channel.clone(),
        t_start,
        t_end,
        t_detected: Some(t_start),
    };
    channels.into_iter().map(of).collect()
}

fn json(score: &Score, rated: bool) -> ScoreJson {
    let value = |interval: &ScoreInterval| interval.value;
    ScoreJson {
        motif: score.name(),
        windows: score.tally.windows,
        episodes: score.tally.episodes,
        matched: score.tally.matched,
        precision: score.precision(),
        recall: score.recall(),
        f1: value(&score.f1),
        range_f1: value(&score.range_f1),
        detection_delay_s: value(&score.delay_s),
        false_alarms: score.tally.false_alarms,
        false_alarms_per_hour: value(&score.false_alarms_per_hour).filter(|_| rated),
    }
}

fn text(json: &ScoresJson) -> Text {
    let number =
        |number: Option<f64>| -> TextLine { number.map_or("-".into(), |number| format!("{number:.3}").into()) };
    let motifs = json.scores.iter().map(|score| (score.motif, score));
    let rows: Vec<Vec<TextLine>> = motifs
        .chain([("always", &json.always), ("never", &json.never)])
        .map(|(name, score)| {
            vec![
                name.into(),
                score.windows.to_string().into(),
                score.episodes.to_string().into(),
                score.matched.to_string().into(),
                number(score.f1),
                number(score.range_f1),
                number(score.detection_delay_s),
                score.false_alarms.to_string().into(),
                number(score.false_alarms_per_hour),
            ]
        })
        .collect();
    let headers = ["motif", "windows", "episodes", "matched", "F1", "range F1", "delay s", "false alarms", "an hour"];
    let mut text = table(&headers, &[false, true, true, true, true, true, true, true, true], &rows);
    if let Some(published) = &json.published {
        let rows: Vec<Vec<TextLine>> = published
            .iter()
            .map(|score| {
                let counts = [score.tp, score.fp, score.fn_].map(|count| count.to_string());
                let numbers =
                    [score.f1, score.ttd_median_s, score.false_alarm_per_hour].map(|number| format!("{number:.4}"));
                [score.motif.to_owned()].into_iter().chain(counts).chain(numbers).map(TextLine::from).collect()
            })
            .collect();
        let headers = ["published", "tp", "fp", "fn", "F1", "delay s", "false alarms an hour"];
        text.push("");
        text.append(&table(&headers, &[false, true, true, true, true, true, true], &rows));
    }
    for more in json.by_time.iter().map(score_by_time::text).chain(json.nab.as_deref().map(score_by_time::nab_text)) {
        text.push("");
        text.append(&more);
    }
    text
}
