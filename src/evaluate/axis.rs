use std::fmt;
use std::str::FromStr;

use super::Generator;
use crate::diagnostics::UnknownName;
use crate::motif::ENGINES;

/// What a sweep changes from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Size of the planted faults; 1 is the published one.
    Scale,
    /// Factor on all thresholds of all motifs: elasticity. Other detectors do not have them.
    Threshold,
    /// Every n-th sample of a channel is kept.
    Rate,
    /// Probability with which a sample is lost.
    Missing,
    /// Places by which samples may arrive late.
    Reorder,
    /// Seconds by which times may be off.
    Jitter,
    /// Factor on the parameter of this key, in all motifs, of the engines that have it.
    Parameter(&'static str),
}

impl Axis {
    /// Those that have a name of their own.
    const NAMED: [Self; 6] = [Self::Scale, Self::Threshold, Self::Rate, Self::Missing, Self::Reorder, Self::Jitter];

    /// The name in experiment files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Threshold => "threshold",
            Self::Rate => "rate",
            Self::Missing => "missing",
            Self::Reorder => "reorder",
            Self::Jitter => "jitter",
            Self::Parameter(key) => key,
        }
    }

    /// What its values may be, in words; `None` if `value` is one.
    #[must_use]
    pub fn refuses(self, value: f64) -> Option<&'static str> {
        let whole = value.fract() == 0.0 && value <= 1e6;
        let (takes, range) = match self {
            Self::Scale => (Generator::takes_scale(value), "a number from 0 to 1e9"),
            Self::Threshold | Self::Parameter(_) => ((0.01..=100.0).contains(&value), "a number from 0.01 to 100"),
            Self::Rate => (whole && value >= 1.0, "a whole number from 1"),
            Self::Missing => ((0.0..1.0).contains(&value), "a number from 0 to below 1"),
            Self::Reorder => (whole && value >= 0.0, "a whole number from 0"),
            Self::Jitter => ((0.0..=1e6).contains(&value), "a number of seconds from 0"),
        };
        (!takes).then_some(range)
    }

    /// Whether it changes the parameter of this key.
    #[must_use]
    pub fn scales(self, key: &str) -> bool {
        match self {
            Self::Threshold => key.ends_with("_threshold"),
            Self::Parameter(name) => name == key,
            Self::Scale | Self::Rate | Self::Missing | Self::Reorder | Self::Jitter => false,
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Axis {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::NAMED.to_vec();
        for range in ENGINES.iter().flat_map(|engine| engine.parameters) {
            if !all.contains(&Self::Parameter(range.key)) {
                all.push(Self::Parameter(range.key));
            }
        }
        UnknownName::find("axis", name, &all, Self::name)
    }
}
