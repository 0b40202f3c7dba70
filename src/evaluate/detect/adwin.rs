//! ADWIN: a window over the newest values is cut where its two parts have different means.

use crate::residual::Math;

/// Confidence of a cut.
const DELTA: f64 = 0.002;

/// Values that each part must have at least.
const SIDE: usize = 5;

/// As published (`docs/method.md`): indices of the cuts, each with the largest difference of means in its window.
///
/// Each mean is a sum from the left end of its part. Left sums grow with the cut, right sums with the window, so that
/// a window costs its length and not its square.
pub(super) fn reference(values: &[f64], math: Math) -> Vec<usize> {
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

/// ADWIN with the bound of its paper (section 3.2, which knows the variance), on exact windows: indices of the cuts.
///
/// Means are taken of differences from the window's first value, and a window that holds one value only is not cut, so
/// that rounding is never taken for a change.
pub(super) fn correct(values: &[f64], math: Math) -> Vec<usize> {
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
        if count < 2 * SIDE || low == high {
            continue;
        }
        let (n, sum) = (count as f64, sums[count]);
        let variance = (squares[count] / n - (sum / n) * (sum / n)).max(0.0);
        let confidence = math.ln(2.0 * n / DELTA);
        let excess = |cut: usize| {
            let (n0, n1) = (cut as f64, (count - cut) as f64);
            let inverse = 1.0 / n0 + 1.0 / n1;
            let bound =
                (2.0 * inverse * variance * confidence).sqrt() + (2.0 / 3.0) * inverse * (high - low) * confidence;
            (sums[cut] / n0 - (sum - sums[cut]) / n1).abs() - bound
        };
        let (mut best, mut at) = (0.0, None);
        for cut in SIDE..=count - SIDE {
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
