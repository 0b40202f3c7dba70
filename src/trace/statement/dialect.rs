//! Where systems disagree on what a text of SQL means.

/// A family of systems whose texts are read by the same rules.
///
/// What a system documents of its lexical rules is the reason for each row of [`SYSTEMS`] and each field of [`Rules`]. A rule
/// that is not known is the one that tells more statements apart: one that is split in two is seen to occur too seldom, two
/// that are taken for one are not seen at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A system that is not known.
    #[default]
    Unknown,
    /// The rules of the standard and no others.
    Ansi,
    /// Comments in comments; a bracket is behind an array.
    Postgres,
    Redshift,
    SqlServer,
    Sqlite,
    MySql,
    /// `"` quotes literals, a backslash escapes.
    Hive,
    Spark,
    /// BigQuery and Spanner.
    Google,
    ClickHouse,
    Snowflake,
    Oracle,
    /// `//` starts a comment.
    Slashes,
    Cypher,
}

/// What a bracket starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brackets {
    /// A name that is quoted, wherever it stands.
    Name,
    /// An array or a subscript.
    Array,
    /// A subscript directly behind a name or value, else a name.
    Either,
}

/// How the texts of a dialect are read.
#[derive(Debug)]
pub(super) struct Rules {
    /// `/* /* */ */` is one comment. Where it is not closed, the first `*/` ends it in every dialect.
    pub(super) nests: bool,
    /// What starts a comment to the end of the line, beside `--`.
    line_comments: &'static [&'static str],
    /// `--` starts a comment only before white space.
    dashes_need_blank: bool,
    /// What stands in `/*! … */` is executed.
    pub(super) executes_comments: bool,
    /// A backslash escapes in every literal.
    pub(super) backslash: bool,
    /// `"` quotes literals, not names.
    pub(super) double_quotes: bool,
    /// `'''` and `"""` quote literals.
    pub(super) triple_quotes: bool,
    /// `q'[…]'` is a literal.
    pub(super) q_quotes: bool,
    pub(super) brackets: Brackets,
}

const ANSI: Rules = Rules {
    nests: false,
    line_comments: &[],
    dashes_need_blank: false,
    executes_comments: false,
    backslash: false,
    double_quotes: false,
    triple_quotes: false,
    q_quotes: false,
    brackets: Brackets::Array,
};

/// By dialect, in the order of the variants.
static RULES: [Rules; Dialect::COUNT] = [
    Rules { nests: true, q_quotes: true, brackets: Brackets::Either, ..ANSI },
    ANSI,
    Rules { nests: true, ..ANSI },
    Rules { nests: true, backslash: true, ..ANSI },
    // A log that is read as one of SQL Server may be Oracle's.
    Rules { nests: true, q_quotes: true, brackets: Brackets::Name, ..ANSI },
    Rules { brackets: Brackets::Name, ..ANSI },
    Rules {
        line_comments: &["#"],
        dashes_need_blank: true,
        executes_comments: true,
        backslash: true,
        double_quotes: true,
        ..ANSI
    },
    Rules { backslash: true, double_quotes: true, ..ANSI },
    Rules { nests: true, backslash: true, double_quotes: true, ..ANSI },
    Rules { line_comments: &["#"], backslash: true, double_quotes: true, triple_quotes: true, ..ANSI },
    Rules { nests: true, line_comments: &["//", "# ", "#!"], backslash: true, ..ANSI },
    Rules { line_comments: &["//"], backslash: true, ..ANSI },
    Rules { q_quotes: true, ..ANSI },
    Rules { nests: true, line_comments: &["//"], ..ANSI },
    Rules { line_comments: &["//"], backslash: true, double_quotes: true, ..ANSI },
];

