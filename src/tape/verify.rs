use std::path::Path;

use super::recording::{RecordingDigest, RecordingManifest, read_recording_from};
use super::{Tape, TapeError, manifest_path, reader};
use crate::store::{VerifyingKey, read_small};

/// What a file is that is what its manifest says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verified {
    /// A tape.
    Tape(Box<Tape>),
    /// A recording, with all its parts.
    Recording(RecordingDigest),
}

/// Reads a tape or a recording, whichever its manifest says, and checks it; with a key also that manifests are signed by it.
///
/// The manifest is read once: what says what the file is, what is held against the key, and what the file is compared
/// with are the same bytes.
///
/// # Errors
/// As [`super::read_signed`] and [`super::recording::read_recording_signed`].
pub fn verify(path: &Path, key: Option<&VerifyingKey>) -> Result<Verified, TapeError> {
    let at = RecordingManifest::path(path);
    let manifest = read_small(&at);
    if manifest.as_ref().is_ok_and(|bytes| RecordingManifest::is_one(bytes)) {
        return read_recording_from(path, manifest, key, |_, _| Ok(())).map(Verified::Recording);
    }
    let tape = if at == manifest_path(path) {
        reader::read_from(path, || manifest, key)
    } else {
        // No tape is compressed; a file of such a name has its own manifest.
        super::read_signed(path, key)
    };
    tape.map(|tape| Verified::Tape(Box::new(tape)))
}
