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

#[derive(Clone, Copy, PartialEq)]
enum State {
    Stable,
    Open { since: f64 },
    Recovering { since: f64, quiet_from: f64 },
}

/// The emissions of one channel, whose samples are in order of time.
///
/// An episode opens at the first sample that is not stable, closes when the channel has been stable for the dwell, and
/// an unfinished one is emitted at the end of the stream if it has lasted that long.
pub(super) fn emissions(parameters: &Parameters, t: &[f64], values: &[f64]) -> Vec<Emission> {
    let Parameters { rho, drift_threshold, slew_threshold, min_dwell_seconds: dwell, .. } = *parameters;
    let mut emitted = Vec::new();
    let mut observer = Observer::default();
    let mut state = State::Stable;
    let (mut peak, mut ema) = (0.0_f64, 0.0);
    let mut previous = t.first().copied().unwrap_or_default();
    for (at, (&now, &value)) in t.iter().zip(values).enumerate() {
        ema = observer.step(rho, value, interval(now, previous));
        let stable = !(value.abs() >= slew_threshold || ema.abs() >= drift_threshold);
        previous = now;
        peak = peak.max(value.abs());
        state = match (state, stable) {
            (State::Stable, true) => State::Stable,
            (State::Stable, false) => State::Open { since: now },
            (State::Open { since }, true) => State::Recovering { since, quiet_from: now },
            (State::Open { since } | State::Recovering { since, .. }, false) => State::Open { since },
            (State::Recovering { since, quiet_from }, true) if now - quiet_from >= dwell => {
                emitted.push(Emission { at, t_start: since, t_end: now, peak, ema });
                peak = 0.0;
                State::Stable
            }
            (recovering, true) => recovering,
        };
    }
    match state {
        State::Open { since } | State::Recovering { since, .. } if previous - since >= dwell => {
            emitted.push(Emission { at: t.len() - 1, t_start: since, t_end: previous, peak, ema });
        }
        _ => {}
    }
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
