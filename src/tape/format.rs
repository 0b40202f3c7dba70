//! The version of the tape format, and where its parts stand.

use std::path::{Path, PathBuf};

/// The format that this program writes, kept in the manifest as `format`.
///
/// Log of versions:
///
/// * 1 (telltape 0.1.0): lines `{"t":…,"class":…,"value":…,"channel":…}` with numbers as in
///   [`crate::residual::number::write_tape`]; SHA-256 over the whole file. A manifest without `format` is read as this
///   version: tapes of the published system are.
///
/// A reader refuses a higher version than its own. Adding keys to the manifest does not raise the version, because
/// readers ignore keys that they do not know; changing any byte of a line does.
pub const FORMAT: u32 = 1;

/// What is appended to a tape's file name for its manifest.
pub const MANIFEST_ENDING: &str = ".hash";

/// Where the manifest of the tape at `tape` stands.
#[must_use]
pub fn manifest_path(tape: &Path) -> PathBuf {
    let mut name = tape.as_os_str().to_owned();
    name.push(MANIFEST_ENDING);
    PathBuf::from(name)
}
