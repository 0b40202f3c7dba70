//! From the output of a command to episodes, each held against the tape that they are about.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::AnswerProblem;
use crate::diagnostics::{UnknownName, problem_of_parser};
use crate::evaluate::Span;
use crate::motif::Motif;
use crate::residual::{Class, Stream};

/// A line of an answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// It must be there, and may be null: of samples without a channel.
    #[serde(deserialize_with = "Option::deserialize")]
    channel: Option<String>,
    start: f64,
    end: f64,
    #[serde(default)]
    detected: Option<f64>,
    #[serde(default)]
    motif: Option<String>,
    #[serde(default, deserialize_with = "class")]
    class: Option<Class>,
}

fn class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Class>, D::Error> {
    Class::deserialize(deserializer).map(Some)
}

/// The episodes of an output, in the order of [`Span`]s of detectors; or the line that is none, counted from 1. Empty lines say
/// nothing.
pub(super) fn read(output: &[u8], stream: &Stream) -> Result<Vec<Span>, (usize, AnswerProblem)> {
    let channels = motifs_by_channel(stream);
    let mut found: Vec<(usize, Span)> = Vec::new();
    for (line, bytes) in (1..).zip(output.split(|byte| *byte == b'\n')) {
        let fail = |problem| (line, problem);
        let text = std::str::from_utf8(bytes).map_err(|_| fail(AnswerProblem::NotUtf8))?.trim();
        if !text.is_empty() {
            found.push((line, parse(text).and_then(|parsed| span(parsed, &channels, stream.span())).map_err(fail)?));
        }
    }
    found.sort_by(|(_, a), (_, b)| {
        let series = |span: &Span| (span.motif, span.channel.clone());
        series(a).cmp(&series(b)).then(a.t_start.total_cmp(&b.t_start))
    });
    for pair in found.windows(2) {
        let ((line, before), (other, span)) = (&pair[0], &pair[1]);
        let is_same = (before.motif, &before.channel) == (span.motif, &span.channel);
        // An instant twice is one too many, too.
        let meets = span.t_start < before.t_end || (span.t_start, span.t_end) == (before.t_start, before.t_end);
        if is_same && meets {
            let (first, second) = (*line.min(other), *line.max(other));
            return Err((second, AnswerProblem::Overlap { line: first }));
        }
    }
    let mut spans: Vec<Span> = found.into_iter().map(|(_, span)| span).collect();
    spans.sort_by(|a, b| (a.motif.cmp(&b.motif)).then(a.t_start.total_cmp(&b.t_start)));
    Ok(spans)
}

/// The motifs of the classes of which each channel has samples.
fn motifs_by_channel(stream: &Stream) -> BTreeMap<&str, Vec<Motif>> {
    let mut channels: BTreeMap<&str, Vec<Motif>> = BTreeMap::new();
    for sample in stream.samples() {
        let motifs = channels.entry(sample.channel.unwrap_or_default()).or_default();
        let motif = Motif::of_class(sample.class);
        if let Err(place) = motifs.binary_search(&motif) {
            motifs.insert(place, motif);
        }
    }
    channels
}

fn parse(text: &str) -> Result<Line, AnswerProblem> {
    serde_json::from_str(text).map_err(|error| {
        // As Python and JavaScript write what JSON has no word for.
        if error.is_syntax() && ["NaN", "Infinity"].iter().any(|word| text.contains(word)) {
            return AnswerProblem::NotFinite { text: text.to_owned() };
        }
        let problem = problem_of_parser(&error.to_string(), error.line(), error.column());
        AnswerProblem::Malformed { problem, text: text.to_owned() }
    })
}

fn span(line: Line, channels: &BTreeMap<&str, Vec<Motif>>, (first, last): (f64, f64)) -> Result<Span, AnswerProblem> {
    let Line { channel, start, end, detected, motif, class } = line;
    let channel = channel.unwrap_or_default();
    let Some(motifs) = channels.get(channel.as_str()) else {
        return Err(UnknownName::new("channel", &channel, channels.keys().filter(|name| !name.is_empty())).into());
    };
    let said = match (motif, class) {
        (Some(_), Some(_)) => return Err(AnswerProblem::MotifAndClass),
        (Some(name), None) => Some(name.parse::<Motif>()?),
        (None, class) => class.map(Motif::of_class),
    };
    let motif = match (said, &motifs[..]) {
        (Some(motif), _) if motifs.contains(&motif) => motif,
        (Some(motif), _) => return Err(AnswerProblem::OtherMotif { channel, motif, motifs: motifs.clone() }),
        (None, [motif]) => *motif,
        (None, _) => return Err(AnswerProblem::SeveralMotifs { channel, motifs: motifs.clone() }),
    };
    if end < start {
        return Err(AnswerProblem::EndBeforeStart { start, end });
    }
    if let Some(detected) = detected.filter(|detected| *detected < start) {
        return Err(AnswerProblem::DetectedBeforeStart { start, detected });
    }
    for (what, t) in [("start", Some(start)), ("end", Some(end)), ("detection", detected)] {
        if let Some(t) = t.filter(|t| !(first..=last).contains(t)) {
            return Err(AnswerProblem::Outside { what, t, first, last });
        }
    }
    Ok(Span { motif, channel, t_start: start, t_end: end, t_detected: detected })
}
