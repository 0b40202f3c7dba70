//! What is detected where false alarms are bounded: a detector that alarms twice as often finds more, and is not better for it.

use std::collections::HashMap;

use super::super::{Span, Window};
use super::time::{ByTime, Judge, TimeTally};
use crate::motif::{ExcursionGrammar, Motif};
use crate::residual::{Class, Stream};

/// Thresholds that are tried at most.
const MOST_THRESHOLDS: usize = 200;

/// The best that episodes can do within a bound on false alarms, when those that do not reach a threshold are left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// False alarms of a group an hour that are allowed.
    pub alarms_at_most: f64,
    /// Share of the windows in which an episode was detected.
    pub hit: Option<f64>,
    /// J at that threshold.
    pub j: Option<f64>,
    /// False alarms an hour at that threshold.
    pub false_alarms_per_hour: Option<f64>,
    /// The threshold, in levels of release of `excursion` for the motif; none where no threshold is within the bound but one
    /// that leaves nothing.
    pub threshold: Option<f64>,
}

/// The largest share of windows that episodes detect at no more than so many false alarms of a group an hour.
///
/// An episode is as strong as the largest residual of its channel in it, in levels of release of `excursion` for its motif. At a
/// threshold, it is an episode if it is so strong, and detected when it was, but not before a residual has been. The thresholds
/// are the strengths of the episodes, at most 200 of them, evenly by rank, the least and the largest included, and 0, which leaves
/// all episodes as they are; of equally good ones the lowest strength is taken.
///
/// The threshold is chosen with the labels: it says how well strong and weak episodes are told apart, not what anybody would get.
#[must_use]
pub fn bounded(stream: &Stream, spans: &[Span], windows: &[Window], rules: &ByTime, alarms_at_most: f64) -> Bounded {
    let rises = Rises::new(stream, spans);
    let mut strengths: Vec<f64> = rises.0.iter().filter_map(|rises| Some(rises.last()?.1)).collect();
    strengths.sort_by(f64::total_cmp);
    strengths.dedup();
    let count = strengths.len();
    let tried = count.min(MOST_THRESHOLDS);
    // As they are, last: at the least strength all are left, too, but a slow one is detected later.
    // The strongest is among them: where many episodes are as strong as can be, nothing below it may be within the bound.
    let rank = |at: usize| if tried > 1 { at * (count - 1) / (tried - 1) } else { 0 };
    let thresholds = (0..tried).map(|at| Some(strengths[rank(at)])).chain([Some(0.0)]);
    let judge = Judge::new(stream, windows, rules);
    let at = |threshold: Option<f64>| {
        let left = threshold.map_or_else(Vec::new, |threshold| rises.at(spans, threshold));
        let tally = TimeTally::sum(judge.score(&left).iter().map(|score| &score.tally));
        Bounded {
            alarms_at_most,
            hit: tally.hit(),
            j: tally.j(),
            false_alarms_per_hour: tally.false_alarms_per_hour(),
            threshold,
        }
    };
    // Nothing at all is always within the bound.
    let nothing = at(None);
    let within = |bounded: &Bounded| bounded.false_alarms_per_hour.is_none_or(|rate| rate <= alarms_at_most);
    thresholds.map(at).filter(within).fold(nothing, |best, next| if next.hit > best.hit { next } else { best })
}

/// For each episode, when its channel's residuals rose above all before in it, and to what.
struct Rises(Vec<Vec<(f64, f64)>>);

impl Rises {
    fn new(stream: &Stream, spans: &[Span]) -> Self {
        let grammar = ExcursionGrammar::default();
        let mut channels: HashMap<(Class, &str), Vec<usize>> = HashMap::new();
        for (at, (class, id)) in stream.classes().iter().zip(stream.channel_ids()).enumerate() {
            let name = id.map_or("", |id| stream.channels().name(id));
            channels.entry((*class, name)).or_default().push(at);
        }
        let level = |motif: Motif| grammar.parameters(motif).release_threshold;
        let of = |span: &Span| {
            let samples = channels.get(&(span.motif.class(), span.channel.as_str())).map_or(&[][..], Vec::as_slice);
            let first = samples.partition_point(|at| stream.times()[*at] < span.t_start);
            let mut rises: Vec<(f64, f64)> = Vec::new();
            for at in samples[first..].iter().take_while(|at| stream.times()[**at] <= span.t_end) {
                let size = stream.values()[*at].abs() / level(span.motif);
                if rises.last().is_none_or(|(_, largest)| size > *largest) {
                    rises.push((stream.times()[*at], size));
                }
            }
            rises
        };
        Self(spans.iter().map(of).collect())
    }

