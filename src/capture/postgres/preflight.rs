//! What has to be so before a capture makes sense, and the SQL that mends what is not.

use std::collections::BTreeMap;

use super::connection::{QueryError, ReadOnlyClient};
use super::queries::{Query, Versions, describe};
use super::views::View;
use crate::capture::{Preflight, PreflightFinding};
use crate::tape::recording::{RecordedCell, ServerIdentity};

/// The oldest server whose views are known.
const OLDEST: i64 = 130_000;

/// What the server has said of itself and of the role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    /// What a capture of any server needs to know.
    pub(super) about: Preflight,
    /// The oid of the role.
    pub(super) role_oid: i64,
    /// Versions that decide the queries.
    pub(super) versions: Versions,
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

impl Facts {
    /// Asks the server. The client's queries are then those for its versions.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(super) async fn ask(client: &mut ReadOnlyClient) -> Result<Self, QueryError> {
        let rows = client.run(Query::Preflight).await?;
        let row = rows.first().cloned().unwrap_or_default();
        let text = |index: usize| row.get(index).and_then(RecordedCell::text).map(str::to_owned);
        let is = |index: usize| row.get(index) == Some(&RecordedCell::Bool(true));
        let int = |index: usize| row.get(index).and_then(RecordedCell::int).unwrap_or_default();
        let mut settings = BTreeMap::new();
        for (index, name) in (12..).zip(SETTINGS) {
            settings.extend(text(index).map(|value| (name.to_owned(), value)));
        }
        let (extension, schema) = (text(10), text(11).unwrap_or_default());
        let statements = extension.as_deref().and_then(version);
        let versions = Versions { server: int(1), statements, schema };
        let mut about = Preflight {
            server: ServerIdentity {
                kind: "PostgreSQL".to_owned(),
                version: text(0).unwrap_or_default(),
                version_num: int(1),
                identifier: None,
            },
            role: text(2).unwrap_or_default(),
            grants: [("pg_read_all_stats", is(7)), ("pg_monitor", is(8))]
                .into_iter()
                .filter(|(_, granted)| *granted)
                .map(|(name, _)| name.to_owned())
                .collect(),
            superuser: is(6),
            database: text(3).unwrap_or_default(),
            database_id: row.get(4).and_then(RecordedCell::int),
            extensions: extension.into_iter().map(|version| ("pg_stat_statements".to_owned(), version)).collect(),
            settings,
            views: View::ALL.into_iter().filter_map(|view| describe(view, &versions)).collect(),
            findings: Vec::new(),
        };
        client.set_versions(versions.clone());
        // Asked only where it is granted: a refusal would be a line in the server's log.
        if is(8) || is(6) {
            let rows = client.run(Query::SystemIdentifier).await?;
            about.server.identifier = rows.first().and_then(|row| row.first()?.text().map(str::to_owned));
        }
        let mut facts = Self { about, role_oid: int(5), versions };
        facts.about.findings = facts.find(text(9).as_deref());
        Ok(facts)
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.about.settings.get(name).map(String::as_str)
    }

    fn find(&self, read_only: Option<&str>) -> Vec<PreflightFinding> {
        let mut findings = Vec::new();
        let mut find =
            |fatal: bool, problem: String, remedy: String| findings.push(PreflightFinding { fatal, problem, remedy });
        let role = quoted(&self.about.role);
        if self.about.server.version_num < OLDEST {
            let problem = format!(
                "PostgreSQL {} is older than 13, whose views are the oldest that are known",
                self.about.server.version
            );
            find(true, problem, "use a newer server".to_owned());
        }
        if read_only != Some("on") {
            let problem =
                "the session is not read-only: something between here and the server drops its options".to_owned();
            find(true, problem, format!("ALTER ROLE {role} SET default_transaction_read_only = on;"));
        }
        if !self.about.grants.iter().any(|grant| grant == "pg_read_all_stats") {
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
            let problem = format!("extension pg_stat_statements is not in database `{}`", self.about.database);
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
            && (major, minor) < shipped(self.about.server.version_num)
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

    fn ready() -> Facts {
        let settings = [
            ("track_io_timing", "on"),
            ("track_activities", "on"),
            ("track_counts", "on"),
            ("compute_query_id", "auto"),
            ("pg_stat_statements.track", "top"),
        ];
        let about = Preflight {
            server: ServerIdentity { version: "17.10".to_owned(), version_num: 170_010, ..ServerIdentity::default() },
            role: "the \"observer\"".to_owned(),
            grants: vec!["pg_read_all_stats".to_owned()],
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..Preflight::default()
        };
        let versions = Versions { server: 170_010, statements: Some((1, 11)), schema: "public".to_owned() };
        Facts { about, role_oid: 7, versions }
    }

    #[test]
    fn each_finding_has_its_remedy() {
        assert_eq!(ready().find(Some("on")), []);
        type Change = fn(&mut Facts);
        let cases: [(Change, bool, &str); 9] = [
            (|at| at.about.grants.clear(), true, "GRANT pg_read_all_stats TO \"the \"\"observer\"\"\";"),
            (|at| at.versions.statements = None, true, "CREATE EXTENSION pg_stat_statements;"),
            (|at| at.versions.statements = Some((1, 10)), false, "ALTER EXTENSION pg_stat_statements UPDATE;"),
            (|at| at.about.server.version_num = 120_000, true, "use a newer server"),
            (
                |at| drop(at.about.settings.remove("pg_stat_statements.track")),
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

    impl Facts {
        fn set(&mut self, name: &str, value: &str) {
            self.about.settings.insert(name.to_owned(), value.to_owned());
        }
    }
}
