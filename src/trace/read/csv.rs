//! CSV files: whole blocks are parsed side by side and put together in order.
//!
//! Only the columns that are asked for are looked at, and there is no string a row. Memory is that of the tables plus a
//! few blocks. A block without a quote or a carriage return needs no CSV parser: its rows end at line feeds and its
//! fields at delimiters. From the first block that has one of these, the rest goes through the CSV parser, one record
//! after the other; `a_quote_anywhere_changes_nothing` guards that both mean the same.

use std::path::{Path, PathBuf};

use csv::ByteRecord;
use rayon::prelude::*;

use super::cell::CellValue;
use super::delimiter::Delimiter;
use super::delimiters::Delimiters;
use super::fault::RowFault;
use super::foreign::{self, BOM, Wanted};
use super::header::Header;
use super::records::{Records, builder};
use super::rows::{Block, Merged, RecordLayout, Rows, Table};
use super::stray;
use super::table_problem::TraceTableProblem;
use crate::diagnostics::Place;
use crate::store::{Blocks, Input, InputDigest, StoreError};
use crate::trace::TraceError;

/// Bytes up to which a header with quotes is looked for.
const LONGEST_HEADER: usize = 64 << 20;

/// A CSV whose header has been read, and may have to be read again with another delimiter.
pub(super) struct Csv<'i> {
    path: PathBuf,
    /// What has been read, from the header on: whole lines.
    first: Vec<u8>,
    /// The line of the header.
    line: u64,
    blocks: Blocks<Input<'i>>,
    pub(super) delimiter: Delimiter,
}

/// Reads a CSV up to its first rows, in blocks of about so many bytes.
pub(super) fn open(input: Input<'_>, block_bytes: usize) -> Result<Csv<'_>, TraceError> {
    let path = input.path().to_path_buf();
    let mut blocks = Blocks::with_block_bytes(input, block_bytes);
    let mut first = Vec::new();
    let mut line = 1;
    // Blank lines before the header may fill whole blocks, and a header in quotes may be longer than one.
    let mut is_start = true;
    while let Some(mut block) = blocks.next_block().map_err(StoreError::read(&path))? {
        if is_start {
            if let Some(problem) = foreign::binary(&block, Wanted::Table) {
                return Err(TraceError::format(Place::file(&path).at_line(1), problem));
            }
            if block.starts_with(BOM) {
                block.drain(..BOM.len());
            }
            is_start = false;
        }
        first.append(&mut block);
        let blank = first.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        line += line_ends(&first[..blank]);
        first.drain(..blank);
        if !first.is_empty() && (is_plain(&first) || first.len() > LONGEST_HEADER || has_whole_header(&first)) {
            break;
        }
    }
    if first.is_empty() {
        Err(empty(&path))
    } else {
        Ok(Csv { path, first, line, blocks, delimiter: Delimiter::Comma })
    }
}

/// How many lines end in `blank`.
fn line_ends(blank: &[u8]) -> u64 {
    let ends = blank.iter().enumerate().filter(|(at, byte)| **byte == b'\n' || blank.get(at + 1) != Some(&b'\n'));
    ends.count() as u64
}

/// Whether two records end in `text` whatever separates its columns, and a third one begins.
fn has_whole_header(text: &[u8]) -> bool {
    Delimiter::ALL.iter().all(|delimiter| head(text, *delimiter).nth(2).is_some())
}

/// The first records of a text with quotes.
fn head(text: &[u8], delimiter: Delimiter) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let records = builder(delimiter.byte()).from_reader(text).into_byte_records();
    records.map_while(Result::ok).map(|record| record.iter().map(<[u8]>::to_vec).collect())
}

