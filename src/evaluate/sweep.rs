use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

use super::score::write_score;
use super::{Degradation, Detector, Generator, SCORE_COLUMNS, Score, Tally, Window, pool, tally};
use crate::motif::{Engine, Episode};
use crate::residual::{Math, Stream, number};
use crate::store::UnknownName;

/// What a sweep changes from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Size of the planted faults; 1 is the published one.
    Scale,
    /// Factor on the drift and slew thresholds of all motifs: elasticity. Other detectors do not have them.
    Threshold,
    /// Every n-th sample of a channel is kept.
    Rate,
    /// Probability with which a sample is lost.
    Missing,
    /// Places by which samples may arrive late.
    Reorder,
    /// Seconds by which times may be off.
    Jitter,
}

impl Axis {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Scale, Self::Threshold, Self::Rate, Self::Missing, Self::Reorder, Self::Jitter];

    /// The name in experiment files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Threshold => "threshold",
            Self::Rate => "rate",
            Self::Missing => "missing",
            Self::Reorder => "reorder",
            Self::Jitter => "jitter",
        }
    }

    /// What its values may be, in words; `None` if `value` is one.
    #[must_use]
    pub fn refuses(self, value: f64) -> Option<&'static str> {
        let whole = value.fract() == 0.0 && value <= 1e6;
        let (takes, range) = match self {
            Self::Scale => (Generator::takes_scale(value), "a number from 0 to 1e9"),
            Self::Threshold => ((0.01..=100.0).contains(&value), "a number from 0.01 to 100"),
            Self::Rate => (whole && value >= 1.0, "a whole number from 1"),
            Self::Missing => ((0.0..1.0).contains(&value), "a number from 0 to below 1"),
            Self::Reorder => (whole && value >= 0.0, "a whole number from 0"),
            Self::Jitter => ((0.0..=1e6).contains(&value), "a number of seconds from 0"),
        };
        (!takes).then_some(range)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Axis {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("axis", name, &Self::ALL, Self::name)
    }
}

/// Who is scored.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A motif engine.
    Engine(Box<Engine>),
    /// Another detector.
    Detector(Detector),
}

impl Subject {
    /// Its name in tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Engine(engine) => engine.semantics().name(),
            Self::Detector(detector) => detector.name(),
        }
    }

    /// What it finds.
    #[must_use]
    pub fn find(&self, stream: &Stream, math: Math) -> Vec<Episode> {
        match self {
            Self::Engine(engine) => engine.replay(stream),
            Self::Detector(detector) => detector.detect(stream, math),
        }
    }

    /// What it finds, against the windows.
    #[must_use]
    pub fn tally(&self, stream: &Stream, windows: &[Window], math: Math) -> Vec<Tally> {
        let span =
            (stream.times().first().copied().unwrap_or_default(), stream.times().last().copied().unwrap_or_default());
        tally(&self.find(stream, math), windows, span)
    }
}

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
                let tallies = self.one(*value, *seed);
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
    fn at(&self, value: Option<f64>) -> (Generator, Option<Degradation>) {
        let Some(((axis, _), value)) = self.axis.as_ref().zip(value) else { return (self.generator, None) };
        match (axis, self.generator) {
            (Axis::Scale, Generator::Perturbed { .. }) => (Generator::Perturbed { scale: value }, None),
            (Axis::Rate, generator) => (generator, Some(Degradation::Rate(value as u32))),
            (Axis::Missing, generator) => (generator, Some(Degradation::Missing(value))),
            (Axis::Reorder, generator) => (generator, Some(Degradation::Reorder(value as u32))),
            (Axis::Jitter, generator) => (generator, Some(Degradation::Jitter(value))),
            (Axis::Scale | Axis::Threshold, generator) => (generator, None),
        }
    }

    fn one(&self, value: Option<f64>, seed: u64) -> Vec<Vec<Tally>> {
        let (generator, degradation) = self.at(value);
        let mut stream = generator.stream(seed, self.math);
        if let Some(degradation) = degradation {
            stream = degradation.apply(&stream, seed);
        }
        let windows = generator.windows();
        let tally = |subject: &Subject| match (subject, &self.axis, value) {
            (Subject::Engine(engine), Some((Axis::Threshold, _)), Some(factor)) => {
                let engine = engine.with_thresholds(factor);
                Subject::Engine(Box::new(engine)).tally(&stream, &windows, self.math)
            }
            _ => subject.tally(&stream, &windows, self.math),
        };
        self.subjects.iter().map(tally).collect()
    }
}

/// The table of a sweep: `axis,value,detector` and the columns of scores.
#[must_use]
pub fn sweep_csv(axis: Axis, points: &[Point]) -> Vec<u8> {
    let mut text = format!("axis,value,detector,{SCORE_COLUMNS}\n").into_bytes();
    for Point { value, scores } in points {
        for (detector, score) in
            scores.iter().flat_map(|(detector, scores)| scores.iter().map(move |score| (detector, score)))
        {
            text.extend_from_slice(axis.name().as_bytes());
            text.push(b',');
            number::write_table(&mut text, value.unwrap_or_default());
            text.push(b',');
            text.extend_from_slice(detector.as_bytes());
            text.push(b',');
            write_score(&mut text, score);
            text.push(b'\n');
        }
    }
    text
}
