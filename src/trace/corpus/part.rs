use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::set_aside;
use super::source::{CorpusSource, KnownFile, SourceAnswer};
use crate::store::{Durability, Obstacle, OutputKind, StoreError, open_in_place, read_small, remove_if, write_over};
use crate::trace::TraceError;

/// Where a file or a part is from. It stands beside it: `NAME.origin.json`, `NAME.ID.part.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Provenance {
    /// The URL without user, password and query, or the path.
    pub(super) from: String,
    /// SHA-256 of the whole URL or path: tells apart what looks alike without its query.
    origin: String,
    #[serde(flatten)]
    known: KnownFile,
    /// SHA-256 of the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

impl Provenance {
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&read_small(path).ok()?).ok()
    }

    pub(super) fn is_of(&self, source: &CorpusSource) -> bool {
        self.origin == origin(source)
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("texts and counts") + "\n";
        write_over(path, text.as_bytes(), Durability::Synced, OutputKind::marked(text.as_bytes(), "\"from\": "))
            .map(drop)
    }
}

fn origin(source: &CorpusSource) -> String {
    hex::encode(Sha256::digest(source.whole().as_bytes()))
}

/// What has been fetched so far.
pub(super) struct PartialFile {
    pub(super) path: PathBuf,
    beside: PathBuf,
    target: PathBuf,
    file: Option<File>,
    known: KnownFile,
    /// Bytes that are there.
    pub(super) done: u64,
}

impl PartialFile {
    /// The part that an earlier try has left, if any.
    pub(super) fn find(target: &Path, source: &CorpusSource) -> Result<Self, TraceError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!("{name}.{}.part", &origin(source)[..8]));
        let beside = target.with_file_name(format!("{name}.{}.part.json", &origin(source)[..8]));
        let mut part =
            Self { path, beside, target: target.to_path_buf(), file: None, known: KnownFile::default(), done: 0 };
        if part.path.symlink_metadata().is_err() {
            return Ok(part);
        }
        let file = open_in_place(&part.path)?;
        part.done = file.metadata().map_err(StoreError::read(&part.path))?.len();
        match Provenance::read(&part.beside).filter(|known| known.is_of(source)) {
            Some(provenance) => part.known = provenance.known,
            None if part.done > 0 => {
                return Err(Obstacle::UnknownPart.with_path(&part.path).into());
            }
            None => {}
        }
        part.file = Some(file);
        Ok(part)
    }

    /// From where to go on, if it can be shown that it is the same file: by what the server says of it, or afterwards by
    /// its digest.
    pub(super) fn resume(&self, has_digest: bool) -> Option<(u64, &KnownFile)> {
        let is_provable = has_digest || self.known.validator().is_some();
        (self.done > 0 && is_provable).then_some((self.done, &self.known))
    }

    /// Makes the part ready for what an answer gives. What is there of another file is set aside.
    pub(super) fn begin(
        &mut self,
        answer: &SourceAnswer,
        source: &CorpusSource,
    ) -> Result<Option<PathBuf>, TraceError> {
        let mut kept = None;
        // What was fetched of a file that said which one it is, and is not shown to be the same one, is kept.
        let is_same = self.known.is_repeated_by(&answer.known) || self.known.validator().is_none();
        if answer.start != self.done && (self.known.differs(&answer.known) || !is_same) {
            kept = Some(self.reject(&self.target.clone())?);
        }
        self.known = answer.known.clone();
        self.provenance(source, None).write(&self.beside)?;
        let file = match self.file.take() {
            Some(file) => file,
            None => open_in_place(&self.path)?,
        };
        file.set_len(answer.start).map_err(StoreError::write(&self.path))?;
        self.done = answer.start;
        self.file = Some(file);
        Ok(kept)
    }

    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), StoreError> {
        let file = self.file.as_mut().expect("it was begun");
        file.write_all(block).map_err(StoreError::write(&self.path))?;
        self.done += block.len() as u64;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.as_ref().expect("it was begun").sync_all().map_err(StoreError::write(&self.path))
    }

    pub(super) fn provenance(&self, source: &CorpusSource, sha256: Option<&str>) -> Provenance {
        Provenance {
            from: source.shown.clone(),
            origin: origin(source),
            known: self.known.clone(),
            sha256: sha256.map(str::to_owned),
        }
    }

    /// Sets the part aside.
    pub(super) fn reject(&mut self, target: &Path) -> Result<PathBuf, StoreError> {
        self.file = None;
        self.done = 0;
        let kept = set_aside(&self.path, target)?;
        self.forget()?;
        Ok(kept)
    }

    /// Removes what stands beside the part.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        remove_if(&self.beside, |head| head.starts_with(b"{"))
    }
}
