//! Everybody on one carrier, with faults of some kinds and sizes.

use super::{FaultKind, InjectError, Injection};
use crate::evaluate::ordered::try_in_order;
use crate::evaluate::window::window_columns;
use crate::evaluate::{Answered, CommandError, Score, Subject, Tally, Window, pool, score_columns, tally};
use crate::residual::{Math, Stream};
use crate::store::TableColumns;

/// Kinds and sizes of faults, and who is to find them.
#[derive(Clone, Debug, PartialEq)]
pub struct InjectTrial {
    /// All but the kind and the size.
    pub injection: Injection,
    /// One point each with each size.
    pub kinds: Vec<FaultKind>,
    /// Ascending or not.
    pub sizes: Vec<f64>,
    /// One run each, at every point.
    pub seeds: Vec<u64>,
    /// Who is scored, in the order of the table.
    pub subjects: Vec<Subject>,
    /// Logarithms of detectors.
    pub math: Math,
}

/// A kind and a size, and how everybody did.
#[derive(Clone, Debug)]
pub struct InjectPoint {
    /// What was injected; nothing, of the carrier as it is.
    pub fault: Option<(FaultKind, f64)>,
    /// The scores of each subject, by its name.
    pub scores: Vec<(String, Vec<Score>)>,
    /// What commands answered, run by run.
    pub answers: Vec<Answered>,
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Injected {
    /// The carrier as it is, then kind by kind and size by size.
    pub points: Vec<InjectPoint>,
    /// Seed and window of each fault: the same for all kinds and sizes.
    pub windows: Vec<(u64, Window)>,
}

/// Why there are no scores.
#[derive(Debug, thiserror::Error)]
pub enum InjectTrialError {
    /// Nothing can be injected.
    #[error(transparent)]
    Inject(#[from] InjectError),
    /// A command fails.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// What each subject made of one run.
type Run = (Vec<Vec<Tally>>, Vec<Answered>);

impl InjectTrial {
    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        1 + self.kinds.len() * self.sizes.len() * self.seeds.len()
    }

    /// Runs it, in parallel over kinds, sizes and seeds, with results by index; `ran` is told of each run as it ends. `truth` are faults
    /// that are on the carrier already.
    ///
    /// # Errors
    /// When nothing can be injected, or a command fails; of several the first in order.
    pub fn run(
        &self,
        carrier: &Stream,
        truth: &[Window],
        ran: &(dyn Fn() + Sync),
    ) -> Result<Injected, InjectTrialError> {
        let faults: Vec<(FaultKind, f64)> =
            self.kinds.iter().flat_map(|kind| self.sizes.iter().map(move |size| (*kind, *size))).collect();
        let seeded = faults.iter().flat_map(|fault| self.seeds.iter().map(move |seed| Some((*fault, *seed))));
        let jobs: Vec<Option<((FaultKind, f64), u64)>> = [None].into_iter().chain(seeded).collect();
        let runs = try_in_order(&jobs, |job| {
            let run = match job {
                None => self.find(carrier, truth, None)?,
                Some(((kind, size), seed)) => {
                    let injection = Injection { kind: *kind, size: *size, ..self.injection.clone() };
                    let (stream, windows) = injection.apply(carrier, truth, *seed)?;
                    self.find(&stream, &[truth, &windows].concat(), Some((*size, *seed)))?
                }
            };
            ran();
            Ok::<Run, InjectTrialError>(run)
        })?;
        let (as_it_is, injected) = runs.split_at(1);
        let points = faults.into_iter().map(Some).zip(injected.chunks(self.seeds.len().max(1)));
        let points = [(None, as_it_is)].into_iter().chain(points).map(|(fault, runs)| self.point(fault, runs));
        let mut windows = Vec::new();
        for seed in &self.seeds {
            let (_, of_seed) = self.injection.apply(carrier, truth, *seed)?;
            windows.extend(of_seed.into_iter().map(|window| (*seed, window)));
        }
        Ok(Injected { points: points.collect(), windows })
    }

    fn find(&self, stream: &Stream, windows: &[Window], point: Option<(f64, u64)>) -> Result<Run, CommandError> {
        let (mut tallies, mut answers) = (Vec::new(), Vec::new());
        for subject in &self.subjects {
            let found = subject.find(stream, self.math)?;
            tallies.push(tally(&found.spans, windows, stream.span()));
            answers.extend(found.answered(subject.name(), point.map(|(size, _)| size), point.map(|(_, seed)| seed)));
        }
        Ok((tallies, answers))
    }

    fn point(&self, fault: Option<(FaultKind, f64)>, runs: &[Run]) -> InjectPoint {
        let scores = self.subjects.iter().enumerate().map(|(index, subject)| {
            let of_subject: Vec<Vec<Tally>> = runs.iter().map(|(tallies, _)| tallies[index].clone()).collect();
            (subject.name().to_owned(), pool(&of_subject))
        });
        let answers = runs.iter().flat_map(|(_, answers)| answers.clone());
        InjectPoint { fault, scores: scores.collect(), answers: answers.collect() }
    }
}

impl Injected {
    /// The table of scores: `kind,size,detector` and the columns of scores. Of the carrier as it is the kind is `none`.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        struct Row<'a> {
            fault: Option<(FaultKind, f64)>,
            detector: &'a str,
            score: &'a Score,
        }
        let rows = self.points.iter().flat_map(|point| {
            let scored = point.scores.iter();
            scored.flat_map(|(detector, scores)| scores.iter().map(|score| Row { fault: point.fault, detector, score }))
        });
        TableColumns::default()
            .text("kind", |row: &Row<'_>| row.fault.map_or("none", |(kind, _)| kind.name()))
            .number("size", |row| row.fault.map_or(0.0, |(_, size)| size))
            .text("detector", |row| row.detector)
            .and(score_columns(), |row| row.score)
            .csv(rows)
    }

    /// The table of faults: `seed,motif,channel,t_start,t_end`.
    #[must_use]
    pub fn windows_csv(&self) -> Vec<u8> {
        TableColumns::default()
            .quoted("seed", |(seed, _): &(u64, Window)| Some(seed.to_string().into()))
            .and(window_columns(), |(_, window)| window)
            .csv(&self.windows)
    }
}
