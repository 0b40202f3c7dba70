use std::path::{Path, PathBuf};

use super::{ExperimentError, Outcome, compare};
use crate::store::{Key, Place, StoreError};

/// The file in a results folder that says what result it is: of an accepted one, or of a run.
#[must_use]
pub fn result_file(folder: &Path) -> Option<PathBuf> {
    ["expected.toml", "digests.toml"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
}

/// Reads the result in a folder, and checks that its tables are those that it names.
///
/// # Errors
/// When there is none, it is not what it says, or it is one of no samples where that is not allowed.
pub fn verify_result(folder: &Path) -> Result<Outcome, ExperimentError> {
    verify_result_signed(folder, None)
}

/// As [`verify_result`], and with a key it has to be signed by it, as the result of the experiment that the folder is named after.
///
/// # Errors
/// As [`verify_result`], and when it is not signed.
pub fn verify_result_signed(folder: &Path, key: Option<&Key>) -> Result<Outcome, ExperimentError> {
    let none = || ExperimentError::Result {
        place: Place::file(folder),
        problem: "there is no `expected.toml` or `digests.toml` in it; give the folder of one result".to_owned(),
    };
    let path = result_file(folder).ok_or_else(none)?;
    // Links are not followed: what stands in the place of an experiment is taken for its result.
    let whole = std::path::absolute(folder).map_err(StoreError::read(folder))?;
    let experiment = whole.file_name().unwrap_or_default().to_string_lossy();
    let outcome = Outcome::read_signed(&path, &experiment, key)?.ok_or_else(none)?;
    compare::check_tables(folder, &path, &outcome)?;
    compare::check_samples(&path, &outcome)?;
    Ok(outcome)
}
