//! Other detectors on the same tapes: the three of the published text, correct ones of the same names, simple ones, and
//! dummies that any score must tell from the rest. Definitions, parameters and sources: `docs/detectors.md`.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;

use super::Span;
use crate::motif::{Grammar, Motif, ParameterError, ParameterRange, Parameters, find_parameter};
use crate::residual::{Math, Stream};

/// A detector of changes in the residuals of one channel.
///
/// Whoever uses the library implements it and calls [`Detector::find_spans`]; the crate documentation has an example. To add one to
/// the program, implement it in a file of `evaluate/detectors/` and give it a place in [`DETECTORS`](super::DETECTORS).
pub trait Detector: Sync {
    /// The name on the command line, in experiment files and in tables.
    fn name(&self) -> &'static str;

    /// What it does, in a few words.
    fn title(&self) -> &'static str;

    /// Where it is defined; empty for what needs no source.
    fn citation(&self) -> &'static str {
        ""
    }

    /// What can be set about it.
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    /// When it fires on one channel, in order of time.
    fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection>;

    /// What it finds in a stream: motif by motif in the order of codes, within one in order of start, then of channel.
    ///
    /// Samples without a channel are those of the channel with the empty name. Channels are worked on in parallel and
    /// collected by index.
    fn find_spans(&self, stream: &Stream, settings: &Settings, math: Math) -> Vec<Span> {
        let grammar = Grammar::default();
        let found = Motif::ALL.into_par_iter().flat_map_iter(|motif| {
            let thresholds = grammar.parameters(motif);
            let channels: Vec<(&str, Samples)> = samples_by_channel(stream, motif).into_iter().collect();
            let detect = |(_, Samples { t, values }): &(&str, Samples)| {
                self.detect(&Series { t, values, thresholds, math }, settings)
            };
            let detections: Vec<Vec<Detection>> = channels.par_iter().map(detect).collect();
            let spans = channels.iter().zip(detections).flat_map(|((channel, _), detections)| {
                detections.into_iter().map(|Detection { t_start, t_end, t_detected }| Span {
                    motif,
                    channel: (*channel).to_owned(),
                    t_start,
                    t_end,
                    t_detected,
                })
            });
            let mut spans: Vec<Span> = spans.collect();
            spans.sort_by(|a, b| a.t_start.partial_cmp(&b.t_start).expect("times are finite"));
            spans
        });
        found.collect()
    }
}

impl fmt::Debug for dyn Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for dyn Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Detectors are the same when they have the same name.
impl PartialEq for dyn Detector {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// The samples of one channel in order of time, and what may be known besides; never empty.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Seconds.
    pub t: &'a [f64],
    /// The residual at each time.
    pub values: &'a [f64],
    /// What the published grammar says of residuals of this class: no detector is tuned to them.
    pub thresholds: &'a Parameters,
    /// Where logarithms come from.
    pub math: Math,
}

impl Series<'_> {
    /// Changes at these samples. A change point has no length: as in the published text, it is given the dwell of its motif. When
    /// it can be reported is not known: it is stamped with the time of the change, and found later.
    pub fn changes(&self, at: impl IntoIterator<Item = usize>) -> Vec<Detection> {
        let change = |index: usize| {
            let t_start = self.t[index];
            Detection { t_start, t_end: t_start + self.thresholds.min_dwell_seconds, t_detected: None }
        };
        at.into_iter().map(change).collect()
    }
}

/// When a detector fires on one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Seconds; where it begins.
    pub t_start: f64,
    /// Seconds; where it ends.
    pub t_end: f64,
    /// Seconds; when it can be reported, where the detector says so.
    pub t_detected: Option<f64>,
}

impl Detection {
    /// One that is reported at its start.
    #[must_use]
    pub const fn at_once(t_start: f64, t_end: f64) -> Self {
        Self { t_start, t_end, t_detected: Some(t_start) }
    }
}

/// A parameter of a detector.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its key, and the range of its values.
    pub range: ParameterRange,
    /// Its value where nobody gives one.
    pub default: f64,
    /// What it means.
    pub title: &'static str,
}

impl Parameter {
    /// A parameter that is a number above 0.
    #[must_use]
    pub const fn above_zero(key: &'static str, default: f64, title: &'static str) -> Self {
        let range = ParameterRange { key, range: "a number above 0", holds: |value| value > 0.0 };
        Self { range, default, title }
    }

    /// A parameter that is a stretch of time.
    #[must_use]
    pub const fn seconds(key: &'static str, default: f64, title: &'static str) -> Self {
        let range = ParameterRange {
            key,
            range: "seconds from 0.001 to 1000000000",
            holds: |value| (1e-3..=1e9).contains(&value),
        };
        Self { range, default, title }
    }

    /// A parameter that is a probability.
    #[must_use]
    pub const fn probability(key: &'static str, default: f64, title: &'static str) -> Self {
        let range =
            ParameterRange { key, range: "a number between 0 and 1", holds: |value| 0.0 < value && value < 1.0 };
        Self { range, default, title }
    }

    /// A multiple of the default; where the parameter takes whole numbers only, the nearest one.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn scaled(&self, factor: f64) -> Result<f64, ParameterError> {
        // Nine decimals, so that three times 0.1 is 0.3.
        let value = (self.default * factor * 1e9).round() / 1e9;
        self.range.check(value).or_else(|problem| self.range.check(value.round()).map_err(|_| problem))
    }

    /// A parameter that counts values.
    #[must_use]
    pub const fn count(key: &'static str, default: f64, title: &'static str) -> Self {
        let range = ParameterRange {
            key,
            range: "a whole number from 1 to 1000000",
            holds: |value| value.fract() == 0.0 && (1.0..=1e6).contains(&value),
        };
        Self { range, default, title }
    }
}

/// The values of a detector's parameters.
#[derive(Clone, Debug)]
pub struct Settings {
    parameters: &'static [Parameter],
    values: Vec<f64>,
}

impl Settings {
    /// The defaults of a detector.
    #[must_use]
    pub fn defaults(detector: &dyn Detector) -> Self {
        let parameters = detector.parameters();
        Self { parameters, values: parameters.iter().map(|parameter| parameter.default).collect() }
    }

    /// Changes a parameter.
    ///
    /// # Errors
    /// When the detector has no such parameter, or the value is out of range.
    pub fn set(&mut self, key: &str, value: f64) -> Result<(), ParameterError> {
        let ranges: Vec<ParameterRange> = self.parameters.iter().map(|parameter| parameter.range).collect();
        let place = find_parameter(&ranges, key, value)?;
        self.values[place] = value;
        Ok(())
    }

    /// The value of one of the detector's own parameters.
    #[must_use]
    pub fn number(&self, key: &str) -> f64 {
        let place = self.parameters.iter().position(|parameter| parameter.range.key == key);
        self.values[place.expect("a detector asks for the parameters that it lists")]
    }

    /// The same as a count.
    #[must_use]
    pub fn count(&self, key: &str) -> usize {
        self.number(key) as usize
    }
}

/// The samples of one channel in order of time; never empty.
#[derive(Default)]
struct Samples {
    t: Vec<f64>,
    values: Vec<f64>,
}

/// The channels of a motif's class, in byte order of their names.
fn samples_by_channel(stream: &Stream, motif: Motif) -> BTreeMap<&str, Samples> {
    let mut channels: BTreeMap<&str, Samples> = BTreeMap::new();
    for sample in stream.samples().filter(|sample| sample.class == motif.class()) {
        let samples = channels.entry(sample.channel.unwrap_or_default()).or_default();
        samples.t.push(sample.t);
        samples.values.push(sample.value);
    }
    channels
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
