//! Residuals of any metric in units of its own noise. `docs/baseline.md` says what each rule does and how it was chosen.

use std::collections::VecDeque;

use super::history::RollingMedian;
use super::season::Season;
use crate::trace::rules::rules;

rules! {
    /// The parameters of robust residuals. Experiment files set them under `[convert.rules]`.
    pub(crate) RobustRules {
        /// Quiet values whose median is the level.
        centre_values = 60.0, 3.0..=100_000.0;
        /// Quiet values that the spread is taken of.
        spread_values = 600.0, 3.0..=100_000.0;
        /// Quiet values that must be known before there is a residual.
        known_values = 10.0, 3.0..=100_000.0;
        /// The middle share of the quiet values whose width is looked at.
        spread_share = 0.95, 0.1..=1.0;
        /// How many units of noise that width is.
        spread_units = 3.3, 0.1..=1000.0;
        /// Residual of one unit of noise.
        unit = 0.1, 1e-6..=1e6;
        /// Residual from which a value is not quiet: it feeds no baseline.
        hold = 0.2, 1e-6..=1e6;
        /// Values that are up for so long, or shorter, are a blip: its farthest value feeds the spread.
        blip_values = 6.0, 0.0..=100_000.0;
        /// Seconds after which a level that stays is adopted, if they are `adopt_values` values.
        adopt_s = 300.0, 0.0..=1e9;
        /// Values after which a level that stays is adopted, if they are `adopt_s` seconds.
        adopt_values = 60.0, 3.0..=100_000.0;
        /// Least unit of noise, as a part of the size of the level.
        relative_floor = 0.01, 0.0..=1e6;
        /// Least unit of noise, in the metric's own unit.
        absolute_floor = 1e-9, 1e-300..=1e100;
        /// Largest residual.
        limit = 10.0, 0.1..=1e9;
        /// Seconds between samples from which a season is looked for.
        season_from_s = 30.0, 0.0..=1e9;
        /// A season is taken if its usual error is less than so many times that of the level.
        season_gain = 0.85, 0.0..=1e6;
    }
}

/// Which season a channel may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SeasonOf {
    /// The time of day, if it foretells better than the level.
    #[default]
    DayIfBetter,
    /// The time of day.
    Day,
    /// The time of the week.
    Week,
    /// None.
    None,
}

impl SeasonOf {
    const fn period_s(self) -> Option<f64> {
        match self {
            Self::DayIfBetter | Self::Day => Some(86_400.0),
            Self::Week => Some(7.0 * 86_400.0),
            Self::None => None,
        }
    }
}

/// On which side of its level a channel can be out of order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Side {
    #[default]
    Both,
    Up,
    Down,
}

impl Side {
    fn of(self, residual: f64) -> f64 {
        match self {
            Self::Both => residual,
            Self::Up => residual.max(0.0),
            Self::Down => residual.min(0.0),
        }
    }
}

/// Median absolute deviations that are one standard deviation of a normal distribution.
const MAD_TO_SIGMA: f64 = 1.4826;

/// Intervals whose median is the usual one.
const INTERVALS: usize = 31;

/// What is usual of one channel, value by value in order of time. Its memory is bounded.
#[derive(Clone, Debug)]
pub(crate) struct Robust {
    rules: RobustRules,
    side: Side,
    quiet: RollingMedian,
    spread: RollingMedian,
    season: Option<Season>,
    season_of: SeasonOf,
    previous: Option<f64>,
    intervals: RollingMedian,
    up: Option<Up>,
}

/// The values since a channel has left what is usual.
#[derive(Clone, Debug)]
struct Up {
    since: f64,
    values: VecDeque<f64>,
    /// How many there were; of a long stretch only the last are kept.
    count: usize,
    /// Of the first few, the one that is farthest from the centre: its distance from there.
    farthest: f64,
    /// Where the centre was, and the season if there was one.
    centre: f64,
    season: Option<f64>,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug)]
struct Usual {
    centre: f64,
    unit: f64,
}

