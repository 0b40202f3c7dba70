//! Pruned exact linear time: the cuts of a series into stretches of constant mean that cost least, a penalty a cut included.

use super::robust::{TO_DEVIATION, median};
use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};
use crate::residual::Math;

const PARAMETERS: [Parameter; 2] = [
    Parameter::count("segment", 5.0, "values of the shortest stretch"),
    Parameter::above_zero("penalty", 3.0, "what a cut costs, times ln(n) σ²"),
];

/// The detector `pelt`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Pelt;

impl Detector for Pelt {
    fn name(&self) -> &'static str {
        "pelt"
    }

    fn title(&self) -> &'static str {
        "the cheapest cuts into stretches of constant mean"
    }

    fn citation(&self) -> &'static str {
        "Killick et al., JASA 2012"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        series.changes(cuts(series.values, settings.count("segment"), settings.number("penalty"), series.math))
    }
}

/// PELT on the series less its median, with the penalty `penalty · ln(n) σ²` and σ from the median of absolute differences of
/// neighbours, which changes of the mean do not move: indices of the cuts. A series of one value has none.
///
/// A cut also has to gain more than what the sums of squares may have lost to rounding: beside one residual of 1e9, that is
/// more than any change of a hundredth, and would otherwise be taken for changes all over.
///
/// Not by the crate `pelt`: its 0.3.4 refuses every series when each index may be a cut (`NotEnoughPoints` for a jump of 1).
pub(in crate::evaluate) fn cuts(values: &[f64], segment: usize, penalty: f64, math: Math) -> Vec<usize> {
    let count = values.len() as f64;
    let level = median(values);
    let centred: Vec<f64> = values.iter().map(|value| value - level).collect();
    if centred.iter().all(|value| *value == 0.0) {
        return Vec::new();
    }
    let steps: Vec<f64> = centred.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    // The difference of two normal values deviates by √2 times as much as one.
    let robust = median(&steps) * TO_DEVIATION / std::f64::consts::SQRT_2;
    let mean = centred.iter().sum::<f64>() / count;
    let variance = centred.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    // More than half of the steps may be exactly zero; what varies at all then says how much.
    let variance = if robust > 0.0 { robust * robust } else { variance };
    let rounding = count * f64::EPSILON * centred.iter().map(|value| value * value).sum::<f64>();
    cheapest(&centred, segment, (penalty * math.ln(count) * variance).max(rounding))
}

/// The cuts into stretches of at least `segment` values for which the squared deviations from the means of the stretches,
/// and the penalty a cut, cost least (Killick et al., 2012, with the pruning delayed by a stretch, without which a shortest
/// stretch makes it inexact).
pub(in crate::evaluate) fn cheapest(values: &[f64], segment: usize, penalty: f64) -> Vec<usize> {
    let n = values.len();
    let (mut sums, mut squares) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    for (index, value) in values.iter().enumerate() {
        sums[index + 1] = sums[index] + value;
        squares[index + 1] = squares[index] + value * value;
    }
    let cost = |from: usize, to: usize| {
        let sum: f64 = sums[to] - sums[from];
        (squares[to] - squares[from] - sum * sum / (to - from) as f64).max(0.0)
    };
    let (mut least, mut previous) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
    least[0] = -penalty;
    // Starts of the last stretch, and from which end on each can be dropped: `to` is better for all ends behind it.
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    for to in segment..=n {
        candidates.push((to - segment, usize::MAX));
        candidates.retain(|(from, until)| to < *until && least[*from] < f64::INFINITY);
        for (from, _) in &candidates {
            let whole = least[*from] + cost(*from, to) + penalty;
            if whole < least[to] {
                (least[to], previous[to]) = (whole, *from);
            }
        }
        for (from, until) in &mut candidates {
            if least[*from] + cost(*from, to) >= least[to] {
                *until = (*until).min(to + segment);
            }
        }
    }
    backwards(&previous, n)
}

/// The cuts before `end`, each found from the one behind it.
pub(super) fn backwards(previous: &[usize], end: usize) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut at = end;
    while at > 0 {
        at = previous[at];
        cuts.extend((at > 0).then_some(at));
    }
    cuts.reverse();
    cuts
}
