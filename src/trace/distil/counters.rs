//! The rows of one view from poll to poll, and what they grew by.

use std::collections::{HashMap, HashSet};

use super::columns::ViewColumn;
use crate::tape::RowCounts;
use crate::tape::recording::{RecordedCell, RecordedRow, RecordingHeader, RowKey, ViewRows};

/// What a row grew by since the poll before.
pub(super) struct Delta<'a> {
    pub(super) row: &'a [RecordedCell],
    /// The row of the poll before; without one it has grown from nothing.
    before: Option<RecordedRow>,
}

impl Delta<'_> {
    /// What it grew by in a column.
    pub(super) fn growth(&self, column: ViewColumn) -> f64 {
        column.number(self.row) - self.before.as_ref().map_or(0.0, |before| column.number(before))
    }
}

/// The last row of each key.
pub(super) struct Counters {
    key: Vec<usize>,
    /// Columns that are used: a row in which one of them fell is not comparable with the one before.
    used: Vec<ViewColumn>,
    /// Columns with the time of a reset: a row in which one of them changed is not, either.
    resets: [ViewColumn; 2],
    known: Option<HashMap<RowKey, RecordedRow>>,
}

impl Counters {
    /// The counters of a view, of which these columns are used.
    pub(super) fn new(header: &RecordingHeader, view: &str, used: &[ViewColumn]) -> Self {
        Self {
            key: header.view(view).map(|view| view.key_positions()).unwrap_or_default(),
            used: used.to_vec(),
            resets: ["since", "reset"].map(|name| ViewColumn::find(header, view, name)),
            known: None,
        }
    }

    /// Forgets everything: the next rows only prime.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Takes in the rows of a poll, and gives what each grew by. A row that is new since the last poll has grown from nothing if
    /// `from_zero`, else it only primes. Whoever takes a delta counts its row.
    pub(super) fn take<'a>(&mut self, rows: &'a ViewRows, from_zero: bool, counts: &mut RowCounts) -> Vec<Delta<'a>> {
        counts.read += rows.rows.len() as u64;
        let first = self.known.is_none();
        let known = self.known.get_or_insert_default();
        let mut deltas = Vec::with_capacity(rows.rows.len());
        let mut seen = HashSet::new();
        for row in &rows.rows {
            let key: RowKey = self.key.iter().filter_map(|at| row.get(*at)).cloned().collect();
            if rows.full {
                seen.insert(key.clone());
            }
            let delta = Delta { row, before: known.insert(key, row.clone()) };
            let was_reset =
                |before: &RecordedRow| self.resets.iter().any(|reset| reset.cell(before) != reset.cell(row));
            let problem = match &delta.before {
                _ if first => Some("primes the counters: first, or behind a gap"),
                None if from_zero => None,
                None => Some("primes the counters: new"),
                Some(before) if was_reset(before) => Some("primes the counters: reset"),
                Some(_) if self.used.iter().any(|column| delta.growth(*column) < 0.0) => {
                    Some("primes the counters: one fell")
                }
                Some(_) => None,
            };
            match problem {
                None => deltas.push(delta),
                Some(reason) => counts.reject(reason.to_owned()),
            }
        }
        if rows.full {
            known.retain(|key, _| seen.contains(key));
        }
        for key in &rows.gone {
            known.remove(key);
        }
        deltas
    }
}
