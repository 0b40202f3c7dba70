//! Tables of scores by time.

use super::bounded::Bounded;
use super::pool::ScoreInterval;
use super::time::{GroupScore, TimeTally, Together, WindowScore, together};
use crate::store::TableColumns;

/// A detector, and how well it did by time.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// Its name.
    pub detector: String,
    /// The score of each group.
    pub scores: Vec<GroupScore>,
    /// The best it can do within a bound on false alarms.
    pub bounded: Bounded,
}

/// A table of the groups of several detectors: a row a group, then all of them.
///
/// At the end stands what one endless episode a group (`always`) and none at all (`never`) would have. Intervals, and what is
/// detected at no more than so many false alarms, are of all.
#[must_use]
pub fn group_scores_csv(detectors: &[GroupRow]) -> Vec<u8> {
    struct Row<'a> {
        detector: &'a str,
        group: &'a str,
        tally: TimeTally,
        together: Option<Together>,
        bounded: Option<f64>,
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    for GroupRow { detector, scores, bounded } in detectors {
        let all = TimeTally::sum(scores.iter().map(|score| &score.tally));
        let row = |group, tally, together, bounded| Row { detector, group, tally, together, bounded };
        rows.extend(scores.iter().map(|score| row(score.group.as_str(), score.tally.clone(), None, None)));
        rows.push(row("all", all, Some(together(scores)), bounded.hit));
    }
    if let Some(GroupRow { scores, .. }) = detectors.first() {
        let all = TimeTally::sum(scores.iter().map(|score| &score.tally));
        for (detector, tally) in [("always", all.always()), ("never", all.never())] {
            let bounded = tally.hit();
            rows.push(Row { detector, group: "all", tally, together: None, bounded });
        }
    }
    let low = |of: ScoreInterval| of.bounds.map(|(low, _)| low);
    let high = |of: ScoreInterval| of.bounds.map(|(_, high)| high);
    TableColumns::default()
        .text("detector", |row: &Row<'_>| row.detector)
        .text("group", |row| row.group)
        .count("windows", |row| row.tally.windows as u64)
        .count("detected", |row| row.tally.detected as u64)
        .rounded("hit", 1e6, |row| row.tally.hit())
        .rounded("hit_low", 1e6, move |row| row.together.and_then(|of| low(of.hit)))
        .rounded("hit_high", 1e6, move |row| row.together.and_then(|of| high(of.hit)))
        .rounded("hit_bounded", 1e6, |row| row.bounded)
        .rounded("time_recall", 1e6, |row| row.tally.recall())
        .rounded("time_precision", 1e6, |row| row.tally.precision())
        .rounded("j", 1e6, |row| row.tally.j())
        .rounded("j_low", 1e6, move |row| row.together.and_then(|of| low(of.j)))
        .rounded("j_high", 1e6, move |row| row.together.and_then(|of| high(of.j)))
        .count("episodes", |row| row.tally.episodes as u64)
        .count("false_alarms", |row| row.tally.false_alarms as u64)
        .rounded("false_alarms_per_hour", 1e6, |row| row.tally.false_alarms_per_hour())
        .rounded("false_alarms_per_hour_low", 1e6, move |row| row.together.and_then(|of| low(of.false_alarms_per_hour)))
        .rounded("false_alarms_per_hour_high", 1e6, move |row| {
            row.together.and_then(|of| high(of.false_alarms_per_hour))
        })
        .csv(rows)
}

/// A table of the windows of several detectors: what was found of each, and by how much its start, end and length were missed.
/// What was not found has no errors.
#[must_use]
pub fn group_windows_csv(detectors: &[GroupRow]) -> Vec<u8> {
    type Row<'a> = (&'a str, &'a WindowScore);
    let rows = detectors.iter().flat_map(|GroupRow { detector, scores, .. }| {
        scores.iter().flat_map(|score| &score.windows).map(move |window| (detector.as_str(), window))
    });
    TableColumns::default()
        .text("detector", |(detector, _): &Row<'_>| detector)
        .text("group", |(_, window)| &window.group)
        .number("t_start", |(_, window)| window.t_start)
        .number("t_end", |(_, window)| window.t_end)
        .count("detected", |(_, window)| u64::from(window.is_detected))
        .rounded("share", 1e6, |(_, window)| Some(window.share))
        .rounded("detection_delay_s", 1e6, |(_, window)| window.delay_s)
        .rounded("start_error_s", 1e6, |(_, window)| window.start_error_s)
        .rounded("end_error_s", 1e6, |(_, window)| window.end_error_s)
        .rounded("length_error_s", 1e6, |(_, window)| window.length_error_s)
        .csv(rows)
}
