//! How often each key came in one bucket of time.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::residual::Math;
use crate::residual::divergence::jensen_shannon;

/// Keys by rank (the place of their name in byte order) with their counts, ascending.
pub(crate) type Mix = Vec<(u32, u64)>;

/// Counts `keys`, and leaves none.
pub(crate) fn tally(keys: &mut Vec<u32>) -> Mix {
    keys.sort_unstable();
    let mix = keys.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
    keys.clear();
    mix
}

/// The sum of several mixes.
pub(crate) fn together<'a>(mixes: impl IntoIterator<Item = &'a Mix>) -> Mix {
    let mut sum = BTreeMap::new();
    for (key, count) in mixes.into_iter().flatten() {
        *sum.entry(*key).or_default() += count;
    }
    sum.into_iter().collect()
}

/// The number of the bucket of `width_s` seconds that a time is in; a time before 0 and after -`width_s` is in bucket 0.
pub(crate) fn bucket(t: f64, width_s: f64) -> i64 {
    (t / width_s) as i64
}

/// Queries that a bucket must have to be compared: with fewer, chance alone gives divergences like those of a change.
pub(crate) const ENOUGH_QUERIES: u64 = 20;

/// (group, key) pairs of the running bucket, both by rank.
#[derive(Default)]
struct Running(Vec<(u32, u32)>);

impl Running {
    /// The mix of each group, in order of rank; a new bucket starts.
    fn take(&mut self) -> Vec<(u32, Mix)> {
        self.0.sort_unstable();
        let mut keys = Vec::new();
        let groups = self.0.chunk_by(|a, b| a.0 == b.0).map(|run| {
            keys.extend(run.iter().map(|(_, key)| *key));
            (run[0].0, tally(&mut keys))
        });
        let mixes = groups.collect();
        self.0.clear();
        mixes
    }
}

/// The mixes of many groups (warehouses, users), each compared with that of the bucket that was finished before.
#[derive(Default)]
pub(crate) struct AdjacentMixes {
    running: Running,
    finished: Vec<(u32, Mix)>,
}

impl AdjacentMixes {
    /// Counts a key of a group, both by rank, in the running bucket.
    pub(crate) fn count(&mut self, group: u32, key: u32) {
        self.running.0.push((group, key));
    }

    /// Finishes the running bucket: the divergence of each group that is both in it and in the one finished before, in
    /// order of rank.
    pub(crate) fn finish(&mut self, math: Math) -> Vec<(u32, f64)> {
        let finished = self.running.take();
        let mut before = self.finished.iter().peekable();
        let mut divergences = Vec::new();
        for (group, mix) in &finished {
            while before.next_if(|(other, _)| other < group).is_some() {}
            if let Some((_, previous)) = before.next_if(|(other, _)| other == group) {
                divergences.push((*group, jensen_shannon(math, previous, mix)));
            }
        }
        self.finished = finished;
        divergences
    }
}

/// The mixes of many groups, each compared with that of the group's own last bucket in which enough was counted.
pub(crate) struct RecentMixes {
    running: Running,
    least: u64,
    last: BTreeMap<u32, Mix>,
}

impl RecentMixes {
    /// Buckets in which fewer than `least` keys of a group are counted are passed over.
    pub(crate) fn of_at_least(least: u64) -> Self {
        Self { running: Running::default(), least, last: BTreeMap::new() }
    }

    /// Counts a key of a group, both by rank, in the running bucket.
    pub(crate) fn count(&mut self, group: u32, key: u32) {
        self.running.0.push((group, key));
    }

    /// Finishes the running bucket: the divergence of each group that has one, in order of rank.
    pub(crate) fn finish(&mut self, math: Math) -> Vec<(u32, f64)> {
        let mut divergences = Vec::new();
        for (group, mix) in self.running.take() {
            if mix.iter().map(|(_, count)| count).sum::<u64>() < self.least {
                continue;
            }
            if let Some(previous) = self.last.get(&group) {
                divergences.push((group, jensen_shannon(math, previous, &mix)));
            }
            self.last.insert(group, mix);
        }
        divergences
    }
}

/// For each rank, the index that has it.
pub(crate) fn by_rank(ranks: &[u32]) -> Vec<usize> {
    let mut indexes = vec![0; ranks.len()];
    for (index, rank) in ranks.iter().enumerate() {
        indexes[*rank as usize] = index;
    }
    indexes
}

/// The order in which rows come when sorted stably by time; `None` if they are sorted already.
pub(crate) fn order_by_time(times: &[f64]) -> Option<Vec<u32>> {
    if times.is_sorted() {
        return None;
    }
    let mut order: Vec<u32> = (0..u32::try_from(times.len()).expect("a trace has fewer than 2^32 rows")).collect();
    // -0.0 and 0.0 are the same time, and none is NaN.
    order.par_sort_by(|a, b| times[*a as usize].partial_cmp(&times[*b as usize]).unwrap_or(std::cmp::Ordering::Equal));
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(keys: &[(u32, u32)], mut count: impl FnMut(u32, u32)) {
        keys.iter().for_each(|(group, key)| count(*group, *key));
    }

    #[test]
    fn adjacent_buckets_are_compared_and_a_group_that_was_absent_is_not() {
        let mut mixes = AdjacentMixes::default();
        let mut bucket = |keys: &[(u32, u32)]| {
            count(keys, |group, key| mixes.count(group, key));
            mixes.finish(Math::Portable)
        };
        assert_eq!(bucket(&[(1, 0), (0, 0), (2, 5)]), []);
        assert_eq!(bucket(&[(2, 5), (3, 1), (1, 7), (2, 5)]), [(1, 1.0), (2, 0.0)]);
        assert_eq!(bucket(&[(0, 0), (3, 1)]), [(3, 0.0)]);
        assert_eq!(bucket(&[]), []);
        assert_eq!(bucket(&[(0, 0)]), []);
    }

    #[test]
    fn recent_buckets_pass_over_those_with_too_little() {
        let mut mixes = RecentMixes::of_at_least(2);
        let mut bucket = |keys: &[(u32, u32)]| {
            count(keys, |group, key| mixes.count(group, key));
            mixes.finish(Math::Portable)
        };
        assert_eq!(bucket(&[(1, 0), (0, 3), (0, 3)]), []);
        assert_eq!(bucket(&[(1, 0), (1, 0), (0, 4)]), []);
        assert_eq!(bucket(&[(0, 4), (0, 4), (1, 0), (1, 0)]), [(0, 1.0), (1, 0.0)]);
    }

    #[test]
    fn buckets_truncate_toward_zero() {
        for (t, expected) in [(0.0, 0), (29.9, 0), (30.0, 1), (-29.9, 0), (-30.0, -1), (1e300, i64::MAX)] {
            assert_eq!(bucket(t, 30.0), expected, "{t}");
        }
    }
}
