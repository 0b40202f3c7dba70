use serde::{Deserialize, Deserializer, Serialize};

use super::Motif;
use crate::residual::number;

/// The parameters of one motif. Deserialising refuses unknown keys and values out of range, and names the range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Memory of the moving average, per sample: 0 ≤ rho < 1.
    #[serde(deserialize_with = "rho")]
    pub rho: f64,
    /// Scale at which an observer trusts a channel half, in the residual's unit: above 0.
    #[serde(deserialize_with = "sigma0")]
    pub sigma0: f64,
    /// Moving average of the innovation from which a channel drifts, in the residual's unit: above 0.
    #[serde(deserialize_with = "drift_threshold")]
    pub drift_threshold: f64,
    /// Magnitude of a single residual that is a boundary, in the residual's unit: above 0.
    #[serde(deserialize_with = "slew_threshold")]
    pub slew_threshold: f64,
    /// Seconds that a channel must stay stable before its episode closes: 0 or more.
    #[serde(deserialize_with = "min_dwell_seconds")]
    pub min_dwell_seconds: f64,
}

impl Parameters {
    /// Names and values in the order in which they are written.
    #[must_use]
    pub fn entries(&self) -> [(&'static str, f64); 5] {
        [
            ("rho", self.rho),
            ("sigma0", self.sigma0),
            ("drift_threshold", self.drift_threshold),
            ("slew_threshold", self.slew_threshold),
            ("min_dwell_seconds", self.min_dwell_seconds),
        ]
    }
}

/// Key, range in words, and the range itself, for every parameter.
type Range = (&'static str, &'static str, fn(f64) -> bool);
const RANGES: [Range; 5] = [
    ("rho", "0 <= rho < 1", |value| (0.0..1.0).contains(&value)),
    // Below 1e-308 its reciprocal, the weight of a quiet channel, would be infinite.
    ("sigma0", "sigma0 > 0 (at least 1e-308)", |value| value >= 1e-308),
    ("drift_threshold", "drift_threshold > 0", |value| value > 0.0),
    ("slew_threshold", "slew_threshold > 0", |value| value > 0.0),
    ("min_dwell_seconds", "min_dwell_seconds >= 0", |value| value >= 0.0),
];

/// A parameter that a grammar does not take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// No motif, or no parameter, of that name.
    #[error("unknown {what} `{name}`; known: {known}")]
    Unknown {
        /// `motif` or `parameter`.
        what: &'static str,
        /// What was given.
        name: String,
        /// The valid choices.
        known: String,
    },
    /// Not finite, or outside the parameter's range.
    #[error("{value} is out of range: {range}, finite")]
    OutOfRange {
        /// What was given.
        value: f64,
        /// The range in words.
        range: &'static str,
    },
}

fn check(key: &str, value: f64) -> Result<f64, ParameterError> {
    let Some((_, range, holds)) = RANGES.into_iter().find(|(known, ..)| *known == key) else {
        let known = RANGES.map(|(known, ..)| known).join(", ");
        return Err(ParameterError::Unknown { what: "parameter", name: key.to_owned(), known });
    };
    if value.is_finite() && holds(value) { Ok(value) } else { Err(ParameterError::OutOfRange { value, range }) }
}

fn checked<'de, D: Deserializer<'de>>(input: D, key: &str) -> Result<f64, D::Error> {
    check(key, f64::deserialize(input)?).map_err(serde::de::Error::custom)
}

fn rho<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    checked(input, "rho")
}

fn sigma0<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    checked(input, "sigma0")
}

fn drift_threshold<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    checked(input, "drift_threshold")
}

fn slew_threshold<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    checked(input, "slew_threshold")
}

fn min_dwell_seconds<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    checked(input, "min_dwell_seconds")
}

/// The parameters of the five motifs. All keys are required; [`Grammar::default`] is the published one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grammar {
    /// For [`Motif::PlanRegressionOnset`].
    pub plan_regression_onset: Parameters,
    /// For [`Motif::CardinalityMismatchRegime`].
    pub cardinality_mismatch_regime: Parameters,
    /// For [`Motif::ContentionRamp`].
    pub contention_ramp: Parameters,
    /// For [`Motif::CacheCollapse`].
    pub cache_collapse: Parameters,
    /// For [`Motif::WorkloadPhaseTransition`].
    pub workload_phase_transition: Parameters,
}

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

impl Grammar {
    /// The parameters of one motif.
    #[must_use]
    pub const fn of(&self, motif: Motif) -> &Parameters {
        match motif {
            Motif::PlanRegressionOnset => &self.plan_regression_onset,
            Motif::CardinalityMismatchRegime => &self.cardinality_mismatch_regime,
            Motif::ContentionRamp => &self.contention_ramp,
            Motif::CacheCollapse => &self.cache_collapse,
            Motif::WorkloadPhaseTransition => &self.workload_phase_transition,
        }
    }

    /// Changes one parameter of one motif, both by name.
    ///
    /// # Errors
    /// When there is no such motif or parameter, or the value is out of range; nothing is changed then.
    pub fn set(&mut self, motif: &str, key: &str, value: f64) -> Result<(), ParameterError> {
        let value = check(key, value)?;
        let parameters = match Motif::ALL.into_iter().find(|known| known.name() == motif) {
            Some(Motif::PlanRegressionOnset) => &mut self.plan_regression_onset,
            Some(Motif::CardinalityMismatchRegime) => &mut self.cardinality_mismatch_regime,
            Some(Motif::ContentionRamp) => &mut self.contention_ramp,
            Some(Motif::CacheCollapse) => &mut self.cache_collapse,
            Some(Motif::WorkloadPhaseTransition) => &mut self.workload_phase_transition,
            None => {
                let known = Motif::ALL.map(Motif::name).join(", ");
                return Err(ParameterError::Unknown { what: "motif", name: motif.to_owned(), known });
            }
        };
        match key {
            "rho" => parameters.rho = value,
            "sigma0" => parameters.sigma0 = value,
            "drift_threshold" => parameters.drift_threshold = value,
            "slew_threshold" => parameters.slew_threshold = value,
            _ => parameters.min_dwell_seconds = value,
        }
        Ok(())
    }

    /// `motif.key` and the text of its value, for every parameter, in the order of the motifs: what a digest hashes.
    #[must_use]
    pub fn canonical(&self) -> Vec<(String, String)> {
        let pairs = Motif::ALL.into_iter().flat_map(|motif| {
            self.of(motif).entries().into_iter().map(move |(key, value)| {
                let mut text = Vec::new();
                number::write_table(&mut text, value);
                (format!("{}.{key}", motif.name()), String::from_utf8_lossy(&text).into_owned())
            })
        });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_can_be_set_by_name_and_only_within_its_range() {
        let mut grammar = Grammar::default();
        for motif in Motif::ALL {
            for (key, _) in grammar.of(motif).entries() {
                grammar.set(motif.name(), key, 0.25).unwrap();
            }
            assert_eq!(grammar.of(motif).entries().map(|(_, value)| value), [0.25; 5]);
        }
        let before = grammar;
        for (motif, key, value) in
            [("cache_collapse", "rho", 1.0), ("cache_colapse", "rho", 0.5), ("cache_collapse", "roh", 0.5)]
        {
            assert!(grammar.set(motif, key, value).is_err());
        }
        assert_eq!(grammar, before);
    }
}
