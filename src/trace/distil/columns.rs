//! The views and columns of PostgreSQL that are distilled, by name.

use crate::tape::recording::{RecordedCell, RecordingHeader};

pub(super) const STATEMENTS: &str = "statements";
pub(super) const WAITS: &str = "waits";
pub(super) const SESSIONS: &str = "sessions";
pub(super) const DATABASES: &str = "databases";
pub(super) const TABLES: &str = "tables";
pub(super) const IO: &str = "io";
pub(super) const WAL: &str = "wal";
pub(super) const PLANS: &str = "plans";

/// A column of a view, found by its name; its cells are NULL where a recording has no such column.
#[derive(Clone, Copy, Debug)]
pub(super) struct ViewColumn(Option<usize>);

impl ViewColumn {
    pub(super) fn find(header: &RecordingHeader, view: &str, name: &str) -> Self {
        Self(header.view(view).and_then(|view| view.position(name)))
    }

    /// Whether the recording has it.
    pub(super) fn is_recorded(self) -> bool {
        self.0.is_some()
    }

    /// Its cell of a row.
    pub(super) fn cell(self, row: &[RecordedCell]) -> &RecordedCell {
        self.0.and_then(|at| row.get(at)).unwrap_or(&RecordedCell::Null)
    }

    /// The number of a row; what is none is 0.
    pub(super) fn number(self, row: &[RecordedCell]) -> f64 {
        self.cell(row).number().unwrap_or_default()
    }
}
