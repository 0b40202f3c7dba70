//! Rows of any format on their way into a table: which of their cells are wanted, what became of each, and on which line it
//! stood.

use std::path::{Path, PathBuf};

use super::cell::CellValue;
use super::fault::RowFault;
use super::header::Columns;
use super::lines::Lines;
use super::row::CellRow;
use super::settle::Settling;
use super::slot::{ColumnSpec, Slot};
use crate::diagnostics::Place;
use crate::store::InputDigest;
use crate::tape::RowCounts;
use crate::trace::TraceError;

/// Typed columns that rows are appended to.
pub(crate) trait Table: Default + Send {
    /// What decides how a row is read.
    type Context: Sync;

    /// What it reads of a file, in the order of the cells that a row has.
    const COLUMNS: &'static [ColumnSpec];

    /// Appends a row, or nothing if it has a fault.
    fn row(&mut self, context: &Self::Context, row: &CellRow<'_, '_>) -> Result<(), RowFault>;

    /// Appends the rows of a later block.
    fn append(&mut self, later: Self);

    /// Drops the rows that are not to be kept.
    fn retain(&mut self, keep: &[bool]);

    /// Settles every column, once all rows are there.
    ///
    /// # Errors
    /// When the values of one do not go together.
    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError>;
}

/// A table and what became of the rows of its file.
pub(crate) struct Reading<T> {
    pub(crate) table: T,
    pub(crate) rows: RowCounts,
    pub(crate) lines: Lines,
    /// What was recognised and not told.
    pub(crate) notes: Vec<String>,
    pub(crate) input: Option<InputDigest>,
    /// The trace, as errors call it.
    pub(crate) path: PathBuf,
}

impl<T> Reading<T> {
    /// The same rows as another table.
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Reading<U> {
        let Self { table, rows, lines, notes, input, path } = self;
        Reading { table: map(table), rows, lines, notes, input, path }
    }
}

/// The rows of a file in one format, which are still to be read.
pub(super) trait Rows {
    /// Reads all of them in order, and gives the digest of the file if it was asked for.
    fn read<T: Table>(
        self,
        plan: &RecordLayout<'_, T>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Option<InputDigest>, TraceError>;
}

/// How the cells that an adapter wants are found in a record.
pub(super) struct RecordLayout<'a, T: Table> {
    pub(super) columns: &'a Columns,
    /// (field, slot), ascending.
    pub(super) wanted: Vec<(usize, Slot)>,
    /// The names of all columns of the file.
    pub(super) names: &'a [String],
    lenient: bool,
    context: &'a T::Context,
}

/// The rows of one block, or of all blocks so far.
pub(super) struct Block<T> {
    pub(super) table: T,
    pub(super) rows: RowCounts,
    pub(super) lines: Lines,
    /// How many lines it has.
    pub(super) line_count: u64,
    /// Whether the last of them has no line end.
    pub(super) is_open: bool,
    /// In strict mode, the first row with a fault, and its line; no row after it is looked at.
    pub(super) fault: Option<(u64, Option<u64>, RowFault)>,
}

impl<T: Default> Default for Block<T> {
    fn default() -> Self {
        let (table, rows, lines) = Default::default();
        Self { table, rows, lines, line_count: 0, is_open: false, fault: None }
    }
}

impl<'a, T: Table> RecordLayout<'a, T> {
    pub(super) fn new(columns: &'a Columns, names: &'a [String], lenient: bool, context: &'a T::Context) -> Self {
        let slots = (0..columns.len()).map(Slot);
        let mut wanted: Vec<_> = slots.filter_map(|slot| Some((columns.field(slot)?, slot))).collect();
        wanted.sort_unstable();
        Self { columns, wanted, names, lenient, context }
    }

    /// Cells for a row, all of them absent until they are filled in.
    pub(super) fn cells<'r>(&self) -> Vec<CellValue<'r>> {
        vec![CellValue::Absent; self.columns.len()]
    }

    /// Appends a row to a table, unless it has a fault.
    pub(super) fn row(&self, table: &mut T, cells: &[CellValue<'_>]) -> Result<(), RowFault> {
        table.row(self.context, &CellRow { cells })
    }
}

impl<T> Block<T> {
    /// Counts a row by its outcome; a fault comes with its column, from 1, if it is in one.
    pub(super) fn count(
        &mut self,
        plan: &RecordLayout<'_, impl Table>,
        line: u64,
        outcome: Result<(), (Option<u64>, RowFault)>,
    ) {
        self.rows.read += 1;
        match outcome {
            Ok(()) => {
                self.rows.used += 1;
                self.lines.push(line);
            }
            Err((_, fault)) if plan.lenient && !fault.is_fatal() => self.rows.reject(fault.reason(plan.columns)),
            Err((column, fault)) => self.fault = Some((line, column, fault)),
        }
    }
}

/// The blocks so far as one.
pub(super) struct Merged<'a, T> {
    /// The file that is read.
    pub(super) path: PathBuf,
    pub(super) columns: &'a Columns,
    pub(super) block: Block<T>,
}

impl<'a, T: Table> Merged<'a, T> {
    /// Nothing yet, of a table whose rows are called as `lines` calls them.
    pub(super) fn new(columns: &'a Columns, lines: Lines) -> Self {
        Self { path: PathBuf::new(), columns, block: Block { lines, ..Block::default() } }
    }

    /// Goes on with the rows of the file at `path`, of which so many lines were read.
    pub(super) fn start(&mut self, path: &Path, lines_before: u64) {
        self.path = path.to_path_buf();
        self.block.lines.start(path);
        self.block.line_count = lines_before;
        self.block.is_open = false;
    }

    pub(super) fn append(&mut self, later: Block<T>) -> Result<(), TraceError> {
        let block = &mut self.block;
        block.table.append(later.table);
        block.rows.append(later.rows);
        block.lines.append(&later.lines, block.line_count);
        block.fault = later.fault.map(|(line, column, fault)| (block.line_count + line, column, fault));
        block.line_count += later.line_count;
        block.is_open = later.is_open;
        self.check()
    }

    pub(super) fn check(&mut self) -> Result<(), TraceError> {
        let Some((line, column, fault)) = self.block.fault.take() else { return Ok(()) };
        let place = Place { file: self.path.clone(), line: Some(line), column };
        Err(TraceError::format(place, fault.problem(self.columns)))
    }
}
