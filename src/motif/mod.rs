//! The motif engine: five small deterministic state machines, one a class, that turn a stream into episodes.
//!
//! A motif here is such a state machine, not the recurring subsequence of the matrix-profile literature.

mod engine;
mod episode;
mod excursion;
mod fused;
mod grammar;
mod lanes;
mod live;
mod lockstep;
mod machine;
mod observer;
mod repeat;
mod runs;

pub use engine::{Engine, Semantics, UnknownSemantics, merge};
#[cfg(feature = "parquet")]
pub use episode::parquet;
pub use episode::{Details, Episode, Motif, columns, csv, fingerprint};
pub use excursion::{ExcursionGrammar, ExcursionParameters};
pub use grammar::{Grammar, MotifParameters, ParameterError, Parameters, PerMotif, Range};
pub use live::LiveEngine;
