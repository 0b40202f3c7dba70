//! What the last run of an experiment was made from, step by step, so that a step whose inputs are the same is skipped.
//!
//! Nothing goes by the time of a file: a step is fresh when the bytes of the program, of what it reads, and of what it
//! wrote are those of the last run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::chain::Stage;
use super::outcome::ExperimentOutcome;
use super::parameters::read_parameters;
use super::step::{Files, Step};
use super::{Experiment, ExperimentError, Project};
use crate::store::{
    Durability, Seal, StoreError, file_digest, open_seal, program_digest, read_small_text, remove_file, sealed,
    write_whole,
};

/// What the last run left of its steps, in the folder of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageCache {
    /// What was recognised in the trace, which is said again when it is not converted again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    /// Each step by name.
    #[serde(default)]
    stages: BTreeMap<String, StageRecord>,
    /// The whole result.
    pub(super) outcome: Option<ExperimentOutcome>,
}

/// What a step was made from, and what it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageRecord {
    /// Digests of what it read, by name.
    from: BTreeMap<String, String>,
    /// Digests of the files that it wrote, by name.
    pub(super) wrote: Files,
}

/// Whether a step can be skipped, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Staleness {
    /// Everything is as it was.
    Fresh,
    /// It has to run, because of this.
    Stale(String),
}

impl StageCache {
    /// The file in an experiment's folder of outputs.
    pub(super) const FILE: &str = ".stages.toml";

    /// What the last run left in a folder. What cannot be read is nothing: the cache is never a reason to fail.
    pub(super) fn read(folder: &Path) -> Self {
        let text = read_small_text(&folder.join(Self::FILE)).unwrap_or_default();
        // A changed cache would say of a step what the step has not said.
        let Seal::Whole(text) = open_seal(&text) else { return Self::default() };
        toml::from_str(text).unwrap_or_default()
    }

    /// The same, as far as `experiment` may use it: what is right only with `allow_empty` is converted again without it, and
    /// refused.
    pub(super) fn read_for(experiment: &Experiment, folder: &Path) -> Self {
        let cache = Self::read(folder);
        let is_empty = cache.outcome.as_ref().is_some_and(|outcome| outcome.counts.samples == 0);
        if is_empty && !experiment.allow_empty { Self::default() } else { cache }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let text = toml::to_string(self).expect("a cache is tables of texts and counts");
        write_whole(&folder.join(Self::FILE), sealed(&text).as_bytes(), Durability::Atomic).map(drop)
    }

    pub(super) fn remove(folder: &Path) -> Result<(), StoreError> {
        remove_file(&folder.join(Self::FILE))
    }

    /// What each step wrote.
    pub(super) fn into_files(self) -> impl Iterator<Item = (String, String)> {
        self.stages.into_values().flat_map(|record| record.wrote)
    }

    /// Keeps what a step was made from, and what it wrote.
    pub(super) fn record(&mut self, step: Step, from: BTreeMap<String, String>, wrote: Files) {
        self.stages.insert(step.name().to_owned(), StageRecord { from, wrote });
    }

