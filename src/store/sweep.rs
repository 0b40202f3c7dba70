//! Temporary files that a killed program has left. Each is locked while its program lives, and the system unlocks it.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How the name of a temporary file ends. It begins with a dot.
pub(super) const ENDING: &str = ".telltape-part";

/// Locks a new temporary file. `false` if somebody has swept it in the meantime.
///
/// # Errors
/// When the file system cannot say.
pub(super) fn keep(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(path.try_exists()?),
        Err(TryLockError::WouldBlock) => Ok(false),
        // A file system without locks: nobody can sweep there, either.
        Err(TryLockError::Error(_)) => Ok(true),
    }
}

/// Removes what killed programs have left in a folder, the first time that this program writes there.
pub(super) fn once(folder: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if swept.insert(folder.to_path_buf()) {
        drop(swept);
        sweep(folder);
    }
}

/// What cannot be removed is left: it is in nobody's way.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours =
            name.starts_with('.') && name.ends_with(ENDING) && entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_swept_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".a.1.telltape-part", ".b.2.telltape-part", "a.telltape-part", ".run.jsonl.part"] {
            fs::write(path(name), "half").unwrap();
        }
        let writing = File::open(path(".b.2.telltape-part")).unwrap();
        assert!(keep(&writing, &path(".b.2.telltape-part")).unwrap());
        sweep(folder.path());
        let left = [".a.1.telltape-part", ".b.2.telltape-part", "a.telltape-part", ".run.jsonl.part"]
            .map(|name| path(name).exists());
        assert_eq!(left, [false, true, true, true]);
        drop(writing);
        sweep(folder.path());
        assert!(!path(".b.2.telltape-part").exists());
    }

    #[test]
    fn a_file_that_was_swept_before_it_was_locked_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "").unwrap();
        let (mine, theirs) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        theirs.lock().unwrap();
        assert!(!keep(&mine, &path).unwrap());
        fs::remove_file(&path).unwrap();
        drop(theirs);
        assert!(!keep(&mine, &path).unwrap());
    }
}
