//! What a residual is compared with: the recent past of the same item.

use std::collections::VecDeque;
use std::hint::select_unpredictable;

use crate::residual::{Math, formula};

/// The last few values of one item; the first one needs no allocation, since most items of a trace come once.
#[derive(Clone, Debug, Default)]
pub(crate) enum RecentValues {
    #[default]
    Empty,
    One(f64),
    #[expect(clippy::box_collection, reason = "there may be as many windows as rows, and most hold one value")]
    More(Box<VecDeque<f64>>),
}

impl RecentValues {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::More(values) => values.len(),
        }
    }

    /// Their mean: summed from the oldest to the newest, then divided. `absent` if there are none.
    pub(crate) fn mean_or(&self, absent: f64) -> f64 {
        match self {
            Self::Empty => absent,
            Self::One(value) => *value,
            // From -0.0, as in the published program, so that the mean of negative zeros is one.
            Self::More(values) => values.iter().fold(-0.0, |sum, value| sum + value) / values.len() as f64,
        }
    }

    /// Adds the newest value and drops the oldest if there are then more than `limit`.
    pub(crate) fn push(&mut self, value: f64, limit: usize) {
        match self {
            Self::Empty => *self = Self::One(value),
            Self::One(first) => *self = Self::More(Box::new(VecDeque::from([*first, value]))),
            Self::More(values) => {
                values.push_back(value);
            }
        }
        if let Self::More(values) = self
            && values.len() > limit
        {
            values.pop_front();
        }
    }
}

/// The median, and other quantiles, of the last few values of one item.
#[derive(Clone, Debug)]
pub(crate) struct RollingMedian {
    recent: VecDeque<f64>,
    sorted: Vec<f64>,
    /// How many values are kept.
    limit: usize,
}

impl Default for RollingMedian {
    fn default() -> Self {
        Self::with_limit(HISTORY)
    }
}

/// How many values a baseline of our own looks back. Long enough that a fault of a minute does not become its own
/// baseline at a few executions a minute, short enough to follow a change that has come to stay.
pub(crate) const HISTORY: usize = 24;

/// How many values must be known before anything is compared with them. Fewer, and one slow first run (a cold cache)
/// would be the baseline.
pub(crate) const KNOWN: usize = 5;

impl RollingMedian {
    /// One that keeps the last `limit` values.
    pub(crate) const fn with_limit(limit: usize) -> Self {
        Self { recent: VecDeque::new(), sorted: Vec::new(), limit }
    }

    /// How many values are kept.
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The values in ascending order.
    pub(crate) fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.recent.clear();
        self.sorted.clear();
    }

    /// The width of the middle `share` of the values: the distance of the two quantiles (nearest ranks) around it.
    pub(crate) fn width(&self, share: f64) -> f64 {
        let rank = |share: f64| ((self.sorted.len() - 1) as f64 * share).round() as usize;
        if self.sorted.is_empty() {
            return 0.0;
        }
        self.sorted[rank(0.5 + 0.5 * share)] - self.sorted[rank(0.5 - 0.5 * share)]
    }

    /// The median distance from `centre`; of an even number of values the lower of the two in the middle.
    pub(crate) fn deviation_from(&self, centre: f64) -> f64 {
        let Some(last) = self.sorted.len().div_ceil(2).checked_sub(1) else { return 0.0 };
        // The nearer half of the values is a run of the sorted ones. As a run moves up, its first value comes nearer to the centre
        // from below, and its last one leaves it above: the run is where the larger of both distances is least.
        let below = |first: usize| centre - self.sorted[first];
        let above = |first: usize| self.sorted[first + last] - centre;
        let runs = self.sorted.len() - last;
        let (mut first, mut left) = (0, runs);
        while left > 1 {
            let half = left / 2;
            let middle = first + half;
            // As likely as not, so that a branch would be foretold wrongly every other time.
            first = select_unpredictable(below(middle - 1) > above(middle - 1), middle, first);
            left -= half;
        }
        first += usize::from(below(first) > above(first));
        let before = first.checked_sub(1).map(below);
        let here = (first < runs).then(|| above(first));
        match (before, here) {
            (Some(before), Some(here)) => before.min(here),
            (before, here) => before.or(here).unwrap_or_default(),
        }
    }

    /// The median, if at least `known` values are there; of an even number the middle between the two.
    pub(crate) fn after(&self, known: usize) -> Option<f64> {
        let count = self.sorted.len();
        if count < known.max(1) {
            return None;
        }
        let upper = self.sorted[count / 2];
        Some(if count % 2 == 1 { upper } else { 0.5 * self.sorted[count / 2 - 1] + 0.5 * upper })
    }

    /// The largest of the values.
    pub(crate) fn largest(&self) -> Option<f64> {
        self.sorted.last().copied()
    }

    /// Adds the newest value and drops the oldest if there are then too many.
    pub(crate) fn push(&mut self, value: f64) {
        let oldest = if self.recent.len() == self.limit { self.recent.pop_front() } else { None };
        self.recent.push_back(value);
        match oldest {
            None => {
                let [at, _] = self.places([value; 2]);
                self.sorted.insert(at, value);
            }
            Some(oldest) if oldest.to_bits() == value.to_bits() => {}
            Some(oldest) => {
                // Only what is between the two places moves, by one.
                let [from, to] = self.places([oldest, value]);
                if from < to {
                    self.sorted.copy_within(from + 1..to, from);
                    self.sorted[to - 1] = value;
                } else {
                    self.sorted.copy_within(to..from, to + 1);
                    self.sorted[to] = value;
                }
            }
        }
    }

    /// For each value where the first one stands that is not less. They are looked for at the same time: no step of one search
    /// waits for those of the other.
    fn places(&self, values: [f64; 2]) -> [usize; 2] {
        let is_less = |at: usize, value: f64| self.sorted[at].total_cmp(&value).is_lt();
        let (mut found, mut left) = ([0; 2], self.sorted.len());
        while left > 1 {
            let half = left / 2;
            for (found, value) in found.iter_mut().zip(values) {
                *found = select_unpredictable(is_less(*found + half - 1, value), *found + half, *found);
            }
            left -= half;
        }
        if left == 1 {
            found.iter_mut().zip(values).for_each(|(found, value)| *found += usize::from(is_less(*found, value)));
        }
        found
    }
}

