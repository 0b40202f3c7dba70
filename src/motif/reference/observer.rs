//! The observer of one channel: it predicts the next residual and smooths how wrong it was.

/// Gains of the correction of position, slope and curvature.
pub(super) const GAINS: [f64; 3] = [0.5, 0.1, 0.01];

/// Position, slope and curvature of what an observer follows (`docs/method.md`, section 3).
#[derive(Clone, Copy, Default)]
pub(super) struct Motion {
    phi: f64,
    omega: f64,
    alpha: f64,
}

impl Motion {
    /// Moves on by `dt` seconds; [`Motion::correct`] must follow. Returns the predicted residual.
    pub(super) fn predict(&mut self, dt: f64) -> f64 {
        self.phi += self.omega * dt;
        self.omega += self.alpha * dt;
        self.phi
    }

    /// Takes in how far the residual was from the prediction.
    pub(super) fn correct(&mut self, innovation: f64) {
        self.phi += GAINS[0] * innovation;
        self.omega += GAINS[1] * innovation;
        self.alpha += GAINS[2] * innovation;
    }
}

/// The largest magnitude of an innovation: with it no state of an observer overflows, however many samples there are.
///
/// The published observer is not stable: steady steps of some 10 ms make it swing a little wider with each sample, so that after
/// some 300,000 of them there is no number for it any more.
const MOST_INNOVATION: f64 = 1e200;

/// An observer with one input.
///
/// The published one weighs its inputs; the weight of a single one is x/x = 1 exactly, because a grammar's `sigma0` has
/// a finite reciprocal, so it does not appear here. `tests/engine_oracle.rs` compares with the weighted form.
#[derive(Clone, Copy, Default)]
pub(super) struct Observer {
    motion: Motion,
    ema: f64,
}

impl Observer {
    /// Takes in a residual `dt` seconds after the last one and returns the moving average of |innovation|.
    pub(super) fn step(&mut self, rho: f64, value: f64, dt: f64) -> f64 {
        let mut innovation = value - self.motion.predict(dt);
        // A branch that is never taken costs less than a clamp, and leaves the bits of all others alone.
        if innovation.abs() > MOST_INNOVATION {
            innovation = MOST_INNOVATION.copysign(innovation);
        }
        self.ema = rho * self.ema + (1.0 - rho) * innovation.abs();
        self.motion.correct(innovation);
        self.ema
    }
}

/// Seconds between two samples as the observers see them: above zero, at most one.
pub(super) fn interval(t: f64, previous: f64) -> f64 {
    (t - previous).clamp(1e-6, 1.0)
}
