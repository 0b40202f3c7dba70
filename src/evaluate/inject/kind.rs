use std::fmt;
use std::str::FromStr;

use crate::diagnostics::UnknownName;
use crate::evaluate::random::Pcg64;

/// How a fault changes the residuals of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Up at once, and down at once.
    Shift,
    /// Up in a straight line, which has its size at the last sample.
    Ramp,
    /// Three samples up, three as they were, again and again.
    Pulses,
    /// Up or down, as a coin falls for each sample.
    Noise,
}

/// Samples of a pulse, and between two.
const PULSE: usize = 3;

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Shift, Self::Ramp, Self::Pulses, Self::Noise];

    /// The name on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::Ramp => "ramp",
            Self::Pulses => "pulses",
            Self::Noise => "noise",
        }
    }

    /// The share of its size at sample `at` of `count`.
    pub(super) fn share(self, at: usize, count: usize, random: &mut Pcg64) -> f64 {
        match self {
            Self::Shift => 1.0,
            Self::Ramp => (at + 1) as f64 / count as f64,
            Self::Pulses if (at / PULSE).is_multiple_of(2) => 1.0,
            Self::Pulses => 0.0,
            Self::Noise if random.chance(0.5) => 1.0,
            Self::Noise => -1.0,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FaultKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("kind of fault", name, &Self::ALL, Self::name)
    }
}
