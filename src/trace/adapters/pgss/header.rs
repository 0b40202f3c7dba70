//! What the columns are called: the view has other names in other versions, and every program that exports it adds its own.

use super::Snapshots;
use super::problem::{CounterColumn, PgssProblem};
use crate::trace::adapters::generic::TIME_COL;
use crate::trace::read::{ColumnSpec, Columns, Header, HeaderProblem, Table};
use crate::trace::{Options, TraceError};

/// Names are compared as [`plain_name`] gives them.
const TIMES: [&str; 48] = [
    "snapshot_t",
    "snapshot_time",
    "snapshot_ts",
    "snapshot_at",
    "snapshot",
    "snap_t",
    "snap_time",
    "snap_ts",
    "snap_at",
    "snaptime",
    "sample_t",
    "sample_time",
    "sample_ts",
    "sampled_at",
    "now",
    "time",
    "ts",
    "t",
    "timestamp",
    "timestamptz",
    "datetime",
    "date_time",
    "captured_at",
    "capture_time",
    "capture_ts",
    "collected_at",
    "collection_time",
    "collect_time",
    "collected",
    "recorded_at",
    "record_time",
    "polled_at",
    "poll_time",
    "observed_at",
    "scraped_at",
    "logged_at",
    "log_time",
    "created_at",
    "inserted_at",
    "as_of",
    "epoch",
    "epoch_s",
    "epoch_ms",
    "epoch_us",
    "epoch_ns",
    "clock_timestamp",
    "current_timestamp",
    "extract",
];
const MORE_TIMES: [&str; 4] = ["statement_timestamp", "transaction_timestamp", "date_part", "unix_time"];
const QUERIES: [&str; 2] = ["queryid", "query_id"];
const CALLS: [&str; 2] = ["calls", "total_calls"];
const TOTALS: [&str; 4] = ["total_exec_time", "total_exec_time_ms", "total_time", "total_time_ms"];

/// What tells users and databases apart. A name may change, an identifier does not: where a file has both, the name is no part
/// of the key.
const USER_IDS: [&str; 3] = ["userid", "user_id", "usesysid"];
const USER_NAMES: [&str; 6] = ["usename", "username", "user_name", "user", "rolname", "role"];
const DATABASE_IDS: [&str; 4] = ["dbid", "db_id", "datid", "database_id"];
const DATABASE_NAMES: [&str; 6] = ["datname", "database", "database_name", "dbname", "db_name", "db"];
const LEVELS: [&str; 2] = ["toplevel", "top_level"];

/// What other views than PostgreSQL's own count apart, and this one together.
const FINER: [&str; 9] = [
    "client_ip",
    "application_name",
    "app_name",
    "planid",
    "plan_id",
    "plan_hash",
    "cmd_type",
    "execution_type",
    "query_hash",
];

/// What tells servers apart where a file has several.
const SERVERS: [&str; 22] = [
    "server",
    "server_id",
    "server_name",
    "srvid",
    "instance",
    "instance_id",
    "instance_name",
    "db_instance",
    "db_instance_identifier",
    "dbinstanceidentifier",
    "host",
    "hostname",
    "host_name",
    "node",
    "node_name",
    "cluster",
    "cluster_id",
    "cluster_name",
    "sys_id",
    "system_identifier",
    "source",
    "port",
];

/// The columns of a file, and those of the key besides the statement's identifier.
pub(super) struct SelectedCounters {
    pub(super) columns: Columns,
    /// As [`plain_name`] gives them, in the order in which a row has them.
    pub(super) key: Vec<String>,
    /// Which of them says whether the statement was called by another one.
    pub(super) levels: Vec<bool>,
    /// Columns that may count apart what is one statement here.
    pub(super) finer: Vec<String>,
    /// What of the view's key the file does not have.
    pub(super) missing: Vec<&'static str>,
}

