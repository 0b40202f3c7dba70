use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::atomic_file::{InProgress, making};
use super::{StoreError, sweep};

/// A folder for what is written on the way to outputs, beside them. It is gone when it is dropped or the program is told to end;
/// what a killed program has left is swept by the next one that writes there.
pub struct Scratch {
    folder: TempDir,
    _in_progress: InProgress,
    // Held until the folder is gone.
    _lock: File,
}

impl Scratch {
    /// Makes one in `parent`, which is made if need be; `name` is the beginning of its name.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(parent: &Path, name: &str) -> Result<Self, StoreError> {
        sweep::once(parent);
        loop {
            let _making = making();
            fs::create_dir_all(parent).map_err(StoreError::write(parent))?;
            let folder = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .suffix(sweep::ending())
                .tempdir_in(parent)
                .map_err(StoreError::write(parent))?;
            let path = folder.path().join(sweep::LOCK);
            // Another program may take it for a left one before it is locked.
            let locked = File::create_new(&path).and_then(|lock| Ok(sweep::keep(&lock, &path)?.then_some(lock)));
            match locked {
                Ok(Some(lock)) => {
                    let in_progress = InProgress::new(folder.path());
                    return Ok(Self { folder, _in_progress: in_progress, _lock: lock });
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::write(&path)(error)),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_when_dropped_and_swept_when_its_program_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("out");
        let scratch = Scratch::create(&parent, "a").unwrap();
        fs::create_dir_all(scratch.path().join("deep")).unwrap();
        fs::write(scratch.path().join("deep/file"), "half").unwrap();
        sweep::sweep(&parent);
        assert!(scratch.path().join("deep/file").exists(), "its program lives");
        drop(scratch);
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 0);
        // Killed with files in it, and before there were any; the last is not ours.
        let left = |name: &str| parent.join(format!("{name}{}", sweep::ending()));
        fs::create_dir_all(left(".b.abcdef").join("deep")).unwrap();
        fs::write(left(".b.abcdef").join(sweep::LOCK), "").unwrap();
        fs::create_dir(left(".c.ABC123")).unwrap();
        fs::create_dir(left("d")).unwrap();
        fs::create_dir(left(".e.123456")).unwrap();
        fs::write(left(".e.123456").join("file"), "not ours").unwrap();
        sweep::sweep(&parent);
        let exist = [".b.abcdef", ".c.ABC123", "d", ".e.123456"].map(|name| left(name).exists());
        assert_eq!(exist, [false, false, true, true]);
    }
}
