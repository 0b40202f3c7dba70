//! All SQL of the program: a closed list of SELECTs, chosen by the versions of the server and of the extension.
//!
//! No text of a query, no address and no value of a row is asked for. A test pins the hash of every text, so that a change is
//! seen by whoever reviews it.

use super::views::View;
use crate::tape::recording::ViewDescription;

/// A query to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// Versions, settings and grants.
    Preflight,
    /// The identifier of the server's data, where the role may ask for it.
    SystemIdentifier,
    /// Start of the server, resets, evictions.
    Epoch,
    /// The rows of a view.
    View(View),
}

/// What decides the texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// `server_version_num`, such as 170010.
    pub server: i64,
    /// Major and minor version of `pg_stat_statements`, if it is there.
    pub statements: Option<(u32, u32)>,
    /// The schema of `pg_stat_statements`, quoted.
    pub schema: String,
}

/// A column of a view: its name in the recording, and what is asked for.
type NamedColumn = (&'static str, &'static str);

impl Query {
    /// The text, or `None` where this server has nothing of the kind.
    #[must_use]
    pub fn text(self, versions: &Versions) -> Option<String> {
        match self {
            Self::Preflight => Some(PREFLIGHT.to_owned()),
            Self::SystemIdentifier => Some("SELECT system_identifier::text FROM pg_control_system()".to_owned()),
            Self::Epoch => Some(epoch(versions)),
            Self::View(view) => {
                let columns = columns(view, versions)?;
                let list: Vec<&str> = columns.iter().map(|(_, text)| *text).collect();
                Some(from(view, versions).replacen("{}", &list.join(", "), 1))
            }
        }
    }
}

/// The columns of a view on this server, in order; `None` where there is no such view.
#[must_use]
pub fn columns(view: View, versions: &Versions) -> Option<Vec<NamedColumn>> {
    let has = |server: i64| versions.server >= server;
    Some(match view {
        View::Statements => {
            let version = versions.statements?;
            let with = |since: (u32, u32), new: NamedColumn, old: NamedColumn| if version >= since { new } else { old };
            vec![
                ("userid", "s.userid::int8"),
                ("dbid", "s.dbid::int8"),
                ("queryid", "s.queryid"),
                with((1, 9), ("toplevel", "s.toplevel"), ("toplevel", "true")),
                ("calls", "s.calls"),
                ("rows", "s.rows"),
                with((1, 8), ("exec_ms", "s.total_exec_time"), ("exec_ms", "s.total_time")),
                ("blks_hit", "s.shared_blks_hit"),
                ("blks_read", "s.shared_blks_read"),
                ("blks_dirtied", "s.shared_blks_dirtied"),
                ("temp_read", "s.temp_blks_read"),
                ("temp_written", "s.temp_blks_written"),
                with((1, 11), ("read_ms", "s.shared_blk_read_time"), ("read_ms", "s.blk_read_time")),
                with((1, 8), ("wal_bytes", "s.wal_bytes::float8"), ("wal_bytes", "NULL::float8")),
                with((1, 11), ("since", "extract(epoch FROM s.stats_since)::float8"), ("since", "NULL::float8")),
            ]
        }
        View::Waits => vec![
            ("pid", "a.pid"),
            ("dbid", "a.datid::int8"),
            ("type", "a.wait_event_type"),
            ("event", "a.wait_event"),
            ("query_s", "extract(epoch FROM clock_timestamp() - a.query_start)::float8"),
            if has(140_000) {
                ("wait_s", "extract(epoch FROM clock_timestamp() - l.waitstart)::float8")
            } else {
                ("wait_s", "NULL::float8")
            },
            ("blockers", "CASE WHEN a.wait_event_type = 'Lock' THEN array_to_string(pg_blocking_pids(a.pid), ' ') END"),
        ],
        View::Sessions => vec![
            ("clients", "count(*)"),
            ("active", "count(*) FILTER (WHERE state = 'active')"),
            ("in_transaction", "count(*) FILTER (WHERE state LIKE 'idle in transaction%')"),
            (
                "idle_s",
                "COALESCE(extract(epoch FROM clock_timestamp() \
                 - min(state_change) FILTER (WHERE state LIKE 'idle in transaction%')), 0)::float8",
            ),
            ("oldest_s", "extract(epoch FROM clock_timestamp() - min(xact_start))::float8"),
            ("same_role", "count(*) FILTER (WHERE usename = current_user)"),
        ],
        View::Databases => vec![
            ("dbid", "datid::int8"),
            ("name", "datname::text"),
            ("commits", "xact_commit"),
            ("rollbacks", "xact_rollback"),
            ("blks_read", "blks_read"),
            ("blks_hit", "blks_hit"),
            ("temp_bytes", "temp_bytes"),
            ("deadlocks", "deadlocks"),
            ("read_ms", "blk_read_time"),
            if has(140_000) { ("sessions", "sessions") } else { ("sessions", "NULL::int8") },
            ("reset", "extract(epoch FROM stats_reset)::float8"),
        ],
        // What `pg_stat_user_tables` and `pg_statio_user_tables` show, in one pass: the two views together cost three times as
        // much.
        View::Tables => vec![
            ("relid", "c.oid::int8"),
            ("name", "n.nspname || '.' || c.relname"),
            ("seq_scan", "pg_stat_get_numscans(c.oid)"),
            ("seq_rows", "pg_stat_get_tuples_returned(c.oid)"),
            ("idx_scan", "i.scans"),
            ("idx_rows", "i.fetched + pg_stat_get_tuples_fetched(c.oid)"),
            ("inserted", "pg_stat_get_tuples_inserted(c.oid)"),
            ("updated", "pg_stat_get_tuples_updated(c.oid)"),
            ("deleted", "pg_stat_get_tuples_deleted(c.oid)"),
            ("heap_read", "pg_stat_get_blocks_fetched(c.oid) - pg_stat_get_blocks_hit(c.oid)"),
            ("heap_hit", "pg_stat_get_blocks_hit(c.oid)"),
            ("idx_read", "i.blocks - i.hit"),
            ("idx_hit", "i.hit"),
        ],
        View::Io if has(160_000) => vec![
            ("object", "object"),
            ("context", "context"),
            if has(180_000) {
                ("read_bytes", "read_bytes::float8")
            } else {
                ("read_bytes", "(reads * op_bytes)::float8")
            },
            // A hit is of one block in every version.
            ("hits", "hits"),
            ("evictions", "evictions"),
            ("read_ms", "read_time"),
            ("reset", "extract(epoch FROM stats_reset)::float8"),
        ],
        View::Io => return None,
        View::Wal => vec![
            ("timed", if has(170_000) { "c.num_timed" } else { "c.checkpoints_timed" }),
            ("requested", if has(170_000) { "c.num_requested" } else { "c.checkpoints_req" }),
            ("written", if has(170_000) { "c.buffers_written" } else { "c.buffers_checkpoint" }),
            ("checkpoints_reset", "extract(epoch FROM c.stats_reset)::float8"),
            if has(140_000) { ("records", "w.wal_records") } else { ("records", "NULL::int8") },
            if has(140_000) { ("page_images", "w.wal_fpi") } else { ("page_images", "NULL::int8") },
            if has(140_000) { ("bytes", "w.wal_bytes::float8") } else { ("bytes", "NULL::float8") },
        ],
    })
}

