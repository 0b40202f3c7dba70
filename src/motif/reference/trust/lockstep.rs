//! The fused observers of several classes stepping together, one SIMD lane each: the same bits as [`super::scalar`], faster.
//!
//! Three things make it so, and each keeps every rounding:
//!
//! * Classes are independent, so their ordered sums run side by side in the lanes of a vector, where a single one would
//!   wait for each addition.
//! * While channel k is followed, the channels behind it have all seen the same (nothing yet): one value stands for them, and
//!   their part of a sum is a repeated addition ([`super::summation`]).
//! * Quotients are computed by multiplications that round as a division does ([`super::division`]), where the processor has
//!   fused multiply-add.
//!
//! The third one needs numbers far from overflow and underflow ([`LIMIT`]); where they are not, the plain observer is taken.

use super::WantedTrust;
use super::division::Divisor;
use super::simd::{Arithmetic, LANES, Lanes, Level, Run};
use super::summation::add_repeated;
use crate::motif::Parameters;
use crate::motif::reference::observer::{GAINS, interval};

/// Magnitude up to which residuals and predictions may go, and down to whose reciprocal `sigma0` may: all quotients and
/// remainders are then normal numbers.
const LIMIT: f64 = 1e90;

/// Channels of a lane from which on repeated additions are jumped over; fewer are added in the vector.
const WORTH_JUMPING: usize = 96;

/// The trusts of up to [`LANES`] classes; `None` where a number is beyond [`LIMIT`].
pub(super) fn trust_sums(group: &[WantedTrust<'_>]) -> Option<Vec<Vec<f64>>> {
    let is_tame = |wanted: &WantedTrust<'_>| {
        // Without memory, nothing times infinity would give channels that have not been reached a weight.
        let Parameters { rho, sigma0, .. } = *wanted.parameters;
        rho > 0.0 && sigma0 >= 1.0 / LIMIT && wanted.runs.largest_magnitude() <= LIMIT
    };
    if !group.iter().all(is_tame) {
        return None;
    }
    let mut group = Group::new(group);
    Level::widest().run(&mut group);
    let is_tame = group.largest_prediction.0.iter().all(|largest| *largest <= LIMIT);
    is_tame.then(|| group.cursors.into_iter().map(|cursor| cursor.sums).collect())
}

/// Where a class is in its samples.
struct Cursor<'a> {
    wanted: &'a WantedTrust<'a>,
    channel: usize,
    at: usize,
    previous_t: f64,
    sums: Vec<f64>,
}

/// The state of all lanes. A channel that a lane has not reached has an infinite moving average: its weight is then zero and
/// it changes no sum.
struct Group<'a> {
    cursors: Vec<Cursor<'a>>,
    phi: Lanes,
    omega: Lanes,
    alpha: Lanes,
    rho: Lanes,
    complement: Lanes,
    sigma0: Lanes,
    /// The moving average of the channels that have not been reached, and how many they are.
    late_ema: Lanes,
    late: [usize; LANES],
    latest: Vec<Lanes>,
    ema: Vec<Lanes>,
    raw: Vec<Lanes>,
    largest_prediction: Lanes,
}

