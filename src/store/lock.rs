use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{Obstacle, StoreError, gate};
use crate::diagnostics::{Diagnose, FailureKind, Place};

/// The right to write a folder, from the moment it is given until it is dropped or the program ends, however it does.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// The folder, if it was made for this lock: one in which nothing was written goes again.
    made: Option<PathBuf>,
    _file: File,
}

/// Why a folder cannot be locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another program has it.
    #[error("`{folder}` is being written by process {process}; wait for its end, or give another place")]
    Busy {
        /// The folder, or the file.
        folder: PathBuf,
        /// Who says that it is writing there.
        process: String,
    },
    /// The folder cannot be written to.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Diagnose for LockError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Busy { .. } => FailureKind::Busy,
            Self::Store(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Busy { folder, .. } => Some(Place::file(folder)),
            Self::Store(error) => error.place(),
        }
    }
}

impl FolderLock {
    /// Takes the lock of a folder, which is made if need be.
    ///
    /// # Errors
    /// When another program has it, or the folder cannot be written to.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(".lock");
        let made = (!folder.exists()).then(|| folder.to_path_buf());
        loop {
            std::fs::create_dir_all(folder).map_err(StoreError::write(folder))?;
            match Self::take_file(folder, &path) {
                // The one before has removed the folder that it had made.
                Err(LockError::Store(_)) if !folder.exists() => {}
                lock => {
                    return lock.map(|mut lock| {
                        lock.made = made;
                        lock
                    });
                }
            }
        }
    }

    /// Takes the lock at `path`, for what is called `what` when another program has it.
    ///
    /// # Errors
    /// When another program has it, or it cannot be written, or is not a lock.
    pub fn take_file(what: &Path, path: &Path) -> Result<Self, LockError> {
        let path = path.to_path_buf();
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            gate::no_follow(&mut options);
            let mut file = options.open(&path).map_err(StoreError::write(&path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut process = String::new();
                    // One that has only just begun has not written it yet.
                    let _ = Read::by_ref(&mut file).take(20).read_to_string(&mut process);
                    let process = if process.is_empty() { "(starting)".to_owned() } else { process };
                    return Err(LockError::Busy { folder: what.to_path_buf(), process });
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(StoreError::write(&path)(error).into()),
            }
            // The one before may have removed it between the opening and the locking.
            if !is_at(&file, &path) {
                continue;
            }
            if !is_lock(&mut file) {
                return Err(Obstacle::NotALock.with_path(&path).into());
            }
            let write = |file: &mut File| {
                file.set_len(0)?;
                file.rewind()?;
                write!(file, "{}", std::process::id())
            };
            write(&mut file).map_err(StoreError::write(&path))?;
            return Ok(Self { path, made: None, _file: file });
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Left behind, it is taken over by the next one.
        let _ = std::fs::remove_file(&self.path);
        if let Some(folder) = &self.made {
            // Only if it is empty.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Whether a file has what a lock has: a number, or nothing.
fn is_lock(file: &mut File) -> bool {
    let mut text = Vec::new();
    file.metadata().is_ok_and(|found| found.is_file())
        && Read::by_ref(file).take(21).read_to_end(&mut text).is_ok()
        && text.len() <= 20
        && text.iter().all(u8::is_ascii_digit)
}

/// Whether an open file is the one that stands at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: std::fs::Metadata| (found.dev(), found.ino());
    let there = std::fs::metadata(path).map(identity);
    file.metadata().map(identity).is_ok_and(|here| there.is_ok_and(|there| here == there))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let error = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {};", std::process::id())), "{error}");
        drop(lock);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        // One that was killed has left its file.
        std::fs::write(folder.path().join(".lock"), "1").unwrap();
        drop(FolderLock::take(folder.path()).unwrap());
        // Somebody's own file of this name.
        std::fs::write(folder.path().join(".lock"), "mine").unwrap();
        assert!(matches!(FolderLock::take(folder.path()), Err(LockError::Store(StoreError::InTheWay { .. }))));
        assert_eq!(std::fs::read(folder.path().join(".lock")).unwrap(), b"mine");
        assert!(folder.path().is_dir(), "it was there before");
    }

    #[test]
    fn a_folder_that_it_made_goes_again_if_nothing_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        drop(FolderLock::take(&out).unwrap());
        assert!(!out.exists());
        let lock = FolderLock::take(&out).unwrap();
        std::fs::write(out.join("table"), "").unwrap();
        drop(lock);
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
    }
}
