//! Recordings of a live PostgreSQL server, as `telltape capture` makes them.

use std::path::Path;

use crate::store::InputDigest;
use crate::tape::TapeError;
use crate::tape::recording::read_recording;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::distil::{self, Rules};
use crate::trace::input::Trace;
use crate::trace::option::{OptionKind, OptionSpec, RULES_HELP};
use crate::trace::rules::Rulebook;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Postgres;

static ABOUT: About = About {
    name: "postgres",
    title: "A recording of a live PostgreSQL server",
    citation: None,
    format: "a recording of a live server, made by `telltape capture` ([docs/live.md](docs/live.md))",
    // The published system captures in another way, and its tapes are what it keeps of it.
    constructions: &[Construction::Own("plain")],
    options: &[RULE],
    reference_label: None,
    is_recording: true,
};

const RULE: OptionSpec = OptionSpec {
    flag: "rule",
    key: "rules",
    help: RULES_HELP,
    kind: OptionKind::Numbers { example: "pool_s=5", set: Rules::keep },
};

impl Adapter for Postgres {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// It is a recording, which has no columns.
    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        None
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        distil::convert(trace.recording()?, options, trace.key())
    }

    /// The parts of a recording are one input, each held against its manifest.
    fn digest_input(&self, path: &Path, _options: &Options) -> Result<InputDigest, TraceError> {
        Ok(read_recording(path, |_, _| Ok::<(), TapeError>(()))?.input)
    }
}

impl From<&Options> for Rules {
    fn from(options: &Options) -> Self {
        Self::of(options.values.numbers(&RULE))
    }
}
