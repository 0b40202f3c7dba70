use std::fs;
use std::path::PathBuf;

use super::compare::{self, check_tables};
use super::outcome::ExperimentOutcome;
use super::ownership::{list_foreign, remove_listed};
use super::{Experiment, ExperimentError, Project, last_result};
use crate::diagnostics::{Diagnose, FailureKind, Place};
use crate::store::{Durability, OutputKind, StoreError, write_over};

/// What accepting an experiment's last result did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The experiment.
    pub name: String,
    /// Whether the expected result is another now.
    pub changed: bool,
    /// Files beside it that no result lists. They are kept.
    pub foreign: Vec<PathBuf>,
    /// The signature of the expected result before, if there is one: it is not of this one.
    pub old_signature: Option<PathBuf>,
}

/// Expected results that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// Expected results are never written by CI.
    #[error(
        "expected results are not accepted by CI (the environment variable CI is set); run `telltape accept` yourself and commit `results/`"
    )]
    InCi,
    /// The folder of the expected result is a link.
    #[error("`{folder}` is a link, and what it leads to is not telltape's to change; make it a folder")]
    Link {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no result of the experiment as it stands now, or the last or the expected one cannot be read or written.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
}

impl Diagnose for AcceptError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::InCi => FailureKind::Ci,
            Self::Link { .. } => FailureKind::Exists,
            Self::Experiment(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::InCi => None,
            Self::Link { folder } => Some(Place::file(folder)),
            Self::Experiment(error) => error.place(),
        }
    }
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
    let path = out.join(ExperimentOutcome::LAST_FILE);
    let last = last_result(project, experiment)?;
    check_tables(&out, &path, &last)?;
    if fs::symlink_metadata(&results).is_ok_and(|found| found.is_symlink()) {
        return Err(AcceptError::Link { folder: results });
    }
    let expected_path = results.join(ExperimentOutcome::EXPECTED_FILE);
    // An expected result that cannot be read is replaced: that is what accepting is for.
    let before = ExperimentOutcome::read(&expected_path).unwrap_or_default();
    for table in last.tables.keys() {
        let from = out.join(table);
        let bytes = fs::read(&from).map_err(StoreError::read(&from))?;
        let to = results.join(table);
        let is_listed = before.as_ref().is_some_and(|before| before.tables.contains_key(table));
        let kind = if is_listed { OutputKind::Own } else { OutputKind::table(&bytes) };
        write_over(&to, &bytes, Durability::Synced, kind)?;
    }
    // While the result that lists them is there: a run that is killed here leaves it to do again.
    for (table, sha256) in before.iter().flat_map(|before| &before.tables) {
        if !last.tables.contains_key(table) {
            remove_listed(&results.join(table), sha256)?;
        }
    }
    let text_before = fs::read(&expected_path).ok();
    last.write_expected(&expected_path)?;
    let signature = results.join(format!("{}.minisig", ExperimentOutcome::EXPECTED_FILE));
    let is_old = signature.exists() && fs::read(&expected_path).ok() != text_before;
    let is_named_otherwise =
        before.as_ref().and_then(|before| before.experiment.as_ref()).is_some_and(|named| named != name);
    let changed = is_named_otherwise || compare::decide_verdict(&last, before.as_ref()) != compare::Verdict::Same;
    Ok(Accepted {
        name: name.clone(),
        changed,
        foreign: list_foreign(project, name),
        old_signature: is_old.then_some(signature),
    })
}
