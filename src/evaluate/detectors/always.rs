//! Fires from the first sample of each channel to the last.

use crate::evaluate::detector::{Detection, Detector, Series, Settings};

/// The detector `always`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Always;

impl Detector for Always {
    fn name(&self) -> &'static str {
        "always"
    }

    fn title(&self) -> &'static str {
        "fires from the first sample to the last"
    }

    fn detect(&self, series: &Series<'_>, _: &Settings) -> Vec<Detection> {
        let ends = series.t.first().zip(series.t.last());
        ends.map(|(first, last)| Detection::at_once(*first, *last)).into_iter().collect()
    }
}
