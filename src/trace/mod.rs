//! Traces: one file per data set, rows in, residual stream out, every rejected row counted.

mod catalogue;
mod ceb;
mod commas;
mod corpus;
mod csv;
mod dataset;
mod error;
mod fetch;
mod generic;
mod header;
mod history;
mod job;
mod lines;
mod mix;
mod options;
mod otel;
mod output;
mod pgss;
pub mod postgres;
mod records;
mod row;
mod skeleton;
mod snowset;
mod sqlshare;
mod sqlshare_text;
mod time;
mod tpcds;

use std::path::Path;

pub use catalogue::{Catalogue, Entry, Package, UnknownEntry};
pub use corpus::{FetchEvent, FetchOptions, KnownDigest, fetch_corpus};
pub use dataset::{Construction, Dataset};
pub use error::TraceError;
pub use fetch::{Fetched, fetch_sample};
pub use options::{GenericColumns, Options};
pub use output::{is_own, source};

use crate::residual::Stream;
use crate::store::{InputDigest, Key, Place, file_digest};
use crate::tape::recording::read_recording;
use crate::tape::{RowCounts, TapeError};

/// A converted trace.
#[derive(Debug)]
pub struct Conversion {
    /// The residuals, in order of time, labelled by data set, construction and file name.
    pub stream: Stream,
    /// How many rows were read, used, and rejected for which reason.
    pub rows: RowCounts,
    /// The trace file's bytes as stored, if [`Options::digest`] asks for it.
    pub input: Option<InputDigest>,
}

/// Converts the trace at `input` to residuals.
///
/// # Errors
/// When the file cannot be read, is not what the data set's format says, (unless `lenient`) a row cannot be used, or (unless
/// `allow_empty`) no sample is left.
pub fn convert(input: &Path, options: &Options) -> Result<Conversion, TraceError> {
    convert_signed(input, options, None)
}

/// As [`convert`], and with a key the manifests of a recording have to be signed by it; no other trace has one.
///
/// # Errors
/// As [`convert`], and when a manifest is not signed.
pub fn convert_signed(input: &Path, options: &Options, key: Option<&Key>) -> Result<Conversion, TraceError> {
    let converted = match options.dataset {
        Dataset::Snowset => snowset::convert(input, options),
        Dataset::Sqlshare => sqlshare::convert(input, options),
        Dataset::SqlshareText => sqlshare_text::convert(input, options),
        Dataset::Ceb => ceb::convert(input, options),
        Dataset::Job => job::convert(input, options),
        Dataset::Tpcds => tpcds::convert(input, options),
        Dataset::Pgss => pgss::convert(input, options),
        Dataset::Generic => generic::convert(input, options),
        Dataset::Otel => otel::convert(input, options),
        Dataset::Postgres => postgres::convert(input, options, key),
    }?;
    if converted.stream.is_empty() && !options.allow_empty {
        return Err(TraceError::Empty { place: Place::file(input), rows: Box::new(converted.rows) });
    }
    Ok(converted)
}

/// The digest of a trace of any kind, as [`convert`] gives it of what it reads: the parts of a recording are one input, each
/// held against its manifest.
///
/// # Errors
/// When a file cannot be read, or a recording is not what its manifests say.
pub fn input_digest(input: &Path, dataset: Dataset) -> Result<InputDigest, TraceError> {
    match dataset {
        Dataset::Postgres => Ok(read_recording(input, |_, _| Ok::<(), TapeError>(()))?.input),
        _ => Ok(file_digest(input)?),
    }
}

#[cfg(test)]
mod adapter_tests;