impl Robust {
    pub(crate) fn new(rules: RobustRules, side: Side, season_of: SeasonOf) -> Self {
        Self {
            rules,
            side,
            quiet: RollingMedian::with_limit(rules.centre_values as usize),
            spread: RollingMedian::with_limit(rules.spread_values as usize),
            season: season_of.period_s().map(Season::of_period),
            season_of,
            previous: None,
            intervals: RollingMedian::with_limit(INTERVALS),
            up: None,
        }
    }

    /// Whether enough is known for a residual.
    pub(crate) fn is_known(&self) -> bool {
        self.quiet.len() >= self.rules.known_values as usize
    }

    /// Takes in a value of a time at which all was as it should be; there is no residual of it.
    pub(crate) fn learn(&mut self, t: f64, value: f64) {
        let season = self.season_at(t);
        self.tick(t);
        self.feed_season(t, value);
        self.feed(value, season);
    }

    /// The residual against what is known, which the value does not change.
    pub(crate) fn compare(&mut self, t: f64, value: f64) -> Option<f64> {
        let season = self.season_at(t);
        self.is_known().then(|| self.residual(value, self.usual(season)))
    }

    /// The residual of the next value, none while too little is known; it then feeds what is known, unless it is up.
    pub(crate) fn step(&mut self, t: f64, value: f64) -> Option<f64> {
        self.tick(t);
        let season = self.season_at(t);
        self.feed_season(t, value);
        if !self.is_known() {
            self.feed(value, season);
            return None;
        }
        let level = self.level();
        let usual = self.usual(season);
        if let (Some(known), Some(at)) = (&mut self.season, season) {
            known.judge((value - level).abs(), (value - at - known.offset()).abs());
        }
        let residual = self.residual(value, usual);
        if residual.abs() < self.rules.hold {
            self.end_of_up();
            self.feed(value, season);
        } else {
            self.rise(t, value, usual.centre, season);
        }
        Some(residual)
    }

    fn residual(&self, value: f64, usual: Usual) -> f64 {
        let residual = self.rules.unit * ((value - usual.centre) / usual.unit);
        self.side.of(residual.clamp(-self.rules.limit, self.rules.limit))
    }

    fn tick(&mut self, t: f64) {
        if let Some(dt) = self.previous.map(|previous| t - previous).filter(|dt| *dt > 0.0) {
            self.intervals.push(dt);
        }
        self.previous = Some(t);
    }

    fn interval_s(&self) -> f64 {
        self.intervals.after(1).unwrap_or(1.0)
    }

    fn level(&self) -> f64 {
        self.quiet.after(1).unwrap_or_default()
    }

    /// What the season says of `t`, where samples are rare enough to have one.
    fn season_at(&self, t: f64) -> Option<f64> {
        let interval_s = self.interval_s();
        let season = self.season.as_ref().filter(|_| interval_s >= self.rules.season_from_s)?;
        season.at(t, interval_s)
    }

    fn feed_season(&mut self, t: f64, value: f64) {
        let interval_s = self.interval_s();
        if let Some(season) = self.season.as_mut().filter(|_| interval_s >= self.rules.season_from_s) {
            season.feed(t, value);
        }
    }

    /// Around the season where that is taken, else around the level.
    fn usual(&self, season_at: Option<f64>) -> Usual {
        let rules = &self.rules;
        let taken = self.season.as_ref().zip(season_at).filter(|(season, _)| {
            let known = rules.known_values as usize;
            match self.season_of {
                SeasonOf::DayIfBetter => season.is_better(rules.season_gain, known),
                _ => season.is_known(known),
            }
        });
        let (centre, deviation, width) = match taken {
            Some((season, at)) => {
                let middle = season.errors.after(1).unwrap_or_default();
                let errors = &season.errors;
                (at + season.offset(), errors.deviation_from(middle), errors.width(rules.spread_share))
            }
            None => {
                let level = self.level();
                (level, self.quiet.deviation_from(level), self.spread.width(rules.spread_share))
            }
        };
        let floor = rules.absolute_floor.max(rules.relative_floor * centre.abs());
        Usual { centre, unit: (MAD_TO_SIGMA * deviation).max(width / rules.spread_units).max(floor) }
    }

