//! Snowset: Snowflake's production queries (Vuppalapati et al., NSDI 2020).

mod problem;
mod profile;
mod reference;

pub use problem::SnowsetProblem;

use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::{Inputs, Trace};
use crate::trace::option::OptionSpec;
use crate::trace::read::{DELIMITER, TIME_UNIT, TIME_ZONE};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Snowset;

const OWN: Construction = Construction::Own("profile");

static ABOUT: About = About {
    name: "snowset",
    title: "Snowset: Snowflake's production queries",
    citation: Some("Vuppalapati et al., NSDI 2020"),
    format: "the CSV of Snowset",
    constructions: &[OWN, Construction::Reference],
    options: &[DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Snowset {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, OptionalAmount, OptionalName, Time};
        Some(vec![
            ("queryId", OptionalName, |row| format!("q{row}")),
            ("warehouseId", OptionalName, |row| format!("w{}", row % 2)),
            ("createdTime", Time, |row| format!("2018-03-02 00:{row:02}:00+00:00")),
            ("execTime", Amount, |row| (100 + row % 5).to_string()),
            ("databaseId", OptionalName, |_| "d".to_owned()),
            ("warehouseSize", OptionalName, |_| "1".to_owned()),
            ("persistentReadBytesCache", OptionalAmount, |row| (row * 10).to_string()),
            ("persistentReadBytesS3", OptionalAmount, |_| "100".to_owned()),
            ("profFilterRso", OptionalAmount, |_| "5".to_owned()),
        ])
    }

    fn without_effect(&self, construction: Construction) -> &'static [OptionSpec] {
        // Published, times are dates with their offset.
        if construction.is_reference() { &[TIME_UNIT, TIME_ZONE] } else { &[] }
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open_all(options.digest)?, options)
    }
}

fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    match options.construction {
        Construction::Reference => reference::convert(inputs, options),
        Construction::Own(_) => profile::convert(inputs, options),
    }
}
