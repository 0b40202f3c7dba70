//! Work in shards: a plan that says what each shard reads and is to give, a shard's run anywhere that the files are, and a merge
//! that gives the bytes of a single run.
//!
//! There is no engine in here and no protocol: whoever can start a command and wait for it can run a plan.

mod check;
mod contract;
mod error;
mod marker;
mod merge;
mod plan;
mod problem;
mod rows;
mod stale;
mod work;

#[cfg(test)]
mod tests;

pub use contract::CONTRACT;
pub use error::ShardError;
pub use marker::{Done, UnitDone};
pub use merge::{MergedShards, MergedTape, Ready, missing_shards, ready};
pub use plan::{Shard, ShardPlan, ShardUnit, Split, Work, plan_experiments, plan_tapes};
pub use problem::{
    Change, Disagreement, InputProblem, MergeProblem, Named, OutputProblem, PlanProblem, PlanningProblem, ShardProblem,
    UnitProblem,
};
pub use work::run_shard;
