//! What may be overwritten. Every writer of a file passes here, before its work and again before the rename.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use super::{Input, Obstacle, StoreError};

/// Bytes of a file by which it is recognised.
const HEAD: u64 = 4096;

/// How the names of manifests and of unsealed parts end. Only their own writers may write such files.
const RESERVED: [&str; 3] = [".hash", ".part", ".minisig"];

/// What is about to be written. Only its like is replaced, and an empty file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind<'a> {
    /// A file of a folder that is telltape's own, such as `out/NAME`: its names are ours.
    Own,
    /// A manifest of a tape.
    Manifest,
    /// A manifest of a part of a recording. No other kind replaces one: the recording could not be verified any more.
    RecordingManifest,
    /// A file that begins like this.
    Like(&'a [u8]),
}

/// How every recording begins, sealed or not. None is ever overwritten.
pub const RECORDING: OutputKind<'static> = OutputKind::Like(RECORDING_START);

const RECORDING_START: &[u8] = b"{\"recording\":";

/// How every tape begins.
pub const TAPE: OutputKind<'static> = OutputKind::Like(b"{\"t\":");

/// How every table of episodes begins, whichever engine found them.
pub const EPISODES: OutputKind<'static> = OutputKind::Like(b"motif,channel,t_start,t_end,");

impl<'a> OutputKind<'a> {
    /// A table: files that have the same header.
    #[must_use]
    pub fn table(bytes: &'a [u8]) -> Self {
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        Self::Like(&bytes[..end.min(HEAD as usize)])
    }

    /// A text that says what it is: all up to and with the first `mark`.
    #[must_use]
    pub fn marked(bytes: &'a [u8], mark: &str) -> Self {
        let end = memchr::memmem::find(bytes, mark.as_bytes()).map_or(bytes.len(), |at| at + mark.len());
        Self::Like(&bytes[..end.min(HEAD as usize)])
    }
}

/// An error unless a file of this kind may be put at `path`.
///
/// A link there is fine: the rename replaces it, and nothing is written to where it leads.
///
/// # Errors
/// When the name is reserved, or something is there that is not telltape's to replace.
pub fn check(path: &Path, kind: OutputKind<'_>) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if matches!(kind, OutputKind::Like(_)) && RESERVED.iter().any(|ending| name.ends_with(ending)) {
        return Err(Obstacle::ReservedName.with_path(path));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(Obstacle::Folder.with_path(path)),
        // A rename would put a file in the place of a device or a pipe.
        Ok(found) if !found.is_file() => {
            return Err(Obstacle::Device.with_path(path));
        }
        Ok(found) if found.len() == 0 => return Ok(()),
        Ok(_) => {}
        Err(_) => return Ok(()),
    }
    // What cannot be read cannot be recognised, and is kept.
    let head = head(path).map_err(StoreError::read(path))?;
    if head.starts_with(RECORDING_START) {
        return Err(Obstacle::Recording.with_path(path));
    }
    let is_of_recording = name.ends_with(".hash") && is_recording_manifest(&head);
    if is_of_recording && kind != OutputKind::RecordingManifest {
        return Err(Obstacle::RecordingManifest.with_path(path));
    }
    let is_ours = match kind {
        OutputKind::Own => true,
        OutputKind::Manifest => is_manifest(&head),
        OutputKind::RecordingManifest => is_of_recording,
        OutputKind::Like(start) => head.starts_with(start) || (start.len() > head.len() && start.starts_with(&head)),
    };
    if is_ours {
        return Ok(());
    }
    Err(Obstacle::OtherKind.with_path(path))
}

/// Removes a file of this kind, if it is there. A link is removed, not what it leads to.
///
/// # Errors
/// When it is there and is not of the kind, or cannot be removed.
pub fn remove_if(path: &Path, is_ours: impl FnOnce(&[u8]) -> bool) -> Result<(), StoreError> {
    let Ok(found) = fs::symlink_metadata(path) else { return super::remove_file(path) };
    let ours =
        found.is_symlink() || (found.is_file() && (found.len() == 0 || head(path).is_ok_and(|head| is_ours(&head))));
    if ours {
        return super::remove_file(path);
    }
    Err(Obstacle::Foreign.with_path(path))
}

/// Opens a file that is written to in place, such as a part, for reading and appending, and makes it if need be.
///
/// # Errors
/// When it cannot be opened, or is a link, has a second name, or is no regular file: what is appended would go elsewhere.
pub fn open_in_place(path: &Path) -> Result<File, StoreError> {
    let check = |found: &Metadata| {
        if found.is_symlink() {
            Err(Obstacle::Link.with_path(path))
        } else if !found.is_file() {
            Err(Obstacle::DeviceInPlace.with_path(path))
        } else if names(found) > 1 {
            Err(Obstacle::HardLink.with_path(path))
        } else {
            Ok(())
        }
    };
    if let Ok(found) = fs::symlink_metadata(path) {
        check(&found)?;
    }
    let mut options = File::options();
    options.read(true).append(true).create(true);
    no_follow(&mut options);
    let file = options.open(path).map_err(StoreError::write(path))?;
    check(&file.metadata().map_err(StoreError::write(path))?)?;
    Ok(file)
}

