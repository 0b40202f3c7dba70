//! What has to be so before a capture makes sense, and the SQL that mends what is not.

use std::collections::BTreeMap;

use super::connection::{QueryError, ReadOnlyClient};
use super::queries::{Query, Versions};
use crate::tape::recording::{Cell, ServerIdentity};

/// The oldest server whose views are known.
const OLDEST: i64 = 130_000;

/// What a server says of itself and of the role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preflight {
    /// Which server.
    pub server: ServerIdentity,
    /// The role.
    pub role: String,
    /// Its oid.
    pub role_oid: i64,
    /// The database.
    pub database: String,
    /// Its oid.
    pub database_oid: i64,
    /// Versions that decide the queries.
    pub versions: Versions,
    /// Versions of extensions.
    pub extensions: BTreeMap<String, String>,
    /// Roles that it is a member of, of those that matter.
    pub grants: Vec<String>,
    /// Settings that decide which columns count.
    pub settings: BTreeMap<String, String>,
    /// Is a superuser: no observer should be.
    pub superuser: bool,
    /// What is missing.
    pub findings: Vec<Finding>,
}

/// Something that a capture needs, or would be better with.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A capture makes no sense without it.
    pub fatal: bool,
    /// What is missing and what of the recording suffers.
    pub problem: String,
    /// SQL, or the line of a configuration file, that mends it.
    pub remedy: String,
}

