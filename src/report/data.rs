//! The last results as the report needs them.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::Stale;
use crate::diagnostics::Place;
use crate::evaluate::{Generator, Noise, ScoreInterval};
use crate::experiment::{
    self, Experiment, ExperimentError, ExperimentOutcome, Project, ResultProblem, SampleSource, StageRow, StaleReason,
    Verdict,
};
use crate::motif::{Episode, Motif, read_episodes};
use crate::residual::{Class, Stream};
use crate::store;
use crate::tape;

/// Points of a channel's residuals that are kept, two a bucket: the least and the largest.
const BUCKETS: usize = 80;

/// Points of all channels together, so that the report stays small.
const MOST_POINTS: usize = 60_000;

/// What an experiment is, which decides where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExperimentKind {
    /// A trace, a stylised one, or a stream that nothing is scored on: its own episodes are shown.
    DataSet,
    /// A stream with planted faults, or a trace with windows, on which detectors are scored.
    Faults,
    /// Noise without a fault, that detectors are scored on.
    Noise(Noise),
    /// Noise without a fault, on which parameters or an axis are varied.
    VariedNoise,
}

impl ExperimentKind {
    fn of_experiment(experiment: &Experiment) -> Self {
        let evaluation = experiment.evaluation.as_ref();
        match &experiment.source {
            SampleSource::Generated { generator: Generator::Exemplar { .. }, .. } => Self::DataSet,
            SampleSource::Catalogue { .. } | SampleSource::Trace { .. } => {
                let scored = evaluation.is_some_and(|evaluation| evaluation.windows.is_some());
                if scored { Self::Faults } else { Self::DataSet }
            }
            SampleSource::Generated { generator, .. } => match (evaluation, generator) {
                (None, _) => Self::DataSet,
                (Some(evaluation), Generator::Null { noise })
                    if evaluation.sweep.is_none() && evaluation.sensitivity.is_empty() =>
                {
                    Self::Noise(*noise)
                }
                (Some(_), Generator::Null { .. }) => Self::VariedNoise,
                (Some(_), _) => Self::Faults,
            },
        }
    }

    /// Whether nothing is planted, so that every episode is a false alarm.
    pub(super) fn is_noise(self) -> bool {
        matches!(self, Self::Noise(_) | Self::VariedNoise)
    }
}

/// The last result of an experiment.
pub(super) struct Outcomes {
    pub(super) name: String,
    pub(super) kind: ExperimentKind,
    pub(super) title: String,
    pub(super) verdict: Verdict,
    pub(super) stages: Vec<StageRow>,
    pub(super) outcome: ExperimentOutcome,
    pub(super) episodes: Vec<Episode>,
    /// The residuals of channels that have episodes: by motif and channel, thinned.
    pub(super) series: BTreeMap<(Motif, String), Vec<(f64, f64)>>,
    /// From the first sample to the last.
    pub(super) span: (f64, f64),
    /// Sorted: |log10 of actual over estimated rows|, and the divergences of the workload mix.
    pub(super) q_errors: Vec<f64>,
    pub(super) divergences: Vec<f64>,
    /// Tables besides the episodes: name, header, rows.
    pub(super) tables: Vec<ResultTable>,
}

