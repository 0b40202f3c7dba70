//! Other detectors on the same tapes: the three of the published text, correct ones of the same names, simple ones, and
//! dummies that any score must tell from the rest. Definitions, parameters and sources: `docs/detectors.md`.

mod adwin;
mod bocpd;
mod pelt;
mod simple;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use crate::motif::{Episode, Grammar, Motif, Parameters};
use crate::residual::{Math, Stream};
use crate::store::UnknownName;

/// A detector of changes in the residuals of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detector {
    /// ADWIN as published: also fires on constants.
    AdwinReference,
    /// BOCPD as published: forgets at run length 200, and takes that for a change.
    BocpdReference,
    /// PELT as published: its cost and penalty are those of rounding errors on constants.
    PeltReference,
    /// Adaptive windowing (Bifet and Gavaldà, 2007).
    Adwin,
    /// Bayesian online change point detection (Adams and MacKay, 2007).
    Bocpd,
    /// Pruned exact linear time (Killick et al., 2012).
    Pelt,
    /// A residual at the slew threshold, held until it has been below for the dwell.
    Threshold,
    /// A residual far from the median so far (Hampel, 1974).
    Mad,
    /// Cumulative sums of both signs (Page, 1954).
    Cusum,
    /// Never fires.
    Never,
    /// One episode over all of each channel.
    Always,
    /// Half a minute of every five that have a sample, whatever the residuals are.
    Periodic,
}

impl Detector {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AdwinReference,
        Self::BocpdReference,
        Self::PeltReference,
        Self::Adwin,
        Self::Bocpd,
        Self::Pelt,
        Self::Threshold,
        Self::Mad,
        Self::Cusum,
        Self::Never,
        Self::Always,
        Self::Periodic,
    ];

    /// The name on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdwinReference => "adwin-reference",
            Self::BocpdReference => "bocpd-reference",
            Self::PeltReference => "pelt-reference",
            Self::Adwin => "adwin",
            Self::Bocpd => "bocpd",
            Self::Pelt => "pelt",
            Self::Threshold => "threshold",
            Self::Mad => "mad",
            Self::Cusum => "cusum",
            Self::Never => "never",
            Self::Always => "always",
            Self::Periodic => "periodic",
        }
    }

    /// What it finds in a stream: motif by motif in the order of codes, within one in order of start, then of channel.
    ///
    /// Samples without a channel are those of the channel with the empty name. Channels are worked on in parallel and
    /// collected by index.
    #[must_use]
    pub fn detect(self, stream: &Stream, math: Math) -> Vec<Episode> {
        let grammar = Grammar::default();
        let found = Motif::ALL.into_par_iter().flat_map_iter(|motif| {
            let parameters = grammar.of(motif);
            let channels: Vec<(&str, Series)> = series(stream, motif).into_iter().collect();
            let spans: Vec<Vec<(f64, f64)>> =
                channels.par_iter().map(|(_, series)| self.spans(series, parameters, math)).collect();
            let episodes = channels.iter().zip(spans).flat_map(|((channel, _), spans)| {
                spans.into_iter().map(|(t_start, t_end)| Episode {
                    motif,
                    channel: (*channel).to_owned(),
                    t_start,
                    t_end,
                    peak: 0.0,
                    ema_at_boundary: 0.0,
                    trust_sum: 1.0,
                    details: None,
                })
            });
            let mut episodes: Vec<Episode> = episodes.collect();
            episodes.sort_by(|a, b| a.t_start.partial_cmp(&b.t_start).expect("times are finite"));
            episodes
        });
        found.collect()
    }

    /// From when to when it fires on one channel.
    fn spans(self, series: &Series, parameters: &Parameters, math: Math) -> Vec<(f64, f64)> {
        let Series { t, values } = series;
        // A change point has no length: as in the published text, it is given the dwell of its motif.
        let changes = |indices: Vec<usize>| {
            indices.into_iter().map(|index| (t[index], t[index] + parameters.min_dwell_seconds)).collect()
        };
        match self {
            Self::AdwinReference => changes(adwin::reference(values, math)),
            Self::BocpdReference => changes(bocpd::reference(values, math)),
            Self::PeltReference => changes(pelt::reference(values, math)),
            Self::Adwin => changes(adwin::correct(values, math)),
            Self::Bocpd => changes(bocpd::correct(values, math)),
            Self::Pelt => changes(pelt::correct(values, math)),
            Self::Threshold => simple::threshold(series, parameters),
            Self::Mad => simple::mad(series, parameters),
            Self::Cusum => simple::cusum(series, parameters),
            Self::Never => Vec::new(),
            Self::Always => simple::always(series),
            Self::Periodic => simple::periodic(series),
        }
    }
}

impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Detector {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("detector", name, &Self::ALL, Self::name)
    }
}

/// The samples of one channel in order of time; never empty.
#[derive(Clone, Debug, Default)]
struct Series {
    t: Vec<f64>,
    values: Vec<f64>,
}

/// The channels of a motif's class, in byte order of their names.
fn series(stream: &Stream, motif: Motif) -> BTreeMap<&str, Series> {
    let mut channels: BTreeMap<&str, Series> = BTreeMap::new();
    for sample in stream.samples().filter(|sample| sample.class == motif.class()) {
        let series = channels.entry(sample.channel.unwrap_or_default()).or_default();
        series.t.push(sample.t);
        series.values.push(sample.value);
    }
    channels
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
