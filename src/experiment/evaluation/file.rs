//! What an experiment file says under `[evaluate]`, checked.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::commands::FurtherFiles;
use super::detector_file::{DetectorKeys, DetectorSchema};
use super::held_out::TunedEvaluation;
use super::held_out_file::{CoverageKeys, TunedKeys};
use super::inject_file::InjectKeys;
use super::seeds::Seeds;
use super::variants_file::PairKeys;
use super::{Choice, Evaluation, GroupEvaluation};
use crate::evaluate::{Ablation, Axis, BOUNDS, ByTime, Generator, Grid, Grouping, Subject};
use crate::experiment::located::Located;
use crate::experiment::{DetectorFileProblem, EvaluationProblem, HeldOutProblem, SampleSource};
use crate::motif::Engine;
use crate::trace::date_s;

/// Most runs of an experiment: points of a sweep times seeds.
const MOST_RUNS: u64 = 100_000;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::experiment) struct Evaluate {
    #[schemars(with = "Option<PathBuf>")]
    windows: Option<Spanned<PathBuf>>,
    /// The date of t = 0, where windows are dates and the times of the tape count from there.
    #[schemars(with = "Option<String>")]
    origin: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<DetectorSchema>")]
    detectors: Vec<Spanned<DetectorKeys>>,
    #[schemars(with = "Option<Seeds>")]
    seeds: Option<Spanned<Seeds>>,
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    published: Option<Spanned<bool>>,
    #[schemars(with = "Option<SweepKeys>")]
    sweep: Option<Spanned<SweepKeys>>,
    #[schemars(with = "Option<Vec<f64>>")]
    sensitivity: Option<Spanned<Vec<f64>>>,
    #[schemars(with = "Option<ChoiceKeys>")]
    choice: Option<Spanned<ChoiceKeys>>,
    #[schemars(with = "Option<InjectKeys>")]
    inject: Option<Spanned<InjectKeys>>,
    #[schemars(with = "Option<PairKeys>")]
    pairs: Option<Spanned<PairKeys>>,
    /// Whether the engine is scored without each of its parameters, too.
    #[schemars(with = "Option<bool>")]
    ablation: Option<Spanned<bool>>,
    #[schemars(with = "Option<TunedKeys>")]
    tuned: Option<Spanned<TunedKeys>>,
    #[schemars(with = "Option<CoverageKeys>")]
    coverage: Option<Spanned<CoverageKeys>>,
    #[schemars(with = "Option<GroupKeys>")]
    group: Option<Spanned<GroupKeys>>,
    /// Whether the score of the Numenta Anomaly Benchmark is written, too.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    nab: Option<Spanned<bool>>,
}

