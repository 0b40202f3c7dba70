//! CSV files: whole blocks are parsed side by side and put together in order.
//!
//! Only the columns that are asked for are looked at, and there is no string a row. Memory is that of the tables plus a
//! few blocks. A block without a quote or a carriage return needs no CSV parser: its rows end at line feeds and its
//! fields at commas. From the first block that has one of these, the rest goes through the CSV parser, one record
//! after the other; `a_quote_anywhere_changes_nothing` guards that both mean the same.

use std::path::Path;

use csv::ByteRecord;
use rayon::prelude::*;

use super::cell::{Fault, Value};
use super::commas::Commas;
use super::header::Header;
use super::records::Records;
use super::rows::{Block, Merged, Plan, Rows, Table};
use super::source::{Format, Source};
use crate::diagnostics::Place;
use crate::store::{Blocks, Input, StoreError};
use crate::trace::TraceError;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// The rows of a CSV whose header has been read.
pub(super) enum Csv<'i> {
    /// Blocks without quotes and carriage returns so far; the first one starts on a line of the file.
    Plain {
        first: Vec<u8>,
        line: u64,
        blocks: Blocks<Input<'i>>,
    },
    Records(Records<'i>),
}

/// Reads the header of a CSV, in blocks of about so many bytes.
pub(super) fn open(input: Input<'_>, block_bytes: usize) -> Result<Source<'_>, TraceError> {
    let path = input.path().to_path_buf();
    let mut blocks = Blocks::with_block_bytes(input, block_bytes);
    let mut first = Vec::new();
    let mut line = 1;
    loop {
        // Blank lines before the header may fill whole blocks.
        let Some(mut block) = blocks.next_block().map_err(StoreError::read(&path))? else {
            return Err(empty(&path));
        };
        if line == 1 && first.is_empty() && block.starts_with(BOM) {
            block.drain(..BOM.len());
        }
        first.append(&mut block);
        if !is_plain(&first) {
            return from_records(&path, read_on(first, Vec::new(), blocks, line));
        }
        let blank = first.iter().take_while(|byte| **byte == b'\n').count();
        first.drain(..blank);
        line += blank as u64;
        if !first.is_empty() {
            return from_plain(&path, first, line, blocks);
        }
    }
}

fn from_plain<'i>(
    path: &Path,
    mut first: Vec<u8>,
    line: u64,
    blocks: Blocks<Input<'i>>,
) -> Result<Source<'i>, TraceError> {
    let end = memchr::memchr(b'\n', &first).unwrap_or(first.len());
    let names = strings(path, line, first[..end].split(|byte| *byte == b','))?;
    first.drain(..(end + 1).min(first.len()));
    let record = first.split(|byte| *byte == b'\n').find(|record| !record.is_empty());
    let record = record.map(|record| record.split(|byte| *byte == b',').map(lossy).collect());
    let header = Header::new(path, line, names);
    let rows = Csv::Plain { first, line: line + 1, blocks };
    Ok(Source::new(path.to_path_buf(), header, record, Format::Csv(rows)))
}

fn from_records<'i>(path: &Path, mut records: Records<'i>) -> Result<Source<'i>, TraceError> {
    let mut record = ByteRecord::new();
    let Some(line) = records.next(&mut record).map_err(StoreError::read(path))? else { return Err(empty(path)) };
    let header = Header::new(path, line, strings(path, line, record.iter())?);
    let first = records.peek().map_err(StoreError::read(path))?.map(|record| record.iter().map(lossy).collect());
    Ok(Source::new(path.to_path_buf(), header, first, Format::Csv(Csv::Records(records))))
}

impl<'i> Rows<'i> for Csv<'i> {
    fn read<T: Table>(self, plan: &Plan<'_, T>, merged: &mut Merged<'_, T>) -> Result<Input<'i>, TraceError> {
        match self {
            Self::Plain { first, line, blocks } => plan.read_blocks(first, line, blocks, merged),
            Self::Records(records) => plan.read_records(records, merged),
        }
    }
}

