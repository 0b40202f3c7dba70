//! From a file in any of the formats to the columns of its database spans.
//!
//! Lines and messages are read in stretches that are parsed side by side and put together in order; a text of one object is
//! parsed while it is read. Of neither is more in memory than a few stretches.

use std::io::{BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::de::DeserializeSeed;

use super::format::{self, HEAD_BYTES, LONGEST_MESSAGE, SpanFormat, ZSTD};
use super::json::Walk;
use super::layout::{Layout, OTLP};
use super::problem::{OtelProblem, SpanProblem};
#[cfg(feature = "protobuf")]
use super::protobuf;
use super::spans::Spans;
use crate::diagnostics::Place;
use crate::store::{Blocks, Input, InputDigest, StoreError};
use crate::trace::TraceError;
use crate::trace::read::{BOM, Wanted, binary};

/// Bytes that are read before they are parsed side by side.
const BLOCK_BYTES: usize = 4 << 20;

/// Bytes that are parsed by one thread at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Bytes that a message may have when it is decompressed.
#[cfg(feature = "compression")]
const LARGEST_MESSAGE: u64 = 512 << 20;

/// A file whose format is known.
pub(super) struct SpanSource<'a> {
    path: PathBuf,
    head: Vec<u8>,
    input: Input<'a>,
    pub(super) format: Result<SpanFormat, OtelProblem>,
}

impl<'a> SpanSource<'a> {
    /// Reads as much of a file as tells its format.
    pub(super) fn new(mut input: Input<'a>) -> Result<Self, TraceError> {
        let path = input.path().to_path_buf();
        let mut head = Vec::new();
        loop {
            let wanted = (head.len() * 2).max(HEAD_BYTES) as u64 - head.len() as u64;
            let read = (&mut input).take(wanted).read_to_end(&mut head).map_err(StoreError::read(&path))?;
            let is_whole = (read as u64) < wanted;
            if is_whole || head.len() >= LONGEST_MESSAGE || !format::needs_more(&head) {
                let format = format::find(&head);
                let foreign = format.as_ref().err().and_then(|_| binary(&head, Wanted::Spans));
                let source = Self { path, head, input, format };
                return foreign.map_or(Ok(()), |problem| Err(source.malformed(problem.into()))).map(|()| source);
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole file again, from its first byte.
    pub(super) fn into_whole(self) -> Whole<'a> {
        Whole { reader: Cursor::new(self.head).chain(self.input) }
    }

    /// An error at the start of the file.
    pub(super) fn malformed(&self, problem: OtelProblem) -> TraceError {
        TraceError::format(Place::file(&self.path).at((1, 1)), problem)
    }

    /// All spans, and the digest of the file if it was asked for.
    pub(super) fn read(mut self, lenient: bool) -> Result<(Spans, Option<InputDigest>), TraceError> {
        let format = match &self.format {
            Ok(format) => *format,
            Err(problem) => return Err(self.malformed(problem.clone())),
        };
        if self.head.starts_with(BOM) {
            self.head.drain(..BOM.len());
        }
        let path = self.path.clone();
        let mut whole = self.into_whole();
        let spans = match format {
            SpanFormat::Json(layout) => read_text(&path, &mut whole, layout, lenient),
            SpanFormat::Lines(layout) => read_lines(&path, &mut whole, layout, lenient),
            SpanFormat::Messages => read_messages(&path, &mut whole, lenient),
            SpanFormat::Protobuf => {
                let mut bytes = whole.reader.get_ref().0.get_ref().clone();
                bytes.extend(whole.reader.get_mut().1.read_to_end()?);
                let mut spans = Spans::new(lenient);
                let read = protobuf::read(&bytes, &mut spans);
                read.map_err(|fault| TraceError::format(Place::file(&path), OtelProblem::from(fault))).map(|()| spans)
            }
        }?;
        if spans.rows().read == 0 {
            let container = if matches!(format, SpanFormat::Json(layout) if layout.name.contains("array")) {
                "array"
            } else {
                "file"
            };
            let problem = OtelProblem::NoSpans { container };
            return Err(TraceError::format(Place::file(&path).at((1, 1)), problem));
        }
        Ok((spans, whole.finish()?))
    }
}

/// A file from its first byte on.
pub(super) struct Whole<'a> {
    reader: Chain<Cursor<Vec<u8>>, Input<'a>>,
}

impl Whole<'_> {
    /// The digest of the file if it was asked for.
    pub(super) fn finish(self) -> Result<Option<InputDigest>, StoreError> {
        self.reader.into_inner().1.finish()
    }
}

impl Read for Whole<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// What is wrong with a JSON text, and where in it.
struct Misread {
    line: u64,
    column: u64,
    problem: OtelProblem,
    /// Whether the others can be read without it.
    is_skippable: bool,
}

impl Misread {
    /// What stopped the reading of spans: one of them, or the text itself.
    fn new(error: &serde_json::Error, layout: &Layout, spans: &mut Spans) -> Self {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let (problem, is_skippable) = match spans.take_fault() {
            Some(fault) => (fault.into(), true),
            None => (OtelProblem::Json { format: layout.name, problem: bare(error), is_cut: false }, false),
        };
        Self { line: line.max(1), column: column.max(1), problem, is_skippable }
    }

