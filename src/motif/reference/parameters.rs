use crate::motif::grammar::{PerMotif, motif_parameters};

motif_parameters! {
    /// The parameters of one motif under `reference`.
    Parameters {
        /// Memory of the moving average, per sample: 0 ≤ rho < 1.
        rho: "0 <= rho < 1", |value| (0.0..1.0).contains(&value);
        /// Scale at which an observer trusts a channel half, in the residual's unit: above 0. Below 1e-308 its reciprocal, the
        /// weight of a quiet channel, would be infinite.
        sigma0: "sigma0 > 0 (at least 1e-308)", |value| value >= 1e-308;
        /// Moving average of the innovation from which a channel drifts, in the residual's unit: above 0.
        drift_threshold: "drift_threshold > 0", |value| value > 0.0;
        /// Magnitude of a single residual that is a boundary, in the residual's unit: above 0.
        slew_threshold: "slew_threshold > 0", |value| value > 0.0;
        /// Seconds that a channel must stay stable before its episode closes: 0 or more.
        min_dwell_seconds: "min_dwell_seconds >= 0", |value| value >= 0.0;
    }
}

/// The grammar of `reference`; [`Grammar::default`] is the published one.
pub type Grammar = PerMotif<Parameters>;

impl Default for Grammar {
    fn default() -> Self {
        let motif = |rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds| Parameters {
            rho,
            sigma0,
            drift_threshold,
            slew_threshold,
            min_dwell_seconds,
        };
        Self {
            plan_regression_onset: motif(0.9, 0.05, 0.20, 0.50, 5.0),
            cardinality_mismatch_regime: motif(0.9, 0.05, 0.5, 1.0, 2.0),
            contention_ramp: motif(0.85, 0.01, 0.05, 0.5, 1.0),
            cache_collapse: motif(0.9, 0.02, 0.10, 0.30, 5.0),
            workload_phase_transition: motif(0.9, 0.02, 0.15, 0.35, 30.0),
        }
    }
}
