//! The pace of a capture: ticks that do not drift, and fewer of them where a poll costs too much.

use std::collections::VecDeque;
use std::time::Duration;

use crate::tape::recording::Cost;

/// Polls that a pace is judged by. The first one of a connection is not among them: it plans every question.
const JUDGED: usize = 5;

/// How many times as slow as asked for a capture may become.
const SLOWEST: u32 = 32;

/// Polls at a slower pace before a faster one is tried.
const PATIENCE: u32 = 15;

/// Decides when to poll.
pub(super) struct Governor {
    asked: Duration,
    /// Share of one core that a capture may cost, the server's side included.
    budget: f64,
    factor: u32,
    recent: VecDeque<f64>,
    since_change: u32,
    fresh: bool,
    /// Where the ticks are counted from, and how many have passed, by the clock of the capture.
    anchor: Duration,
    ticks: u32,
}

impl Governor {
    pub(super) fn new(asked: Duration, budget: f64) -> Self {
        Self {
            asked,
            budget,
            factor: 1,
            recent: VecDeque::new(),
            since_change: 0,
            fresh: true,
            anchor: Duration::ZERO,
            ticks: 0,
        }
    }

    /// Time between polls.
    pub(super) fn interval(&self) -> Duration {
        self.asked * self.factor
    }

    /// When the next poll is due. Ticks that passed while another poll went on are left out, none is made up for.
    pub(super) fn next(&mut self, now: Duration) -> Duration {
        let interval = self.interval();
        let due = |ticks: u32| self.anchor + interval * ticks;
        while due(self.ticks) <= now {
            self.ticks += 1;
        }
        due(self.ticks)
    }

    /// A connection has begun: its first poll costs what no other does.
    pub(super) fn connected(&mut self) {
        self.fresh = true;
    }

    /// Takes in what a poll cost, and gives the reason of a change of pace. Waiting is no cost.
    pub(super) fn judge(&mut self, cost: Cost, now: Duration) -> Option<String> {
        if std::mem::take(&mut self.fresh) {
            return None;
        }
        self.since_change = self.since_change.saturating_add(1);
        if self.recent.len() == JUDGED {
            self.recent.pop_front();
        }
        self.recent.push_back((cost.server_ms.unwrap_or_default() + cost.cpu_ms) / 1e3);
        if self.recent.len() < JUDGED {
            return None;
        }
        // The median, so that one poll beside a checkpoint is no reason.
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let poll_s = sorted[JUDGED / 2];
        let share = poll_s / self.interval().as_secs_f64();
        let factor = if share > self.budget && self.factor < SLOWEST {
            self.factor * 2
        } else if self.factor > 1 && self.since_change >= PATIENCE && share * 2.0 < self.budget * 0.8 {
            self.factor / 2
        } else {
            return None;
        };
        self.factor = factor;
        self.recent.clear();
        self.since_change = 0;
        (self.anchor, self.ticks) = (now, 0);
        Some(format!(
            "a poll costs {:.2} ms, {:.2} % of a core, of {:.2} % allowed",
            poll_s * 1e3,
            share * 100.0,
            self.budget * 100.0
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn cost(ms: f64) -> Cost {
        Cost { server_ms: Some(ms / 2.0), cpu_ms: ms / 2.0, elapsed_ms: 5_000.0 }
    }

    #[test]
    fn ticks_neither_drift_nor_queue_up() {
        let mut governor = Governor::new(SECOND, 0.01);
        assert_eq!(governor.next(Duration::from_millis(20)), SECOND);
        assert_eq!(governor.next(Duration::from_millis(1030)), 2 * SECOND);
        // A poll that took three seconds: the ticks in between are gone.
        assert_eq!(governor.next(Duration::from_millis(4100)), 5 * SECOND);
    }

    #[test]
    fn a_dear_first_poll_and_long_waits_change_nothing() {
        let mut governor = Governor::new(SECOND, 0.01);
        assert_eq!(governor.judge(cost(500.0), SECOND), None);
        for _ in 0..100 {
            assert_eq!(governor.judge(cost(1.0), SECOND), None);
        }
        assert_eq!(governor.interval(), SECOND);
    }

    #[test]
    fn it_slows_down_within_bounds_and_comes_back() {
        let mut governor = Governor::new(SECOND, 0.01);
        let mut slowest = SECOND;
        for second in 0..500 {
            let before = governor.interval();
            let changed = governor.judge(cost(100_000.0), second * SECOND).is_some();
            assert_eq!(changed, governor.interval() != before);
            slowest = slowest.max(governor.interval());
        }
        assert_eq!(slowest, 32 * SECOND);
        let changes = (0..500).filter(|second| governor.judge(cost(1.0), *second * SECOND).is_some()).count();
        assert_eq!((changes, governor.interval()), (5, SECOND));
    }

    #[test]
    fn a_cost_between_the_bounds_does_not_make_it_swing() {
        let mut governor = Governor::new(SECOND, 0.01);
        let changes = (0..1000).filter(|second| governor.judge(cost(15.0), *second * SECOND).is_some()).count();
        assert_eq!((changes, governor.interval()), (1, 2 * SECOND));
    }
}
