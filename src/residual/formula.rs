//! The published residual formulas (`docs/method.md`, section 2): a number in, a number out.
//!
//! The channel and the class are the caller's business; [`Class`](super::Class) names which formula feeds which.

use super::Math;

/// Relative latency: (`latency` − `baseline`) / max(|`baseline`|, 1e-9). Any unit, the same for both.
#[must_use]
pub fn latency(latency: f64, baseline: f64) -> f64 {
    (latency - baseline) / baseline.abs().max(1e-9)
}

/// log10 of actual over estimated rows, each taken as at least one.
#[must_use]
pub fn cardinality(math: Math, estimated: f64, actual: f64) -> f64 {
    math.log10(actual.max(1.0) / estimated.max(1.0))
}

/// Expected minus observed hit ratio, both between 0 and 1.
#[must_use]
pub fn hit_ratio(expected: f64, observed: f64) -> f64 {
    expected - observed
}

/// log(`value` / `baseline`), natural, the residual of our own constructions: symmetric in faster and slower.
#[must_use]
pub fn log_ratio(math: Math, value: f64, baseline: f64) -> f64 {
    math.ln(value / baseline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_relative_and_survives_a_zero_baseline() {
        assert_eq!(latency(75.0, 50.0), 0.5);
        assert_eq!(latency(75.0, -50.0), 2.5);
        assert_eq!(latency(1.0, 0.0), 1.0 / 1e-9);
    }

    #[test]
    fn cardinality_counts_at_least_one_row_and_forgives_nan() {
        for (estimated, actual, expected) in
            [(10.0, 1000.0, 2.0), (0.0, 0.0, 0.0), (1e4, 0.0, -4.0), (f64::NAN, 100.0, 2.0)]
        {
            assert_eq!(cardinality(Math::Portable, estimated, actual), expected, "{estimated} {actual}");
        }
    }
}
