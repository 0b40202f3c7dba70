//! Seeds that are held apart from those of the experiment: detectors tuned on them, or draws of them.

use std::collections::BTreeMap;

use super::hashed::{first_to_last, numbers};
use crate::evaluate::{Answered, CommandError, Coverage, Sweep, Tuning, coverage_csv, tuned_csv};

/// The bytes of a table, and the answers of commands that are in it.
type AnsweredTable = (Vec<u8>, Vec<Answered>);

/// What detectors are tuned on; they are reported on the seeds of the experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct TunedEvaluation {
    /// Seeds to tune on, none of which is one of the experiment.
    pub(super) train: Vec<u64>,
    /// Factors on each parameter.
    pub(super) factors: Vec<f64>,
}

/// What draws are of.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverageEvaluation {
    /// All runs.
    pub(super) seeds: Vec<u64>,
    /// How many runs a draw has.
    pub(super) runs: Vec<usize>,
}

impl TunedEvaluation {
    /// How many runs it takes, with those of the experiment that are reported.
    pub(super) const fn runs(&self, reported: usize) -> usize {
        self.train.len() + reported
    }

    /// Adds what is hashed of it.
    pub(super) fn hash(&self, pairs: &mut BTreeMap<String, String>) {
        pairs.extend(first_to_last(&self.train).map(|train| ("tuned.train".to_owned(), train)));
        pairs.insert("tuned.factors".to_owned(), numbers(&self.factors));
    }

    /// The table of who is scored on the seeds of a sweep, and what commands answered.
    pub(super) fn table(&self, sweep: &Sweep, ran: &(dyn Fn() + Sync)) -> Result<AnsweredTable, CommandError> {
        let Sweep { generator, math, seeds: test, subjects, .. } = sweep.clone();
        let Self { train, factors } = self.clone();
        let (rows, answers) = Tuning { generator, math, train, test, factors, subjects }.run(ran)?;
        Ok((tuned_csv(&rows), answers))
    }
}

impl CoverageEvaluation {
    /// How many runs it takes.
    pub(super) const fn runs(&self) -> usize {
        self.seeds.len()
    }

    /// Adds what is hashed of it.
    pub(super) fn hash(&self, pairs: &mut BTreeMap<String, String>) {
        pairs.extend(first_to_last(&self.seeds).map(|seeds| ("coverage.seeds".to_owned(), seeds)));
        let runs: Vec<String> = self.runs.iter().map(usize::to_string).collect();
        pairs.insert("coverage.runs".to_owned(), runs.join(","));
    }

    /// The table of the intervals of who is scored in a sweep, and what commands answered.
    pub(super) fn table(&self, sweep: &Sweep, ran: &(dyn Fn() + Sync)) -> Result<AnsweredTable, CommandError> {
        let Sweep { generator, math, subjects, .. } = sweep.clone();
        let Self { seeds, runs } = self.clone();
        let (rows, answers) = Coverage { generator, math, seeds, runs, subjects }.run(ran)?;
        Ok((coverage_csv(&rows), answers))
    }
}
