//! The state machine of one channel under `excursion`.

use super::ExcursionParameters;
use crate::motif::{Details, Episode, Motif};

/// An episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::motif) struct Emission {
    pub(in crate::motif) t_start: f64,
    /// The last sample that was out.
    pub(in crate::motif) t_end: f64,
    pub(in crate::motif) t_peak: f64,
    pub(in crate::motif) peak: f64,
    pub(in crate::motif) mean: f64,
    pub(in crate::motif) samples: u64,
    /// The stream ended in it.
    pub(in crate::motif) open: bool,
}

impl Emission {
    pub(in crate::motif) fn into_episode(self, motif: Motif, channel: &str) -> Episode {
        let Self { t_start, t_end, t_peak, peak, mean, samples, open } = self;
        let details = Some(Details { t_peak, mean, samples, open });
        Episode {
            motif,
            channel: channel.to_owned(),
            t_start,
            t_end,
            peak,
            ema_at_boundary: 0.0,
            trust_sum: 0.0,
            details,
        }
    }
}

/// From the first hot sample to the last one that was out.
#[derive(Clone, Copy, Debug)]
struct Span {
    t_start: f64,
    t_end: f64,
    t_peak: f64,
    peak: f64,
    /// Up to `t_end`.
    sum: f64,
    samples: u64,
    /// Behind `t_end`: of the episode only if another sample is out.
    later_sum: f64,
    later_samples: u64,
}

impl Span {
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

    fn emission(&self, open: bool) -> Emission {
        let Self { t_start, t_end, t_peak, peak, sum, samples, .. } = *self;
        Emission { t_start, t_end, t_peak, peak, mean: sum / samples as f64, samples, open }
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Quiet,
    /// Hot, and not yet for long enough.
    Candidate(Span),
    Episode(Span),
}

/// One channel, sample by sample, in order of time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::motif) struct Machine {
    /// The magnitude, smoothed by a first-order low pass in time.
    smoothed: f64,
    previous: Option<f64>,
    state: State,
}

impl Machine {
    /// Takes in a sample; the episode that it closes, if any.
    #[inline]
    pub(in crate::motif) fn step(&mut self, parameters: &ExcursionParameters, t: f64, value: f64) -> Option<Emission> {
        let ExcursionParameters {
            tau_seconds,
            drift_threshold,
            slew_threshold,
            release_threshold,
            open_dwell_seconds: open_dwell,
            close_dwell_seconds: close_dwell,
            max_gap_seconds,
        } = *parameters;
        let mut emitted = None;
        let mut dt = self.previous.map_or(0.0, |previous| t - previous);
        self.previous = Some(t);
        if dt > max_gap_seconds {
            if let State::Episode(span) = self.state {
                emitted = Some(span.emission(false));
            }
            (self.state, self.smoothed, dt) = (State::Quiet, 0.0, 0.0);
        }
        let magnitude = value.abs();
        self.smoothed += dt / (tau_seconds + dt) * (magnitude - self.smoothed);
        let out = magnitude >= release_threshold.min(slew_threshold);
        let hot = magnitude >= slew_threshold || (out && self.smoothed >= drift_threshold);
        self.state = match self.state {
            State::Quiet if hot => {
                let span = Span::new(t, value);
                if open_dwell > 0.0 { State::Candidate(span) } else { State::Episode(span) }
            }
            State::Quiet => State::Quiet,
            State::Candidate(mut span) if out => {
                span.out(t, value);
                if t - span.t_start >= open_dwell { State::Episode(span) } else { State::Candidate(span) }
            }
            State::Candidate(span) if t - span.t_end >= open_dwell => State::Quiet,
            State::Candidate(mut span) => {
                span.quiet(value);
                State::Candidate(span)
            }
            State::Episode(mut span) if out => {
                span.out(t, value);
                State::Episode(span)
            }
            State::Episode(span) if t - span.t_end >= close_dwell => {
                emitted = Some(span.emission(false));
                State::Quiet
            }
            State::Episode(mut span) => {
                span.quiet(value);
                State::Episode(span)
            }
        };
        emitted
    }

