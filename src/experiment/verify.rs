use std::path::{Path, PathBuf};

use super::{ExperimentError, Outcome, compare};
use crate::store::Place;

/// The file in a results folder that says what result it is: of an accepted one, or of a run.
#[must_use]
pub fn result_file(folder: &Path) -> Option<PathBuf> {
    ["expected.toml", "digests.toml"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
}

/// Reads the result in a folder, and checks that its tables are those that it names.
///
/// # Errors
/// When there is none, or it is not what it says.
pub fn verify_result(folder: &Path) -> Result<Outcome, ExperimentError> {
    let none = || ExperimentError::Result {
        place: Place::file(folder),
        problem: "there is no `expected.toml` or `digests.toml` in it; give the folder of one result".to_owned(),
    };
    let path = result_file(folder).ok_or_else(none)?;
    let outcome = Outcome::read(&path)?.ok_or_else(none)?;
    compare::check_tables(folder, &path, &outcome)?;
    Ok(outcome)
}
