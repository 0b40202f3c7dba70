//! What recordings of format 1 leave unsaid. They were of PostgreSQL only, and whoever read them had to know its views. A newer
//! format says all of this in its header, so that nothing else under `tape/` knows a database.

use std::collections::BTreeMap;

use super::{ViewDescription, ViewKind};

/// The view whose rows a poll counts under `statements`.
pub(super) const COUNTED: &str = "statements";

/// The program whose server it is.
pub(super) fn server_kind() -> String {
    "PostgreSQL".to_owned()
}

/// A view: name, kind, number of its first columns that are the key, and columns that only grow.
type FormerView = (&'static str, ViewKind, usize, &'static [&'static str]);

/// The views, in the order in which they were read.
const VIEWS: [FormerView; 8] = [
    (
        "statements",
        ViewKind::Counters,
        4,
        &[
            "calls",
            "rows",
            "exec_ms",
            "blks_hit",
            "blks_read",
            "blks_dirtied",
            "temp_read",
            "temp_written",
            "read_ms",
            "wal_bytes",
        ],
    ),
    ("waits", ViewKind::State, 0, &[]),
    ("sessions", ViewKind::State, 0, &[]),
    (
        "databases",
        ViewKind::Counters,
        1,
        &["commits", "rollbacks", "blks_read", "blks_hit", "temp_bytes", "deadlocks", "read_ms", "sessions"],
    ),
    (
        "tables",
        ViewKind::Counters,
        1,
        &[
            "seq_scan",
            "seq_rows",
            "idx_scan",
            "idx_rows",
            "inserted",
            "updated",
            "deleted",
            "heap_read",
            "heap_hit",
            "idx_read",
            "idx_hit",
        ],
    ),
    ("io", ViewKind::Counters, 2, &["read_bytes", "hits", "evictions", "read_ms"]),
    ("wal", ViewKind::State, 0, &["timed", "requested", "written", "records", "page_images", "bytes"]),
    ("plans", ViewKind::Events, 0, &[]),
];

/// The views of a recording that has these columns.
pub(super) fn views(mut columns: BTreeMap<String, Vec<String>>) -> Result<Vec<ViewDescription>, String> {
    let mut views = Vec::with_capacity(columns.len());
    for (name, kind, key, counters) in VIEWS {
        let Some(columns) = columns.remove(name) else { continue };
        let key = columns.get(..key).ok_or_else(|| format!("view `{name}` lacks columns of its key"))?.to_vec();
        let counters = columns.iter().filter(|column| counters.contains(&column.as_str())).cloned().collect();
        views.push(ViewDescription { name: name.to_owned(), kind, columns, key, counters });
    }
    match columns.into_keys().next() {
        Some(unknown) => Err(format!("there is no view `{unknown}` in format 1")),
        None => Ok(views),
    }
}