/// ln of a value over the median of those before, with `guard` added to both: a value of 0 is fine, and differences that
/// are small against the guard are next to none. Symmetric in slower and faster; 0.69 is twice as slow.
pub(crate) fn log_ratio(math: Math, value: f64, median: f64, guard: f64) -> f64 {
    formula::log_ratio(math, value + guard, median + guard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_of_the_last_few_and_summed_in_order() {
        let mut window = RecentValues::default();
        assert_eq!(window.mean_or(7.0), 7.0);
        let values = [0.1, 1e16, -1e16, 0.3, 0.7, 1e-17];
        for (index, value) in values.into_iter().enumerate() {
            window.push(value, 4);
            let kept = &values[(index + 1).saturating_sub(4)..=index];
            assert_eq!(window.mean_or(7.0), kept.iter().fold(0.0, |sum, value| sum + value) / kept.len() as f64);
            assert_eq!(window.len(), kept.len());
        }
    }

    #[test]
    fn a_rolling_median_is_the_median_of_the_last_values() {
        let mut median = RollingMedian::default();
        let mut all: Vec<f64> = Vec::new();
        for index in 0..200_u64 {
            assert_eq!(median.after(5).is_some(), all.len() >= 5);
            let value = ((index * 7919) % 31) as f64 - 15.0;
            median.push(value);
            all.push(value);
            let mut last = all[all.len().saturating_sub(HISTORY)..].to_vec();
            last.sort_by(f64::total_cmp);
            let expected = 0.5 * (last[(last.len() - 1) / 2] + last[last.len() / 2]);
            assert_eq!(median.after(1), Some(expected));
            assert_eq!(median.largest(), last.last().copied());
            for centre in [-3.5, 0.0, 20.0] {
                let mut distances: Vec<f64> = last.iter().map(|value| (value - centre).abs()).collect();
                distances.sort_by(f64::total_cmp);
                assert_eq!(median.deviation_from(centre), distances[(distances.len() - 1) / 2], "{centre}");
            }
            assert_eq!(median.width(1.0), last[last.len() - 1] - last[0]);
            assert_eq!(median.width(0.0), 0.0);
        }
    }

    #[test]
    fn the_sorted_values_are_the_last_ones_bit_for_bit() {
        let mut random = 1_u64;
        for limit in [1, 2, 3, 24, 60] {
            let mut median = RollingMedian::with_limit(limit);
            let mut all: Vec<f64> = Vec::new();
            for _ in 0..1000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let value = [-0.0, 0.0, -1e100, 1e100, 0.1, 0.3, 1e-300, random as f64][(random >> 61) as usize];
                median.push(value);
                all.push(value);
                let mut last = all[all.len().saturating_sub(limit)..].to_vec();
                last.sort_by(f64::total_cmp);
                let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(median.sorted()), bits(&last));
                for centre in [value, 0.5 * last[0] + 0.5 * last[last.len() - 1], 0.2, -1e200] {
                    let mut distances: Vec<f64> = last.iter().map(|value| (value - centre).abs()).collect();
                    distances.sort_by(f64::total_cmp);
                    assert_eq!(median.deviation_from(centre), distances[(distances.len() - 1) / 2], "{centre}");
                }
            }
        }
    }
}
