//! The state machine of one channel: envelope in, episodes out.

use super::Parameters;
use super::observer::{Observer, interval};

/// An episode before its trust is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Emission {
    /// Which sample of the channel emitted it.
    pub(super) at: usize,
    pub(super) t_start: f64,
    pub(super) t_end: f64,
    pub(super) peak: f64,
    pub(super) ema: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Stable,
    Open {
        since: f64,
    },
    Recovering {
        since: f64,
        quiet_from: f64,
    },
}

/// One channel, sample by sample, in order of time.
///
/// An episode opens at the first sample that is not stable, closes when the channel has been stable for the dwell, and
/// an unfinished one is emitted at the end of the stream if it has lasted that long.
#[derive(Clone, Copy, Default)]
pub(super) struct Machine {
    observer: Observer,
    state: State,
    peak: f64,
    ema: f64,
    samples: usize,
    previous: f64,
}

impl Machine {
    /// Takes in a sample; the episode that it closes, if any.
    #[inline]
    pub(super) fn step(&mut self, parameters: &Parameters, now: f64, value: f64) -> Option<Emission> {
        let Parameters { rho, drift_threshold, slew_threshold, min_dwell_seconds: dwell, .. } = *parameters;
        let previous = if self.samples == 0 { now } else { self.previous };
        self.ema = self.observer.step(rho, value, interval(now, previous));
        let stable = !(value.abs() >= slew_threshold || self.ema.abs() >= drift_threshold);
        self.previous = now;
        self.samples += 1;
        self.peak = self.peak.max(value.abs());
        let mut emitted = None;
        self.state = match (self.state, stable) {
            (State::Stable, true) => State::Stable,
            (State::Stable, false) => State::Open { since: now },
            (State::Open { since }, true) => State::Recovering { since, quiet_from: now },
            (State::Open { since } | State::Recovering { since, .. }, false) => State::Open { since },
            (State::Recovering { since, quiet_from }, true) if now - quiet_from >= dwell => {
                emitted = Some(self.emission(since));
                self.peak = 0.0;
                State::Stable
            }
            (recovering, true) => recovering,
        };
        emitted
    }

    /// The episode that is open at the last sample, if any.
    pub(super) fn open(&self) -> Option<Emission> {
        match self.state {
            State::Open { since } | State::Recovering { since, .. } => Some(self.emission(since)),
            State::Stable => None,
        }
    }

    /// The episode that the end of the stream emits.
    pub(super) fn finish(&self, parameters: &Parameters) -> Option<Emission> {
        self.open().filter(|emission| emission.t_end - emission.t_start >= parameters.min_dwell_seconds)
    }

    fn emission(&self, since: f64) -> Emission {
        Emission { at: self.samples - 1, t_start: since, t_end: self.previous, peak: self.peak, ema: self.ema }
    }
}

/// The emissions of one channel, whose samples are in order of time.
pub(super) fn emissions(parameters: &Parameters, t: &[f64], values: &[f64]) -> Vec<Emission> {
    let mut machine = Machine::default();
    let mut emitted: Vec<Emission> =
        t.iter().zip(values).filter_map(|(now, value)| machine.step(parameters, *now, *value)).collect();
    emitted.extend(machine.finish(parameters));
    emitted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::Grammar;

    fn spans(samples: &[(f64, f64)]) -> Vec<(f64, f64, f64)> {
        let (t, values): (Vec<f64>, Vec<f64>) = samples.iter().copied().unzip();
        let emitted = emissions(&Grammar::default().plan_regression_onset, &t, &values);
        emitted.iter().map(|emission| (emission.t_start, emission.t_end, emission.peak)).collect()
    }

    #[test]
    fn episodes_open_on_the_slew_and_close_when_the_dwell_has_been_quiet() {
        assert_eq!(spans(&[]), []);
        assert_eq!(spans(&[(0.0, 0.1), (1.0, 0.1)]), []);
        // One sample at the slew is enough, and the end is the sample that confirms the recovery.
        assert_eq!(spans(&[(0.0, 0.5), (1.0, 0.0), (2.0, 0.0), (6.0, 0.0)]), [(0.0, 6.0, 0.5)]);
        // A relapse goes on with the same opening.
        assert_eq!(spans(&[(0.0, 0.5), (1.0, 0.0), (2.0, -0.9), (3.0, 0.0), (9.0, 0.0)]), [(0.0, 9.0, 0.9)]);
        // Two samples far apart are one episode: kept, because published digests rest on it.
        assert_eq!(spans(&[(10.0, 0.6), (5000.0, 0.6)]), [(10.0, 5000.0, 0.6)]);
        // Unfinished and shorter than the dwell: dropped.
        assert_eq!(spans(&[(0.0, 0.6), (4.9, 0.6)]), []);
        // The peak reaches back to before the opening.
        assert_eq!(spans(&[(0.0, -0.49), (1.0, 0.5), (9.0, 0.5)])[0].2, 0.5);
    }
}
