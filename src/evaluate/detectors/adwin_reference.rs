//! ADWIN as published: also fires on constants.

use crate::evaluate::detector::{Detection, Detector, Series, Settings};
use crate::residual::Math;

/// Confidence of a cut.
const DELTA: f64 = 0.002;

/// Values that each part must have at least.
const SIDE: usize = 5;

/// The detector `adwin-reference`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct AdwinReference;

impl Detector for AdwinReference {
    fn name(&self) -> &'static str {
        "adwin-reference"
    }

    fn title(&self) -> &'static str {
        "ADWIN as published: also fires on constants"
    }

    fn detect(&self, series: &Series<'_>, _: &Settings) -> Vec<Detection> {
        series.changes(cuts(series.values, series.math))
    }
}

/// As published (`docs/method.md`): indices of the cuts, each with the largest difference of means in its window.
///
/// Each mean is a sum from the left end of its part. Left sums grow with the cut, right sums with the window, so that
/// a window costs its length and not its square.
pub(in crate::evaluate) fn cuts(values: &[f64], math: Math) -> Vec<usize> {
    let mut cuts = Vec::new();
    if values.len() < 2 * SIDE {
        return cuts;
    }
    // At k: the sum of the values from k to the end of the window.
    let mut right = vec![0.0; values.len()];
    let mut start = 0;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for end in 1..=values.len() {
        let value = values[end - 1];
        right[start..end].iter_mut().for_each(|sum| *sum += value);
        (low, high) = (low.min(value), high.max(value));
        let count = end - start;
        if count < 2 * SIDE {
            continue;
        }
        let (mut best, mut at) = (0.0, None);
        let mut left: f64 = values[start..start + SIDE - 1].iter().sum();
        for cut in start + SIDE..=end - SIDE {
            left += values[cut - 1];
            let difference = (left / (cut - start) as f64 - right[cut] / (end - cut) as f64).abs();
            if difference > best {
                (best, at) = (difference, Some(cut));
            }
        }
        let Some(cut) = at else { continue };
        let range = (high - low).max(f64::EPSILON);
        let (n0, n1) = ((cut - start) as f64, (end - cut) as f64);
        let m = ((2.0 * n0) * n1) / (n0 + n1);
        let bound = (((range * range) / (2.0 * m)) * math.ln(2.0 / (DELTA / count as f64))).sqrt();
        if best > bound {
            cuts.push(cut);
            start = cut;
            let window = &values[start..end];
            (low, high) = window
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
        }
    }
    cuts
}
