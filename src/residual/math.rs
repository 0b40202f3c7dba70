//! Functions that IEEE 754 does not fix. The only place that may call the platform's; clippy refuses them elsewhere.

use serde::{Deserialize, Serialize};

/// Which logarithms feed the residuals.
///
/// `log10`, `log2` and `ln` are the only functions in a conversion whose result IEEE 754 does not fix, so this
/// choice decides whether a tape has the same bytes on every platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Math {
    /// Correctly rounded: the same bits everywhere.
    #[default]
    Portable,
    /// The platform's C library, as the published digests were made with (glibc).
    System,
}

impl Math {
    /// Base-10 logarithm.
    #[must_use]
    pub fn log10(self, x: f64) -> f64 {
        match self {
            Self::Portable => pxfm::f_log10(x),
            Self::System => system::log10(x),
        }
    }

    /// Base-2 logarithm.
    #[must_use]
    pub fn log2(self, x: f64) -> f64 {
        match self {
            Self::Portable => pxfm::f_log2(x),
            Self::System => system::log2(x),
        }
    }

    /// Natural logarithm.
    #[must_use]
    pub fn ln(self, x: f64) -> f64 {
        match self {
            Self::Portable => pxfm::f_log(x),
            Self::System => system::ln(x),
        }
    }

    /// Exponential function; the portable one is correctly rounded as far as anybody found (`tests/functions.rs`).
    #[must_use]
    pub fn exp(self, x: f64) -> f64 {
        match self {
            Self::Portable => pxfm::f_exp(x),
            Self::System => system::exp(x),
        }
    }

    /// Sine of an angle in radians; the portable one as [`Math::exp`].
    #[must_use]
    pub fn sin(self, x: f64) -> f64 {
        match self {
            Self::Portable => pxfm::f_sin(x),
            Self::System => system::sin(x),
        }
    }

    /// The name used on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::System => "system",
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the platform's functions are asked for")]
mod system {
    pub(super) fn log10(x: f64) -> f64 {
        x.log10()
    }
    pub(super) fn log2(x: f64) -> f64 {
        x.log2()
    }
    pub(super) fn ln(x: f64) -> f64 {
        x.ln()
    }
    pub(super) fn exp(x: f64) -> f64 {
        x.exp()
    }
    pub(super) fn sin(x: f64) -> f64 {
        x.sin()
    }
}
