//! PELT as published: its cost and penalty are those of rounding errors on constants.

use super::pelt::backwards;
use crate::evaluate::detector::{Detection, Detector, Series, Settings};
use crate::residual::Math;

/// Values of the shortest stretch.
const SEGMENT: usize = 5;

/// The detector `pelt-reference`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct PeltReference;

impl Detector for PeltReference {
    fn name(&self) -> &'static str {
        "pelt-reference"
    }

    fn title(&self) -> &'static str {
        "PELT as published: also fires on constants"
    }

    fn detect(&self, series: &Series<'_>, _: &Settings) -> Vec<Detection> {
        series.changes(cuts(series.values, series.math))
    }
}

/// As published (`docs/method.md`): indices of the cuts. Its costs are differences of sums of squares, which on a constant
/// other than 0 are rounding errors, and its penalty is a multiple of a variance that is one, too.
fn cuts(values: &[f64], math: Math) -> Vec<usize> {
    let n = values.len();
    if n < 2 * SEGMENT {
        return Vec::new();
    }
    let mut sums = vec![0.0; n + 1];
    let mut squares = vec![0.0; n + 1];
    for (index, value) in values.iter().enumerate() {
        sums[index + 1] = sums[index] + value;
        squares[index + 1] = squares[index] + value * value;
    }
    let mean = sums[n] / n as f64;
    let variance = (squares[n] / n as f64 - mean * mean).max(f64::MIN_POSITIVE);
    let penalty = (2.0 * math.ln(n as f64)) * variance;
    let cost = |from: usize, to: usize| {
        let sum: f64 = sums[to] - sums[from];
        ((squares[to] - squares[from]) - (sum * sum) / (to - from) as f64).max(0.0)
    };
    let mut least = vec![f64::INFINITY; n + 1];
    least[0] = -penalty;
    let mut previous = vec![0; n + 1];
    let mut candidates = vec![0];
    for to in SEGMENT..=n {
        let mut best = f64::INFINITY;
        candidates.retain(|&from| {
            if to - from < SEGMENT {
                return true;
            }
            let without = least[from] + cost(from, to);
            let with = without + penalty;
            if with < best {
                best = with;
                previous[to] = from;
            }
            without < best
        });
        least[to] = best;
        candidates.push(to);
    }
    backwards(&previous, n)
}
