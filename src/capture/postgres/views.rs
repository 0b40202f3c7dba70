//! The views that a server is asked for.

use strum::{EnumString, IntoStaticStr};

use crate::tape::recording::ViewKind;

/// What is read at each poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum View {
    /// `pg_stat_statements(false)`.
    Statements,
    /// Client back ends that wait for a lock, a lightweight lock or a buffer pin.
    Waits,
    /// Counts of client back ends.
    Sessions,
    /// `pg_stat_database`.
    Databases,
    /// The counters of `pg_stat_user_tables` and `pg_statio_user_tables`, of the database that the observer is connected to.
    Tables,
    /// `pg_stat_io` of client back ends and relations (16 and newer).
    Io,
    /// Checkpoints and WAL.
    Wal,
}

impl View {
    /// All views, in the order in which they are read.
    pub const ALL: [Self; 7] =
        [Self::Statements, Self::Waits, Self::Sessions, Self::Databases, Self::Tables, Self::Io, Self::Wal];

    /// Its name in a recording.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What its rows are, the columns that tell a row from the others, and those that only grow.
    pub(super) fn shape(self) -> (ViewKind, &'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Statements => (
                ViewKind::Counters,
                &["userid", "dbid", "queryid", "toplevel"],
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
            Self::Waits | Self::Sessions => (ViewKind::State, &[], &[]),
            Self::Databases => (
                ViewKind::Counters,
                &["dbid"],
                &["commits", "rollbacks", "blks_read", "blks_hit", "temp_bytes", "deadlocks", "read_ms", "sessions"],
            ),
            Self::Tables => (
                ViewKind::Counters,
                &["relid"],
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
            Self::Io => (ViewKind::Counters, &["object", "context"], &["read_bytes", "hits", "evictions", "read_ms"]),
            // One row, which needs no key.
            Self::Wal => (ViewKind::State, &[], &["timed", "requested", "written", "records", "page_images", "bytes"]),
        }
    }
}