impl Finding {
    /// A view that a poll could not read.
    pub(in crate::capture) fn unreadable(view: &str, reason: &str) -> Self {
        Self {
            fatal: false,
            problem: format!("view `{view}` cannot be read, and a recording would be without it: {reason}"),
            remedy: "see docs/live.md for what each view needs".to_owned(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.fatal { "missing" } else { "advice" };
        write!(f, "  {kind}: {}\n    {}", self.problem, self.remedy)
    }
}

/// Those that a role without `pg_read_all_settings` may ask for, in the order of the query.
const SETTINGS: [&str; 7] = [
    "track_io_timing",
    "track_activities",
    "track_counts",
    "compute_query_id",
    "pg_stat_statements.track",
    "pg_stat_statements.max",
    "block_size",
];

impl Preflight {
    /// Asks the server. The client's queries are then those for its versions.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn ask(client: &mut ReadOnlyClient) -> Result<Self, QueryError> {
        let rows = client.run(Query::Preflight).await?;
        let row = rows.first().cloned().unwrap_or_default();
        let text = |index: usize| row.get(index).and_then(Cell::text).map(str::to_owned);
        let is = |index: usize| row.get(index) == Some(&Cell::Bool(true));
        let int = |index: usize| row.get(index).and_then(Cell::int).unwrap_or_default();
        let mut settings = BTreeMap::new();
        for (index, name) in (12..).zip(SETTINGS) {
            settings.extend(text(index).map(|value| (name.to_owned(), value)));
        }
        let (extension, schema) = (text(10), text(11).unwrap_or_default());
        let statements = extension.as_deref().and_then(version);
        let mut preflight = Self {
            server: ServerIdentity {
                version: text(0).unwrap_or_default(),
                version_num: int(1),
                system_identifier: None,
            },
            role: text(2).unwrap_or_default(),
            role_oid: int(5),
            database: text(3).unwrap_or_default(),
            database_oid: int(4),
            versions: Versions { server: int(1), statements, schema },
            extensions: extension.into_iter().map(|version| ("pg_stat_statements".to_owned(), version)).collect(),
            grants: [("pg_read_all_stats", is(7)), ("pg_monitor", is(8))]
                .into_iter()
                .filter(|(_, granted)| *granted)
                .map(|(name, _)| name.to_owned())
                .collect(),
            settings,
            superuser: is(6),
            findings: Vec::new(),
        };
        preflight.findings = preflight.find(text(9).as_deref());
        client.set_versions(preflight.versions.clone());
        // Asked only where it is granted: a refusal would be a line in the server's log.
        if is(8) || is(6) {
            let rows = client.run(Query::SystemIdentifier).await?;
            preflight.server.system_identifier = rows.first().and_then(|row| row.first()?.text().map(str::to_owned));
        }
        Ok(preflight)
    }

    /// Whether a capture can begin.
    pub fn is_ready(&self) -> bool {
        self.findings.iter().all(|finding| !finding.fatal)
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    fn find(&self, read_only: Option<&str>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |fatal: bool, problem: String, remedy: String| findings.push(Finding { fatal, problem, remedy });
        let role = quoted(&self.role);
        if self.server.version_num < OLDEST {
            let problem = format!(
                "PostgreSQL {} is older than 13, whose views are the oldest that are known",
                self.server.version
            );
            find(true, problem, "use a newer server".to_owned());
        }
        if read_only != Some("on") {
            let problem =
                "the session is not read-only: something between here and the server drops its options".to_owned();
            find(true, problem, format!("ALTER ROLE {role} SET default_transaction_read_only = on;"));
        }
        if !self.grants.iter().any(|grant| grant == "pg_read_all_stats") {
            let problem = format!("role {role} may not read the statistics of others: everything would look empty");
            find(true, problem, format!("GRANT pg_read_all_stats TO {role};"));
        }
        // A setting of the library: known only where it is loaded.
        if self.setting("pg_stat_statements.track").is_none() {
            let problem = "pg_stat_statements is not loaded: there are no statements to watch".to_owned();
            let remedy = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; -- then restart the server";
            find(true, problem, remedy.to_owned());
        }
        if self.versions.statements.is_none() {
            let problem = format!("extension pg_stat_statements is not in database `{}`", self.database);
            find(true, problem, "CREATE EXTENSION pg_stat_statements;".to_owned());
        }
        if self.setting("pg_stat_statements.track") == Some("none") {
            let problem = "pg_stat_statements.track is `none`: no statement is counted".to_owned();
            find(true, problem, reload("pg_stat_statements.track = 'top'"));
        }
        if self.setting("compute_query_id") == Some("off") {
            let problem = "compute_query_id is `off`: statements have no identifier".to_owned();
            find(true, problem, reload("compute_query_id = 'auto'"));
        }
        if self.setting("track_activities") == Some("off") {
            let problem = "track_activities is `off`: nobody is seen waiting".to_owned();
            find(true, problem, reload("track_activities = on"));
        }
        if self.setting("track_counts") == Some("off") {
            let problem = "track_counts is `off`: tables and databases have no counters".to_owned();
            find(true, problem, reload("track_counts = on"));
        }
        if self.setting("track_io_timing") == Some("off") {
            let problem =
                "track_io_timing is `off`: times of reads are recorded as 0 (no residual needs them)".to_owned();
            find(false, problem, reload("track_io_timing = on"));
        }
        if let Some((major, minor)) = self.versions.statements
            && (major, minor) < shipped(self.server.version_num)
        {
            let problem =
                format!("extension pg_stat_statements is of version {major}.{minor}, the server has a newer one");
            find(false, problem, "ALTER EXTENSION pg_stat_statements UPDATE;".to_owned());
        }
        findings
    }
}

/// `ALTER SYSTEM` that takes effect without a restart.
fn reload(setting: &str) -> String {
    format!("ALTER SYSTEM SET {setting}; SELECT pg_reload_conf();")
}

/// The version of `pg_stat_statements` that a server comes with.
fn shipped(server: i64) -> (u32, u32) {
    match server / 10_000 {
        ..=13 => (1, 8),
        14 => (1, 9),
        15 | 16 => (1, 10),
        17 => (1, 11),
        _ => (1, 12),
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A name as SQL takes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The SQL that makes the role of least privilege, for a superuser to run.
#[must_use]
pub fn role_sql(role: &str, database: &str) -> String {
    let (role, database) = (quoted(role), quoted(database));
    format!(
        "-- The role that telltape captures with: it may log in and read statistics, and nothing else.\n\
         -- Run as a superuser, in database {database}; then set its password with \\password {role}\n\
         CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 3;\n\
         GRANT CONNECT ON DATABASE {database} TO {role};\n\
         GRANT pg_read_all_stats TO {role};\n\
         ALTER ROLE {role} SET default_transaction_read_only = on;\n\
         CREATE EXTENSION IF NOT EXISTS pg_stat_statements;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready() -> Preflight {
        let settings = [
            ("track_io_timing", "on"),
            ("track_activities", "on"),
            ("track_counts", "on"),
            ("compute_query_id", "auto"),
            ("pg_stat_statements.track", "top"),
        ];
        Preflight {
            server: ServerIdentity { version: "17.10".to_owned(), version_num: 170_010, system_identifier: None },
            role: "the \"observer\"".to_owned(),
            versions: Versions { server: 170_010, statements: Some((1, 11)), schema: "public".to_owned() },
            grants: vec!["pg_read_all_stats".to_owned()],
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..Preflight::default()
        }
    }

    #[test]
    fn each_finding_has_its_remedy() {
        assert_eq!(ready().find(Some("on")), []);
        type Change = fn(&mut Preflight);
        let cases: [(Change, bool, &str); 9] = [
            (|at| at.grants.clear(), true, "GRANT pg_read_all_stats TO \"the \"\"observer\"\"\";"),
            (|at| at.versions.statements = None, true, "CREATE EXTENSION pg_stat_statements;"),
            (|at| at.versions.statements = Some((1, 10)), false, "ALTER EXTENSION pg_stat_statements UPDATE;"),
            (|at| at.server.version_num = 120_000, true, "use a newer server"),
            (
                |at| drop(at.settings.remove("pg_stat_statements.track")),
                true,
                "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; -- then restart the server",
            ),
            (
                |at| at.set("compute_query_id", "off"),
                true,
                "ALTER SYSTEM SET compute_query_id = 'auto'; SELECT pg_reload_conf();",
            ),
            (
                |at| at.set("track_io_timing", "off"),
                false,
                "ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();",
            ),
            (|at| at.set("track_counts", "off"), true, "ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();"),
            (
                |at| at.set("track_activities", "off"),
                true,
                "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();",
            ),
        ];
        for (change, fatal, remedy) in cases {
            let mut preflight = ready();
            change(&mut preflight);
            let findings = preflight.find(Some("on"));
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!((findings[0].fatal, findings[0].remedy.as_str()), (fatal, remedy));
        }
        assert!(ready().find(Some("off"))[0].fatal);
    }

    impl Preflight {
        fn set(&mut self, name: &str, value: &str) {
            self.settings.insert(name.to_owned(), value.to_owned());
        }
    }
}
