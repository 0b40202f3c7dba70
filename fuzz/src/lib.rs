//! What the targets share: files in a folder of the memory, sealed as a writer would.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use telltape::tape::{TapeWriter, manifest_path, read};

/// A folder for one process, in memory where there is one.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let shared = Path::new("/dev/shm");
    FOLDER.get_or_init(|| tempfile::tempdir_in(if shared.is_dir() { shared } else { Path::new(".") }).unwrap()).path()
}

/// Writes a file there.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Lowercase hex of the SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A sealed tape of these bytes, whatever they are.
pub fn tape(bytes: &[u8]) -> PathBuf {
    let path = file("tape.jsonl", bytes);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    let manifest = format!(r#"{{"sha256":"{}","sample_count":{lines},"source":"fuzz"}}"#, sha256(bytes));
    std::fs::write(manifest_path(&path), manifest).unwrap();
    path
}

/// Reads a tape; what is read can be written and read again, and is then the same.
pub fn round_trip(path: &Path) {
    let Ok(tape) = read(path) else { return };
    let again = folder().join("again.jsonl");
    let mut writer = TapeWriter::create(&again, tape.stream.source()).unwrap();
    writer.append_stream(&tape.stream).unwrap();
    writer.finalise(None).unwrap();
    let second = read(&again).unwrap();
    assert_eq!(second.stream.fingerprint(), tape.stream.fingerprint());
    assert_eq!(second.stream.len(), tape.stream.len());
}
