//! Which files of `results/` and of the folder of outputs telltape has written: those that a result lists. Only they are
//! removed, and links are not followed to elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::cache::StageCache;
use super::chain::Stage;
use super::outcome::ExperimentOutcome;
use super::step::TAPE_FILE;
use super::{Experiment, Project};
use crate::store::{StoreError, file_digest, remove_file};
use crate::tape::{Manifest, manifest_path};

/// Files in the folder of an expected result that it does not list, in order of name. Signatures of those that it lists
/// belong to it.
#[must_use]
pub fn list_foreign(project: &Project, name: &str) -> Vec<PathBuf> {
    let folder = project.results(name);
    // One that cannot be read is an error of whoever compares with it.
    let Ok(Some(expected)) = ExperimentOutcome::read(&folder.join(ExperimentOutcome::EXPECTED_FILE)) else {
        return Vec::new();
    };
    let is_listed = |name: &str| name == ExperimentOutcome::EXPECTED_FILE || expected.tables.contains_key(name);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut foreign: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !is_listed(name.strip_suffix(".minisig").unwrap_or(&name))
        })
        .map(|entry| entry.path())
        .collect();
    foreign.sort();
    foreign
}

/// Removes a file that a result lists with this SHA-256. One that has other bytes, or is a link, is kept. Whether it is
/// gone now.
pub(super) fn remove_listed(path: &Path, sha256: &str) -> Result<bool, StoreError> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(true) };
    if !found.is_file() || file_digest(path)?.sha256 != sha256 {
        return Ok(false);
    }
    remove_file(path).map(|()| true)
}

/// What `telltape cache gc` has removed, and what it has kept.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Collected {
    /// Folders of outputs whose experiments are no more.
    pub removed: Vec<PathBuf>,
    /// Bytes that were removed.
    pub bytes: u64,
    /// What stands in folders of outputs whose experiments are no more, and no result lists, or not with these bytes.
    pub kept: Vec<PathBuf>,
}

/// Removes the outputs of experiments that there are no more: the files that their last result lists, and the folder, if
/// nothing else is in it.
///
/// # Errors
/// When one cannot be read or removed.
pub fn collect(project: &Project, experiments: &[Experiment]) -> Result<Collected, StoreError> {
    let mut collected = Collected::default();
    let out = project.out("");
    let Ok(entries) = fs::read_dir(&out) else { return Ok(collected) };
    for entry in entries {
        let entry = entry.map_err(StoreError::read(&out))?;
        let (folder, name) = (entry.path(), entry.file_name());
        if experiments.iter().any(|experiment| *experiment.name == *name.to_string_lossy()) {
            continue;
        }
        let kind = entry.file_type().map_err(StoreError::read(&folder))?;
        if kind.is_dir() {
            collect_folder(&folder, &mut collected)?;
        } else if kind.is_symlink() && list_written(&folder)?.is_some() {
            collected.kept.push(folder);
        }
    }
    collected.removed.sort();
    collected.kept.sort();
    Ok(collected)
}

fn collect_folder(folder: &Path, collected: &mut Collected) -> Result<(), StoreError> {
    let Some(listed) = list_written(folder)? else { return Ok(()) };
    for (name, sha256) in &listed {
        let path = folder.join(name);
        let bytes = fs::symlink_metadata(&path).map_or(0, |found| found.len());
        if remove_listed(&path, sha256)? {
            collected.bytes += bytes;
        }
    }
    let entries = fs::read_dir(folder).map_err(StoreError::read(folder))?;
    let left: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(StoreError::read(folder))?;
    if left.is_empty() {
        fs::remove_dir(folder).map_err(StoreError::write(folder))?;
        collected.removed.push(folder.to_path_buf());
    }
    collected.kept.extend(left);
    Ok(())
}

/// The files that the last result in a folder lists, with their digests, and those that list them; `None` if there is no
/// result.
fn list_written(folder: &Path) -> Result<Option<BTreeMap<String, String>>, StoreError> {
    let outcome = ExperimentOutcome::read(&folder.join(ExperimentOutcome::LAST_FILE)).ok().flatten();
    let cache = StageCache::read(folder);
    let from_outcomes: Vec<_> =
        outcome.iter().chain(&cache.outcome).flat_map(|outcome| outcome.tables.clone()).collect();
    let mut listed: BTreeMap<String, String> = cache.into_files().chain(from_outcomes).collect();
    // A file of names may say any.
    listed.retain(|name, _| !name.contains(['/', '\\']) && name != "." && name != "..");
    if let Some(tape) = outcome.as_ref().and_then(|outcome| outcome.digest(Stage::Tape)) {
        let path = folder.join(TAPE_FILE);
        listed.insert(TAPE_FILE.to_owned(), tape.to_owned());
        // It says nothing but what stands on the tape.
        if Manifest::read(&path).is_ok_and(|found| found.sha256 == tape) {
            listed.insert(format!("{TAPE_FILE}.hash"), file_digest(&manifest_path(&path))?.sha256);
        }
    }
    if listed.is_empty() {
        return Ok(None);
    }
    let lists = [outcome.is_some().then_some(ExperimentOutcome::LAST_FILE), Some(StageCache::FILE)];
    for name in lists.into_iter().flatten() {
        if let Ok(found) = file_digest(&folder.join(name)) {
            listed.insert(name.to_owned(), found.sha256);
        }
    }
    Ok(Some(listed))
}
