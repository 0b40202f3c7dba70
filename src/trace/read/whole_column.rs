//! A column once all of its rows have been read.

use super::lines::Lines;
use crate::diagnostics::Place;
use crate::trace::{FormatProblem, Options, TraceError};

/// One column of a table on its way to its final values.
pub(crate) struct WholeColumn<'a> {
    /// As the header has it.
    pub(super) name: &'a str,
    pub(super) options: &'a Options,
    /// What was recognised and not told.
    pub(crate) notes: Vec<String>,
    /// Rows without a time.
    pub(super) unknown: Vec<usize>,
    pub(super) lines: &'a Lines,
}

impl WholeColumn<'_> {
    /// Where a row stands that was read, in a sentence.
    pub(super) fn at(&self, row: usize) -> String {
        self.lines.text(row)
    }

    /// An error about the column, in a row that was read.
    pub(super) fn error(&self, row: usize, problem: impl Into<FormatProblem>) -> TraceError {
        TraceError::format(self.lines.place(row).unwrap_or_else(|| Place::file("")), problem)
    }
}
