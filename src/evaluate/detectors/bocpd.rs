//! Bayesian online change point detection: how likely each number of values since the last change is.

use super::belief::{Belief, LogGammas};
use super::robust::beginning;
use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};
use crate::residual::Math;

const PARAMETERS: [Parameter; 1] = [Parameter::probability("hazard", 0.01, "chance of a change at each value")];

/// Probability below which a run length above [`YOUNG`] is let go. Well below a millionth, nearly all run lengths of a long
/// quiet series would stay.
const NEGLIGIBLE: f64 = 1e-6;

/// Run lengths that are kept however unlikely: one that begins far from the prior is, until its values have spoken for it. It
/// took 67 of them in `bocpd_finds_changes_far_from_its_prior`.
const YOUNG: usize = 256;

/// The detector `bocpd`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Bocpd;

impl Detector for Bocpd {
    fn name(&self) -> &'static str {
        "bocpd"
    }

    fn title(&self) -> &'static str {
        "the most likely number of values since the last change falls"
    }

    fn citation(&self) -> &'static str {
        "Adams and MacKay, 2007"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        series.changes(changes(series.values, settings.number("hazard"), series.math))
    }
}

/// The same density without its factor, and without logarithms: the degrees of freedom, 2 + `run`, are whole, so that the
/// power is one of a square root.
fn shape(belief: Belief, x: f64, run: usize) -> f64 {
    let Belief { mu, kappa, alpha, beta } = belief;
    let square = (beta * (kappa + 1.0)) / (alpha * kappa);
    let base = (1.0 + (x - mu) * (x - mu) / (square * (2.0 + run as f64))).sqrt();
    let (mut power, mut factor, mut left) = (1.0, base, run + 3);
    while left > 0 {
        if left % 2 == 1 {
            power *= factor;
        }
        factor *= factor;
        left /= 2;
    }
    1.0 / (power * square.sqrt())
}

/// BOCPD that forgets nothing likely: indices of the values that a new run is believed to have begun with, ascending.
///
/// The series is brought to unit scale by the robust deviation of its first values, so that the prior means something.
/// Of the run lengths above [`YOUNG`], those less likely than [`NEGLIGIBLE`] are let go one by one, so that some hundred
/// remain; `bocpd_loses_nothing_by_what_it_lets_go` guards that. A change is where the most likely run length falls to less
/// than half, and by five at least. One that is believed, doubted, and believed again is one change.
pub(in crate::evaluate) fn changes(values: &[f64], hazard: f64, math: Math) -> Vec<usize> {
    const LEAST_FALL: usize = 5;
    let Some((centre, scale)) = beginning(values) else { return Vec::new() };
    let mut log_gammas = LogGammas::new(math);
    // By run length: what the density is multiplied with, whatever the belief.
    let mut factors: Vec<f64> = Vec::new();
    let mut runs = vec![(0_usize, 1.0, Belief::PRIOR)];
    let mut before = 0_usize;
    let mut changes = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let x = (value - centre) / scale;
        while factors.len() <= index {
            let degrees = 2.0 + factors.len() as f64;
            let log_gammas = log_gammas.for_run(factors.len());
            factors.push(math.exp(log_gammas - 0.5 * math.ln(degrees * std::f64::consts::PI)));
        }
        // The run of no value yet, which the next one may begin, and those that hold `x`.
        let mut next = Vec::with_capacity(runs.len() + 1);
        next.push((0, 0.0, Belief::PRIOR));
        let mut total = 0.0;
        for (run, p, belief) in &runs {
            let joint = p * factors[*run] * shape(*belief, x, *run);
            total += joint;
            next.push((run + 1, joint * (1.0 - hazard), belief.updated(x)));
        }
        next[0].1 = total * hazard;
        if total > 0.0 && total.is_finite() {
            next.iter_mut().for_each(|(_, p, _)| *p /= total);
            next.retain(|(run, p, _)| *run <= YOUNG || *p >= NEGLIGIBLE);
        } else {
            // A value that every belief calls impossible begins a run for certain.
            next = vec![(0, hazard, Belief::PRIOR), (1, 1.0 - hazard, Belief::PRIOR.updated(x))];
        }
        let likely =
            next[1..].iter().fold((1, 0.0), |best, (run, p, _)| if *p >= best.1 { (*run, *p) } else { best }).0;
        if likely * 2 < before && before - likely >= LEAST_FALL {
            changes.push(index + 1 - likely);
        }
        before = likely;
        runs = next;
    }
    changes.sort_unstable();
    changes.dedup();
    changes
}
