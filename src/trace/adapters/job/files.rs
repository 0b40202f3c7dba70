//! The files of a folder of plans.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::problem::JobProblem;
use crate::diagnostics::Place;
use crate::store::{InputDigest, StoreError, file_digest};
use crate::trace::TraceError;

/// Folders below the one that is given; `QUERY/run1/plan.json` is one more than anybody has.
const DEEPEST: usize = 3;

/// A folder's files by what they are.
#[derive(Default)]
pub(super) struct PlanFiles {
    /// Those with plans, relative to the folder, in order of name.
    pub(super) plans: Vec<PathBuf>,
    /// The names of all others, which are not looked at.
    pub(super) others: Vec<String>,
}

/// Whether a folder has plans in it: else its files are those of a table.
///
/// # Errors
/// When it cannot be read.
pub(super) fn has_plans_in(folder: &Path) -> Result<bool, TraceError> {
    let mut files = PlanFiles::default();
    walk(folder, Path::new(""), 0, &mut files)?;
    Ok(!files.plans.is_empty())
}

/// All files below a folder.
///
/// # Errors
/// When one cannot be read, or there are none with plans.
pub(super) fn list(folder: &Path) -> Result<PlanFiles, TraceError> {
    let mut files = PlanFiles::default();
    walk(folder, Path::new(""), 0, &mut files)?;
    // By the bytes of their names, on any system.
    files.plans.sort_by_key(|path| slashed(path));
    files.others.sort();
    if files.plans.is_empty() {
        let problem = JobProblem::NoPlans { other: files.others.first().cloned() };
        return Err(TraceError::format(Place::file(folder), problem));
    }
    Ok(files)
}

fn walk(folder: &Path, below: &Path, depth: usize, files: &mut PlanFiles) -> Result<(), TraceError> {
    let here = folder.join(below);
    for entry in fs::read_dir(&here).map_err(StoreError::read(&here))? {
        let entry = entry.map_err(StoreError::read(&here))?;
        let path = below.join(entry.file_name());
        let is_folder = entry.file_type().map_err(StoreError::read(&here))?.is_dir();
        if is_folder && depth < DEEPEST {
            walk(folder, &path, depth + 1, files)?;
        } else if !is_folder && has_plans(&path) {
            files.plans.push(path);
        } else {
            files.others.push(slashed(&path));
        }
    }
    Ok(())
}

fn has_plans(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && super::names::stem(&name).is_some()
}

/// A path with `/` between its parts.
pub(super) fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// SHA-256 over a line `DIGEST NAME` for each file: its name says which query it is of.
pub(super) fn digest(folder: &Path) -> Result<InputDigest, TraceError> {
    let files = list(folder)?.plans;
    let digests = files.iter().map(|path| Ok((slashed(path), file_digest(&folder.join(path))?)));
    Ok(joined(&digests.collect::<Result<Vec<_>, TraceError>>()?))
}

/// That of files with the digests that they have.
pub(super) fn joined(files: &[(String, InputDigest)]) -> InputDigest {
    let text: String = files.iter().map(|(name, digest)| format!("{} {name}\n", digest.sha256)).collect();
    let bytes = files.iter().map(|(_, digest)| digest.bytes).sum();
    InputDigest { sha256: hex::encode(Sha256::digest(text)), bytes }
}
