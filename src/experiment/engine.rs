//! Which engine replays: what the user says, and what is taken where nothing is said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::located::Located;
use super::{ExperimentError, GrammarFileError, read_engine};
use crate::motif::{Engine, EngineKind};

/// The engine of tapes for which nobody says one: ours for recordings and for constructions of our own ([`crate::trace::is_own`]),
/// the published one for all else, because published digests rest on it.
#[must_use]
pub const fn default_engine(own: bool) -> EngineKind {
    if own { EngineKind::EXCURSION } else { EngineKind::REFERENCE }
}

/// The `[replay]` of an experiment file.
#[derive(Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    /// `reference` or `excursion`; the key was `semantics` before 0.2.0.
    #[serde(alias = "semantics")]
    #[schemars(with = "Option<String>")]
    engine: Option<Spanned<String>>,
    grammar_file: Option<PathBuf>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, f64>>")]
    grammar: BTreeMap<String, BTreeMap<String, Spanned<f64>>>,
}

/// Why the engine of an experiment is none.
pub(super) enum EngineProblem {
    Grammar(GrammarFileError),
    File(Located),
}

impl EngineProblem {
    pub(super) fn into_error(self, fail: &dyn Fn(Located) -> ExperimentError) -> ExperimentError {
        match self {
            Self::Grammar(error) => error.into(),
            Self::File(problem) => fail(problem),
        }
    }
}

impl Replay {
    /// The engine that it asks for; `text` is that of the file.
    pub(super) fn engine(&self, own: bool, root: &Path, text: &str) -> Result<Engine, EngineProblem> {
        let named = self.engine.as_ref().map(|name| {
            let unknown = |error| EngineProblem::File(Located::at_byte(name.span().start, error));
            name.get_ref().parse::<EngineKind>().map_err(unknown)
        });
        let named = named.transpose()?;
        let mut engine = match &self.grammar_file {
            Some(file) => read_engine(named, &root.join(file)).map_err(EngineProblem::Grammar)?,
            None => Engine::new(named.unwrap_or(default_engine(own))),
        };
        overlay(&mut engine, self, text).map_err(EngineProblem::File)?;
        Ok(engine)
    }
}

/// Changes the parameters that the experiment gives.
fn overlay(engine: &mut Engine, replay: &Replay, text: &str) -> Result<(), Located> {
    for (motif, parameters) in &replay.grammar {
        for (key, value) in parameters {
            engine.set(motif, key, *value.get_ref()).map_err(|error| {
                // The value's line is the key's; a motif's name stands in the header above it.
                let line = text[..value.span().start].rfind('\n').map_or(0, |at| at + 1);
                Located::at_byte(line, error)
            })?;
        }
    }
    Ok(())
}