impl<T: Table> Plan<'_, T> {
    /// Reads and hashes the next blocks, parses the current ones, and merges those before, all at the same time.
    fn read_blocks<'r>(
        &self,
        first: Vec<u8>,
        line: u64,
        mut blocks: Blocks<Input<'r>>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Input<'r>, TraceError> {
        merged.block.line_count = line - 1;
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
            let next = next.map_err(StoreError::read(merged.path))?;
            if quoted.is_empty() {
                blocks.recycle(std::mem::replace(&mut batch, next));
                parsed = current;
                continue;
            }
            current.into_iter().try_for_each(|block| merged.append(block))?;
            let line = merged.block.line_count + 1;
            return self.read_records(read_on(quoted.concat(), next, blocks, line), merged);
        }
        parsed.into_iter().try_for_each(|block| merged.append(block))?;
        Ok(blocks.into_rest().1)
    }

    fn read_records<'r>(&self, mut records: Records<'r>, merged: &mut Merged<'_, T>) -> Result<Input<'r>, TraceError> {
        let mut record = ByteRecord::new();
        while let Some(line) = records.next(&mut record).map_err(StoreError::read(merged.path))? {
            let outcome = self.record(&mut merged.block.table, &record);
            merged.block.count(self, line, outcome.map_err(|fault| (None, fault)));
            merged.check()?;
        }
        Ok(records.into_input())
    }

    fn record(&self, table: &mut T, record: &ByteRecord) -> Result<(), Fault> {
        let fields: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let fields = fields.map_err(|_| Fault::NotUtf8)?;
        if fields.len() != self.fields {
            return Err(Fault::FieldCount { found: fields.len(), expected: self.fields });
        }
        let mut cells = self.cells();
        for (field, slot) in &self.wanted {
            cells[slot.0] = Value::Text(fields[*field]);
        }
        self.row(table, &cells)
    }

    fn parse(&self, bytes: &[u8]) -> Block<T> {
        let mut block = Block::<T>::default();
        let text = std::str::from_utf8(bytes).ok();
        let mut cells = self.cells();
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
                    Some(line) => self.line(&mut block.table, line, &mut cells),
                    None => Err((None, Fault::NotUtf8)),
                };
                let line = block.line_count;
                block.count(self, line, outcome);
            }
            start = end + 1;
        }
        block
    }

    /// Splits a line at its commas; a fault comes with its column, from 1, if it is in one.
    fn line<'t>(&self, table: &mut T, line: &'t str, cells: &mut [Value<'t>]) -> Result<(), (Option<u64>, Fault)> {
        let mut commas = Commas::new(line.as_bytes());
        // The field that starts at `start` and ends at the comma at `end`, or with the line.
        let (mut field, mut start, mut end) = (0, 0, commas.next());
        for (wanted, slot) in &self.wanted {
            if field < *wanted {
                let before = if field + 1 < *wanted { commas.nth(*wanted - field - 2) } else { end };
                let Some(comma) = before else { break };
                (field, start, end) = (*wanted, comma + 1, commas.next());
            }
            cells[slot.0] = Value::Text(&line[start..end.unwrap_or(line.len())]);
        }
        let found = memchr::memchr_iter(b',', &line.as_bytes()[start..]).count() + field + 1;
        if found != self.fields {
            return Err((None, Fault::FieldCount { found, expected: self.fields }));
        }
        self.row(table, cells).map_err(|fault| (self.column(line, &fault), fault))
    }

    fn column(&self, line: &str, fault: &Fault) -> Option<u64> {
        let Fault::Cell { slot, .. } = fault else { return None };
        let before: usize =
            line.split(',').take(self.columns.field(*slot)?).map(|field| field.chars().count() + 1).sum();
        Some(before as u64 + 1)
    }
}

/// Whether rows end at every line feed and fields at every comma.
fn is_plain(block: &[u8]) -> bool {
    memchr::memchr2(b'"', b'\r', block).is_none()
}

/// Records of what has been read in blocks, and of what follows.
fn read_on(mut read: Vec<u8>, next: Vec<Vec<u8>>, blocks: Blocks<Input<'_>>, line: u64) -> Records<'_> {
    let (carry, input) = blocks.into_rest();
    for block in next.into_iter().chain([carry]) {
        read.extend_from_slice(&block);
    }
    Records::new(read, input, line)
}

fn strings<'a>(path: &Path, line: u64, fields: impl Iterator<Item = &'a [u8]>) -> Result<Vec<String>, TraceError> {
    let fields = fields.map(|field| std::str::from_utf8(field).map(str::to_owned));
    fields.collect::<Result<_, _>>().map_err(|_| TraceError::Malformed {
        place: Place::file(path).at_line(line),
        problem: "the header is not UTF-8; convert the file to UTF-8".to_owned(),
    })
}

fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

fn empty(path: &Path) -> TraceError {
    TraceError::Malformed {
        place: Place::file(path).at_line(1),
        problem: "the file is empty; its first line should name the columns".to_owned(),
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
