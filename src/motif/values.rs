//! Grammars of any engine: numbers in the order of its keys, and the one reader of them.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Motif;
use super::grammar::{MotifParameters, ParameterRange, PerMotif};

/// The most parameters that an engine has for a motif.
const MOST: usize = 10;

/// The parameters of the five motifs, without the type that an engine has for them.
///
/// Places beyond its last key are 0, so that equal grammars are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct GrammarValues([[f64; MOST]; Motif::ALL.len()]);

impl<P: MotifParameters> From<PerMotif<P>> for GrammarValues {
    fn from(grammar: PerMotif<P>) -> Self {
        const { assert!(P::RANGES.len() <= MOST, "an engine has at most MOST parameters") };
        Self(Motif::ALL.map(|motif| {
            let mut values = [0.0; MOST];
            values[..P::RANGES.len()].copy_from_slice(&grammar.parameters(motif).values());
            values
        }))
    }
}

impl GrammarValues {
    /// The grammar of the engine whose they are.
    pub(super) fn typed<P: MotifParameters>(&self) -> PerMotif<P> {
        let of = |motif: Motif| P::from_values(&self.0[motif as usize]);
        PerMotif {
            plan_regression_onset: of(Motif::PlanRegressionOnset),
            cardinality_mismatch_regime: of(Motif::CardinalityMismatchRegime),
            contention_ramp: of(Motif::ContentionRamp),
            cache_collapse: of(Motif::CacheCollapse),
            workload_phase_transition: of(Motif::WorkloadPhaseTransition),
        }
    }

    /// The values of a motif, in the order of the keys.
    pub(super) fn parameters(&self, motif: Motif) -> &[f64] {
        &self.0[motif as usize]
    }

    /// Changes a value that has been checked.
    pub(super) fn set(&mut self, motif: Motif, place: usize, value: f64) {
        self.0[motif as usize][place] = value;
    }
}

impl<'de, P: MotifParameters> Deserialize<'de> for PerMotif<P>
where
    Self: Default,
{
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        GrammarSeed(P::RANGES, Self::default().into()).deserialize(input).map(|values| values.typed())
    }
}

/// Reads a grammar with these parameters: what is left out is as in the defaults; unknown keys and values out of range are
/// refused.
#[derive(Clone, Copy)]
pub(super) struct GrammarSeed(pub(super) &'static [ParameterRange], pub(super) GrammarValues);

impl<'de> DeserializeSeed<'de> for GrammarSeed {
    type Value = GrammarValues;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<GrammarValues, D::Error> {
        let seed = |motif: &Motif| (motif.name(), ParametersSeed(self.0, self.1.0[*motif as usize]));
        let motifs = Motif::ALL.iter().map(seed).collect();
        let values = input.deserialize_map(Keys { what: "a grammar, a table of the five motifs", keys: motifs })?;
        Ok(GrammarValues(std::array::from_fn(|motif| values[motif].unwrap_or(self.1.0[motif]))))
    }
}

/// Reads the parameters of one motif, with its defaults.
#[derive(Clone, Copy)]
struct ParametersSeed(&'static [ParameterRange], [f64; MOST]);

impl<'de> DeserializeSeed<'de> for ParametersSeed {
    type Value = [f64; MOST];

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<[f64; MOST], D::Error> {
        let keys = self.0.iter().map(|range| (range.key, ValueSeed(range))).collect();
        let read = input.deserialize_map(Keys { what: "a table of the parameters of a motif", keys })?;
        let mut values = self.1;
        for (value, read) in values.iter_mut().zip(read) {
            *value = read.unwrap_or(*value);
        }
        Ok(values)
    }
}

/// Reads the value of one parameter.
#[derive(Clone, Copy)]
struct ValueSeed(&'static ParameterRange);

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<f64, D::Error> {
        self.0.check(f64::deserialize(input)?).map_err(D::Error::custom)
    }
}

/// A table that has each of these keys at most once, and no other.
struct Keys<S> {
    what: &'static str,
    keys: Vec<(&'static str, S)>,
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for Keys<S> {
    type Value = Vec<Option<S::Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
        let mut values: Vec<Option<S::Value>> = self.keys.iter().map(|_| None).collect();
        let names: Vec<&str> = self.keys.iter().map(|(name, _)| *name).collect();
        while let Some(place) = table.next_key_seed(KeySeed(&names))? {
            let (name, seed) = self.keys[place];
            if values[place].is_some() {
                return Err(A::Error::duplicate_field(name));
            }
            values[place] = Some(table.next_value_seed(seed)?);
        }
        Ok(values)
    }
}

/// Reads a key: its place among the known ones.
struct KeySeed<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<usize, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        self.0.iter().position(|known| *known == key).ok_or_else(|| {
            let known: Vec<String> = self.0.iter().map(|known| format!("`{known}`")).collect();
            E::custom(format_args!("unknown field `{key}`, expected one of {}", known.join(", ")))
        })
    }
}
