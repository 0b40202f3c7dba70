//! The state machine of one channel under `excursion`.

use super::{ExcursionDiagnostics, ExcursionParameters};
use crate::motif::machine;
use crate::motif::{Diagnostics, Episode, Motif};

/// An episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ExcursionEmission {
    t_start: f64,
    /// The last sample that was out.
    t_end: f64,
    peak: f64,
    diagnostics: ExcursionDiagnostics,
}

impl machine::Emission for ExcursionEmission {
    fn into_episode(self, motif: Motif, channel: &str) -> Episode {
        let Self { t_start, t_end, peak, diagnostics } = self;
        let (channel, diagnostics) = (channel.to_owned(), Diagnostics::Excursion(diagnostics));
        Episode { motif, channel, t_start, t_end, peak, diagnostics }
    }
}

/// From the first sample that was out to the last one.
#[derive(Clone, Copy, Debug)]
struct Excursion {
    t_start: f64,
    t_end: f64,
    t_peak: f64,
    peak: f64,
    /// Up to `t_end`.
    sum: f64,
    samples: u64,
    /// Behind `t_end`: of the excursion only if another sample is out.
    later_sum: f64,
    later_samples: u64,
    /// When it became an episode.
    confirmed: Option<f64>,
}

impl Excursion {
    fn new(t: f64, value: f64) -> Self {
        Self {
            t_start: t,
            t_end: t,
            t_peak: t,
            peak: value.abs(),
            sum: value,
            samples: 1,
            later_sum: 0.0,
            later_samples: 0,
            confirmed: None,
        }
    }

    fn out(&mut self, t: f64, value: f64) {
        self.t_end = t;
        self.sum += self.later_sum + value;
        self.samples += self.later_samples + 1;
        (self.later_sum, self.later_samples) = (0.0, 0);
        if value.abs() > self.peak {
            (self.peak, self.t_peak) = (value.abs(), t);
        }
    }

    fn quiet(&mut self, value: f64) {
        self.later_sum += value;
        self.later_samples += 1;
    }

    /// The episode that it is, if it has been confirmed.
    fn emission(&self, open: bool) -> Option<ExcursionEmission> {
        let Self { t_start, t_end, t_peak, peak, sum, samples, .. } = *self;
        let mean = sum / samples as f64;
        self.confirmed.map(|t_confirmed| {
            let diagnostics = ExcursionDiagnostics { t_confirmed, t_peak, mean, samples, open };
            ExcursionEmission { t_start, t_end, peak, diagnostics }
        })
    }
}

/// A first-order low pass in time, of what the samples of each instant say.
#[derive(Clone, Copy, Debug, Default)]
struct LowPass {
    /// Before the present instant.
    before: f64,
    /// What the present instant weighs.
    weight: f64,
    /// Of the samples of the present instant, the one of the largest magnitude.
    extreme: f64,
}

impl LowPass {
    /// The first sample of an instant, `dt` after the one before.
    fn advance(&mut self, dt: f64, tau: f64, value: f64) {
        *self = Self { before: self.value(), weight: dt / (tau + dt), extreme: value };
    }

    /// Another sample of the same instant.
    fn again(&mut self, value: f64) {
        if value.abs() > self.extreme.abs() {
            self.extreme = value;
        }
    }

    fn value(&self) -> f64 {
        self.before + self.weight * (self.extreme - self.before)
    }
}

/// What an interval counts for in the usual one.
const INTERVAL_WEIGHT: f64 = 0.25;

/// Part of its usual interval by which the last interval of a channel that is sampled evenly may differ.
const UNEVEN: f64 = 0.25;

/// Intervals are not quite even: this part of one is forgiven.
const SLACK: f64 = 0.001;

/// One channel, sample by sample, in order of time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExcursionMachine {
    low_pass: LowPass,
    /// The same with the time constant of a channel that is sampled rarely and evenly: judged by it is what is sampled so.
    slow_low_pass: LowPass,
    /// Whether the present instant came so.
    is_rare: bool,
    previous: Option<f64>,
    /// The interval before the present instant.
    last_interval: f64,
    /// Moving average of the intervals between instants.
    interval: Option<f64>,
    excursion: Option<Excursion>,
}

impl machine::Machine for ExcursionMachine {
    type Parameters = ExcursionParameters;
    type Emission = ExcursionEmission;

