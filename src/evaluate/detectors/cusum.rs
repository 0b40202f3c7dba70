//! Cumulative sums of both signs: of how far residuals are from the centre of the first 20, less an allowance each.
//!
//! Mean and deviation are those of the first 20 values; the deviation counts as at least a tenth of the drift threshold. Sums stop
//! at twice the bound, so that they come down again.

use super::hold::hold;
use super::robust::{BEGINNING, beginning};
use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};

const PARAMETERS: [Parameter; 2] = [
    Parameter::above_zero("allowance", 0.5, "deviations that each residual may be off"),
    Parameter::above_zero("bound", 8.0, "deviations above which a sum fires"),
];

/// The detector `cusum`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Cusum;

impl Detector for Cusum {
    fn name(&self) -> &'static str {
        "cusum"
    }

    fn title(&self) -> &'static str {
        "a sum of deviations exceeds its bound"
    }

    fn citation(&self) -> &'static str {
        "Page, Biometrika 1954"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        let (allowance, bound) = (settings.number("allowance"), settings.number("bound"));
        let Some((centre, scale)) = beginning(series.values) else { return Vec::new() };
        let scale = scale.max(series.thresholds.drift_threshold / 10.0);
        let (mut up, mut down) = (0.0_f64, 0.0_f64);
        hold(series, |index| {
            let z = (series.values[index] - centre) / scale;
            up = (up + z - allowance).clamp(0.0, 2.0 * bound);
            down = (down - z - allowance).clamp(0.0, 2.0 * bound);
            index >= BEGINNING && up.max(down) > bound
        })
    }
}
