//! Which files of `results/` and of the folder of outputs telltape has written: those that a result lists. Only they are
//! removed, and links are not followed to elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::cache::{self, Memory};
use super::outcome::Outcome;
use super::{Experiment, Project};
use crate::store::{StoreError, file_digest, remove_file};
use crate::tape::manifest_path;

/// Files in the folder of an expected result that it does not list, in order of name. Signatures of those that it lists
/// belong to it.
#[must_use]
pub fn foreign(project: &Project, name: &str) -> Vec<PathBuf> {
    let folder = project.results(name);
    // One that cannot be read is an error of whoever compares with it.
    let Ok(Some(expected)) = Outcome::read(&folder.join("expected.toml")) else { return Vec::new() };
    let is_listed = |name: &str| name == "expected.toml" || expected.tables.contains_key(name);
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
        } else if kind.is_symlink() && listed(&folder)?.is_some() {
            collected.kept.push(folder);
        }
    }
    collected.removed.sort();
    collected.kept.sort();
    Ok(collected)
}

fn collect_folder(folder: &Path, collected: &mut Collected) -> Result<(), StoreError> {
    let Some(listed) = listed(folder)? else { return Ok(()) };
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
fn listed(folder: &Path) -> Result<Option<BTreeMap<String, String>>, StoreError> {
    let outcome = Outcome::read(&folder.join("digests.toml")).ok().flatten();
    let memory = Memory::read(folder);
    let from_memory = memory.stages.into_values().flat_map(|stage| stage.wrote);
    let from_outcomes = outcome.iter().chain(&memory.outcome).flat_map(|outcome| outcome.tables.clone());
    let mut listed: BTreeMap<String, String> = from_memory.chain(from_outcomes).collect();
    // A file of names may say any.
    listed.retain(|name, _| !name.contains(['/', '\\']) && name != "." && name != "..");
    if let Some(tape) = outcome.as_ref().and_then(|outcome| outcome.stages.get("tape")) {
        listed.insert("tape.jsonl".to_owned(), tape.clone());
        // It says nothing but what stands on the tape.
        let manifest = manifest_path(&folder.join("tape.jsonl"));
        if crate::tape::Manifest::read(&folder.join("tape.jsonl")).is_ok_and(|found| found.sha256 == *tape) {
            listed.insert("tape.jsonl.hash".to_owned(), file_digest(&manifest)?.sha256);
        }
    }
    if listed.is_empty() {
        return Ok(None);
    }
    let lists = [outcome.is_some().then_some("digests.toml"), Some(cache::FILE)];
    for name in lists.into_iter().flatten() {
        if let Ok(found) = file_digest(&folder.join(name)) {
            listed.insert(name.to_owned(), found.sha256);
        }
    }
    Ok(Some(listed))
}
