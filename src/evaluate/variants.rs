//! One engine with its parameters changed in several ways, on the same runs of a generator.

use super::ordered::try_in_order;
use super::{Generator, Score, Span, Tally, pool, score_columns, tally};
use crate::motif::Engine;
use crate::residual::Math;
use crate::store::TableColumns;

/// Engines, and what they are run on.
#[derive(Clone, Debug)]
pub struct Variants {
    /// What generates the streams.
    pub generator: Generator,
    /// Its logarithms.
    pub math: Math,
    /// One run each.
    pub seeds: Vec<u64>,
    /// Each variant, in the order of the table.
    pub engines: Vec<Engine>,
}

impl Variants {
    /// The scores of each engine over all runs, in parallel over seeds, with results by index; `ran` is told of each run as it ends.
    #[must_use]
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Vec<Vec<Score>> {
        let windows = self.generator.windows();
        let run = |seed: &u64| -> Result<Vec<Vec<Tally>>, std::convert::Infallible> {
            let stream = self.generator.stream(*seed, self.math);
            let find = |engine: &Engine| Span::of_episodes(&engine.replay(&stream));
            let tallies = self.engines.iter().map(|engine| tally(&find(engine), &windows, stream.span())).collect();
            ran();
            Ok(tallies)
        };
        let runs = match try_in_order(&self.seeds, run) {
            Ok(runs) => runs,
            Err(never) => match never {},
        };
        let of_engine = |at: usize| pool(&runs.iter().map(|run| run[at].clone()).collect::<Vec<_>>());
        (0..self.engines.len()).map(of_engine).collect()
    }
}

/// Pairs of factors on two parameters of all motifs: a curve of precision against recall.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// The parameters.
    pub keys: [&'static str; 2],
    /// The factors on each.
    pub factors: [Vec<f64>; 2],
}

impl Pairs {
    /// Every pair, by the first factor, then by the second.
    pub fn all(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let [first, second] = &self.factors;
        first.iter().flat_map(move |first| second.iter().map(move |second| (*first, *second)))
    }

    /// The engine at each pair, or the parameter that is out of range.
    ///
    /// # Errors
    /// When a factor leads a parameter out of its range.
    pub fn engines(&self, engine: &Engine) -> Result<Vec<Engine>, crate::motif::ParameterError> {
        let [one, other] = self.keys;
        self.all()
            .map(|(first, second)| engine.scaled(|key| key == one, first)?.scaled(|key| key == other, second))
            .collect()
    }

    /// The table: both factors, under the names of the parameters, and the columns of scores.
    #[must_use]
    pub fn csv(&self, scores: &[Vec<Score>]) -> Vec<u8> {
        let pairs: Vec<(f64, f64)> = self.all().collect();
        let rows = pairs.iter().zip(scores).flat_map(|(pair, scores)| scores.iter().map(move |score| (*pair, score)));
        TableColumns::default()
            .number(self.keys[0], |((first, _), _): &((f64, f64), &Score)| *first)
            .number(self.keys[1], |((_, second), _)| *second)
            .and(score_columns(), |(_, score)| score)
            .csv(rows)
    }
}