/// Finds the columns of a file.
///
/// # Errors
/// When one is missing, or two could be the same.
pub(super) fn select(header: &Header, options: &Options) -> Result<SelectedCounters, TraceError> {
    let names: Vec<String> = header.names().iter().map(|name| plain_name(name)).collect();
    let find = |known: &[&str]| -> Vec<usize> {
        (0..names.len()).filter(|field| known.contains(&names[*field].as_str())).collect()
    };
    let only = |known: &[&str], what: &str, advice: &'static str| match find(known)[..] {
        [] => Ok(None),
        [field] => Ok(Some(field)),
        [first, second, ..] => {
            let (first, second, what) = (header.numbered(first), header.numbered(second), format!("the {what}"));
            Err(header.problem(HeaderProblem::Ambiguous { first, second, what, advice }))
        }
    };
    let remove = "remove one of them";
    let time = match options.values.text(&TIME_COL) {
        Some(name) => Some(header.required_field(name)?),
        None => only(&[&TIMES[..], &MORE_TIMES].concat(), "time of the snapshot", "pass --time-col")?,
    };
    let mut columns = Columns::default();
    for ColumnSpec { name, required } in Snapshots::COLUMNS {
        let (field, column) = match *name {
            "snapshot_t" => (time, CounterColumn::Time),
            "query_id" => (only(&QUERIES, "statement's identifier", remove)?, CounterColumn::Statement),
            "calls" => (only(&CALLS, "number of calls", remove)?, CounterColumn::Calls),
            "total_exec_time_ms" => (only(&TOTALS, "total time", remove)?, CounterColumn::TotalTime),
            other => match only(&[other], other, remove)? {
                None if *required => return Err(header.lacks(&[other])),
                None => {
                    columns.add_absent(other);
                    continue;
                }
                Some(field) => {
                    columns.add(header, field);
                    continue;
                }
            },
        };
        match field {
            Some(field) => columns.add(header, field),
            None => return Err(header.problem(PgssProblem::Missing { column, there: header.list() })),
        }
    }
    // The time, the statement and its counters.
    columns.check_distinct(4, header)?;
    let lacks = |known: &[&str]| find(known).is_empty();
    let users = if lacks(&USER_IDS) { &USER_NAMES[..] } else { &USER_IDS };
    let databases = if lacks(&DATABASE_IDS) { &DATABASE_NAMES[..] } else { &DATABASE_IDS };
    let (mut key, mut levels) = (Vec::new(), Vec::new());
    for field in find(&[&SERVERS[..], users, databases, &LEVELS].concat()) {
        if Some(field) != time {
            columns.add(header, field);
            key.push(names[field].clone());
            levels.push(LEVELS.contains(&names[field].as_str()));
        }
    }
    let parts = [("userid", lacks(users)), ("dbid", lacks(databases)), ("toplevel", lacks(&LEVELS))];
    let missing = parts.into_iter().filter_map(|(part, lacks)| lacks.then_some(part)).collect();
    let finer = find(&FINER).into_iter().map(|field| header.names()[field].clone()).collect();
    Ok(SelectedCounters { columns, key, levels, finer, missing })
}

/// The name of a column without what programs put around it: case, blanks, quotes, the alias of the view, and the prefixes
/// of pgwatch.
fn plain_name(name: &str) -> String {
    let name = name.trim().trim_matches('"').trim().to_lowercase().replace(' ', "_");
    let name = name.rsplit('.').next().unwrap_or_default();
    ["tag_", "data_"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_programs_put_around_them() {
        for (name, expected) in [
            ("queryid", "queryid"),
            (" QueryID ", "queryid"),
            ("\"queryid\"", "queryid"),
            ("tag_queryid", "queryid"),
            ("data_calls", "calls"),
            ("s.total_exec_time", "total_exec_time"),
            ("Total Exec Time", "total_exec_time"),
            ("tags", "tags"),
        ] {
            assert_eq!(plain_name(name), expected, "{name:?}");
        }
    }
}
