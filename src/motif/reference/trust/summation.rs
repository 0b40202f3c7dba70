//! Adding one number again and again, without doing it again and again.

/// `acc + x + x + … + x` (`times` additions, each rounded), to the last bit.
///
/// While all partial sums lie between two powers of two they lie on one grid, and adding `x` moves by the same number of
/// grid steps each time: a tie goes to the even neighbour, from which the next tie moves as far, so that only the first
/// step on a grid can differ. Those steps are exact in binary64, and so is a multiple of them; the additions next to a power of two
/// are carried out. `tests::equals_adding_in_a_loop` compares with the loop.
pub(super) fn add_repeated(mut acc: f64, x: f64, mut times: usize) -> f64 {
    /// From here on jumping is cheaper than adding.
    const WORTH_IT: usize = 12;
    while times > WORTH_IT {
        let first = acc + x;
        let second = first + x;
        let start = std::mem::replace(&mut acc, second);
        times -= 2;
        let step = second - first;
        if step == 0.0 {
            // On this grid `x` is nothing, and will be for ever.
            return acc;
        }
        let (low, high) = power_of_two_around(second);
        let room = if (step > 0.0) == (second > 0.0) { high - second.abs() } else { second.abs() - low };
        let on_grid = |sum: f64| sum.abs() >= low && sum.abs() < high;
        // One step less than fits: the sum before rounding must not reach the power of two either. A NaN jumps nowhere.
        let jump = ((room / step.abs()) as usize).saturating_sub(2).min(times);
        if on_grid(start) && on_grid(first) && jump > WORTH_IT {
            acc += jump as f64 * step;
            times -= jump;
        } else {
            // Near a power of two or near zero: by the time that another jump were found, these are added.
            let few = WORTH_IT.min(times);
            (0..few).for_each(|_| acc += x);
            times -= few;
        }
    }
    for _ in 0..times {
        acc += x;
    }
    acc
}

/// The powers of two with `low <= |x| < high`, for a normal number.
pub(super) fn power_of_two_around(x: f64) -> (f64, f64) {
    let low = f64::from_bits(x.to_bits() & 0x7FF0_0000_0000_0000);
    (low, low * 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn looped(mut acc: f64, x: f64, times: usize) -> f64 {
        for _ in 0..times {
            acc += x;
        }
        acc
    }

    /// Magnitudes far apart and near each other, short mantissas (ties) and long ones, zeros.
    fn numbers() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => (any::<bool>(), 0..1_u64 << 52, -40..40_i64).prop_map(|(negative, mantissa, exponent)| {
                let bits = ((exponent + 1023) as u64) << 52 | mantissa;
                f64::from_bits(bits) * if negative { -1.0 } else { 1.0 }
            }),
            2 => (-64..64_i64, -60..60_i32).prop_map(|(short, exponent)| short as f64 * 2.0_f64.powi(exponent)),
            1 => Just(0.0),
            1 => Just(-0.0),
            1 => any::<f64>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn equals_adding_in_a_loop(acc in numbers(), x in numbers(), times in 0..3000_usize) {
            let (jumped, looped) = (add_repeated(acc, x, times), looped(acc, x, times));
            prop_assert!(jumped.to_bits() == looped.to_bits() || (jumped.is_nan() && looped.is_nan()),
                "{acc:e} + {times} x {x:e}: {jumped:e} {looped:e}");
        }

        #[test]
        fn equals_adding_a_near_number_in_a_loop(
            mantissa in 1.0..2.0, ulps in -20..20_i64, halves in 0..4_u64, times in 0..3000_usize,
        ) {
            // `x` of a few units in the last place of `acc`, also halves of them: ties at every step.
            let x = (ulps as f64 + halves as f64 * 0.25) * f64::EPSILON;
            let (jumped, looped) = (add_repeated(mantissa, x, times), looped(mantissa, x, times));
            prop_assert_eq!(jumped.to_bits(), looped.to_bits());
        }
    }
}
