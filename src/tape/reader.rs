use std::fs::File;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::decode::{BadLine, decode};
use super::{Manifest, TapeError};
use crate::residual::{Stream, StreamBuilder};
use crate::store::{Blocks, Place, StoreError};

/// A tape that has been read and is what its manifest says.
#[derive(Debug)]
pub struct Tape {
    /// What seals it.
    pub manifest: Manifest,
    /// Its samples.
    pub stream: Stream,
}

/// Reads and verifies the tape at `path` in one pass: what is hashed is what is parsed.
///
/// Blocks of lines are decoded in parallel while the next ones are read and hashed, so memory is bounded by the
/// samples (21 bytes each, plus the channel names), not by the file.
///
/// # Errors
/// When the tape or its manifest cannot be read, the hash, the count or the times are not those of the manifest, or a
/// line is not a sample. A wrong hash is named first: it explains all the others.
pub fn read(path: &Path) -> Result<Tape, TapeError> {
    let file = File::open(path).map_err(StoreError::read(path))?;
    if file.metadata().map_err(StoreError::read(path))?.is_dir() {
        return Err(StoreError::read(path)(std::io::ErrorKind::IsADirectory.into()).into());
    }
    let manifest = Manifest::read(path)?;
    let (samples, sha256, bad) = decode_and_hash(path, file)?;
    if sha256 != manifest.sha256 {
        let recorded = manifest.sha256;
        return Err(TapeError::HashMismatch { tape: path.to_path_buf(), recorded, actual: sha256 });
    }
    if let Some(BadLine { line, column, problem }) = bad {
        let mut place = Place::file(path).at_line(line);
        place.column = column;
        return Err(TapeError::BadLine { place, problem });
    }
    let stream = samples.finish(&manifest.source);
    check(path, &manifest, &stream)?;
    Ok(Tape { manifest, stream })
}

/// All samples up to the first bad line, the SHA-256 of all bytes, and that bad line.
fn decode_and_hash(path: &Path, file: File) -> Result<(StreamBuilder, String, Option<BadLine>), TapeError> {
    let batch_blocks = rayon::current_num_threads() * 2;
    let mut blocks = Blocks::new(file);
    let mut hasher = Sha256::new();
    let mut samples = StreamBuilder::default();
    let (mut lines, mut bad) = (0, None);
    let mut batch = blocks.next_batch(batch_blocks).map_err(StoreError::read(path))?;
    while !batch.is_empty() {
        let hash_and_read = || {
            batch.iter().for_each(|block| hasher.update(block));
            blocks.next_batch(batch_blocks)
        };
        let skip = bad.is_some();
        let decode_all =
            || -> Vec<_> { if skip { Vec::new() } else { batch.par_iter().map(|block| decode(block)).collect() } };
        let (next, decoded) = rayon::join(hash_and_read, decode_all);
        for block in decoded {
            samples.append(block.samples);
            if let Some(found) = block.bad {
                bad = Some(BadLine { line: lines + found.line, ..found });
                break;
            }
            lines += block.lines;
        }
        batch = next.map_err(StoreError::read(path))?;
    }
    Ok((samples, hex::encode(hasher.finalize()), bad))
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
