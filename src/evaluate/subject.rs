use std::str::FromStr;

use super::{DETECTORS, Detector, Settings, Span, Tally, Window, find_detector, tally};
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
}

impl Subject {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Engine(engine) => engine.kind().name(),
            Self::Detector(detector) => detector.name(),
        }
    }

    /// The keys of the parameters that a sweep may change.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        match self {
            Self::Engine(engine) => engine.keys(),
            Self::Detector(_) => Vec::new(),
        }
    }

    /// What it finds.
    #[must_use]
    pub fn find(&self, stream: &Stream, math: Math) -> Vec<Span> {
        match self {
            Self::Engine(engine) => engine.replay(stream).into_iter().map(Span::from).collect(),
            Self::Detector(detector) => detector.find_spans(stream, &Settings::defaults(*detector), math),
        }
    }

    /// What it finds, against the windows.
    #[must_use]
    pub fn tally(&self, stream: &Stream, windows: &[Window], math: Math) -> Vec<Tally> {
        tally(&self.find(stream, math), windows, stream.span())
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
