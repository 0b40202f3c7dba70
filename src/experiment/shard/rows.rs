//! The rows of a shard of tapes: an `episodes.csv` of all its units, with the unit of each row in front.

use std::path::Path;

use super::{Shard, ShardError};
use crate::diagnostics::Place;
use crate::motif::{self, EngineKind, Episode};
use crate::store::{CsvTable, TableColumns, TableError, TableProblem};

/// A row: the number of a unit, and one of its episodes.
type Row = (usize, Episode);

fn columns(engine: EngineKind) -> TableColumns<'static, Row> {
    let unit = TableColumns::default().count("unit", |(unit, _): &Row| *unit as u64);
    unit.and(motif::columns(engine), |(_, episode)| episode)
}

/// The bytes of the rows.
pub(super) fn write(engine: EngineKind, rows: &[Row]) -> Vec<u8> {
    columns(engine).csv(rows)
}

/// The episodes of each unit of a shard, in their order; `text` is what stands at `path`.
///
/// # Errors
/// When these are not rows of the shard.
pub(super) fn read(
    shard: &Shard,
    engine: EngineKind,
    path: &Path,
    text: &[u8],
) -> Result<Vec<Vec<Episode>>, ShardError> {
    let bad = |problem| TableError::Malformed { place: Place::file(path), problem: Box::new(problem) };
    let expected = columns(engine).csv::<Row>([]);
    if !text.starts_with(&expected) {
        let header = String::from_utf8_lossy(expected.trim_ascii_end()).into_owned();
        return Err(bad(TableProblem::OtherHeader { engine: engine.name(), header }).into());
    }
    let mut units = vec![Vec::new(); shard.units.len()];
    for row in CsvTable::parse(path, text, &[])?.rows() {
        let number: usize = row.text("unit").parse().map_err(|_| row.problem(TableProblem::NotUnit))?;
        let episode = motif::read_episode(engine, row)?;
        let Some((unit, episodes)) = shard.units.get(number).zip(units.get_mut(number)) else {
            return Err(bad(TableProblem::NoSuchUnit { unit: number, units: shard.units.len() }).into());
        };
        if unit.class.is_some_and(|class| class != episode.motif.class()) {
            let motif = episode.motif.name();
            return Err(bad(TableProblem::OtherClass { unit: number, motif }).into());
        }
        episodes.push(episode);
    }
    Ok(units)
}
