//! What a channel was at the same time of earlier days or weeks.

use super::history::RollingMedian;

/// Seconds of a slot: of one time of day, as far as a season goes.
const SLOT_S: f64 = 300.0;

/// Periods that are remembered.
const PERIODS: usize = 7;

/// Values of a slot that its median is of, at most: more are not kept.
const IN_SLOT: usize = 60;

/// Periods that must be known of a slot.
const KNOWN_PERIODS: usize = 2;

/// Errors of the season that the spread around it is taken of.
const ERRORS: usize = 120;

/// The last errors, by whose median the season is lifted or lowered: a channel that is up on all of a day is up at noon too.
const RECENT_ERRORS: usize = 30;

/// What an error counts for in the usual one.
const ERROR_WEIGHT: f64 = 0.01;

/// The usual error is not moved by one that is more than so many times as large.
const ERROR_LIMIT: f64 = 3.0;

/// The medians of the slots of a period, and how well they foretell.
#[derive(Clone, Debug)]
pub(super) struct Season {
    slots: Vec<RollingMedian>,
    /// The slot that is not over, counted from time 0.
    running: Option<i64>,
    in_slot: RollingMedian,
    pub(super) errors: RollingMedian,
    recent_errors: RollingMedian,
    /// Usual errors, of the level and of the season.
    usual: Option<[f64; 2]>,
}

impl Season {
    /// Nothing known of a period of so many seconds.
    pub(super) fn of_period(period_s: f64) -> Self {
        let slots = (period_s / SLOT_S) as usize;
        Self {
            slots: vec![RollingMedian::with_limit(PERIODS); slots],
            running: None,
            in_slot: RollingMedian::with_limit(IN_SLOT),
            errors: RollingMedian::with_limit(ERRORS),
            recent_errors: RollingMedian::with_limit(RECENT_ERRORS),
            usual: None,
        }
    }

    fn place(&self, slot: i64) -> usize {
        slot.rem_euclid(self.slots.len() as i64) as usize
    }

    /// Takes in a value, quiet or not: a median of several periods bears a few that were not.
    pub(super) fn feed(&mut self, t: f64, value: f64) {
        let slot = (t / SLOT_S).floor() as i64;
        if self.running != Some(slot) {
            if let (Some(finished), Some(median)) = (self.running, self.in_slot.after(1)) {
                let place = self.place(finished);
                self.slots[place].push(median);
            }
            self.in_slot.clear();
            self.running = Some(slot);
        }
        self.in_slot.push(value);
    }

    /// What was at this time of earlier periods, and a sample earlier and later: their median, if enough of them are known.
    pub(super) fn at(&self, t: f64, interval_s: f64) -> Option<f64> {
        let slot = (t / SLOT_S).floor() as i64;
        let step = (interval_s / SLOT_S).ceil().max(1.0) as i64;
        if self.slots[self.place(slot)].len() < KNOWN_PERIODS {
            return None;
        }
        let near = [slot - step, slot, slot + step].map(|slot| self.place(slot));
        let mut values: Vec<f64> = near.into_iter().flat_map(|place| self.slots[place].sorted()).copied().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        Some(if values.len() % 2 == 1 { values[middle] } else { 0.5 * values[middle - 1] + 0.5 * values[middle] })
    }

    /// By how much the channel has been above the season of late.
    pub(super) fn offset(&self) -> f64 {
        self.recent_errors.after(3).unwrap_or_default()
    }

    /// Whether the season has foretold with less than `gain` times the error of the level.
    pub(super) fn is_better(&self, gain: f64, known: usize) -> bool {
        self.errors.len() >= known && self.usual.is_some_and(|[level, season]| season < gain * level)
    }

    /// Whether so many errors are known that there is a spread.
    pub(super) fn is_known(&self, known: usize) -> bool {
        self.errors.len() >= known
    }

    /// Takes in how far a value was from the level and from the season.
    pub(super) fn judge(&mut self, level: f64, season: f64) {
        self.usual = Some(match self.usual {
            Some([usual_level, usual_season]) if usual_level > 0.0 => {
                let limit = ERROR_LIMIT * usual_level.max(usual_season);
                let moved = |usual: f64, error: f64| usual + ERROR_WEIGHT * (error.min(limit) - usual);
                [moved(usual_level, level), moved(usual_season, season)]
            }
            _ => [level, season],
        });
    }

    /// Takes in a quiet value's distance from the season.
    pub(super) fn quiet(&mut self, error: f64) {
        self.errors.push(error);
        self.recent_errors.push(error);
    }

    /// Forgets how high the channel was of late.
    pub(super) fn settle(&mut self) {
        self.recent_errors.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_time_of_earlier_days_is_known_after_two_of_them() {
        let mut season = Season::of_period(86_400.0);
        let value = |hour: i32| f64::from(hour % 24);
        for hour in 0..24 * 9 {
            let t = f64::from(hour) * 3600.0;
            let known = season.at(t, 3600.0);
            assert_eq!(known.is_some(), hour >= 48, "{hour}");
            // The hours before and after are asked, too, so that noon is noon, and midnight is between 23 and 1.
            if hour % 24 == 12 && hour > 72 {
                assert_eq!(known, Some(12.0));
            }
            season.feed(t, value(hour));
        }
        // A day that is out of order does not change the median of seven.
        for hour in 24 * 9..24 * 10 {
            season.feed(f64::from(hour) * 3600.0, 1000.0);
        }
        assert_eq!(season.at(12.0 * 3600.0, 3600.0), Some(12.0));
        assert_eq!(season.at(-12.0 * 3600.0, 3600.0), Some(12.0));
    }
}
