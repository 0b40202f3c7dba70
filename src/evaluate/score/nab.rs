//! The score of the Numenta Anomaly Benchmark (Lavin and Ahmad, *Evaluating Real-time Anomaly Detection Algorithms*, ICMLA 2015), as
//! its program computes it.

use std::collections::BTreeMap;

use super::super::stretch::Stretch;
use super::super::{Span, Window};
use crate::residual::{Math, Stream};
use crate::store::TableColumns;

/// What right and wrong alerts weigh: an application profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NabProfile {
    /// The name of the profile.
    pub name: &'static str,
    /// Of a window in which there is an alert, at most.
    pub right: f64,
    /// Of an alert outside the windows, at most.
    pub wrong: f64,
    /// Of a window without an alert.
    pub missed: f64,
}

/// The profiles of the benchmark.
pub const NAB_PROFILES: [NabProfile; 3] = [
    NabProfile { name: "standard", right: 1.0, wrong: 0.11, missed: 1.0 },
    NabProfile { name: "reward_low_FP_rate", right: 1.0, wrong: 0.22, missed: 1.0 },
    NabProfile { name: "reward_low_FN_rate", right: 1.0, wrong: 0.11, missed: 2.0 },
];

/// A series with its windows and alerts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NabSeries {
    /// Times of the records, ascending, in seconds.
    pub t: Vec<f64>,
    /// Windows, first and last time included; they do not overlap.
    pub windows: Vec<Stretch>,
    /// Times of the alerts.
    pub alerts: Vec<f64>,
}

/// The first share of a series is not judged, up to so many records.
const PROBATION: (f64, f64) = (0.15, 5000.0);

/// 100 times the score of all series, where no alert at all has 0 and one at the start of each window, and no other, has 1. None
/// where there is no window.
#[must_use]
pub fn nab_score(series: &[NabSeries], profile: &NabProfile, math: Math) -> Option<f64> {
    let mut raw = 0.0;
    let mut windows = 0_usize;
    for series in series {
        let (score, count) = of_series(series, profile, math);
        raw += score;
        windows += count;
    }
    let null = -profile.missed * windows as f64;
    let perfect = profile.right * windows as f64;
    (windows > 0).then(|| 100.0 * (raw - null) / (perfect - null))
}

/// The series of a stream, a channel each, with an alert at the detection of each episode.
#[must_use]
pub fn nab_series(stream: &Stream, spans: &[Span], windows: &[Window]) -> Vec<NabSeries> {
    let mut series: BTreeMap<&str, NabSeries> = BTreeMap::new();
    for (t, id) in stream.times().iter().zip(stream.channel_ids()) {
        let name = id.map_or("", |id| stream.channels().name(id));
        series.entry(name).or_default().t.push(*t);
    }
    for (name, series) in &mut series {
        let of_channel = windows.iter().filter(|window| window.channel == *name);
        series.windows = of_channel.map(|window| (window.t_start, window.t_end)).collect();
        let of_channel = spans.iter().filter(|span| span.channel == *name);
        series.alerts = of_channel.map(Span::earliest_detection).collect();
    }
    series.into_values().collect()
}

/// A table of what several detectors have in each profile: `detector,profile,score`.
#[must_use]
pub fn nab_csv(stream: &Stream, detectors: &[(&str, Vec<Span>)], windows: &[Window]) -> Vec<u8> {
    let rows = detectors.iter().flat_map(|(detector, spans)| {
        let series = nab_series(stream, spans, windows);
        NAB_PROFILES.iter().map(move |profile| (*detector, profile.name, nab_score(&series, profile, Math::Portable)))
    });
    TableColumns::default()
        .text("detector", |(detector, ..): &(&str, &str, Option<f64>)| detector)
        .text("profile", |(_, profile, _)| profile)
        .rounded("score", 1e6, |(.., score)| *score)
        .csv(rows)
}

/// The score of a series, and its windows that are judged.
fn of_series(series: &NabSeries, profile: &NabProfile, math: Math) -> (f64, usize) {
    let NabSeries { t, windows, alerts } = series;
    let probation = (PROBATION.0 * t.len() as f64).floor().min(PROBATION.0 * PROBATION.1) as usize;
    let mut windows: Vec<(usize, usize)> = windows
        .iter()
        .map(|(start, end)| (t.partition_point(|time| time < start), t.partition_point(|time| time <= end)))
        .filter(|(first, behind)| first < behind && *behind > probation)
        .map(|(first, behind)| (first, behind - 1))
        .collect();
    windows.sort_unstable();
    let mut alerts: Vec<usize> = alerts.iter().map(|alert| t.partition_point(|time| time < alert)).collect();
    alerts.sort_unstable();
    alerts.dedup();
    let mut best = vec![-profile.missed; windows.len()];
    let mut wrong = 0.0;
    for record in alerts.into_iter().filter(|record| (probation..t.len()).contains(record)) {
        let next = windows.partition_point(|(_, last)| *last < record);
        match windows.get(next) {
            Some((first, last)) if *first <= record => {
                let width = (last - first + 1) as f64;
                let earliness = sigmoid(-((last - record + 1) as f64) / width, math) / sigmoid(-1.0, math);
                best[next] = best[next].max(profile.right * earliness);
            }
            _ => {
                let past = next.checked_sub(1).map(|before| windows[before]);
                // Behind a window an alert is late rather than wrong, the less so the farther it is.
                let distance = past.map_or(FAR, |(first, last)| (record - last) as f64 / (last - first) as f64);
                wrong += profile.wrong * sigmoid(distance, math);
            }
        }
    }
    (best.iter().sum::<f64>() + wrong, windows.len())
}

/// From here on an alert is as wrong as one can be.
const FAR: f64 = 3.0;

/// 1 far before 0, -1 far behind it.
fn sigmoid(position: f64, math: Math) -> f64 {
    if position >= FAR { -1.0 } else { 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(alerts: &[f64]) -> NabSeries {
        NabSeries {
            t: (0..1000).map(f64::from).collect(),
            windows: vec![(400.0, 499.0), (800.0, 899.0)],
            alerts: alerts.to_vec(),
        }
    }

    fn standard(alerts: &[f64]) -> f64 {
        let score = nab_score(&[series(alerts)], &NAB_PROFILES[0], Math::Portable).unwrap();
        (score * 1e4).round() / 1e4
    }

    #[test]
    fn perfect_is_100_nothing_is_0_and_alerts_count_by_their_place() {
        assert_eq!(standard(&[400.0, 800.0]), 100.0);
        assert_eq!(standard(&[]), 0.0);
        // The first of a window counts, and what is in the first 15 % does not.
        assert_eq!(standard(&[450.0, 400.0, 800.0, 149.0]), 100.0);
        // Half of the windows; in the middle of one it is 0.84828 / 0.98661.
        assert_eq!(standard(&[400.0]), 50.0);
        assert_eq!(standard(&[450.0]), 46.4948);
        // One far from any window costs 0.11 of 4, one just behind a window less.
        assert_eq!(standard(&[400.0, 800.0, 150.0]), 97.25);
        assert!(standard(&[400.0, 800.0, 505.0]) > 99.0);
        assert_eq!(nab_score(&[NabSeries::default()], &NAB_PROFILES[0], Math::Portable), None);
    }
}
