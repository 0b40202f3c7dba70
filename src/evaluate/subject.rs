use std::str::FromStr;

use super::{Answered, CommandDetector, CommandError, DETECTORS, Detector, Settings, Span, find_detector};
use crate::diagnostics::UnknownName;
use crate::motif::{ENGINES, Engine, EngineKind};
use crate::residual::{Math, Stream};

/// Who is scored.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A motif engine.
    Engine(Box<Engine>),
    /// Another detector, with its default parameters.
    Detector(&'static dyn Detector),
    /// Somebody's command.
    Command(Box<CommandDetector>),
}

/// What somebody finds in a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The episodes.
    pub spans: Vec<Span>,
    /// SHA-256 of the answer that they were read from, where a command gave one.
    pub answer_sha256: Option<String>,
}

impl Finding {
    /// The answer of a command, where it was one.
    #[must_use]
    pub fn answered(&self, detector: &str, value: Option<f64>, seed: Option<u64>) -> Option<Answered> {
        let sha256 = self.answer_sha256.clone()?;
        Some(Answered { detector: detector.to_owned(), value, seed, episodes: self.spans.len(), sha256 })
    }
}

impl Subject {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Engine(engine) => engine.kind().name(),
            Self::Detector(detector) => detector.name(),
            Self::Command(command) => &command.name,
        }
    }

    /// The keys of the parameters that a sweep may change.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        match self {
            Self::Engine(engine) => engine.keys(),
            Self::Detector(_) | Self::Command(_) => Vec::new(),
        }
    }

    /// What it finds.
    ///
    /// # Errors
    /// When it is a command that fails.
    pub fn find(&self, stream: &Stream, math: Math) -> Result<Finding, CommandError> {
        let (spans, answer_sha256) = match self {
            Self::Engine(engine) => (engine.replay(stream).into_iter().map(Span::from).collect(), None),
            Self::Detector(detector) => (detector.find_spans(stream, &Settings::defaults(*detector), math), None),
            Self::Command(command) => {
                let answer = command.ask(stream)?;
                (answer.spans, Some(answer.sha256))
            }
        };
        Ok(Finding { spans, answer_sha256 })
    }
}

impl FromStr for Subject {
    type Err = UnknownName;

    /// An engine with its default grammar, or another detector.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if let Some(kind) = EngineKind::all().find(|kind| kind.name() == name) {
            return Ok(Self::Engine(Box::new(Engine::new(kind))));
        }
        let engines = ENGINES.iter().map(|engine| engine.name);
        let names: Vec<&'static str> = engines.chain(DETECTORS.iter().map(|detector| detector.name())).collect();
        let known = UnknownName::find("detector", name, &names, |name| name)?;
        find_detector(known).map(Self::Detector)
    }
}