    /// The result and the record of a step that would be made from `from` now, if it is fresh.
    pub(super) fn reuse(
        &self,
        step: Step,
        from: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Option<(&ExperimentOutcome, &StageRecord)> {
        let is_fresh = self.assess(step, from, folder) == Staleness::Fresh;
        self.outcome.as_ref().zip(self.stages.get(step.name())).filter(|_| is_fresh)
    }

    /// Whether a step that is to be made from `from` has to run.
    fn assess(&self, step: Step, from: &BTreeMap<String, String>, folder: &Path) -> Staleness {
        let has_made = |outcome: &ExperimentOutcome| step.makes().iter().all(|stage| outcome.digest(*stage).is_some());
        let Some(last) = self.stages.get(step.name()).filter(|_| self.outcome.as_ref().is_some_and(has_made)) else {
            return Staleness::Stale("it has not run yet".to_owned());
        };
        if from.get(PROGRAM).is_none_or(String::is_empty) {
            return Staleness::Stale("the program cannot tell its own file".to_owned());
        }
        let names = from.keys().chain(last.from.keys());
        if let Some(name) = names.into_iter().find(|name| from.get(*name) != last.from.get(*name)) {
            return Staleness::Stale(format!("the {name} has changed"));
        }
        for (name, digest) in &last.wrote {
            match file_digest(&folder.join(name)) {
                Ok(found) if found.sha256 == *digest => {}
                Ok(_) => return Staleness::Stale(format!("its `{name}` is not what it wrote")),
                Err(_) => return Staleness::Stale(format!("its `{name}` is gone")),
            }
        }
        Staleness::Fresh
    }

    /// Whether each of `steps` has to run, if the stages are those of `now`. Those that a step would make anew are not known
    /// yet.
    fn assess_steps(
        &self,
        steps: &[Step],
        surroundings: &Surroundings,
        now: &ExperimentOutcome,
        folder: &Path,
    ) -> Vec<(Step, Staleness)> {
        let mut assessed: Vec<(Step, Staleness)> = Vec::new();
        for step in steps {
            let stale = assessed.iter().filter(|(_, staleness)| *staleness != Staleness::Fresh);
            let unknown = stale.flat_map(|(stale, _)| stale.makes()).find(|made| step.reads().contains(made));
            let staleness = match (self.assess(*step, &surroundings.add_stages(*step, now), folder), unknown) {
                (Staleness::Fresh, Some(stage)) => Staleness::Stale(format!("unless the {stage} stays the same")),
                (staleness, _) => staleness,
            };
            assessed.push((*step, staleness));
        }
        assessed
    }
}

/// What every step is made from besides stages of the chain, by name.
pub(super) struct Surroundings(BTreeMap<String, String>);

impl Surroundings {
    /// Of a result whose parameters are filled in, and whose samples get a label.
    ///
    /// The label is in the digest of the stream, and not in the bytes of the tape. The libm decides what an evaluation
    /// generates for other seeds, too.
    pub(super) fn new(outcome: &ExperimentOutcome, label: String) -> Self {
        let mut names = BTreeMap::from([(PROGRAM.to_owned(), program()), ("label".to_owned(), label)]);
        names.extend(outcome.libm.clone().map(|libm| ("libm".to_owned(), libm)));
        Self(names)
    }

