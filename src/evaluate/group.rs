//! Groups of channels: servers, whose metrics have episodes, and which have faults.

use std::collections::{BTreeMap, BTreeSet};

use super::Span;
use super::stretch::Stretch;
use crate::motif::Motif;
use crate::store::TableColumns;

/// The group of all channels, where nothing tells them apart; and in windows, any group.
pub const ANY: &str = "*";

/// Which channels belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grouping {
    /// What stands between the name of a group and the rest of the name of a channel; without it all are one group.
    pub separator: Option<String>,
}

impl Grouping {
    /// The group of a channel: what stands before the separator, or the whole name where it has none.
    #[must_use]
    pub fn of<'a>(&self, channel: &'a str) -> &'a str {
        match &self.separator {
            None => ANY,
            Some(separator) => channel.split_once(separator.as_str()).map_or(channel, |(group, _)| group),
        }
    }
}

/// A stretch of time in which enough channels of a group have an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupEpisode {
    /// The group.
    pub group: String,
    /// The motif of the channel that was detected first.
    pub motif: Motif,
    /// Seconds; from when enough channels have one.
    pub t_start: f64,
    /// Seconds; until when.
    pub t_end: f64,
    /// Seconds; when so many had been detected.
    pub t_detected: f64,
    /// All channels that have an episode in it, in order of name.
    pub channels: Vec<String>,
}

/// The episodes of groups: while at least so many channels of one have an episode. In order of group, then of time.
#[must_use]
pub fn fuse(spans: &[Span], grouping: &Grouping, at_least: usize) -> Vec<GroupEpisode> {
    let mut groups: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        groups.entry(grouping.of(&span.channel)).or_default().push(span);
    }
    groups.into_iter().flat_map(|(group, spans)| of_group(group, &spans, at_least.max(1))).collect()
}

fn of_group(group: &str, spans: &[&Span], at_least: usize) -> Vec<GroupEpisode> {
    let mut by_start: Vec<usize> = (0..spans.len()).collect();
    by_start.sort_by(|a, b| spans[*a].t_start.total_cmp(&spans[*b].t_start));
    let mut next = by_start.into_iter().peekable();
    // Stretches ascend, and so do the spans that reach into them: who is over before one is over for all that follow.
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let episode = |(t_start, t_end): Stretch| {
        while let Some(at) = next.next_if(|at| spans[*at].t_start <= t_end) {
            open.insert(at);
        }
        open.retain(|at| spans[*at].t_end >= t_start);
        let mut first: BTreeMap<&str, (f64, Motif)> = BTreeMap::new();
        for span in open.iter().map(|at| spans[*at]) {
            let detected = (span.earliest_detection(), span.motif);
            let known = first.entry(&span.channel).or_insert(detected);
            if detected.0 < known.0 {
                *known = detected;
            }
        }
        let mut detected: Vec<(f64, Motif)> = first.values().copied().collect();
        detected.sort_by(|a, b| a.0.total_cmp(&b.0));
        let t_detected = detected.get(at_least - 1).map_or(t_start, |(t, _)| t.max(t_start));
        let motif = detected.first().map_or(Motif::PlanRegressionOnset, |(_, motif)| *motif);
        let channels = first.keys().map(|channel| (*channel).to_owned()).collect();
        GroupEpisode { group: group.to_owned(), motif, t_start, t_end, t_detected, channels }
    };
    enough(spans, at_least).into_iter().map(episode).collect()
}

