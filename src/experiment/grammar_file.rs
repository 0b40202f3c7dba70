use std::marker::PhantomData;
use std::path::Path;

use serde::Deserializer;
use serde::de::DeserializeSeed;

use crate::diagnostics::{
    Diagnose, FailureKind, Place, UnknownName, line_and_column, problem_of_parser, reword_unknown_name,
};
use crate::motif::{Engine, EngineKind};
use crate::store::{StoreError, read_small_text};

/// A file that is not a grammar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrammarFileError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its ending says nothing about its format.
    #[error("{place}: {unknown}")]
    Ending {
        /// The file.
        place: Place,
        /// Its ending, and those of a grammar.
        unknown: UnknownName,
    },
    /// Syntax, a missing or unknown key, or a value out of range.
    #[error("{place}: not a grammar: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What, with the valid choices.
        problem: GrammarProblem,
    },
}

/// Why a text is not a grammar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrammarProblem {
    /// More bytes than a grammar may have.
    #[error("it has more than {kib} KiB; a grammar has some hundred bytes")]
    TooLarge {
        /// KiB that it may have.
        kib: usize,
    },
    /// What the reader of TOML says.
    #[error("{}", reword_unknown_name(.0.message()))]
    Toml(Box<toml::de::Error>),
    /// What the reader of YAML says.
    #[error("{}", problem_of_yaml(.0))]
    Yaml(Box<serde_yaml_ng::Error>),
    /// What the reader of JSON says.
    #[error("{}", problem_of_parser(&.0.to_string(), .0.line(), .0.column()))]
    Json(serde_json::Error),
}

fn problem_of_yaml(error: &serde_yaml_ng::Error) -> String {
    let (line, column) = error.location().map(|at| (at.line(), at.column())).unwrap_or_default();
    problem_of_parser(&error.to_string(), line, column)
}

impl Diagnose for GrammarFileError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Ending { .. } | Self::Malformed { .. } => FailureKind::Grammar,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Store(error) => error.place(),
            Self::Ending { place, .. } | Self::Malformed { place, .. } => Some(place.clone()),
        }
    }
}

/// Bytes of the largest grammar: the time of the YAML parser goes with the square of how deep a text is nested.
const LARGEST: usize = 1 << 16;

/// Reads the grammar of an engine from a TOML, YAML or JSON file, told apart by their endings. All keys are required. Where no
/// engine is named it is the one that has such keys.
///
/// # Errors
/// When the file cannot be read, a key is missing or unknown, or a value is out of its range.
pub fn read_engine(kind: Option<EngineKind>, path: &Path) -> Result<Engine, GrammarFileError> {
    let (text, ending) = read_text(path)?;
    let kind = match kind {
        Some(kind) => kind,
        None => kind_of(&parse(PhantomData::<serde_json::Value>, &text, &ending, path)?),
    };
    parse(GrammarOf(kind), &text, &ending, path)
}

/// The engine of a grammar: that of more of its parameters. What else stands in the file, comments and other keys, has no say.
fn kind_of(grammar: &serde_json::Value) -> EngineKind {
    let motifs = grammar.as_object().into_iter().flat_map(serde_json::Map::values);
    let keys: Vec<&String> = motifs.filter_map(|motif| Some(motif.as_object()?.keys())).flatten().collect();
    let known_keys = |kind: &EngineKind| {
        let known = Engine::new(*kind).keys();
        keys.iter().filter(|key| known.contains(&key.as_str())).count()
    };
    // `max_by_key` takes the last of equals: the first of the list.
    EngineKind::all().rev().max_by_key(known_keys).unwrap_or_default()
}

/// Reads the grammar of an engine.
#[derive(Clone, Copy)]
struct GrammarOf(EngineKind);

impl<'de> DeserializeSeed<'de> for GrammarOf {
    type Value = Engine;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Engine, D::Error> {
        Engine::deserialize_grammar(self.0, input)
    }
}

fn read_text(path: &Path) -> Result<(String, String), GrammarFileError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let text = read_small_text(path).map_err(StoreError::read(path))?;
    if text.len() > LARGEST {
        let problem = GrammarProblem::TooLarge { kib: LARGEST >> 10 };
        return Err(GrammarFileError::Malformed { place: Place::file(path), problem });
    }
    Ok((text, ending))
}

/// Reads the text of a grammar by `seed`, in the format that its ending says.
fn parse<G>(
    seed: impl for<'de> DeserializeSeed<'de, Value = G>,
    text: &str,
    ending: &str,
    path: &Path,
) -> Result<G, GrammarFileError> {
    let file = Place::file(path);
    let malformed = |problem: GrammarProblem, place: Option<(u64, u64)>| {
        let place = place.map_or(file.clone(), |place| file.clone().at(place));
        GrammarFileError::Malformed { place, problem }
    };
    match ending {
        "toml" => toml::Deserializer::parse(text).and_then(|input| seed.deserialize(input)).map_err(|error| {
            let place = error.span().map(|span| line_and_column(text, span.start));
            malformed(GrammarProblem::Toml(Box::new(error)), place)
        }),
        "yaml" | "yml" => seed.deserialize(serde_yaml_ng::Deserializer::from_str(text)).map_err(|error| {
            let place = error.location().map(|at| (at.line() as u64, at.column() as u64));
            malformed(GrammarProblem::Yaml(Box::new(error)), place)
        }),
        "json" => {
            let mut input = serde_json::Deserializer::from_str(text);
            let read = seed.deserialize(&mut input).and_then(|grammar| input.end().map(|()| grammar));
            read.map_err(|error| {
                let place = (error.line() as u64, error.column() as u64);
                malformed(GrammarProblem::Json(error), Some(place))
            })
        }
        _ => {
            let unknown = UnknownName::new("ending of a grammar", ending, ["toml", "yaml", "yml", "json"]);
            Err(GrammarFileError::Ending { place: file, unknown })
        }
    }
}

#[cfg(test)]
#[path = "grammar_file_tests.rs"]
mod tests;