    /// All that a step is made from where the stages that it reads are those of `outcome`.
    pub(super) fn add_stages(&self, step: Step, outcome: &ExperimentOutcome) -> BTreeMap<String, String> {
        let digest = |stage: Stage| Some((stage.name().to_owned(), outcome.digest(stage)?.to_owned()));
        self.0.clone().into_iter().chain(step.reads().into_iter().filter_map(digest)).collect()
    }
}

/// The name of the program among what a step is made from.
const PROGRAM: &str = "program";

/// SHA-256 of the program's own file; nothing where it cannot be told, and then no step is skipped.
pub(super) fn program() -> String {
    program_digest().unwrap_or_default().to_owned()
}

/// Whether running an experiment now would skip each of its steps, and why it would run the others.
///
/// # Errors
/// When its input cannot be read.
pub(super) fn assess_experiment(
    project: &Project,
    experiment: &Experiment,
) -> Result<Vec<(Step, Staleness)>, ExperimentError> {
    let folder = project.out(&experiment.name);
    let last = StageCache::read_for(experiment, &folder);
    let mut now = read_parameters(project, experiment)?;
    let surroundings = Surroundings::new(&now, experiment.source.label_samples(project)?);
    now.set(Stage::Input, experiment.source.hash_input(project)?);
    // A step that is skipped makes what it made.
    for (stage, digest) in last.outcome.iter().flat_map(ExperimentOutcome::made_stages) {
        now.set(stage, digest.to_owned());
    }
    Ok(last.assess_steps(&Step::select(experiment), &surroundings, &now, &folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A result with a digest for each stage, but `other` for one of them.
    fn outcome(changed: Option<Stage>) -> ExperimentOutcome {
        let mut outcome = ExperimentOutcome::default();
        for stage in Stage::ALL {
            let digest = if changed == Some(*stage) { "other".to_owned() } else { format!("that of {stage}") };
            outcome.set(*stage, digest);
        }
        outcome
    }

    fn surroundings(changed: Option<&str>) -> Surroundings {
        let value = |name: &str| if changed == Some(name) { "other" } else { "as it was" }.to_owned();
        Surroundings([PROGRAM, "label", "libm"].map(|name| (name.to_owned(), value(name))).into())
    }

    /// The cache after a run in which every step ran.
    fn cache() -> StageCache {
        let mut cache = StageCache { outcome: Some(outcome(None)), ..StageCache::default() };
        for step in Step::ALL {
            cache.record(*step, surroundings(None).add_stages(*step, &outcome(None)), Files::new());
        }
        cache
    }

    /// The steps that have to run.
    fn stale(cache: &StageCache, surroundings: &Surroundings, now: &ExperimentOutcome) -> Vec<Step> {
        let assessed = cache.assess_steps(Step::ALL, surroundings, now, Path::new("nowhere"));
        assessed.into_iter().filter(|(_, staleness)| *staleness != Staleness::Fresh).map(|(step, _)| step).collect()
    }

    #[test]
    fn a_changed_stage_makes_exactly_those_steps_stale_whose_stages_are_made_from_it() {
        use Step::{Convert, Evaluate, Replay};
        assert_eq!(stale(&cache(), &surroundings(None), &outcome(None)), []);
        for stage in Stage::ALL.iter().copied() {
            let found = stale(&cache(), &surroundings(None), &outcome(Some(stage)));
            let expected: &[Step] = match stage {
                Stage::Input | Stage::Options => &[Convert, Replay, Evaluate],
                Stage::Tape | Stage::Grammar => &[Replay, Evaluate],
                Stage::Evaluation => &[Evaluate],
                // They never leave the steps that make them, and are what the stages before them decide.
                Stage::Stream | Stage::Episodes | Stage::Tables => &[],
            };
            assert_eq!(found, expected, "{stage}");
            if stage.is_kept() {
                let is_made_from_it = |step: &Step| step.makes().iter().any(|made| made.is_made_from(stage));
                let by_chain: Vec<Step> = Step::ALL.iter().copied().filter(is_made_from_it).collect();
                assert_eq!(found, by_chain, "{stage}");
            }
        }
    }

    #[test]
    fn a_stage_that_was_not_there_before_or_is_not_there_now_has_changed() {
        let mut now = outcome(None);
        now.stages.remove(Stage::Evaluation.name());
        assert_eq!(stale(&cache(), &surroundings(None), &now), [Step::Evaluate]);
        let mut before = cache();
        before.record(Step::Replay, surroundings(None).0, Files::new());
        assert_eq!(stale(&before, &surroundings(None), &outcome(None)), [Step::Replay]);
    }

    #[test]
    fn the_program_the_label_and_the_libm_make_every_step_stale() {
        for name in [PROGRAM, "label", "libm"] {
            assert_eq!(stale(&cache(), &surroundings(Some(name)), &outcome(None)), Step::ALL, "{name}");
        }
        let unknown = Surroundings(BTreeMap::from([(PROGRAM.to_owned(), String::new())]));
        assert_eq!(stale(&cache(), &unknown, &outcome(None)), Step::ALL);
    }

    #[test]
    fn reasons_name_what_has_changed_and_what_is_not_known_yet() {
        let assess = |now: &ExperimentOutcome| {
            cache().assess_steps(Step::ALL, &surroundings(None), now, Path::new("nowhere")).into_iter()
        };
        let reasons: Vec<Staleness> = assess(&outcome(Some(Stage::Input))).map(|(_, staleness)| staleness).collect();
        let unless = Staleness::Stale("unless the tape stays the same".to_owned());
        assert_eq!(reasons, [Staleness::Stale("the input has changed".to_owned()), unless.clone(), unless]);
        let (_, reason) = assess(&outcome(Some(Stage::Grammar))).nth(1).unwrap();
        assert_eq!(reason, Staleness::Stale("the grammar has changed".to_owned()));
    }

    #[test]
    fn a_step_without_a_whole_result_has_not_run() {
        for missing in [Stage::Tape, Stage::Episodes, Stage::Tables] {
            let mut cache = cache();
            cache.outcome.as_mut().unwrap().stages.remove(missing.name());
            let maker: Vec<Step> = Step::ALL.iter().copied().filter(|step| step.makes().contains(&missing)).collect();
            let folder = Path::new("nowhere");
            for step in maker {
                let from = surroundings(None).add_stages(step, &outcome(None));
                assert_eq!(cache.reuse(step, &from, folder), None, "{missing}");
            }
        }
    }

    #[test]
    fn the_file_of_the_cache_keeps_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        cache().write(folder.path()).unwrap();
        assert_eq!(StageCache::read(folder.path()), cache());
        let text = std::fs::read_to_string(folder.path().join(".stages.toml")).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let stages = table["stages"].as_table().unwrap();
        let keys = |step: &str| -> Vec<String> { stages[step]["from"].as_table().unwrap().keys().cloned().collect() };
        assert_eq!(keys("convert"), ["input", "label", "libm", "options", "program"]);
        assert_eq!(keys("replay"), ["grammar", "label", "libm", "program", "tape"]);
        assert_eq!(keys("evaluate"), ["evaluation", "grammar", "label", "libm", "options", "program", "tape"]);
        std::fs::write(folder.path().join(".stages.toml"), text.replace("that of tape", "that of tapf")).unwrap();
        assert_eq!(StageCache::read(folder.path()), StageCache::default());
    }
}
