use serde::Serialize;

use super::Motif;
use crate::diagnostics::UnknownName;

/// The range of a parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParameterRange {
    /// The name of the parameter.
    pub key: &'static str,
    /// Its range in words.
    pub range: &'static str,
    /// Whether a finite number is in it.
    pub holds: fn(f64) -> bool,
}

impl ParameterRange {
    /// The value, if the parameter may have it.
    ///
    /// # Errors
    /// When it is out of range or not finite.
    pub fn check(&self, value: f64) -> Result<f64, ParameterError> {
        let Self { range, holds, .. } = *self;
        if value.is_finite() && holds(value) { Ok(value) } else { Err(ParameterError::OutOfRange { value, range }) }
    }
}

/// The parameters that an engine has for each motif.
pub trait MotifParameters: Copy + Send + Sync + Serialize {
    /// Every key with its range, in the order in which they are written.
    const RANGES: &'static [ParameterRange];

    /// The values, in that order.
    fn values(&self) -> Vec<f64>;

    /// Parameters with these values, in that order.
    fn from_values(values: &[f64]) -> Self;
}

/// Declares the parameters of an engine: each once, with its meaning and its range.
macro_rules! motif_parameters {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $key:ident: $range:literal, $holds:expr;)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[$meaning])* pub $key: f64,)+
        }

        impl $crate::motif::MotifParameters for $name {
            const RANGES: &'static [$crate::motif::ParameterRange] = &[
                $($crate::motif::ParameterRange { key: stringify!($key), range: $range, holds: $holds }),+
            ];

            fn values(&self) -> Vec<f64> {
                vec![$(self.$key),+]
            }

            fn from_values(values: &[f64]) -> Self {
                let mut values = values.iter().copied();
                let mut next = || values.next().expect("there is a value for each key");
                Self { $($key: next()),+ }
            }
        }
    };
}
pub(super) use motif_parameters;

/// A parameter that a grammar does not take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// No motif, or no parameter, of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Not finite, or outside the parameter's range.
    #[error("{value} is out of range: {range}, finite")]
    OutOfRange {
        /// What was given.
        value: f64,
        /// The range in words.
        range: &'static str,
    },
}

/// Finds a parameter by its key, and checks a value for it; gives its place among the ranges.
///
/// # Errors
/// When there is no such parameter, or the value is out of its range.
pub fn find_parameter(ranges: &[ParameterRange], key: &str, value: f64) -> Result<usize, ParameterError> {
    let Some(place) = ranges.iter().position(|range| range.key == key) else {
        return Err(UnknownName::new("parameter", key, ranges.iter().map(|range| range.key)).into());
    };
    ranges[place].check(value)?;
    Ok(place)
}

/// The parameters of the five motifs.
///
/// Reading one needs all keys, and refuses unknown ones and values out of range, naming the range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

impl<P: MotifParameters> PerMotif<P> {
    /// The parameters of one motif.
    #[must_use]
    pub const fn parameters(&self, motif: Motif) -> &P {
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
        let place = find_parameter(P::RANGES, key, value)?;
        let parameters = self.of_mut(motif.parse()?);
        let mut values = parameters.values();
        values[place] = value;
        *parameters = P::from_values(&values);
        Ok(())
    }
}
