//! The samples of a tape as a table, for SQL and data frames.

use std::borrow::Cow;

use super::line;
use crate::residual::{Sample, Stream};
#[cfg(feature = "parquet")]
use crate::store::ParquetError;
use crate::store::{Shown, TableColumns};

/// How the name of a channel stands in a table.
type ChannelSpelling = for<'a> fn(&'a str) -> Cow<'a, str>;

/// `n` (their place, from 0: samples of one time have an order), `t`, `class`, `channel` (quoted, or nothing at all where a
/// sample has none), `value`.
fn columns<'a>(channel: ChannelSpelling) -> TableColumns<'a, (usize, Sample<'a>)> {
    TableColumns::default()
        .count("n", |(n, _): &(usize, Sample<'_>)| *n as u64)
        .number("t", |(_, sample)| sample.t)
        .text("class", |(_, sample)| sample.class.name())
        .quoted("channel", move |(_, sample)| sample.channel.map(channel))
        .number("value", |(_, sample)| sample.value)
}

/// The samples as the canonical lines of a tape, from the first to the last.
#[must_use]
pub fn samples_jsonl(stream: &Stream) -> Vec<u8> {
    let (mut lines, mut text) = (line::LineEncoder::default(), Vec::new());
    stream.samples().for_each(|sample| lines.write(&mut text, &sample));
    text
}

/// The samples as a CSV.
#[must_use]
pub fn samples_csv(stream: &Stream) -> Vec<u8> {
    columns(|channel| Cow::Borrowed(channel)).csv(stream.samples().enumerate())
}

/// The same for a spreadsheet: the name of a channel that it would take for a formula begins with `'`, and hidden
/// characters are written out.
#[must_use]
pub fn samples_spreadsheet(stream: &Stream) -> Vec<u8> {
    columns(|channel| Cow::Owned(Shown::spreadsheet(channel).to_string())).csv(stream.samples().enumerate())
}

/// The same as a Parquet table, with numbers as doubles.
///
/// # Errors
/// When polars refuses, which it has no reason to.
#[cfg(feature = "parquet")]
pub fn samples_parquet(stream: &Stream) -> Result<Vec<u8>, ParquetError> {
    columns(|channel| Cow::Borrowed(channel)).parquet(stream.samples().enumerate())
}
