//! The tables of an evaluation.

use std::collections::BTreeMap;

use super::{Choice, Evaluation, EvaluationInputs, Groups};
use crate::evaluate::{
    ABLATIONS, Answered, Axis, BOUNDS, CommandError, Finding, Generator, GroupRow, Point, PublishedScore, Span,
    Subject, Sweep, Trial, Variants, Window, ablation_csv, agreement, answers_csv, bounded, by_time, found_csv,
    group_scores_csv, group_windows_csv, nab_csv, pool, published_csv, published_scores, scores_csv, stability,
    sweep_csv, tally,
};
use crate::experiment::{ExperimentError, SampleSource};
use crate::motif::{Engine, Episode, Motif};
use crate::residual::{Math, Stream};
use crate::store::TableColumns;

impl Evaluation {
    /// The tables, by file name, of an experiment whose own run gave this stream and these episodes.
    pub(in crate::experiment) fn tables(
        &self,
        inputs: &EvaluationInputs,
        source: &SampleSource,
        stream: &Stream,
        episodes: &[Episode],
        ran: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, Vec<u8>>, ExperimentError> {
        let (mut tables, mut answers) = (BTreeMap::new(), Vec::new());
        match source {
            SampleSource::Generated { generator, math, .. } => {
                if let (true, Some(windows)) = (self.published, generator.published_windows()) {
                    published(&mut tables, stream, &Span::of_episodes(episodes), &windows);
                }
                let sweep = Sweep {
                    generator: *generator,
                    math: *math,
                    seeds: self.seeds.clone(),
                    subjects: self.subjects.clone(),
                    axis: self.sweep.clone(),
                };
                answers.extend(self.swept(&mut tables, &sweep, ran)?);
                self.varied(&mut tables, &sweep, ran);
                if let Some(tuned) = &self.tuned {
                    let (table, answered) = tuned.table(&sweep, ran)?;
                    tables.insert("tuned.csv".to_owned(), table);
                    add_new(&mut answers, answered);
                }
                if let Some(coverage) = &self.coverage {
                    let (table, answered) = coverage.table(&sweep, ran)?;
                    tables.insert("coverage.csv".to_owned(), table);
                    add_new(&mut answers, answered);
                }
                if let Some(choice) = &self.choice {
                    tables.insert("choice.csv".to_owned(), choice.table(inputs, &self.seeds, *math, ran));
                }
            }
            SampleSource::Catalogue { .. } | SampleSource::Trace { .. } => {
                let math = source.math();
                let find = |subject: &Subject| Ok((subject.name().to_owned(), subject.find(stream, math)?));
                let found: Vec<(String, Finding)> =
                    self.subjects.iter().map(find).collect::<Result<_, CommandError>>()?;
                answers.extend(found.iter().filter_map(|(name, found)| found.answered(name, None, None)));
                let found: Vec<(&str, Vec<Span>)> =
                    found.iter().map(|(name, found)| (name.as_str(), found.spans.clone())).collect();
                match &inputs.windows {
                    Some(windows) => self.scored(&mut tables, inputs, stream, windows, &found),
                    None => {
                        tables.insert("found.csv".to_owned(), found_csv(&found));
                    }
                }
            }
        }
        if let Some(inject) = &self.inject {
            let truth = match source {
                SampleSource::Generated { generator, .. } => generator.windows(),
                _ => inputs.windows.clone().unwrap_or_default(),
            };
            let injected = inject.run(stream, &truth, ran)?;
            answers.extend(injected.points.iter().flat_map(|point| point.answers.clone()));
            tables.insert("injected.csv".to_owned(), injected.csv());
            tables.insert("injected-windows.csv".to_owned(), injected.windows_csv());
        }
        insert_answers(&mut tables, &answers);
        Ok(tables)
    }

    /// The tables of the engine with other parameters, on the runs of a sweep.
    fn varied(&self, tables: &mut BTreeMap<String, Vec<u8>>, sweep: &Sweep, ran: &(dyn Fn() + Sync)) {
        let Some(Subject::Engine(engine)) = self.subjects.first() else { return };
        let run = |engines: Vec<Engine>| {
            let Sweep { generator, math, seeds, .. } = sweep;
            Variants { generator: *generator, math: *math, seeds: seeds.clone(), engines }.run(ran)
        };
        if let Some(pairs) = &self.pairs {
            let engines = pairs.engines(engine).expect("checked with the experiment");
            tables.insert("pairs.csv".to_owned(), pairs.csv(&run(engines)));
        }
        if self.ablation {
            let engines = ABLATIONS.iter().map(|ablation| ablation.apply(engine)).collect();
            tables.insert("ablation.csv".to_owned(), ablation_csv(&run(engines)));
        }
    }

    /// The tables of a trace of which the truth is known.
    fn scored(
        &self,
        tables: &mut BTreeMap<String, Vec<u8>>,
        inputs: &EvaluationInputs,
        stream: &Stream,
        windows: &[Window],
        found: &[(&str, Vec<Span>)],
    ) {
        let score = |spans: &[Span]| pool(&[tally(spans, windows, stream.span())]);
        let scores: Vec<_> = found.iter().map(|(name, spans)| ((*name).to_owned(), score(spans))).collect();
        tables.insert("scores.csv".to_owned(), scores_csv(&scores));
        if let Some(Groups { rules, alarms_at_most }) = &inputs.groups {
            // What one endless episode a group and none at all have is told by the windows, whatever the channels are.
            let others = found.iter().filter(|(name, _)| !BOUNDS.contains(name));
            let row = |(name, spans): &(&str, Vec<Span>)| GroupRow {
                detector: (*name).to_owned(),
                scores: by_time(stream, spans, windows, rules),
                bounded: bounded(stream, spans, windows, rules, *alarms_at_most),
            };
            let rows: Vec<GroupRow> = others.map(row).collect();
            tables.insert("groups.csv".to_owned(), group_scores_csv(&rows));
            tables.insert("group-windows.csv".to_owned(), group_windows_csv(&rows));
        }
        if self.nab {
            tables.insert("nab.csv".to_owned(), nab_csv(stream, found, windows));
        }
    }

    /// The tables of a sweep, or of its one point, and of the engine's sensitivity on the same streams; what commands answered.
    fn swept(
        &self,
        tables: &mut BTreeMap<String, Vec<u8>>,
        sweep: &Sweep,
        ran: &(dyn Fn() + Sync),
    ) -> Result<Vec<Answered>, CommandError> {
        let points = sweep.run(ran)?;
        let answers = points.iter().flat_map(|point| point.answers.clone()).collect();
        match &sweep.axis {
            Some((axis, _)) => {
                if *axis == Axis::Scale {
                    tables.insert("stability.csv".to_owned(), stability_csv(&points));
                    if let (true, Some(Subject::Engine(engine))) = (self.published, self.subjects.first()) {
                        tables.insert("stress.csv".to_owned(), self.stress(engine, sweep.math));
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
            let sweeps: Vec<(Axis, Vec<Point>)> = engine
                .keys()
                .into_iter()
                .map(|key| {
                    let axis = Axis::Parameter(key);
                    let subjects = vec![engine.clone()];
                    let sweep = Sweep { subjects, axis: Some((axis, self.sensitivity.clone())), ..sweep.clone() };
                    Ok((axis, sweep.run(ran)?))
                })
                .collect::<Result<_, CommandError>>()?;
            tables.insert("sensitivity.csv".to_owned(), sweep_csv(&sweeps));
        }
        Ok(answers)
    }

    /// The published stress table: F1 a motif at each scale, four decimals, one run with the first seed.
    fn stress(&self, engine: &Engine, math: Math) -> Vec<u8> {
        struct Row {
            scale: f64,
            episodes: usize,
            scores: Vec<PublishedScore>,
        }
        let seed = self.seeds.first().copied().unwrap_or_default();
        let rows = self.sweep.iter().flat_map(|(_, scales)| scales).map(|scale| {
            let generator = Generator::Perturbed { scale: *scale };
            let stream = generator.stream(seed, math);
            let spans = Span::of_episodes(&engine.replay(&stream));
            let windows = generator.published_windows().unwrap_or_default();
            let scores = published_scores(&stream, &spans, &windows);
            Row { scale: *scale, episodes: spans.len(), scores }
        });
        let mut columns =
            TableColumns::default().number("scale", |row: &Row| row.scale).count("episodes", |row| row.episodes as u64);
        for motif in Motif::ALL {
            columns = columns.fixed(motif.name(), 4, move |row| row.scores[motif as usize].f1);
        }
        columns.csv(rows)
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

/// Adds answers to tapes of which there may be some already: the same answer to the same tape is there once.
fn add_new(answers: &mut Vec<Answered>, more: Vec<Answered>) {
    let new: Vec<Answered> = more.into_iter().filter(|answered| !answers.contains(answered)).collect();
    answers.extend(new);
}

/// What commands answered, where there are any.
fn insert_answers(tables: &mut BTreeMap<String, Vec<u8>>, answers: &[Answered]) {
    if !answers.is_empty() {
        tables.insert("answers.csv".to_owned(), answers_csv(answers));
    }
}

fn published(tables: &mut BTreeMap<String, Vec<u8>>, stream: &Stream, spans: &[Span], windows: &[Window]) {
    let scores = published_scores(stream, spans, windows);
    tables.insert("scores-published.csv".to_owned(), published_csv(&scores));
    let columns = TableColumns::default()
        .text("motif", |(motif, _): &(Motif, f64)| motif.name())
        .number("agreement", |(_, agreement)| *agreement);
    tables.insert("agreement.csv".to_owned(), columns.csv(agreement(spans)));
}

/// For each detector and motif: the stability of its F1 over fault sizes. Where nothing is planted there is no F1.
fn stability_csv(points: &[Point]) -> Vec<u8> {
    struct Row<'a> {
        detector: &'a str,
        motif: &'static str,
        stability: f64,
    }
    let detectors = points.first().into_iter().flat_map(|first| first.scores.iter().enumerate());
    let rows = detectors.flat_map(|(index, (detector, scores))| {
        scores.iter().enumerate().map(move |(row, score)| {
            let of_point = |point: &Point| Some((point.value?, point.scores[index].1[row].f1.value?));
            let curve: Vec<(f64, f64)> = points.iter().filter_map(of_point).collect();
            Row { detector, motif: score.name(), stability: stability(&curve) }
        })
    });
    TableColumns::default()
        .text("detector", |row: &Row<'_>| row.detector)
        .text("motif", |row| row.motif)
        .rounded("stability", 1e6, |row| Some(row.stability))
        .csv(rows)
}