impl<'a> Group<'a> {
    fn new(group: &'a [WantedTrust<'a>]) -> Self {
        assert!(group.len() <= LANES, "a group has a lane for each class");
        let channels = group.iter().map(|wanted| wanted.runs.len()).max().unwrap_or_default().next_multiple_of(2);
        let parameter = |get: fn(&Parameters) -> f64| {
            let mut lanes = Lanes([0.5; LANES]);
            lanes.0.iter_mut().zip(group).for_each(|(lane, wanted)| *lane = get(wanted.parameters));
            lanes
        };
        Self {
            cursors: group
                .iter()
                .map(|wanted| Cursor {
                    wanted,
                    channel: 0,
                    at: 0,
                    previous_t: 0.0,
                    sums: Vec::with_capacity(wanted.places.len()),
                })
                .collect(),
            phi: Lanes::default(),
            omega: Lanes::default(),
            alpha: Lanes::default(),
            rho: parameter(|parameters| parameters.rho),
            complement: parameter(|parameters| 1.0 - parameters.rho),
            sigma0: parameter(|parameters| parameters.sigma0),
            late_ema: Lanes::default(),
            late: [0; LANES],
            latest: vec![Lanes::default(); channels],
            ema: vec![Lanes([f64::INFINITY; LANES]); channels],
            raw: vec![Lanes::default(); channels],
            largest_prediction: Lanes::default(),
        }
    }

    /// Gives each unfinished lane its next sample: the intervals, and up to which channel any lane is; `None` at the end.
    #[inline(always)]
    fn next_samples(&mut self) -> Option<(Lanes, usize)> {
        let mut dt = Lanes::default();
        let mut reached = None;
        for (lane, cursor) in self.cursors.iter_mut().enumerate() {
            if cursor.sums.len() == cursor.wanted.places.len() {
                continue;
            }
            let runs = cursor.wanted.runs;
            let (mut t, mut values) = runs.of_channel(cursor.channel);
            if cursor.at == t.len() {
                cursor.channel += 1;
                cursor.at = 0;
                (t, values) = runs.of_channel(cursor.channel);
            }
            if cursor.at == 0 {
                cursor.previous_t = t[0];
                self.late[lane] = runs.len() - cursor.channel - 1;
                self.ema[cursor.channel].0[lane] = self.late_ema.0[lane];
            }
            dt.0[lane] = interval(t[cursor.at], cursor.previous_t);
            cursor.previous_t = t[cursor.at];
            self.latest[cursor.channel].0[lane] = values[cursor.at];
            reached = reached.max(Some(cursor.channel));
        }
        reached.map(|channel| (dt, channel + 1))
    }

    /// Follows the innovations of the channels reached, and gives the sum of their weights before they are divided by it.
    #[inline(always)]
    fn observe<A: Arithmetic>(&mut self, predicted: &Lanes, reached: usize) -> Lanes {
        let (rho, complement, sigma0, predicted) = (self.rho, self.complement, self.sigma0, *predicted);
        let mut sum = Lanes::default();
        let (latest, _) = self.latest[..reached].as_chunks::<2>();
        let (ema, _) = self.ema[..reached].as_chunks_mut::<2>();
        let (raw, _) = self.raw[..reached].as_chunks_mut::<2>();
        for ((latest, ema), raw) in latest.iter().zip(ema).zip(raw) {
            // Whole vectors are loaded, worked on and stored: written lane by lane, this loop is not vectorised.
            let follow = |old: Lanes, latest: Lanes| {
                let innovation = Lanes::from_fn(|lane| latest.0[lane] - predicted.0[lane]);
                Lanes::from_fn(|lane| rho.0[lane] * old.0[lane] + complement.0[lane] * innovation.0[lane].abs())
            };
            let new = [follow(ema[0], latest[0]), follow(ema[1], latest[1])];
            let reciprocals = A::reciprocals(new.map(|new| Lanes::from_fn(|lane| sigma0.0[lane] + new.0[lane])));
            for reciprocal in reciprocals {
                sum = Lanes::from_fn(|lane| sum.0[lane] + reciprocal.0[lane]);
            }
            (*ema, *raw) = (new, reciprocals);
        }
        sum
    }

    /// The weighted sum of the innovations of the channels reached.
    #[inline(always)]
    fn correction(&self, predicted: &Lanes, reached: usize, weight: impl Fn(&Lanes) -> Lanes) -> Lanes {
        let mut correction = Lanes::default();
        for (latest, raw) in self.latest[..reached].iter().zip(&self.raw[..reached]) {
            let weight = weight(raw);
            correction =
                Lanes::from_fn(|lane| correction.0[lane] + weight.0[lane] * (latest.0[lane] - predicted.0[lane]));
        }
        correction
    }

    /// Adds `x` to each lane once for each channel that the lane has not reached.
    #[inline(always)]
    fn add_late(&self, sum: &mut Lanes, x: &Lanes) {
        let most = self.late.into_iter().max().unwrap_or_default();
        if most >= WORTH_JUMPING {
            for lane in 0..LANES {
                sum.0[lane] = add_repeated(sum.0[lane], x.0[lane], self.late[lane]);
            }
            return;
        }
        // Mostly all lanes have as many: nothing is asked then, and a lane without a class may add what it likes.
        let common = self.late[..self.cursors.len()].iter().copied().min().unwrap_or_default();
        for _ in 0..common {
            *sum = Lanes::from_fn(|lane| sum.0[lane] + x.0[lane]);
        }
        for time in common..most {
            for lane in 0..LANES {
                // Adding a zero changes nothing, and no branch is needed.
                sum.0[lane] += if time < self.late[lane] { x.0[lane] } else { 0.0 };
            }
        }
    }

    /// Takes down the trust where it is wanted, and moves each lane to its next sample.
    #[inline(always)]
    fn emit(&mut self, sum: &Lanes, late_weight: &Lanes) {
        for (lane, cursor) in self.cursors.iter_mut().enumerate() {
            let Some(place) = cursor.wanted.places.get(cursor.sums.len()) else { continue };
            if *place == (cursor.channel, cursor.at) {
                let raw = self.raw[..=cursor.channel].iter().map(|raw| raw.0[lane] / sum.0[lane]);
                let early: f64 = raw.sum();
                cursor.sums.push(add_repeated(early, late_weight.0[lane], self.late[lane]));
            }
            cursor.at += 1;
        }
    }
}