    #[inline]
    fn step(&mut self, parameters: &ExcursionParameters, t: f64, value: f64) -> Option<ExcursionEmission> {
        let mut emitted = None;
        let clipped = value.clamp(-parameters.clip_threshold, parameters.clip_threshold);
        match self.previous.map(|previous| t - previous) {
            Some(dt) if dt > 0.0 => {
                self.last_interval = dt;
                if self.is_gap(parameters, dt) {
                    emitted = self.excursion.take().and_then(|excursion| excursion.emission(false));
                    self.low_pass = LowPass { extreme: clipped, ..LowPass::default() };
                    self.slow_low_pass = self.low_pass;
                } else {
                    let slow = self.at_least(parameters, parameters.tau_seconds, parameters.tau_intervals);
                    self.is_rare = slow > parameters.tau_seconds;
                    self.low_pass.advance(dt, parameters.tau_seconds, clipped);
                    self.slow_low_pass.advance(dt, slow, clipped);
                }
                let usual = self.interval.unwrap_or(dt);
                self.interval = Some(usual + INTERVAL_WEIGHT * (dt - usual));
            }
            _ => {
                self.low_pass.again(clipped);
                self.slow_low_pass.again(clipped);
            }
        }
        self.previous = Some(t);
        let smoothed = if self.is_rare { self.slow_low_pass.value() } else { self.low_pass.value() };
        if value.abs() >= parameters.release_threshold {
            let excursion = match &mut self.excursion {
                Some(excursion) => {
                    excursion.out(t, value);
                    excursion
                }
                none => none.insert(Excursion::new(t, value)),
            };
            if excursion.confirmed.is_none()
                && t - excursion.t_start >= parameters.open_dwell_seconds
                && smoothed.abs() >= parameters.drift_threshold
            {
                excursion.confirmed = Some(t);
            }
        } else {
            let intervals = parameters.close_dwell_intervals - SLACK;
            let dwell = self.at_least(parameters, parameters.close_dwell_seconds, intervals);
            let Some(excursion) = &mut self.excursion else { return emitted };
            if t - excursion.t_end >= dwell {
                emitted = excursion.emission(false);
                self.excursion = None;
            } else {
                excursion.quiet(value);
            }
        }
        emitted
    }

    /// The episode that has been confirmed and is not over.
    fn open(&self) -> Option<ExcursionEmission> {
        self.excursion.and_then(|excursion| excursion.emission(true))
    }

    /// One that is not over is emitted as that.
    fn finish(&self, _: &ExcursionParameters) -> Option<ExcursionEmission> {
        self.open()
    }
}

impl ExcursionMachine {
    /// The seconds of the grammar, or so many usual intervals, if they are more, of a channel that is sampled evenly, but too rarely
    /// for the seconds: in which each interval would be a gap if it were not the usual one. Executions of a query, which come
    /// in bursts, are no such channel.
    fn at_least(&self, parameters: &ExcursionParameters, seconds: f64, intervals: f64) -> f64 {
        let usual = self.interval.unwrap_or_default();
        let is_even = (self.last_interval - usual).abs() <= UNEVEN * usual;
        if usual > parameters.max_gap_seconds && is_even { seconds.max(intervals * usual) } else { seconds }
    }

