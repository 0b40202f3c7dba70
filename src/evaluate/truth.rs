//! Whether windows can be of a tape: a window that no sample can meet would be a fault that nobody finds, and say so of everybody.

use std::collections::BTreeMap;

use super::group::{ANY, Grouping};
use super::{ByTime, Window};
use crate::diagnostics::{UnknownName, nearest};
use crate::residual::{Class, Stream};
use crate::store::{Shown, TableProblem};

/// Checks that windows are of the channels and the time of a tape, motif by motif.
///
/// One that ends before the first sample is in the warm-up, and missed, unless all of them do: then their times count from elsewhere.
///
/// # Errors
/// The first one that is not.
pub fn check_windows(stream: &Stream, windows: &[Window]) -> Result<(), TableProblem> {
    let channels = last_times(stream, |class, channel| (class as usize, channel));
    for Window { motif, channel, .. } in windows {
        let class = motif.class() as usize;
        if !channels.contains_key(&(class, channel)) {
            let known = channels.keys().filter(|(of, _)| *of == class).map(|(_, channel)| *channel);
            let context = format!("of the motif `{}` in the tape", motif.name());
            return Err(unknown("channel", channel, known).in_context(context).into());
        }
    }
    check_window_times(windows, stream.span())
}

/// Checks that windows are of the groups and their times in a tape, and that a group has as many channels as must have an episode.
///
/// Windows that end before the first sample are as in [`check_windows`].
///
/// # Errors
/// The first one that is not.
pub fn check_group_windows(stream: &Stream, windows: &[Window], rules: &ByTime) -> Result<(), TableProblem> {
    let groups = GroupsOf::new(stream, &rules.grouping);
    if let Some((group, (most, _))) = groups.groups.iter().max_by_key(|(_, (count, _))| *count)
        && *most < rules.at_least
    {
        let (at_least, group, most) = (rules.at_least, (*group).to_owned(), *most);
        return Err(TableProblem::TooFewChannels { at_least, group, most });
    }
    let last_times = windows.iter().map(|window| groups.last_time(&window.channel)).collect::<Result<Vec<_>, _>>()?;
    check_times(windows, groups.span.0, |at| last_times[at])
}

/// Checks that names are of groups of a tape, or of their channels, as those of stretches that are not judged and of episodes are.
///
/// # Errors
/// The first one that is not.
pub fn check_groups<'a>(
    stream: &Stream,
    grouping: &Grouping,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), TableProblem> {
    let groups = GroupsOf::new(stream, grouping);
    names.into_iter().try_for_each(|name| groups.last_time(name).map(|_| ()))
}

/// The groups of a tape.
struct GroupsOf<'a> {
    grouping: &'a Grouping,
    /// Each channel with its last time.
    channels: BTreeMap<&'a str, f64>,
    /// Each group: how many channels it has, and its last time.
    groups: BTreeMap<&'a str, (usize, f64)>,
    span: (f64, f64),
}

impl<'a> GroupsOf<'a> {
    fn new(stream: &'a Stream, grouping: &'a Grouping) -> Self {
        let channels = last_times(stream, |_, channel| channel);
        let mut groups: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for (channel, last) in &channels {
            let (count, latest) = groups.entry(grouping.of(channel)).or_insert((0, f64::NEG_INFINITY));
            (*count, *latest) = (*count + 1, latest.max(*last));
        }
        Self { grouping, channels, groups, span: stream.span() }
    }

    /// The last time of the group that a window of this name is of: a group, or a channel of it, or any.
    fn last_time(&self, name: &str) -> Result<f64, TableProblem> {
        let Self { grouping, channels, groups, span } = self;
        if name == ANY {
            return Ok(span.1);
        }
        match &grouping.separator {
            // All are one group; a name is that of a channel nevertheless.
            None => match channels.get(name) {
                Some(_) => Ok(span.1),
                None => Err(unknown("channel", name, channels.keys().copied()).in_context("in the tape").into()),
            },
            Some(_) => match groups.get(name).or_else(|| groups.get(grouping.of(name))) {
                Some((_, last)) => Ok(*last),
                None => Err(unknown("group", name, groups.keys().copied()).in_context("in the tape").into()),
            },
        }
    }
}

/// The last time of what the channels of each class are told apart by.
fn last_times<'a, K: Ord>(stream: &'a Stream, key: impl Fn(Class, &'a str) -> K) -> BTreeMap<K, f64> {
    stream.samples().map(|sample| (key(sample.class, sample.channel.unwrap_or_default()), sample.t)).collect()
}

/// Checks that windows are in the time from `first` to `last`, where no more is known.
///
/// # Errors
/// The first one that is not, as in [`check_windows`].
pub fn check_window_times(windows: &[Window], (first, last): (f64, f64)) -> Result<(), TableProblem> {
    check_times(windows, first, |_| last)
}

/// An error unless each window begins before its last time, and one of them ends behind the first time.
fn check_times(windows: &[Window], first: f64, last: impl Fn(usize) -> f64) -> Result<(), TableProblem> {
    let all_before = windows.iter().all(|window| window.t_end <= first);
    for (at, window) in windows.iter().enumerate() {
        let last = last(at);
        if all_before || window.t_start > last {
            let (channel, t_start, t_end) = (window.channel.clone(), window.t_start, window.t_end);
            return Err(TableProblem::OutsideTrace { channel, t_start, t_end, first, last });
        }
    }
    Ok(())
}

