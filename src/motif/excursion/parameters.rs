use crate::motif::grammar::{PerMotif, motif_parameters};

motif_parameters! {
    /// The parameters of one motif under `excursion`.
    ExcursionParameters {
        /// Time constant of the smoothed residual, in seconds: above 0.
        tau_seconds: "tau_seconds > 0", |value| value > 0.0;
        /// Magnitude of the smoothed residual that makes an excursion an episode, in the residual's unit: above 0.
        drift_threshold: "drift_threshold > 0", |value| value > 0.0;
        /// Magnitude from which a residual is out, in the residual's unit: above 0.
        release_threshold: "release_threshold > 0", |value| value > 0.0;
        /// Magnitude that a single residual counts for at most in the smoothed one, in the residual's unit: above 0.
        clip_threshold: "clip_threshold > 0", |value| value > 0.0;
        /// Seconds that an excursion has to last to be an episode: 0 or more.
        open_dwell_seconds: "open_dwell_seconds >= 0", |value| value >= 0.0;
        /// Seconds in which nothing is out, after which an excursion is over: 0 or more.
        close_dwell_seconds: "close_dwell_seconds >= 0", |value| value >= 0.0;
        /// Seconds between samples up to which the channel is known in between, however often it is sampled: above 0.
        max_gap_seconds: "max_gap_seconds > 0", |value| value > 0.0;
        /// The same in usual intervals of the channel: 0 or more.
        max_gap_intervals: "max_gap_intervals >= 0", |value| value >= 0.0;
        /// Least time constant of a channel that is sampled rarely and evenly, in its usual intervals: 0 or more.
        tau_intervals: "tau_intervals >= 0", |value| value >= 0.0;
        /// Usual intervals of such a channel in which nothing is out, before which no excursion is over: 0 or more.
        close_dwell_intervals: "close_dwell_intervals >= 0", |value| value >= 0.0;
    }
}

/// The grammar of `excursion`. Its time constants, drift and clip thresholds are those that the experiment `excursion-choice`
/// picks; what the others rest on: `docs/engines.md`.
pub type ExcursionGrammar = PerMotif<ExcursionParameters>;

impl Default for ExcursionGrammar {
    fn default() -> Self {
        let motif = |tau_seconds, drift_threshold, release_threshold, clip_threshold| ExcursionParameters {
            tau_seconds,
            drift_threshold,
            release_threshold,
            clip_threshold,
            open_dwell_seconds: 2.0,
            close_dwell_seconds: 5.0,
            max_gap_seconds: 15.0,
            max_gap_intervals: 5.0,
            tau_intervals: 2.0,
            close_dwell_intervals: 5.0,
        };
        Self {
            plan_regression_onset: motif(12.0, 0.35, 0.20, 2.0),
            cardinality_mismatch_regime: motif(30.0, 0.75, 0.5, 2.0),
            contention_ramp: ExcursionParameters {
                open_dwell_seconds: 1.0,
                close_dwell_seconds: 3.0,
                ..motif(9.0, 0.0875, 0.05, 1.0)
            },
            cache_collapse: motif(30.0, 0.15, 0.10, 1.2),
            // A mix of queries needs a window of them: it comes every 30 s or so.
            workload_phase_transition: ExcursionParameters { max_gap_seconds: 90.0, ..motif(12.0, 0.2625, 0.15, 1.05) },
        }
    }
}
