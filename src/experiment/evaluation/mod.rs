//! The `[evaluate]` of an experiment: who is scored on what, and the tables that come of it.

mod commands;
mod detector_file;
mod file;
mod hashed;
mod held_out;
mod held_out_file;
mod inject_file;
mod seeds;
mod tables;
mod variants_file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use file::Evaluate;
pub use held_out::{CoverageEvaluation, TunedEvaluation};

use self::hashed::{first_to_last, numbers};
use super::ExperimentError;
use crate::evaluate::{
    Axis, ByTime, Grid, InjectTrial, Pairs, Subject, Window, check_group_windows, check_groups, check_windows,
    read_windows, read_windows_from,
};
use crate::residual::Stream;
use crate::store::{TableError, TableProblem};
use crate::trace::{self, Dataset, Options};

/// What an experiment evaluates.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Ground truth of a trace, relative to the root of the project; a generator knows its own.
    pub windows: Option<PathBuf>,
    /// Seconds from 1970 to t = 0, where windows are dates and the times of the tape count from there.
    pub origin: Option<f64>,
    /// Who is scored: the engine of the experiment, then other engines and detectors, then `always` and `never` if they are not
    /// among them and there are scores.
    pub subjects: Vec<Subject>,
    /// Further files of detectors that are commands.
    files: commands::FurtherFiles,
    /// Seeds of the runs; empty for a trace.
    pub seeds: Vec<u64>,
    /// Whether the published scores are written, too.
    pub published: bool,
    /// Axis and points, if it is a sweep.
    pub sweep: Option<(Axis, Vec<f64>)>,
    /// Factors on each parameter of the engine, one parameter at a time.
    pub sensitivity: Vec<f64>,
    /// Candidates for the parameters of `excursion`, if it is about their choice.
    pub choice: Option<Choice>,
    /// Faults that are injected into the tape of the experiment, if any are.
    pub inject: Option<InjectTrial>,
    /// Pairs of factors on two parameters of the engine.
    pub pairs: Option<Pairs>,
    /// Whether the engine is run without each of its parts, too.
    pub ablation: bool,
    /// What detectors are tuned on, if they are.
    pub tuned: Option<TunedEvaluation>,
    /// What the coverage of intervals is measured on, if it is.
    pub coverage: Option<CoverageEvaluation>,
    /// Scores by time of groups of channels, if they are asked for.
    pub group: Option<GroupEvaluation>,
    /// Whether the score of the Numenta Anomaly Benchmark is written, too.
    pub nab: bool,
}

/// How groups of channels are scored by time.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupEvaluation {
    rules: ByTime,
    /// Stretches that are not judged, relative to the root of the project.
    ignore: Option<PathBuf>,
    /// False alarms of a group an hour at which it is told what is detected at best.
    alarms_at_most: f64,
}

/// What parameters are chosen from, and on what besides the perturbed stream of the experiment's seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    grid: Grid,
    scales: Vec<f64>,
    noise_seeds: Vec<u64>,
    /// Recordings and their windows, relative to the root of the project.
    recordings: Vec<(PathBuf, Option<PathBuf>)>,
}

/// What an evaluation reads besides the tape, each file once: what was hashed is what is used.
#[derive(Debug, Default)]
pub(super) struct EvaluationInputs {
    /// The ground truth of a trace.
    windows: Option<Vec<Window>>,
    /// How groups are scored, with the stretches that are not judged.
    groups: Option<Groups>,
    /// Recordings that parameters are chosen on, and their windows.
    recordings: Vec<(Stream, Vec<Window>)>,
}

/// How groups are scored.
#[derive(Debug)]
struct Groups {
    rules: ByTime,
    alarms_at_most: f64,
}

