//! Experiments: TOML files that say which trace, how converted, which grammar; run, and compared with what is expected.

mod accept;
mod compare;
mod error;
mod evaluation;
mod explain;
mod file;
mod grammar_file;
mod live;
mod live_file;
mod outcome;
mod plan;
mod platform;
mod project;
mod run;

pub use accept::{AcceptError, Accepted, accept, is_current};
pub use compare::{StageRow, Verdict};
pub use error::ExperimentError;
pub use evaluation::Evaluation;
pub use explain::{Explanation, RowChange, TableDifference, ValueChange, explain};
pub use file::{Experiment, Source};
pub use grammar_file::{GrammarFileError, read_grammar};
pub use live::{Finding, LiveScore};
pub use live_file::{Limits, LiveExperiment, Truth, TruthChannel};
pub use outcome::{Counts, Outcome, STAGES};
pub use plan::{Planned, plan};
pub use project::{Project, Selection};
pub use run::{Progress, Report, run, run_live};