/// The systems by `db.system.name`, or by the older `db.system` where that has no newer name: those that the semantic
/// conventions of OpenTelemetry list and that speak SQL, then others that instrumentations report.
const SYSTEMS: &[(&str, Dialect)] = &[
    ("actian.ingres", Dialect::Ansi),
    ("aws.redshift", Dialect::Redshift),
    ("azure.cosmosdb", Dialect::Hive),
    ("cassandra", Dialect::Slashes),
    ("clickhouse", Dialect::ClickHouse),
    ("cloudscape", Dialect::Postgres),
    ("cockroachdb", Dialect::Postgres),
    ("couchbase", Dialect::Hive),
    ("derby", Dialect::Postgres),
    ("edb", Dialect::Postgres),
    ("filemaker", Dialect::Ansi),
    ("firebirdsql", Dialect::Oracle),
    ("firstsql", Dialect::Ansi),
    ("gcp.spanner", Dialect::Google),
    ("h2database", Dialect::Slashes),
    ("hive", Dialect::Hive),
    ("hsqldb", Dialect::Slashes),
    ("ibm.db2", Dialect::Postgres),
    ("ibm.informix", Dialect::Ansi),
    ("ibm.netezza", Dialect::Ansi),
    ("interbase", Dialect::Ansi),
    ("intersystems.cache", Dialect::Ansi),
    ("mariadb", Dialect::MySql),
    ("microsoft.sql_server", Dialect::SqlServer),
    ("mssqlcompact", Dialect::SqlServer),
    ("mysql", Dialect::MySql),
    ("neo4j", Dialect::Cypher),
    ("oracle.db", Dialect::Oracle),
    ("pervasive", Dialect::Ansi),
    ("pointbase", Dialect::Ansi),
    ("postgresql", Dialect::Postgres),
    ("progress", Dialect::Ansi),
    ("sap.hana", Dialect::Ansi),
    ("sap.maxdb", Dialect::Ansi),
    ("softwareag.adabas", Dialect::Ansi),
    ("sqlite", Dialect::Sqlite),
    ("sybase", Dialect::SqlServer),
    ("teradata", Dialect::Ansi),
    ("trino", Dialect::Ansi),
    ("vertica", Dialect::Postgres),
    ("alloydb", Dialect::Postgres),
    ("athena", Dialect::Ansi),
    ("azure.sql", Dialect::SqlServer),
    ("azure.synapse", Dialect::SqlServer),
    ("bigquery", Dialect::Google),
    ("databricks", Dialect::Spark),
    ("doris", Dialect::MySql),
    ("duckdb", Dialect::Postgres),
    ("gcp.bigquery", Dialect::Google),
    ("greenplum", Dialect::Postgres),
    ("impala", Dialect::Hive),
    ("libsql", Dialect::Sqlite),
    ("memsql", Dialect::MySql),
    ("mssql", Dialect::SqlServer),
    ("oceanbase", Dialect::MySql),
    ("oracle", Dialect::Oracle),
    ("planetscale", Dialect::MySql),
    ("postgres", Dialect::Postgres),
    ("presto", Dialect::Ansi),
    ("redshift", Dialect::Redshift),
    ("singlestore", Dialect::MySql),
    ("snowflake", Dialect::Snowflake),
    ("spanner", Dialect::Google),
    ("spark", Dialect::Spark),
    ("sqlserver", Dialect::SqlServer),
    ("starrocks", Dialect::MySql),
    ("tidb", Dialect::MySql),
    ("timescaledb", Dialect::Postgres),
    ("vitess", Dialect::MySql),
    ("yugabytedb", Dialect::Postgres),
];

impl Dialect {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Cypher as usize + 1;

    /// That of a system by its name as `db.system.name`.
    pub(crate) fn of_system(system: &str) -> Self {
        let known = SYSTEMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(system));
        known.map_or(Self::Unknown, |(_, dialect)| *dialect)
    }

    pub(super) fn rules(self) -> &'static Rules {
        &RULES[self as usize]
    }
}

impl Rules {
    /// Whether a comment to the end of the line starts here.
    pub(super) fn starts_line_comment(&self, text: &str) -> bool {
        if let Some(behind) = text.strip_prefix("--") {
            return !self.dashes_need_blank
                || behind.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control());
        }
        self.line_comments.iter().any(|start| text.starts_with(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `db.system.name` in the semantic conventions, and whether the system speaks SQL.
    const PUBLISHED: [(&str, bool); 41] = [
        ("other_sql", false),
        ("softwareag.adabas", true),
        ("actian.ingres", true),
        ("aws.dynamodb", false),
        ("aws.redshift", true),
        ("azure.cosmosdb", true),
        ("intersystems.cache", true),
        ("cassandra", true),
        ("clickhouse", true),
        ("cockroachdb", true),
        ("couchbase", true),
        ("couchdb", false),
        ("derby", true),
        ("elasticsearch", false),
        ("firebirdsql", true),
        ("gcp.spanner", true),
        ("geode", false),
        ("h2database", true),
        ("hbase", false),
        ("hive", true),
        ("hsqldb", true),
        ("ibm.db2", true),
        ("ibm.informix", true),
        ("ibm.netezza", true),
        ("influxdb", false),
        ("instantdb", false),
        ("mariadb", true),
        ("memcached", false),
        ("mongodb", false),
        ("microsoft.sql_server", true),
        ("mysql", true),
        ("neo4j", true),
        ("opensearch", false),
        ("oracle.db", true),
        ("postgresql", true),
        ("redis", false),
        ("sap.hana", true),
        ("sap.maxdb", true),
        ("sqlite", true),
        ("teradata", true),
        ("trino", true),
    ];

    #[test]
    fn every_published_system_that_speaks_sql_has_a_dialect() {
        for (system, speaks_sql) in PUBLISHED {
            assert_eq!(Dialect::of_system(system) != Dialect::Unknown, speaks_sql, "{system}");
        }
        assert_eq!(Dialect::of_system("PostgreSQL"), Dialect::Postgres);
    }

    #[test]
    fn no_system_has_two_dialects() {
        let mut names: Vec<&str> = SYSTEMS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SYSTEMS.len());
    }
}