    fn feed(&mut self, value: f64, season_at: Option<f64>) {
        self.quiet.push(value);
        self.spread.push(value);
        if let (Some(season), Some(at)) = (&mut self.season, season_at) {
            season.quiet(value - at);
        }
    }

    /// A value that is up.
    fn rise(&mut self, t: f64, value: f64, centre: f64, season: Option<f64>) {
        let blip = self.rules.blip_values as usize;
        let kept = self.spread.limit();
        let up = self.up.get_or_insert_with(|| Up {
            since: t,
            values: VecDeque::new(),
            count: 0,
            farthest: 0.0,
            centre,
            season,
        });
        up.count += 1;
        up.values.push_back(value);
        if up.values.len() > kept {
            up.values.pop_front();
        }
        if up.count <= blip {
            let distance = value - centre;
            if distance.abs() > up.farthest.abs() {
                up.farthest = distance;
            }
            (up.centre, up.season) = (centre, season);
        }
        let (lasted, count) = (t - up.since, up.values.len());
        let is_enough = count >= self.rules.known_values as usize;
        if is_enough && lasted >= self.rules.adopt_s.max(self.rules.adopt_values * self.interval_s()) {
            self.adopt();
        }
    }

    /// What was up is usual again: of a blip the spread keeps its farthest value, so that what comes often is noise.
    fn end_of_up(&mut self) {
        let Some(up) = self.up.take() else { return };
        if up.count > self.rules.blip_values as usize {
            return;
        }
        self.spread.push(up.centre + up.farthest);
        if let (Some(season), Some(_)) = (&mut self.season, up.season) {
            season.errors.push(up.farthest);
        }
    }

