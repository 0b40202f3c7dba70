//! The metrics of the published text, bit for bit, with all that they let pass (`docs/scores.md`).

use super::super::{Span, Window};
use crate::motif::Motif;
use crate::residual::Stream;
use crate::store::TableColumns;

/// The published metrics of one motif.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedScore {
    /// Which motif.
    pub motif: Motif,
    /// Spans that took a window.
    pub tp: usize,
    /// Spans that match no window.
    pub fp: usize,
    /// Windows that no episode took.
    pub fn_: usize,
    /// tp / (tp + fp), or 0.
    pub precision: f64,
    /// tp / (tp + fn), or 0.
    pub recall: f64,
    /// Harmonic mean of the two, or 0.
    pub f1: f64,
    /// Seconds from the window's start to the episode's, not below 0: the upper median; 0 if there are none.
    pub ttd_median_s: f64,
    /// The same: the 95th percentile by nearest rank.
    pub ttd_p95_s: f64,
    /// Spans that overlap no window of any motif, per hour outside all windows.
    pub false_alarm_per_hour: f64,
    /// Samples of the class an episode, or 0.
    pub compression_ratio: f64,
}

/// Whether the closed intervals touch, and the episode's channel, if it has one, *contains* the window's.
fn matches(episode: &Span, window: &Window) -> bool {
    episode.motif == window.motif
        && overlap(episode, window.t_start, window.t_end)
        && (episode.channel.is_empty() || episode.channel.contains(&window.channel))
}

fn overlap(episode: &Span, start: f64, end: f64) -> bool {
    episode.t_end >= start && episode.t_start <= end
}

/// The published metrics of all motifs, in the order of their codes.
#[must_use]
pub fn published_scores(stream: &Stream, episodes: &[Span], windows: &[Window]) -> Vec<PublishedScore> {
    Motif::ALL.into_iter().map(|motif| score(stream, episodes, windows, motif)).collect()
}

fn score(stream: &Stream, episodes: &[Span], windows: &[Window], motif: Motif) -> PublishedScore {
    let of_motif: Vec<&Window> = windows.iter().filter(|window| window.motif == motif).collect();
    let mut taken = vec![false; of_motif.len()];
    let (mut fp, mut delays) = (0, Vec::new());
    let ours = || episodes.iter().filter(|episode| episode.motif == motif);
    for episode in ours() {
        let mut matching = of_motif.iter().enumerate().filter(|(_, window)| matches(episode, window)).peekable();
        if matching.peek().is_none() {
            fp += 1;
        } else if let Some((index, window)) = matching.find(|(index, _)| !taken[*index]) {
            taken[index] = true;
            delays.push((episode.t_start - window.t_start).max(0.0));
        }
    }
    let tp = delays.len();
    let fn_ = of_motif.len() - tp;
    let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let precision = ratio(tp as f64, (tp + fp) as f64);
    let recall = ratio(tp as f64, (tp + fn_) as f64);
    delays.sort_by(f64::total_cmp);
    let rank = |rank: usize| delays.get(rank).copied().unwrap_or_default();

    let alarms = ours().filter(|episode| !windows.iter().any(|window| overlap(episode, window.t_start, window.t_end)));
    let duration = match (stream.times().first(), stream.times().last()) {
        (Some(first), Some(last)) => last - first,
        _ => 0.0,
    };
    let quiet: f64 = duration - windows.iter().map(Window::duration).sum::<f64>();
    let samples = stream.classes().iter().filter(|class| **class == motif.class()).count();
    PublishedScore {
        motif,
        tp,
        fp,
        fn_,
        precision,
        recall,
        f1: ratio(2.0 * precision * recall, precision + recall),
        ttd_median_s: rank(tp / 2),
        ttd_p95_s: rank((tp.saturating_sub(1) as f64 * 0.95).round() as usize),
        false_alarm_per_hour: alarms.count() as f64 / (quiet.max(1.0) / 3600.0),
        compression_ratio: ratio(samples as f64, ours().count() as f64),
    }
}

/// The published table of metrics.
#[must_use]
pub fn published_csv(scores: &[PublishedScore]) -> Vec<u8> {
    TableColumns::default()
        .text("motif", |score: &PublishedScore| score.motif.name())
        .count("tp", |score| score.tp as u64)
        .count("fp", |score| score.fp as u64)
        .count("fn", |score| score.fn_ as u64)
        .fixed("precision", 4, |score| score.precision)
        .fixed("recall", 4, |score| score.recall)
        .fixed("f1", 4, |score| score.f1)
        .fixed("ttd_median_s", 2, |score| score.ttd_median_s)
        .fixed("ttd_p95_s", 2, |score| score.ttd_p95_s)
        .fixed("false_alarm_per_hour", 4, |score| score.false_alarm_per_hour)
        .fixed("compression_ratio", 2, |score| score.compression_ratio)
        .csv(scores)
}

/// Cross-signal agreement: for each motif the mean over its episodes of the share of the four other motifs that have an
/// episode at the same time; 0 without episodes.
#[must_use]
pub fn agreement(episodes: &[Span]) -> Vec<(Motif, f64)> {
    let share = |episode: &Span| {
        let others = Motif::ALL.into_iter().filter(|motif| *motif != episode.motif);
        let agreeing = others.filter(|motif| {
            let mut of_motif = episodes.iter().filter(|other| other.motif == *motif);
            of_motif.any(|other| overlap(other, episode.t_start, episode.t_end))
        });
        agreeing.count() as f64 / 4.0
    };
    let of_motif = |motif| {
        let shares: Vec<f64> = episodes.iter().filter(|episode| episode.motif == motif).map(share).collect();
        if shares.is_empty() { 0.0 } else { shares.iter().sum::<f64>() / shares.len() as f64 }
    };
    Motif::ALL.into_iter().map(|motif| (motif, of_motif(motif))).collect()
}

/// The scales of the published stress sweep.
pub const STRESS_SCALES: [f64; 9] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0];

/// Stability of a score over fault sizes: the area under (scale, score) between the scales 0.5 and 1.5 by trapezoids, over
/// the width that is covered, within 0 and 1; 0 with fewer than two points there.
#[must_use]
pub fn stability(points: &[(f64, f64)]) -> f64 {
    let mut inside: Vec<(f64, f64)> = points.iter().copied().filter(|(scale, _)| (0.5..=1.5).contains(scale)).collect();
    inside.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(first), Some(last)) = (inside.first(), inside.last()) else { return 0.0 };
    let width = last.0 - first.0;
    if width <= 0.0 {
        return 0.0;
    }
    let area: f64 = inside.windows(2).map(|pair| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0)).sum();
    (area / width).clamp(0.0, 1.0)
}
