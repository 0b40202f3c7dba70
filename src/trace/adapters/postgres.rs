//! Recordings of a live PostgreSQL server, as `telltape capture` makes them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::store::InputDigest;
use crate::tape::TapeError;
use crate::tape::recording::read_recording;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::distil::{self, Rules};
use crate::trace::input::Trace;
use crate::trace::option::{OptionKind, OptionSpec};
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
    help: "Change a rule by which a recording is distilled",
    kind: OptionKind::Numbers { example: "pool_s=5", set: set_rule },
};

impl Adapter for Postgres {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        distil::convert(trace.recording()?, options, trace.key())
    }

    /// The parts of a recording are one input, each held against its manifest.
    fn digest_input(&self, path: &Path, _options: &Options) -> Result<InputDigest, TraceError> {
        Ok(read_recording(path, |_, _| Ok::<(), TapeError>(()))?.input)
    }
}

/// Checks a rule, and keeps it if it is not at its default: so a new rule changes no digest.
fn set_rule(values: &mut BTreeMap<&'static str, f64>, name: &str, value: f64) -> Result<(), String> {
    let mut rules = Rules::default();
    rules.set(name, value).map_err(|error| error.to_string())?;
    for ((rule, value), (_, default)) in rules.entries().into_iter().zip(Rules::default().entries()) {
        if rule == name {
            values.remove(rule);
            if value != default {
                values.insert(rule, value);
            }
        }
    }
    Ok(())
}

impl From<&Options> for Rules {
    fn from(options: &Options) -> Self {
        let mut rules = Self::default();
        for (name, value) in options.values.numbers(&RULE) {
            rules.set(name, value).expect("it was checked when it was set");
        }
        rules
    }
}