    fn into_error(self, path: &Path, lines_before: u64) -> TraceError {
        let place = Place::file(path).at((lines_before + self.line, self.column));
        match self.is_skippable {
            true => TraceError::skippable(place, self.problem),
            false => TraceError::format(place, self.problem),
        }
    }
}

/// The text of an error without the place, which stands before it in ours.
pub(super) fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

fn read_text(path: &Path, whole: &mut Whole<'_>, layout: &'static Layout, lenient: bool) -> Result<Spans, TraceError> {
    let mut spans = Spans::new(lenient);
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, whole));
    match values(&mut json, layout, &mut spans) {
        Ok(()) => Ok(spans),
        Err(error) if error.is_io() => Err(StoreError::read(path)(error.into()).into()),
        Err(error) => Err(Misread::new(&error, layout, &mut spans).into_error(path, 0)),
    }
}

/// Takes the spans of one JSON text after the other: nothing but blanks, if that, has to stand between them.
fn values<'de, R: serde_json::de::Read<'de>>(
    json: &mut serde_json::Deserializer<R>,
    layout: &'static Layout,
    spans: &mut Spans,
) -> Result<(), serde_json::Error> {
    Walk::new(layout, spans).deserialize(&mut *json)?;
    while let Err(trailing) = json.end() {
        if trailing.is_io() {
            return Err(trailing);
        }
        Walk::new(layout, spans).deserialize(&mut *json).map_err(|error| {
            // Where no value starts, that is what is wrong.
            let starts_none = (error.line(), error.column()) == (trailing.line(), trailing.column());
            if starts_none { trailing } else { error }
        })?;
    }
    Ok(())
}

fn read_lines(path: &Path, whole: &mut Whole<'_>, layout: &'static Layout, lenient: bool) -> Result<Spans, TraceError> {
    let mut blocks = Blocks::with_block_bytes(whole, BLOCK_BYTES);
    let mut spans = Spans::new(lenient);
    let mut lines = 0;
    let mut block = blocks.next_block().map_err(StoreError::read(path))?;
    while let Some(text) = block {
        let (parsed, next) = rayon::join(|| parse_lines(&text, layout, lenient), || blocks.next_block());
        for piece in parsed {
            let (piece, count) = piece.map_err(|misread| misread.into_error(path, lines))?;
            spans.append(piece, lines);
            lines += count;
        }
        blocks.recycle(vec![text]);
        block = next.map_err(StoreError::read(path))?;
    }
    Ok(spans)
}

/// Whole lines, side by side: of each piece the spans and how many lines it has.
fn parse_lines(text: &[u8], layout: &'static Layout, lenient: bool) -> Vec<Result<(Spans, u64), Misread>> {
    let parse = |piece: &&[u8]| {
        let mut spans = Spans::new(lenient);
        let mut count = 0;
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            count += 1;
            if !line.trim_ascii().is_empty() {
                let first = spans.len();
                parse_line(line.strip_suffix(b"\n").unwrap_or(line), layout, &mut spans, lenient)
                    .map_err(|misread| Misread { line: count, ..misread })?;
                spans.end_line(first, count);
            }
        }
        Ok((spans, count))
    };
    pieces(text).par_iter().map(parse).collect()
}

/// Takes the spans of one JSON text; leniently, a text that cannot be read is counted and gives none.
fn parse_line(text: &[u8], layout: &'static Layout, spans: &mut Spans, lenient: bool) -> Result<(), Misread> {
    let mark = lenient.then(|| spans.mark());
    let outcome = match std::str::from_utf8(text) {
        // Checked as a whole it need not be string by string.
        Ok(text) => values(&mut serde_json::Deserializer::from_str(text), layout, spans),
        Err(_) => values(&mut serde_json::Deserializer::from_slice(text), layout, spans),
    };
    let Err(error) = outcome else { return Ok(()) };
    if let Some(mark) = mark {
        spans.rewind(mark);
        spans.push_bad_line(layout.bad_line);
        return Ok(());
    }
    let mut misread = Misread { is_skippable: true, ..Misread::new(&error, layout, spans) };
    if let OtelProblem::Json { is_cut, .. } = &mut misread.problem {
        *is_cut = error.is_eof();
    }
    Err(misread)
}

