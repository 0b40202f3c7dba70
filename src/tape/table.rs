//! The samples of a tape as a table, for SQL and data frames.

use std::borrow::Cow;

#[cfg(feature = "parquet")]
use crate::residual::{ParquetError, parquet_table};
use crate::residual::{Stream, number};
use crate::store::Shown;

/// The samples as a CSV: `n` (their place, from 0: samples of one time have an order), `t`, `class`, `channel` (quoted,
/// or nothing at all where a sample has none), `value`.
#[must_use]
pub fn samples_csv(stream: &Stream) -> Vec<u8> {
    csv_of(stream, |channel| Cow::Borrowed(channel))
}

/// The same for a spreadsheet: the name of a channel that it would take for a formula begins with `'`, and hidden
/// characters are written out.
#[must_use]
pub fn samples_spreadsheet(stream: &Stream) -> Vec<u8> {
    csv_of(stream, |channel| Cow::Owned(Shown::spreadsheet(channel).to_string()))
}

fn csv_of(stream: &Stream, shown: impl Fn(&str) -> Cow<'_, str>) -> Vec<u8> {
    let mut text = b"n,t,class,channel,value\n".to_vec();
    for (n, sample) in stream.samples().enumerate() {
        text.extend_from_slice(format!("{n},").as_bytes());
        number::write_table(&mut text, sample.t);
        text.extend_from_slice(format!(",{},", sample.class.name()).as_bytes());
        if let Some(channel) = sample.channel {
            text.extend_from_slice(format!("\"{}\"", shown(channel).replace('"', "\"\"")).as_bytes());
        }
        text.push(b',');
        number::write_table(&mut text, sample.value);
        text.push(b'\n');
    }
    text
}

/// The same as a Parquet table, with numbers as doubles.
///
/// # Errors
/// When polars refuses, which it has no reason to.
#[cfg(feature = "parquet")]
pub fn samples_parquet(stream: &Stream) -> Result<Vec<u8>, ParquetError> {
    use polars::prelude::Column;

    let classes: Vec<&str> = stream.samples().map(|sample| sample.class.name()).collect();
    let channels: Vec<Option<&str>> = stream.samples().map(|sample| sample.channel).collect();
    let columns = vec![
        Column::new("n".into(), (0..stream.len() as u64).collect::<Vec<u64>>()),
        Column::new("t".into(), stream.times()),
        Column::new("class".into(), classes),
        Column::new("channel".into(), channels),
        Column::new("value".into(), stream.values()),
    ];
    parquet_table(stream.len(), columns)
}
