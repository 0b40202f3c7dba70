use std::fmt;
use std::str::FromStr;

use super::Emitter;
use super::random::Pcg64;
use crate::diagnostics::UnknownName;
use crate::motif::{Grammar, Motif};
use crate::residual::{Math, Stream};

/// Kinds of noise, all with nothing planted: whatever is found in them is a false alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// Independent normal residuals.
    White,
    /// Each residual leans on the one before: AR(1) with coefficient 0.95.
    Autoregressive,
    /// Independent, with Student's t of three degrees of freedom: now and then one far out.
    HeavyTailed,
    /// Normal, three times as loud in bursts of half a minute that come every five minutes, both on average.
    Bursty,
    /// A sine of a day's length and half as much white noise, a day long, a residual a minute.
    Daily,
}

impl Noise {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::White, Self::Autoregressive, Self::HeavyTailed, Self::Bursty, Self::Daily];

    /// The name on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Autoregressive => "autoregressive",
            Self::HeavyTailed => "heavy-tailed",
            Self::Bursty => "bursty",
            Self::Daily => "daily",
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Noise {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("noise", name, &Self::ALL, Self::name)
    }
}

/// Channels of each class.
const CHANNELS: u32 = 3;

const DAY_S: f64 = 86_400.0;

/// Three channels of noise in every class: ten minutes at 1 Hz, or a day at a sample a minute for [`Noise::Daily`].
///
/// The standard deviation is half the published drift threshold of the class's motif: about as loud as noise can be that
/// those thresholds should be silent on, and several times the noise of the perturbed stream.
#[must_use]
pub fn null(noise: Noise, seed: u64, math: Math) -> Stream {
    let (samples, step) = if noise == Noise::Daily { (1440_u32, 60.0) } else { (600, 1.0) };
    let mut random = Pcg64::new(seed);
    let mut out = Emitter::new(math);
    for motif in Motif::ALL {
        let deviation = Grammar::default().parameters(motif).drift_threshold / 2.0;
        for channel in 1..=CHANNELS {
            let name = format!("noise-{channel}");
            let mut source = NoiseSource { noise, math, random: &mut random, last: 0.0, busy: false, phase: 0.0 };
            source.start();
            for index in 0..samples {
                let t = f64::from(index) * step;
                out.push(t, motif.class(), deviation * source.next(t), &name);
            }
        }
    }
    out.samples.finish(format!("null-{noise}-seed{seed}"))
}

/// One channel of noise with standard deviation 1 (but for bursts).
struct NoiseSource<'a> {
    noise: Noise,
    math: Math,
    random: &'a mut Pcg64,
    last: f64,
    busy: bool,
    phase: f64,
}

impl NoiseSource<'_> {
    /// Draws where it begins.
    fn start(&mut self) {
        match self.noise {
            Noise::Autoregressive => self.last = self.random.normal(self.math),
            Noise::Daily => self.phase = self.random.uniform(0.0, DAY_S),
            Noise::White | Noise::HeavyTailed | Noise::Bursty => {}
        }
    }

    fn next(&mut self, t: f64) -> f64 {
        match self.noise {
            Noise::White => self.random.normal(self.math),
            Noise::Autoregressive => {
                const COEFFICIENT: f64 = 0.95;
                let fresh = (1.0 - COEFFICIENT * COEFFICIENT).sqrt();
                self.last = COEFFICIENT * self.last + fresh * self.random.normal(self.math);
                self.last
            }
            Noise::HeavyTailed => {
                // The variance of Student's t with three degrees of freedom is 3.
                let z = self.random.normal(self.math);
                let squares: f64 = (0..3).map(|_| self.random.normal(self.math)).map(|z| z * z).sum();
                z / squares.sqrt()
            }
            Noise::Bursty => {
                let turns = self.random.chance(if self.busy { 1.0 / 30.0 } else { 1.0 / 300.0 });
                self.busy ^= turns;
                self.random.normal(self.math) * if self.busy { 3.0 } else { 1.0 }
            }
            Noise::Daily => {
                // A sine of amplitude 1 has a variance of 1/2; noise adds a quarter: 3/4 in all.
                let angle = std::f64::consts::TAU * ((t + self.phase) / DAY_S);
                (self.math.sin(angle) + 0.5 * self.random.normal(self.math)) / 0.75_f64.sqrt()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_as_loud_as_it_says_and_has_its_shape() {
        for noise in Noise::ALL {
            let stream = null(noise, 7, Math::Portable);
            assert_eq!(stream.source(), format!("null-{noise}-seed7"));
            let motif = Motif::CardinalityMismatchRegime;
            let deviation = Grammar::default().parameters(motif).drift_threshold / 2.0;
            let mut values = Vec::new();
            for seed in 7..17 {
                let stream = null(noise, seed, Math::Portable);
                let of_channel = stream
                    .samples()
                    .filter(|sample| sample.class == motif.class() && sample.channel == Some("noise-1"));
                values.extend(of_channel.map(|sample| sample.value / deviation));
            }
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let moment = |lag: usize| {
                let pairs = values.iter().zip(&values[lag..]);
                pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count
            };
            let deviation = moment(0).sqrt();
            let (low, high) = if noise == Noise::Bursty { (1.1, 1.8) } else { (0.7, 1.3) };
            assert!((low..high).contains(&deviation), "{noise}: {deviation}");
            let leans = moment(1) / moment(0);
            let leaning = matches!(noise, Noise::Autoregressive | Noise::Daily);
            assert_eq!(leans > 0.5, leaning, "{noise}: {leans}");
            let far = values.iter().filter(|value| value.abs() > 5.0 * deviation).count();
            // In bursts, the noise is louder than it is on the whole, so that some of it is far out, too.
            assert_eq!(far > 0, matches!(noise, Noise::HeavyTailed | Noise::Bursty), "{noise}: {far}");
        }
    }

    #[test]
    fn seeds_and_channels_differ_and_a_seed_repeats() {
        let stream = |seed| null(Noise::White, seed, Math::Portable);
        assert_eq!(stream(1).fingerprint(), stream(1).fingerprint());
        assert_ne!(stream(1).fingerprint(), stream(2).fingerprint());
        assert_eq!((stream(1).len(), stream(1).channel_count()), (600 * 15, 15));
    }
}
