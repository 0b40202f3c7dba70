//! The `[evaluate]` of an experiment: who is scored on what, and the tables that come of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::file::Problem;
use super::{ExperimentError, Source};
use crate::evaluate::{
    Axis, Detector, Generator, Point, Subject, Sweep, Window, agreement, pool, published_csv, published_scores,
    read_windows, scores_csv, stability, sweep_csv,
};
use crate::motif::{Engine, Episode, Motif};
use crate::residual::{Math, Stream, number};
use crate::store::file_digest;

/// Most runs of an experiment: points of a sweep times seeds.
const MOST_RUNS: u64 = 100_000;

/// What an experiment evaluates.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Ground truth of a trace, relative to the root of the project; a generator knows its own.
    pub windows: Option<PathBuf>,
    /// Other detectors that are scored beside the engine.
    pub detectors: Vec<Detector>,
    /// Seeds of the runs; empty for a trace.
    pub seeds: Vec<u64>,
    /// Whether the published scores are written, too.
    pub published: bool,
    /// Axis and points, if it is a sweep.
    pub sweep: Option<(Axis, Vec<f64>)>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluate {
    #[schemars(with = "Option<PathBuf>")]
    windows: Option<Spanned<PathBuf>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    detectors: Vec<Spanned<String>>,
    #[schemars(with = "Option<Seeds>")]
    seeds: Option<Spanned<Seeds>>,
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    published: Option<Spanned<bool>>,
    #[schemars(with = "Option<SweepKeys>")]
    sweep: Option<Spanned<SweepKeys>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Seeds {
    first: u64,
    count: u64,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SweepKeys {
    #[schemars(with = "String")]
    axis: Spanned<String>,
    #[schemars(with = "Vec<f64>")]
    values: Vec<Spanned<f64>>,
}

/// Keys that `[evaluate]` adds to an experiment file, for suggestions.
pub(super) const KEYS: [&str; 10] =
    ["evaluate", "windows", "detectors", "seeds", "first", "count", "published", "sweep", "axis", "values"];

impl Evaluation {
    /// Checks what the file says against the source of the samples.
    pub(super) fn new(evaluate: Spanned<Evaluate>, source: &Source) -> Result<Self, Problem> {
        let at = evaluate.span().start;
        let Evaluate { windows, detectors, seeds, published, sweep } = evaluate.into_inner();
        let generated = match source {
            Source::Generated { generator, seed, .. } => Some((*generator, *seed)),
            Source::Catalogue { .. } | Source::Trace { .. } => None,
        };
        let perturbed = matches!(generated, Some((Generator::Perturbed { .. }, _)));
        match (&windows, generated) {
            (None, None) => {
                return Err(Problem::at(
                    at,
                    "a trace is scored against `windows`, a CSV with motif, channel, t_start, t_end",
                ));
            }
            (Some(windows), Some(_)) => {
                return Err(Problem::at(windows.span().start, "a generator knows its windows; remove `windows`"));
            }
            _ => {}
        }
        if let (Some(seeds), None) = (&seeds, generated) {
            return Err(Problem::at(seeds.span().start, "a trace has no seeds; remove `seeds`"));
        }
        let published = match published {
            Some(published) if *published.get_ref() && !perturbed => {
                return Err(Problem::at(
                    published.span().start,
                    "the published scores are of the perturbed stream only",
                ));
            }
            published => published.is_some_and(Spanned::into_inner),
        };
        let known = |name: &Spanned<String>| {
            name.get_ref().parse::<Detector>().map_err(|error| Problem::at(name.span().start, error))
        };
        let detectors = detectors.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        let sweep = sweep.map(|sweep| axis(sweep, generated.is_some(), perturbed)).transpose()?;
        let seeds = seeds_of(seeds, generated.map(|(_, seed)| seed), sweep.as_ref())?;
        Ok(Self { windows: windows.map(Spanned::into_inner), detectors, seeds, published, sweep })
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.seeds.len() * self.sweep.as_ref().map_or(1, |(_, values)| values.len())
    }

    /// What the stage `evaluation` hashes; what is at its default is left out.
    ///
    /// # Errors
    /// When the windows cannot be read.
    pub(super) fn canonical(&self, root: &Path) -> Result<BTreeMap<String, String>, ExperimentError> {
        let mut pairs = BTreeMap::new();
        if let Some(windows) = &self.windows {
            pairs.insert("windows".to_owned(), file_digest(&root.join(windows))?.sha256);
        }
        let detectors: Vec<&str> = self.detectors.iter().map(|detector| detector.name()).collect();
        if !detectors.is_empty() {
            pairs.insert("detectors".to_owned(), detectors.join(","));
        }
        if let (Some(first), Some(last)) = (self.seeds.first(), self.seeds.last()) {
            pairs.insert("seeds".to_owned(), format!("{first}-{last}"));
        }
        if self.published {
            pairs.insert("published".to_owned(), "true".to_owned());
        }
        if let Some((axis, values)) = &self.sweep {
            pairs.insert("axis".to_owned(), axis.name().to_owned());
            let values: Vec<String> = values.iter().map(f64::to_string).collect();
            pairs.insert("values".to_owned(), values.join(","));
        }
        Ok(pairs)
    }

    /// The tables, by file name, of an experiment whose own run gave this stream and these episodes.
    pub(super) fn tables(
        &self,
        root: &Path,
        source: &Source,
        engine: Engine,
        stream: &Stream,
        episodes: &[Episode],
        ran: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, Vec<u8>>, ExperimentError> {
        let mut tables = BTreeMap::new();
        let detectors = self.detectors.iter().copied().map(Subject::Detector);
        let subjects: Vec<Subject> = [Subject::Engine(Box::new(engine))].into_iter().chain(detectors).collect();
        match source {
            Source::Generated { generator, math, .. } => {
                if let (true, Some(windows)) = (self.published, generator.published_windows()) {
                    published(&mut tables, stream, episodes, &windows);
                }
                let sweep = Sweep {
                    generator: *generator,
                    math: *math,
                    seeds: self.seeds.clone(),
                    subjects,
                    axis: self.sweep.clone(),
                };
                let points = sweep.run(ran);
                match &self.sweep {
                    Some((axis, _)) => {
                        tables.insert("sweep.csv".to_owned(), sweep_csv(*axis, &points));
                        if *axis == Axis::Scale {
                            tables.insert("stability.csv".to_owned(), stability_csv(&points));
                            if self.published {
                                tables.insert("stress.csv".to_owned(), self.stress(engine, *math).into_bytes());
                            }
                        }
                    }
                    None => {
                        let scores: Vec<_> = points.into_iter().flat_map(|point| point.scores).collect();
                        tables.insert("scores.csv".to_owned(), scores_csv(&scores));
                    }
                }
            }
            Source::Catalogue { .. } | Source::Trace { .. } => {
                let Some(path) = &self.windows else { return Ok(tables) };
                let windows = read_windows(&root.join(path))?;
                let scores: Vec<_> = subjects
                    .iter()
                    .map(|subject| (subject.name().to_owned(), pool(&[subject.tally(stream, &windows, source.math())])))
                    .collect();
                tables.insert("scores.csv".to_owned(), scores_csv(&scores));
            }
        }
        Ok(tables)
    }

    /// The published stress table: F1 a motif at each scale, four decimals, one run with the first seed.
    fn stress(&self, engine: Engine, math: Math) -> String {
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

fn axis(sweep: Spanned<SweepKeys>, generated: bool, perturbed: bool) -> Result<(Axis, Vec<f64>), Problem> {
    let at = sweep.span().start;
    let SweepKeys { axis, values } = sweep.into_inner();
    if !generated {
        return Err(Problem::at(at, "only generated streams are swept; a trace is as it is"));
    }
    let name = axis.span().start;
    let axis: Axis = axis.get_ref().parse().map_err(|error| Problem::at(name, error))?;
    if axis == Axis::Scale && !perturbed {
        return Err(Problem::at(name, "only the perturbed stream has a scale"));
    }
    if values.is_empty() {
        return Err(Problem::at(at, "a sweep needs `values`, one point each"));
    }
    for value in &values {
        if let Some(range) = axis.refuses(*value.get_ref()) {
            return Err(Problem::at(value.span().start, format!("`{axis}` is {range}")));
        }
    }
    Ok((axis, values.into_iter().map(Spanned::into_inner).collect()))
}

fn seeds_of(
    seeds: Option<Spanned<Seeds>>,
    seed: Option<u64>,
    sweep: Option<&(Axis, Vec<f64>)>,
) -> Result<Vec<u64>, Problem> {
    let Some(seeds) = seeds else { return Ok(seed.into_iter().collect()) };
    let at = seeds.span().start;
    let Seeds { first, count } = seeds.into_inner();
    let points = sweep.map_or(1, |(_, values)| values.len() as u64);
    if count == 0 || count.saturating_mul(points) > MOST_RUNS {
        let text = format!("`count` times the points of a sweep must be from 1 to {MOST_RUNS}");
        return Err(Problem::at(at, text));
    }
    let last = first.checked_add(count - 1).ok_or_else(|| Problem::at(at, "the last seed is beyond 2^64"))?;
    Ok((first..=last).collect())
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
