use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::Motif;
use crate::residual::number;

/// Key, range in words, and the range itself, of a parameter.
pub type Range = (&'static str, &'static str, fn(f64) -> bool);

/// The parameters that an engine has for each motif.
pub trait MotifParameters: Copy + Serialize + DeserializeOwned {
    /// Every key with its range, in the order in which they are written.
    const RANGES: &'static [Range];

    /// The values, in that order.
    fn values(&mut self) -> Vec<&mut f64>;
}

/// Checks a value against the range of its key.
pub(super) fn checked<'de, P: MotifParameters, D: Deserializer<'de>>(input: D, key: &str) -> Result<f64, D::Error> {
    check::<P>(key, f64::deserialize(input)?).map_err(serde::de::Error::custom)
}

/// Functions that read a parameter of this name within its range.
macro_rules! checked_keys {
    ($parameters:ty: $($key:ident),+) => {
        $(fn $key<'de, D: serde::Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
            $crate::motif::grammar::checked::<$parameters, D>(input, stringify!($key))
        })+
    };
}
pub(super) use checked_keys;

/// The parameters of one motif under `reference`. Deserialising refuses unknown keys and values out of range, and names the range.
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

impl MotifParameters for Parameters {
    const RANGES: &'static [Range] = &[
        ("rho", "0 <= rho < 1", |value| (0.0..1.0).contains(&value)),
        // Below 1e-308 its reciprocal, the weight of a quiet channel, would be infinite.
        ("sigma0", "sigma0 > 0 (at least 1e-308)", |value| value >= 1e-308),
        ("drift_threshold", "drift_threshold > 0", |value| value > 0.0),
        ("slew_threshold", "slew_threshold > 0", |value| value > 0.0),
        ("min_dwell_seconds", "min_dwell_seconds >= 0", |value| value >= 0.0),
    ];

    fn values(&mut self) -> Vec<&mut f64> {
        let Self { rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds } = self;
        vec![rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds]
    }
}

checked_keys!(Parameters: rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds);

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

fn check<P: MotifParameters>(key: &str, value: f64) -> Result<f64, ParameterError> {
    let Some((_, range, holds)) = P::RANGES.iter().find(|(known, ..)| *known == key) else {
        let known: Vec<&str> = P::RANGES.iter().map(|(known, ..)| *known).collect();
        return Err(ParameterError::Unknown { what: "parameter", name: key.to_owned(), known: known.join(", ") });
    };
    if value.is_finite() && holds(value) { Ok(value) } else { Err(ParameterError::OutOfRange { value, range }) }
}

/// The parameters of the five motifs. All keys are required.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "P: MotifParameters")]
pub struct PerMotif<P> {
    /// For [`Motif::PlanRegressionOnset`].
    pub plan_regression_onset: P,
    /// For [`Motif::CardinalityMismatchRegime`].
    pub cardinality_mismatch_regime: P,
    /// For [`Motif::ContentionRamp`].
    pub contention_ramp: P,
    /// For [`Motif::CacheCollapse`].
    pub cache_collapse: P,
    /// For [`Motif::WorkloadPhaseTransition`].
    pub workload_phase_transition: P,
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

impl<P: MotifParameters> PerMotif<P> {
    /// The parameters of one motif.
    #[must_use]
    pub const fn of(&self, motif: Motif) -> &P {
        match motif {
            Motif::PlanRegressionOnset => &self.plan_regression_onset,
            Motif::CardinalityMismatchRegime => &self.cardinality_mismatch_regime,
            Motif::ContentionRamp => &self.contention_ramp,
            Motif::CacheCollapse => &self.cache_collapse,
            Motif::WorkloadPhaseTransition => &self.workload_phase_transition,
        }
    }

    fn of_mut(&mut self, motif: Motif) -> &mut P {
        match motif {
            Motif::PlanRegressionOnset => &mut self.plan_regression_onset,
            Motif::CardinalityMismatchRegime => &mut self.cardinality_mismatch_regime,
            Motif::ContentionRamp => &mut self.contention_ramp,
            Motif::CacheCollapse => &mut self.cache_collapse,
            Motif::WorkloadPhaseTransition => &mut self.workload_phase_transition,
        }
    }

    /// Changes one parameter of one motif, both by name.
    ///
    /// # Errors
    /// When there is no such motif or parameter, or the value is out of range; nothing is changed then.
    pub fn set(&mut self, motif: &str, key: &str, value: f64) -> Result<(), ParameterError> {
        let value = check::<P>(key, value)?;
        let Some(motif) = Motif::ALL.into_iter().find(|known| known.name() == motif) else {
            let known = Motif::ALL.map(Motif::name).join(", ");
            return Err(ParameterError::Unknown { what: "motif", name: motif.to_owned(), known });
        };
        for ((known, ..), place) in P::RANGES.iter().zip(self.of_mut(motif).values()) {
            if *known == key {
                *place = value;
            }
        }
        Ok(())
    }

    /// Motif, key and value of every parameter, in the order of the motifs.
    pub fn entries(&self) -> impl Iterator<Item = (Motif, &'static str, f64)> + use<'_, P> {
        Motif::ALL.into_iter().flat_map(|motif| {
            let mut parameters = *self.of(motif);
            let values: Vec<f64> = parameters.values().into_iter().map(|value| *value).collect();
            P::RANGES.iter().zip(values).map(move |((key, ..), value)| (motif, *key, value))
        })
    }

    /// `motif.key` and the text of its value, for every parameter, in the order of the motifs: what a digest hashes.
    #[must_use]
    pub fn canonical(&self) -> Vec<(String, String)> {
        let text = |value| {
            let mut text = Vec::new();
            number::write_table(&mut text, value);
            String::from_utf8_lossy(&text).into_owned()
        };
        self.entries().map(|(motif, key, value)| (format!("{}.{key}", motif.name()), text(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_can_be_set_by_name_and_only_within_its_range() {
        let mut grammar = Grammar::default();
        for motif in Motif::ALL {
            for (key, ..) in Parameters::RANGES {
                grammar.set(motif.name(), key, 0.25).unwrap();
            }
        }
        assert_eq!(grammar.entries().filter(|(.., value)| *value == 0.25).count(), 25);
        let before = grammar;
        for (motif, key, value) in
            [("cache_collapse", "rho", 1.0), ("cache_colapse", "rho", 0.5), ("cache_collapse", "roh", 0.5)]
        {
            assert!(grammar.set(motif, key, value).is_err());
        }
        assert_eq!(grammar, before);
    }
}
