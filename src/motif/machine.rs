//! What an engine is: a [`Machine`] a channel, and an [`EngineEntry`] in the list of [`ENGINES`].

use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use super::grammar::{MotifParameters, ParameterRange, PerMotif};
use super::online::Online;
use super::runs::Runs;
use super::values::GrammarValues;
use super::{Diagnostics, Episode, Motif, excursion, reference};
use crate::diagnostics::UnknownName;
use crate::residual::Stream;
use crate::store::{CsvRow, TableColumns, TableError};

/// The state machine of one channel: samples in order of time in, emissions out.
///
/// Replay and the online engine run the same machine, so that they cannot disagree.
pub(super) trait Machine: Default + Send + Sync {
    /// The parameters of a motif.
    type Parameters: MotifParameters;

    /// An episode without its names.
    type Emission: Emission;

    /// Takes in a sample; the episode that it closes, if any.
    fn step(&mut self, parameters: &Self::Parameters, t: f64, value: f64) -> Option<Self::Emission>;

    /// The episode that is open at the last sample, if any: provisional.
    fn open(&self) -> Option<Self::Emission>;

    /// The episode that the end of the stream makes final.
    fn finish(&self, parameters: &Self::Parameters) -> Option<Self::Emission>;
}

/// What a [`Machine`] emits.
pub(super) trait Emission: Clone + Send {
    /// The episode that it is.
    fn into_episode(self, motif: Motif, channel: &str) -> Episode;
}

/// The emissions of one channel, whose samples are in order of time.
pub(super) fn emissions<M: Machine>(parameters: &M::Parameters, t: &[f64], values: &[f64]) -> Vec<M::Emission> {
    let mut machine = M::default();
    let mut emitted: Vec<M::Emission> =
        t.iter().zip(values).filter_map(|(t, value)| machine.step(parameters, *t, *value)).collect();
    emitted.extend(machine.finish(parameters));
    emitted
}

/// The emissions of each channel of a class.
pub(super) fn emissions_by_channel<M: Machine>(parameters: &M::Parameters, runs: &Runs<'_>) -> Vec<Vec<M::Emission>> {
    let of_channel = |channel: usize| {
        let (t, values) = runs.of_channel(channel);
        emissions::<M>(parameters, t, values)
    };
    (0..runs.len()).into_par_iter().map(of_channel).collect()
}

/// The episodes of an engine whose channels have nothing to do with each other, by motif.
pub(super) fn replay_channels<M: Machine>(
    grammar: &GrammarValues,
    stream: &Stream,
    motifs: &[Motif],
) -> Vec<Vec<Episode>> {
    let grammar: PerMotif<M::Parameters> = grammar.typed();
    let of_motif = |motif: &Motif| -> Vec<Episode> {
        let runs = Runs::new(stream, motif.class());
        let by_channel = emissions_by_channel::<M>(grammar.parameters(*motif), &runs).into_iter().enumerate();
        let named = by_channel.flat_map(|(channel, emitted)| {
            let name = runs.name(channel);
            emitted.into_iter().map(move |emission| emission.into_episode(*motif, name))
        });
        named.collect()
    };
    motifs.par_iter().map(of_motif).collect()
}

/// An engine: everything that differs from one to the other.
///
/// Adding one takes a folder with its machine, its parameters and its entry, and a place in [`ENGINES`].
pub struct EngineEntry {
    /// The name on the command line, in experiment files and in digests.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The keys of its grammar with their ranges, in the order in which they are written.
    pub parameters: &'static [ParameterRange],
    /// Keys that came when digests had been pinned: they are hashed only where they are not at their default.
    pub(super) younger: &'static [&'static str],
    /// Its grammar where nobody gives one.
    pub(super) default_grammar: fn() -> GrammarValues,
    /// Adds its columns to those that every table of episodes begins with.
    pub(super) columns: fn(TableColumns<'static, Episode>) -> TableColumns<'static, Episode>,
    /// Reads its columns, but for the peak.
    pub(super) read_diagnostics: fn(CsvRow<'_>) -> Result<Diagnostics, TableError>,
    /// The episodes of some motifs, by motif; within one by channel, then by time.
    pub(super) replay: fn(&GrammarValues, &Stream, &[Motif]) -> Vec<Vec<Episode>>,
    /// The engine while samples still come.
    pub(super) online: fn(&GrammarValues) -> Box<dyn Online>,
}

/// All engines.
pub static ENGINES: [&EngineEntry; 2] = [&reference::ENGINE, &excursion::ENGINE];

/// Which engine computes the episodes: one of [`ENGINES`].
#[derive(Clone, Copy)]
pub struct EngineKind(&'static EngineEntry);

impl EngineKind {
    /// The published one, defects included, because published digests rest on them (`docs/method.md`).
    pub const REFERENCE: Self = Self(&reference::ENGINE);

    /// Ours: an episode lasts from the first to the last sample that is out (`docs/engines.md`).
    pub const EXCURSION: Self = Self(&excursion::ENGINE);

    /// All of them, in the order of [`ENGINES`].
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        ENGINES.into_iter().map(Self)
    }

    /// Everything about it.
    #[must_use]
    pub const fn entry(self) -> &'static EngineEntry {
        self.0
    }

    /// The name on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }
}

impl Default for EngineKind {
    fn default() -> Self {
        Self::REFERENCE
    }
}

impl PartialEq for EngineKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for EngineKind {}

impl fmt::Debug for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EngineKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let all: Vec<Self> = Self::all().collect();
        UnknownName::find("engine", name, &all, Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_a_name_of_its_own_that_reads_back() {
        for kind in EngineKind::all() {
            assert_eq!(kind.name().parse::<EngineKind>().unwrap(), kind);
            assert_eq!(EngineKind::all().filter(|other| other.name() == kind.name()).count(), 1);
            assert!(!kind.entry().title.is_empty() && !kind.entry().parameters.is_empty(), "{kind}");
        }
        let message = "excursoin".parse::<EngineKind>().unwrap_err().to_string();
        assert!(message.contains("did you mean `excursion`?"), "{message}");
    }
}