    /// The episode that has been confirmed and is not over.
    pub(in crate::motif) fn open(&self) -> Option<Emission> {
        match self.state {
            State::Episode(span) => Some(span.emission(true)),
            State::Quiet | State::Candidate(_) => None,
        }
    }
}

/// The episodes of one channel, whose samples are in order of time.
pub(in crate::motif) fn emissions(parameters: &ExcursionParameters, t: &[f64], values: &[f64]) -> Vec<Emission> {
    let mut machine = Machine::default();
    let mut emitted: Vec<Emission> =
        t.iter().zip(values).filter_map(|(t, value)| machine.step(parameters, *t, *value)).collect();
    emitted.extend(machine.open());
    emitted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::ExcursionGrammar;

    /// Start, end and whether it is open, of a channel sampled each second.
    fn spans(values: &[f64]) -> Vec<(f64, f64, bool)> {
        let t: Vec<f64> = (0..values.len()).map(|second| second as f64).collect();
        let emitted = emissions(&ExcursionGrammar::default().plan_regression_onset, &t, values);
        emitted.iter().map(|emission| (emission.t_start, emission.t_end, emission.open)).collect()
    }

    #[test]
    fn an_episode_lasts_as_long_as_the_fault() {
        let fault = |before: usize, length: usize, after: usize| {
            [vec![0.0; before], vec![1.0; length], vec![0.0; after]].concat()
        };
        assert_eq!(spans(&fault(5, 80, 20)), [(5.0, 84.0, false)]);
        // A blip is none; the end of the stream leaves it open.
        assert_eq!(spans(&fault(5, 1, 20)), []);
        assert_eq!(spans(&fault(5, 2, 20)), []);
        assert_eq!(spans(&fault(5, 3, 20)), [(5.0, 7.0, false)]);
        assert_eq!(spans(&fault(5, 10, 4)), [(5.0, 14.0, true)]);
        // A relapse within the dwell goes on with the same episode, one behind it is another.
        assert_eq!(spans(&[fault(1, 9, 4), fault(0, 9, 9)].concat()), [(1.0, 22.0, false)]);
        assert_eq!(spans(&[fault(1, 9, 6), fault(0, 9, 9)].concat()).len(), 2);
    }

    #[test]
    fn a_constant_offset_is_seen_and_one_under_the_release_is_not() {
        let offset = |value: f64| spans(&[vec![0.0; 5], vec![value; 60], vec![0.0; 10]].concat());
        // Smoothed, 0.3 reaches the drift of 0.2 after some ten seconds.
        assert_eq!(offset(0.3).len(), 1);
        assert!((10.0..20.0).contains(&offset(0.3)[0].0));
        assert_eq!(offset(0.3)[0].1, 64.0);
        assert_eq!(offset(0.19), []);
    }

    #[test]
    fn samples_far_apart_are_not_one_incident() {
        let parameters = ExcursionGrammar::default().plan_regression_onset;
        assert_eq!(emissions(&parameters, &[0.0, 3600.0], &[1.0, 1.0]), []);
        let t = [0.0, 1.0, 2.0, 3.0, 3600.0, 3601.0, 3602.0, 3603.0];
        let emitted = emissions(&parameters, &t, &[1.0; 8]);
        assert_eq!(
            emitted.iter().map(|emission| (emission.t_start, emission.t_end)).collect::<Vec<_>>(),
            [(0.0, 3.0), (3600.0, 3603.0)]
        );
        assert_eq!((emitted[0].open, emitted[1].open), (false, true));
    }

    #[test]
    fn peak_mean_and_samples_are_those_between_start_and_end() {
        let parameters = ExcursionGrammar::default().plan_regression_onset;
        let values = [0.6, -0.9, 0.0, 0.6, 0.01, 0.01, 0.01, 0.01, 0.01];
        let t: Vec<f64> = (0..values.len()).map(|second| second as f64).collect();
        let [episode] = emissions(&parameters, &t, &values)[..] else { panic!("one episode") };
        assert_eq!((episode.t_start, episode.t_end, episode.t_peak, episode.peak), (0.0, 3.0, 1.0, 0.9));
        assert_eq!((episode.samples, episode.mean), (4, (0.6 - 0.9 + 0.0 + 0.6) / 4.0));
    }
}
