//! The steps that run an experiment. Each makes stages of the chain, and is skipped while all that it reads is the same.

mod convert;
mod evaluate;
mod replay;
mod steps;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) use convert::TAPE_FILE;
pub(super) use replay::EPISODES_FILE;
pub use steps::Step;

use super::chain::Stage;
use super::evaluation::EvaluationInputs;
use super::outcome::ExperimentOutcome;
use super::{Experiment, ExperimentError, Progress, Project};
use crate::motif::Episode;
use crate::residual::Stream;
use crate::trace::Catalogue;

/// SHA-256 of files by name.
pub(super) type Files = BTreeMap<String, String>;

/// What the steps of one run work with.
pub(super) struct Workspace<'a> {
    pub(super) project: &'a Project,
    pub(super) catalogue: &'a Catalogue,
    pub(super) experiment: &'a Experiment,
    /// Where everything is written.
    pub(super) folder: &'a Path,
    /// What the evaluation reads besides the tape.
    pub(super) evaluation_inputs: &'a EvaluationInputs,
    /// Called for each run of an evaluation that has ended.
    pub(super) progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// The tape as it was read and replayed: once, and only if a step needs it.
    pub(super) replayed: OnceCell<(Stream, Vec<Episode>)>,
}

impl Step {
    /// The steps of an experiment.
    pub(super) fn select(experiment: &Experiment) -> Vec<Self> {
        let asks = |step: &Self| *step != Self::Evaluate || experiment.evaluation.is_some();
        Self::ALL.iter().copied().filter(asks).collect()
    }

    /// What it would do, for people.
    pub(super) fn describe(self, project: &Project, experiment: &Experiment) -> String {
        match self {
            Self::Convert => convert::describe(project, experiment),
            Self::Replay => replay::describe(experiment),
            Self::Evaluate => evaluate::describe(experiment),
        }
    }

    /// Runs it: writes its files, and fills its stages and counts into `outcome`.
    pub(super) fn run(self, work: &Workspace<'_>, outcome: &mut ExperimentOutcome) -> Result<Files, ExperimentError> {
        match self {
            Self::Convert => convert::run(work, outcome),
            Self::Replay => replay::run(work, outcome),
            Self::Evaluate => evaluate::run(work, outcome),
        }
    }

    /// Fills its stages and counts of the run before into `outcome`.
    pub(super) fn restore(self, before: &ExperimentOutcome, outcome: &mut ExperimentOutcome) {
        for stage in self.makes() {
            outcome.set(*stage, before.digest(*stage).expect("a step that is fresh has made its stages").to_owned());
        }
        match self {
            Self::Convert => outcome.counts.rows.clone_from(&before.counts.rows),
            Self::Replay => {
                let rows = outcome.counts.rows.take();
                outcome.counts = super::Counts { rows, ..before.counts.clone() };
            }
            Self::Evaluate => {}
        }
    }

    /// Whether its files are tables of the result.
    pub(super) const fn writes_tables(self) -> bool {
        !matches!(self, Self::Convert)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_stage_that_is_not_given_is_made_by_one_step() {
        for stage in Stage::ALL {
            let makers = Step::ALL.iter().filter(|step| step.makes().contains(stage)).count();
            assert_eq!(makers, usize::from(!stage.is_given()), "{stage}");
        }
    }

    #[test]
    fn steps_read_what_is_given_and_what_steps_before_them_have_kept() {
        for (at, step) in Step::ALL.iter().enumerate() {
            for stage in step.reads() {
                let is_made_before = Step::ALL[..at].iter().any(|before| before.makes().contains(&stage));
                assert!(stage.is_given() || is_made_before, "{} reads {stage}", step.name());
                assert!(stage.is_kept(), "{} reads {stage}", step.name());
            }
        }
    }

    #[test]
    fn what_steps_read_follows_from_the_chain() {
        use Stage::{Evaluation, Grammar, Input, Options, Tape};
        assert_eq!(Step::Convert.reads(), BTreeSet::from([Input, Options]));
        assert_eq!(Step::Replay.reads(), BTreeSet::from([Tape, Grammar]));
        assert_eq!(Step::Evaluate.reads(), BTreeSet::from([Options, Tape, Grammar, Evaluation]));
    }
}
