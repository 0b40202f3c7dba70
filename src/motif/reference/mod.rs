//! The engine `reference`: the published one, bit for bit, defects included (`docs/method.md`).

mod machine;
mod observer;
mod parameters;
mod trust;

use machine::{ReferenceEmission, ReferenceMachine};
pub use parameters::{Grammar, Parameters};
use rayon::prelude::*;
use trust::{WantedTrust, trusts};

use super::grammar::MotifParameters;
use super::machine::{EngineEntry, emissions_by_channel};
use super::runs::Runs;
use super::values::GrammarValues;
use super::{Diagnostics, Engine, EngineKind, Episode, Motif, online};
use crate::residual::Stream;
use crate::store::{CsvRow, TableColumns, TableError};

/// What there is to know of it.
pub(super) static ENGINE: EngineEntry = EngineEntry {
    name: "reference",
    title: "the published one, defects included",
    parameters: Parameters::RANGES,
    younger: &[],
    default_grammar: || Grammar::default().into(),
    columns: add_columns,
    read_diagnostics,
    replay,
    online: online::channels::<ReferenceMachine>,
};

impl From<Grammar> for Engine {
    fn from(grammar: Grammar) -> Self {
        Self::with_grammar(EngineKind::REFERENCE, grammar)
    }
}

/// What it knows of an episode besides its channel, its times and its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceDiagnostics {
    /// Moving average of the innovation's magnitude at the sample that closed the episode.
    pub ema_at_boundary: f64,
    /// Sum of the fused observer's weights at that sample: 1 but for rounding. `None` while samples still come: it depends on
    /// how many channels there are in the end.
    pub trust_sum: Option<f64>,
}

impl ReferenceDiagnostics {
    fn from_episode(episode: &Episode) -> Self {
        match episode.diagnostics {
            Diagnostics::Reference(diagnostics) => diagnostics,
            Diagnostics::Excursion(_) => unreachable!("only its own episodes are written with its columns"),
        }
    }
}

fn add_columns(columns: TableColumns<'static, Episode>) -> TableColumns<'static, Episode> {
    columns
        .number("peak", |episode| episode.peak)
        .number("ema_at_boundary", |episode| ReferenceDiagnostics::from_episode(episode).ema_at_boundary)
        .optional_number("trust_sum", |episode| ReferenceDiagnostics::from_episode(episode).trust_sum)
}

fn read_diagnostics(row: CsvRow<'_>) -> Result<Diagnostics, TableError> {
    let (ema_at_boundary, trust_sum) = (row.finite("ema_at_boundary")?, Some(row.finite("trust_sum")?));
    Ok(Diagnostics::Reference(ReferenceDiagnostics { ema_at_boundary, trust_sum }))
}

/// Two passes: every channel with its own observer, then the trust of what that finds, where channels meet.
fn replay(grammar: &GrammarValues, stream: &Stream, motifs: &[Motif]) -> Vec<Vec<Episode>> {
    let grammar: Grammar = grammar.typed();
    let mut found: Vec<Found<'_>> = motifs.par_iter().map(|motif| Found::new(&grammar, stream, *motif)).collect();
    // From here on only classes with an emission cost anything.
    found.retain(|found| !found.emissions.is_empty());
    let wanted: Vec<WantedTrust<'_>> = found.iter().map(|found| found.wanted(&grammar)).collect();
    found.iter().zip(trusts(&wanted)).map(|(found, trusts)| found.episodes(&trusts)).collect()
}

/// What the first pass finds in one class.
struct Found<'a> {
    motif: Motif,
    runs: Runs<'a>,
    /// In order of channel, then of time.
    emissions: Vec<ReferenceEmission>,
    /// Channel and sample of each emission.
    places: Vec<(usize, usize)>,
}

impl<'a> Found<'a> {
    fn new(grammar: &Grammar, stream: &'a Stream, motif: Motif) -> Self {
        let runs = Runs::new(stream, motif.class());
        let by_channel = emissions_by_channel::<ReferenceMachine>(grammar.parameters(motif), &runs);
        let places = by_channel.iter().enumerate();
        let places = places.flat_map(|(channel, all)| all.iter().map(move |emission| (channel, emission.at))).collect();
        Self { motif, runs, emissions: by_channel.concat(), places }
    }

    fn wanted<'b>(&'b self, grammar: &'b Grammar) -> WantedTrust<'b> {
        WantedTrust { parameters: grammar.parameters(self.motif), runs: &self.runs, places: &self.places }
    }

    fn episodes(&self, trusts: &[f64]) -> Vec<Episode> {
        let emitted = self.emissions.iter().zip(&self.places).zip(trusts);
        let named = emitted.map(|((emission, (channel, _)), trust_sum)| {
            // An observer that has overflowed weighs nothing; weights sum to 1.
            let trust_sum = if trust_sum.is_finite() { *trust_sum } else { 1.0 };
            emission.episode(self.motif, self.runs.name(*channel), Some(trust_sum))
        });
        named.collect()
    }
}
