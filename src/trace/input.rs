use std::io::Read;
use std::path::Path;

use super::TraceError;
use crate::diagnostics::Place;
use crate::store::{Input, Key};

/// A trace that an adapter is to convert: a file, or bytes from anywhere.
pub struct Trace<'a> {
    path: &'a Path,
    bytes: Option<Box<dyn Read + Send + 'a>>,
    key: Option<&'a Key>,
}

impl<'a> Trace<'a> {
    /// The trace at `path`, whose manifests have to be signed by `key` if there is one.
    pub(super) fn file(path: &'a Path, key: Option<&'a Key>) -> Self {
        Self { path, bytes: None, key }
    }

    /// The trace that `reader` gives; errors and the stream's label call it `name`.
    pub(super) fn reader(reader: impl Read + Send + 'a, name: &'a Path) -> Self {
        Self { path: name, bytes: Some(Box::new(reader)), key: None }
    }

    /// Its bytes, decompressed if the name says that they are compressed, and hashed on the way if `digest` says so.
    ///
    /// # Errors
    /// When it is a file that cannot be opened.
    pub fn open(self, digest: bool) -> Result<Input<'a>, TraceError> {
        Ok(match self.bytes {
            Some(bytes) => Input::new(bytes, self.path, digest)?,
            None => Input::open(self.path, digest)?,
        })
    }

    /// Where its parts and their manifests stand.
    ///
    /// # Errors
    /// When it is no file.
    pub fn recording(&self) -> Result<&'a Path, TraceError> {
        match self.bytes {
            None => Ok(self.path),
            Some(_) => Err(TraceError::Malformed {
                place: Place::file(self.path),
                problem: "a recording is read from its files, each with its manifest beside it; give their path"
                    .to_owned(),
            }),
        }
    }

    /// What its manifests have to be signed by.
    #[must_use]
    pub fn key(&self) -> Option<&'a Key> {
        self.key
    }
}
