use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::gate::{self, OutputKind};
use super::{StoreError, sweep};

/// What survives a power cut once a file has been committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The file and its name are on disk: tapes, manifests, expected results.
    Synced,
    /// Whole or absent after a crash of the program; the operating system writes it in its own time.
    Atomic,
}

/// A file that is written beside its place, hashed on the way, and renamed into it when it is complete.
///
/// Dropped without [`AtomicFile::commit`], it leaves no trace.
pub struct AtomicFile {
    path: PathBuf,
    kind: OwnedKind,
    file: BufWriter<File>,
    /// Removes the file when it is dropped.
    place: TempPath,
    _in_progress: InProgress,
    hasher: Sha256,
    bytes: u64,
}

impl AtomicFile {
    /// Starts a file of telltape's own folders that will stand at `path`; its folder is made if need be.
    ///
    /// # Errors
    /// As for [`AtomicFile::create_like`].
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Self::create_like(path, OutputKind::Own)
    }

    /// Starts a file that will stand at `path`, where only its like is replaced; its folder is made if need be.
    ///
    /// # Errors
    /// When the folder cannot be made or written to, or something else is at `path`.
    pub fn create_like(path: &Path, kind: OutputKind<'_>) -> Result<Self, StoreError> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        gate::check(path, kind)?;
        sweep::once(folder);
        let _making = making();
        fs::create_dir_all(folder).map_err(StoreError::write(folder))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (file, place) = loop {
            let file = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .suffix(sweep::ending())
                .permissions_like_others()
                .tempfile_in(folder)
                .map_err(StoreError::write(path))?;
            let (file, place) = file.into_parts();
            // Another program may have taken it for a left one before it was locked.
            if sweep::keep(&file, &place).map_err(StoreError::write(path))? {
                break (file, place);
            }
        };
        let in_progress = InProgress::new(&place);
        Ok(Self {
            path: path.to_path_buf(),
            kind: OwnedKind::new(kind),
            file: BufWriter::with_capacity(1 << 17, file),
            place,
            _in_progress: in_progress,
            hasher: Sha256::new(),
            bytes: 0,
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(StoreError::write(&self.path))
    }

    /// Appends several pieces, which are hashed and written at the same time.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn append_pieces(&mut self, pieces: &[Vec<u8>]) -> Result<(), StoreError> {
        let Self { hasher, file, .. } = self;
        let (written, ()) = rayon::join(
            || pieces.iter().try_for_each(|piece| file.write_all(piece)),
            || pieces.iter().for_each(|piece| hasher.update(piece)),
        );
        self.bytes += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        written.map_err(StoreError::write(&self.path))
    }

    /// SHA-256 of what has been appended.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }

    /// Puts the file in its place and returns the SHA-256 of its bytes.
    ///
    /// # Errors
    /// When flushing, syncing or renaming fails; the old file, if any, is then still there.
    pub fn commit(self, durability: Durability) -> Result<String, StoreError> {
        let path = self.path;
        let file = self.file.into_inner().map_err(|error| StoreError::write(&path)(error.into_error()))?;
        if durability == Durability::Synced {
            file.sync_all().map_err(StoreError::write(&path))?;
        }
        // Something may have been put there in the meantime.
        gate::check(&path, self.kind.kind())?;
        let making = making();
        self.place.persist(&path).map_err(|error| StoreError::write(&path)(error.error))?;
        drop(making);
        if durability == Durability::Synced {
            sync_folder(&path)?;
        }
        Ok(hex::encode(self.hasher.finalize()))
    }
}

/// A [`OutputKind`] that outlives what it was taken from.
enum OwnedKind {
    Own,
    Manifest,
    RecordingManifest,
    Like(Vec<u8>),
}

impl OwnedKind {
    fn new(kind: OutputKind<'_>) -> Self {
        match kind {
            OutputKind::Own => Self::Own,
            OutputKind::Manifest => Self::Manifest,
            OutputKind::RecordingManifest => Self::RecordingManifest,
            OutputKind::Like(start) => Self::Like(start.to_vec()),
        }
    }

