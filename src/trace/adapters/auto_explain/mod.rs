//! Logs of PostgreSQL with the plans that `auto_explain` writes.

mod plain;
mod plans;
mod problem;

pub use problem::{AutoExplainProblem, LogZone};

use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::log::LOG_LINE_PREFIX;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct AutoExplain;

static ABOUT: About = About {
    name: "auto-explain",
    title: "A log of PostgreSQL with the plans of `auto_explain`",
    citation: None,
    format: "a log of the server: jsonlog, csvlog or stderr ([docs/adapters/auto-explain.md](docs/adapters/auto-explain.md))",
    // The published system does not read logs.
    constructions: &[Construction::Own("plain")],
    options: &[LOG_LINE_PREFIX],
    reference_label: None,
    is_recording: false,
};

impl Adapter for AutoExplain {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// It is a log, which has no columns.
    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        None
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        plain::convert(plans::read(trace.open(options.digest)?, options)?, options)
    }
}
