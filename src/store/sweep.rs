//! Temporary files and folders that a killed program has left. Each is locked while its program lives, and the system unlocks it.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How the name of every temporary file ends. It begins with a dot.
const ENDING: &str = ".telltape-part";

/// The file in a temporary folder that is locked in its place.
pub(super) const LOCK: &str = ".lock";

/// How old a file of another machine has to be. Locks may not be seen from one machine to the other.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// How the names of this machine's temporary files end.
pub(super) fn ending() -> &'static str {
    static OWN: OnceLock<String> = OnceLock::new();
    OWN.get_or_init(|| format!(".{}{ENDING}", machine()))
}

/// The machine's name, as far as it can stand in a file's.
#[cfg(unix)]
fn machine() -> String {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(40).collect()
}

#[cfg(not(unix))]
fn machine() -> String {
    String::new()
}

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
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !is_temporary(&name) {
            continue;
        }
        let is_old = |found: &fs::Metadata| found.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD));
        let may_be = |found: &fs::Metadata| name.ends_with(ending()) || is_old(found);
        let Some(found) = entry.metadata().ok().filter(may_be) else { continue };
        if found.is_dir() {
            sweep_folder(&entry.path());
        } else if found.is_file() && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a name has the shape of ours: `.FILE.XXXXXX.MACHINE.telltape-part`.
fn is_temporary(name: &str) -> bool {
    let Some(rest) = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(ENDING)) else { return false };
    let mut parts = rest.rsplitn(3, '.');
    let machine = parts.next().unwrap_or_default();
    let random = parts.next().unwrap_or_default();
    let is_machine = machine.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    let is_random = random.len() == 6 && random.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_machine && is_random && parts.next().is_some_and(|file| !file.is_empty())
}

fn sweep_folder(folder: &Path) {
    match File::open(folder.join(LOCK)) {
        Ok(lock) if lock.try_lock().is_ok() => drop(fs::remove_dir_all(folder)),
        // Killed before there was anything in it; one that is not empty stays.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_dir(folder)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_swept_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let own = |name: &str| format!("{name}{}", ending());
        let (left, writing) = (own(".a.abc123"), own(".b.ABCdef"));
        let names = [
            &left,
            &writing,
            &own("a"),
            // Somebody's own, by the same ending.
            &own(".mine"),
            ".run.jsonl.part",
            ".c.aaaaa3.elsewhere.telltape-part",
            ".d.aaaaa4.elsewhere.telltape-part",
        ];
        names.iter().for_each(|name| fs::write(path(name), "half").unwrap());
        let file = File::open(path(&writing)).unwrap();
        assert!(keep(&file, &path(&writing)).unwrap());
        // Of another machine, and two days old.
        let old = fs::File::options().write(true).open(path(names[6])).unwrap();
        old.set_modified(std::time::SystemTime::now() - 2 * OLD).unwrap();
        sweep(folder.path());
        assert_eq!(names.map(|name| path(name).exists()), [false, true, true, true, true, true, false]);
        drop(file);
        sweep(folder.path());
        assert!(!path(&writing).exists());
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
