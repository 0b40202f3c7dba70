//! Adaptive windowing: a window over the newest values is cut where its two parts have different means.

use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};
use crate::residual::Math;

const PARAMETERS: [Parameter; 2] = [
    Parameter::probability("delta", 0.002, "confidence of a cut"),
    Parameter::count("side", 5.0, "values that each part of the window must have at least"),
];

/// The detector `adwin`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Adwin;

impl Detector for Adwin {
    fn name(&self) -> &'static str {
        "adwin"
    }

    fn title(&self) -> &'static str {
        "a window is cut where the means of its parts differ by more than a bound"
    }

    fn citation(&self) -> &'static str {
        "Bifet and Gavaldà, SDM 2007"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        series.changes(cuts(series.values, settings.number("delta"), settings.count("side"), series.math))
    }
}

/// ADWIN with the bound of its paper (section 3.2, which knows the variance), on exact windows: indices of the cuts.
///
/// Means are taken of differences from the window's first value, and a window that holds one value only is not cut, so
/// that rounding is never taken for a change.
pub(in crate::evaluate) fn cuts(values: &[f64], delta: f64, side: usize, math: Math) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0;
    // Sums of the values and of their squares from the window's start, less its first value.
    let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut end = 0;
    while end < values.len() {
        let value = values[end] - values[start];
        end += 1;
        sums.push(sums[sums.len() - 1] + value);
        squares.push(squares[squares.len() - 1] + value * value);
        (low, high) = (low.min(value), high.max(value));
        let count = end - start;
        if count < 2 * side || low == high {
            continue;
        }
        let (n, sum) = (count as f64, sums[count]);
        let variance = (squares[count] / n - (sum / n) * (sum / n)).max(0.0);
        let confidence = math.ln(2.0 * n / delta);
        let excess = |cut: usize| {
            let (n0, n1) = (cut as f64, (count - cut) as f64);
            let inverse = 1.0 / n0 + 1.0 / n1;
            let bound =
                (2.0 * inverse * variance * confidence).sqrt() + (2.0 / 3.0) * inverse * (high - low) * confidence;
            (sums[cut] / n0 - (sum - sums[cut]) / n1).abs() - bound
        };
        let (mut best, mut at) = (0.0, None);
        for cut in side..=count - side {
            let excess = excess(cut);
            if excess > best {
                (best, at) = (excess, Some(cut));
            }
        }
        if let Some(cut) = at {
            start += cut;
            cuts.push(start);
            // The window begins anew; what it holds is read again.
            (sums, squares, end) = (vec![0.0], vec![0.0], start);
            (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        }
    }
    cuts
}
