use proptest::prelude::*;

use super::super::simd::{Arithmetic, LANES, Level, Run};
use super::*;

/// Any finite mantissa with a moderate exponent; short mantissas, all ones and near powers of two are frequent.
fn number() -> impl Strategy<Value = f64> {
    const ONES: u64 = (1 << 52) - 1;
    let mantissa = prop_oneof![
        4 => 0..=ONES,
        1 => Just(ONES),
        1 => Just(0),
        1 => (0..64_u64).prop_map(|near| near),
        1 => (0..64_u64).prop_map(|near| ONES - near),
        1 => (0..52_u32).prop_map(|zeros| (ONES >> zeros) << zeros),
    ];
    (mantissa, 1023 - 200..1023 + 200_u64).prop_map(|(mantissa, exponent)| f64::from_bits(exponent << 52 | mantissa))
}

fn lanes() -> impl Strategy<Value = Lanes> {
    prop::array::uniform4(number()).prop_map(Lanes)
}

fn bits(lanes: &Lanes) -> [u64; LANES] {
    lanes.0.map(f64::to_bits)
}

/// The levels that this processor has.
fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.iter().copied().filter(|level| level.is_there())
}

/// Reciprocals by whatever this processor has.
struct Reciprocals {
    of: [Lanes; 2],
    found: [Lanes; 2],
}

impl Run for Reciprocals {
    #[inline(always)]
    fn run<A: Arithmetic>(&mut self) {
        self.found = A::reciprocals(self.of);
    }
}

/// Quotients by one divisor, both ways.
struct Quotients {
    dividend: Lanes,
    divisor: Lanes,
    short: Option<Lanes>,
    long: Option<Lanes>,
}

impl Run for Quotients {
    #[inline(always)]
    fn run<A: Arithmetic>(&mut self) {
        if A::FUSED_MULTIPLY_ADD {
            let divisor = Divisor::new(&self.divisor, LANES);
            self.short = divisor.short.then(|| divisor.divide_short(&self.dividend));
            self.long = Some(divisor.divide(&self.dividend));
        }
    }
}

fn check_quotients(dividend: Lanes, divisor: Lanes) -> Result<(), TestCaseError> {
    let expected = bits(&Lanes::from_fn(|lane| dividend.0[lane] / divisor.0[lane]));
    for level in levels() {
        let mut quotients = Quotients { dividend, divisor, short: None, long: None };
        level.run(&mut quotients);
        for found in [quotients.short, quotients.long].into_iter().flatten() {
            prop_assert_eq!(bits(&found), expected, "{:?} / {:?} by {:?}", dividend.0, divisor.0, level);
        }
    }
    Ok(())
}

/// The dividend whose quotient by `divisor` is nearest to the middle between two numbers, below or above it.
fn hardest(divisor: f64, above: bool) -> Option<f64> {
    let b = u128::from(divisor.to_bits() & ((1 << 52) - 1) | 1 << 52);
    // b has an inverse modulo 2^54 only if it is odd; each round of Newton's iteration doubles its bits.
    if b % 2 == 0 {
        return None;
    }
    let inverse = (0..6).fold(1_u128, |x, _| x.wrapping_mul(2_u128.wrapping_sub(b.wrapping_mul(x)))) % (1 << 54);
    let middle = if above { (1 << 54) - inverse } else { inverse };
    let product = middle * b;
    let a = if above { product + 1 } else { product - 1 } >> 54;
    (1 << 52..1 << 53).contains(&a).then_some(a as f64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50_000))]

    #[test]
    fn reciprocals_are_those_of_the_divider(first in lanes(), second in lanes()) {
        for level in levels() {
            let mut reciprocals = Reciprocals { of: [first, second], found: [Lanes::default(); 2] };
            level.run(&mut reciprocals);
            for (of, found) in [first, second].iter().zip(&reciprocals.found) {
                prop_assert_eq!(bits(found), bits(&Lanes::from_fn(|lane| 1.0 / of.0[lane])), "1 / {:?} by {:?}", of.0, level);
            }
        }
    }

    #[test]
    fn quotients_are_those_of_the_divider(dividend in lanes(), divisor in lanes()) {
        check_quotients(dividend, divisor)?;
    }

    #[test]
    fn quotients_nearest_to_the_middle_between_two_numbers_are_those_of_the_divider(divisor in number()) {
        for a in [false, true].into_iter().filter_map(|above| hardest(divisor, above)) {
            check_quotients(Lanes([a; LANES]), Lanes([divisor; LANES]))?;
        }
    }
}

#[test]
fn the_reciprocal_of_infinity_is_nothing() {
    let of = [Lanes([f64::INFINITY, 2.0, f64::INFINITY, 4.0]); 2];
    for level in levels() {
        let mut reciprocals = Reciprocals { of, found: [Lanes::default(); 2] };
        level.run(&mut reciprocals);
        assert_eq!(reciprocals.found.map(|found| found.0), [[0.0, 0.5, 0.0, 0.25]; 2], "{level:?}");
    }
}
