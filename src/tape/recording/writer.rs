use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Body, LONGEST_LINE, RECORDING_FORMAT, Record, RecordingHeader, RecordingManifest, part_on_disk};
use crate::store::{self, OutputKind, RECORDING, StoreError, sync_folder};
use crate::tape::TapeError;

/// What is appended to the name of a part that is not sealed yet. It is left behind by a program that is killed, for
/// `telltape salvage`.
pub const PART_ENDING: &str = ".part";

/// Writes a recording, line by line, so that what has been appended outlives the program.
pub struct RecordingWriter {
    first: PathBuf,
    header: RecordingHeader,
    part: Part,
}

/// The part that is being written.
struct Part {
    path: PathBuf,
    open: PathBuf,
    file: File,
    hasher: Sha256,
    bytes: u64,
    polls: u64,
    gaps: u64,
    first_t: Option<f64>,
    last_t: Option<f64>,
}

impl RecordingWriter {
    /// Starts a recording that will stand at `path`.
    ///
    /// # Errors
    /// When there is one already, sealed or not, or the folder cannot be written to.
    pub fn create(path: &Path, header: RecordingHeader) -> Result<Self, TapeError> {
        let header = RecordingHeader { recording: RECORDING_FORMAT, part: 1, ..header };
        let part = Part::create(path, &header)?;
        Ok(Self { first: path.to_path_buf(), header, part })
    }

    /// Appends a line by one call of the operating system: what it has taken survives the program.
    ///
    /// # Errors
    /// When writing fails, or the line is longer than [`LONGEST_LINE`]; nothing of it is then left in the part.
    pub fn append(&mut self, record: &Record) -> Result<(), TapeError> {
        let mut text = serde_json::to_vec(record).expect("a record has string keys and finite numbers only");
        text.push(b'\n');
        if text.len() as u64 >= LONGEST_LINE {
            let recording = self.part.path.clone();
            return Err(TapeError::LineTooLong { recording, bytes: text.len() as u64 });
        }
        self.part.append(&text)?;
        self.part.count(record);
        Ok(())
    }

    /// Bytes of the part that is being written.
    #[must_use]
    pub fn part_bytes(&self) -> u64 {
        self.part.bytes
    }

    /// RecordingManifests the part and starts the next one. The next poll has to have all rows.
    ///
    /// # Errors
    /// When sealing the one or starting the other fails.
    pub fn rotate(&mut self) -> Result<(), TapeError> {
        let header = RecordingHeader { part: self.header.part + 1, ..self.header.clone() };
        let next = part_path(&self.first, header.part);
        let name = next.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = Part::create(&next, &header)?;
        self.header = header;
        std::mem::replace(&mut self.part, part).seal("goes on in the next part", Some(name))?;
        Ok(())
    }

    /// Writes the last line and seals the recording.
    ///
    /// # Errors
    /// When writing fails. A part whose last line cannot be written is sealed without it.
    pub fn seal(mut self, t: f64, wall: f64, end: &str) -> Result<RecordingManifest, TapeError> {
        let written = self.append(&Record { t, wall, body: Body::End { end: end.to_owned() } });
        let manifest = self.part.seal(end, None)?;
        written.map(|()| manifest)
    }
}

/// The path of part `part` of the recording whose first part is at `first`: `run.jsonl`, `run.2.jsonl`, `run.3.jsonl`.
fn part_path(first: &Path, part: u32) -> PathBuf {
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let ending = first.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    first.with_file_name(format!("{stem}.{part}{ending}"))
}

impl Part {
    fn create(path: &Path, header: &RecordingHeader) -> Result<Self, TapeError> {
        let mut open = path.as_os_str().to_owned();
        open.push(PART_ENDING);
        let open = PathBuf::from(open);
        // One that was compressed since has the same manifest.
        let there = part_on_disk(path.to_path_buf());
        if there.exists() {
            return Err(TapeError::RecordingExists { recording: there });
        }
        // A capture of days must not find at its end that it cannot seal.
        store::check(path, RECORDING)?;
        store::check(&RecordingManifest::path(path), OutputKind::RecordingManifest)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::write(folder))?;
        }
        let file = match OpenOptions::new().append(true).create_new(true).open(&open) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let running =
                    File::open(&open).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
                return Err(TapeError::RecordingUnderWay { recording: path.to_path_buf(), part: open, running });
            }
            Err(error) => return Err(StoreError::write(&open)(error).into()),
        };
        // Tells another program that the part is being written, until this one ends, however it does.
        file.try_lock().map_err(|error| StoreError::write(&open)(error.into()))?;
        let mut part = Self {
            path: path.to_path_buf(),
            open,
            file,
            hasher: Sha256::new(),
            bytes: 0,
            polls: 0,
            gaps: 0,
            first_t: None,
            last_t: None,
        };
        let mut text = serde_json::to_vec(header).expect("a header has string keys and finite numbers only");
        text.push(b'\n');
        if let Err(error) = part.append(&text) {
            // There is nothing in it that could be salvaged.
            let _ = std::fs::remove_file(&part.open);
            return Err(error.into());
        }
        Ok(part)
    }

    fn append(&mut self, text: &[u8]) -> Result<(), StoreError> {
        if let Err(error) = self.file.write_all(text) {
            // A full disk takes half a line. What cannot be taken back is left to `salvage`.
            let _ = self.file.set_len(self.bytes);
            // By its last name: it has that, or the error of sealing says where it is.
            return Err(StoreError::write(&self.path)(error));
        }
        self.hasher.update(text);
        self.bytes += text.len() as u64;
        Ok(())
    }

    fn count(&mut self, record: &Record) {
        self.first_t.get_or_insert(record.t);
        self.last_t = Some(record.t);
        match record.body {
            Body::Poll(_) => self.polls += 1,
            Body::Gap { .. } => self.gaps += 1,
            _ => {}
        }
    }

    fn seal(self, end: &str, continued_in: Option<String>) -> Result<RecordingManifest, TapeError> {
        let manifest = RecordingManifest {
            sha256: hex::encode(self.hasher.clone().finalize()),
            recording: RECORDING_FORMAT,
            polls: self.polls,
            gaps: self.gaps,
            first_t: self.first_t,
            last_t: self.last_t,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            end: end.to_owned(),
            part: Some(RecordingManifest::name(&self.path)),
            continued_in,
        };
        self.put_in_place(&manifest)
            .map_err(|error| TapeError::NotSealed { part: self.open.clone(), source: Box::new(error) })?;
        Ok(manifest)
    }

    /// The manifest first: on a full disk the part keeps the name that says it is not sealed.
    fn put_in_place(&self, manifest: &RecordingManifest) -> Result<(), StoreError> {
        self.file.sync_all().map_err(StoreError::write(&self.open))?;
        manifest.write(&self.path)?;
        if let Err(error) = std::fs::rename(&self.open, &self.path) {
            let _ = std::fs::remove_file(RecordingManifest::path(&self.path));
            return Err(StoreError::write(&self.path)(error));
        }
        sync_folder(&self.path)
    }
}
