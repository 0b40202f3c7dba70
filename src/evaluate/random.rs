//! The random numbers of the generators: PCG XSL-RR 128/64 (O'Neill, 2014), seeded as the published streams were.
//!
//! Written out here because the draws are part of every digest of a generated stream: a library may change its
//! seeding or its sampling between versions.

use crate::residual::Math;

/// A seeded generator; equal seeds give equal draws on every platform.
pub(super) struct Pcg64 {
    state: u128,
    increment: u128,
}

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;

impl Pcg64 {
    /// Expands the seed to 32 bytes with a 64-bit LCG and PCG output, as the seeding convention of Rust's `rand_core`
    /// was when the streams were published.
    pub(super) fn new(seed: u64) -> Self {
        let mut expansion = seed;
        let mut word = || {
            expansion = expansion.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(11_634_580_027_462_260_723);
            let mixed = (((expansion >> 18) ^ expansion) >> 27) as u32;
            u128::from(mixed.rotate_right((expansion >> 59) as u32))
        };
        let mut wide = || word() | word() << 32 | word() << 64 | word() << 96;
        let (start, stream) = (wide(), wide());
        let increment = stream | 1;
        let mut this = Self { state: start.wrapping_add(increment), increment };
        this.advance();
        this
    }

    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next(&mut self) -> u64 {
        self.advance();
        (((self.state >> 64) ^ self.state) as u64).rotate_right((self.state >> 122) as u32)
    }

    /// Uniform in [`low`, `high`).
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        loop {
            let one_to_two = f64::from_bits(0x3FF0_0000_0000_0000 | self.next() >> 12);
            let drawn = (one_to_two - 1.0) * (high - low) + low;
            if drawn < high {
                return drawn;
            }
        }
    }

    /// A number below `count`, each as likely as the next but for 2^-64 × `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }

    /// Normal with mean 0 and standard deviation 1, by the polar method (Marsaglia, 1964), of which one number is used.
    pub(super) fn normal(&mut self, math: Math) -> f64 {
        loop {
            let (x, y) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * math.ln(square) / square).sqrt();
            }
        }
    }

    /// True with probability `p` below 1.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
        self.next() < (p * TWO_TO_64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_draws_of_seed_42_are_the_published_ones() {
        let mut random = Pcg64::new(42);
        let draws = [random.next(), random.next(), random.next(), random.next()];
        assert_eq!(draws, [0x39fc_b970_a300_1809, 0x3d36_1897_2c55_d911, 0xc2c5_fa78_9a8b_6a2d, 0x8720_7ff1_e296_60ec]);
    }
}