    /// A level that has come to stay is the usual one from here on.
    fn adopt(&mut self) {
        let Some(up) = self.up.take() else { return };
        self.quiet.clear();
        self.spread.clear();
        for value in up.values {
            self.quiet.push(value);
            self.spread.push(value);
        }
        if let Some(season) = &mut self.season {
            season.settle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn robust() -> Robust {
        Robust::new(RobustRules::default(), Side::Both, SeasonOf::default())
    }

    /// Noise of an even distribution between -1 and 1, the same each time.
    fn noise(sample: usize) -> f64 {
        ((sample * 7919 + 13) % 2003) as f64 / 1001.0 - 1.0
    }

    fn residuals(channel: &mut Robust, interval_s: f64, values: impl IntoIterator<Item = f64>) -> Vec<Option<f64>> {
        let from = channel.previous.map_or(0.0, |previous| previous + interval_s);
        let step = |(sample, value)| channel.step(from + sample as f64 * interval_s, value);
        values.into_iter().enumerate().map(step).collect()
    }

    fn largest(residuals: &[Option<f64>]) -> f64 {
        residuals.iter().flatten().fold(0.0, |largest: f64, residual| largest.max(residual.abs()))
    }

    #[test]
    fn what_is_usual_is_below_every_threshold_whatever_its_size() {
        for size in [1e-300, 1e-6, 1.0, 1e90] {
            let mut channel = robust();
            let found = residuals(&mut channel, 1.0, (0..2000).map(|sample| size * (1000.0 + 100.0 * noise(sample))));
            assert_eq!(found.iter().filter(|residual| residual.is_none()).count(), 10, "{size}");
            // The residuals are of the channel's own noise; below its floor of 1e-9 nothing is.
            let expected = if size < 1e-9 { 0.0..1e-100 } else { 0.1..0.2 };
            assert!(expected.contains(&largest(&found[60..])), "{size} {}", largest(&found[60..]));
        }
        let mut constant = robust();
        assert_eq!(largest(&residuals(&mut constant, 1.0, [7.0; 100])), 0.0);
        // Of a constant a hundredth of its size is one unit of noise.
        assert_eq!(residuals(&mut constant, 1.0, [7.7])[0].map(|residual| (residual * 1e9).round() / 1e9), Some(1.0));
        assert_eq!(residuals(&mut constant, 1.0, [1e100, -1e100, 7.0]), [Some(10.0), Some(-10.0), Some(0.0)]);
    }

    #[test]
    fn a_fault_does_not_become_its_own_baseline_and_the_recovery_is_none() {
        let mut channel = robust();
        residuals(&mut channel, 5.0, (0..300).map(|sample| 100.0 + noise(sample)));
        let fault = residuals(&mut channel, 5.0, (0..59).map(|sample| 150.0 + noise(sample)));
        assert!(fault.iter().flatten().all(|residual| *residual > 1.0), "{fault:?}");
        assert!(largest(&residuals(&mut channel, 5.0, (0..300).map(|sample| 100.0 + noise(sample)))) < 0.2);
    }

    #[test]
    fn a_level_that_stays_is_adopted_after_so_many_seconds_and_values() {
        for (interval_s, values) in [(1.0, 300), (5.0, 60), (300.0, 60)] {
            let mut channel = robust();
            residuals(&mut channel, interval_s, (0..200).map(|sample| 100.0 + noise(sample)));
            let found = residuals(&mut channel, interval_s, (0..values + 100).map(|sample| 150.0 + noise(sample)));
            let up = found.iter().flatten().filter(|residual| **residual > 0.35).count();
            assert_eq!(up, values + 1, "{interval_s}");
        }
    }

    #[test]
    fn what_comes_often_is_noise_and_what_comes_once_is_none() {
        let spike = |every: usize| move |sample: usize| if sample % every == every - 1 { 50.0 } else { noise(sample) };
        let mut often = robust();
        let found = residuals(&mut often, 1.0, (0..2000).map(spike(20)));
        assert!(largest(&found[1200..]) < 0.35, "{}", largest(&found[1200..]));
        let mut once = robust();
        let found = residuals(&mut once, 1.0, (0..2000).map(spike(500)));
        assert_eq!(found.iter().flatten().filter(|residual| **residual > 2.0).count(), 4);
    }

    #[test]
    fn the_time_of_day_is_taken_where_it_foretells_better() {
        let day = |sample: usize| 100.0 + 50.0 * f64::from(u8::from(sample % 96 > 48)) + noise(sample);
        let week = || (0..96 * 7).map(day);
        let of = |season_of: SeasonOf| {
            let mut channel = Robust::new(RobustRules::default(), Side::Both, season_of);
            let found = residuals(&mut channel, 900.0, week());
            found[96 * 5..].iter().flatten().filter(|residual| residual.abs() > 0.35).count()
        };
        assert_eq!(of(SeasonOf::DayIfBetter), 0);
        assert_eq!(of(SeasonOf::Day), 0);
        // A fault at noon is as far from noon as ever.
        let mut channel = robust();
        residuals(&mut channel, 900.0, week().chain((0..48).map(day)));
        assert!(residuals(&mut channel, 900.0, [150.0])[0].is_some_and(|residual| residual > 1.0));
    }

    #[test]
    fn one_side_is_silent_on_the_other_and_learns_it() {
        let mut channel = Robust::new(RobustRules::default(), Side::Up, SeasonOf::None);
        residuals(&mut channel, 1.0, (0..100).map(noise));
        assert_eq!(residuals(&mut channel, 1.0, [-100.0; 100]), [Some(0.0); 100]);
        // It is where the channel is now, and 0 is up.
        assert_eq!(channel.level(), -100.0);
        assert!(residuals(&mut channel, 1.0, [100.0])[0].is_some_and(|residual| residual > 0.35));
    }

    #[test]
    fn a_stretch_that_is_known_to_be_good_is_all_that_is_compared_with() {
        let mut channel = robust();
        for sample in 0..50 {
            channel.learn(f64::from(sample), 10.0 + noise(sample as usize));
        }
        for sample in 0..1000 {
            assert!(channel.compare(f64::from(sample), 20.0).is_some_and(|residual| residual > 0.35));
        }
        assert!(channel.compare(5.0, 10.0).is_some_and(|residual| residual.abs() < 0.2));
    }
}
