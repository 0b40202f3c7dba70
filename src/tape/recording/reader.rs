use std::io::{BufRead, BufReader};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{
    Body, LONGEST_LINE, RECORDING_FORMAT, Record, RecordingHeader, RecordingManifest, newer_format, part_on_disk,
};
use crate::diagnostics::{Place, problem_of_parser};
use crate::residual::in_range;
use crate::store::{Input, InputDigest, StoreError, VerifyingKey, read_small};
use crate::tape::{LineProblem, TapeError};

/// What has been read of a recording.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordingDigest {
    /// The stored bytes of its parts: of several, the SHA-256 over their digests, a line each.
    pub input: InputDigest,
    /// The manifests of its parts, in order.
    pub manifests: Vec<RecordingManifest>,
}

/// Reads a sealed recording from the part at `path` on, and gives each line to `take`, with its place; headers of later
/// parts are checked and not given.
///
/// What is hashed is what is parsed: nothing that `take` has been given counts before this returns without an error.
///
/// # Errors
/// When a part or its manifest cannot be read, the hash or a count is not that of the manifest, a line is none, or `take` says
/// so. A wrong hash is named first: it explains all the others.
pub fn read_recording<E: From<TapeError>>(
    path: &Path,
    take: impl FnMut(&Place, RecordingLine) -> Result<(), E>,
) -> Result<RecordingDigest, E> {
    read_recording_signed(path, None, take)
}

/// As [`read_recording`], and with a key the manifest of each part has to be signed by it, as that of a part of this name.
///
/// # Errors
/// As [`read_recording`], and when a manifest is not signed.
pub fn read_recording_signed<E: From<TapeError>>(
    path: &Path,
    key: Option<&VerifyingKey>,
    take: impl FnMut(&Place, RecordingLine) -> Result<(), E>,
) -> Result<RecordingDigest, E> {
    read_recording_from(path, read_small(&RecordingManifest::path(path)), key, take)
}

/// The same, where the manifest of the first part has been read.
pub(in crate::tape) fn read_recording_from<E: From<TapeError>>(
    path: &Path,
    mut manifest: std::io::Result<Vec<u8>>,
    key: Option<&VerifyingKey>,
    mut take: impl FnMut(&Place, RecordingLine) -> Result<(), E>,
) -> Result<RecordingDigest, E> {
    let mut part = path.to_path_buf();
    let mut first: Option<RecordingHeader> = None;
    let mut manifests = Vec::new();
    let mut digests: Vec<InputDigest> = Vec::new();
    loop {
        let sealed = RecordingManifest::from_bytes(&part, manifest, key)?;
        let (found, input) = read_part(&part, &sealed, first.as_ref(), &mut take)?;
        digests.push(input);
        let next = sealed.continued_in.clone();
        manifests.push(sealed);
        first = Some(found);
        match next {
            Some(next) => {
                part = part_on_disk(part.with_file_name(next));
                manifest = read_small(&RecordingManifest::path(&part));
            }
            None => break,
        }
    }
    Ok(RecordingDigest { input: InputDigest::of_list(&digests), manifests })
}

/// A line of a recording.
#[derive(Debug)]
pub enum RecordingLine {
    /// The header of the first part.
    Header(Box<RecordingHeader>),
    /// Any other line.
    Record(Box<Record>),
}

fn read_part<E: From<TapeError>>(
    part: &Path,
    manifest: &RecordingManifest,
    before: Option<&RecordingHeader>,
    take: &mut impl FnMut(&Place, RecordingLine) -> Result<(), E>,
) -> Result<(RecordingHeader, InputDigest), E> {
    let mut input = Input::open(part, true).map_err(TapeError::from)?;
    let mut lines =
        PartLines { reader: BufReader::with_capacity(1 << 16, &mut input), part, hasher: Sha256::new(), number: 0 };
    let result = take_lines(&mut lines, manifest, before, take);
    // The rest is hashed, too, since a wrong hash explains whatever was found.
    let rest = if result.is_err() { lines.skip() } else { Ok(()) };
    let actual = hex::encode(lines.hasher.finalize());
    if rest.is_ok() && actual != manifest.sha256 {
        let recorded = manifest.sha256.clone();
        return Err(TapeError::HashMismatch { tape: part.to_path_buf(), recorded, actual }.into());
    }
    let header = result?;
    let digest = input.finish().map_err(TapeError::from)?.expect("it was opened to be hashed");
    Ok((header, digest))
}

