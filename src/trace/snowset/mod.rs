//! Snowset: Snowflake's production queries (Vuppalapati et al., NSDI 2020).

mod profile;
mod reference;

use std::path::Path;

use super::{Construction, Conversion, Options, TraceError};

pub(super) fn convert(input: &Path, options: &Options) -> Result<Conversion, TraceError> {
    match options.construction {
        Construction::Reference => reference::convert(input, options),
        Construction::Own => profile::convert(input, options),
    }
}

/// The times of `us` (microseconds since 1970) in seconds since the first of them all.
fn seconds_since_first(us: &[f64]) -> Vec<f64> {
    let first = us.iter().copied().fold(f64::INFINITY, f64::min);
    us.iter().map(|us| (us - first) / 1e6).collect()
}
