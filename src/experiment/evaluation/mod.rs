//! The `[evaluate]` of an experiment: who is scored on what, and the tables that come of it.

mod file;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use file::{Evaluate, KEYS};

use super::ExperimentError;
use crate::evaluate::{Axis, Grid, Subject};
use crate::store::file_digest;

/// What an experiment evaluates.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Ground truth of a trace, relative to the root of the project; a generator knows its own.
    pub windows: Option<PathBuf>,
    /// Who is scored: the engine of the experiment, then other engines and detectors.
    pub subjects: Vec<Subject>,
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

impl Evaluation {
    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        let sensitivity = self.sensitivity.len() * self.subjects.first().map_or(0, |subject| keys(subject).len());
        let points = self.sweep.as_ref().map_or(1, |(_, values)| values.len()) + sensitivity;
        let chosen = self.choice.as_ref().map_or(0, |choice| choice.trial(&self.seeds).len());
        self.seeds.len() * points + chosen
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
        let others = self.subjects.get(1..).unwrap_or_default();
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(Subject::name).collect();
            pairs.insert("detectors".to_owned(), names.join(","));
        }
        for subject in others {
            if let Subject::Engine(engine) = subject {
                let named = |(key, value)| (format!("{}.{key}", subject.name()), value);
                pairs.extend(engine.canonical().into_iter().map(named));
            }
        }
        if let (Some(first), Some(last)) = (self.seeds.first(), self.seeds.last()) {
            pairs.insert("seeds".to_owned(), format!("{first}-{last}"));
        }
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
        if let Some(choice) = &self.choice {
            choice.add_canonical(root, &mut pairs)?;
        }
        Ok(pairs)
    }
}

impl Choice {
    fn add_canonical(&self, root: &Path, pairs: &mut BTreeMap<String, String>) -> Result<(), ExperimentError> {
        let Self { grid, scales, noise_seeds, recordings } = self;
        for (key, values) in
            [("tau_seconds", &grid.tau_seconds), ("drift", &grid.drift), ("clip", &grid.clip), ("scales", scales)]
        {
            pairs.insert(format!("choice.{key}"), numbers(values));
        }
        if let (Some(first), Some(last)) = (noise_seeds.first(), noise_seeds.last()) {
            pairs.insert("choice.noise_seeds".to_owned(), format!("{first}-{last}"));
        }
        let mut digests = Vec::new();
        for path in recordings.iter().flat_map(|(trace, windows)| [Some(trace), windows.as_ref()]).flatten() {
            digests.push(file_digest(&root.join(path))?.sha256);
        }
        pairs.insert("choice.recordings".to_owned(), digests.join(","));
        Ok(())
    }
}

fn keys(subject: &Subject) -> Vec<&'static str> {
    match subject {
        Subject::Engine(engine) => engine.keys(),
        Subject::Detector(_) => Vec::new(),
    }
}

fn numbers(values: &[f64]) -> String {
    values.iter().map(f64::to_string).collect::<Vec<String>>().join(",")
}