impl Evaluation {
    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        let sensitivity = self.sensitivity.len() * self.subjects.first().map_or(0, |subject| subject.keys().len());
        let points = self.sweep.as_ref().map_or(1, |(_, values)| values.len()) + sensitivity;
        let chosen = self.choice.as_ref().map_or(0, |choice| choice.trial(&self.seeds).len());
        let injected = self.inject.as_ref().map_or(0, InjectTrial::runs);
        let variants = usize::from(self.pairs.is_some()) + usize::from(self.ablation);
        let tuned = self.tuned.as_ref().map_or(0, |tuned| tuned.runs(self.seeds.len()));
        let drawn = self.coverage.as_ref().map_or(0, CoverageEvaluation::runs);
        self.seeds.len() * (points + variants) + chosen + injected + tuned + drawn
    }

    /// What the stage `evaluation` hashes, and what its digests are of; what is at its default is left out.
    ///
    /// # Errors
    /// When windows or a recording cannot be read.
    pub(super) fn read(&self, root: &Path) -> Result<(BTreeMap<String, String>, EvaluationInputs), ExperimentError> {
        let mut pairs = BTreeMap::new();
        let mut inputs = EvaluationInputs::default();
        if let Some(path) = &self.windows {
            let read = read_windows_from(&root.join(path), self.origin_s())?;
            pairs.extend(self.origin.map(|origin| ("origin".to_owned(), origin.to_string())));
            pairs.insert("windows".to_owned(), read.sha256);
            inputs.windows = Some(read.windows);
        }
        let others = self.subjects.get(1..).unwrap_or_default();
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(Subject::name).collect();
            pairs.insert("detectors".to_owned(), names.join(","));
        }
        for subject in others {
            match subject {
                Subject::Engine(engine) => {
                    let named = |(key, value)| (format!("{}.{key}", subject.name()), value);
                    pairs.extend(engine.canonical().into_iter().map(named));
                }
                Subject::Detector(_) => {}
                Subject::Command(command) => {
                    let further = self.files.get(&command.name).map_or(&[][..], Vec::as_slice);
                    commands::hash(command, further, root, &mut pairs)?;
                }
            }
        }
        pairs.extend(first_to_last(&self.seeds).map(|seeds| ("seeds".to_owned(), seeds)));
        if self.published {
            pairs.insert("published".to_owned(), "true".to_owned());
        }
        if let Some((axis, values)) = &self.sweep {
            pairs.insert("axis".to_owned(), axis.name().to_owned());
            pairs.insert("values".to_owned(), numbers(values));
        }
        if !self.sensitivity.is_empty() {
            pairs.insert("sensitivity".to_owned(), numbers(&self.sensitivity));
        }
        if let Some(inject) = &self.inject {
            hash_injection(inject, &mut pairs);
        }
        if let Some(Pairs { keys, factors }) = &self.pairs {
            for (key, factors) in keys.iter().zip(factors) {
                pairs.insert(format!("pairs.{key}"), numbers(factors));
            }
        }
        if self.ablation {
            pairs.insert("ablation".to_owned(), "true".to_owned());
        }
        if let Some(tuned) = &self.tuned {
            tuned.hash(&mut pairs);
        }
        if let Some(coverage) = &self.coverage {
            coverage.hash(&mut pairs);
        }
        if let Some(group) = &self.group {
            inputs.groups = Some(group.read(root, self.origin_s(), &mut pairs)?);
        }
        if self.nab {
            pairs.insert("nab".to_owned(), "true".to_owned());
        }
        if let Some(choice) = &self.choice {
            inputs.recordings = choice.read(root, &mut pairs)?;
        }
        Ok((pairs, inputs))
    }

    /// What dates of windows count from, in seconds after 1970.
    fn origin_s(&self) -> f64 {
        self.origin.unwrap_or_default()
    }

    /// An error unless the windows that were read, and what is not judged, are of the tape.
    pub(super) fn check_inputs(
        &self,
        root: &Path,
        inputs: &EvaluationInputs,
        stream: &Stream,
    ) -> Result<(), TableError> {
        let (Some(path), Some(windows)) = (&self.windows, &inputs.windows) else { return Ok(()) };
        let in_file = |path: &Path| {
            let path = root.join(path);
            move |problem: TableProblem| problem.in_file(&path)
        };
        let Some(Groups { rules, .. }) = &inputs.groups else {
            return check_windows(stream, windows).map_err(in_file(path));
        };
        check_group_windows(stream, windows, rules).map_err(in_file(path))?;
        let ignore = self.group.as_ref().and_then(|group| group.ignore.as_ref()).unwrap_or(path);
        let names = rules.ignored.iter().map(|window| window.channel.as_str());
        check_groups(stream, &rules.grouping, names).map_err(in_file(ignore))
    }
}

