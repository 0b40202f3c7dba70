//! Scores by time: how much of the fault, and how much of all else, episodes cover. Definitions: `docs/scores.md`.

use super::super::group::{ANY, GroupEpisode, Grouping, fuse, groups};
use super::super::stretch::{Stretch, common, length, outside, union};
use super::super::{Span, Window};
use super::pool::{ScoreInterval, intervals};
use crate::residual::Stream;

/// What episodes of groups are held against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByTime {
    /// Which channels are a group.
    pub grouping: Grouping,
    /// How many channels of a group must have an episode.
    pub at_least: usize,
    /// Stretches that are not judged, of the group that is their channel, or of any (`*`).
    pub ignored: Vec<Window>,
    /// Whether windows are cut to the time in which there are samples. Without it what is before the first one is missed.
    pub clip: bool,
}

/// What was found of one window of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowScore {
    /// The group.
    pub group: String,
    /// Seconds; where it begins.
    pub t_start: f64,
    /// Seconds; where it ends.
    pub t_end: f64,
    /// Whether an episode was detected while it lasted.
    pub is_detected: bool,
    /// Share of it in episodes.
    pub share: f64,
    /// Of the first episode in it: seconds from the window's start to its detection, if that is in the window.
    pub delay_s: Option<f64>,
    /// Of that episode: its start after the window's, in seconds.
    pub start_error_s: Option<f64>,
    /// Of the last episode in it: its end after the window's, in seconds.
    pub end_error_s: Option<f64>,
    /// Length of the episodes in it after that of the window, in seconds.
    pub length_error_s: Option<f64>,
}

/// One group, or several together: seconds and counts add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeTally {
    /// Seconds in windows.
    pub fault_s: f64,
    /// Of them, in episodes.
    pub found_s: f64,
    /// Seconds outside windows.
    pub other_s: f64,
    /// Of them, in episodes.
    pub false_s: f64,
    /// Windows of which something is judged.
    pub windows: usize,
    /// Of them, those in which an episode was detected.
    pub detected: usize,
    /// Episodes of the group.
    pub episodes: usize,
    /// Of them, those on no window.
    pub false_alarms: usize,
}

impl TimeTally {
    fn add(&mut self, other: &Self, times: f64) {
        self.fault_s += times * other.fault_s;
        self.found_s += times * other.found_s;
        self.other_s += times * other.other_s;
        self.false_s += times * other.false_s;
        let times = times as usize;
        self.windows += times * other.windows;
        self.detected += times * other.detected;
        self.episodes += times * other.episodes;
        self.false_alarms += times * other.false_alarms;
    }

    /// The sum of several.
    #[must_use]
    pub fn sum<'a>(tallies: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        tallies.into_iter().for_each(|tally| sum.add(tally, 1.0));
        sum
    }

    /// Share of the fault time that is in episodes.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.found_s, self.fault_s)
    }

    /// Share of the time in episodes that is fault time.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.found_s, self.found_s + self.false_s)
    }

    /// J (Youden, 1950) by time: the share of the fault time in episodes minus the share of the other time in episodes. One endless
    /// episode has 0, as none has.
    #[must_use]
    pub fn j(&self) -> Option<f64> {
        Some(self.recall()? - share(self.false_s, self.other_s).unwrap_or_default())
    }

    /// Share of the windows in which an episode was detected.
    #[must_use]
    pub fn hit(&self) -> Option<f64> {
        share(self.detected as f64, self.windows as f64)
    }

    /// Episodes on no window, an hour outside the windows.
    #[must_use]
    pub fn false_alarms_per_hour(&self) -> Option<f64> {
        share(self.false_alarms as f64 * 3600.0, self.other_s)
    }

    /// What one endless episode has of the same time: it is never detected in a window, and J is 0.
    #[must_use]
    pub fn always(&self) -> Self {
        let is_false = usize::from(self.windows == 0);
        Self {
            found_s: self.fault_s,
            false_s: self.other_s,
            detected: 0,
            episodes: 1,
            false_alarms: is_false,
            ..self.clone()
        }
    }

    /// What nothing at all has.
    #[must_use]
    pub fn never(&self) -> Self {
        Self { found_s: 0.0, false_s: 0.0, detected: 0, episodes: 0, false_alarms: 0, ..self.clone() }
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The score of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupScore {
    /// Its name.
    pub group: String,
    /// What there is to count.
    pub tally: TimeTally,
    /// Each of its windows.
    pub windows: Vec<WindowScore>,
}

/// J, hit and false alarms an hour of several groups, with intervals over groups.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Together {
    /// J of all time together.
    pub j: ScoreInterval,
    /// Share of all windows.
    pub hit: ScoreInterval,
    /// Of all hours.
    pub false_alarms_per_hour: ScoreInterval,
}