impl<'i> Csv<'i> {
    /// The header, if so its columns are separated.
    ///
    /// # Errors
    /// When it is not UTF-8, or the text is a table that is drawn for people to read.
    pub(super) fn header(&self, delimiter: Delimiter) -> Result<Header, TraceError> {
        let mut lines = self.first.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let (first, second) = (lines.next().unwrap_or_default(), lines.next());
        let malformed = |problem| TraceError::format(Place::file(&self.path).at_line(self.line), problem);
        if stray::is_rule(first) || second.is_some_and(stray::is_rule) {
            return Err(malformed(TraceTableProblem::Drawn));
        }
        if stray::is_setting(first) {
            return Err(malformed(TraceTableProblem::Setting));
        }
        if let Some(delimiter) = stray::directive(first) {
            return Err(malformed(TraceTableProblem::Directive { delimiter }));
        }
        let is_plain = is_plain(&self.first);
        let split = |line: &[u8]| line.split(|byte| *byte == delimiter.byte()).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (names, record) = if is_plain {
            (split(first), second.map(split))
        } else {
            let mut records = head(&self.first, delimiter);
            (records.next().unwrap_or_default(), records.next())
        };
        let names: Result<Vec<String>, _> = names.into_iter().map(String::from_utf8).collect();
        let names = names.map_err(|_| malformed(TraceTableProblem::HeaderNotUtf8))?;
        let record =
            record.map(|record| record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
        Ok(Header::new(&self.path, Some(self.line), names, record))
    }

    /// What the file is instead of a table, and what to do, if its first bytes say so.
    pub(super) fn foreign(&self) -> Option<TraceError> {
        let place = Place::file(&self.path).at_line(self.line);
        foreign::text(&self.first).map(|problem| TraceError::format(place, problem))
    }

    /// Whether the header has such a delimiter.
    pub(super) fn has(&self, delimiter: Delimiter) -> bool {
        let end = memchr::memchr2(b'\n', b'\r', &self.first).unwrap_or(self.first.len());
        memchr::memchr(delimiter.byte(), &self.first[..end]).is_some()
    }
}

impl Rows for Csv<'_> {
    fn read<T: Table>(
        self,
        plan: &RecordLayout<'_, T>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Option<InputDigest>, TraceError> {
        let Self { path, mut first, line, blocks, delimiter } = self;
        merged.start(&path, line);
        let input = if is_plain(&first) {
            let end = memchr::memchr(b'\n', &first).map_or(first.len(), |end| end + 1);
            first.drain(..end);
            CsvPlan { plan, delimiter }.read_blocks(first, blocks, merged)?
        } else {
            let mut records = read_on(first, Vec::new(), blocks, line, delimiter);
            records.next(&mut ByteRecord::new()).map_err(StoreError::read(&path))?;
            CsvPlan { plan, delimiter }.read_records(records, merged)?
        };
        Ok(input.finish()?)
    }
}

/// How rows of a CSV are read.
struct CsvPlan<'a, 'p, T: Table> {
    plan: &'a RecordLayout<'p, T>,
    delimiter: Delimiter,
}

impl<T: Table> CsvPlan<'_, '_, T> {
    /// Reads and hashes the next blocks, parses the current ones, and merges those before, all at the same time.
    fn read_blocks<'r>(
        &self,
        first: Vec<u8>,
        mut blocks: Blocks<Input<'r>>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Input<'r>, TraceError> {
        let jobs = rayon::current_num_threads() * 4;
        let mut batch = vec![first];
        let mut parsed: Vec<Block<T>> = Vec::new();
        while !batch.is_empty() {
            let plain = batch.par_iter().position_first(|block| !is_plain(block)).unwrap_or(batch.len());
            let quoted = batch.split_off(plain);
            let (next, (current, earlier)) = rayon::join(
                || blocks.next_batch(jobs),
                || {
                    rayon::join(
                        || batch.par_iter().map(|block| self.parse(block)).collect::<Vec<_>>(),
                        || parsed.drain(..).try_for_each(|block| merged.append(block)),
                    )
                },
            );
            earlier?;
            let next = next.map_err(StoreError::read(&merged.path))?;
            if quoted.is_empty() {
                blocks.recycle(std::mem::replace(&mut batch, next));
                parsed = current;
                continue;
            }
            current.into_iter().try_for_each(|block| merged.append(block))?;
            let line = merged.block.line_count + 1;
            return self.read_records(read_on(quoted.concat(), next, blocks, line, self.delimiter), merged);
        }
        parsed.into_iter().try_for_each(|block| merged.append(block))?;
        Ok(blocks.into_rest().1)
    }

    fn read_records<'r>(&self, mut records: Records<'r>, merged: &mut Merged<'_, T>) -> Result<Input<'r>, TraceError> {
        let mut record = ByteRecord::new();
        while let Some(line) = records.next(&mut record).map_err(StoreError::read(&merged.path))? {
            let outcome = self.record(&mut merged.block.table, &record);
            merged.block.count(self.plan, line, outcome.map_err(|fault| (None, fault)));
            merged.check()?;
        }
        merged.block.is_open = records.is_open();
        Ok(records.into_input())
    }

