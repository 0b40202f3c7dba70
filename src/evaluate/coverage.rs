//! How often a bootstrap interval has the truth in it, by Monte Carlo: many draws of a few runs each, held against all runs.

use rayon::prelude::*;

use super::ordered::try_in_order;
use super::{Answered, CommandError, Generator, Score, ScoreInterval, Subject, Tally, pool, tally};
use crate::residual::Math;
use crate::store::TableColumns;

/// What is drawn from.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// What generates the streams.
    pub generator: Generator,
    /// Its logarithms.
    pub math: Math,
    /// All runs: the truth is what they give together.
    pub seeds: Vec<u64>,
    /// How many runs a draw has. Draws are runs one behind the other, each in one draw; runs behind the last whole draw are in none.
    pub runs: Vec<usize>,
    /// Whose scores.
    pub subjects: Vec<Subject>,
}

/// How often the intervals of one score had the truth in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Covered {
    detector: String,
    motif: &'static str,
    score: &'static str,
    runs: usize,
    /// Of all runs together.
    truth: Option<f64>,
    /// Draws with an interval.
    draws: usize,
    /// Of them, those with the truth in it, bounds included.
    covered: usize,
    /// Of them, those whose interval is a point.
    points: usize,
}

/// A score that has intervals, by its name in tables.
type Measure = (&'static str, fn(&Score) -> ScoreInterval);

const MEASURES: [Measure; 4] = [
    ("f1", |score| score.f1),
    ("range_f1", |score| score.range_f1),
    ("detection_delay_s", |score| score.delay_s),
    ("false_alarms_per_hour", |score| score.false_alarms_per_hour),
];

impl Coverage {
    /// Runs it, in parallel, with results by index: rows, and what commands answered; `ran` is told of each run as it ends.
    ///
    /// # Errors
    /// When a command fails.
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Result<(Vec<Covered>, Vec<Answered>), CommandError> {
        let windows = self.generator.windows();
        let runs = try_in_order(&self.seeds, |seed| {
            let stream = self.generator.stream(*seed, self.math);
            let find = |subject: &Subject| {
                let found = subject.find(&stream, self.math)?;
                let answer = found.answered(subject.name(), None, Some(*seed));
                Ok((tally(&found.spans, &windows, stream.span()), answer))
            };
            let found = self.subjects.iter().map(find).collect::<Result<Vec<_>, CommandError>>()?;
            ran();
            Ok::<(Vec<Vec<Tally>>, Vec<Option<Answered>>), CommandError>(found.into_iter().unzip())
        })?;
        let (runs, answers): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        let mut rows = Vec::new();
        for (index, subject) in self.subjects.iter().enumerate() {
            let of_subject: Vec<Vec<Tally>> = runs.iter().map(|run| run[index].clone()).collect();
            let truth = pool(&of_subject);
            for runs in &self.runs {
                let draws: Vec<Vec<Score>> = of_subject.par_chunks_exact(*runs).map(pool).collect();
                for (row, truth) in truth.iter().enumerate() {
                    let of_row = || draws.iter().map(|draw| &draw[row]);
                    rows.extend(MEASURES.map(|measure| covered(subject.name(), *runs, truth, of_row(), measure)));
                }
            }
        }
        Ok((rows, answers.into_iter().flatten().flatten().collect()))
    }
}

fn covered<'a>(
    detector: &str,
    runs: usize,
    truth: &Score,
    draws: impl Iterator<Item = &'a Score>,
    (score, get): Measure,
) -> Covered {
    let motif = truth.name();
    let truth = get(truth).value.map(printed);
    let bounds: Vec<(f64, f64)> =
        draws.filter_map(|draw| get(draw).bounds).map(|(low, high)| (printed(low), printed(high))).collect();
    let has_truth = |(low, high): &&(f64, f64)| truth.is_some_and(|truth| (*low..=*high).contains(&truth));
    Covered {
        detector: detector.to_owned(),
        motif,
        score,
        runs,
        truth,
        draws: bounds.len(),
        covered: bounds.iter().filter(has_truth).count(),
        points: bounds.iter().filter(|(low, high)| low == high).count(),
    }
}

