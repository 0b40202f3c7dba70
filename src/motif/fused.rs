//! The trust of an emission: the sum of the fused observer's weights, exact to the last bit.
//!
//! One observer with as many inputs as the class has channels follows the channels one after another; its weights
//! influence no detection and sum to 1 but for rounding, yet that rounding is part of the published fingerprint. The
//! pass costs samples × channels, so it runs only for classes in which an episode closes, and only as far as the last
//! close. This is the plain one, for numbers of any magnitude; [`super::lockstep`] is the fast one.

use super::Parameters;
use super::observer::{Motion, interval};
use super::runs::Runs;

/// An observer with many inputs that share one prediction and are weighed by how predictable they have been.
struct FusedObserver {
    rho: f64,
    sigma0: f64,
    motion: Motion,
    latest: Vec<f64>,
    ema: Vec<f64>,
    innovation: Vec<f64>,
    /// Reciprocal scales after a step; divided by their sum they are the weights.
    raw: Vec<f64>,
    raw_sum: f64,
}

impl FusedObserver {
    fn new(parameters: &Parameters, inputs: usize) -> Self {
        Self {
            rho: parameters.rho,
            sigma0: parameters.sigma0,
            motion: Motion::default(),
            latest: vec![0.0; inputs],
            ema: vec![0.0; inputs],
            innovation: vec![0.0; inputs],
            raw: vec![0.0; inputs],
            raw_sum: 0.0,
        }
    }

    fn step(&mut self, dt: f64) {
        let predicted = self.motion.predict(dt);
        let (rho, complement) = (self.rho, 1.0 - self.rho);
        let inputs = self.latest.iter().zip(&mut self.ema).zip(&mut self.innovation).zip(&mut self.raw);
        for (((latest, ema), innovation), raw) in inputs {
            *innovation = latest - predicted;
            *ema = rho * *ema + complement * innovation.abs();
            *raw = 1.0 / (self.sigma0 + *ema);
        }
        // Both sums are left folds: their rounding is what is published.
        self.raw_sum = self.raw.iter().sum();
        let correction = self.raw.iter().zip(&self.innovation).map(|(raw, r)| self.weight(*raw) * r).sum();
        self.motion.correct(correction);
    }

    fn weight(&self, raw: f64) -> f64 {
        if self.raw_sum > 0.0 { raw / self.raw_sum } else { 1.0 / self.raw.len() as f64 }
    }

    fn trust_sum(&self) -> f64 {
        self.raw.iter().map(|raw| self.weight(*raw)).sum()
    }
}

/// The trust after each sample in `wanted`: (channel, sample of it) pairs in ascending order.
pub(super) fn trust_sums(parameters: &Parameters, runs: &Runs, wanted: &[(usize, usize)]) -> Vec<f64> {
    let mut observer = FusedObserver::new(parameters, runs.len());
    let mut sums = Vec::with_capacity(wanted.len());
    for channel in 0..runs.len() {
        let (t, values) = runs.of(channel);
        let mut previous = t.first().copied().unwrap_or_default();
        for (at, (&now, &value)) in t.iter().zip(values).enumerate() {
            let Some(&next) = wanted.get(sums.len()) else { return sums };
            observer.latest[channel] = value;
            observer.step(interval(now, previous));
            previous = now;
            if next == (channel, at) {
                sums.push(observer.trust_sum());
            }
        }
    }
    sums
}