    /// The episodes that reach a threshold, detected when they have.
    fn at(&self, spans: &[Span], threshold: f64) -> Vec<Span> {
        let of = |(span, rises): (&Span, &Vec<(f64, f64)>)| {
            let (reached, _) = rises.iter().find(|(_, size)| *size >= threshold)?;
            Some(Span { t_detected: Some(span.earliest_detection().max(*reached)), ..span.clone() })
        };
        spans.iter().zip(&self.0).filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::residual::StreamBuilder;

    const MOTIF: Motif = Motif::PlanRegressionOnset;

    fn span(t_start: f64, t_end: f64) -> Span {
        Span { motif: MOTIF, channel: "a".to_owned(), t_start, t_end, t_detected: Some(t_start + 2.0) }
    }

    /// An hour of zeros with these residuals in it.
    fn stream(values: &[(std::ops::Range<u32>, f64)]) -> Stream {
        let mut builder = StreamBuilder::default();
        for second in 0..3600 {
            let value = values.iter().find(|(range, _)| range.contains(&second)).map_or(0.0, |(_, value)| *value);
            builder.push(f64::from(second), Class::PlanRegression, value, "a").unwrap();
        }
        builder.finish("test")
    }

    fn best(stream: &Stream, spans: &[Span], windows: &[(f64, f64)], alarms_at_most: f64) -> Bounded {
        let windows: Vec<Window> = windows.iter().map(|(start, end)| Window::new(MOTIF, "a", *start, *end)).collect();
        bounded(stream, spans, &windows, &ByTime { at_least: 1, ..ByTime::default() }, alarms_at_most)
    }

    #[test]
    fn weak_episodes_are_left_out_until_false_alarms_are_few_enough() {
        // Two false alarms, of 2 and 4 levels; two faults, of 3 and 5.
        let stream = stream(&[(100..110, 0.4), (500..510, 0.8), (1000..1010, 0.6), (2000..2010, 1.0)]);
        let spans = [span(100.0, 109.0), span(500.0, 509.0), span(1000.0, 1009.0), span(2000.0, 2009.0)];
        let windows = [(1000.0, 1010.0), (2000.0, 2010.0)];
        let of = |alarms_at_most| {
            let found = best(&stream, &spans, &windows, alarms_at_most);
            (found.hit, found.threshold.map(|threshold| (threshold * 1e6).round() / 1e6))
        };
        assert_eq!(of(10.0), (Some(1.0), Some(2.0)));
        assert_eq!(of(1.5), (Some(1.0), Some(3.0)));
        assert_eq!(of(0.5), (Some(0.5), Some(5.0)));
        // Nothing detects nothing, and is no false alarm.
        let nothing = best(&stream, &spans[..2], &windows, 0.5);
        assert_eq!((nothing.hit, nothing.threshold, nothing.false_alarms_per_hour), (Some(0.0), None, Some(0.0)));
    }

    #[test]
    fn the_strongest_episode_is_told_apart_from_however_many_weaker_ones() {
        // A second of each strength, five seconds apart; only the last one is on a fault.
        let at = |episode: u32| 100 + 5 * episode;
        let values: Vec<(std::ops::Range<u32>, f64)> =
            (0..500).map(|episode| (at(episode)..at(episode) + 3, 0.4 + 0.001 * f64::from(episode))).collect();
        let spans: Vec<Span> =
            (0..500).map(|episode| span(f64::from(at(episode)), f64::from(at(episode) + 2))).collect();
        let window = (f64::from(at(499)), f64::from(at(499) + 3));
        let found = best(&stream(&values), &spans, &[window], 0.5);
        assert_eq!((found.hit, found.false_alarms_per_hour), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn an_episode_is_detected_when_it_reaches_the_threshold_and_no_earlier() {
        // It begins in the fault, is weak there, and strong behind it; a false alarm is a little less strong.
        let stream = stream(&[(100..110, 0.8), (1000..1010, 0.4), (1010..1020, 1.0)]);
        let spans = [span(100.0, 109.0), span(1000.0, 1019.0)];
        assert_eq!(best(&stream, &spans, &[(1000.0, 1010.0)], 10.0).hit, Some(1.0));
        assert_eq!(best(&stream, &spans, &[(1000.0, 1010.0)], 0.5).hit, Some(0.0));
        assert_eq!(best(&stream, &spans, &[(1000.0, 1015.0)], 0.5).hit, Some(1.0));
    }

    /// One endless episode is detected once at most, whatever the threshold.
    #[test]
    fn one_endless_episode_detects_one_window_at_most() {
        let stream = stream(&[(1000..1010, 0.6), (2000..2010, 1.0), (3000..3010, 0.6)]);
        let windows = [(1000.0, 1010.0), (2000.0, 2010.0), (3000.0, 3010.0)];
        let found = best(&stream, &[span(0.0, 3599.0)], &windows, 10.0);
        assert_eq!(found.hit, Some(1.0 / 3.0));
        assert!(found.j.is_some_and(|j| j.abs() < 1e-9), "{found:?}");
    }
}
