//! The cells of one record.

use super::cell::{Cell, CellValue};
use super::slot::{ColumnSpec, Slot};

/// The cells of one record that an adapter asked for.
pub(crate) struct CellRow<'a, 'r> {
    pub(super) cells: &'a [CellValue<'r>],
}

impl<'r> CellRow<'_, 'r> {
    /// The cell of a column.
    pub(crate) fn cell(&self, slot: Slot) -> Cell<'r> {
        Cell { slot, value: self.cells[slot.0] }
    }

    /// The cells of columns that are asked for besides the declared ones, in the order in which they were.
    pub(crate) fn cells_behind(&self, declared: &[ColumnSpec]) -> impl Iterator<Item = Cell<'r>> {
        (declared.len()..self.cells.len()).map(|slot| self.cell(Slot(slot)))
    }

    /// The cells one after the other, in the order in which their columns are declared.
    pub(crate) fn cells(&self) -> Cells<'_, 'r> {
        Cells { row: self, next: 0 }
    }
}

/// The cells of a row, one after the other.
pub(crate) struct Cells<'a, 'r> {
    row: &'a CellRow<'a, 'r>,
    next: usize,
}

impl<'r> Cells<'_, 'r> {
    /// The next one; the columns that are declared are as many as are taken.
    pub(crate) fn take(&mut self) -> Cell<'r> {
        self.next += 1;
        self.row.cell(Slot(self.next - 1))
    }
}
