use std::fs;

use super::compare::{self, check_tables};
use super::outcome::Outcome;
use super::run::{input_digest, parameters};
use super::{Experiment, ExperimentError, Project};
use crate::store::{Durability, Place, StoreError, remove_file, write_whole};

/// What accepting an experiment's last result did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The experiment.
    pub name: String,
    /// Whether the expected result is another now.
    pub changed: bool,
}

/// Expected results that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// Expected results are never written by CI.
    #[error(
        "expected results are not accepted by CI (the environment variable CI is set); run `telltape accept` yourself and commit `results/`"
    )]
    InCi,
    /// The experiment has not been run, or not since it was changed.
    #[error("{place}: {problem}; run `telltape run {name}` first")]
    Stale {
        /// The last result.
        place: Place,
        /// What is wrong with it.
        problem: &'static str,
        /// The experiment.
        name: String,
    },
    /// The last or the expected result cannot be read or written.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
}

impl From<StoreError> for AcceptError {
    fn from(error: StoreError) -> Self {
        Self::Experiment(error.into())
    }
}

/// Whether a result was made with the options, the grammar and the evaluation that the experiment asks for now.
///
/// # Errors
/// When windows that it names cannot be read.
pub fn is_current(project: &Project, experiment: &Experiment, last: &Outcome) -> Result<bool, ExperimentError> {
    let now = parameters(project, experiment)?;
    Ok((&now.options, &now.grammar, &now.evaluation) == (&last.options, &last.grammar, &last.evaluation))
}

/// Makes the last result of an experiment the expected one: digests and tables, each synced, digests last.
///
/// # Errors
/// When `in_ci`, when there is no result of the experiment as it stands now, or when files cannot be read or written.
pub fn accept(project: &Project, experiment: &Experiment, in_ci: bool) -> Result<Accepted, AcceptError> {
    if in_ci {
        return Err(AcceptError::InCi);
    }
    let name = &experiment.name;
    let (out, results) = (project.out(name), project.results(name));
    let path = out.join("digests.toml");
    let stale = |problem| AcceptError::Stale { place: Place::file(&path), problem, name: name.clone() };
    let last = Outcome::read(&path)?.ok_or_else(|| stale("there is no result"))?;
    if !is_current(project, experiment, &last)? {
        return Err(stale("the experiment has changed since its last run"));
    }
    if last.stages.get("input") != Some(&input_digest(project, &experiment.source)?) {
        return Err(stale("its input has changed since its last run"));
    }
    check_tables(&out, &path, &last)?;
    let expected_path = results.join("expected.toml");
    // An expected result that cannot be read is replaced: that is what accepting is for.
    let before = Outcome::read(&expected_path).unwrap_or_default();
    for table in last.tables.keys() {
        let from = out.join(table);
        let bytes = fs::read(&from).map_err(StoreError::read(&from))?;
        write_whole(&results.join(table), &bytes, Durability::Synced)?;
    }
    last.write(&expected_path, Durability::Synced)?;
    // Not by what stood in the one before: it may have been replaced by a run that was killed here.
    for entry in fs::read_dir(&results).map_err(StoreError::read(&results))? {
        let path = entry.map_err(StoreError::read(&results))?.path();
        let is_table = path.extension().is_some_and(|ending| ending == "csv");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_table && !last.tables.contains_key(&*name) {
            remove_file(&path)?;
        }
    }
    let changed = compare::verdict(&last, before.as_ref()) != compare::Verdict::Same;
    Ok(Accepted { name: name.clone(), changed })
}
