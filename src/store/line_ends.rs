use std::path::Path;

use sha2::{Digest, Sha256};

use super::read_small;

/// What to do about a file of which [`line_ends_rewritten`] is true: the end of an error that begins with the file.
pub const LINE_ENDS_REMEDY: &str = "git rewrote its line ends; add the line `* -text` to `.gitattributes`, commit it, and check the \
    files out again (`git rm --cached -rq . && git reset --hard`)";

/// Whether a file is the one with this SHA-256 but for its line ends: CRLF where it had LF, as `core.autocrlf` makes them.
#[must_use]
pub fn line_ends_rewritten(path: &Path, sha256: &str) -> bool {
    let Ok(bytes) = read_small(path) else { return false };
    let mut hasher = Sha256::new();
    let mut rest = bytes.as_slice();
    let mut rewritten = false;
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        hasher.update(&rest[..at]);
        hasher.update(b"\n");
        rest = &rest[at + 2..];
        rewritten = true;
    }
    hasher.update(rest);
    rewritten && hex::encode(hasher.finalize()) == sha256
}
