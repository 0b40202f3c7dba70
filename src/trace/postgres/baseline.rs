//! What a value is compared with: the recent past of the same channel, and not while it is up.

use std::collections::VecDeque;

use super::Rules;

/// Median and median absolute deviation of a channel's recent values.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    /// Times and values, oldest first.
    history: VecDeque<(f64, f64)>,
    /// Since when the channel has been up without a break.
    up_since: Option<f64>,
}

/// A level with what is usual around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usual {
    pub(super) median: f64,
    /// Median absolute deviation.
    pub(super) deviation: f64,
}

impl Usual {
    /// How far `value` is above what is usual, beyond the dead zone or `floor`; 0 if it is not. What is above is told whole:
    /// a zone that were taken off would make small faults smaller still.
    pub(super) fn above(&self, value: f64, dead_zone: f64, floor: f64) -> f64 {
        let above = value - self.median;
        if above > (dead_zone * self.deviation).max(floor) { above } else { 0.0 }
    }
}

impl Baseline {
    /// What is usual at `t`; `None` until enough history is known.
    pub(super) fn usual(&self, t: f64, rules: &Rules) -> Option<Usual> {
        let until = t - rules.pool_s;
        self.history.front().filter(|(at, _)| until - at >= rules.known_s)?;
        let mut values: Vec<f64> =
            self.history.iter().filter(|(at, _)| *at <= until).map(|(_, value)| *value).collect();
        let median = median(&mut values)?;
        let mut deviations: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
        Some(Usual { median, deviation: self::median(&mut deviations)? })
    }

    /// Takes in the value at `t`, unless the channel is up. A level that stays up becomes the usual one.
    pub(super) fn feed(&mut self, t: f64, value: f64, up: bool, rules: &Rules) {
        if up {
            let since = *self.up_since.get_or_insert(t);
            if t - since < rules.adopt_s {
                return;
            }
            self.history.clear();
        }
        self.up_since = None;
        self.history.push_back((t, value));
        let oldest = t - rules.pool_s - rules.history_s;
        while self.history.front().is_some_and(|(at, _)| *at < oldest) {
            self.history.pop_front();
        }
    }
}

/// The median; of an even number the middle between the two. `None` of none.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { 0.5 * values[values.len() / 2 - 1] + 0.5 * upper })
}

/// Sums over the last seconds.
#[derive(Clone, Debug)]
pub(super) struct Pool<const N: usize> {
    polls: VecDeque<(f64, [f64; N])>,
}

impl<const N: usize> Default for Pool<N> {
    fn default() -> Self {
        Self { polls: VecDeque::new() }
    }
}

impl<const N: usize> Pool<N> {
    /// Adds what came in the interval that ends at `t`, forgets what is older than `pool_s`, and gives the sums. They are
    /// summed anew each time, so that nothing of what was taken out stays behind as a rounding error.
    pub(super) fn add(&mut self, t: f64, values: [f64; N], pool_s: f64) -> [f64; N] {
        self.polls.push_back((t, values));
        // Half a millisecond: three polls of a second are not always three seconds.
        while self.polls.front().is_some_and(|(at, _)| *at <= t - pool_s - 5e-4) {
            self.polls.pop_front();
        }
        let mut sums = [0.0; N];
        for (_, values) in &self.polls {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sums
    }

    pub(super) fn clear(&mut self) {
        self.polls.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_known_late_holds_while_up_and_adopts_what_stays() {
        let rules = Rules::default();
        let mut baseline = Baseline::default();
        for second in 0..8 {
            assert_eq!(baseline.usual(f64::from(second), &rules), None, "{second}");
            baseline.feed(f64::from(second), 10.0 + f64::from(second % 3), false, &rules);
        }
        let usual = baseline.usual(8.0, &rules).unwrap();
        assert_eq!(usual, Usual { median: 11.0, deviation: 1.0 });
        assert_eq!([13.9, 14.0, 14.1].map(|value| usual.above(value, 3.0, 0.0)), [0.0, 0.0, 14.1 - 11.0]);
        for second in 8..200 {
            baseline.feed(f64::from(second), 99.0, true, &rules);
        }
        assert_eq!(baseline.usual(200.0, &rules).unwrap().median, 11.0);
        for second in 200..320 {
            baseline.feed(f64::from(second), 99.0, second < 310, &rules);
        }
        assert_eq!(baseline.usual(320.0, &rules).unwrap().median, 99.0);
    }

    #[test]
    fn a_pool_has_the_last_seconds_and_no_more() {
        let mut pool = Pool::default();
        let sums: Vec<f64> = (0..6).map(|second| pool.add(f64::from(second), [1.0], 3.0)[0]).collect();
        assert_eq!(sums, [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]);
        assert_eq!(pool.add(100.0, [5.0], 3.0), [5.0]);
    }
}
