use std::fs::File;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::decode::{BadLine, Decoded, decode};
use super::{Manifest, TapeError, manifest_path};
use crate::diagnostics::Place;
use crate::residual::{Stream, StreamBuilder};
use crate::store::{BLOCK_BYTES, Blocks, StoreError, VerifyingKey, read_small};

/// Bytes of a line that is on the short side. Room is made for as many samples as such lines would be at most, however many
/// the manifest promises.
const SHORT_LINE: u64 = 64;

/// A tape that has been read and is what its manifest says.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tape {
    /// What seals it.
    pub manifest: Manifest,
    /// Its samples, in order of time.
    pub stream: Stream,
    /// Whether its lines are in that order, too. They need not be, but those that telltape converts are.
    pub ordered: bool,
}

/// Reads and verifies the tape at `path` in one pass: what is hashed is what is parsed.
///
/// Blocks of lines are decoded in parallel while the next ones are read and hashed, so memory is bounded by the
/// samples (21 bytes each, plus the channel names), not by the file.
///
/// # Errors
/// When the tape or its manifest cannot be read, the hash, the count or the times are not those of the manifest, a line
/// is not a sample, or there is none at all and the manifest does not allow that. A wrong hash is named first: it
/// explains all the others.
pub fn read(path: &Path) -> Result<Tape, TapeError> {
    read_signed(path, None)
}

/// As [`read`], and with a key the manifest has to be signed by it, as that of a tape of this name.
///
/// # Errors
/// As [`read`], and when the manifest is not signed.
pub fn read_signed(path: &Path, key: Option<&VerifyingKey>) -> Result<Tape, TapeError> {
    read_from(path, || read_small(&manifest_path(path)), key)
}

/// The same, where the bytes of the manifest are what `manifest` gives.
pub(super) fn read_from(
    path: &Path,
    manifest: impl FnOnce() -> std::io::Result<Vec<u8>>,
    key: Option<&VerifyingKey>,
) -> Result<Tape, TapeError> {
    let tape = read_any(path, manifest, key)?;
    if tape.stream.is_empty() && !tape.manifest.allow_empty {
        return Err(tape.manifest.empty(path));
    }
    Ok(tape)
}

/// Reads and verifies the tape at `path` as [`read`] does, and takes one without samples, too: whoever says nothing of them
/// may.
///
/// # Errors
/// As for [`read`], but for the last.
pub fn read_even_empty(path: &Path) -> Result<Tape, TapeError> {
    read_any(path, || read_small(&manifest_path(path)), None)
}

fn read_any(
    path: &Path,
    manifest: impl FnOnce() -> std::io::Result<Vec<u8>>,
    key: Option<&VerifyingKey>,
) -> Result<Tape, TapeError> {
    let file = File::open(path).map_err(StoreError::read(path))?;
    if file.metadata().map_err(StoreError::read(path))?.is_dir() {
        return Err(StoreError::read(path)(std::io::ErrorKind::IsADirectory.into()).into());
    }
    let manifest = Manifest::from_bytes(path, manifest(), key)?;
    let length = file.metadata().map_err(StoreError::read(path))?.len();
    let expected = usize::try_from(manifest.sample_count.min(length / SHORT_LINE)).unwrap_or_default();
    let (samples, sha256, bad) = decode_and_hash(path, file, length, expected)?;
    if sha256 != manifest.sha256 {
        let recorded = manifest.sha256;
        return Err(TapeError::HashMismatch { tape: path.to_path_buf(), recorded, actual: sha256 });
    }
    if let Some(BadLine { line, column, problem }) = bad {
        let mut place = Place::file(path).at_line(line);
        place.column = column;
        return Err(TapeError::BadLine { place, problem: Box::new(problem) });
    }
    let ordered = samples.is_ordered();
    let stream = samples.finish(&manifest.source);
    check(path, &manifest, &stream)?;
    Ok(Tape { manifest, stream, ordered })
}

/// All samples up to the first bad line, the SHA-256 of all bytes, and that bad line.
fn decode_and_hash(
    path: &Path,
    file: File,
    length: u64,
    expected: usize,
) -> Result<(StreamBuilder, String, Option<BadLine>), TapeError> {
    let batch_blocks = rayon::current_num_threads() * 4;
    // A small tape needs a small block; one byte more, and its end shows in the first read.
    let block_bytes = usize::try_from(length + 1).map_or(BLOCK_BYTES, |length| length.min(BLOCK_BYTES));
    let mut blocks = Blocks::with_block_bytes(file, block_bytes);
    let mut hasher = Sha256::new();
    let mut merged = Merged { samples: StreamBuilder::with_capacity(expected), lines: 0, bad: None };
    let mut decoded = Vec::new();
    let mut batch = blocks.next_batch(batch_blocks).map_err(StoreError::read(path))?;
    if let [block] = batch.as_slice() {
        // A small tape: threads are better used on the next one.
        hasher.update(block);
        merged.append(decode(block));
        batch.clear();
    }
    while !batch.is_empty() {
        // The hash is the longest chain, so it has a thread to itself until it is done and helps with the rest.
        let hash = || batch.iter().for_each(|block| hasher.update(block));
        let read_next = || blocks.next_batch(batch_blocks);
        let decode_all = || batch.par_iter().map(|block| decode(block)).collect::<Vec<_>>();
        let merge_earlier = || decoded.drain(..).for_each(|block| merged.append(block));
        let ((), (next, (current, ()))) =
            rayon::join(hash, || rayon::join(read_next, || rayon::join(decode_all, merge_earlier)));
        decoded = current;
        blocks.recycle(std::mem::replace(&mut batch, next.map_err(StoreError::read(path))?));
    }
    decoded.drain(..).for_each(|block| merged.append(block));
    Ok((merged.samples, hex::encode(hasher.finalize()), merged.bad))
}

/// The blocks so far, in order.
struct Merged {
    samples: StreamBuilder,
    lines: u64,
    /// The first line that is no sample, from 1 within the tape; nothing behind it is kept.
    bad: Option<BadLine>,
}

impl Merged {
    fn append(&mut self, block: Decoded) {
        if self.bad.is_none() {
            self.samples.append(block.samples);
            self.bad = block.bad.map(|bad| BadLine { line: self.lines + bad.line, ..bad });
            self.lines += block.lines;
        }
    }
}

/// Compares what the manifest says of the samples; keys that are absent are not checked.
fn check(path: &Path, manifest: &Manifest, stream: &Stream) -> Result<(), TapeError> {
    let disagrees = |key, recorded: String, actual: String| {
        Err(TapeError::ManifestDisagrees { tape: path.to_path_buf(), key, recorded, actual })
    };
    if manifest.sample_count != stream.len() as u64 {
        return disagrees("sample_count", manifest.sample_count.to_string(), stream.len().to_string());
    }
    let times = stream.times();
    let bounds = [("first_t", manifest.first_t, times.first()), ("last_t", manifest.last_t, times.last())];
    for (key, recorded, actual) in bounds {
        if let Some(recorded) = recorded
            && actual != Some(&recorded)
        {
            return disagrees(key, recorded.to_string(), actual.map_or("no samples".to_owned(), f64::to_string));
        }
    }
    Ok(())
}
