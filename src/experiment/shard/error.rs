use std::fmt::Display;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::problem::{Change, Disagreement, InputProblem, MergeProblem, Named, PlanProblem, PlanningProblem};
use crate::diagnostics::{Diagnose, Exit, FailureKind, Place, counted};
use crate::experiment::ExperimentError;
use crate::store::{StoreError, TableError};
use crate::tape::TapeError;

/// Why a plan cannot be made, or a shard not run or merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// What was asked for cannot be planned.
    #[error("{place}: {problem}")]
    Planning {
        /// Which input.
        place: Place,
        /// Why.
        problem: PlanningProblem,
    },
    /// A plan that is none, or is not what its digest says.
    #[error("{place}: {problem}; make it again with `telltape shard plan`")]
    Plan {
        /// The file.
        place: Place,
        /// What is wrong.
        problem: PlanProblem,
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
    #[error("{}{problem}; the plan was made for other inputs: plan again, or bring the right ones", before(.place, .problem))]
    Input {
        /// The input.
        place: Place,
        /// What is wrong.
        problem: Box<InputProblem>,
    },
    /// The same shard of the same plan gave other bytes before.
    #[error(
        "`{marker}` says that this shard has given other bytes before ({problem}); nothing was overwritten, and this is a defect of telltape or of the machine: keep both, and report it"
    )]
    Nondeterminism {
        /// The marker of the one before.
        marker: PathBuf,
        /// What differs.
        problem: Disagreement,
    },
    /// Shards that cannot be merged, each with why.
    #[error(
        "the plan, of {}, cannot be merged for {}: {}; `--only` names those to run again: \
         telltape shard plan --only {} --plan PLAN", counted(*.total, "shard"), counted(.problems.len(), "problem"),
        first(.problems), .folder.display()
    )]
    Refused {
        /// By the identifiers of the shards.
        problems: Vec<Named<MergeProblem>>,
        /// How many shards there are.
        total: usize,
        /// Where they should be.
        folder: PathBuf,
    },
    /// Experiments have changed since they were planned.
    #[error("the plan is stale: {}; make it again with `telltape shard plan`, and run its shards", join(.changes))]
    Stale {
        /// By the names of the experiments.
        changes: Vec<Named<Change>>,
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

/// Shards that are named in a refusal; the others are counted.
const NAMED: usize = 20;

fn join(several: &[impl Display]) -> String {
    several.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn first(problems: &[Named<MergeProblem>]) -> String {
    let shown = join(&problems[..problems.len().min(NAMED)]);
    match problems.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

/// The place of a problem that does not name it itself.
fn before(place: &Place, problem: &InputProblem) -> String {
    if matches!(problem, InputProblem::Tape(_)) { String::new() } else { place.before() }
}

impl Diagnose for ShardError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Planning { .. } | Self::Plan { .. } => FailureKind::Plan,
            Self::OtherProgram { .. } | Self::NoBuild => FailureKind::Program,
            Self::UnknownShard { .. } => FailureKind::Usage,
            Self::Input { .. } => FailureKind::Input,
            Self::Nondeterminism { .. } => FailureKind::Nondeterminism,
            Self::Refused { .. } => FailureKind::Refused,
            Self::Stale { .. } => FailureKind::Stale,
            Self::Tape(error) => error.kind(),
            Self::Rows(error) => error.kind(),
            Self::Experiment(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Planning { place, .. }
            | Self::Plan { place, .. }
            | Self::OtherProgram { place, .. }
            | Self::Input { place, .. } => Some(place.clone()),
            Self::Nondeterminism { marker: path, .. } | Self::Refused { folder: path, .. } => Some(Place::file(path)),
            Self::NoBuild | Self::UnknownShard { .. } | Self::Stale { .. } => None,
            Self::Tape(error) => error.place(),
            Self::Rows(error) => error.place(),
            Self::Experiment(error) => error.place(),
            Self::Store(error) => error.place(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } | Self::Stale { .. } => Exit::Refused,
            error => error.kind().exit(),
        }
    }
}

impl ShardError {
    /// The exit code of a shard that runs: whoever started it asks whether to start it again.
    #[must_use]
    pub fn exit_of_run(&self) -> Exit {
        match self {
            Self::Store(StoreError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Exit::Input,
            Self::Store(StoreError::Read { .. }) => Exit::TryAgain,
            // Its own output, or one of an experiment.
            error if error.kind() == FailureKind::Write => Exit::TryAgain,
            error => error.exit(),
        }
    }

    /// The exit code of a merge, which refuses shards of another program whoever reports it.
    #[must_use]
    pub fn exit_of_merge(&self) -> Exit {
        match self {
            Self::OtherProgram { .. } => Exit::Refused,
            error => error.exit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::store::Obstacle;

    #[test]
    fn a_shard_is_started_again_where_that_may_help() {
        let path = Path::new("x");
        let read = |kind: ErrorKind| ShardError::Store(StoreError::read(path)(io::Error::from(kind)));
        let write = || StoreError::write(path)(io::Error::from(ErrorKind::StorageFull));
        for (error, exit) in [
            (read(ErrorKind::NotFound), Exit::Input),
            (read(ErrorKind::TimedOut), Exit::TryAgain),
            (ShardError::Store(write()), Exit::TryAgain),
            (ShardError::Experiment(write().into()), Exit::TryAgain),
            (ShardError::Tape(write().into()), Exit::TryAgain),
            (ShardError::Store(Obstacle::Folder.with_path(path)), Exit::Usage),
            (ShardError::NoBuild, Exit::Input),
        ] {
            assert_eq!(error.exit_of_run(), exit, "{error:?}");
            assert!(error.kind().exits().contains(&exit), "{error:?}");
        }
    }

    #[test]
    fn a_merge_refuses_what_the_kind_documents() {
        let place = Place::file("plan.json");
        let other = ShardError::OtherProgram { place, there: "1".to_owned(), here: "2".to_owned() };
        let refused = ShardError::Refused { problems: Vec::new(), total: 1, folder: PathBuf::from("shards") };
        for error in [other, refused, ShardError::Stale { changes: Vec::new() }] {
            assert_eq!(error.exit_of_merge(), Exit::Refused, "{error:?}");
            assert!(error.kind().exits().contains(&Exit::Refused), "{error:?}");
        }
    }
}