fn take_lines<E: From<TapeError>>(
    lines: &mut PartLines<'_, impl BufRead>,
    manifest: &RecordingManifest,
    before: Option<&RecordingHeader>,
    take: &mut impl FnMut(&Place, RecordingLine) -> Result<(), E>,
) -> Result<RecordingHeader, E> {
    let part = lines.part.to_path_buf();
    let mut text = Vec::new();
    let place = lines.next(&mut text)?.ok_or_else(|| bad_line(Place::file(&part).at_line(1), LineProblem::NoHeader))?;
    let header: RecordingHeader = parse(&place, &text)?;
    if header.recording > RECORDING_FORMAT {
        return Err(newer_format(&part, header.recording).into());
    }
    match before {
        None => take(&place, RecordingLine::Header(Box::new(header.clone())))?,
        Some(before) if before.id == header.id && before.part + 1 == header.part => {}
        Some(before) => {
            let (part, id, expected_id) = (header.part, header.id, before.id.clone());
            let problem = LineProblem::OtherPart { part, id, expected: before.part + 1, expected_id };
            return Err(bad_line(place, problem).into());
        }
    }
    let (mut polls, mut gaps) = (0, 0);
    let mut last_t = f64::NEG_INFINITY;
    while let Some(place) = lines.next(&mut text)? {
        let record: Record = parse(&place, &text)?;
        header.check(&record).map_err(|problem| bad_line(place.clone(), problem))?;
        if !in_range(record.t) || record.t < last_t {
            return Err(bad_line(place, LineProblem::TimeFalls).into());
        }
        last_t = record.t;
        match record.body {
            Body::Poll(_) => polls += 1,
            Body::Gap { .. } => gaps += 1,
            _ => {}
        }
        take(&place, RecordingLine::Record(Box::new(record)))?;
    }
    for (key, recorded, actual) in [("polls", manifest.polls, polls), ("gaps", manifest.gaps, gaps)] {
        if recorded != actual {
            let (recorded, actual) = (recorded.to_string(), actual.to_string());
            return Err(TapeError::ManifestDisagrees { tape: part, key, recorded, actual }.into());
        }
    }
    Ok(header)
}

fn bad_line(place: Place, problem: LineProblem) -> TapeError {
    TapeError::BadLine { place, problem: Box::new(problem) }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(place: &Place, text: &[u8]) -> Result<T, TapeError> {
    serde_json::from_slice(text).map_err(|error| {
        let problem = problem_of_parser(&error.to_string(), error.line(), error.column());
        let place = place.clone().at_column(error.column() as u64);
        bad_line(place, LineProblem::NotRecording(problem))
    })
}

/// The lines of a part, hashed as they come.
struct PartLines<'a, R> {
    reader: R,
    part: &'a Path,
    hasher: Sha256,
    number: u64,
}

impl<R: BufRead> PartLines<'_, R> {
    /// The next line, without its end, and its place; `None` at the end of the part.
    fn next(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, TapeError> {
        text.clear();
        self.number += 1;
        let place = Place::file(self.part).at_line(self.number);
        let mut limited = std::io::Read::take(&mut self.reader, LONGEST_LINE);
        limited.read_until(b'\n', text).map_err(StoreError::read(self.part))?;
        self.hasher.update(&text);
        if text.is_empty() {
            return Ok(None);
        }
        if text.pop() != Some(b'\n') {
            let problem = if text.len() as u64 + 1 >= LONGEST_LINE { LineProblem::TooLong } else { LineProblem::NoEnd };
            return Err(bad_line(place, problem));
        }
        Ok(Some(place))
    }

    /// Hashes what is left.
    fn skip(&mut self) -> Result<(), StoreError> {
        loop {
            let buffer = self.reader.fill_buf().map_err(StoreError::read(self.part))?;
            if buffer.is_empty() {
                return Ok(());
            }
            self.hasher.update(buffer);
            let count = buffer.len();
            self.reader.consume(count);
        }
    }
}
