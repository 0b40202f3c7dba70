//! The rows of one view from poll to poll, and what they grew by.

use std::collections::HashMap;

use crate::tape::RowCounts;
use crate::tape::recording::{Cell, Header, Key, View, ViewRows};

/// Where each column that is needed stands in a view's rows.
pub(super) struct Layout<const N: usize>([Option<usize>; N]);

impl<const N: usize> Layout<N> {
    pub(super) fn new(header: &Header, view: View, names: [&str; N]) -> Self {
        let columns = header.columns.get(&view);
        Self(names.map(|name| columns?.iter().position(|column| column == name)))
    }

    /// Whether the recording has the column with this index.
    pub(super) fn has(&self, index: usize) -> bool {
        self.0[index].is_some()
    }

    /// The cells of a row in the order of the names; NULL where this server has no such column.
    pub(super) fn of<'a>(&self, row: &'a [Cell]) -> [&'a Cell; N] {
        self.0.map(|at| at.and_then(|at| row.get(at)).unwrap_or(&Cell::Null))
    }

    /// The cells as numbers; those that are none as 0.
    pub(super) fn numbers(&self, row: &[Cell]) -> [f64; N] {
        self.of(row).map(|cell| cell.number().unwrap_or_default())
    }
}

/// What a row grew by.
pub(super) struct Growth<'a, const N: usize> {
    pub(super) row: &'a [Cell],
    pub(super) by: [f64; N],
}

/// The last row of each key.
#[derive(Default)]
pub(super) struct Counters {
    known: Option<HashMap<Key, Vec<Cell>>>,
}

/// What makes the counters of a row incomparable with those before: these columns hold the time of a reset.
const RESETS: [&str; 2] = ["since", "reset"];

impl Counters {
    /// Forgets everything: the next rows only prime.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Takes in the rows of a poll, and gives what each grew by in the columns of `layout`. A row that is new since the last poll
    /// has grown from nothing if `from_zero`, else it only primes. Whoever takes a growth counts its row.
    pub(super) fn take<'a, const N: usize>(
        &mut self,
        view: View,
        rows: &'a ViewRows,
        layout: (&Layout<N>, &Layout<2>),
        from_zero: bool,
        counts: &mut RowCounts,
    ) -> Vec<Growth<'a, N>> {
        let (layout, resets) = layout;
        counts.read += rows.rows.len() as u64;
        let first = self.known.is_none();
        let known = self.known.get_or_insert_default();
        let mut grown = Vec::with_capacity(rows.rows.len());
        let mut seen = std::collections::HashSet::new();
        for row in &rows.rows {
            let key: Key = row.iter().take(view.key_columns()).cloned().collect();
            if rows.full {
                seen.insert(key.clone());
            }
            let now = layout.numbers(row);
            let before = known.insert(key, row.clone());
            let growth = match &before {
                _ if first => Err("primes the counters: first, or behind a gap"),
                None if from_zero => Ok(now),
                None => Err("primes the counters: new"),
                Some(before) if resets.of(before) != resets.of(row) => Err("primes the counters: reset"),
                Some(before) => {
                    let mut by = now;
                    by.iter_mut().zip(layout.numbers(before)).for_each(|(now, before)| *now -= before);
                    if by.iter().all(|by| *by >= 0.0) { Ok(by) } else { Err("primes the counters: one fell") }
                }
            };
            match growth {
                Ok(by) => grown.push(Growth { row, by }),
                Err(reason) => counts.reject(reason.to_owned()),
            }
        }
        if rows.full {
            known.retain(|key, _| seen.contains(key));
        }
        for key in &rows.gone {
            known.remove(key);
        }
        grown
    }
}

/// The columns with times of resets.
pub(super) fn resets(header: &Header, view: View) -> Layout<2> {
    Layout::new(header, view, RESETS)
}