/// A table of a result.
pub(super) struct ResultTable {
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl ResultTable {
    /// The cells of a column, by name.
    fn index(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// The cell of a row, by the name of its column.
    pub(super) fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        self.index(column).and_then(|index| row.get(index)).map_or("", String::as_str)
    }

    /// The values of a column, each once, in the order of the table.
    pub(super) fn distinct(&self, column: &str) -> Vec<&str> {
        let mut values: Vec<&str> = Vec::new();
        for row in &self.rows {
            let value = self.cell(row, column);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The same as a number, where there is one.
    pub(super) fn number(&self, row: &[String], column: &str) -> Option<f64> {
        self.cell(row, column).parse().ok()
    }

    /// A number and the interval beside it, where there are some.
    pub(super) fn interval(&self, row: &[String], column: &str) -> ScoreInterval {
        let number = |suffix: &str| self.number(row, &format!("{column}{suffix}"));
        ScoreInterval { value: number(""), bounds: number("_low").zip(number("_high")) }
    }
}

impl Outcomes {
    pub(super) fn table(&self, name: &str) -> Option<&ResultTable> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// A parameter of its grammar.
    pub(super) fn parameter(&self, motif: Motif, key: &str) -> Option<f64> {
        self.outcome.grammar.get(&format!("{}.{key}", motif.name()))?.parse().ok()
    }

    /// Its digest of a stage.
    pub(super) fn digest(&self, stage: &str) -> &str {
        self.outcome.stages.get(stage).map_or("", String::as_str)
    }

    /// The first stage that differs, if the verdict says so.
    pub(super) fn first_difference(&self) -> Option<&StageRow> {
        self.stages.iter().find(|row| !row.is_same()).filter(|_| self.verdict == Verdict::Differs)
    }
}

/// What there is to report.
pub(super) struct Gathered {
    pub(super) results: Vec<Outcomes>,
    /// Experiments that have not been run.
    pub(super) missing: Vec<String>,
    /// Experiments whose results are of something else than stands here now: they would pass for what it is.
    pub(super) stale: Vec<Stale>,
}

/// The last results, and the experiments that have none as they stand now.
pub(super) fn gather(project: &Project, experiments: &[Experiment]) -> Result<Gathered, ExperimentError> {
    let read: Vec<Result<Outcomes, ExperimentError>> =
        experiments.par_iter().map(|experiment| read_outcomes(project, experiment)).collect();
    let (mut results, mut missing, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for outcomes in read {
        match outcomes {
            Ok(outcomes) => results.push(outcomes),
            Err(ExperimentError::Stale { reason: StaleReason::NoResult, name, .. }) => missing.push(name),
            Err(ExperimentError::Stale { reason, name, .. }) => stale.push(Stale { name, problem: reason.to_string() }),
            Err(error) => return Err(error),
        }
    }
    if results.is_empty() {
        let names: Vec<&str> = experiments.iter().map(|experiment| experiment.name.as_str()).collect();
        let why: Vec<String> = stale.iter().map(|stale| format!("; {stale}")).collect();
        let problem = ResultProblem::NothingToReport { why: why.concat(), names: names.join(" ") };
        return Err(problem.with_place(Place::default()));
    }
    // Whose series are drawn is decided in order, whatever was read first.
    let mut left = MOST_POINTS;
    for outcomes in &mut results {
        outcomes.series.retain(|_, points| {
            let fits = points.len() <= left;
            left -= if fits { points.len() } else { 0 };
            fits
        });
    }
    Ok(Gathered { results, missing, stale })
}

fn read_outcomes(project: &Project, experiment: &Experiment) -> Result<Outcomes, ExperimentError> {
    let folder = project.out(&experiment.name);
    let outcome = experiment::last_result(project, experiment)?;
    let explanation = experiment::explain_result(project, experiment, &outcome)?;
    let episodes = read_episodes(experiment.engine.kind(), &folder.join("episodes.csv"))?;
    let tape = folder.join("tape.jsonl");
    let tape::Tape { stream, manifest, .. } = tape::read(&tape)?;
    if outcome.stages.get("tape") != Some(&manifest.sha256) {
        return Err(ResultProblem::OtherTape.with_path(&tape));
    }
    let others = outcome.tables.iter().filter(|(name, _)| *name != "episodes.csv");
    let tables = others.map(|(name, sha256)| table(&folder, name, sha256)).collect::<Result<_, _>>()?;
    let of_class = |class: Class, size: fn(f64) -> f64| {
        let samples = stream.samples().filter(|sample| sample.class == class);
        let mut values: Vec<f64> = samples.map(|sample| size(sample.value)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    Ok(Outcomes {
        name: experiment.name.clone(),
        kind: ExperimentKind::of_experiment(experiment),
        title: experiment.title.clone(),
        verdict: explanation.verdict,
        stages: explanation.stages,
        series: series(&stream, &episodes),
        span: stream.span(),
        q_errors: of_class(Class::Cardinality, f64::abs),
        divergences: of_class(Class::WorkloadPhase, |value| value),
        episodes,
        tables,
        outcome,
    })
}

fn table(folder: &Path, name: &str, sha256: &str) -> Result<ResultTable, ExperimentError> {
    let path = folder.join(name);
    let table = store::CsvTable::read(&path, &[])?;
    let rows = table.rows().map(|row| row.cells().map(str::to_owned).collect()).collect();
    Ok(ResultTable { name: name.to_owned(), sha256: sha256.to_owned(), header: table.header().to_vec(), rows })
}

/// The residuals of the channels that have episodes, thinned.
fn series(stream: &Stream, episodes: &[Episode]) -> BTreeMap<(Motif, String), Vec<(f64, f64)>> {
    let mut series: BTreeMap<(Motif, String), Vec<(f64, f64)>> =
        episodes.iter().map(|episode| ((episode.motif, episode.channel.clone()), Vec::new())).collect();
    // A look-up by class and channel name for every sample would copy the name; one a channel does not.
    let names: Vec<&str> = stream.channels().ids().map(|id| stream.channels().name(id)).collect();
    let mut wanted: Vec<[bool; 5]> = vec![[false; 5]; names.len() + 1];
    for (index, name) in names.iter().chain([&"_anonymous_"]).enumerate() {
        for motif in Motif::ALL {
            wanted[index][motif as usize] = series.contains_key(&(motif, (*name).to_owned()));
        }
    }
    for sample in 0..stream.len() {
        let (class, id) = (stream.classes()[sample], stream.channel_ids()[sample]);
        let index = id.map_or(names.len(), |id| id.index());
        if wanted[index][class.code() as usize] {
            let name = names.get(index).copied().unwrap_or("_anonymous_").to_owned();
            let motif = Motif::ALL[class.code() as usize];
            series.entry((motif, name)).or_default().push((stream.times()[sample], stream.values()[sample]));
        }
    }
    series.values_mut().for_each(|points| *points = thinned(std::mem::take(points)));
    series
}

/// Of each of [`BUCKETS`] stretches of time the least and the largest value, in order of time.
pub(super) fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return points };
    if points.len() <= 2 * BUCKETS || last.0 <= first.0 {
        return points.into_iter().take(2 * BUCKETS).collect();
    }
    let (start, width) = (first.0, (last.0 - first.0) / BUCKETS as f64);
    let bucket = |t: f64| (((t - start) / width) as usize).min(BUCKETS - 1);
    let kept = points.chunk_by(|a, b| bucket(a.0) == bucket(b.0)).flat_map(|points| {
        let least = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let largest = points.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(a), Some(b)) = (least, largest) else { return Vec::new() };
        if a.0 <= b.0 { vec![a, b] } else { vec![b, a] }
    });
    let mut kept: Vec<(f64, f64)> = kept.collect();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_experiment_is_does_not_go_by_its_name() {
        const SEEDS: &str = "[evaluate]\nseeds = { first = 1, count = 2 }\n";
        let generate = |kind: &str| format!("title = 't'\n[generate]\nseed = 1\n{kind}\n");
        let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'job'\n".to_owned();
        let bursty = generate("kind = 'null'\nnoise = 'bursty'");
        let cases = [
            ("null-faults", generate("kind = 'perturbed'") + SEEDS, ExperimentKind::Faults),
            ("quiet", bursty.clone() + SEEDS, ExperimentKind::Noise(Noise::Bursty)),
            ("exemplar-noise", bursty.clone() + SEEDS + "sensitivity = [0.5, 1]\n", ExperimentKind::VariedNoise),
            ("null-alone", bursty, ExperimentKind::DataSet),
            ("null-stylised", generate("kind = 'exemplar'\ndataset = 'ceb'"), ExperimentKind::DataSet),
            ("exemplar-trace", trace.clone(), ExperimentKind::DataSet),
            ("null-trace", trace + "[evaluate]\nwindows = 'w.csv'\n", ExperimentKind::Faults),
        ];
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("experiments")).unwrap();
        for (name, text, _) in &cases {
            std::fs::write(folder.path().join(format!("experiments/{name}.toml")), text).unwrap();
        }
        let project = Project::in_folder(folder.path(), folder.path().join("out"));
        let selection = project.select_all(&[]).unwrap();
        assert_eq!(selection.experiments.len(), cases.len());
        for (name, _, kind) in cases {
            let experiment = selection.experiments.iter().find(|experiment| experiment.name == name).unwrap();
            assert_eq!(ExperimentKind::of_experiment(experiment), kind, "{name}");
        }
    }
}
