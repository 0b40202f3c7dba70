use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use super::fused::trust_sums;
use super::machine::emissions;
use super::runs::Runs;
use super::{Episode, Grammar, Motif};
use crate::residual::Stream;

/// Which engine computes the episodes: the seam at which another one is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Semantics {
    /// The published one, defects included, because published digests rest on them (`docs/method.md`).
    #[default]
    Reference,
}

impl Semantics {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Reference];

    /// The name used on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
        }
    }
}

impl fmt::Display for Semantics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name of no engine.
#[derive(Debug, thiserror::Error)]
#[error("unknown semantics `{0}`; known: {known}", known = Semantics::ALL.map(Semantics::name).join(", "))]
pub struct UnknownSemantics(String);

impl FromStr for Semantics {
    type Err = UnknownSemantics;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|semantics| semantics.name() == name);
        found.ok_or_else(|| UnknownSemantics(name.to_owned()))
    }
}

/// Semantics and grammar: everything that decides the episodes of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Engine {
    /// Which engine.
    pub semantics: Semantics,
    /// Its parameters.
    pub grammar: Grammar,
}

impl Engine {
    /// The episodes of a stream, ordered by start, then motif, channel and emission.
    ///
    /// Classes and channels are worked on in parallel and collected by index, so the result has the same bytes for any
    /// number of threads.
    #[must_use]
    pub fn replay(&self, stream: &Stream) -> Vec<Episode> {
        match self.semantics {
            Semantics::Reference => {
                let by_motif: Vec<Vec<Episode>> =
                    Motif::ALL.into_par_iter().map(|motif| self.reference(stream, motif)).collect();
                let mut episodes = by_motif.concat();
                episodes.sort_by(|a, b| a.t_start.partial_cmp(&b.t_start).expect("times are finite"));
                episodes
            }
        }
    }

    fn reference(&self, stream: &Stream, motif: Motif) -> Vec<Episode> {
        let parameters = self.grammar.of(motif);
        let runs = Runs::new(stream, motif.class());
        let by_channel: Vec<_> = (0..runs.len())
            .into_par_iter()
            .map(|channel| {
                let (t, values) = runs.of(channel);
                emissions(parameters, t, values)
            })
            .collect();
        let emitted = || {
            let channels = by_channel.iter().enumerate();
            channels.flat_map(|(channel, all)| all.iter().map(move |emission| (channel, emission)))
        };
        let wanted: Vec<_> = emitted().map(|(channel, emission)| (channel, emission.at)).collect();
        let trust = trust_sums(parameters, &runs, &wanted);
        let episodes = emitted().zip(trust).map(|((channel, emission), trust_sum)| Episode {
            motif,
            channel: runs.name(channel).to_owned(),
            t_start: emission.t_start,
            t_end: emission.t_end,
            peak: emission.peak,
            ema_at_boundary: emission.ema,
            trust_sum,
        });
        episodes.collect()
    }
}
