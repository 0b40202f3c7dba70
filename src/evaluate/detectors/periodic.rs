//! Fires at the beginning of every period of the channel that has a sample, whatever the residuals are: no tape has more of them
//! than samples.

use crate::evaluate::detector::{Detection, Detector, Parameter, Series, Settings};

const PARAMETERS: [Parameter; 2] = [
    Parameter::seconds("every_s", 300.0, "how long a period is"),
    Parameter::seconds("length_s", 30.0, "how long it fires at the beginning of each"),
];

/// The detector `periodic`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Periodic;

impl Detector for Periodic {
    fn name(&self) -> &'static str {
        "periodic"
    }

    fn title(&self) -> &'static str {
        "fires in every period that has a sample, whatever the residuals are"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &PARAMETERS
    }

    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
        let (every, length) = (settings.number("every_s"), settings.number("length_s"));
        let (Some(first), Some(last)) = (series.t.first(), series.t.last()) else { return Vec::new() };
        let mut turns: Vec<f64> = series.t.iter().map(|t| ((t - first) / every).floor()).collect();
        turns.dedup();
        let starts = turns.into_iter().map(|turn| first + turn * every);
        starts.map(|start| Detection::at_once(start, (start + length).min(*last))).collect()
    }
}