    fn record(&self, table: &mut T, record: &ByteRecord) -> Result<(), RowFault> {
        let fields: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let fields = fields.map_err(|_| RowFault::NotUtf8)?;
        if memchr::memchr(0, record.as_slice()).is_some() {
            return Err(RowFault::Nul);
        }
        let named = |fault: RowFault| self.plan.stray(&fields).unwrap_or(fault);
        let expected = self.plan.names.len();
        if fields.len() != expected {
            return Err(named(RowFault::FieldCount { found: fields.len(), expected, delimiter: self.delimiter }));
        }
        let mut cells = self.plan.cells();
        for (field, slot) in &self.plan.wanted {
            cells[slot.0] = CellValue::Text(fields[*field]);
        }
        self.plan.row(table, &cells).map_err(named)
    }

    fn parse(&self, bytes: &[u8]) -> Block<T> {
        let mut block = Block::<T>::default();
        let text = std::str::from_utf8(bytes).ok();
        let has_nul = memchr::memchr(0, bytes).is_some();
        let mut cells = self.plan.cells();
        block.is_open = bytes.last().is_some_and(|byte| *byte != b'\n');
        let mut start = 0;
        while start < bytes.len() && block.fault.is_none() {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            block.line_count += 1;
            if end > start {
                let line = match text {
                    Some(text) => Some(&text[start..end]),
                    None => std::str::from_utf8(&bytes[start..end]).ok(),
                };
                let outcome = match line {
                    Some(line) if has_nul && line.contains('\0') => Err((None, RowFault::Nul)),
                    Some(line) => self.line(&mut block.table, line, &mut cells),
                    None => Err((None, RowFault::NotUtf8)),
                };
                let line = block.line_count;
                block.count(self.plan, line, outcome);
            }
            start = end + 1;
        }
        block
    }

    /// Splits a line at its delimiters; a fault comes with its column, from 1, if it is in one.
    fn line<'t>(
        &self,
        table: &mut T,
        line: &'t str,
        cells: &mut [CellValue<'t>],
    ) -> Result<(), (Option<u64>, RowFault)> {
        let delimiter = self.delimiter.byte();
        let mut places = Delimiters::new(line.as_bytes(), delimiter);
        // The field that starts at `start` and ends at the delimiter at `end`, or with the line.
        let (mut field, mut start, mut end) = (0, 0, places.next());
        for (wanted, slot) in &self.plan.wanted {
            if field < *wanted {
                let before = if field + 1 < *wanted { places.nth(*wanted - field - 2) } else { end };
                let Some(place) = before else { break };
                (field, start, end) = (*wanted, place + 1, places.next());
            }
            cells[slot.0] = CellValue::Text(&line[start..end.unwrap_or(line.len())]);
        }
        let found = memchr::memchr_iter(delimiter, &line.as_bytes()[start..]).count() + field + 1;
        let expected = self.plan.names.len();
        if found != expected {
            let fault = RowFault::FieldCount { found, expected, delimiter: self.delimiter };
            return Err((None, self.stray(line).unwrap_or(fault)));
        }
        self.plan.row(table, cells).map_err(|fault| match self.stray(line) {
            Some(stray) => (None, stray),
            None => (self.column(line, &fault), fault),
        })
    }

    /// What a line is that is no row, if it is known.
    #[cold]
    fn stray(&self, line: &str) -> Option<RowFault> {
        self.plan.stray(&line.split(char::from(self.delimiter.byte())).collect::<Vec<_>>())
    }

    fn column(&self, line: &str, fault: &RowFault) -> Option<u64> {
        let RowFault::Cell { slot, .. } = fault else { return None };
        let fields = line.split(char::from(self.delimiter.byte())).take(self.plan.columns.field(*slot)?);
        let before: usize = fields.map(|field| field.chars().count() + 1).sum();
        Some(before as u64 + 1)
    }
}

/// Whether rows end at every line feed and fields at every comma.
fn is_plain(block: &[u8]) -> bool {
    memchr::memchr2(b'"', b'\r', block).is_none()
}

/// Records of what has been read in blocks, and of what follows.
fn read_on(
    mut read: Vec<u8>,
    next: Vec<Vec<u8>>,
    blocks: Blocks<Input<'_>>,
    line: u64,
    delimiter: Delimiter,
) -> Records<'_> {
    let (carry, input) = blocks.into_rest();
    for block in next.into_iter().chain([carry]) {
        read.extend_from_slice(&block);
    }
    Records::new(read, input, line, delimiter.byte())
}

fn empty(path: &Path) -> TraceError {
    TraceError::format(Place::file(path).at_line(1), TraceTableProblem::Empty)
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
