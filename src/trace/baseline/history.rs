//! What a residual is compared with: the recent past of the same item.

use std::collections::VecDeque;

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
        // The distances grow on both sides of the centre: merge them until the middle.
        let mut above = self.sorted.partition_point(|value| *value < centre);
        let mut below = above;
        let mut deviation = 0.0;
        for _ in 0..self.sorted.len().div_ceil(2) {
            let down = below.checked_sub(1).map(|at| centre - self.sorted[at]);
            let up = self.sorted.get(above).map(|value| value - centre);
            match (down, up) {
                (Some(down), up) if up.is_none_or(|up| down <= up) => (deviation, below) = (down, below - 1),
                (_, Some(up)) => (deviation, above) = (up, above + 1),
                (_, None) => break,
            }
        }
        deviation
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
        if self.recent.len() == self.limit
            && let Some(oldest) = self.recent.pop_front()
        {
            let at = self.sorted.partition_point(|other| other.total_cmp(&oldest).is_lt());
            self.sorted.remove(at);
        }
        self.recent.push_back(value);
        let at = self.sorted.partition_point(|other| other.total_cmp(&value).is_lt());
        self.sorted.insert(at, value);
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
}