impl GroupEvaluation {
    fn read(
        &self,
        root: &Path,
        origin_s: f64,
        pairs: &mut BTreeMap<String, String>,
    ) -> Result<Groups, ExperimentError> {
        let mut rules = self.rules.clone();
        pairs.insert("group.by".to_owned(), rules.grouping.separator.clone().unwrap_or_default());
        pairs.insert("group.at_least".to_owned(), rules.at_least.to_string());
        if self.alarms_at_most != 1.0 {
            pairs.insert("group.alarms_at_most".to_owned(), self.alarms_at_most.to_string());
        }
        if rules.clip {
            pairs.insert("group.clip".to_owned(), "true".to_owned());
        }
        if let Some(path) = &self.ignore {
            let read = read_windows_from(&root.join(path), origin_s)?;
            pairs.insert("group.ignore".to_owned(), read.sha256);
            rules.ignored = read.windows;
        }
        Ok(Groups { rules, alarms_at_most: self.alarms_at_most })
    }
}

impl Choice {
    fn read(
        &self,
        root: &Path,
        pairs: &mut BTreeMap<String, String>,
    ) -> Result<Vec<(Stream, Vec<Window>)>, ExperimentError> {
        let Self { grid, scales, noise_seeds, recordings } = self;
        for (key, values) in
            [("tau_seconds", &grid.tau_seconds), ("drift", &grid.drift), ("clip", &grid.clip), ("scales", scales)]
        {
            pairs.insert(format!("choice.{key}"), numbers(values));
        }
        pairs.extend(first_to_last(noise_seeds).map(|seeds| ("choice.noise_seeds".to_owned(), seeds)));
        let options = Options { digest: true, ..Options::new(Dataset::Postgres) };
        let (mut digests, mut read) = (Vec::new(), Vec::new());
        for (path, windows) in recordings {
            let converted = trace::convert(&root.join(path), &options)?;
            // A recording of several parts is one input, as it is in `[input]`.
            digests.push(converted.input.expect("the options ask for it").sha256);
            let windows = windows.as_ref().map(|windows| read_windows(&root.join(windows))).transpose()?;
            let windows = windows.map(|read| {
                digests.push(read.sha256);
                read.windows
            });
            read.push((converted.stream, windows.unwrap_or_default()));
        }
        pairs.insert("choice.recordings".to_owned(), digests.join(","));
        Ok(read)
    }
}

fn hash_injection(inject: &InjectTrial, pairs: &mut BTreeMap<String, String>) {
    let InjectTrial { injection, kinds, sizes, seeds, .. } = inject;
    let names = |names: Vec<&str>| names.join(",");
    let (least, most) = injection.samples;
    let mut insert = |key: &str, value: String| pairs.insert(format!("inject.{key}"), value);
    insert("kinds", names(kinds.iter().map(|kind| kind.name()).collect()));
    insert("sizes", numbers(sizes));
    insert("samples", format!("{least}-{most}"));
    insert("faults", injection.faults.to_string());
    if !injection.motifs.is_empty() {
        insert("motifs", names(injection.motifs.iter().map(|motif| motif.name()).collect()));
    }
    if let Some(seeds) = first_to_last(seeds) {
        insert("seeds", seeds);
    }
}