/// Stretches of whole lines.
fn pieces(text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.get(PIECE_BYTES..).and_then(|behind| memchr::memchr(b'\n', behind));
        let (piece, behind) = rest.split_at(end.map_or(rest.len(), |end| PIECE_BYTES + end + 1));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Messages with four bytes before each that are its length, most significant first.
fn read_messages(path: &Path, whole: &mut Whole<'_>, lenient: bool) -> Result<Spans, TraceError> {
    let mut reader = BufReader::with_capacity(1 << 18, whole);
    let mut spans = Spans::new(lenient);
    let mut before = 0;
    loop {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut ended = None;
        while bytes < BLOCK_BYTES && ended.is_none() {
            match next_message(&mut reader).map_err(StoreError::read(path))? {
                Next::Message(message) => {
                    bytes += message.len();
                    batch.push(message);
                }
                end => ended = Some(end),
            }
        }
        let parse = |message: &Vec<u8>| {
            let mut spans = Spans::new(lenient);
            parse_message(message, &mut spans, lenient).map(|()| spans)
        };
        let parsed: Vec<Result<Spans, OtelProblem>> = batch.par_iter().map(parse).collect();
        for message in parsed {
            before += 1;
            spans.append(message.map_err(|problem| at_message(path, before, problem))?, 0);
        }
        let fault = match ended {
            None => continue,
            Some(Next::Cut { length, left }) => SpanProblem::CutMessage { length, left },
            Some(Next::TooLong(length)) => SpanProblem::LongMessage { length, most_mib: LONGEST_MESSAGE >> 20 },
            Some(_) => return Ok(spans),
        };
        spans.push_fault(fault).map_err(|fault| at_message(path, before + 1, fault.into()))?;
        return Ok(spans);
    }
}

fn at_message(path: &Path, number: u64, problem: OtelProblem) -> TraceError {
    TraceError::skippable(Place::file(path), OtelProblem::Message { number, problem: Box::new(problem) })
}

/// What comes next in a file of messages.
enum Next {
    Message(Vec<u8>),
    End,
    Cut { length: usize, left: usize },
    TooLong(usize),
}

fn next_message(reader: &mut impl Read) -> std::io::Result<Next> {
    let mut length = Vec::new();
    match reader.take(4).read_to_end(&mut length)? {
        0 => return Ok(Next::End),
        4 => {}
        left => return Ok(Next::Cut { length: 4, left }),
    }
    let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    if length > LONGEST_MESSAGE {
        return Ok(Next::TooLong(length));
    }
    let mut message = Vec::new();
    let left = reader.take(length as u64).read_to_end(&mut message)?;
    Ok(if left < length { Next::Cut { length, left } } else { Next::Message(message) })
}

fn parse_message(message: &[u8], spans: &mut Spans, lenient: bool) -> Result<(), OtelProblem> {
    if message.starts_with(ZSTD) {
        return match unpacked(message) {
            Ok(unpacked) => parse_plain(&unpacked, spans, lenient),
            Err(error) => Ok(spans.push_fault(SpanProblem::Compressed(error.to_string()))?),
        };
    }
    parse_plain(message, spans, lenient)
}

#[cfg(not(feature = "compression"))]
fn unpacked(_: &[u8]) -> std::io::Result<Vec<u8>> {
    Err(std::io::Error::other("this build lacks the feature `compression`"))
}

#[cfg(feature = "compression")]
fn unpacked(message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let read = zstd::Decoder::new(message)?.take(LARGEST_MESSAGE).read_to_end(&mut unpacked)?;
    if read as u64 == LARGEST_MESSAGE {
        return Err(std::io::Error::other(format!("it has more than {} MiB", LARGEST_MESSAGE >> 20)));
    }
    Ok(unpacked)
}

fn parse_plain(message: &[u8], spans: &mut Spans, lenient: bool) -> Result<(), OtelProblem> {
    if message.starts_with(b"{") {
        return parse_line(message, &OTLP, spans, lenient).map_err(|misread| misread.problem);
    }
    let mark = spans.mark();
    let Err(fault) = protobuf::read(message, spans) else { return Ok(()) };
    spans.rewind(mark);
    Ok(spans.push_fault(fault)?)
}

#[cfg(not(feature = "protobuf"))]
mod protobuf {
    use super::{SpanProblem, Spans};

    /// Without the feature no message can be read.
    pub(super) fn read(_: &[u8], _: &mut Spans) -> Result<(), SpanProblem> {
        Err(SpanProblem::ProtobufNotBuilt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_together_the_text() {
        let line = [b'x'; 99_999];
        let text = [&line[..], b"\n"].concat().repeat(12);
        for text in [&text[..], &text[..text.len() - 1], b"", b"a\n", b"a"] {
            let pieces = pieces(text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().rev().skip(1).all(|piece| piece.ends_with(b"\n")));
            assert!(pieces.len() <= 5);
        }
    }

    #[test]
    fn a_message_is_read_by_its_length() {
        let mut file = &b"\0\0\0\x02ab\0\0\0\0\0\0\0\x05abc"[..];
        assert!(matches!(next_message(&mut file).unwrap(), Next::Message(message) if message == b"ab"));
        assert!(matches!(next_message(&mut file).unwrap(), Next::Message(message) if message.is_empty()));
        assert!(matches!(next_message(&mut file).unwrap(), Next::Cut { length: 5, left: 3 }));
        assert!(matches!(next_message(&mut file).unwrap(), Next::End));
        assert!(matches!(next_message(&mut &b"\0\0"[..]).unwrap(), Next::Cut { length: 4, left: 2 }));
        assert!(matches!(next_message(&mut &b"\xff\0\0\0"[..]).unwrap(), Next::TooLong(_)));
    }
}