/// The stretches, ends included, in which at least so many channels have an episode.
fn enough(spans: &[&Span], at_least: usize) -> Vec<Stretch> {
    // At one time, beginnings come before ends, so that an instant counts.
    let mut ends: Vec<(f64, bool, &str)> = Vec::new();
    for span in spans {
        ends.push((span.t_start, false, &span.channel));
        ends.push((span.t_end, true, &span.channel));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut since = None;
    for (t, is_end, channel) in ends {
        let count = open.entry(channel).or_default();
        if is_end {
            *count -= 1;
            if *count == 0 {
                open.remove(channel);
            }
        } else {
            *count += 1;
        }
        match since {
            None if open.len() >= at_least => since = Some(t),
            Some(start) if open.len() < at_least => {
                stretches.push((start, t));
                since = None;
            }
            _ => {}
        }
    }
    stretches
}

/// The bytes of a table of episodes of groups: `motif,channel,t_start,t_end,t_detected,channels`, where `channel` is the group, and
/// the channels stand in one cell, with ` & ` between.
#[must_use]
pub fn group_episodes_csv(episodes: &[GroupEpisode]) -> Vec<u8> {
    let names: Vec<String> = episodes.iter().map(|episode| episode.channels.join(" & ")).collect();
    let rows: Vec<(&GroupEpisode, &String)> = episodes.iter().zip(&names).collect();
    TableColumns::default()
        .text("motif", |(episode, _): &(&GroupEpisode, &String)| episode.motif.name())
        .text("channel", |(episode, _)| &episode.group)
        .number("t_start", |(episode, _)| episode.t_start)
        .number("t_end", |(episode, _)| episode.t_end)
        .number("t_detected", |(episode, _)| episode.t_detected)
        .text("channels", |(_, names)| names)
        .csv(rows)
}

/// The names of the groups of these channels, in order.
pub(super) fn groups<'a>(channels: impl IntoIterator<Item = &'a str>, grouping: &Grouping) -> Vec<&'a str> {
    let groups: BTreeSet<&str> = channels.into_iter().map(|channel| grouping.of(channel)).collect();
    groups.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(channel: &str, t_start: f64, t_end: f64, t_detected: f64) -> Span {
        let (motif, channel) = (Motif::CacheCollapse, channel.to_owned());
        Span { motif, channel, t_start, t_end, t_detected: Some(t_detected) }
    }

    #[test]
    fn a_group_has_an_episode_while_enough_of_its_channels_have_one() {
        let spans = [
            span("a|cpu", 0.0, 50.0, 9.0),
            span("a|mem", 10.0, 20.0, 12.0),
            span("a|mem", 30.0, 40.0, 33.0),
            span("a|net", 20.0, 20.0, 20.0),
            span("b|cpu", 15.0, 45.0, 18.0),
        ];
        let by = |separator: Option<&str>, at_least: usize| -> Vec<(String, f64, f64, f64, usize)> {
            let grouping = Grouping { separator: separator.map(str::to_owned) };
            let episodes = fuse(&spans, &grouping, at_least).into_iter();
            episodes.map(|e| (e.group, e.t_start, e.t_end, e.t_detected, e.channels.len())).collect()
        };
        let is = |group: &str, start, end, detected, channels| (group.to_owned(), start, end, detected, channels);
        assert_eq!(by(Some("|"), 1), [is("a", 0.0, 50.0, 9.0, 3), is("b", 15.0, 45.0, 18.0, 1)]);
        assert_eq!(by(Some("|"), 2), [is("a", 10.0, 20.0, 12.0, 3), is("a", 30.0, 40.0, 33.0, 2)]);
        assert_eq!(by(Some("|"), 3), [is("a", 20.0, 20.0, 20.0, 3)]);
        assert_eq!(by(Some("|"), 4), []);
        // All channels of all servers are one group where nothing tells them apart.
        assert_eq!(by(None, 2), [is("*", 10.0, 45.0, 12.0, 4)]);
    }

    /// Several episodes of one channel at one time are one channel.
    #[test]
    fn a_channel_counts_once() {
        let twice = [span("a", 0.0, 10.0, 1.0), span("a", 5.0, 15.0, 6.0)];
        assert_eq!(fuse(&twice, &Grouping::default(), 2), []);
        let once = fuse(&twice, &Grouping::default(), 1);
        assert_eq!((once.len(), once[0].t_start, once[0].t_end), (1, 0.0, 15.0));
    }
}
