//! The fused observers of several classes stepping together, one SIMD lane each: the same bits as [`super::fused`], faster.
//!
//! Three things make it so, and each keeps every rounding:
//!
//! * Classes are independent, so their ordered sums run side by side in the lanes of a vector, where a single one would
//!   wait for each addition.
//! * While channel k is followed, the channels behind it have all seen the same (nothing yet): one value stands for them, and
//!   their part of a sum is a repeated addition ([`super::repeat`]).
//! * Division by the common sum S is multiplication by 1/S with two corrections, where the processor has fused
//!   multiply-add: the second correction of a quotient off by less than two units in the last place by the exact remainder
//!   and a correctly rounded reciprocal gives the correctly rounded quotient (Markstein, 1990).
//!
//! The third one needs numbers far from overflow and underflow ([`LIMIT`]); where they are not, the plain observer is taken.

use super::Parameters;
use super::fused;
use super::observer::{GAINS, interval};
use super::repeat::add_repeated;
use super::runs::Runs;

/// Classes that step together.
pub(super) const LANES: usize = 4;

/// One number a lane.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Lanes([f64; LANES]);

/// Magnitude up to which residuals and predictions may go, and down to whose reciprocal `sigma0` may: all quotients and
/// remainders are then normal numbers.
const LIMIT: f64 = 1e90;

/// Channels of a lane from which on repeated additions are jumped over; fewer are added in the vector.
const WORTH_JUMPING: usize = 96;

/// What is asked of one class: the trust after each sample in `wanted`, (channel, sample of it) pairs in ascending order.
pub(super) struct Asked<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) runs: &'a Runs<'a>,
    pub(super) wanted: &'a [(usize, usize)],
}

/// The trusts of up to [`LANES`] classes.
pub(super) fn trust_sums(asked: &[Asked<'_>]) -> Vec<Vec<f64>> {
    let tame = |one: &Asked<'_>| {
        // Without memory, nothing times infinity would give channels that have not been reached a weight.
        one.parameters.rho > 0.0 && one.parameters.sigma0 >= 1.0 / LIMIT && one.runs.largest_magnitude() <= LIMIT
    };
    if asked.iter().all(tame) {
        let mut group = Group::new(asked);
        dispatch(&mut group);
        if group.largest_prediction.0.iter().all(|largest| *largest <= LIMIT) {
            return group.cursors.into_iter().map(|cursor| cursor.sums).collect();
        }
    }
    asked.iter().map(|one| fused::trust_sums(one.parameters, one.runs, one.wanted)).collect()
}

