//! A residual at the slew threshold of its motif, held for its dwell.

use super::hold::hold;
use crate::evaluate::detector::{Detection, Detector, Series, Settings};

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

    fn detect(&self, series: &Series<'_>, _: &Settings) -> Vec<Detection> {
        hold(series, |index| series.values[index].abs() >= series.thresholds.slew_threshold)
    }
}
