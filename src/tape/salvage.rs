//! What is left of a tape or a recording whose program was killed.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::recording::{
    Body, LONGEST_LINE, PART_ENDING, RECORDING_FORMAT, Record, RecordingHeader, RecordingManifest, newer_format,
    part_on_disk,
};
use super::{LineProblem, Manifest, SalvageProblem, TapeError, TapeWriter, decode, manifest_path};
use crate::residual::StreamBuilder;
use crate::store::{self, AtomicFile, Durability, Input, RECORDING, StoreError, label};

/// What was saved, and what was not.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Salvaged {
    /// What it was.
    pub kind: SalvageKind,
    /// Whole lines that were sealed: samples of a tape; of a recording, polls and all other lines, the header included.
    pub lines: u64,
    /// Bytes behind the last of them.
    pub lost_bytes: u64,
    /// Why nothing behind it could be saved; `None` if there was nothing.
    pub problem: Option<String>,
    /// SHA-256 of what was sealed.
    pub sha256: String,
}

/// What can be salvaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SalvageKind {
    /// A tape.
    Tape,
    /// A part of a recording.
    Recording,
}

/// Seals the whole lines of the unsealed tape or recording at `path`, up to the first one that is none, as `out`.
///
/// # Errors
/// When it is sealed already, not a line of it can be saved, or something cannot be read or written.
pub fn salvage(path: &Path, out: &Path) -> Result<Salvaged, TapeError> {
    let same = |other: &Path| matches!((path.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(out) || same(&manifest_path(out)) {
        return Err(nothing(path, SalvageProblem::Overwrites));
    }
    for manifest in [manifest_path(path), RecordingManifest::path(path)] {
        if manifest.exists() {
            return Err(nothing(path, SalvageProblem::Sealed { manifest }));
        }
    }
    if path.extension().is_some_and(|ending| ending == PART_ENDING.trim_start_matches('.'))
        && std::fs::File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
    {
        return Err(nothing(path, SalvageProblem::UnderWay));
    }
    let mut lines = SalvagedLines { reader: BufReader::new(Input::open(path, false)?), path, number: 0 };
    let mut first = Vec::new();
    if !lines.next(&mut first)? {
        return Err(nothing(path, SalvageProblem::NoLine));
    }
    match serde_json::from_slice::<RecordingHeader>(&first) {
        Ok(header) => recording(lines, &header, &first, out),
        Err(_) => tape(lines, first, out),
    }
}

fn nothing(path: &Path, problem: SalvageProblem) -> TapeError {
    TapeError::NothingToSalvage { file: path.to_path_buf(), problem }
}

fn recording(
    mut lines: SalvagedLines<'_>,
    found: &RecordingHeader,
    header: &[u8],
    out: &Path,
) -> Result<Salvaged, TapeError> {
    if found.recording > RECORDING_FORMAT {
        return Err(newer_format(lines.path, found.recording));
    }
    let there = part_on_disk(out.to_path_buf());
    if there.exists() {
        return Err(TapeError::RecordingExists { recording: there });
    }
    // Before the work: what is saved is worth nothing without its manifest.
    store::check(&RecordingManifest::path(out), store::OutputKind::RecordingManifest)?;
    let mut staged = AtomicFile::create_like(out, RECORDING)?;
    staged.append(header)?;
    let (mut polls, mut gaps, mut count) = (0, 0, 1);
    let (mut first_t, mut last_t) = (None, None);
    let mut end = "its program was killed".to_owned();
    let mut line = Vec::new();
    let problem = loop {
        if !lines.next(&mut line)? {
            break (!line.is_empty()).then(|| LineProblem::NoEnd.to_string());
        }
        let record = serde_json::from_slice::<Record>(&line).map_err(|error| error.to_string());
        match record.and_then(|record| found.check(&record).map(|()| record).map_err(|problem| problem.to_string())) {
            Ok(record) => {
                match record.body {
                    Body::Poll(_) => polls += 1,
                    Body::Gap { .. } => gaps += 1,
                    Body::End { end: reason } => end = reason,
                    Body::Pace { .. } => {}
                }
                first_t.get_or_insert(record.t);
                last_t = Some(record.t);
                staged.append(&line)?;
                line.clear();
                count += 1;
            }
            Err(problem) => break Some(problem),
        }
    };
    let lost_bytes = line.len() as u64 + lines.rest()?;
    let sha256 = staged.commit(Durability::Synced)?;
    let manifest = RecordingManifest {
        sha256: sha256.clone(),
        recording: found.recording,
        polls,
        gaps,
        first_t,
        last_t,
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        end,
        part: Some(RecordingManifest::name(out)),
        continued_in: None,
    };
    manifest.write(out)?;
    Ok(Salvaged { kind: SalvageKind::Recording, lines: count, lost_bytes, problem, sha256 })
}

fn tape(mut lines: SalvagedLines<'_>, first: Vec<u8>, out: &Path) -> Result<Salvaged, TapeError> {
    let mut builder = StreamBuilder::default();
    let mut line = first;
    let problem = loop {
        let decoded = decode::decode(&line);
        if let Some(bad) = decoded.bad {
            break Some(SalvageProblem::Line { line: lines.number, problem: bad.problem });
        }
        builder.append(decoded.samples);
        line.clear();
        if !lines.next(&mut line)? {
            break (!line.is_empty()).then_some(SalvageProblem::NoEnd);
        }
    };
    if builder.is_empty() {
        return Err(nothing(lines.path, problem.unwrap_or(SalvageProblem::NoLine)));
    }
    let lost_bytes = line.len() as u64 + lines.rest()?;
    let stream = builder.finish(format!("salvaged@{}", label(lines.path)));
    let mut writer = TapeWriter::create(out, stream.source())?;
    writer.append_stream(&stream)?;
    let Manifest { sha256, sample_count, .. } = writer.finalise(None)?;
    Ok(Salvaged {
        kind: SalvageKind::Tape,
        lines: sample_count,
        lost_bytes,
        problem: problem.map(|problem| problem.to_string()),
        sha256,
    })
}

struct SalvagedLines<'a> {
    reader: BufReader<Input<'static>>,
    path: &'a Path,
    number: u64,
}

impl SalvagedLines<'_> {
    /// Appends the next line with its end to `text`. If there is no whole one, what is left of it is there, too.
    fn next(&mut self, text: &mut Vec<u8>) -> Result<bool, StoreError> {
        self.number += 1;
        let mut limited = std::io::Read::take(&mut self.reader, LONGEST_LINE);
        limited.read_until(b'\n', text).map_err(StoreError::read(self.path))?;
        Ok(text.last() == Some(&b'\n'))
    }

    /// How many bytes are left.
    fn rest(&mut self) -> Result<u64, StoreError> {
        std::io::copy(&mut self.reader, &mut std::io::sink()).map_err(StoreError::read(self.path))
    }
}
