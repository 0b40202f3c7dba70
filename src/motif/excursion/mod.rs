//! The engine `excursion`: an episode is the time in which a residual really was out of its bounds (`docs/engines.md`).

mod machine;
mod parameters;

use machine::ExcursionMachine;
pub use parameters::{ExcursionGrammar, ExcursionParameters};

use super::grammar::MotifParameters;
use super::machine::{EngineEntry, replay_channels};
use super::{Diagnostics, Engine, EngineKind, Episode, online};
use crate::store::{CsvRow, TableColumns, TableError, TableProblem};

/// What there is to know of it.
pub(super) static ENGINE: EngineEntry = EngineEntry {
    name: "excursion",
    title: "ours: from the first to the last sample that was out of bounds",
    parameters: ExcursionParameters::RANGES,
    younger: &["tau_intervals", "close_dwell_intervals"],
    default_grammar: || ExcursionGrammar::default().into(),
    columns: add_columns,
    read_diagnostics,
    replay: replay_channels::<ExcursionMachine>,
    online: online::channels::<ExcursionMachine>,
};

impl From<ExcursionGrammar> for Engine {
    fn from(grammar: ExcursionGrammar) -> Self {
        Self::with_grammar(EngineKind::EXCURSION, grammar)
    }
}

/// What it knows of an episode besides its channel, its times and its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExcursionDiagnostics {
    /// Seconds; the sample by which it was certain.
    pub t_confirmed: f64,
    /// Seconds; the first sample of the largest magnitude.
    pub t_peak: f64,
    /// Mean residual from start to end.
    pub mean: f64,
    /// Samples from start to end.
    pub samples: u64,
    /// The stream ended before the episode did.
    pub open: bool,
}

impl ExcursionDiagnostics {
    /// `up` or `down`: the sign of the mean.
    #[must_use]
    pub const fn direction(&self) -> &'static str {
        if self.mean < 0.0 { "down" } else { "up" }
    }

    fn from_episode(episode: &Episode) -> Self {
        match episode.diagnostics {
            Diagnostics::Excursion(diagnostics) => diagnostics,
            Diagnostics::Reference(_) => unreachable!("only its own episodes are written with its columns"),
        }
    }
}

fn add_columns(columns: TableColumns<'static, Episode>) -> TableColumns<'static, Episode> {
    columns
        .number("t_confirmed", |episode| ExcursionDiagnostics::from_episode(episode).t_confirmed)
        .number("t_peak", |episode| ExcursionDiagnostics::from_episode(episode).t_peak)
        .number("peak", |episode| episode.peak)
        .number("mean", |episode| ExcursionDiagnostics::from_episode(episode).mean)
        .text("direction", |episode| ExcursionDiagnostics::from_episode(episode).direction())
        .count("samples", |episode| ExcursionDiagnostics::from_episode(episode).samples)
        .flag("open", |episode| ExcursionDiagnostics::from_episode(episode).open)
}

fn read_diagnostics(row: CsvRow<'_>) -> Result<Diagnostics, TableError> {
    let samples = row.text("samples");
    Ok(Diagnostics::Excursion(ExcursionDiagnostics {
        t_confirmed: row.finite("t_confirmed")?,
        t_peak: row.finite("t_peak")?,
        mean: row.finite("mean")?,
        samples: samples.parse().map_err(|_| row.problem(TableProblem::NotSamples(samples.to_owned())))?,
        open: match row.text("open") {
            "true" => true,
            "false" => false,
            other => {
                return Err(row.problem(TableProblem::NotBoolean { text: other.to_owned(), column: "open" }));
            }
        },
    }))
}
