use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{FORMAT, Manifest, RowCounts, TapeError, line, manifest_path};
use crate::residual::{OutOfRange, Sample, Stream};
use crate::store::{self, AtomicFile, Durability, OutputKind, TAPE, write_over};

/// Samples that are encoded as one piece of work.
const ENCODE_SAMPLES: usize = 1 << 14;

/// Writes a tape beside its place; [`TapeWriter::finalise`] seals it.
///
/// Dropped before that, nothing is left and what stood at the path still does.
pub struct TapeWriter {
    path: PathBuf,
    source: String,
    name: String,
    staged: AtomicFile,
    sample_count: u64,
    first_t: Option<f64>,
    last_t: Option<f64>,
    allow_empty: bool,
}

impl TapeWriter {
    /// Starts a tape that will stand at `path`, labelled `source`.
    ///
    /// # Errors
    /// When its folder cannot be written to, or something is there that is not a tape with its manifest.
    pub fn create(path: &Path, source: impl Into<String>) -> Result<Self, TapeError> {
        Self::check(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            source: source.into(),
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            staged: AtomicFile::create_like(path, TAPE)?,
            sample_count: 0,
            first_t: None,
            last_t: None,
            allow_empty: false,
        })
    }

    /// An error unless a tape and its manifest may be put at `path`.
    ///
    /// # Errors
    /// When something is there that is not a tape with its manifest.
    pub fn check(path: &Path) -> Result<(), TapeError> {
        store::check(path, TAPE)?;
        store::check(&manifest_path(path), OutputKind::Manifest)?;
        Ok(())
    }

    /// With another name in its manifest than that of its file: its last folders, too.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Lets the tape be one without samples, and its manifest say so: [`super::read`] refuses any other.
    pub fn allow_empty(&mut self, allow: bool) {
        self.allow_empty = allow;
    }

    /// Appends a batch of samples, in the order given.
    ///
    /// # Errors
    /// When a time or value is not finite (then nothing of the batch is appended), or writing fails.
    pub fn append<'a>(&mut self, samples: impl IntoIterator<Item = Sample<'a>>) -> Result<(), TapeError> {
        let (mut lines, mut text) = (line::LineEncoder::default(), Vec::new());
        let (mut count, mut bounds) = (self.sample_count, (self.first_t, self.last_t));
        for sample in samples {
            if let Some(source) = OutOfRange::find(sample.t, sample.value) {
                let channel = sample.channel.unwrap_or_default().to_owned();
                return Err(TapeError::BadSample { tape: self.path.clone(), index: count, channel, source });
            }
            lines.write(&mut text, &sample);
            bounds = widen(bounds, sample.t, sample.t);
            count += 1;
        }
        self.staged.append(&text)?;
        (self.sample_count, (self.first_t, self.last_t)) = (count, bounds);
        Ok(())
    }

    /// Appends all samples of a stream; the next lines are encoded while the last ones are
    /// hashed, and written.
    ///
    /// # Errors
    /// When writing fails.
    pub fn append_stream(&mut self, stream: &Stream) -> Result<(), TapeError> {
        let pieces = stream.len().div_ceil(ENCODE_SAMPLES);
        let encode = |(piece, text): (usize, &mut Vec<u8>)| {
            let range = piece * ENCODE_SAMPLES..stream.len().min((piece + 1) * ENCODE_SAMPLES);
            let mut lines = line::LineEncoder::default();
            text.clear();
            range.for_each(|index| lines.write(text, &stream.sample(index)));
        };
        let batch = rayon::current_num_threads() * 2;
        // Buffers are used again: fresh memory costs a page fault every 4 KiB.
        let encode_batch = |start: usize, texts: &mut Vec<Vec<u8>>| {
            let range = start.min(pieces)..pieces.min(start + batch);
            texts.resize_with(range.len(), Vec::new);
            range.into_par_iter().zip(texts.par_iter_mut()).for_each(encode);
        };
        let (mut ready, mut next) = (Vec::new(), Vec::new());
        encode_batch(0, &mut ready);
        for start in (0..pieces).step_by(batch) {
            let staged = &mut self.staged;
            let (written, ()) = rayon::join(|| staged.append_pieces(&ready), || encode_batch(start + batch, &mut next));
            written?;
            std::mem::swap(&mut ready, &mut next);
        }
        self.sample_count += stream.len() as u64;
        if let (Some(first), Some(last)) = (stream.times().first(), stream.times().last()) {
            (self.first_t, self.last_t) = widen((self.first_t, self.last_t), *first, *last);
        }
        Ok(())
    }

    /// Seals the tape: syncs it, puts it in its place, then its manifest, which is returned.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finalise(self, rows: Option<RowCounts>) -> Result<Manifest, TapeError> {
        let manifest = Manifest {
            sha256: self.staged.commit(Durability::Synced)?,
            sample_count: self.sample_count,
            first_t: self.first_t,
            last_t: self.last_t,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            source: self.source,
            format: Some(FORMAT),
            rows,
            tape: Some(self.name),
            allow_empty: self.allow_empty,
        };
        let path = manifest_path(&self.path);
        write_over(&path, manifest.to_json().as_bytes(), Durability::Synced, OutputKind::Manifest)?;
        Ok(manifest)
    }
}

/// Smallest and largest time so far; the first of equal ones is kept, so that −0 and 0 are told apart.
fn widen((first, last): (Option<f64>, Option<f64>), low: f64, high: f64) -> (Option<f64>, Option<f64>) {
    (Some(first.filter(|first| *first <= low).unwrap_or(low)), Some(last.filter(|last| *last >= high).unwrap_or(high)))
}
