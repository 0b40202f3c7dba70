//! What is only known once a whole column has been read: the unit and the zone of its times.

use std::collections::BTreeMap;

use super::column::Column;
use super::header::Columns;
use super::lines::Lines;
use super::slot::Slot;
use super::unknown::NO_TIME;
use super::whole_column::WholeColumn;
use crate::trace::{Options, TraceError};

/// The columns of a table on their way to their final values, and what is said of them.
pub(crate) struct Settling<'a> {
    pub(super) options: &'a Options,
    pub(super) columns: &'a Columns,
    pub(super) lines: &'a Lines,
    /// What was recognised and not told.
    pub(super) notes: Vec<String>,
    /// Rows that only their whole column shows to be of no use, by why.
    pub(super) rejected: BTreeMap<usize, String>,
    pub(super) next: usize,
}

impl Settling<'_> {
    /// Settles the next declared column, which has `CELLS` cells.
    ///
    /// # Errors
    /// When its values do not go together.
    pub(crate) fn next<const CELLS: usize>(&mut self, column: &mut impl Column<CELLS>) -> Result<(), TraceError> {
        let slot = Slot(self.next);
        self.next += CELLS;
        self.at(slot, column)
    }

    /// Settles the column at `slot`.
    ///
    /// # Errors
    /// When its values do not go together.
    pub(crate) fn at<const CELLS: usize>(
        &mut self,
        slot: Slot,
        column: &mut impl Column<CELLS>,
    ) -> Result<(), TraceError> {
        let name = self.columns.name(slot);
        let (notes, unknown) = Default::default();
        let mut whole = WholeColumn { name, options: self.options, notes, unknown, lines: self.lines };
        column.settle(&mut whole)?;
        self.notes.extend(whole.notes);
        self.rejected.extend(whole.unknown.into_iter().map(|row| (row, format!("{NO_TIME} in {name}"))));
        Ok(())
    }
}
