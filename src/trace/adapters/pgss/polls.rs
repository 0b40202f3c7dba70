//! Which rows are one snapshot.

/// What rows of one snapshot may be apart, as a part of the usual interval: programs that stamp each row for itself take
/// milliseconds for a snapshot and seconds or minutes between two.
const NEAR: f64 = 0.1;

/// Times that are nearer than this are the same.
const SAME_TIME_S: f64 = 1e-9;

/// The snapshots of a file.
#[derive(Debug, Default)]
pub(super) struct Polls {
    /// When each was: the time of its first row.
    pub(super) times: Vec<f64>,
    /// How many rows each has.
    pub(super) rows: Vec<usize>,
    /// The rows of each key with their snapshots, in order of time.
    pub(super) of_key: Vec<Vec<(usize, usize)>>,
    /// Pairs of rows that have one key at one time.
    pub(super) twice: Vec<(usize, usize)>,
    /// How far rows of one snapshot are apart, at most.
    pub(super) spread_s: f64,
}

impl Polls {
    /// Finds the snapshots of rows (by number) with their times and keys, which are below `keys`.
    ///
    /// A row less than a tenth of the usual interval (the median of what a key's rows are apart) after the first one of a
    /// snapshot belongs to it, unless its key is there already.
    pub(super) fn new(rows: impl Iterator<Item = usize>, t: &[f64], key: impl Fn(usize) -> usize, keys: usize) -> Self {
        let mut order: Vec<usize> = rows.collect();
        order.sort_by(|a, b| t[*a].total_cmp(&t[*b]));
        let near_s = NEAR * usual_interval_s(&order, t, &key, keys);
        let mut polls = Self { of_key: vec![Vec::new(); keys], ..Self::default() };
        for block in order.chunk_by(|a, b| t[*b] - t[*a] < SAME_TIME_S) {
            let last = polls.times.len().wrapping_sub(1);
            let gap_s = polls.times.last().map(|first| t[block[0]] - first);
            let is_there = |row: &usize| polls.of_key[key(*row)].last().is_some_and(|(_, poll)| *poll == last);
            let joins = gap_s.is_some_and(|gap_s| gap_s < near_s) && !block.iter().any(is_there);
            let poll = if joins { last } else { polls.times.len() };
            if joins {
                polls.rows[poll] += block.len();
                polls.spread_s = polls.spread_s.max(gap_s.unwrap_or_default());
            } else {
                polls.times.push(t[block[0]]);
                polls.rows.push(block.len());
            }
            for row in block {
                let of_key = &mut polls.of_key[key(*row)];
                match of_key.last() {
                    Some((other, same)) if *same == poll => polls.twice.push((*other, *row)),
                    _ => of_key.push((*row, poll)),
                }
            }
        }
        polls.find_split(near_s);
        polls
    }

    /// Of snapshots that are as near as rows of one are, the second is one only if it has most of the keys again: else a key
    /// is there twice.
    fn find_split(&mut self, near_s: f64) {
        let mut again: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.times.len()];
        for pair in self.of_key.iter().flat_map(|rows| rows.windows(2)) {
            let ((first, before), (second, poll)) = (pair[0], pair[1]);
            if before + 1 == poll && self.times[poll] - self.times[before] < near_s {
                again[poll].push((first, second));
            }
        }
        for (poll, pairs) in again.into_iter().enumerate() {
            if !pairs.is_empty() && pairs.len() * 2 < self.rows[poll].min(self.rows[poll - 1]) {
                self.twice.extend(pairs);
            }
        }
    }
}

/// The median of what the rows of a key are apart; 0 if no key has two.
fn usual_interval_s(order: &[usize], t: &[f64], key: impl Fn(usize) -> usize, keys: usize) -> f64 {
    let mut last = vec![f64::NAN; keys];
    let mut intervals = Vec::new();
    for row in order {
        let before = std::mem::replace(&mut last[key(*row)], t[*row]);
        if t[*row] - before >= SAME_TIME_S {
            intervals.push(t[*row] - before);
        }
    }
    intervals.sort_by(f64::total_cmp);
    intervals.get(intervals.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polls(rows: &[(f64, usize)]) -> Polls {
        let t: Vec<f64> = rows.iter().map(|(t, _)| *t).collect();
        let keys = rows.iter().map(|(_, key)| key + 1).max().unwrap_or_default();
        Polls::new(0..rows.len(), &t, |row| rows[row].1, keys)
    }

    #[test]
    fn rows_milliseconds_apart_are_one_snapshot_in_any_order() {
        let rows = [(60.002, 1), (0.0, 0), (0.001, 1), (120.004, 1), (60.0, 0), (120.003, 0), (0.002, 2)];
        let found = polls(&rows);
        assert_eq!((&found.times[..], &found.rows[..]), (&[0.0, 60.0, 120.003][..], &[3, 2, 2][..]));
        assert!(found.twice.is_empty() && (found.spread_s - 0.002).abs() < 1e-9);
        assert_eq!(found.of_key[1], [(2, 0), (0, 1), (3, 2)]);
    }

    #[test]
    fn a_key_that_is_there_again_starts_a_snapshot() {
        let rows = [0.0, 0.5, 60.0, 120.0].map(|t| [(t, 0), (t, 1)]).concat();
        assert_eq!(polls(&rows).times, [0.0, 0.5, 60.0, 120.0]);
        assert!(polls(&rows).twice.is_empty());
    }

    #[test]
    fn a_key_twice_at_one_time_is_found_also_when_rows_are_stamped_one_by_one() {
        let exact = polls(&[(0.0, 0), (0.0, 1), (0.0, 0), (60.0, 0)]);
        assert_eq!(exact.twice, [(0, 2)]);
        let mut rows = Vec::new();
        for poll in [0.0, 60.0, 120.0] {
            rows.extend([0, 1, 2, 3, 1, 4, 5].iter().enumerate().map(|(at, key)| (poll + at as f64 * 1e-3, *key)));
        }
        assert!(polls(&rows).twice.contains(&(1, 4)));
    }
}
