//! A residual at the slew threshold of its motif, held for its dwell.

use super::hold::hold;
use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};

const PARAMETERS: [Parameter; 1] =
    [Parameter::above_zero("factor", 1.0, "slew thresholds of the motif that a residual reaches when it fires")];

/// The detector `threshold`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Threshold;

impl Detector for Threshold {
    fn name(&self) -> &'static str {
        "threshold"
    }

    fn title(&self) -> &'static str {
        "a residual reaches the slew threshold of its motif"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        let threshold = settings.number("factor") * series.thresholds.slew_threshold;
        hold(series, |index| series.values[index].abs() >= threshold)
    }
}
