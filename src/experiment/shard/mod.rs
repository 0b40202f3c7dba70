//! Work in shards: a plan that says what each shard reads and is to give, a shard's run anywhere that the files are, and a merge
//! that gives the bytes of a single run.
//!
//! There is no engine in here and no protocol: whoever can start a command and wait for it can run a plan.

mod check;
mod marker;
mod merge;
mod plan;
mod rows;
mod stale;
mod work;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use marker::{Done, UnitDone};
pub use merge::{MergedShards, MergedTape, Ready, missing_shards, ready};
pub use plan::{CONTRACT, Shard, ShardPlan, Split, Unit, Work, plan_experiments, plan_tapes};
pub use work::run_shard;

use super::ExperimentError;
use crate::store::{Place, StoreError, TableError};
use crate::tape::TapeError;

/// Why a plan cannot be made, or a shard not run or merged.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// What was asked for cannot be planned.
    #[error("{place}: {problem}")]
    Planning {
        /// Which input.
        place: Place,
        /// Why.
        problem: String,
    },
    /// A plan that is none, or is not what its digest says.
    #[error("{place}: {problem}; make it again with `telltape shard plan`")]
    Plan {
        /// The file.
        place: Place,
        /// What is wrong.
        problem: String,
    },
    /// A plan for another version or build.
    #[error(
        "{place}: it is for {there}, this is {here}, and all shards need one build: use that one, or plan again with this one"
    )]
    OtherProgram {
        /// The plan.
        place: Place,
        /// The program of the plan.
        there: String,
        /// This program.
        here: String,
    },
    /// The digest of the program, which plans and markers name, is not known.
    #[error("this program cannot read its own file, and plans and markers name its digest; make it readable")]
    NoBuild,
    /// A shard that is not in the plan.
    #[error("the plan has no shard `{id}`; it has {count}, from `{first}` on")]
    UnknownShard {
        /// What was asked for.
        id: String,
        /// How many there are.
        count: usize,
        /// The first one.
        first: String,
    },
    /// An input is not the one of the plan.
    #[error("{place}: {problem}; the plan was made for other inputs: plan again, or bring the right ones")]
    Input {
        /// The input.
        place: Place,
        /// What is wrong.
        problem: String,
    },
    /// The same shard of the same plan gave other bytes before.
    #[error(
        "`{marker}` says that this shard has given other bytes before ({problem}); nothing was overwritten, and this is a defect of telltape or of the machine: keep both, and report it"
    )]
    Nondeterminism {
        /// The marker of the one before.
        marker: PathBuf,
        /// Which output.
        problem: String,
    },
    /// Shards that cannot be merged, each with why.
    #[error("{} problems keep the {total} shards of the plan from being merged: {}; `--only` names those to run again: telltape shard plan --only {} --plan PLAN", .problems.len(), .shown, .folder.display())]
    Refused {
        /// Each as `id: why`.
        problems: Vec<String>,
        /// The first of them, in one line.
        shown: String,
        /// How many shards there are.
        total: usize,
        /// Where they should be.
        folder: PathBuf,
    },
    /// Experiments have changed since they were planned.
    #[error("the plan is stale: {}; make it again with `telltape shard plan`, and run its shards", .problems.join("; "))]
    Stale {
        /// Each as `name: what has changed`.
        problems: Vec<String>,
    },
    /// A tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The rows of a shard.
    #[error(transparent)]
    Rows(#[from] TableError),
    /// An experiment.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A file that cannot be read or written: it may be possible later.
    #[error(transparent)]
    Store(#[from] StoreError),
}
