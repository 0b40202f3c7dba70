//! Experiments: TOML files that say which trace, how converted, which grammar; run, and compared with what is expected.

mod accept;
mod cache;
mod chain;
mod compare;
mod convert_file;
mod current;
mod detector_problem;
mod difference;
mod engine;
mod error;
mod evaluation;
mod experiment_report;
mod explain;
mod file;
mod file_problem;
mod grammar_file;
mod held_out_problem;
mod inject_problem;
#[cfg(feature = "capture")]
mod live;
#[cfg(feature = "capture")]
mod live_evidence;
#[cfg(feature = "capture")]
mod live_file;
mod located;
mod outcome;
mod ownership;
mod parameters;
mod plan;
mod platform;
mod project;
mod result_problem;
mod run;
mod selection;
mod setting;
pub mod shard;
mod source;
mod step;
mod suite;
mod suite_problem;
mod verify;

pub use accept::{AcceptError, Accepted, accept};
pub use chain::Stage;
pub use compare::{StageRow, Verdict};
pub use current::last_result;
pub use detector_problem::DetectorFileProblem;
pub use difference::{
    Cause, CellChange, Compared, Difference, GroupDifference, RowChange, TableDifference, Tolerance, ValueChange, diff,
};
pub use engine::default_engine;
pub use error::{ExperimentError, StaleReason};
pub use evaluation::{CoverageEvaluation, Evaluation, TunedEvaluation};
pub use experiment_report::{ExperimentReport, Progress};
pub use explain::{explain, explain_result};
pub use file::{Experiment, file_schema};
pub use file_problem::{EvaluationProblem, FileProblem, LiveProblem, SourceProblem};
pub use grammar_file::{GrammarFileError, GrammarProblem, read_engine};
pub use held_out_problem::HeldOutProblem;
pub use inject_problem::InjectProblem;
#[cfg(feature = "capture")]
pub use live::{LiveFinding, LiveScore};
#[cfg(feature = "capture")]
pub use live_file::{Limits, LiveExperiment, Truth, TruthChannel};
pub use outcome::{Counts, ExperimentOutcome};
pub use ownership::{Collected, collect, list_foreign};
pub use plan::{Planned, plan};
pub use platform::libm;
pub use project::Project;
pub use result_problem::{NotAlike, ResultProblem};
pub use run::run;
#[cfg(feature = "capture")]
pub use run::run_live;
pub use selection::Selection;
pub use setting::Setting;
pub use source::SampleSource;
pub use step::Step;
pub use suite::{Suite, suite_schema};
pub use suite_problem::SuiteProblem;
pub use verify::{result_file, rewritten_tables, verify_result, verify_result_signed};