/// The groups together.
///
/// Intervals are percentiles of 1,000 resamples of whole groups, drawn with a fixed seed.
#[must_use]
pub fn together(scores: &[GroupScore]) -> Together {
    let values = |times: &[u32]| {
        let mut sum = TimeTally::default();
        scores.iter().zip(times).for_each(|(score, times)| sum.add(&score.tally, f64::from(*times)));
        [sum.j(), sum.hit(), sum.false_alarms_per_hour()]
    };
    let [j, hit, false_alarms_per_hour] = intervals(scores.len(), values);
    Together { j, hit, false_alarms_per_hour }
}

/// The scores of the groups of a stream, in order of name.
///
/// An episode lasts from its start to its end, and for a usual interval of its group more: a sample stands for the time up to the
/// next one. Channels and motifs of a group are one.
#[must_use]
pub fn by_time(stream: &Stream, spans: &[Span], windows: &[Window], rules: &ByTime) -> Vec<GroupScore> {
    Judge::new(stream, windows, rules).score(spans)
}

/// The groups of a stream, against which any number of tables of episodes is held.
pub(super) struct Judge<'a> {
    rules: &'a ByTime,
    frames: Vec<Frame<'a>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(stream: &'a Stream, windows: &[Window], rules: &'a ByTime) -> Self {
        let grouping = &rules.grouping;
        let channel_of = |id: Option<crate::residual::ChannelId>| id.map_or("", |id| stream.channels().name(id));
        let names = groups(stream.channel_ids().iter().map(|id| channel_of(*id)), grouping);
        let of = |name: &'a str| {
            let is_of = |channel: &str| channel == name || channel == ANY;
            let samples = stream.times().iter().zip(stream.channel_ids());
            let times: Vec<f64> =
                samples.filter(|(_, id)| grouping.of(channel_of(**id)) == name).map(|(t, _)| *t).collect();
            let interval = usual_interval(&times);
            let sampled = match times[..] {
                [first, .., last] => (first, last + interval),
                [only] => (only, only),
                [] => (0.0, 0.0),
            };
            let windows =
                windows.iter().filter(|window| is_of(&window.channel) || grouping.of(&window.channel) == name);
            let ignored = rules.ignored.iter().filter(|window| is_of(&window.channel));
            Frame {
                name,
                interval,
                sampled,
                windows: windows.map(|window| (window.t_start, window.t_end)).collect(),
                ignored: ignored.map(|window| (window.t_start, window.t_end)).collect(),
                clip: rules.clip,
            }
        };
        Self { rules, frames: names.into_iter().map(of).collect() }
    }

    pub(super) fn score(&self, spans: &[Span]) -> Vec<GroupScore> {
        let fused = fuse(spans, &self.rules.grouping, self.rules.at_least);
        let of = |frame: &Frame<'_>| {
            frame.score(&fused.iter().filter(|episode| episode.group == frame.name).collect::<Vec<_>>())
        };
        self.frames.iter().map(of).collect()
    }
}

/// A group, and what its episodes are held against.
struct Frame<'a> {
    name: &'a str,
    /// For so long a sample stands, in seconds.
    interval: f64,
    sampled: Stretch,
    windows: Vec<Stretch>,
    ignored: Vec<Stretch>,
    clip: bool,
}

