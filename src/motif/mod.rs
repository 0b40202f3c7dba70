//! The motif engines: five small deterministic state machines, one a class, that turn a stream into episodes.
//!
//! A motif here is such a state machine, not the recurring subsequence of the matrix-profile literature. An engine is an entry of
//! [`ENGINES`]; nothing outside this module asks which one it is.

mod engine;
mod episode;
mod excursion;
mod grammar;
mod machine;
mod motifs;
mod online;
mod reference;
mod runs;
mod table;
mod values;

pub use engine::{Engine, merge};
pub use episode::{Diagnostics, Episode, fingerprint};
pub use excursion::{ExcursionDiagnostics, ExcursionGrammar, ExcursionParameters};
pub use grammar::{MotifParameters, ParameterError, ParameterRange, PerMotif, find_parameter};
pub use machine::{ENGINES, EngineEntry, EngineKind};
pub use motifs::Motif;
pub use online::OnlineEngine;
pub use reference::{Grammar, Parameters, ReferenceDiagnostics};
#[cfg(feature = "parquet")]
pub use table::parquet;
pub use table::{columns, csv, read_episode, read_episodes, read_motif, read_times};
