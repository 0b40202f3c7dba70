use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::grammar::{MotifParameters, find_parameter};
use super::values::{GrammarSeed, GrammarValues};
use super::{EngineKind, Episode, Motif, ParameterError, PerMotif};
use crate::residual::{Class, Stream, number};

/// An engine and its grammar: everything that decides the episodes of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Engine {
    kind: EngineKind,
    grammar: GrammarValues,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(EngineKind::default())
    }
}

impl Engine {
    /// An engine with its default grammar.
    #[must_use]
    pub fn new(kind: EngineKind) -> Self {
        Self { kind, grammar: (kind.entry().default_grammar)() }
    }

    /// An engine of this kind with this grammar.
    pub(super) fn with_grammar<P: MotifParameters>(kind: EngineKind, grammar: PerMotif<P>) -> Self {
        Self { kind, grammar: grammar.into() }
    }

    /// Reads the grammar of an engine of this kind: what is left out is at its default; unknown keys and
    /// values out of range are refused.
    ///
    /// # Errors
    /// Those of the format; and when it is not a grammar of this engine.
    pub fn deserialize_grammar<'de, D: Deserializer<'de>>(kind: EngineKind, input: D) -> Result<Self, D::Error> {
        GrammarSeed(kind.entry().parameters, (kind.entry().default_grammar)())
            .deserialize(input)
            .map(|grammar| Self { kind, grammar })
    }

    /// Which engine it is.
    #[must_use]
    pub const fn kind(&self) -> EngineKind {
        self.kind
    }

    pub(super) const fn grammar(&self) -> &GrammarValues {
        &self.grammar
    }

    /// Changes one parameter of one motif, both by name.
    ///
    /// # Errors
    /// When there is no such motif or parameter, or the value is out of range; nothing is changed then.
    pub fn set(&mut self, motif: &str, key: &str, value: f64) -> Result<(), ParameterError> {
        let place = find_parameter(self.kind.entry().parameters, key, value)?;
        self.grammar.set(motif.parse()?, place, value);
        Ok(())
    }

    /// Motif, key and value of every parameter, in the order of the motifs.
    pub fn entries(&self) -> impl Iterator<Item = (Motif, &'static str, f64)> + '_ {
        Motif::ALL.into_iter().flat_map(|motif| {
            let ranges = self.kind.entry().parameters.iter();
            ranges.zip(self.grammar.parameters(motif)).map(move |(range, value)| (motif, range.key, *value))
        })
    }

    /// `motif.key` and the text of its value, for every parameter, in the order of the motifs: what a digest hashes. Younger
    /// parameters are left out at their default, so that a digest from before them is still that of the same grammar.
    #[must_use]
    pub fn canonical(&self) -> Vec<(String, String)> {
        let text = |value| {
            let mut text = Vec::new();
            number::write_table(&mut text, value);
            String::from_utf8_lossy(&text).into_owned()
        };
        let (younger, default) = (self.kind.entry().younger, Self::new(self.kind));
        let hashed = self.entries().zip(default.entries()).filter_map(|(given, (.., default))| {
            let (_, key, value) = given;
            (!younger.contains(&key) || value != default).then_some(given)
        });
        hashed.map(|(motif, key, value)| (format!("{}.{key}", motif.name()), text(value))).collect()
    }

    /// The keys of its parameters.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        self.kind.entry().parameters.iter().map(|range| range.key).collect()
    }

    /// The same engine with the parameters of some keys times `factor`, in all motifs.
    ///
    /// # Errors
    /// When one is out of range then.
    pub fn scaled(self, keys: impl Fn(&str) -> bool, factor: f64) -> Result<Self, ParameterError> {
        let mut engine = self;
        for (motif, key, value) in self.entries().filter(|(_, key, _)| keys(key)) {
            engine.set(motif.name(), key, value * factor)?;
        }
        Ok(engine)
    }

    /// The episodes of a stream, ordered by start, then motif, channel and emission.
    ///
    /// Classes and channels are worked on in parallel and collected by index, so the result has the same bytes for any
    /// number of threads.
    #[must_use]
    pub fn replay(&self, stream: &Stream) -> Vec<Episode> {
        merge((self.kind.entry().replay)(&self.grammar, stream, &Motif::ALL))
    }

    /// The episodes of one class of a stream: no other class has a part in them.
    #[must_use]
    pub fn replay_class(&self, stream: &Stream, class: Class) -> Vec<Episode> {
        merge((self.kind.entry().replay)(&self.grammar, stream, &[Motif::of_class(class)]))
    }
}

