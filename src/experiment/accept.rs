use std::fs;

use super::compare::{self, check_tables};
use super::outcome::Outcome;
use super::{Experiment, ExperimentError, Project, last_result};
use crate::store::{Durability, StoreError, remove_file, write_whole};

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
    /// There is no result of the experiment as it stands now, or the last or the expected one cannot be read or written.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
}

impl From<StoreError> for AcceptError {
    fn from(error: StoreError) -> Self {
        Self::Experiment(error.into())
    }
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
    let last = last_result(project, experiment)?;
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
