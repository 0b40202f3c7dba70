use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::grammar::{MotifParameters, Range};
use super::lanes::LANES;
use super::lockstep::{Asked, trust_sums};
use super::machine::{Emission, emissions};
use super::runs::Runs;
use super::{Episode, ExcursionGrammar, ExcursionParameters, Grammar, Motif, ParameterError, Parameters, excursion};
use crate::residual::{Class, Stream};

/// Which engine computes the episodes: the seam at which another one is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Semantics {
    /// The published one, defects included, because published digests rest on them (`docs/method.md`).
    #[default]
    Reference,
    /// Ours: an episode lasts from the first to the last sample that is out (`docs/engines.md`).
    Excursion,
}

impl Semantics {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Reference, Self::Excursion];

    /// The name used on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Excursion => "excursion",
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The published one.
    Reference(Grammar),
    /// Ours.
    Excursion(ExcursionGrammar),
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(Semantics::default())
    }
}

impl Engine {
    /// An engine with its default grammar.
    #[must_use]
    pub fn new(semantics: Semantics) -> Self {
        match semantics {
            Semantics::Reference => Self::Reference(Grammar::default()),
            Semantics::Excursion => Self::Excursion(ExcursionGrammar::default()),
        }
    }

    /// Which engine it is.
    #[must_use]
    pub const fn semantics(&self) -> Semantics {
        match self {
            Self::Reference(_) => Semantics::Reference,
            Self::Excursion(_) => Semantics::Excursion,
        }
    }

    /// Changes one parameter of one motif, both by name.
    ///
    /// # Errors
    /// When there is no such motif or parameter, or the value is out of range; nothing is changed then.
    pub fn set(&mut self, motif: &str, key: &str, value: f64) -> Result<(), ParameterError> {
        match self {
            Self::Reference(grammar) => grammar.set(motif, key, value),
            Self::Excursion(grammar) => grammar.set(motif, key, value),
        }
    }

    /// `motif.key` and the text of its value, for every parameter, in the order of the motifs: what a digest hashes.
    #[must_use]
    pub fn canonical(&self) -> Vec<(String, String)> {
        match self {
            Self::Reference(grammar) => grammar.canonical(),
            Self::Excursion(grammar) => grammar.canonical(),
        }
    }

    /// The keys of its parameters.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        let keys = |ranges: &[Range]| ranges.iter().map(|(key, ..)| *key).collect();
        match self {
            Self::Reference(_) => keys(Parameters::RANGES),
            Self::Excursion(_) => keys(ExcursionParameters::RANGES),
        }
    }

    /// The same engine with the parameters of some keys times `factor`, in all motifs.
    ///
    /// # Errors
    /// When one is out of range then.
    pub fn scaled(self, keys: impl Fn(&str) -> bool, factor: f64) -> Result<Self, ParameterError> {
        let mut engine = self;
        let entries: Vec<(Motif, &str, f64)> = match self {
            Self::Reference(grammar) => grammar.entries().collect(),
            Self::Excursion(grammar) => grammar.entries().collect(),
        };
        for (motif, key, value) in entries.into_iter().filter(|(_, key, _)| keys(key)) {
            engine.set(motif.name(), key, value * factor)?;
        }
        Ok(engine)
    }

    /// The episodes of a stream, ordered by start, then motif, channel and emission.
    ///
    /// Classes and channels are worked on in parallel and collected by index, so the result has the same bytes for any
    /// number of threads.
    #[must_use]
    pub fn replay(&self, stream: &Stream) -> Vec<Episode> {
        self.replay_motifs(stream, &Motif::ALL)
    }

    /// The episodes of one class of a stream: no other class has a part in them.
    #[must_use]
    pub fn replay_class(&self, stream: &Stream, class: Class) -> Vec<Episode> {
        let motifs: Vec<Motif> = Motif::ALL.into_iter().filter(|motif| motif.class() == class).collect();
        self.replay_motifs(stream, &motifs)
    }

    fn replay_motifs(&self, stream: &Stream, motifs: &[Motif]) -> Vec<Episode> {
        match self {
            Self::Reference(grammar) => {
                let mut found: Vec<Found<'_>> =
                    motifs.par_iter().map(|motif| detect(grammar, stream, *motif)).collect();
                // From here on only classes with an emission cost anything.
                found.retain(|found| !found.wanted.is_empty());
                let trusts = trusts(grammar, &found);
                merge(found.iter().zip(&trusts).map(|(found, trusts)| found.episodes(trusts).collect()).collect())
            }
            Self::Excursion(grammar) => {
                merge(motifs.par_iter().map(|motif| excursions(grammar, stream, *motif)).collect())
            }
        }
    }
}