    /// Whether nothing is known of the `dt` since the previous instant.
    fn is_gap(&self, parameters: &ExcursionParameters, dt: f64) -> bool {
        dt > parameters.max_gap_seconds && self.interval.is_none_or(|usual| dt > parameters.max_gap_intervals * usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::ExcursionGrammar;

    fn emissions(parameters: &ExcursionParameters, t: &[f64], values: &[f64]) -> Vec<ExcursionEmission> {
        machine::emissions::<ExcursionMachine>(parameters, t, values)
    }

    /// Start, end and whether it is open, of a channel sampled each second.
    fn spans(values: &[f64]) -> Vec<(f64, f64, bool)> {
        let t: Vec<f64> = (0..values.len()).map(|second| second as f64).collect();
        let emitted = emissions(&ExcursionGrammar::default().plan_regression_onset, &t, values);
        emitted.iter().map(|emission| (emission.t_start, emission.t_end, emission.diagnostics.open)).collect()
    }

    #[test]
    fn an_episode_lasts_as_long_as_the_fault() {
        let fault = |before: usize, length: usize, after: usize| {
            [vec![0.0; before], vec![1.0; length], vec![0.0; after]].concat()
        };
        assert_eq!(spans(&fault(5, 80, 20)), [(5.0, 84.0, false)]);
        // A blip is none; the end of the stream leaves it open.
        assert_eq!(spans(&fault(5, 1, 20)), []);
        assert_eq!(spans(&fault(5, 5, 20)), []);
        assert_eq!(spans(&fault(5, 10, 20)), [(5.0, 14.0, false)]);
        assert_eq!(spans(&fault(5, 10, 4)), [(5.0, 14.0, true)]);
        // A relapse within the dwell goes on with the same episode, one behind it is another.
        assert_eq!(spans(&[fault(1, 9, 4), fault(0, 9, 9)].concat()), [(1.0, 22.0, false)]);
        assert_eq!(spans(&[fault(1, 9, 6), fault(0, 9, 9)].concat()).len(), 2);
    }

    #[test]
    fn a_constant_offset_is_seen_and_one_under_the_release_is_not() {
        let offset = |value: f64| spans(&[vec![0.0; 5], vec![value; 60], vec![0.0; 10]].concat());
        assert_eq!(offset(0.4), [(5.0, 64.0, false)]);
        assert_eq!(offset(-0.4), [(5.0, 64.0, false)]);
        assert_eq!(offset(0.34), []);
    }

    #[test]
    fn samples_far_apart_are_not_one_incident() {
        let times = |t: &[f64]| -> Vec<(f64, f64, bool)> {
            let emitted = emissions(&ExcursionGrammar::default().plan_regression_onset, t, &vec![1.0; t.len()]);
            emitted.iter().map(|emission| (emission.t_start, emission.t_end, emission.diagnostics.open)).collect()
        };
        assert_eq!(times(&[0.0, 3600.0]), []);
        let seconds = |from: u32, count: u32| (from..from + count).map(f64::from).collect::<Vec<f64>>();
        let two = [seconds(0, 20), seconds(3600, 20)].concat();
        assert_eq!(times(&two), [(0.0, 19.0, false), (3600.0, 3619.0, true)]);
        // A channel that is known to be sampled once an hour has no gap of an hour, but one of a day.
        let hourly = |hours: &[u32]| hours.iter().map(|hour| f64::from(*hour) * 3600.0).collect::<Vec<f64>>();
        assert_eq!(times(&hourly(&[0, 1, 2, 3])), [(3600.0, 10_800.0, true)]);
        assert_eq!(times(&hourly(&[0, 1, 2, 3, 27, 28]))[0], (3600.0, 10_800.0, false));
    }

    #[test]
    fn a_channel_that_is_sampled_rarely_is_judged_by_its_intervals() {
        let parameters = ExcursionGrammar::default().plan_regression_onset;
        let spans = |interval: f64, values: &[f64]| -> Vec<(f64, f64)> {
            let t: Vec<f64> = (0..values.len()).map(|sample| sample as f64 * interval).collect();
            let emitted = emissions(&parameters, &t, values);
            emitted.iter().map(|emission| (emission.t_start / interval, emission.t_end / interval)).collect()
        };
        let fault = |quiet: usize| [vec![0.0; 5], vec![1.0; 4], vec![0.0; quiet], vec![1.0; 4], vec![0.0; 9]].concat();
        for interval in [16.0, 60.0, 3600.0] {
            // Four quiet samples in between are a part of one episode, five are the end of it.
            assert_eq!(spans(interval, &fault(4)), [(5.0, 16.0)], "{interval}");
            assert_eq!(spans(interval, &fault(5)), [(5.0, 8.0), (14.0, 17.0)], "{interval}");
            // One sample is smoothed: a small one and a quiet one after it are none.
            let blip = |size: f64| spans(interval, &[0.0, 0.0, 0.0, size, 0.21, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
            assert_eq!(blip(0.6), [], "{interval}");
            assert_eq!(blip(1.4), [(3.0, 4.0)], "{interval}");
        }
        // Up to the seconds of a gap those of the grammar are enough.
        assert_eq!([5.0, 15.0].map(|interval| spans(interval, &fault(2)).len()), [2, 2]);
    }

    #[test]
    fn of_samples_of_one_time_the_extreme_one_counts() {
        let parameters = ExcursionGrammar::default().plan_regression_onset;
        let t: Vec<f64> = (0..40).map(|sample| f64::from(sample / 2)).collect();
        let of = |pair: [f64; 2]| emissions(&parameters, &t, &pair.repeat(20))[0].diagnostics.t_confirmed;
        assert_eq!(of([0.0, 0.5]), of([0.5, 0.0]));
        assert_eq!(of([0.0, 0.5]), of([0.5, 0.5]));
    }

    #[test]
    fn peak_mean_and_samples_are_those_between_start_and_end() {
        let parameters = ExcursionGrammar::default().plan_regression_onset;
        let values = [1.6, -0.9, 0.0, 1.2, 2.5, 2.5, 2.0, 2.0, 0.01, 0.01, 0.01, 0.01, 0.01];
        let t: Vec<f64> = (0..values.len()).map(|second| second as f64).collect();
        let [episode] = emissions(&parameters, &t, &values)[..] else { panic!("one episode") };
        assert_eq!((episode.t_start, episode.t_end, episode.diagnostics.t_peak, episode.peak), (0.0, 7.0, 4.0, 2.5));
        assert_eq!((episode.diagnostics.samples, episode.diagnostics.mean), (8, values[..8].iter().sum::<f64>() / 8.0));
        // Smoothed, it is 0.45 at 6 s (0.32 at 5 s); a residual of 2.5 counts as 2.
        assert_eq!(episode.diagnostics.t_confirmed, 6.0);
    }
}
