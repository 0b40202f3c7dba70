//! Detectors of a few lines, and dummies.

use super::Series;
use crate::motif::Parameters;

/// From when to when, seconds.
type Spans = Vec<(f64, f64)>;

/// Values that the scale of a series is taken from where a detector needs one.
const BEGINNING: usize = 20;

/// Turns a median of absolute deviations into the standard deviation of normal values.
pub(super) const TO_DEVIATION: f64 = 1.0 / 0.674_489_750_196_081_7;

/// The median; the mean of the two in the middle. 0 without values.
pub(super) fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let mut values = values.to_vec();
    let even = values.len().is_multiple_of(2);
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| even);
    lower.map_or(*upper, |lower| (lower + *upper) / 2.0)
}

/// Median and robust standard deviation of some values.
fn robust(values: &[f64]) -> (f64, f64) {
    let centre = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    (centre, median(&deviations) * TO_DEVIATION)
}

/// Centre and scale of the beginning of a series; `None` if it is shorter. Where the beginning is one value, the scale is a
/// hundredth of its size, or 0.01.
pub(super) fn beginning(values: &[f64]) -> Option<(f64, f64)> {
    let (centre, scale) = robust(values.get(..BEGINNING)?);
    let least = (centre.abs() * 0.01).max(0.01);
    Some((centre, if scale > least * 1e-6 { scale } else { least }))
}

/// Joins the samples at which `fires` into spans; one ends at the sample that has been quiet for `hold` seconds.
fn held(series: &Series, hold: f64, mut fires: impl FnMut(usize) -> bool) -> Spans {
    let mut spans = Vec::new();
    // Since when it is open, and since when it has been quiet, if it is.
    let mut open: Option<(f64, Option<f64>)> = None;
    for (index, &t) in series.t.iter().enumerate() {
        open = match (fires(index), open) {
            (true, None) => Some((t, None)),
            (true, Some((since, _))) => Some((since, None)),
            (false, Some((since, None))) => Some((since, Some(t))),
            (false, Some((since, Some(quiet)))) if t - quiet >= hold => {
                spans.push((since, quiet));
                None
            }
            (false, other) => other,
        };
    }
    if let (Some((since, quiet)), Some(last)) = (open, series.t.last()) {
        spans.push((since, quiet.unwrap_or(*last)));
    }
    spans
}

/// |residual| at the slew threshold of the motif, held for its dwell.
pub(super) fn threshold(series: &Series, parameters: &Parameters) -> Spans {
    held(series, parameters.min_dwell_seconds, |index| series.values[index].abs() >= parameters.slew_threshold)
}

/// A residual more than six robust deviations from the median of the last 60 quiet ones, held for the dwell. Nothing fires
/// before there are 20; the deviation counts as at least a tenth of the drift threshold.
pub(super) fn mad(series: &Series, parameters: &Parameters) -> Spans {
    const WINDOW: usize = 60;
    const DEVIATIONS: f64 = 6.0;
    let mut quiet: Vec<f64> = Vec::new();
    held(series, parameters.min_dwell_seconds, |index| {
        let value = series.values[index];
        let recent = &quiet[quiet.len().saturating_sub(WINDOW)..];
        let (centre, deviation) = robust(recent);
        let fires = recent.len() >= BEGINNING
            && (value - centre).abs() > DEVIATIONS * deviation.max(parameters.drift_threshold / 10.0);
        if !fires {
            quiet.push(value);
        }
        fires
    })
}

/// Two cumulative sums of how far residuals are from the mean so far, less half a deviation each; a sum above eight
/// deviations fires, held for the dwell. Mean and deviation are those of the first 20 values; the deviation counts as at
/// least a tenth of the drift threshold. Sums stop at twice the bound, so that they come down again.
pub(super) fn cusum(series: &Series, parameters: &Parameters) -> Spans {
    const ALLOWANCE: f64 = 0.5;
    const BOUND: f64 = 8.0;
    let Some((centre, scale)) = beginning(&series.values) else { return Vec::new() };
    let scale = scale.max(parameters.drift_threshold / 10.0);
    let (mut up, mut down) = (0.0_f64, 0.0_f64);
    held(series, parameters.min_dwell_seconds, |index| {
        let z = (series.values[index] - centre) / scale;
        up = (up + z - ALLOWANCE).clamp(0.0, 2.0 * BOUND);
        down = (down - z - ALLOWANCE).clamp(0.0, 2.0 * BOUND);
        index >= BEGINNING && up.max(down) > BOUND
    })
}

/// From the first sample to the last.
pub(super) fn always(series: &Series) -> Spans {
    series.t.first().zip(series.t.last()).map(|(first, last)| (*first, *last)).into_iter().collect()
}

/// The first half minute of every five minutes of the channel that have a sample: no tape has more of them than samples.
pub(super) fn periodic(series: &Series) -> Spans {
    const EVERY_S: f64 = 300.0;
    const LENGTH_S: f64 = 30.0;
    let (Some(first), Some(last)) = (series.t.first(), series.t.last()) else { return Vec::new() };
    let mut turns: Vec<f64> = series.t.iter().map(|t| ((t - first) / EVERY_S).floor()).collect();
    turns.dedup();
    turns.into_iter().map(|turn| first + turn * EVERY_S).map(|start| (start, (start + LENGTH_S).min(*last))).collect()
}