/// Makes opening a link an error.
#[cfg(unix)]
pub(super) fn no_follow(options: &mut fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
}

#[cfg(not(unix))]
pub(super) fn no_follow(_: &mut fs::OpenOptions) {}

#[cfg(unix)]
fn names(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a text begins as manifests do, the published system's included.
fn is_manifest(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"{") && memchr::memmem::find(head, b"\"sha256\"").is_some()
}

/// Whether a text begins as manifests of recordings do: they say in which format the recording is.
fn is_recording_manifest(head: &[u8]) -> bool {
    const KEY: &[u8] = b"\"recording\"";
    let is_key = |at: usize| head[at + KEY.len()..].trim_ascii_start().starts_with(b":");
    is_manifest(head) && memchr::memmem::find_iter(head, KEY).any(is_key)
}

/// Whether the file at `path` begins as recordings do, compressed or not.
#[must_use]
pub fn begins_as_recording(path: &Path) -> bool {
    let mut start = Vec::new();
    let is_read = |input: Input<'_>| input.take(RECORDING_START.len() as u64).read_to_end(&mut start).is_ok();
    path.is_file() && Input::open(path, false).is_ok_and(is_read) && start == RECORDING_START
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_like_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let table = OutputKind::table(b"a,b\n1,2\n");
        let tape = "{\"t\":1,\"class\"";
        let cases = [
            ("", TAPE, true),
            (tape, TAPE, true),
            ("{\"recording\":1,", TAPE, false),
            ("{\"recording\":1,", OutputKind::Own, false),
            ("notes", TAPE, false),
            ("notes", OutputKind::Own, true),
            ("{\n  \"sha256\": \"", OutputKind::Manifest, true),
            ("{\"sha256\":\"", OutputKind::Manifest, true),
            ("0123  x\n", OutputKind::Manifest, false),
            ("a,b\n3,4\n", table, true),
            ("a,b,c\n", table, false),
            (tape, table, false),
            ("motif,channel,t_start,t_end,peak\n", EPISODES, true),
            ("motif,channel,t_start,t_end\n", EPISODES, false),
            ("<title>other", OutputKind::marked(b"<title>ours</title>", "ours"), false),
            ("<title>ours, older", OutputKind::marked(b"<title>ours</title>", "ours"), true),
        ];
        for (there, kind, expected) in cases {
            fs::write(&path, there).unwrap();
            assert_eq!(check(&path, kind).is_ok(), expected, "{there:?} {kind:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
        }
    }

    #[test]
    fn the_manifest_of_a_recording_is_replaced_by_that_of_a_recording_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl.hash");
        let of_tape = "{\n  \"sha256\": \"ab\",\n  \"source\": \"recording\"\n}";
        let cases = [
            ("{\n  \"sha256\": \"ab\",\n  \"recording\": 2\n}", true),
            ("{\"sha256\":\"ab\",\"recording\":2}", true),
            ("{\"recording\" :2, \"sha256\":\"ab\"}", true),
            (of_tape, false),
            ("{\"sha256\":\"ab\",\"tape\":\"\\\"recording\\\":\"}", false),
        ];
        for (text, is_of_recording) in cases {
            fs::write(&path, text).unwrap();
            assert_eq!(check(&path, OutputKind::RecordingManifest).is_ok(), is_of_recording, "{text}");
            for kind in [OutputKind::Manifest, OutputKind::Own] {
                assert_eq!(check(&path, kind).is_ok(), !is_of_recording, "{text} {kind:?}");
            }
        }
    }

    #[test]
    fn reserved_names_are_for_their_writers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.jsonl.hash", "r.jsonl.part", "expected.toml.minisig"] {
            let path = folder.path().join(name);
            for kind in [TAPE, EPISODES, RECORDING] {
                assert!(matches!(check(&path, kind), Err(StoreError::InTheWay { .. })), "{name} {kind:?}");
            }
        }
        check(&folder.path().join("t.jsonl.hash"), OutputKind::Manifest).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn nothing_is_appended_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("victim"), "precious").unwrap();
        std::os::unix::fs::symlink(path("victim"), path("soft")).unwrap();
        std::os::unix::fs::symlink(path("nowhere"), path("dangling")).unwrap();
        fs::hard_link(path("victim"), path("hard")).unwrap();
        for name in ["soft", "dangling", "hard"] {
            assert!(matches!(open_in_place(&path(name)), Err(StoreError::InTheWay { .. })), "{name}");
        }
        assert!(!path("nowhere").exists());
        assert_eq!(fs::read(path("victim")).unwrap(), b"precious");
        open_in_place(&path("new")).unwrap();
    }
}
