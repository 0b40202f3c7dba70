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

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Flag, Name, OptionalAmount, Time};
        Some(vec![
            ("instance_id", Name, |row| (row % 2).to_string()),
            ("query_id", Amount, |row| row.to_string()),
            ("arrival_timestamp", Time, |row| format!("2024-03-01 00:{row:02}:00Z")),
            ("execution_duration_ms", Amount, |row| (100 + row % 5).to_string()),
            ("feature_fingerprint", Name, |_| "-4611686018427387905".to_owned()),
            ("was_aborted", Flag, |_| "false".to_owned()),
            ("was_cached", Flag, |_| "0".to_owned()),
            ("compile_duration_ms", OptionalAmount, |row| (row % 7).to_string()),
            ("queue_duration_ms", OptionalAmount, |row| (row % 3).to_string()),
            ("mbytes_scanned", OptionalAmount, |_| "100".to_owned()),
            ("mbytes_spilled", OptionalAmount, |row| (row % 4).to_string()),
        ])
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        fleet::convert(trace.open_all(options.digest)?, options)
    }
}
