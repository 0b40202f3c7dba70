//! Traces: one adapter per data set, rows in, residual stream out, every rejected row counted.

mod adapter;
mod adapters;
mod baseline;
#[cfg(feature = "catalogue")]
mod catalogue;
#[cfg(feature = "fetch")]
mod corpus;
pub mod distil;
mod error;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "fetch")]
mod fetched;
mod format_problem;
mod input;
mod inspect;
pub(crate) mod log;
mod option;
mod options;
mod output;
pub mod plan;
mod problem;
mod read;
mod repeated;
mod rules;
mod skeleton;
mod statement;
mod why_empty;

use std::io::Read;
use std::path::Path;

pub use adapter::{About, Adapter, Construction};
pub use adapters::{
    ADAPTERS, AdapterProblem, AutoExplainProblem, CebProblem, ColumnAsk, ColumnChoice, CounterColumn, Dataset,
    EntryProblem, ForeignPlan, GenericProblem, JobProblem, LogZone, OtelProblem, PgssProblem, ProtobufFlaw,
    SnowsetProblem, SpanProblem, SqlshareTextProblem,
};
#[cfg(feature = "catalogue")]
pub use catalogue::{Catalogue, CatalogueEntry, Package, Parts};
#[cfg(feature = "fetch")]
pub use corpus::{FetchEvent, FetchOptions, KnownDigest, fetch_corpus};
pub use error::TraceError;
#[cfg(feature = "fetch")]
pub use fetch::{fetch_parts, fetch_sample};
#[cfg(feature = "fetch")]
pub use fetched::Fetched;
pub use format_problem::FormatProblem;
pub use input::{Trace, files};
pub use inspect::{ColumnKind, ColumnSummary, Fit, Inspection, RecognitionProblem, TableSummary, inspect, recognise};
pub use log::LogProblem;
pub use option::{
    CheckText, OptionError, OptionKind, OptionSpec, OptionValues, ReadWord, SetNumber, Spelling, enumerate,
};
pub use options::Options;
pub use output::{is_own, source};
pub use problem::{CatalogueProblem, FetchProblem, FilesProblem, UrlProblem};
pub(crate) use read::date_s;
pub use read::{
    CellProblem, ColumnNames, Delimiter, ForeignFile, HeaderProblem, MissingColumn, NumberedColumn, RowProblem,
    StrayLine, TableFormat, TimeForm, TimeKind, TimeLook, TimeProblem, TimeUnit, TraceTableProblem, Unknown,
    UnreadType,
};
pub use repeated::{RepeatedKey, RepeatedRow};
pub use rules::RuleError;
pub use why_empty::WhyEmpty;

use crate::diagnostics::Place;
use crate::residual::Stream;
use crate::store::{InputDigest, VerifyingKey};
use crate::tape::RowCounts;

/// A converted trace.
#[derive(Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// The residuals, in order of time, labelled by data set, construction and file name.
    pub stream: Stream,
    /// How many rows were read, used, and rejected for which reason.
    pub rows: RowCounts,
    /// What users should know of how the trace was read: what was recognised, and is no part of any digest.
    pub notes: Vec<String>,
    /// The trace file's bytes as stored, if [`Options::digest`] asks for it.
    pub input: Option<InputDigest>,
}

/// Converts the trace at `input` to residuals.
///
/// # Errors
/// When the file cannot be read, is not what the data set's format says, an option has no effect, (unless `lenient`) a row cannot
/// be used, no row is used, or (unless `allow_empty`) no sample is left.
pub fn convert(input: &Path, options: &Options) -> Result<Conversion, TraceError> {
    convert_signed(input, options, None)
}

/// As [`convert`], and with a key the manifests of a recording have to be signed by it; no other trace has one.
///
/// # Errors
/// As [`convert`], and when a manifest is not signed.
pub fn convert_signed(input: &Path, options: &Options, key: Option<&VerifyingKey>) -> Result<Conversion, TraceError> {
    convert_trace(Trace::file(input, key), input, options)
}

/// As [`convert`], of bytes from anywhere: `name` is what errors and the label of the stream call them, and its ending says
/// whether they are compressed.
///
/// # Errors
/// As [`convert`], and when the data set's traces are recordings, which are several files.
pub fn convert_reader(
    reader: impl Read + Send,
    name: impl AsRef<Path>,
    options: &Options,
) -> Result<Conversion, TraceError> {
    let name = name.as_ref();
    convert_trace(Trace::reader(reader, name), name, options)
}

fn convert_trace(trace: Trace<'_>, name: &Path, options: &Options) -> Result<Conversion, TraceError> {
    options.check_effects()?;
    let converted = options.dataset.adapter().convert(trace, options)?;
    let is_used = converted.rows.used > 0;
    if converted.stream.is_empty() && !(options.allow_empty && is_used) {
        // A trace may leave no sample, but not because nothing of it could be used.
        let why = (options.allow_empty && !is_used).then(|| Box::new(WhyEmpty::NothingUsed));
        return Err(TraceError::Empty { place: Place::file(name), rows: Box::new(converted.rows), why });
    }
    Ok(converted)
}

/// The digest of a trace of any kind, as [`convert`] gives it of what it reads: the parts of a recording are one input, each
/// held against its manifest, and so are the files that options name.
///
/// # Errors
/// When a file cannot be read, or a recording is not what its manifests say.
pub fn input_digest(input: &Path, options: &Options) -> Result<InputDigest, TraceError> {
    options.dataset.adapter().digest_input(input, options)
}

#[cfg(test)]
mod adapter_tests;
#[cfg(test)]
mod first_bytes_tests;
#[cfg(test)]
mod formats_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod times_tests;