/// The episodes of a class under `excursion`: each channel by itself.
fn excursions(grammar: &ExcursionGrammar, stream: &Stream, motif: Motif) -> Vec<Episode> {
    let runs = Runs::new(stream, motif.class());
    let by_channel: Vec<Vec<Episode>> = (0..runs.len())
        .into_par_iter()
        .map(|channel| {
            let (t, values) = runs.of(channel);
            let emitted = excursion::emissions(grammar.of(motif), t, values);
            emitted.into_iter().map(|emission| emission.into_episode(motif, runs.name(channel))).collect()
        })
        .collect();
    by_channel.concat()
}

/// The first pass of `reference`: every channel with its own observer.
fn detect<'a>(grammar: &Grammar, stream: &'a Stream, motif: Motif) -> Found<'a> {
    let parameters = grammar.of(motif);
    let runs = Runs::new(stream, motif.class());
    let by_channel: Vec<Vec<Emission>> = (0..runs.len())
        .into_par_iter()
        .map(|channel| {
            let (t, values) = runs.of(channel);
            emissions(parameters, t, values)
        })
        .collect();
    let wanted = by_channel.iter().enumerate();
    let wanted = wanted.flat_map(|(channel, all)| all.iter().map(move |emission| (channel, emission.at))).collect();
    Found { motif, runs, emissions: by_channel.concat(), wanted }
}

/// The second pass: the trust of each emission, classes grouped so that each thread has a group.
fn trusts(grammar: &Grammar, found: &[Found<'_>]) -> Vec<Vec<f64>> {
    let threads = rayon::current_num_threads();
    // Lanes cost nothing next to each other, so the largest classes go together.
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(found[*index].cost()));
    let lanes = found.len().div_ceil(threads).clamp(1, LANES);
    let groups: Vec<Vec<Vec<f64>>> = order
        .par_chunks(lanes)
        .map(|group| {
            let asked: Vec<Asked<'_>> = group
                .iter()
                .map(|index| {
                    let Found { motif, runs, wanted, .. } = &found[*index];
                    Asked { parameters: grammar.of(*motif), runs, wanted }
                })
                .collect();
            trust_sums(&asked)
        })
        .collect();
    let mut trusts = vec![Vec::new(); found.len()];
    for (index, sums) in order.into_iter().zip(groups.into_iter().flatten()) {
        trusts[index] = sums;
    }
    trusts
}

/// Puts the episodes of several classes of one stream together, each of them in order: by start, then motif, channel and
/// emission.
#[must_use]
pub fn merge(mut classes: Vec<Vec<Episode>>) -> Vec<Episode> {
    classes.sort_by_key(|episodes| episodes.first().map(|episode| episode.motif));
    let mut episodes = classes.concat();
    episodes.sort_by(|a, b| a.t_start.partial_cmp(&b.t_start).expect("times are finite"));
    episodes
}

/// What the first pass finds in one class.
struct Found<'a> {
    motif: Motif,
    runs: Runs<'a>,
    /// In order of channel, then of time.
    emissions: Vec<Emission>,
    /// Channel and sample of each emission.
    wanted: Vec<(usize, usize)>,
}

impl Found<'_> {
    /// About how many inputs the fused observer has to look at.
    fn cost(&self) -> usize {
        let channels = self.wanted.last().map_or(0, |(channel, _)| channel + 1);
        let share = channels as f64 / self.runs.len().max(1) as f64;
        (self.runs.samples() as f64 * share * channels as f64) as usize
    }

    fn episodes<'b>(&'b self, trusts: &'b [f64]) -> impl Iterator<Item = Episode> + 'b {
        let emitted = self.emissions.iter().zip(&self.wanted).zip(trusts);
        emitted.map(|((emission, (channel, _)), trust_sum)| Episode {
            motif: self.motif,
            channel: self.runs.name(*channel).to_owned(),
            t_start: emission.t_start,
            t_end: emission.t_end,
            peak: emission.peak,
            ema_at_boundary: emission.ema,
            // An observer that has overflowed weighs nothing; weights sum to 1.
            trust_sum: if trust_sum.is_finite() { *trust_sum } else { 1.0 },
            details: None,
        })
    }
}
