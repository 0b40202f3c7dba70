//! What a ratio of two counters is compared with: the recent past of the same channel, and not while it is up.

use std::collections::VecDeque;

use super::Rules;

/// Intervals without which the spread of a channel is not known.
const LEAST_INTERVALS: usize = 4;

/// An amount, and the count that it is held against: blocks and calls, rows and scans, misses and blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    pub(super) amount: f64,
    pub(super) count: f64,
}

/// The recent intervals of a channel, by the time of their end.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    history: VecDeque<(f64, Rate)>,
    /// Since when the channel has been up without a break.
    up_since: Option<f64>,
}

/// What is usual of a channel, as far as its history tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BaselineEstimate {
    /// Amount per count over all intervals.
    pub(super) ratio: f64,
    /// How much more the amounts of intervals vary than if they came in units: the index of dispersion, chi-squared over degrees
    /// of freedom (McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5), and at least the largest surprise.
    pub(super) dispersion: f64,
}

impl BaselineEstimate {
    /// How many standard deviations an amount is above what is usual for its count. A statement of which few calls are a hundred
    /// times as dear as the others needs a larger amount than one whose calls are alike.
    pub(super) fn deviations(&self, Rate { amount, count }: Rate) -> f64 {
        let expected = self.ratio * count;
        let above = amount - expected;
        let variance = self.dispersion * expected;
        if above <= 0.0 {
            0.0
        } else if variance > 0.0 {
            above / variance.sqrt()
        } else {
            f64::INFINITY
        }
    }
}

impl Baseline {
    /// What is usual at `t`; `None` until enough history is known. Units that come by themselves, one by one, have a dispersion of
    /// 1 at least, however even a few of them looked.
    pub(super) fn estimate(&self, t: f64, least_dispersion: f64, rules: &Rules) -> Option<BaselineEstimate> {
        let until = t - rules.pool_s;
        self.history.front().filter(|(at, _)| until - at >= rules.known_s)?;
        let known = || self.history.iter().filter(|(at, _)| *at <= until).map(|(_, rate)| rate);
        let intervals = known().count();
        if intervals < LEAST_INTERVALS {
            return None;
        }
        let (amount, count) = known().fold((0.0, 0.0), |sums, rate| (sums.0 + rate.amount, sums.1 + rate.count));
        let ratio = amount / count;
        let chi_squared = known().fold(0.0, |sum, Rate { amount, count }| {
            let expected = ratio * count;
            if expected > 0.0 { sum + (amount - expected) * (amount - expected) / expected } else { sum }
        });
        // The largest surprise of an interval is the size of what comes at once, as far as so few intervals can tell.
        let surprise = known().fold(0.0_f64, |most, rate| most.max(rate.amount - ratio * rate.count));
        let dispersion = (chi_squared / (intervals - 1) as f64).max(surprise).max(least_dispersion);
        Some(BaselineEstimate { ratio, dispersion })
    }

    /// Takes in the interval that ends at `t`, unless the channel is up. A level that stays up becomes the usual one.
    pub(super) fn feed(&mut self, t: f64, rate: Rate, up: bool, rules: &Rules) {
        if up {
            if self.up_since.is_none() {
                // What is not the past yet has come when the channel was on its way up.
                while self.history.back().is_some_and(|(at, _)| !is_past(*at, t, rules.pool_s)) {
                    self.history.pop_back();
                }
            }
            let since = *self.up_since.get_or_insert(t);
            if t - since < rules.adopt_s {
                return;
            }
            self.history.clear();
        }
        self.up_since = None;
        self.history.push_back((t, rate));
        let oldest = t - rules.pool_s - rules.history_s;
        while self.history.front().is_some_and(|(at, _)| *at < oldest) {
            self.history.pop_front();
        }
    }
}

/// Seconds by which polls may be early or late: three of them, a second apart, are three seconds.
pub(super) const SLACK_S: f64 = 0.05;

/// Whether the interval that ended at `at` is not one of the last `seconds` before `t`.
pub(super) fn is_past(at: f64, t: f64, seconds: f64) -> bool {
    at <= t - seconds + SLACK_S
}

/// Sums over the last seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    polls: VecDeque<(f64, Rate)>,
}

impl Pool {
    /// Adds what came in the interval that ends at `t`, forgets what is older than `pool_s`, and gives the sums. They are
    /// summed anew each time, so that nothing of what was taken out stays behind as a rounding error.
    pub(super) fn add(&mut self, t: f64, rate: Rate, pool_s: f64) -> Rate {
        self.polls.push_back((t, rate));
        while self.polls.len() > 1 && self.polls.front().is_some_and(|(at, _)| is_past(*at, t, pool_s)) {
            self.polls.pop_front();
        }
        let mut sums = Rate::default();
        for (_, Rate { amount, count }) in &self.polls {
            sums.amount += amount;
            sums.count += count;
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

    fn rate(amount: f64, count: f64) -> Rate {
        Rate { amount, count }
    }

    #[test]
    fn a_baseline_is_known_late_holds_while_up_and_adopts_what_stays() {
        let rules = Rules::default();
        let mut baseline = Baseline::default();
        for second in 0..8 {
            assert_eq!(baseline.estimate(f64::from(second), 0.0, &rules), None, "{second}");
            baseline.feed(f64::from(second), rate(f64::from(20 + second % 2 * 20), 2.0), false, &rules);
        }
        // Six intervals, 20 and 40 in turn, of 30 each: 6 * 100 / 30 over 5, and 10 more than expected in some.
        let usual = baseline.estimate(8.0, 0.0, &rules).unwrap();
        assert_eq!((usual.ratio, usual.dispersion), (15.0, 10.0));
        assert_eq!(usual.deviations(rate(30.0, 2.0)), 0.0);
        assert_eq!(
            usual.deviations(rate(390.0, 26.0)) + usual.deviations(rate(60.0 + 60.0, 4.0)),
            60.0 / 600.0_f64.sqrt()
        );
        for second in 8..200 {
            baseline.feed(f64::from(second), rate(999.0, 1.0), true, &rules);
        }
        assert_eq!(baseline.estimate(200.0, 0.0, &rules).unwrap().ratio, 15.0);
        for second in 200..320 {
            baseline.feed(f64::from(second), rate(999.0, 1.0), second < 310, &rules);
        }
        let adopted = baseline.estimate(320.0, 0.0, &rules).unwrap();
        assert_eq!((adopted.ratio, adopted.dispersion), (999.0, 0.0));
        assert_eq!([999.0, 1000.0].map(|amount| adopted.deviations(rate(amount, 1.0))), [0.0, f64::INFINITY]);
    }

    #[test]
    fn a_pool_has_the_last_seconds_and_no_more() {
        let mut pool = Pool::default();
        let sums: Vec<f64> = (0..6).map(|second| pool.add(f64::from(second), rate(1.0, 2.0), 3.0).amount).collect();
        assert_eq!(sums, [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]);
        assert_eq!(pool.add(100.0, rate(5.0, 6.0), 3.0), rate(5.0, 6.0));
    }
}