    fn kind(&self) -> OutputKind<'_> {
        match self {
            Self::Own => OutputKind::Own,
            Self::Manifest => OutputKind::Manifest,
            Self::RecordingManifest => OutputKind::RecordingManifest,
            Self::Like(start) => OutputKind::Like(start),
        }
    }
}

/// Files and folders that are being written, for [`abandon_staged`].
static IN_PROGRESS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Keeps a path in [`IN_PROGRESS`] until it is dropped.
pub(super) struct InProgress(PathBuf);

impl InProgress {
    pub(super) fn new(path: &Path) -> Self {
        in_progress().insert(path.to_path_buf());
        Self(path.to_path_buf())
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        in_progress().remove(&self.0);
    }
}

/// A panic elsewhere leaves the set as it should be: each change is one call.
fn in_progress() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    IN_PROGRESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Taken for writing when the program ends: from then on no file is made or renamed.
static MAKING: RwLock<()> = RwLock::new(());

/// The right to make or rename a file.
pub(super) fn making() -> RwLockReadGuard<'static, ()> {
    MAKING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all that is being written, for a program that is about to end because it was told to. Other threads write no more:
/// they would put files into a folder that is being removed.
pub fn abandon_staged() {
    std::mem::forget(MAKING.write());
    for path in in_progress().iter() {
        // What cannot be removed is left; there is nobody to tell. Another thread may be removing it, too.
        let remove = || if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        let _ = (0..3).any(|_| remove().is_ok());
    }
}

/// Syncs the folder of a file: a rename is on disk only once it is.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::write(path))
}

/// Writes a whole file of telltape's own folders at once and returns its SHA-256. If only to be whole, and there with these bytes already, it is left
/// as it is: replacing a file makes a file system write it out at once.
///
/// # Errors
/// As for [`AtomicFile`].
pub fn write_whole(path: &Path, bytes: &[u8], durability: Durability) -> Result<String, StoreError> {
    write_over(path, bytes, durability, OutputKind::Own)
}

/// As [`write_whole`], at a path that somebody has chosen: only what is of the same kind is replaced.
///
/// # Errors
/// As for [`AtomicFile`].
pub fn write_over(
    path: &Path,
    bytes: &[u8],
    durability: Durability,
    kind: OutputKind<'_>,
) -> Result<String, StoreError> {
    gate::check(path, kind)?;
    let same_size = || fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64);
    if durability == Durability::Atomic && same_size() && fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(hex::encode(Sha256::digest(bytes)));
    }
    let mut staged = AtomicFile::create_like(path, kind)?;
    staged.append(bytes)?;
    staged.commit(durability)
}

/// Temporary files are private by default; what is renamed into place should be as readable as any other output.
trait PermissionsLikeOthers {
    fn permissions_like_others(&mut self) -> &mut Self;
}

impl PermissionsLikeOthers for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_like_others(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        // The umask still applies.
        self.permissions(fs::Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_like_others(&mut self) -> &mut Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Diagnose, Place};

    #[test]
    fn nothing_stands_at_the_path_until_commit_and_nothing_is_left_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/file.txt");
        let mut staged = AtomicFile::create(&path).unwrap();
        staged.append(b"abc").unwrap();
        assert!(!path.exists());
        drop(staged);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn the_digest_is_that_of_the_bytes_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.txt");
        fs::write(&path, "old").unwrap();
        let digest = write_whole(&path, b"abc", Durability::Synced).unwrap();
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(fs::read(&path).unwrap(), b"abc");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = AtomicFile::create(folder.path()).err().unwrap();
        assert_eq!(error.place(), Some(Place::file(folder.path())));
    }

    #[test]
    fn what_is_being_written_can_be_abandoned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.txt");
        fs::write(&path, "old").unwrap();
        let mut staged = AtomicFile::create(&path).unwrap();
        staged.append(b"abc").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let part = staged.place.to_path_buf();
        assert!(in_progress().contains(&part));
        fs::remove_file(&part).unwrap();
        drop(staged);
        assert!(!in_progress().contains(&part));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_not_replaced() {
        let error = AtomicFile::create(Path::new("/dev/null")).err().unwrap();
        assert!(matches!(error, StoreError::InTheWay { .. }));
    }
}
