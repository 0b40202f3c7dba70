use std::path::PathBuf;

use super::csv::{self, Csv};
use super::header::{Columns, Header};
use super::rows::{Block, Merged, Plan, Reading, Rows, Table};
use crate::store::{BLOCK_BYTES, Input};
use crate::trace::TraceError;

/// A trace whose column names are known and whose rows are still to be read.
pub(crate) struct Source<'i> {
    path: PathBuf,
    header: Header,
    first: Option<Vec<String>>,
    format: Format<'i>,
}

/// The formats that rows are read from.
pub(super) enum Format<'i> {
    Csv(Csv<'i>),
}

impl<'i> Source<'i> {
    /// Opens a trace, up to its first row.
    pub(crate) fn open(input: Input<'i>) -> Result<Self, TraceError> {
        csv::open(input, BLOCK_BYTES)
    }

    pub(super) fn new(path: PathBuf, header: Header, first: Option<Vec<String>>, format: Format<'i>) -> Self {
        Self { path, header, first, format }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The cells of the first record, if there is one; it is still to be read.
    pub(crate) fn first_record(&self) -> Option<&[String]> {
        self.first.as_deref()
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// When there are none, reading fails, or (unless `lenient`) a row has a fault.
    pub(crate) fn read<T: Table>(
        self,
        columns: &Columns,
        lenient: bool,
        context: &T::Context,
    ) -> Result<Reading<T>, TraceError> {
        let plan = Plan::new(columns, self.header.names().len(), lenient, context);
        let mut merged = Merged { path: &self.path, columns, block: Block::default() };
        let input = match self.format {
            Format::Csv(csv) => csv.read(&plan, &mut merged)?,
        };
        let Block { table, rows, lines, .. } = merged.block;
        if rows.read == 0 {
            return Err(self.header.problem("there are no rows after the header".to_owned()));
        }
        Ok(Reading { table, rows, lines, input: input.finish()?, path: self.path })
    }
}