/// Where a class is in its samples.
struct Cursor<'a> {
    asked: &'a Asked<'a>,
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
    fn new(asked: &'a [Asked<'a>]) -> Self {
        assert!(asked.len() <= LANES, "a group has a lane for each class");
        let channels = asked.iter().map(|one| one.runs.len()).max().unwrap_or_default();
        let parameter = |get: fn(&Parameters) -> f64| {
            let mut lanes = Lanes([0.5; LANES]);
            lanes.0.iter_mut().zip(asked).for_each(|(lane, one)| *lane = get(one.parameters));
            lanes
        };
        Self {
            cursors: asked
                .iter()
                .map(|asked| Cursor {
                    asked,
                    channel: 0,
                    at: 0,
                    previous_t: 0.0,
                    sums: Vec::with_capacity(asked.wanted.len()),
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
            if cursor.sums.len() == cursor.asked.wanted.len() {
                continue;
            }
            let runs = cursor.asked.runs;
            let (mut t, mut values) = runs.of(cursor.channel);
            if cursor.at == t.len() {
                cursor.channel += 1;
                cursor.at = 0;
                (t, values) = runs.of(cursor.channel);
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

    /// Steps all lanes to their ends.
    #[inline(always)]
    fn run<const FUSED_MULTIPLY_ADD: bool>(&mut self) {
        while let Some((dt, reached)) = self.next_samples() {
            let mut predicted = Lanes::default();
            for lane in 0..LANES {
                predicted.0[lane] = self.phi.0[lane] + self.omega.0[lane] * dt.0[lane];
                self.omega.0[lane] += self.alpha.0[lane] * dt.0[lane];
                self.largest_prediction.0[lane] = self.largest_prediction.0[lane].max(predicted.0[lane].abs());
            }
            let (rho, complement, sigma0) = (self.rho, self.complement, self.sigma0);
            let mut sum = Lanes::default();
            let inputs = self.latest[..reached].iter().zip(&mut self.ema[..reached]).zip(&mut self.raw[..reached]);
            for ((latest, ema), raw) in inputs {
                // Whole vectors are loaded, worked on and stored: written lane by lane, this loop is not vectorised.
                let (old, y) = (*ema, *latest);
                let (mut new, mut reciprocal) = (Lanes::default(), Lanes::default());
                for lane in 0..LANES {
                    let innovation = y.0[lane] - predicted.0[lane];
                    new.0[lane] = rho.0[lane] * old.0[lane] + complement.0[lane] * innovation.abs();
                }
                for lane in 0..LANES {
                    reciprocal.0[lane] = 1.0 / (sigma0.0[lane] + new.0[lane]);
                }
                for lane in 0..LANES {
                    sum.0[lane] += reciprocal.0[lane];
                }
                *ema = new;
                *raw = reciprocal;
            }
            let (mut late_raw, mut late_innovation) = (Lanes::default(), Lanes::default());
            for lane in 0..LANES {
                late_innovation.0[lane] = 0.0 - predicted.0[lane];
                self.late_ema.0[lane] =
                    rho.0[lane] * self.late_ema.0[lane] + complement.0[lane] * late_innovation.0[lane].abs();
                late_raw.0[lane] = 1.0 / (sigma0.0[lane] + self.late_ema.0[lane]);
            }
            self.add_late(&mut sum, &late_raw);
            let divisor = Divisor::<FUSED_MULTIPLY_ADD>::new(&sum);
            let mut correction = Lanes::default();
            for (latest, raw) in self.latest[..reached].iter().zip(&self.raw[..reached]) {
                let weight = divisor.divide(raw);
                for lane in 0..LANES {
                    correction.0[lane] += weight.0[lane] * (latest.0[lane] - predicted.0[lane]);
                }
            }
            let late_weight = divisor.divide(&late_raw);
            let mut late_correction = Lanes::default();
            for lane in 0..LANES {
                late_correction.0[lane] = late_weight.0[lane] * late_innovation.0[lane];
            }
            self.add_late(&mut correction, &late_correction);
            for lane in 0..LANES {
                self.phi.0[lane] = predicted.0[lane] + GAINS[0] * correction.0[lane];
                self.omega.0[lane] += GAINS[1] * correction.0[lane];
                self.alpha.0[lane] += GAINS[2] * correction.0[lane];
            }
            self.emit(&sum, &late_weight);
        }
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
        for time in 0..most {
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
            let Some(wanted) = cursor.asked.wanted.get(cursor.sums.len()) else { continue };
            if *wanted == (cursor.channel, cursor.at) {
                let raw = self.raw[..=cursor.channel].iter().map(|raw| raw.0[lane] / sum.0[lane]);
                let early: f64 = raw.sum();
                cursor.sums.push(add_repeated(early, late_weight.0[lane], self.late[lane]));
            }
            cursor.at += 1;
        }
    }
}

/// Division of many numbers by one, correctly rounded, a lane each.
struct Divisor<const FUSED_MULTIPLY_ADD: bool> {
    sum: Lanes,
    reciprocal: Lanes,
}

impl<const FUSED_MULTIPLY_ADD: bool> Divisor<FUSED_MULTIPLY_ADD> {
    #[inline(always)]
    fn new(sum: &Lanes) -> Self {
        let mut reciprocal = Lanes::default();
        for lane in 0..LANES {
            reciprocal.0[lane] = 1.0 / sum.0[lane];
        }
        Self { sum: *sum, reciprocal }
    }

    #[inline(always)]
    fn divide(&self, dividend: &Lanes) -> Lanes {
        let mut quotient = Lanes::default();
        for lane in 0..LANES {
            let (a, b, y) = (dividend.0[lane], self.sum.0[lane], self.reciprocal.0[lane]);
            quotient.0[lane] = if FUSED_MULTIPLY_ADD {
                let near = a * y;
                let nearer = (-near).mul_add(b, a).mul_add(y, near);
                (-nearer).mul_add(b, a).mul_add(y, nearer)
            } else {
                a / b
            };
        }
        quotient
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(group: &mut Group<'_>) {
    group.run::<true>();
}

/// Runs the group with the widest instructions that this processor has.
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the one call into code for a processor that was asked for first")
)]
fn dispatch(group: &mut Group<'_>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has both features, as the line above has asked it.
        return unsafe { run_avx2(group) };
    }
    group.run::<false>();
}

#[cfg(test)]
#[path = "lockstep_tests.rs"]
mod tests;