/// What a recording says of a view; `None` where this server has no such view.
pub(super) fn describe(view: View, versions: &Versions) -> Option<ViewDescription> {
    let columns = columns(view, versions)?;
    let (kind, key, counters) = view.shape();
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Some(ViewDescription {
        name: view.name().to_owned(),
        kind,
        columns: columns.into_iter().map(|(name, _)| name.to_owned()).collect(),
        key: owned(key),
        counters: owned(counters),
    })
}

/// What the columns of a view stand before.
fn from(view: View, versions: &Versions) -> String {
    match view {
        View::Statements => format!("SELECT {{}} FROM {}.pg_stat_statements(false) s", versions.schema),
        // The locks are looked at only if somebody waits for one.
        View::Waits => {
            let waiting = "SELECT pid, datid, wait_event_type, wait_event, query_start FROM pg_stat_activity \
                           WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid() \
                           AND wait_event_type IN ('Lock', 'LWLock', 'BufferPin')";
            let locks = if versions.server >= 140_000 {
                " LEFT JOIN (SELECT pid, min(waitstart) AS waitstart FROM pg_locks WHERE NOT granted \
                 AND EXISTS (SELECT 1 FROM a WHERE wait_event_type = 'Lock') GROUP BY pid) l ON l.pid = a.pid"
            } else {
                ""
            };
            format!("WITH a AS MATERIALIZED ({waiting}) SELECT {{}} FROM a{locks} ORDER BY a.pid")
        }
        View::Sessions => {
            "SELECT {} FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                .to_owned()
        }
        View::Databases => "SELECT {} FROM pg_stat_database WHERE datname IS NOT NULL".to_owned(),
        View::Tables => {
            let indexes = "SELECT sum(pg_stat_get_numscans(indexrelid))::int8 AS scans, \
                           sum(pg_stat_get_tuples_fetched(indexrelid))::int8 AS fetched, \
                           sum(pg_stat_get_blocks_fetched(indexrelid))::int8 AS blocks, \
                           sum(pg_stat_get_blocks_hit(indexrelid))::int8 AS hit FROM pg_index WHERE indrelid = c.oid";
            format!(
                "SELECT {{}} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ({indexes}) i \
                 WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            )
        }
        View::Io => "SELECT {} FROM pg_stat_io WHERE backend_type = 'client backend' AND reads > 0".to_owned(),
        View::Wal => {
            let checkpoints = if versions.server >= 170_000 { "pg_stat_checkpointer" } else { "pg_stat_bgwriter" };
            let wal = if versions.server >= 140_000 { ", pg_stat_wal w" } else { "" };
            format!("SELECT {{}} FROM {checkpoints} c{wal}")
        }
    }
}

fn epoch(versions: &Versions) -> String {
    let start = "extract(epoch FROM pg_postmaster_start_time())::float8";
    match versions.statements {
        Some(version) if version >= (1, 9) => format!(
            "SELECT {start}, extract(epoch FROM stats_reset)::float8, dealloc FROM {}.pg_stat_statements_info",
            versions.schema
        ),
        _ => format!("SELECT {start}, NULL::float8, NULL::int8"),
    }
}

const PREFLIGHT: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int8, \
    current_user::text, current_database()::text, (SELECT oid::int8 FROM pg_database WHERE datname = current_database()), \
    (SELECT oid::int8 FROM pg_roles WHERE rolname = current_user), \
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), \
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), \
    pg_has_role(current_user, 'pg_monitor', 'USAGE'), \
    current_setting('default_transaction_read_only'), \
    (SELECT extversion FROM pg_extension WHERE extname = 'pg_stat_statements'), \
    (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
     WHERE extname = 'pg_stat_statements'), \
    current_setting('track_io_timing', true), current_setting('track_activities', true), \
    current_setting('track_counts', true), current_setting('compute_query_id', true), \
    current_setting('pg_stat_statements.track', true), current_setting('pg_stat_statements.max', true), \
    current_setting('block_size', true)";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::tape::recording::RecordingHeader;

    /// Servers with the version of the extension that they come with.
    const KNOWN: [(i64, (u32, u32)); 6] = [
        (130_000, (1, 8)),
        (140_000, (1, 9)),
        (150_000, (1, 10)),
        (160_000, (1, 10)),
        (170_000, (1, 11)),
        (180_000, (1, 12)),
    ];

    fn all() -> Vec<String> {
        let queries =
            [Query::Preflight, Query::SystemIdentifier, Query::Epoch].into_iter().chain(View::ALL.map(Query::View));
        let queries: Vec<Query> = queries.collect();
        KNOWN
            .iter()
            .flat_map(|(server, statements)| {
                let versions = Versions { server: *server, statements: Some(*statements), schema: "public".to_owned() };
                queries.iter().filter_map(|query| query.text(&versions)).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_text_is_a_select_that_changes_nothing_and_tells_no_secret() {
        for text in all() {
            assert!(text.starts_with("SELECT ") || text.starts_with("WITH a AS MATERIALIZED (SELECT "), "{text}");
            let lower = text.to_lowercase();
            // `stats_reset` is a time; `_reset(` would be a function.
            for banned in
                ["_reset(", ";", "insert ", "update ", "delete from", " query,", "client_addr", "set_config", "dblink"]
            {
                assert!(!lower.contains(banned), "`{banned}` in {text}");
            }
        }
    }

    #[test]
    fn the_list_is_the_one_that_was_reviewed() {
        let digest = hex::encode(Sha256::digest(all().join("\n")));
        assert_eq!(digest, "1d74db544289c309db187a0408e0c1fed44c388a3a931d08bfe4efa180b7e831");
    }

    #[test]
    fn every_view_is_described_as_a_header_may_have_it_and_as_format_1_meant_it() {
        for server in [130_000, 180_000] {
            let versions = Versions { server, statements: Some((1, 8)), schema: "public".to_owned() };
            let views: Vec<ViewDescription> = View::ALL.iter().filter_map(|view| describe(*view, &versions)).collect();
            let header = RecordingHeader { recording: 2, views: views.clone(), ..RecordingHeader::default() };
            let text = serde_json::to_string(&header).unwrap();
            assert_eq!(serde_json::from_str::<RecordingHeader>(&text).unwrap().views, views);
            let columns: BTreeMap<&str, &[String]> =
                views.iter().map(|view| (view.name.as_str(), view.columns.as_slice())).collect();
            let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
            old.as_object_mut().unwrap().remove("views");
            (old["recording"], old["columns"]) = (1.into(), serde_json::json!(columns));
            assert_eq!(serde_json::from_value::<RecordingHeader>(old).unwrap().views, views);
        }
        assert!(View::ALL.into_iter().all(|view| view.name().parse() == Ok(view)));
    }
}