/// Puts the episodes of several classes of one stream together, each of them in order: by start, then motif, channel and
/// emission.
#[must_use]
pub fn merge(mut classes: Vec<Vec<Episode>>) -> Vec<Episode> {
    classes.sort_by_key(|episodes| episodes.first().map(|episode| episode.motif));
    let mut episodes = classes.concat();
    episodes.sort_by(|a, b| a.t_start.partial_cmp(&b.t_start).expect("times are finite"));
    episodes
}

/// A table with one key, the name of the engine, which holds its grammar: `{"reference": {"cache_collapse": …}}`.
impl Serialize for Engine {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let mut table = output.serialize_map(Some(1))?;
        table.serialize_entry(self.kind.name(), &GrammarTable(self))?;
        table.end()
    }
}

/// The grammar of an engine as a table of tables, in the order of motifs and keys.
struct GrammarTable<'a>(&'a Engine);

impl Serialize for GrammarTable<'_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_map(Motif::ALL.map(|motif| (motif.name(), ParametersTable(self.0, motif))))
    }
}

struct ParametersTable<'a>(&'a Engine, Motif);

impl Serialize for ParametersTable<'_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.entries().filter(|(motif, ..)| *motif == self.1);
        output.collect_map(entries.map(|(_, key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Engine {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let engines: BTreeMap<String, serde_json::Value> = BTreeMap::deserialize(input)?;
        let mut engines = engines.into_iter();
        let (Some((name, grammar)), None) = (engines.next(), engines.next()) else {
            return Err(D::Error::custom("an engine is a table with one key, its name"));
        };
        let kind: EngineKind = name.parse().map_err(D::Error::custom)?;
        // What a program wrote has every key: a plan that lacks one is not the plan that was made.
        for motif in Motif::ALL {
            let parameters = grammar.get(motif.name()).ok_or_else(|| D::Error::missing_field(motif.name()))?;
            if let Some(range) = kind.entry().parameters.iter().find(|range| parameters.get(range.key).is_none()) {
                return Err(D::Error::missing_field(range.key));
            }
        }
        Self::deserialize_grammar(kind, grammar).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::{ExcursionGrammar, Grammar};

    /// The grammar of a digest from before a parameter is the same grammar with its default.
    #[test]
    fn younger_parameters_are_hashed_where_they_are_not_at_their_default() {
        let mut engine = Engine::new(EngineKind::EXCURSION);
        let hashed = |engine: &Engine| engine.canonical().into_iter().map(|(key, _)| key).collect::<Vec<String>>();
        assert_eq!(hashed(&engine).len(), 40);
        engine.set("cache_collapse", "tau_intervals", 0.0).unwrap();
        let now = hashed(&engine);
        assert!(now.len() == 41 && now.contains(&"cache_collapse.tau_intervals".to_owned()), "{now:?}");
    }

    #[test]
    fn every_parameter_can_be_set_by_name_and_only_within_its_range() {
        for kind in EngineKind::all() {
            let mut engine = Engine::new(kind);
            for motif in Motif::ALL {
                for range in kind.entry().parameters {
                    engine.set(motif.name(), range.key, 0.25).unwrap();
                }
            }
            let all = kind.entry().parameters.len() * Motif::ALL.len();
            assert_eq!(engine.entries().filter(|(.., value)| *value == 0.25).count(), all, "{kind}");
            let before = engine;
            let key = kind.entry().parameters[0].key;
            for (motif, key, value) in [
                ("cache_collapse", key, -1.0),
                ("cache_collapse", key, f64::NAN),
                ("cache_colapse", key, 0.5),
                ("cache_collapse", "roh", 0.5),
            ] {
                assert!(engine.set(motif, key, value).is_err(), "{kind} {motif}.{key} {value}");
            }
            assert_eq!(engine, before);
        }
    }

    /// A plan of shards has this text, and the digest of a plan is taken of it.
    #[test]
    fn engines_are_written_as_their_grammars_are_and_read_back() {
        let engines = [
            (Engine::default(), serde_json::to_string(&Grammar::default()).unwrap()),
            (Engine::new(EngineKind::EXCURSION), serde_json::to_string(&ExcursionGrammar::default()).unwrap()),
        ];
        for (engine, grammar) in engines {
            let text = serde_json::to_string(&engine).unwrap();
            assert_eq!(text, format!("{{\"{}\":{grammar}}}", engine.kind()));
            assert_eq!(serde_json::from_str::<Engine>(&text).unwrap(), engine);
            let other = text.replacen("0.", "-0.", 1);
            let error = serde_json::from_str::<Engine>(&other).unwrap_err().to_string();
            assert!(error.contains("is out of range"), "{error}");
        }
        for (text, problem) in [
            ("{}", "an engine is a table with one key"),
            ("{\"referenc\":{}}", "`referenc`; did you mean `reference`?"),
            ("{\"reference\":{}}", "missing field `plan_regression_onset`"),
        ] {
            let error = serde_json::from_str::<Engine>(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
