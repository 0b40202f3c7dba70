use serde::{Deserialize, Serialize};

use crate::motif::grammar::{MotifParameters, PerMotif, Range, checked_keys};

/// The parameters of one motif under `excursion`. Deserialising refuses unknown keys and values out of range, and names the range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcursionParameters {
    /// Time constant of the smoothed magnitude, in seconds: above 0.
    #[serde(deserialize_with = "tau_seconds")]
    pub tau_seconds: f64,
    /// Smoothed magnitude from which a channel that is out is hot, in the residual's unit: above 0.
    #[serde(deserialize_with = "drift_threshold")]
    pub drift_threshold: f64,
    /// Magnitude of a single residual that is hot, in the residual's unit: above 0.
    #[serde(deserialize_with = "slew_threshold")]
    pub slew_threshold: f64,
    /// Magnitude from which a residual is out (one that is hot is out, too), in the residual's unit: above 0.
    #[serde(deserialize_with = "release_threshold")]
    pub release_threshold: f64,
    /// Seconds that an excursion has to last to be an episode: 0 or more.
    #[serde(deserialize_with = "open_dwell_seconds")]
    pub open_dwell_seconds: f64,
    /// Seconds in which nothing is out, after which an episode is over: 0 or more.
    #[serde(deserialize_with = "close_dwell_seconds")]
    pub close_dwell_seconds: f64,
    /// Seconds between samples beyond which nothing is known: above 0.
    #[serde(deserialize_with = "max_gap_seconds")]
    pub max_gap_seconds: f64,
}

impl MotifParameters for ExcursionParameters {
    const RANGES: &'static [Range] = &[
        ("tau_seconds", "tau_seconds > 0", |value| value > 0.0),
        ("drift_threshold", "drift_threshold > 0", |value| value > 0.0),
        ("slew_threshold", "slew_threshold > 0", |value| value > 0.0),
        ("release_threshold", "release_threshold > 0", |value| value > 0.0),
        ("open_dwell_seconds", "open_dwell_seconds >= 0", |value| value >= 0.0),
        ("close_dwell_seconds", "close_dwell_seconds >= 0", |value| value >= 0.0),
        ("max_gap_seconds", "max_gap_seconds > 0", |value| value > 0.0),
    ];

    fn values(&mut self) -> Vec<&mut f64> {
        let Self {
            tau_seconds,
            drift_threshold,
            slew_threshold,
            release_threshold,
            open_dwell_seconds,
            close_dwell_seconds,
            max_gap_seconds,
        } = self;
        vec![
            tau_seconds,
            drift_threshold,
            slew_threshold,
            release_threshold,
            open_dwell_seconds,
            close_dwell_seconds,
            max_gap_seconds,
        ]
    }
}

checked_keys!(ExcursionParameters: tau_seconds, drift_threshold, slew_threshold, release_threshold, open_dwell_seconds,
    close_dwell_seconds, max_gap_seconds);

/// The grammar of `excursion`. Drift and slew by default are those of the published grammar.
pub type ExcursionGrammar = PerMotif<ExcursionParameters>;

impl Default for ExcursionGrammar {
    fn default() -> Self {
        let motif =
            |tau_seconds, drift_threshold, slew_threshold, open_dwell_seconds, close_dwell_seconds, max_gap_seconds| {
                ExcursionParameters {
                    tau_seconds,
                    drift_threshold,
                    slew_threshold,
                    release_threshold: drift_threshold / 2.0,
                    open_dwell_seconds,
                    close_dwell_seconds,
                    max_gap_seconds,
                }
            };
        Self {
            plan_regression_onset: motif(9.0, 0.20, 0.50, 2.0, 5.0, 15.0),
            cardinality_mismatch_regime: motif(9.0, 0.5, 1.0, 1.0, 5.0, 15.0),
            contention_ramp: motif(5.7, 0.05, 0.5, 1.0, 3.0, 15.0),
            cache_collapse: motif(9.0, 0.10, 0.30, 2.0, 5.0, 15.0),
            // A mix of queries needs a window of them: it comes every 30 s or so.
            workload_phase_transition: motif(9.0, 0.15, 0.35, 2.0, 5.0, 90.0),
        }
    }
}