impl Frame<'_> {
    fn score(&self, episodes: &[&GroupEpisode]) -> GroupScore {
        let Self { interval, sampled, .. } = *self;
        let windows = union(self.windows.iter().copied());
        let whole = match windows.first() {
            Some((start, _)) if !self.clip => (sampled.0.min(*start), sampled.1),
            _ => sampled,
        };
        let judged = outside(whole, &union(self.ignored.iter().copied()));
        let windows = common(&windows, &judged);
        let stretches: Vec<Stretch> =
            episodes.iter().map(|episode| (episode.t_start, episode.t_end + interval)).collect();
        let covered = common(&union(stretches.iter().copied()), &judged);
        let (fault_s, found_s) = (seconds(&windows), seconds(&common(&windows, &covered)));
        let mut tally = TimeTally {
            fault_s,
            found_s,
            other_s: seconds(&judged) - fault_s,
            false_s: seconds(&covered) - found_s,
            ..TimeTally::default()
        };
        let overlaps = |a: &Stretch, b: &Stretch| a.0 < b.1 && b.0 < a.1;
        for stretch in &stretches {
            if judged.iter().any(|judged| overlaps(judged, stretch)) {
                tally.episodes += 1;
                // A window that is partly not judged is one all the same: an episode on it is not false.
                tally.false_alarms += usize::from(!self.windows.iter().any(|window| overlaps(window, stretch)));
            }
        }
        let mut in_order = self.windows.clone();
        in_order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let judged_windows = in_order.iter().filter(|window| !common(&[**window], &judged).is_empty());
        let scores: Vec<WindowScore> =
            judged_windows.map(|window| self.of_window(*window, episodes, &stretches, &covered)).collect();
        tally.windows = scores.len();
        tally.detected = scores.iter().filter(|window| window.is_detected).count();
        GroupScore { group: self.name.to_owned(), tally, windows: scores }
    }

    fn of_window(
        &self,
        window: Stretch,
        episodes: &[&GroupEpisode],
        stretches: &[Stretch],
        covered: &[Stretch],
    ) -> WindowScore {
        let (t_start, t_end) = window;
        let inside = |t: f64| t_start <= t && t < t_end;
        let mut met: Vec<usize> =
            (0..stretches.len()).filter(|at| stretches[*at].0 < t_end && t_start < stretches[*at].1).collect();
        met.sort_by(|a, b| stretches[*a].0.total_cmp(&stretches[*b].0));
        let detected = episodes.iter().map(|episode| episode.t_detected).filter(|t| inside(*t)).min_by(f64::total_cmp);
        let (first, last) = (met.first(), met.last());
        let start_error_s = first.map(|at| stretches[*at].0 - t_start);
        let end_error_s = last.map(|at| stretches[*at].1 - t_end);
        let lengths = union(met.iter().map(|at| stretches[*at]));
        WindowScore {
            group: self.name.to_owned(),
            t_start,
            t_end,
            is_detected: detected.is_some(),
            share: seconds(&common(&[window], covered)) / (t_end - t_start),
            delay_s: detected.map(|t| t - t_start),
            start_error_s,
            end_error_s,
            length_error_s: first.map(|_| seconds(&lengths) - (t_end - t_start)),
        }
    }
}

/// Seconds of stretches that do not overlap. Where there is none the plain sum is -0, which no table should say.
fn seconds(stretches: &[Stretch]) -> f64 {
    0.0 + length(stretches)
}