/// Scores by time of groups of channels.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct GroupKeys {
    /// What stands between the name of a group and the rest of the name of a channel; without it all are one group.
    by: Option<String>,
    /// Channels of a group that must have an episode at a time; 1 if it is left out.
    at_least: Option<std::num::NonZeroUsize>,
    /// Stretches that are not judged, a CSV like the windows.
    ignore: Option<PathBuf>,
    /// Whether windows are cut to the time in which there are samples.
    #[serde(default)]
    clip: bool,
    /// False alarms of a group an hour at which it is told what is detected at best; 1 if it is left out.
    #[schemars(with = "Option<f64>")]
    alarms_at_most: Option<Spanned<f64>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SweepKeys {
    #[schemars(with = "String")]
    axis: Spanned<String>,
    #[schemars(with = "Vec<f64>")]
    values: Vec<Spanned<f64>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChoiceKeys {
    tau_seconds: Vec<f64>,
    drift: Vec<f64>,
    clip: Vec<f64>,
    scales: Vec<f64>,
    #[schemars(with = "Seeds")]
    noise_seeds: Spanned<Seeds>,
    #[serde(default)]
    recordings: Vec<Recording>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recording {
    trace: PathBuf,
    windows: Option<PathBuf>,
}

impl Evaluation {
    /// Checks what the file, which is in `folder`, says against the source of the samples and the engine.
    pub(in crate::experiment) fn new(
        evaluate: Spanned<Evaluate>,
        source: &SampleSource,
        engine: &Engine,
        folder: &Path,
    ) -> Result<Self, Located> {
        let at = evaluate.span().start;
        let Evaluate {
            windows,
            origin,
            detectors,
            seeds,
            published,
            sweep,
            sensitivity,
            choice,
            inject,
            pairs,
            ablation,
            tuned,
            coverage,
            group,
            nab,
        } = evaluate.into_inner();
        let generated = match source {
            SampleSource::Generated { generator, seed, .. } => Some((*generator, *seed)),
            SampleSource::Catalogue { .. } | SampleSource::Trace { .. } => None,
        };
        let perturbed = matches!(generated, Some((Generator::Perturbed { .. }, _)));
        match (&windows, generated) {
            (None, None) if detectors.is_empty() && inject.is_none() => {
                return Err(Located::at_byte(at, EvaluationProblem::NothingToCompare));
            }
            (Some(windows), Some(_)) => {
                return Err(Located::at_byte(windows.span().start, EvaluationProblem::GeneratedWindows));
            }
            _ => {}
        }
        if let (Some(seeds), None) = (&seeds, generated) {
            return Err(Located::at_byte(seeds.span().start, EvaluationProblem::SeedsOfTrace));
        }
        let published = match published {
            Some(published) if *published.get_ref() && !perturbed => {
                return Err(Located::at_byte(published.span().start, EvaluationProblem::NotPublished));
            }
            published => published.is_some_and(Spanned::into_inner),
        };
        let (others, files) = others_of(detectors, engine, folder)?;
        let mut subjects: Vec<Subject> = [Subject::Engine(Box::new(*engine))].into_iter().chain(others).collect();
        // Whoever scores no better than these two has found nothing; where nobody knows the truth there are no scores.
        if windows.is_some() || generated.is_some() {
            for name in BOUNDS {
                if subjects.iter().all(|subject| subject.name() != name) {
                    subjects.push(name.parse().expect("it is in the list of detectors"));
                }
            }
        }
        let sweep = sweep.map(|sweep| axis(sweep, generated.is_some(), perturbed, &subjects)).transpose()?;
        let sensitivity = match sensitivity {
            None => Vec::new(),
            Some(factors) if generated.is_none() => {
                return Err(Located::at_byte(factors.span().start, EvaluationProblem::SensitivityOfTrace));
            }
            Some(factors) => factors_of(factors, engine)?,
        };
        let points = sweep.as_ref().map_or(1, |(_, values)| values.len()) + sensitivity.len() * engine.keys().len();
        let seeds = seeds_of(seeds, generated.map(|(_, seed)| seed), points as u64)?;
        let choice = match choice {
            Some(choice) if !perturbed => {
                return Err(Located::at_byte(choice.span().start, EvaluationProblem::ChoiceElsewhere));
            }
            choice => choice.map(choice_of).transpose()?,
        };
        let inject = inject.map(|inject| {
            let at = inject.span().start;
            inject.into_inner().check(at, &subjects, source.math())
        });
        let inject = inject.transpose()?;
        let ablation = match ablation {
            Some(ablation) if *ablation.get_ref() => {
                let problem = match generated {
                    Some(_) => EvaluationProblem::AblationElsewhere,
                    None => EvaluationProblem::VariantsOfTrace,
                };
                if generated.is_none() || !Ablation::is_of(engine) {
                    return Err(Located::at_byte(ablation.span().start, problem));
                }
                true
            }
            _ => false,
        };
        let pairs = match pairs {
            Some(pairs) if generated.is_none() => {
                return Err(Located::at_byte(pairs.span().start, EvaluationProblem::VariantsOfTrace));
            }
            pairs => pairs.map(|pairs| pairs.into_inner().check(engine)).transpose()?,
        };
        let held_out = |at: usize| Err(Located::at_byte(at, HeldOutProblem::Trace));
        let tuned = match tuned {
            Some(tuned) if generated.is_none() => return held_out(tuned.span().start),
            tuned => tuned.map(|tuned| tuned_of(tuned, &seeds, &subjects)).transpose()?,
        };
        let coverage = match coverage {
            Some(coverage) if generated.is_none() => return held_out(coverage.span().start),
            coverage => coverage.map(|coverage| coverage.into_inner().check()).transpose()?,
        };
        let group = match group {
            Some(group) if windows.is_none() => {
                return Err(Located::at_byte(group.span().start, EvaluationProblem::GroupsOfGenerator));
            }
            group => group.map(|group| group_of(group.into_inner())).transpose()?,
        };
        let nab = match nab {
            Some(nab) if *nab.get_ref() && windows.is_none() => {
                return Err(Located::at_byte(nab.span().start, EvaluationProblem::NabWithoutWindows));
            }
            nab => nab.is_some_and(Spanned::into_inner),
        };
        let origin = origin.map(|origin| origin_of(origin, windows.is_some())).transpose()?;
        let windows = windows.map(Spanned::into_inner);
        Ok(Self {
            windows,
            origin,
            subjects,
            files,
            seeds,
            published,
            sweep,
            sensitivity,
            choice,
            inject,
            pairs,
            ablation,
            tuned,
            coverage,
            group,
            nab,
        })
    }
}

/// The detectors beside the engine, and further files of those that are commands.
fn others_of(
    detectors: Vec<Spanned<DetectorKeys>>,
    engine: &Engine,
    folder: &Path,
) -> Result<(Vec<Subject>, FurtherFiles), Located> {
    let (mut subjects, mut files) = (Vec::new(), FurtherFiles::new());
    for keys in detectors {
        let at = keys.span().start;
        subjects.push(match keys.into_inner() {
            DetectorKeys::Name(name) => {
                let subject: Subject = name.parse().map_err(|error| Located::at_byte(at, error))?;
                if subject.name() == engine.kind().name() {
                    return Err(Located::at_byte(at, EvaluationProblem::OwnEngine { name: engine.kind().name() }));
                }
                subject
            }
            DetectorKeys::Command(keys) => {
                let (command, further) = keys.check(folder)?;
                let name = command.name.clone();
                if files.insert(name.clone(), further).is_some() {
                    return Err(Located::at_byte(at, DetectorFileProblem::SameName { name }));
                }
                Subject::Command(Box::new(command))
            }
        });
    }
    Ok((subjects, files))
}

/// Seconds from 1970 to t = 0.
fn origin_of(origin: Spanned<String>, has_windows: bool) -> Result<f64, Located> {
    let at = origin.span().start;
    let date = date_s(origin.get_ref()).filter(|_| has_windows);
    date.ok_or_else(|| Located::at_byte(at, EvaluationProblem::Origin))
}

fn tuned_of(tuned: Spanned<TunedKeys>, seeds: &[u64], subjects: &[Subject]) -> Result<TunedEvaluation, Located> {
    let at = tuned.span().start;
    tuned.into_inner().check(at, seeds, subjects)
}

fn group_of(keys: GroupKeys) -> Result<GroupEvaluation, Located> {
    let GroupKeys { by, at_least, ignore, clip, alarms_at_most } = keys;
    if let Some(rate) = alarms_at_most.as_ref().filter(|rate| !(rate.get_ref().is_finite() && *rate.get_ref() >= 0.0)) {
        return Err(Located::at_byte(rate.span().start, EvaluationProblem::AlarmsAtMost));
    }
    let at_least = at_least.map_or(1, std::num::NonZeroUsize::get);
    let rules = ByTime { grouping: Grouping { separator: by }, at_least, ignored: Vec::new(), clip };
    Ok(GroupEvaluation { rules, ignore, alarms_at_most: alarms_at_most.map_or(1.0, Spanned::into_inner) })
}

fn axis(
    sweep: Spanned<SweepKeys>,
    generated: bool,
    perturbed: bool,
    subjects: &[Subject],
) -> Result<(Axis, Vec<f64>), Located> {
    let at = sweep.span().start;
    let SweepKeys { axis, values } = sweep.into_inner();
    if !generated {
        return Err(Located::at_byte(at, EvaluationProblem::SweepOfTrace));
    }
    let name = axis.span().start;
    let axis: Axis = axis.get_ref().parse().map_err(|error| Located::at_byte(name, error))?;
    if axis == Axis::Scale && !perturbed {
        return Err(Located::at_byte(name, EvaluationProblem::ScaleElsewhere));
    }
    if values.is_empty() {
        return Err(Located::at_byte(at, EvaluationProblem::NoValues));
    }
    for value in &values {
        if let Some(range) = axis.refuses(*value.get_ref()) {
            return Err(Located::at_byte(value.span().start, EvaluationProblem::Point { axis, range }));
        }
        for subject in subjects {
            if let Subject::Engine(engine) = subject {
                let scaled = engine.scaled(|key| axis.scales(key), *value.get_ref());
                scaled.map_err(|problem| {
                    Located::at_byte(value.span().start, EvaluationProblem::ScaledPoint { axis, problem })
                })?;
            }
        }
    }
    Ok((axis, values.into_iter().map(Spanned::into_inner).collect()))
}

fn factors_of(factors: Spanned<Vec<f64>>, engine: &Engine) -> Result<Vec<f64>, Located> {
    let at = factors.span().start;
    let factors = factors.into_inner();
    for (factor, key) in factors.iter().flat_map(|factor| engine.keys().into_iter().map(move |key| (*factor, key))) {
        if let Some(range) = Axis::Parameter(key).refuses(factor) {
            return Err(Located::at_byte(at, EvaluationProblem::Factor { factor, range }));
        }
        let scaled = engine.scaled(|other| other == key, factor);
        scaled.map_err(|problem| Located::at_byte(at, EvaluationProblem::ScaledFactor { key, factor, problem }))?;
    }
    Ok(factors)
}

fn seeds_of(seeds: Option<Spanned<Seeds>>, seed: Option<u64>, points: u64) -> Result<Vec<u64>, Located> {
    let Some(seeds) = seeds else { return Ok(seed.into_iter().collect()) };
    let at = seeds.span().start;
    let Seeds { first, count } = seeds.into_inner();
    if count == 0 || count.saturating_mul(points) > MOST_RUNS {
        return Err(Located::at_byte(at, EvaluationProblem::Runs { most: MOST_RUNS }));
    }
    let last = first.checked_add(count - 1).ok_or_else(|| Located::at_byte(at, EvaluationProblem::LastSeed))?;
    Ok((first..=last).collect())
}

fn choice_of(choice: Spanned<ChoiceKeys>) -> Result<Choice, Located> {
    let at = choice.span().start;
    let ChoiceKeys { tau_seconds, drift, clip, scales, noise_seeds, recordings } = choice.into_inner();
    let grid = Grid { tau_seconds, drift, clip };
    let all = grid.tau_seconds.iter().chain(&grid.drift).chain(&grid.clip);
    if grid.is_empty() || !all.clone().all(|value| (0.01..=1000.0).contains(value)) {
        return Err(Located::at_byte(at, EvaluationProblem::Grid));
    }
    if !scales.iter().all(|scale| *scale > 0.0 && Generator::takes_scale(*scale)) {
        return Err(Located::at_byte(at, EvaluationProblem::Scales));
    }
    let noise_seeds = seeds_of(Some(noise_seeds), None, grid.len() as u64)?;
    let recordings = recordings.into_iter().map(|Recording { trace, windows }| (trace, windows)).collect();
    Ok(Choice { grid, scales, noise_seeds, recordings })
}
