//! The state machine of one channel: envelope in, episodes out.

use super::observer::{Observer, interval};
use super::{Parameters, ReferenceDiagnostics};
use crate::motif::machine;
use crate::motif::{Diagnostics, Episode, Motif};

/// An episode before its trust is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ReferenceEmission {
    /// Which sample of the channel emitted it.
    pub(super) at: usize,
    t_start: f64,
    t_end: f64,
    peak: f64,
    ema: f64,
}

impl ReferenceEmission {
    /// The episode that it is, with its trust where that is known.
    pub(super) fn episode(&self, motif: Motif, channel: &str, trust_sum: Option<f64>) -> Episode {
        let Self { t_start, t_end, peak, ema: ema_at_boundary, .. } = *self;
        let diagnostics = Diagnostics::Reference(ReferenceDiagnostics { ema_at_boundary, trust_sum });
        Episode { motif, channel: channel.to_owned(), t_start, t_end, peak, diagnostics }
    }
}

impl machine::Emission for ReferenceEmission {
    fn into_episode(self, motif: Motif, channel: &str) -> Episode {
        self.episode(motif, channel, None)
    }
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
pub(super) struct ReferenceMachine {
    observer: Observer,
    state: State,
    peak: f64,
    ema: f64,
    samples: usize,
    previous: f64,
}

impl machine::Machine for ReferenceMachine {
    type Parameters = Parameters;
    type Emission = ReferenceEmission;

    #[inline]
    fn step(&mut self, parameters: &Parameters, now: f64, value: f64) -> Option<ReferenceEmission> {
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

    fn open(&self) -> Option<ReferenceEmission> {
        match self.state {
            State::Open { since } | State::Recovering { since, .. } => Some(self.emission(since)),
            State::Stable => None,
        }
    }

    /// An unfinished one, if it has lasted for the dwell.
    fn finish(&self, parameters: &Parameters) -> Option<ReferenceEmission> {
        self.open().filter(|emission| emission.t_end - emission.t_start >= parameters.min_dwell_seconds)
    }
}

impl ReferenceMachine {
    fn emission(&self, since: f64) -> ReferenceEmission {
        ReferenceEmission { at: self.samples - 1, t_start: since, t_end: self.previous, peak: self.peak, ema: self.ema }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::Grammar;

    fn spans(samples: &[(f64, f64)]) -> Vec<(f64, f64, f64)> {
        let (t, values): (Vec<f64>, Vec<f64>) = samples.iter().copied().unzip();
        let emitted = machine::emissions::<ReferenceMachine>(&Grammar::default().plan_regression_onset, &t, &values);
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
