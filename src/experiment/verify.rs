use std::path::{Path, PathBuf};

use super::{ExperimentError, ExperimentOutcome, Project, ResultProblem, compare};
use crate::store::{StoreError, VerifyingKey, line_ends_rewritten};

/// The file in a results folder that says what result it is: of an accepted one, or of a run.
#[must_use]
pub fn result_file(folder: &Path) -> Option<PathBuf> {
    [ExperimentOutcome::EXPECTED_FILE, ExperimentOutcome::LAST_FILE]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.is_file())
}

/// Tables of accepted results that are theirs but for their line ends, which git rewrote; in order of their paths.
#[must_use]
pub fn rewritten_tables(project: &Project) -> Vec<PathBuf> {
    let results = project.root().join("results");
    let folders = std::fs::read_dir(results).into_iter().flatten().flatten().map(|entry| entry.path());
    let tables = folders.flat_map(|folder| {
        // An expected result that cannot be read is for others to report.
        let expected = ExperimentOutcome::read(&folder.join(ExperimentOutcome::EXPECTED_FILE)).ok().flatten();
        let tables = expected.map(|expected| expected.tables).unwrap_or_default();
        tables.into_iter().map(move |(name, sha256)| (folder.join(name), sha256))
    });
    let mut rewritten: Vec<PathBuf> =
        tables.filter(|(path, sha256)| line_ends_rewritten(path, sha256)).map(|(path, _)| path).collect();
    rewritten.sort();
    rewritten
}

/// Reads the result in a folder, and checks that its tables are those that it names.
///
/// # Errors
/// When there is none, it is not what it says, or it is one of no samples where that is not allowed.
pub fn verify_result(folder: &Path) -> Result<ExperimentOutcome, ExperimentError> {
    verify_result_signed(folder, None)
}

/// As [`verify_result`], and with a key it has to be signed by it, as the result of the experiment that the folder is named after.
///
/// # Errors
/// As [`verify_result`], and when it is not signed.
pub fn verify_result_signed(folder: &Path, key: Option<&VerifyingKey>) -> Result<ExperimentOutcome, ExperimentError> {
    let none = || ResultProblem::NotThere.with_path(folder);
    let path = result_file(folder).ok_or_else(none)?;
    // Links are not followed: what stands in the place of an experiment is taken for its result.
    let whole = std::path::absolute(folder).map_err(StoreError::read(folder))?;
    let experiment = whole.file_name().unwrap_or_default().to_string_lossy();
    // A folder of a result may be called anything where nobody asks whose it is.
    let read = match key {
        Some(_) => ExperimentOutcome::read_result_of(&experiment, &path, key),
        None => ExperimentOutcome::read(&path),
    };
    let outcome = read?.ok_or_else(none)?;
    compare::check_tables(folder, &path, &outcome)?;
    compare::check_samples(&path, &outcome)?;
    Ok(outcome)
}
