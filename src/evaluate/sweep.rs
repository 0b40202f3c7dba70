use rayon::prelude::*;

use super::{Axis, Degradation, Generator, Score, Subject, Tally, pool, score_columns};
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
}

impl Sweep {
    /// Runs it, in parallel over points and seeds, with results by index; `ran` is told of each run as it ends.
    #[must_use]
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Vec<Point> {
        let values: Vec<Option<f64>> = match &self.axis {
            Some((_, values)) => values.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        let jobs: Vec<(Option<f64>, u64)> =
            values.iter().flat_map(|value| self.seeds.iter().map(|seed| (*value, *seed))).collect();
        let tallies: Vec<Vec<Vec<Tally>>> = jobs
            .par_iter()
            .map(|(value, seed)| {
                let tallies = self.tally_subjects(*value, *seed);
                ran();
                tallies
            })
            .collect();
        let points = values.into_iter().zip(tallies.chunks(self.seeds.len().max(1)));
        points
            .map(|(value, runs)| {
                let scores = self.subjects.iter().enumerate().map(|(index, subject)| {
                    let of_subject: Vec<Vec<Tally>> = runs.iter().map(|run| run[index].clone()).collect();
                    (subject.name().to_owned(), pool(&of_subject))
                });
                Point { value, scores: scores.collect() }
            })
            .collect()
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

    fn tally_subjects(&self, value: Option<f64>, seed: u64) -> Vec<Vec<Tally>> {
        let (generator, degradation) = self.generator_at(value);
        let mut stream = generator.stream(seed, self.math);
        if let Some(degradation) = degradation {
            stream = degradation.apply(&stream, seed);
        }
        let windows = generator.windows();
        let tally = |subject: &Subject| match (subject, &self.axis, value) {
            (Subject::Engine(engine), Some((axis, _)), Some(factor)) => {
                let engine = engine.scaled(|key| axis.scales(key), factor).expect("checked with the experiment");
                Subject::Engine(Box::new(engine)).tally(&stream, &windows, self.math)
            }
            _ => subject.tally(&stream, &windows, self.math),
        };
        self.subjects.iter().map(tally).collect()
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