impl Run for Group<'_> {
    /// Steps all lanes to their ends.
    #[inline(always)]
    fn run<A: Arithmetic>(&mut self) {
        while let Some((dt, reached)) = self.next_samples() {
            let mut predicted = Lanes::default();
            for lane in 0..LANES {
                predicted.0[lane] = self.phi.0[lane] + self.omega.0[lane] * dt.0[lane];
                self.omega.0[lane] += self.alpha.0[lane] * dt.0[lane];
                self.largest_prediction.0[lane] = self.largest_prediction.0[lane].max(predicted.0[lane].abs());
            }
            // In pairs; the one more has not been reached.
            let reached = reached.next_multiple_of(2);
            let mut sum = self.observe::<A>(&predicted, reached);
            let late_innovation = Lanes::from_fn(|lane| 0.0 - predicted.0[lane]);
            self.late_ema = Lanes::from_fn(|lane| {
                self.rho.0[lane] * self.late_ema.0[lane] + self.complement.0[lane] * late_innovation.0[lane].abs()
            });
            let late_raw = Lanes::from_fn(|lane| 1.0 / (self.sigma0.0[lane] + self.late_ema.0[lane]));
            self.add_late(&mut sum, &late_raw);
            let divided = |raw: &Lanes| Lanes::from_fn(|lane| raw.0[lane] / sum.0[lane]);
            let mut correction = if A::FUSED_MULTIPLY_ADD {
                let divisor = Divisor::new(&sum, self.cursors.len());
                if divisor.short {
                    self.correction(&predicted, reached, |raw| divisor.divide_short(raw))
                } else {
                    self.correction(&predicted, reached, |raw| divisor.divide(raw))
                }
            } else {
                self.correction(&predicted, reached, divided)
            };
            let late_weight = divided(&late_raw);
            self.add_late(&mut correction, &Lanes::from_fn(|lane| late_weight.0[lane] * late_innovation.0[lane]));
            for lane in 0..LANES {
                self.phi.0[lane] = predicted.0[lane] + GAINS[0] * correction.0[lane];
                self.omega.0[lane] += GAINS[1] * correction.0[lane];
                self.alpha.0[lane] += GAINS[2] * correction.0[lane];
            }
            self.emit(&sum, &late_weight);
        }
    }
}

#[cfg(test)]
#[path = "lockstep_tests.rs"]
mod tests;