/// A number as tables have it. It is these intervals that are judged, and a last bit is no miss where every run is the same.
fn printed(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl Covered {
    /// The share of draws that covered the truth, with Wilson's 95 % interval (1927).
    fn share(&self) -> Option<(f64, f64, f64)> {
        const Z: f64 = 1.959_963_984_540_054;
        let (n, k) = (self.draws as f64, self.covered as f64);
        (self.draws > 0 && self.truth.is_some()).then(|| {
            let (share, z2) = (k / n, Z * Z);
            let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
            let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
            (share, (centre - half).max(0.0), (centre + half).min(1.0))
        })
    }
}

/// The table: `detector,motif,score,runs,truth,draws,covered,points` and the share that covered the truth, with its interval. The
/// intervals that are judged claim a share of 0.95.
#[must_use]
pub fn coverage_csv(rows: &[Covered]) -> Vec<u8> {
    TableColumns::default()
        .text("detector", |row: &Covered| &row.detector)
        .text("motif", |row| row.motif)
        .text("score", |row| row.score)
        .count("runs", |row| row.runs as u64)
        .rounded("truth", 1e6, |row| row.truth)
        .count("draws", |row| row.draws as u64)
        .count("covered", |row| row.covered as u64)
        .count("points", |row| row.points as u64)
        .rounded("coverage", 1e6, |row| row.share().map(|(share, _, _)| share))
        .rounded("coverage_low", 1e6, |row| row.share().map(|(_, low, _)| low))
        .rounded("coverage_high", 1e6, |row| row.share().map(|(_, _, high)| high))
        .csv(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(covered: usize, draws: usize) -> Covered {
        let (detector, motif, score) = ("x".to_owned(), "all", "f1");
        Covered { detector, motif, score, runs: 2, truth: Some(0.5), draws, covered, points: 0 }
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        // Newcombe, Statistics in Medicine 1998, table I: 81 of 263 has 0.2553 to 0.3662.
        let (share, low, high) = row(81, 263).share().unwrap();
        assert!((share - 0.3080).abs() < 5e-5 && (low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5);
        assert_eq!(row(0, 0).share(), None);
        assert_eq!(row(20, 20).share().unwrap().2, 1.0);
    }

    #[test]
    fn every_draw_has_its_own_runs_and_the_truth_is_that_of_all() {
        let coverage = Coverage {
            generator: Generator::Perturbed { scale: 0.2 },
            math: Math::Portable,
            seeds: (1..=9).collect(),
            runs: vec![2, 4],
            subjects: ["excursion", "never"].map(|name| name.parse().unwrap()).into(),
        };
        let (rows, answers) = coverage.run(&|| ()).unwrap();
        assert!(answers.is_empty());
        let named: Vec<(&str, &str, &str, usize, usize)> =
            rows.iter().map(|row| (&*row.detector, row.motif, row.score, row.runs, row.draws)).collect();
        assert_eq!(named.len(), 2 * 2 * 6 * 4);
        assert_eq!(named[0], ("excursion", "plan_regression_onset", "f1", 2, 4));
        assert_eq!(named[20], ("excursion", "all", "f1", 2, 4));
        assert_eq!(named[44], ("excursion", "all", "f1", 4, 2));
        // Where nothing varies, every interval is a point, and right.
        let never = &rows[48 + 20];
        assert_eq!((&*never.detector, never.motif, never.truth), ("never", "all", Some(0.0)));
        assert_eq!((never.covered, never.points), (4, 4));

        // By hand: the intervals that the table of scores has of the first two runs, then of the next two.
        let tallies: Vec<Vec<Tally>> = (1..=9)
            .map(|seed| {
                let stream = coverage.generator.stream(seed, coverage.math);
                let spans = coverage.subjects[0].find(&stream, coverage.math).unwrap().spans;
                tally(&spans, &coverage.generator.windows(), stream.span())
            })
            .collect();
        let truth = pool(&tallies)[5].range_f1.value.unwrap();
        let holds = |draw: &[Vec<Tally>]| {
            let (low, high) = pool(draw)[5].range_f1.bounds.unwrap();
            low - 1e-6 <= truth && truth <= high + 1e-6
        };
        let covered = tallies.chunks_exact(2).filter(|draw| holds(draw)).count();
        let row = &rows[21];
        assert_eq!((row.motif, row.score, row.runs), ("all", "range_f1", 2));
        assert_eq!((row.covered, row.truth), (covered, Some(printed(truth))));
    }
}
