//! Records of a CSV with quotes or carriage returns, one after the other.

use std::io::{self, Chain, Cursor, Read};

use csv::ByteRecord;

use crate::store::Input;

/// What is left of a file: blocks that have been read already, then the rest.
type Rest<'a> = Chain<Cursor<Vec<u8>>, Input<'a>>;

/// Reads records by the rules of RFC 4180, with line ends LF, CRLF or CR, and skips blank lines.
pub(super) struct Records<'a> {
    reader: csv::Reader<Tracker<Rest<'a>>>,
    delimiter: u8,
}

impl<'a> Records<'a> {
    /// Records of `read`, which starts on line `line`, followed by those of `input`.
    pub(super) fn new(read: Vec<u8>, input: Input<'a>, line: u64, delimiter: u8) -> Self {
        let tracker = Tracker::new(Cursor::new(read).chain(input), line);
        Self { reader: builder(delimiter).buffer_capacity(1 << 16).from_reader(tracker), delimiter }
    }

    /// Reads the next record into `record`, and returns the line on which it starts.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> io::Result<Option<u64>> {
        let start = self.reader.position().byte();
        match self.reader.read_byte_record(record) {
            Ok(true) => Ok(Some(self.reader.get_mut().line_of(start))),
            Ok(false) => self.reader.get_ref().check_closed(self.delimiter).map(|()| None),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => io::Error::other(format!("{other:?}")),
            }),
        }
    }

    /// Whether the last record ends with the file, and not with its line.
    pub(super) fn is_open(&self) -> bool {
        self.reader.get_ref().kept.last().is_some_and(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// The file behind the records.
    pub(super) fn into_input(self) -> Input<'a> {
        self.reader.into_inner().inner.into_inner().1
    }
}

/// A reader of records as they stand.
pub(super) fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    builder
}

/// Keeps the bytes that have been handed to the CSV reader and whose lines have not been counted, to tell on which
/// line a record starts: the reader itself counts line feeds only, and from before the blank lines that it skips.
struct Tracker<R> {
    inner: R,
    /// The bytes from offset `base` on.
    kept: Vec<u8>,
    base: u64,
    /// Offset up to which lines are counted, and the line there.
    counted_to: u64,
    line: u64,
    /// One line feed goes first: a reader that starts in mid-file must not take a BOM there for its own.
    started: bool,
}

impl<R: Read> Tracker<R> {
    fn new(inner: R, line: u64) -> Self {
        Self { inner, kept: Vec::new(), base: 0, counted_to: 0, line: line - 1, started: false }
    }

    /// The line of the first byte at or after `offset` that ends no line; there must be one. Offsets ascend.
    fn line_of(&mut self, offset: u64) -> u64 {
        let (from, to) = ((self.counted_to - self.base) as usize, (offset - self.base) as usize);
        let blank = self.kept[to..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let text = &self.kept[from..to + blank];
        self.line += memchr::memchr2_iter(b'\n', b'\r', text)
            .filter(|at| text[*at] == b'\n' || text.get(at + 1) != Some(&b'\n'))
            .count() as u64;
        self.counted_to = offset + blank as u64;
        self.line
    }
}

impl<R> Tracker<R> {
    /// An error if the last record, which is what is kept at the end of the file, ends inside a quote: everything behind
    /// the quote would pass for one field.
    fn check_closed(&self, delimiter: u8) -> io::Result<()> {
        let last = &self.kept[(self.counted_to - self.base) as usize..];
        let more = last.chain(&b"\nmore\n"[..]);
        let mut records = builder(delimiter).from_reader(more).into_byte_records();
        if last.iter().all(|byte| matches!(byte, b'\r' | b'\n')) || records.nth(1).is_some() {
            return Ok(());
        }
        let problem = format!("the record that starts on line {} opens a quote that is never closed", self.line);
        Err(io::Error::new(io::ErrorKind::InvalidData, problem))
    }
}

impl<R: Read> Read for Tracker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.kept.drain(..(self.counted_to - self.base) as usize);
        self.base = self.counted_to;
        let count = if !self.started && !buffer.is_empty() {
            self.started = true;
            buffer[0] = b'\n';
            1
        } else {
            self.inner.read(buffer)?
        };
        self.kept.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn records_know_the_physical_line_they_start_on() {
        let text = "e,f\r\n\r\n\rg,\"h\r\nh\"\r\ni,j\rk,l\n\nm,n";
        for cut in 0..4 {
            let mut input = Input::new(text.as_bytes(), Path::new("x.csv"), false).unwrap();
            let mut read = vec![0; cut];
            input.read_exact(&mut read).unwrap();
            let mut records = Records::new(read, input, 10, b',');
            let mut record = ByteRecord::new();
            let mut found = Vec::new();
            while let Some(line) = records.next(&mut record).unwrap() {
                found.push((line, String::from_utf8(record[0].to_vec()).unwrap()));
            }
            let expected = [(10, "e"), (13, "g"), (15, "i"), (16, "k"), (18, "m")];
            assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())), "{cut}");
        }
    }

    #[test]
    fn lines_are_right_when_the_reader_gets_single_bytes() {
        struct Dribble<'a>(&'a [u8]);
        impl Read for Dribble<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
                buffer[0] = *first;
                self.0 = rest;
                Ok(1)
            }
        }
        let mut tracker = Tracker::new(Dribble(b"a\r\nb\r\rc\n\nd"), 1);
        let mut buffer = [0; 8];
        let mut lines = Vec::new();
        for offset in 0.. {
            if tracker.read(&mut buffer).unwrap() == 0 {
                break;
            }
            if !matches!(buffer[0], b'\r' | b'\n') {
                lines.push(tracker.line_of(offset));
            }
        }
        assert_eq!(lines, [1, 2, 4, 6]);
    }
}
