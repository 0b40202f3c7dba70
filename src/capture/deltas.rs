//! The rows of views as they differ from what a recording says already.

use std::collections::{BTreeMap, HashMap};

use crate::tape::recording::{RecordedRow, RowKey, ViewDescription, ViewKind, ViewRows};

/// What the recording says: the last row of each key.
#[derive(Default)]
pub(super) struct Deltas {
    known: BTreeMap<String, HashMap<RowKey, RecordedRow>>,
}

impl Deltas {
    /// Forgets everything, so that the next poll has all rows: behind a gap, and in a new part.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// Forgets the rows of a view.
    pub(super) fn forget_view(&mut self, view: &str) {
        self.known.remove(view);
    }

    /// Whether the next poll has all rows of every view.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What of the rows of a view is new. Of one that has no counters it is all of them.
    pub(super) fn take(&mut self, view: &ViewDescription, rows: Vec<RecordedRow>) -> ViewRows {
        if view.kind != ViewKind::Counters {
            return ViewRows { rows, ..ViewRows::default() };
        }
        let positions = view.key_positions();
        let full = !self.known.contains_key(&view.name);
        let known = self.known.entry(view.name.clone()).or_default();
        let mut now = HashMap::with_capacity(rows.len());
        let mut changed = Vec::new();
        for row in rows {
            let key: RowKey = positions.iter().filter_map(|at| row.get(*at)).cloned().collect();
            if known.get(&key) != Some(&row) {
                changed.push(row.clone());
            }
            now.insert(key, row);
        }
        let gone = known.keys().filter(|key| !now.contains_key(*key)).cloned().collect();
        *known = now;
        ViewRows { full, rows: changed, gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::recording::RecordedCell;

    #[test]
    fn only_what_changed_is_written_and_all_of_it_behind_a_gap() {
        // The key need not come first.
        let view = ViewDescription {
            name: "tables".to_owned(),
            kind: ViewKind::Counters,
            columns: vec!["scans".to_owned(), "relid".to_owned()],
            key: vec!["relid".to_owned()],
            counters: vec!["scans".to_owned()],
        };
        let mut deltas = Deltas::default();
        let row = |table: i64, scans: i64| vec![RecordedCell::Int(scans), RecordedCell::Int(table)];
        let first = deltas.take(&view, vec![row(1, 5), row(2, 0)]);
        assert_eq!(first, ViewRows { full: true, rows: vec![row(1, 5), row(2, 0)], gone: vec![] });
        let second = deltas.take(&view, vec![row(2, 0), row(1, 6)]);
        assert_eq!(second, ViewRows { full: false, rows: vec![row(1, 6)], gone: vec![] });
        let third = deltas.take(&view, vec![row(3, 1), row(1, 6)]);
        assert_eq!(third, ViewRows { full: false, rows: vec![row(3, 1)], gone: vec![vec![RecordedCell::Int(2)]] });
        deltas.forget();
        assert!(deltas.take(&view, vec![row(1, 6)]).full);
        // What is no counter is written each time, as it is.
        let state = ViewDescription { name: "waits".to_owned(), kind: ViewKind::State, ..view };
        for _ in 0..2 {
            assert_eq!(deltas.take(&state, vec![row(1, 6)]), ViewRows { rows: vec![row(1, 6)], ..ViewRows::default() });
        }
    }
}
