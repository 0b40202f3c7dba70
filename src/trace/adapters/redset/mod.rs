//! Redset: the queries of a selection of Amazon Redshift's fleet (van Renen et al., VLDB 2024).

mod fleet;
mod queries;

use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::read::{DELIMITER, TIME_UNIT, TIME_ZONE};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Redset;

static ABOUT: About = About {
    name: "redset",
    title: "Redset: queries of Amazon Redshift's fleet",
    citation: Some("van Renen et al., VLDB 2024"),
    format: "the columns of Redset, as CSV ([docs/adapters/redset.md](docs/adapters/redset.md))",
    // The published system does not know it.
    constructions: &[Construction::Own("fleet")],
    options: &[DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Redset {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        fleet::convert(trace.open_all(options.digest)?, options)
    }
}
