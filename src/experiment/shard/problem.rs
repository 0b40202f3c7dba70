//! What can be wrong with plans, inputs and shards, each as a kind.

use std::path::PathBuf;

use super::CONTRACT;
use crate::diagnostics::with_causes;
use crate::motif::EngineKind;
use crate::store::StoreError;
use crate::tape::TapeError;

/// Why something cannot be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanningProblem {
    /// Plans are JSON.
    #[error("its name is not UTF-8, and a plan is JSON; rename it")]
    NotUtf8,
    /// Results go by names.
    #[error("two tapes are called `{name}`, and results go by it")]
    SameName {
        /// The name.
        name: String,
    },
    /// No engine is asked for, and the tapes have several.
    #[error("it is replayed under `{kind}` by default, and {} under `{other_kind}`; say which with --engine", .other.display())]
    SeveralEngines {
        /// The engine of the tape.
        kind: EngineKind,
        /// Another tape.
        other: PathBuf,
        /// Its engine.
        other_kind: EngineKind,
    },
    /// The plan would not be taken.
    #[error(transparent)]
    Plan(#[from] PlanProblem),
    /// The plan has more bytes than one may have.
    #[error("the plan has more than {mib} MiB; make several, each of a part of it")]
    TooLarge {
        /// MiB that it may have.
        mib: u64,
    },
}

/// Why a file is not a plan that this program could have made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanProblem {
    /// A folder.
    #[error("it is a folder")]
    Folder,
    /// More bytes than a plan may have.
    #[error("it has more than {mib} MiB")]
    TooLarge {
        /// MiB that it may have.
        mib: u64,
    },
    /// Other JSON, or none.
    #[error("not a plan: {0}")]
    NotAPlan(serde_json::Error),
    /// Of another contract.
    #[error("it is of contract {contract}, this program knows {CONTRACT}")]
    Contract {
        /// Its contract.
        contract: u32,
    },
    /// Its text is not the one that was written.
    #[error("it has been changed since it was made: its digest is not that of its text")]
    Changed,
    /// It plans nothing.
    #[error("it has no shards")]
    NoShards,
    /// One of its shards.
    #[error("in its shard {ordinal}, {problem}")]
    Shard {
        /// Its number, from 0.
        ordinal: usize,
        /// What is wrong with it.
        problem: ShardProblem,
    },
    /// Units out of order, or twice.
    #[error("its units are not in order, or two have one name")]
    Order,
    /// A part of a tape.
    #[error("its name {ordinal} is not one whole tape or experiment, nor all classes of one tape")]
    NotWhole {
        /// The number of the name, from 0.
        ordinal: usize,
    },
}

/// What is wrong with a shard of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardProblem {
    /// It does nothing.
    #[error("there are no units")]
    NoUnits,
    /// A key says something else than the units.
    #[error("`{key}` does not follow from the units")]
    Key {
        /// The key.
        key: &'static str,
    },
    /// One of its units.
    #[error("unit {ordinal}: {problem}")]
    Unit {
        /// Its number, from 0.
        ordinal: usize,
        /// What is wrong with it.
        problem: UnitProblem,
    },
}

/// What is wrong with a unit of a shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitProblem {
    /// Outputs go by names.
    #[error("its name cannot be that of a folder")]
    Name,
    /// No SHA-256.
    #[error("`sha256` is not a digest")]
    Digest,
    /// Keys of other work.
    #[error("its keys are not those of what is to be done")]
    Keys,
    /// It would read elsewhere.
    #[error("its input `{}` is not a path below the root", .path.display())]
    Outside {
        /// The input.
        path: PathBuf,
    },
}

/// Why an input is not the one of the plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputProblem {
    /// It has other bytes.
    #[error("its SHA-256 is {found}, the plan says {planned}")]
    OtherBytes {
        /// What the bytes give.
        found: String,
        /// What the plan says.
        planned: String,
    },
    /// It is not a tape.
    #[error("{}", with_causes(.0))]
    Tape(TapeError),
    /// What an experiment names besides its trace.
    #[error("a grammar or windows that it names are not those of the plan")]
    Parameters,
}

/// What a shard gave in two ways.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Disagreement {
    /// An output.
    #[error("`{0}`")]
    Output(String),
    /// The samples, channels or episodes of its units.
    #[error("its counts")]
    Counts,
}

/// Why a shard cannot be merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeProblem {
    /// It has not been run.
    #[error("missing, there is no `{marker}`")]
    Missing {
        /// Its marker.
        marker: String,
    },
    /// Its marker is not one.
    #[error("its marker cannot be read")]
    Unreadable,
    /// Another build has run it.
    #[error("it was run by {there}, the plan is for {planned}, and all shards need one build")]
    OtherProgram {
        /// What has run it.
        there: String,
        /// What should have.
        planned: String,
    },
    /// Its marker is of another plan.
    #[error("stale, its marker is of the plan {plan}")]
    OtherPlan {
        /// The start of that plan's digest.
        plan: String,
    },
    /// Its marker is of more units, or fewer.
    #[error("its marker counts {counted} units, the plan {planned}")]
    Units {
        /// Those of the marker.
        counted: usize,
        /// Those of the plan.
        planned: usize,
    },
    /// Its marker leaves an output out.
    #[error("its marker says nothing of `{name}`")]
    Unmentioned {
        /// The output.
        name: String,
    },
    /// Its marker names what it does not give.
    #[error("`{name}` is no output of it")]
    Foreign {
        /// What it names.
        name: String,
    },
    /// Its marker is of other inputs.
    #[error("its marker is of other inputs")]
    OtherInputs,
    /// Its marker is forged.
    #[error("its marker counts more than there can be")]
    Counts,
    /// What should be the result of an experiment is not.
    #[error("`{name}` is not the result of an experiment")]
    NoResult {
        /// The output.
        name: String,
    },
    /// An output is not what was written.
    #[error("changed, {0}")]
    Output(OutputProblem),
    /// An output has changed since it was looked at.
    #[error("`{name}` has changed while it was merged")]
    ChangedMeanwhile {
        /// The output.
        name: String,
    },
    /// Rows that its marker does not count.
    #[error("`{name}` has not as many rows as its marker counts")]
    Rows {
        /// The output.
        name: String,
    },
    /// The plan has no shard of that name.
    #[error("foreign, the plan has no such shard")]
    NoSuchShard,
}

/// Why an output is not on the disk as a marker says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputProblem {
    /// A folder, a pipe or a device.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    /// Nothing.
    #[error("`{0}` is gone")]
    Gone(String),
    /// Other bytes.
    #[error("`{0}` is not what was written")]
    OtherBytes(String),
    /// It cannot be read.
    #[error("`{name}` cannot be read: {}", with_causes(.error))]
    Unreadable {
        /// The output.
        name: String,
        /// Why.
        error: StoreError,
    },
}

/// What has changed of an experiment since it was planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Change {
    /// Its file is gone.
    #[error("`{}` is gone", .0.display())]
    Gone(PathBuf),
    /// Its file has changed.
    #[error("`{}` has changed", .0.display())]
    File(PathBuf),
    /// What its file names has changed.
    #[error("a grammar, windows or recordings that it names have changed")]
    Named,
    /// Its trace has changed.
    #[error("its input has changed")]
    Input,
}

/// Something about one of several, shown as `name: what`.
#[derive(Debug)]
pub struct Named<T> {
    /// The shard or the experiment.
    pub name: String,
    /// What is said of it.
    pub what: T,
}

impl<T: std::fmt::Display> std::fmt::Display for Named<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.what)
    }
}
