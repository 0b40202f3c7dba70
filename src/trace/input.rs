//! What an adapter is given to convert: a file, several files, or bytes from anywhere.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::TraceError;
use super::problem::FilesProblem;
use super::read::{Wanted, binary};
use crate::diagnostics::Place;
use crate::store::{Input, InputDigest, StoreError, VerifyingKey, file_digest};
#[cfg(feature = "experiment")]
use crate::store::{glob, is_glob};

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 600;

/// A trace that an adapter is to convert: a file, several of them, or bytes from anywhere.
pub struct Trace<'a> {
    path: &'a Path,
    bytes: Option<Box<dyn Read + Send + 'a>>,
    key: Option<&'a VerifyingKey>,
}

/// The files of a table, in their order.
pub(crate) struct Inputs<'a> {
    /// What users call it: a file, a folder or a glob.
    pub(super) name: PathBuf,
    pub(super) first: Input<'a>,
    pub(super) rest: Vec<PathBuf>,
    /// Whether they are hashed.
    pub(super) digest: bool,
}

impl<'a> From<Input<'a>> for Inputs<'a> {
    /// One file alone.
    fn from(first: Input<'a>) -> Self {
        Self { name: first.path().to_path_buf(), first, rest: Vec::new(), digest: false }
    }
}

impl<'a> Inputs<'a> {
    /// What users call them.
    pub(crate) fn path(&self) -> &Path {
        &self.name
    }

    /// The first bytes of the first file, which stay to be read.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], TraceError> {
        Ok(self.first.peek(count)?)
    }

    /// The one file that there is.
    ///
    /// # Errors
    /// When there are several.
    pub(crate) fn single(self) -> Result<Input<'a>, TraceError> {
        match self.rest.first() {
            None => Ok(self.first),
            Some(second) => Err(wrong(
                &self.name,
                FilesProblem::Several { first: self.first.path().to_path_buf(), second: second.clone() },
            )),
        }
    }
}

impl<'a> Trace<'a> {
    /// The trace at `path`, whose manifests have to be signed by `key` if there is one.
    pub(super) fn file(path: &'a Path, key: Option<&'a VerifyingKey>) -> Self {
        Self { path, bytes: None, key }
    }

    /// The trace that `reader` gives; errors and the stream's label call it `name`.
    pub(super) fn reader(reader: impl Read + Send + 'a, name: &'a Path) -> Self {
        Self { path: name, bytes: Some(Box::new(reader)), key: None }
    }

    /// Its bytes, decompressed if the name says that they are compressed, and hashed on the way if `digest` says so.
    ///
    /// # Errors
    /// When it is no file that can be opened, or several files.
    pub fn open(self, digest: bool) -> Result<Input<'a>, TraceError> {
        self.open_all(digest)?.single()
    }

    /// As [`Trace::open`], of a table, which may be in several files.
    pub(crate) fn open_all(self, digest: bool) -> Result<Inputs<'a>, TraceError> {
        let name = self.path.to_path_buf();
        if let Some(bytes) = self.bytes {
            return Ok(Inputs { first: Input::new(bytes, self.path, digest)?, name, rest: Vec::new(), digest });
        }
        let mut files = files(self.path)?;
        let rest = files.split_off(1);
        Ok(Inputs { name, first: Input::open(&files[0], digest)?, rest, digest })
    }

    /// The folder that it is, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&'a Path> {
        (self.bytes.is_none() && self.path.is_dir()).then_some(self.path)
    }

    /// Where its parts and their manifests stand.
    ///
    /// # Errors
    /// When it is no file.
    pub fn recording(&self) -> Result<&'a Path, TraceError> {
        match self.bytes {
            None => {
                // Of what cannot be opened, who reads it says why.
                let head =
                    Input::open(self.path, false).and_then(|mut input| input.peek(HEAD_BYTES).map(<[u8]>::to_vec));
                match binary(&head.unwrap_or_default(), Wanted::Text) {
                    Some(problem) => Err(TraceError::format(Place::file(self.path), problem)),
                    None => Ok(self.path),
                }
            }
            Some(_) => Err(wrong(self.path, FilesProblem::NotFiles)),
        }
    }

    /// What its manifests have to be signed by.
    #[must_use]
    pub fn key(&self) -> Option<&'a VerifyingKey> {
        self.key
    }
}

/// The files of the trace at `path`, at least one, in order of name: a file, those of a folder, or what a glob matches.
///
/// # Errors
/// When there is none, or it cannot be found out.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, TraceError> {
    if path.is_dir() {
        return files_in(path);
    }
    #[cfg(feature = "experiment")]
    if is_glob(&path.to_string_lossy()) && fs::symlink_metadata(path).is_err() {
        return matches(path);
    }
    Ok(vec![path.to_path_buf()])
}

/// The files in a folder. Those that begin with `.` or `_` are notes that programs leave beside the parts of a table.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(StoreError::read(folder))? {
        let entry = entry.map_err(StoreError::read(folder))?;
        let is_note = entry.file_name().to_string_lossy().starts_with(['.', '_']);
        match entry.path().is_dir() {
            _ if is_note => {}
            true => {
                let (below, all) = (entry.path(), folder.join("**/*.parquet"));
                return Err(wrong(folder, FilesProblem::Nested { below, all }));
            }
            false => files.push(entry.path()),
        }
    }
    files.sort();
    if files.is_empty() { Err(none(folder, "there is no file in the folder")) } else { Ok(files) }
}

/// What a glob matches. What stands before its first wildcard is taken as it is: it may have one of the letters of a glob in it.
#[cfg(feature = "experiment")]
fn matches(path: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let folder = path.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.is_dir());
    let folder = folder.unwrap_or(Path::new(""));
    let pattern = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
    let found = glob(folder, &pattern).map_err(|error| match error {
        crate::store::GlobError::Store(error) => TraceError::from(error),
        pattern @ crate::store::GlobError::Pattern { .. } => wrong(path, FilesProblem::Glob(pattern.to_string())),
    })?;
    let found: Vec<PathBuf> =
        found.into_iter().map(|found| folder.join(found)).filter(|found| !found.is_dir()).collect();
    if found.is_empty() { Err(none(path, "no file matches it")) } else { Ok(found) }
}

fn wrong(path: &Path, problem: FilesProblem) -> TraceError {
    TraceError::Files { place: Place::file(path), problem: Box::new(problem) }
}

fn none(path: &Path, problem: &str) -> TraceError {
    StoreError::read(path)(io::Error::new(io::ErrorKind::NotFound, problem)).into()
}

/// The digest of the trace at `path`, as converting it gives it.
pub(super) fn digest(path: &Path) -> Result<InputDigest, TraceError> {
    let digests: Result<Vec<_>, _> = files(path)?.iter().map(|file| file_digest(file)).collect();
    Ok(InputDigest::of_list(&digests?))
}
