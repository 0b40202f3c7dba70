use std::path::PathBuf;

use super::csv::{self, Csv};
use super::header::{Columns, Header};
use super::rows::{Block, Merged, Plan, Reading, Rows, Table};
use super::settle::Settling;
use crate::store::{BLOCK_BYTES, Input};
use crate::trace::{Options, TraceError};

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
    /// When there are none, reading fails, or (unless lenient) a row has a fault, or the values of a column do not go
    /// together.
    pub(crate) fn read<T: Table>(
        self,
        columns: &Columns,
        options: &Options,
        context: &T::Context,
    ) -> Result<Reading<T>, TraceError> {
        let plan = Plan::<T>::new(columns, self.header.names().len(), options.lenient, context);
        let mut merged = Merged { path: &self.path, columns, block: Block::default() };
        let input = match self.format {
            Format::Csv(csv) => csv.read(&plan, &mut merged)?,
        };
        let Block { mut table, mut rows, mut lines, .. } = merged.block;
        if rows.read == 0 {
            return Err(self.header.problem("there are no rows after the header".to_owned()));
        }
        let path = &self.path;
        let (notes, rejected) = Default::default();
        let mut settling = Settling { options, columns, lines: &lines, path, notes, rejected, next: 0 };
        table.settle(&mut settling)?;
        let Settling { notes, rejected, .. } = settling;
        if !rejected.is_empty() {
            let keep: Vec<bool> = (0..lines.len()).map(|row| !rejected.contains_key(&row)).collect();
            table.retain(&keep);
            lines.retain(&keep);
            rejected.values().for_each(|reason| rows.withdraw(1, reason));
        }
        Ok(Reading { table, rows, lines, notes, input: input.finish()?, path: self.path })
    }
}
