//! Counting what was found and what was not, on one run. Definitions and sources: `docs/scores.md`.

use super::super::{Span, Window};
use crate::motif::Motif;

/// What one motif found in one run, before any ratio is taken: tallies of runs and of motifs add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Windows.
    pub windows: usize,
    /// Spans.
    pub episodes: usize,
    /// Pairs of a window and an episode of the same channel that overlap, each in one pair at most.
    pub matched: usize,
    /// Sum over windows of the range-based recall.
    pub range_recall: f64,
    /// Sum over episodes of the range-based precision.
    pub range_precision: f64,
    /// Of the matched episodes that open inside their window: seconds from its start until they could be reported.
    pub delays_s: Vec<f64>,
    /// Of the matched: seconds between the starts, without sign.
    pub start_errors_s: Vec<f64>,
    /// Of the matched: seconds between the ends, without sign.
    pub end_errors_s: Vec<f64>,
    /// Of the matched: seconds between the lengths, without sign.
    pub duration_errors_s: Vec<f64>,
    /// Spans that overlap no window of their motif and channel.
    pub false_alarms: usize,
    /// Seconds of the run outside all windows of the motif.
    pub quiet_s: f64,
}

impl Tally {
    /// Adds another tally.
    pub(super) fn add(&mut self, other: &Self) {
        self.windows += other.windows;
        self.episodes += other.episodes;
        self.matched += other.matched;
        self.range_recall += other.range_recall;
        self.range_precision += other.range_precision;
        self.delays_s.extend_from_slice(&other.delays_s);
        self.start_errors_s.extend_from_slice(&other.start_errors_s);
        self.end_errors_s.extend_from_slice(&other.end_errors_s);
        self.duration_errors_s.extend_from_slice(&other.duration_errors_s);
        self.false_alarms += other.false_alarms;
        self.quiet_s += other.quiet_s;
    }
}

/// A stretch of time, `start..end` in seconds.
type Stretch = (f64, f64);

/// What each motif, in the order of codes, found in a run between the times `span`.
#[must_use]
pub fn tally(episodes: &[Span], windows: &[Window], span: Stretch) -> Vec<Tally> {
    let of_motif = |motif: Motif| {
        let episodes: Vec<&Span> = episodes.iter().filter(|episode| episode.motif == motif).collect();
        let windows: Vec<&Window> = windows.iter().filter(|window| window.motif == motif).collect();
        tally_motif(&episodes, &windows, span)
    };
    Motif::ALL.into_iter().map(of_motif).collect()
}

fn tally_motif(episodes: &[&Span], windows: &[&Window], span: Stretch) -> Tally {
    let mut tally = Tally { windows: windows.len(), episodes: episodes.len(), ..Tally::default() };
    for (window, episode) in matching(episodes, windows) {
        tally.matched += 1;
        if episode.t_start >= window.t_start {
            tally.delays_s.push(episode.earliest_detection() - window.t_start);
        }
        tally.start_errors_s.push((episode.t_start - window.t_start).abs());
        tally.end_errors_s.push((episode.t_end - window.t_end).abs());
        tally.duration_errors_s.push((episode.t_end - episode.t_start - window.duration()).abs());
    }
    tally.range_recall = windows.iter().map(|window| range_recall(window, episodes)).sum();
    tally.range_precision = range_precision(episodes, windows);
    tally.false_alarms =
        episodes.iter().filter(|episode| !windows.iter().any(|window| overlaps(episode, window))).count();
    let spans = windows.iter().map(|window| (window.t_start.max(span.0), window.t_end.min(span.1)));
    tally.quiet_s = span.1 - span.0 - length(&union(spans));
    tally
}

/// The same channel, exactly, and a common stretch of time, or an instant inside the window.
fn overlaps(episode: &Span, window: &Window) -> bool {
    let common = if episode.t_start == episode.t_end {
        window.t_start <= episode.t_start && episode.t_start < window.t_end
    } else {
        episode.t_start < window.t_end && window.t_start < episode.t_end
    };
    common && episode.channel == window.channel
}

/// As many pairs as there can be: windows of one channel do not overlap, so that going through them in order of time and
/// giving each the free episode that ends first leaves the most for those behind.
fn matching<'a>(episodes: &[&'a Span], windows: &[&'a Window]) -> Vec<(&'a Window, &'a Span)> {
    let mut in_order: Vec<&Window> = windows.to_vec();
    in_order.sort_by(|a, b| a.t_start.total_cmp(&b.t_start));
    let mut free = vec![true; episodes.len()];
    let mut pairs = Vec::new();
    for window in in_order {
        let candidates = episodes.iter().enumerate().filter(|(at, episode)| free[*at] && overlaps(episode, window));
        if let Some((at, episode)) = candidates.min_by(|(_, a), (_, b)| a.t_end.total_cmp(&b.t_end)) {
            free[at] = false;
            pairs.push((window, *episode));
        }
    }
    pairs
}

/// Range-based recall of a window (Tatbul et al., NeurIPS 2018; alpha 0, flat bias, cardinality 1/x): the share of it that
/// episodes cover, divided by how many they are.
fn range_recall(window: &Window, episodes: &[&Span]) -> f64 {
    let found = || episodes.iter().filter(|episode| overlaps(episode, window));
    let spans = found().map(|episode| (episode.t_start.max(window.t_start), episode.t_end.min(window.t_end)));
    length(&union(spans)) / window.duration() / (found().count().max(1) as f64)
}

/// Sum over episodes of their range-based precision: the share of each that lies in windows, divided by how many those are.
/// Time that an earlier episode of the channel has covered is not counted again, so that copies earn nothing.
fn range_precision(episodes: &[&Span], windows: &[&Window]) -> f64 {
    let mut in_order: Vec<&Span> = episodes.to_vec();
    in_order.sort_by(|a, b| a.channel.cmp(&b.channel).then(a.t_start.total_cmp(&b.t_start)));
    let mut sum = 0.0;
    let mut covered: Option<(&str, f64)> = None;
    for episode in in_order {
        let fresh = match covered {
            Some((channel, until)) if channel == episode.channel => episode.t_start.max(until),
            _ => episode.t_start,
        };
        let again = covered.is_some_and(|(channel, until)| channel == episode.channel && until >= episode.t_end);
        let until = if again { covered.map_or(episode.t_end, |(_, until)| until) } else { episode.t_end };
        covered = Some((&episode.channel, until));
        let met: Vec<&&Window> = windows.iter().filter(|window| overlaps(episode, window)).collect();
        if again || met.is_empty() {
            continue;
        }
        let share = if episode.t_start == episode.t_end {
            1.0
        } else {
            let common =
                met.iter().map(|window| (window.t_end.min(episode.t_end) - window.t_start.max(fresh)).max(0.0));
            common.sum::<f64>() / (episode.t_end - episode.t_start)
        };
        sum += share / met.len() as f64;
    }
    sum
}

/// The spans, joined where they overlap, in order; empty ones are left out.
fn union(spans: impl Iterator<Item = Stretch>) -> Vec<Stretch> {
    let mut spans: Vec<Stretch> = spans.filter(|(start, end)| start < end).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<Stretch> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn length(spans: &[Stretch]) -> f64 {
    spans.iter().map(|(start, end)| end - start).sum()
}