/// The median of the intervals between times, which ascend; the lower one.
fn usual_interval(times: &[f64]) -> f64 {
    let mut intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|dt| *dt > 0.0).collect();
    intervals.sort_by(f64::total_cmp);
    intervals.get(intervals.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::Motif;
    use crate::residual::{Class, StreamBuilder};

    const MOTIF: Motif = Motif::PlanRegressionOnset;

    fn stream(channels: &[&str], seconds: u32) -> Stream {
        let mut builder = StreamBuilder::default();
        for second in 0..seconds {
            for channel in channels {
                builder.push(f64::from(second), Class::PlanRegression, 0.0, channel).unwrap();
            }
        }
        builder.finish("test".to_owned())
    }

    fn span(channel: &str, t_start: f64, t_end: f64, t_detected: f64) -> Span {
        Span { motif: MOTIF, channel: channel.to_owned(), t_start, t_end, t_detected: Some(t_detected) }
    }

    fn score(spans: &[Span], windows: &[Window], rules: &ByTime) -> Vec<GroupScore> {
        by_time(&stream(&["a|x", "a|y", "b|x"], 1000), spans, windows, rules)
    }

    fn groups_of(clip: bool, ignored: Vec<Window>) -> ByTime {
        ByTime { grouping: Grouping { separator: Some("|".to_owned()) }, at_least: 1, ignored, clip }
    }

    #[test]
    fn what_is_right_scores_one_and_what_is_always_or_never_there_scores_nothing() {
        let windows = [Window::new(MOTIF, "a", 100.0, 200.0), Window::new(MOTIF, ANY, 500.0, 600.0)];
        let rules = groups_of(false, Vec::new());
        let right = [
            span("a|x", 100.0, 150.0, 105.0),
            span("a|y", 140.0, 199.0, 145.0),
            span("a|y", 500.0, 599.0, 501.0),
            span("b|x", 500.0, 599.0, 501.0),
        ];
        let scores = score(&right, &windows, &rules);
        assert_eq!(scores.iter().map(|score| score.group.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        for (score, windows) in scores.iter().zip([2, 1]) {
            assert_eq!((score.tally.j(), score.tally.precision()), (Some(1.0), Some(1.0)));
            assert_eq!((score.tally.windows, score.tally.detected, score.tally.false_alarms), (windows, windows, 0));
        }
        let nothing = &score(&[], &windows, &rules)[0].windows[0];
        assert!(nothing.share == 0.0 && nothing.share.is_sign_positive(), "{nothing:?}");
        let first = &scores[0].windows[0];
        assert_eq!((first.delay_s, first.share), (Some(5.0), 1.0));
        assert_eq!((first.start_error_s, first.end_error_s, first.length_error_s), (Some(0.0), Some(0.0), Some(0.0)));
        let always = [span("a|x", 0.0, 999.0, 0.0), span("b|x", 0.0, 999.0, 0.0)];
        for (spans, expected) in [(&always[..], TimeTally::always as fn(&_) -> _), (&[], TimeTally::never)] {
            for score in score(spans, &windows, &rules) {
                assert_eq!(score.tally.j(), Some(0.0));
                assert_eq!(score.tally, expected(&score.tally));
            }
        }
        assert_eq!(together(&scores).j.value, Some(1.0));
    }

    #[test]
    fn one_endless_episode_and_twenty_blips_are_not_good() {
        let windows = [Window::new(MOTIF, "a", 100.0, 900.0)];
        let mut spans = vec![span("a|x", 0.0, 999.0, 50.0)];
        spans.extend((0..20).map(|blip| span("a|y", 110.0 + f64::from(blip), 110.0 + f64::from(blip), 111.0)));
        let tally = &score(&spans, &windows, &groups_of(false, Vec::new()))[0].tally;
        assert_eq!((tally.j(), tally.detected, tally.precision()), (Some(0.0), 0, Some(0.8)));
    }

    #[test]
    fn what_is_ignored_is_not_judged_and_what_was_before_the_first_sample_is_missed() {
        let rules = |clip: bool| groups_of(clip, vec![Window::new(MOTIF, "a", 300.0, 400.0)]);
        let spans = [span("a|x", 310.0, 320.0, 311.0), span("a|x", 700.0, 709.0, 701.0)];
        let windows = [Window::new(MOTIF, "a", -100.0, 100.0)];
        let missed = &score(&spans, &windows, &rules(false))[0].tally;
        assert_eq!((missed.fault_s, missed.other_s, missed.false_s, missed.false_alarms), (200.0, 800.0, 10.0, 1));
        let clipped = &score(&spans, &windows, &rules(true))[0].tally;
        assert_eq!((clipped.fault_s, clipped.other_s, clipped.windows), (100.0, 800.0, 1));
        assert_eq!(clipped.false_alarms_per_hour(), Some(4.5));
    }
}
