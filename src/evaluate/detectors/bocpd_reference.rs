//! BOCPD as published: forgets at run length 200, and takes that for a change.

use super::belief::{Belief, LogGammas};
use crate::evaluate::detector::{Detection, Detector, Series, Settings};
use crate::residual::Math;

/// Chance of a change at each value.
const HAZARD: f64 = 1.0 / 100.0;

/// The detector `bocpd-reference`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct BocpdReference;

impl Detector for BocpdReference {
    fn name(&self) -> &'static str {
        "bocpd-reference"
    }

    fn title(&self) -> &'static str {
        "BOCPD as published: most of its alarms are that it forgets"
    }

    fn detect(&self, series: &Series<'_>, _: &Settings) -> Vec<Detection> {
        series.changes(changes(series.values, series.math))
    }
}

/// The density of Student's t that a belief predicts `x` by; `log_gammas` is ln Γ((v+1)/2) − ln Γ(v/2) for its degrees
/// of freedom v.
fn density(belief: Belief, x: f64, log_gammas: f64, math: Math) -> f64 {
    let Belief { mu, kappa, alpha, beta } = belief;
    let degrees = 2.0 * alpha;
    let scale = ((beta * (kappa + 1.0)) / (alpha * kappa)).max(f64::MIN_POSITIVE).sqrt();
    let z = (x - mu) / scale;
    let rest =
        0.5 * math.ln(degrees * std::f64::consts::PI) + ((degrees + 1.0) * 0.5) * math.ln(1.0 + (z * z) / degrees);
    math.exp(log_gammas - rest) / scale
}

/// The run length of the last of the largest probabilities.
fn most_likely(probabilities: &[f64]) -> usize {
    let last =
        probabilities.iter().enumerate().max_by(|a, b| a.1.partial_cmp(b.1).unwrap_or(std::cmp::Ordering::Equal));
    last.map_or(0, |(run, _)| run)
}

/// As published (`docs/method.md`): indices at which the most likely run length falls by two or more. Of more than 200 run
/// lengths the longest are forgotten, so that on a quiet series it falls every 200 values: most of its alarms are that.
fn changes(values: &[f64], math: Math) -> Vec<usize> {
    const KEPT: usize = 200;
    let mut changes = Vec::new();
    if values.len() < 2 {
        return changes;
    }
    let mut log_gammas = LogGammas::new(math);
    let (mut runs, mut beliefs) = (vec![1.0], vec![Belief::PRIOR]);
    let mut before = 0;
    for (index, &x) in values.iter().enumerate() {
        let mut next = vec![0.0; runs.len() + 1];
        let mut change = -0.0;
        for (run, (p, belief)) in runs.iter().zip(&beliefs).enumerate() {
            let joint = p * density(*belief, x, log_gammas.for_run(run), math);
            next[run + 1] = joint * (1.0 - HAZARD);
            change += joint * HAZARD;
        }
        next[0] = change;
        let total: f64 = next.iter().sum();
        if total > 0.0 {
            next.iter_mut().for_each(|p| *p /= total);
        } else {
            next[0] = 1.0;
        }
        beliefs.iter_mut().for_each(|belief| *belief = belief.updated(x));
        beliefs.insert(0, Belief::PRIOR);
        let now = most_likely(&next);
        if index > 0 && before >= 2 && now + 2 <= before {
            changes.push(index);
        }
        before = now;
        if next.len() > KEPT {
            next.truncate(KEPT);
            beliefs.truncate(KEPT);
            let total: f64 = next.iter().sum();
            if total > 0.0 {
                next.iter_mut().for_each(|p| *p /= total);
            }
        }
        runs = next;
    }
    changes
}
