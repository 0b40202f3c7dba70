//! Identity: of one key there is one row at one time. Which of two is right, nobody can know.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::HashMap;

use super::cell::Cell;
use super::column::{Column, retain_rows};
use super::fault::RowFault;
use super::row_problem::CellProblem;
use crate::trace::adapter::Construction;

/// Pairs of rows, below `rows`, that have one key at one time: the one before, and the one that comes again.
pub(crate) fn repeated<K: Eq + Hash>(rows: usize, key: impl Fn(usize) -> K) -> Vec<(usize, usize)> {
    let mut last = HashMap::with_capacity(rows);
    (0..rows).filter_map(|row| Some((last.insert(key(row), row)?, row))).collect()
}

/// The same of rows with an identifier that is unique in its file; rows without one are none of them.
pub(crate) fn repeated_ids(ids: &Ids) -> Vec<(usize, usize)> {
    // Nearly always there is none, which sorting finds in less memory than a map.
    let mut sorted: Vec<u64> = ids.0.iter().copied().filter(|id| *id != UNKNOWN).collect();
    sorted.sort_unstable();
    if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
        return Vec::new();
    }
    let rows: Vec<usize> = (0..ids.0.len()).filter(|row| ids.0[*row] != UNKNOWN).collect();
    let pairs = repeated(rows.len(), |at| ids.0[rows[at]]);
    pairs.into_iter().map(|(first, second)| (rows[first], rows[second])).collect()
}

/// Identifiers, of which it only matters whether two are the same: whole numbers, or hashes of texts.
#[derive(Default)]
pub(crate) struct Ids(Vec<u64>);

/// Unsigned, it is -1.
const UNKNOWN: u64 = u64::MAX;

impl Ids {
    /// Whether that of any row is known.
    pub(crate) fn is_known(&self) -> bool {
        self.0.iter().any(|id| *id != UNKNOWN)
    }

    /// That of a row; those of rows that are not known are the same.
    pub(crate) fn of_row(&self, row: usize) -> u64 {
        self.0[row]
    }
}

impl Column<1> for Ids {
    type Value<'r> = u64;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<u64, RowFault> {
        if construction.is_reference() || !cell.is_present() {
            return Ok(UNKNOWN);
        }
        match cell.whole(construction) {
            Ok(id) => return Ok(id),
            Err(RowFault::Cell { problem: CellProblem::Unknown(_), .. }) => return Ok(UNKNOWN),
            Err(_) => {}
        }
        // What was rounded may be another one.
        let Ok(id) = cell.id(construction) else { return Ok(UNKNOWN) };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn push(&mut self, id: u64) {
        self.0.push(id);
    }

    fn append(&mut self, later: Self) {
        self.0.extend_from_slice(&later.0);
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.0, keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::read::Slot;

    #[test]
    fn each_row_that_comes_again_is_a_pair_with_the_one_before() {
        let keys = ["a", "b", "a", "c", "a", "b"];
        assert_eq!(repeated(keys.len(), |row| keys[row]), [(0, 2), (2, 4), (1, 5)]);
        assert!(repeated(0, |row| keys[row]).is_empty());
    }

    #[test]
    fn an_identifier_is_a_number_or_a_text_and_what_is_not_known_is_the_same_as_nothing() {
        let ids = |texts: &[&str]| {
            let mut ids = Ids::default();
            for text in texts {
                let cell = Cell::of_text(Slot(0), text);
                ids.push(Ids::read([cell], Construction::Own("plain")).unwrap());
            }
            repeated_ids(&ids)
        };
        assert_eq!(ids(&["7", "", "q1", "NULL", " 7", "", "\\N", "q1", "-1", "-1"]), [(0, 4), (2, 7)]);
        assert_eq!(ids(&["1.5E+17", "1.5E+17", "a", "A"]), []);
        assert_eq!(ids(&["282952223678799236", "282952223678799237"]), []);
        assert_eq!(ids(&[]), []);
    }
}
