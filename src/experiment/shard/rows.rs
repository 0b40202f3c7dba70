//! The rows of a shard of tapes: an `episodes.csv` of all its units, with the unit of each row in front.

use std::path::Path;

use super::{Shard, ShardError};
use crate::evaluate::{TableError, read_shard_rows};
use crate::motif::{self, Episode, Semantics};
use crate::store::Place;

/// Writes the rows of a shard.
pub(super) struct Writer {
    semantics: Semantics,
    table: csv::Writer<Vec<u8>>,
}

/// What an in-memory table cannot do.
const NO_FAILURE: &str = "rows of one length, written to memory";

impl Writer {
    pub(super) fn new(semantics: Semantics) -> Self {
        let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        let header = [&b"unit"[..]].into_iter().chain(header(semantics));
        table.write_record(header).expect(NO_FAILURE);
        Self { semantics, table }
    }

    /// The episodes of the unit with this number. Rows are those of an `episodes.csv`, taken apart by a reader of CSV: a name may
    /// have a line feed in it.
    pub(super) fn append(&mut self, unit: usize, episodes: &[Episode]) {
        let text = motif::csv(self.semantics, episodes);
        let unit = unit.to_string();
        for row in csv::Reader::from_reader(text.as_slice()).byte_records() {
            let row = row.expect("it has just been written as CSV");
            self.table.write_record([unit.as_bytes()].into_iter().chain(&row)).expect(NO_FAILURE);
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.table.into_inner().expect(NO_FAILURE)
    }
}

fn header(semantics: Semantics) -> impl Iterator<Item = &'static [u8]> {
    motif::csv_header(semantics).trim_ascii_end().split(|byte| *byte == b',')
}

/// The episodes of each unit of a shard, in their order; `text` is what stands at `path`.
///
/// # Errors
/// When these are not rows of the shard.
pub(super) fn read(
    shard: &Shard,
    semantics: Semantics,
    path: &Path,
    text: &[u8],
) -> Result<Vec<Vec<Episode>>, ShardError> {
    let bad = |problem: String| TableError::Malformed { place: Place::file(path), problem };
    let expected = [b"unit,", motif::csv_header(semantics)].concat();
    if !text.starts_with(&expected) {
        let (semantics, header) = (semantics.name(), String::from_utf8_lossy(expected.trim_ascii_end()).into_owned());
        return Err(bad(format!("its header is not that of episodes of `{semantics}`: {header}")).into());
    }
    let mut units = vec![Vec::new(); shard.units.len()];
    for (number, episode) in read_shard_rows(path, text)? {
        let Some((unit, episodes)) = shard.units.get(number).zip(units.get_mut(number)) else {
            let has = shard.units.len();
            return Err(bad(format!("a row is of unit {number}, and the shard has {has}; run it again")).into());
        };
        if unit.class.is_some_and(|class| class != episode.motif.class()) {
            let motif = episode.motif.name();
            return Err(bad(format!("a row of unit {number} is of `{motif}`, which is of another class")).into());
        }
        episodes.push(episode);
    }
    Ok(units)
}
