use super::compare::{self, StageRow, Verdict};
use super::outcome::{Counts, ExperimentOutcome};
use super::{ExperimentError, Step};

/// What became of an experiment.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExperimentReport {
    /// Its name.
    pub name: String,
    /// The verdict, or why there is none.
    pub verdict: Result<Verdict, ExperimentError>,
    /// Its chain, stage by stage.
    pub stages: Vec<StageRow>,
    /// Its counts, if it ran.
    pub counts: Option<Counts>,
    /// What was recognised in the trace.
    pub notes: Vec<String>,
    /// The steps that were skipped, because everything that they are made from is the same as in the last run.
    pub cached: Vec<Step>,
}

/// What is reported while experiments run.
#[derive(Debug)]
pub enum Progress<'a> {
    /// One run of an evaluation has ended.
    Ran,
    /// An experiment has ended.
    Ended(&'a ExperimentReport),
}

impl ExperimentReport {
    /// Of an experiment that gave nothing to compare.
    pub(super) fn of_failure(name: String, error: ExperimentError) -> Self {
        Self { name, verdict: Err(error), stages: Vec::new(), counts: None, notes: Vec::new(), cached: Vec::new() }
    }

    /// Of a result and the expected one.
    pub(super) fn of_result(
        name: String,
        outcome: ExperimentOutcome,
        expected: Option<&ExperimentOutcome>,
        cached: Vec<Step>,
    ) -> Self {
        Self {
            name,
            verdict: Ok(compare::decide_verdict(&outcome, expected)),
            stages: compare::compare_stages(Some(&outcome), expected),
            counts: Some(outcome.counts),
            notes: outcome.notes,
            cached,
        }
    }
}
