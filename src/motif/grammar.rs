use std::path::Path;

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

fn within<'de, D: Deserializer<'de>>(input: D, range: &str, holds: impl Fn(f64) -> bool) -> Result<f64, D::Error> {
    let value = f64::deserialize(input)?;
    if value.is_finite() && holds(value) {
        return Ok(value);
    }
    Err(serde::de::Error::custom(format_args!("{value} is out of range: {range}, finite")))
}

fn rho<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    within(input, "0 <= rho < 1", |value| (0.0..1.0).contains(&value))
}

fn sigma0<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    // Below 1e-308 its reciprocal, the weight of a quiet channel, would be infinite.
    within(input, "sigma0 > 0 (at least 1e-308)", |value| value >= 1e-308)
}

fn drift_threshold<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    within(input, "drift_threshold > 0", |value| value > 0.0)
}

fn slew_threshold<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    within(input, "slew_threshold > 0", |value| value > 0.0)
}

fn min_dwell_seconds<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    within(input, "min_dwell_seconds >= 0", |value| value >= 0.0)
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

    /// Parses the text of a grammar file whose `ending` is `toml`, `yaml`, `yml` or `json`.
    ///
    /// # Errors
    /// When the ending is another, the text does not parse, a key is missing or unknown, or a value is out of range.
    pub fn parse(text: &str, ending: &str) -> Result<Self, GrammarError> {
        let at = |problem: String, line: Option<usize>, column: Option<usize>| GrammarError::Malformed {
            problem,
            line: line.map(|line| line as u64),
            column: column.map(|column| column as u64),
        };
        match ending {
            "toml" => toml::from_str(text).map_err(|error| {
                let place = error.span().map(|span| line_and_column(text, span.start));
                at(error.message().to_owned(), place.map(|place| place.0), place.map(|place| place.1))
            }),
            "yaml" | "yml" => serde_yaml_ng::from_str(text).map_err(|error| {
                let place = error.location();
                let (line, column) = (place.as_ref().map(|at| at.line()), place.as_ref().map(|at| at.column()));
                at(error.to_string(), line, column)
            }),
            "json" => serde_json::from_str(text)
                .map_err(|error| at(error.to_string(), Some(error.line()), Some(error.column()))),
            _ => Err(GrammarError::Ending(ending.to_owned())),
        }
    }

    /// The ending of a grammar file's name, as [`Grammar::parse`] takes it.
    #[must_use]
    pub fn ending(path: &Path) -> String {
        path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
    }
}

/// Line and column, both from 1, of a byte offset in a text.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// A text that is not a grammar.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    /// The file's ending says nothing about its format.
    #[error("the ending `{0}` is not that of a grammar; known: toml, yaml, yml, json")]
    Ending(String),
    /// Syntax, a missing or unknown key, or a value out of range.
    #[error("not a grammar: {problem}")]
    Malformed {
        /// What, with the valid choices.
        problem: String,
        /// From 1, if known.
        line: Option<u64>,
        /// From 1, if known.
        column: Option<u64>,
    },
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
