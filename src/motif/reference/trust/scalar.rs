//! The plain fused observer, for numbers of any magnitude.

use super::WantedTrust;
use crate::motif::Parameters;
use crate::motif::reference::observer::{Motion, interval};

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

/// The trusts of one class.
pub(super) fn trust_sums(wanted: &WantedTrust<'_>) -> Vec<f64> {
    let WantedTrust { parameters, runs, places } = *wanted;
    let mut observer = FusedObserver::new(parameters, runs.len());
    let mut sums = Vec::with_capacity(places.len());
    for channel in 0..runs.len() {
        let (t, values) = runs.of_channel(channel);
        let mut previous = t.first().copied().unwrap_or_default();
        for (at, (&now, &value)) in t.iter().zip(values).enumerate() {
            let Some(&next) = places.get(sums.len()) else { return sums };
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
