//! A residual far from the median of the last quiet ones, held for the dwell.
//!
//! Nothing fires before there are 20 quiet ones; the deviation counts as at least a tenth of the drift threshold.

use super::hold::hold;
use super::robust::{BEGINNING, robust};
use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};

const PARAMETERS: [Parameter; 2] = [
    Parameter::count("window", 60.0, "quiet residuals that the median is taken of"),
    Parameter::above_zero("deviations", 6.0, "robust deviations from the median beyond which a residual fires"),
];

/// The detector `mad`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Mad;

impl Detector for Mad {
    fn name(&self) -> &'static str {
        "mad"
    }

    fn title(&self) -> &'static str {
        "a residual is far from the median so far"
    }

    fn citation(&self) -> &'static str {
        "Hampel, JASA 1974"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        let (window, deviations) = (settings.count("window"), settings.number("deviations"));
        let mut quiet: Vec<f64> = Vec::new();
        hold(series, |index| {
            let value = series.values[index];
            let recent = &quiet[quiet.len().saturating_sub(window)..];
            let (centre, deviation) = robust(recent);
            let fires = quiet.len() >= BEGINNING
                && (value - centre).abs() > deviations * deviation.max(series.thresholds.drift_threshold / 10.0);
            if !fires {
                quiet.push(value);
            }
            fires
        })
    }
}
