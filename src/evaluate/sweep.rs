use super::ordered::try_in_order;
use super::{Answered, Axis, CommandError, Degradation, Generator, Score, Subject, Tally, pool, score_columns, tally};
use crate::residual::Math;
use crate::store::TableColumns;

/// Many runs of a generator, and who is scored on them.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What generates the streams, before the axis changes it.
    pub generator: Generator,
    /// Its logarithms.
    pub math: Math,
    /// One run a seed, at every point.
    pub seeds: Vec<u64>,
    /// Who is scored, in the order of the tables.
    pub subjects: Vec<Subject>,
    /// The axis and its points; none is one point as it is.
    pub axis: Option<(Axis, Vec<f64>)>,
}

/// A point of a sweep.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its value on the axis; `None` without an axis.
    pub value: Option<f64>,
    /// The scores of each subject, by its name.
    pub scores: Vec<(String, Vec<Score>)>,
    /// What commands answered, run by run.
    pub answers: Vec<Answered>,
}

/// What each subject made of one run.
struct Run {
    tallies: Vec<Vec<Tally>>,
    answers: Vec<Answered>,
}

impl Sweep {
    /// Runs it, in parallel over points and seeds, with results by index; `ran` is told of each run as it ends.
    ///
    /// # Errors
    /// When a command fails; of several the first in the order of points and seeds.
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Result<Vec<Point>, CommandError> {
        let values: Vec<Option<f64>> = match &self.axis {
            Some((_, values)) => values.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        let jobs: Vec<(Option<f64>, u64)> =
            values.iter().flat_map(|value| self.seeds.iter().map(|seed| (*value, *seed))).collect();
        let runs = try_in_order(&jobs, |(value, seed)| {
            let run = self.run_one(*value, *seed)?;
            ran();
            Ok(run)
        })?;
        let points = values.into_iter().zip(runs.chunks(self.seeds.len().max(1)));
        let points = points.map(|(value, runs)| {
            let scores = self.subjects.iter().enumerate().map(|(index, subject)| {
                let of_subject: Vec<Vec<Tally>> = runs.iter().map(|run| run.tallies[index].clone()).collect();
                (subject.name().to_owned(), pool(&of_subject))
            });
            let answers = runs.iter().flat_map(|run| run.answers.clone());
            Point { value, scores: scores.collect(), answers: answers.collect() }
        });
        Ok(points.collect())
    }

    /// The generator at a point, and what a recorder does to its stream there.
    fn generator_at(&self, value: Option<f64>) -> (Generator, Option<Degradation>) {
        let Some(((axis, _), value)) = self.axis.as_ref().zip(value) else { return (self.generator, None) };
        match (axis, self.generator) {
            (Axis::Scale, Generator::Perturbed { .. }) => (Generator::Perturbed { scale: value }, None),
            (Axis::Rate, generator) => (generator, Some(Degradation::Rate(value as u32))),
            (Axis::Missing, generator) => (generator, Some(Degradation::Missing(value))),
            (Axis::Reorder, generator) => (generator, Some(Degradation::Reorder(value as u32))),
            (Axis::Jitter, generator) => (generator, Some(Degradation::Jitter(value))),
            (Axis::Scale | Axis::Threshold | Axis::Parameter(_), generator) => (generator, None),
        }
    }

    fn run_one(&self, value: Option<f64>, seed: u64) -> Result<Run, CommandError> {
        let (generator, degradation) = self.generator_at(value);
        let mut stream = generator.stream(seed, self.math);
        if let Some(degradation) = degradation {
            stream = degradation.apply(&stream, seed);
        }
        let windows = generator.windows();
        let mut run = Run { tallies: Vec::new(), answers: Vec::new() };
        for subject in &self.subjects {
            let found = match (subject, &self.axis, value) {
                (Subject::Engine(engine), Some((axis, _)), Some(factor)) => {
                    let engine = engine.scaled(|key| axis.scales(key), factor).expect("checked with the experiment");
                    Subject::Engine(Box::new(engine)).find(&stream, self.math)?
                }
                _ => subject.find(&stream, self.math)?,
            };
            run.tallies.push(tally(&found.spans, &windows, stream.span()));
            run.answers.extend(found.answered(subject.name(), value, Some(seed)));
        }
        Ok(run)
    }
}

/// A row of a table of sweeps.
struct SweepRow<'a> {
    axis: &'a Axis,
    value: f64,
    detector: &'a str,
    score: &'a Score,
}

/// The table of sweeps along some axes: `axis,value,detector` and the columns of scores.
#[must_use]
pub fn sweep_csv(sweeps: &[(Axis, Vec<Point>)]) -> Vec<u8> {
    let points = sweeps.iter().flat_map(|(axis, points)| points.iter().map(move |point| (axis, point)));
    let scored = points.flat_map(|(axis, point)| point.scores.iter().map(move |scored| (axis, point.value, scored)));
    let rows = scored.flat_map(|(axis, value, (detector, scores))| {
        let value = value.unwrap_or_default();
        scores.iter().map(move |score| SweepRow { axis, value, detector, score })
    });
    TableColumns::default()
        .text("axis", |row: &SweepRow<'_>| row.axis.name())
        .number("value", |row| row.value)
        .text("detector", |row| row.detector)
        .and(score_columns(), |row| row.score)
        .csv(rows)
}