/// A name that is not one of these, of which there may be thousands, with letters that a terminal should not see.
fn unknown<'a>(what: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> UnknownName {
    const NAMED: usize = 20;
    let known: Vec<&str> = known.collect();
    let near = nearest(name, known.iter().copied());
    let others = known.iter().copied().filter(|name| Some(*name) != near);
    let named: Vec<&str> = near.into_iter().chain(others).take(NAMED).collect();
    let more = known.len() - named.len();
    let named = named.into_iter().map(|name| Shown::plain(name).to_string());
    let rest = (more > 0).then(|| format!("and {more} more"));
    UnknownName::new(what, &Shown::plain(name).to_string(), named.chain(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::Motif;
    use crate::residual::StreamBuilder;

    /// Two servers of two metrics and one; the second one ends earlier.
    fn stream() -> Stream {
        let mut builder = StreamBuilder::default();
        for second in 100..1000 {
            for channel in ["a#x", "a#y"] {
                builder.push(f64::from(second), Class::PlanRegression, 0.0, channel).unwrap();
            }
            if second < 500 {
                builder.push(f64::from(second), Class::Contention, 0.0, "b#x").unwrap();
            }
        }
        builder.finish("test")
    }

    fn window(channel: &str, t_start: f64, t_end: f64) -> Window {
        Window::new(Motif::PlanRegressionOnset, channel, t_start, t_end)
    }

    fn problem(result: Result<(), TableProblem>) -> String {
        result.map_or_else(|problem| problem.to_string(), |()| String::new())
    }

    #[test]
    fn a_window_is_of_a_channel_of_its_motif_and_of_the_time_of_the_tape() {
        for (windows, expected) in [
            (vec![window("a#x", 100.0, 110.0)], ""),
            // In the warm-up, and so missed.
            (vec![window("a#x", 0.0, 50.0), window("a#y", 999.0, 2000.0)], ""),
            (vec![window("a#x", 0.0, 100.0)], "the window of `a#x` from 0 to 100 is outside the trace"),
            (vec![window("a#x", 999.5, 1100.0)], "the window of `a#x` from 999.5 to 1100 is outside the trace"),
            (
                vec![window("a#z", 200.0, 300.0)],
                "unknown channel `a#z` of the motif `plan_regression_onset` in the tape; did you mean `a#x`? known: a#x, a#y",
            ),
            (vec![window("b#x", 200.0, 300.0)], "unknown channel `b#x` of the motif"),
            (vec![window("*", 200.0, 300.0)], "unknown channel `*` of the motif"),
        ] {
            let problem = problem(check_windows(&stream(), &windows));
            assert!(problem.starts_with(expected) && expected.is_empty() == problem.is_empty(), "{problem}");
        }
    }

    #[test]
    fn a_window_of_a_group_is_of_one_that_is_there_and_of_its_time() {
        let rules = |separator: Option<&str>, at_least: usize| ByTime {
            grouping: Grouping { separator: separator.map(str::to_owned) },
            at_least,
            ..ByTime::default()
        };
        for (separator, at_least, window, expected) in [
            (Some("#"), 2, window("a", 200.0, 300.0), ""),
            (Some("#"), 1, window("b#other", 200.0, 300.0), ""),
            (Some("#"), 1, window("*", 900.0, 950.0), ""),
            (None, 3, window("*", 200.0, 300.0), ""),
            (None, 1, window("b#x", 700.0, 800.0), ""),
            (
                Some("#"),
                1,
                window("b", 700.0, 800.0),
                "the window of `b` from 700 to 800 is outside the trace, which is from",
            ),
            (Some("#"), 1, window("c#x", 200.0, 300.0), "unknown group `c#x` in the tape; known: a, b"),
            (None, 1, window("a", 200.0, 300.0), "unknown channel `a` in the tape; "),
            (
                Some("#"),
                3,
                window("a", 200.0, 300.0),
                "3 channels of a group must have an episode at a time, and no group of the tape has more than 2 (`a`)",
            ),
        ] {
            let problem = problem(check_group_windows(&stream(), &[window], &rules(separator, at_least)));
            assert!(problem.starts_with(expected) && expected.is_empty() == problem.is_empty(), "{problem}");
        }
        let named = |name: &str| problem(check_groups(&stream(), &rules(Some("#"), 1).grouping, [name]));
        assert_eq!(["a", "a#x", "*"].map(named), ["", "", ""]);
        assert!(named("d").starts_with("unknown group `d` in the tape"));
    }

    #[test]
    fn of_many_names_some_are_listed_the_nearest_first_and_none_moves_the_cursor() {
        let names: Vec<String> = (0..100).map(|at| format!("channel-{at:02}\u{1b}")).collect();
        let text = unknown("channel", "chanel-77\u{1b}", names.iter().map(String::as_str)).to_string();
        assert!(text.contains("; did you mean `channel-77") && text.ends_with(", and 80 more"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
