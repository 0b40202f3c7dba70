use std::str::FromStr;

use super::{Detector, Tally, Window, tally};
use crate::motif::{Engine, Episode, Semantics};
use crate::residual::{Math, Stream};
use crate::store::UnknownName;

/// Who is scored.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A motif engine.
    Engine(Box<Engine>),
    /// Another detector.
    Detector(Detector),
}

impl Subject {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Engine(engine) => engine.semantics().name(),
            Self::Detector(detector) => detector.name(),
        }
    }

    /// What it finds.
    #[must_use]
    pub fn find(&self, stream: &Stream, math: Math) -> Vec<Episode> {
        match self {
            Self::Engine(engine) => engine.replay(stream),
            Self::Detector(detector) => detector.detect(stream, math),
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
        if let Some(semantics) = Semantics::ALL.into_iter().find(|semantics| semantics.name() == name) {
            return Ok(Self::Engine(Box::new(Engine::new(semantics))));
        }
        let names: Vec<&'static str> =
            Semantics::ALL.map(Semantics::name).into_iter().chain(Detector::ALL.map(Detector::name)).collect();
        let known = UnknownName::find("detector", name, &names, |name| name)?;
        Ok(Self::Detector(known.parse()?))
    }
}
