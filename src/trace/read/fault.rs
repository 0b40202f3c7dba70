//! Rows that cannot be used, as they are found: by the places of columns, which have their names elsewhere.

use super::delimiter::Delimiter;
use super::header::Columns;
use super::row_problem::{CellProblem, RowProblem};
use super::slot::Slot;
use super::stray_line::StrayLine;
use crate::trace::FormatProblem;

/// Why a row cannot be used.
#[derive(Debug, PartialEq)]
pub(crate) enum RowFault {
    /// A cell is not what its column says.
    Cell { slot: Slot, problem: CellProblem, value: String },
    /// The record has another number of fields than the header.
    FieldCount { found: usize, expected: usize, delimiter: Delimiter },
    /// The line is no record.
    Stray { stray: StrayLine, text: String },
    /// The record is not UTF-8.
    NotUtf8,
    /// The record has a NUL byte.
    Nul,
}

impl RowFault {
    /// Whether it is an error even where faults are counted: what follows would be read wrongly.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, Self::Stray { stray, .. } if stray.is_fatal())
    }

    /// The same of a cell that may be a time, which is a number or a date.
    pub(super) fn of_time(self) -> Self {
        match self {
            Self::Cell { slot, problem: CellProblem::Number, value } => {
                Self::Cell { slot, problem: CellProblem::Time, value }
            }
            other => other,
        }
    }

    /// The reason under which such rows are counted; never has the value in it, so that there are few.
    pub(crate) fn reason(&self, columns: &Columns) -> String {
        match self {
            Self::Cell { slot, problem, .. } => format!("{} in {}", problem.reason(), columns.name(*slot)),
            Self::FieldCount { .. } => "wrong number of fields".to_owned(),
            Self::Stray { stray, .. } => stray.reason().to_owned(),
            Self::NotUtf8 => "not UTF-8".to_owned(),
            Self::Nul => "NUL byte".to_owned(),
        }
    }

    /// What is wrong, and what would be right.
    pub(crate) fn problem(self, columns: &Columns) -> FormatProblem {
        let is_fatal = self.is_fatal();
        let problem = match self {
            Self::Cell { slot, problem, value } => {
                RowProblem::Cell { column: columns.name(slot).to_owned(), value, problem }
            }
            Self::FieldCount { found, expected, delimiter } => RowProblem::FieldCount { found, expected, delimiter },
            Self::Stray { stray, text } => RowProblem::Stray { stray, text },
            Self::NotUtf8 => RowProblem::NotUtf8,
            Self::Nul => RowProblem::Nul,
        };
        if is_fatal { problem.into() } else { FormatProblem::skippable(problem) }
    }
}
