//! Quotients that are correctly rounded, whatever they are computed with.

use super::simd::Lanes;
use super::summation::power_of_two_around;

/// Division of many numbers by one, correctly rounded, a lane each.
pub(super) struct Divisor {
    sum: Lanes,
    /// Its reciprocal, correctly rounded, and what that leaves over.
    high: Lanes,
    low: Lanes,
    /// Whether [`Self::divide_short`] rounds correctly, whatever is divided.
    pub(super) short: bool,
}

impl Divisor {
    /// Two operations round correctly if the last bit of the divisor's mantissa is 0 or its reciprocal happens to be near
    /// a binary64 number (Brisebarre, Muller and Raina, 2004). In short, with divisor b and dividend a scaled into [1, 2)
    /// and 1/b = high + low + an error of half a unit in the last place of `low`:
    ///
    /// - before the last rounding, `a*high + a*low` is off by less than a*2^-108 + 2^-107, by half of that if |low| <= 2^-55;
    /// - a/b is never in the middle between two numbers, and the distance to the nearest middle is a whole multiple of
    ///   2^-106/b if a < b, which is an even multiple if the mantissa of b is even; for a >= b, of 2^-105/b;
    /// - the error is smaller than that distance for a >= b always, for a < b if the multiple is even or `low` that small.
    #[inline(always)]
    pub(super) fn new(sum: &Lanes, lanes: usize) -> Self {
        let high = Lanes::from_fn(|lane| 1.0 / sum.0[lane]);
        let low = Lanes::from_fn(|lane| (-high.0[lane]).mul_add(sum.0[lane], 1.0) / sum.0[lane]);
        let short = |lane: usize| {
            let (bits, power) = (sum.0[lane].to_bits(), power_of_two_around(sum.0[lane]).0);
            bits & 1 == 0 || low.0[lane].abs() * power <= f64::EPSILON / 8.0
        };
        Self { sum: *sum, high, low, short: (0..lanes).all(short) }
    }

    /// Two operations, where [`Self::new`] says that they are enough.
    #[inline(always)]
    pub(super) fn divide_short(&self, dividend: &Lanes) -> Lanes {
        Lanes::from_fn(|lane| {
            let a = dividend.0[lane];
            a.mul_add(self.high.0[lane], a * self.low.0[lane])
        })
    }

    /// Correcting a quotient off by less than a unit in the last place by its exact remainder and a correctly rounded
    /// reciprocal gives the correctly rounded quotient (Markstein, 1990).
    #[inline(always)]
    pub(super) fn divide(&self, dividend: &Lanes) -> Lanes {
        let near = self.divide_short(dividend);
        Lanes::from_fn(|lane| {
            let rest = (-near.0[lane]).mul_add(self.sum.0[lane], dividend.0[lane]);
            rest.mul_add(self.high.0[lane], near.0[lane])
        })
    }
}

#[cfg(test)]
#[path = "division_tests.rs"]
mod tests;
