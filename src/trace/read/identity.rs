//! Identity: of one key there is one row at one time. Which of two is right, nobody can know.

use std::hash::Hash;

use hashbrown::HashMap;

/// Pairs of rows, below `rows`, that have one key at one time: the one before, and the one that comes again.
pub(crate) fn repeated<K: Eq + Hash>(rows: usize, key: impl Fn(usize) -> K) -> Vec<(usize, usize)> {
    let mut last = HashMap::with_capacity(rows);
    (0..rows).filter_map(|row| Some((last.insert(key(row), row)?, row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_that_comes_again_is_a_pair_with_the_one_before() {
        let keys = ["a", "b", "a", "c", "a", "b"];
        assert_eq!(repeated(keys.len(), |row| keys[row]), [(0, 2), (2, 4), (1, 5)]);
        assert!(repeated(0, |row| keys[row]).is_empty());
    }
}
