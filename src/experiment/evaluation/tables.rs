//! The tables of an evaluation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Choice, Evaluation, EvaluationInputs, keys};
use crate::evaluate::{
    Axis, Generator, Point, Subject, Sweep, Trial, Window, agreement, found_csv, pool, published_csv, published_scores,
    scores_csv, stability, sweep_csv,
};
use crate::experiment::Source;
use crate::motif::{Engine, Episode, Motif};
use crate::residual::{Math, Stream, number};

impl Evaluation {
    /// The tables, by file name, of an experiment whose own run gave this stream and these episodes.
    pub(in crate::experiment) fn tables(
        &self,
        inputs: &EvaluationInputs,
        source: &Source,
        stream: &Stream,
        episodes: &[Episode],
        ran: &(dyn Fn() + Sync),
    ) -> BTreeMap<String, Vec<u8>> {
        let mut tables = BTreeMap::new();
        match source {
            Source::Generated { generator, math, .. } => {
                if let (true, Some(windows)) = (self.published, generator.published_windows()) {
                    published(&mut tables, stream, episodes, &windows);
                }
                let sweep = Sweep {
                    generator: *generator,
                    math: *math,
                    seeds: self.seeds.clone(),
                    subjects: self.subjects.clone(),
                    axis: self.sweep.clone(),
                };
                self.swept(&mut tables, &sweep, ran);
                if let Some(choice) = &self.choice {
                    tables.insert("choice.csv".to_owned(), choice.table(inputs, &self.seeds, *math, ran));
                }
            }
            Source::Catalogue { .. } | Source::Trace { .. } => {
                let math = source.math();
                match &inputs.windows {
                    Some(windows) => {
                        let score = |subject: &Subject| pool(&[subject.tally(stream, windows, math)]);
                        let scores: Vec<_> =
                            self.subjects.iter().map(|subject| (subject.name().to_owned(), score(subject))).collect();
                        tables.insert("scores.csv".to_owned(), scores_csv(&scores));
                    }
                    None => {
                        let found: Vec<_> =
                            self.subjects.iter().map(|subject| (subject.name(), subject.find(stream, math))).collect();
                        tables.insert("found.csv".to_owned(), found_csv(&found));
                    }
                }
            }
        }
        tables
    }

    /// The tables of a sweep, or of its one point, and of the engine's sensitivity on the same streams.
    fn swept(&self, tables: &mut BTreeMap<String, Vec<u8>>, sweep: &Sweep, ran: &(dyn Fn() + Sync)) {
        let points = sweep.run(ran);
        match &sweep.axis {
            Some((axis, _)) => {
                if *axis == Axis::Scale {
                    tables.insert("stability.csv".to_owned(), stability_csv(&points));
                    if let (true, Some(Subject::Engine(engine))) = (self.published, self.subjects.first()) {
                        tables.insert("stress.csv".to_owned(), self.stress(engine, sweep.math).into_bytes());
                    }
                }
                tables.insert("sweep.csv".to_owned(), sweep_csv(&[(*axis, points)]));
            }
            None => {
                let scores: Vec<_> = points.into_iter().flat_map(|point| point.scores).collect();
                tables.insert("scores.csv".to_owned(), scores_csv(&scores));
            }
        }
        if let (false, Some(engine)) = (self.sensitivity.is_empty(), self.subjects.first()) {
            let sweeps: Vec<(Axis, Vec<Point>)> = keys(engine)
                .into_iter()
                .map(|key| {
                    let axis = Axis::Parameter(key);
                    let subjects = vec![engine.clone()];
                    let sweep = Sweep { subjects, axis: Some((axis, self.sensitivity.clone())), ..sweep.clone() };
                    (axis, sweep.run(ran))
                })
                .collect();
            tables.insert("sensitivity.csv".to_owned(), sweep_csv(&sweeps));
        }
    }

    /// The published stress table: F1 a motif at each scale, four decimals, one run with the first seed.
    fn stress(&self, engine: &Engine, math: Math) -> String {
        let names = Motif::ALL.map(Motif::name).join(",");
        let mut text = format!("scale,episodes,{names}\n");
        let scales = self.sweep.iter().flat_map(|(_, values)| values);
        for (scale, seed) in scales.zip(std::iter::repeat(self.seeds.first().copied().unwrap_or_default())) {
            let generator = Generator::Perturbed { scale: *scale };
            let stream = generator.stream(seed, math);
            let episodes = engine.replay(&stream);
            let windows = generator.published_windows().unwrap_or_default();
            write!(text, "{scale},{}", episodes.len()).expect("a String takes every write");
            for score in published_scores(&stream, &episodes, &windows) {
                write!(text, ",{:.4}", score.f1).expect("a String takes every write");
            }
            text.push('\n');
        }
        text
    }
}

impl Choice {
    /// What candidates are tried on, but for the recordings.
    pub(super) fn trial(&self, fault_seeds: &[u64]) -> Trial {
        Trial {
            noise_seeds: self.noise_seeds.clone(),
            scales: self.scales.clone(),
            fault_seeds: fault_seeds.to_vec(),
            recordings: Vec::new(),
            math: Math::default(),
        }
    }

    fn table(&self, inputs: &EvaluationInputs, fault_seeds: &[u64], math: Math, ran: &(dyn Fn() + Sync)) -> Vec<u8> {
        let trial = Trial { recordings: inputs.recordings.clone(), math, ..self.trial(fault_seeds) };
        trial.csv(&trial.choose(&self.grid, ran))
    }
}

fn published(tables: &mut BTreeMap<String, Vec<u8>>, stream: &Stream, episodes: &[Episode], windows: &[Window]) {
    let scores = published_scores(stream, episodes, windows);
    tables.insert("scores-published.csv".to_owned(), published_csv(&scores).into_bytes());
    let mut text = b"motif,agreement\n".to_vec();
    for (motif, agreement) in agreement(episodes) {
        text.extend_from_slice(motif.name().as_bytes());
        text.push(b',');
        number::write_table(&mut text, agreement);
        text.push(b'\n');
    }
    tables.insert("agreement.csv".to_owned(), text);
}

/// For each detector and motif: the stability of its F1 over fault sizes. Where nothing is planted there is no F1.
fn stability_csv(points: &[Point]) -> Vec<u8> {
    let mut text = b"detector,motif,stability\n".to_vec();
    let Some(first) = points.first() else { return text };
    for (index, (detector, scores)) in first.scores.iter().enumerate() {
        for (row, score) in scores.iter().enumerate() {
            let of_point = |point: &Point| Some((point.value?, point.scores[index].1[row].f1.value?));
            let curve: Vec<(f64, f64)> = points.iter().filter_map(of_point).collect();
            text.extend_from_slice(format!("{detector},{},", score.name()).as_bytes());
            number::write_table(&mut text, (stability(&curve) * 1e6).round() / 1e6);
            text.push(b'\n');
        }
    }
    text
}
