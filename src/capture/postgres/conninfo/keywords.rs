//! Every keyword of libpq: what a capture makes of it. None is ignored.

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Handling {
    /// It decides something.
    Used,
    /// A capture does what these values say, and cannot do what others say.
    Only(&'static [&'static str]),
    /// It cannot be honoured; what to do instead.
    Refused(&'static str),
}

use crate::diagnostics::UnknownName;
use Handling::{Only, Refused, Used};

/// A keyword of connection strings, and the variable of the environment behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    pub(super) key: &'static str,
    pub(super) variable: Option<&'static str>,
    pub(super) handling: Handling,
}

const OWN_DEADLINES: Handling = Refused("a capture has its own deadlines (connect_timeout may be given); leave it out");
const NO_KERBEROS: Handling =
    Refused("a capture does not log in by Kerberos; leave it out, and use a password or a certificate");
const NO_OAUTH: Handling = Refused("a capture does not log in by OAuth; use a password or a certificate");
const NO_CRL: Handling =
    Refused("lists of revoked certificates are not read; leave it out if the server's is not revoked");

const fn keyword(key: &'static str, variable: &'static str, handling: Handling) -> Keyword {
    Keyword { key, variable: Some(variable), handling }
}

const fn only_key(key: &'static str, handling: Handling) -> Keyword {
    Keyword { key, variable: None, handling }
}

/// Those of libpq 18.
pub(super) const KEYWORDS: [Keyword; 54] = [
    keyword("service", "PGSERVICE", Used),
    keyword("servicefile", "PGSERVICEFILE", Used),
    keyword("user", "PGUSER", Used),
    keyword("password", "PGPASSWORD", Used),
    keyword("passfile", "PGPASSFILE", Used),
    keyword("dbname", "PGDATABASE", Used),
    keyword("host", "PGHOST", Used),
    keyword("hostaddr", "PGHOSTADDR", Used),
    keyword("port", "PGPORT", Used),
    keyword("options", "PGOPTIONS", Used),
    keyword("application_name", "PGAPPNAME", Used),
    keyword("connect_timeout", "PGCONNECT_TIMEOUT", Used),
    keyword("channel_binding", "PGCHANNELBINDING", Used),
    keyword("require_auth", "PGREQUIREAUTH", Used),
    keyword("sslmode", "PGSSLMODE", Used),
    keyword("sslrootcert", "PGSSLROOTCERT", Used),
    keyword("sslcert", "PGSSLCERT", Used),
    keyword("sslkey", "PGSSLKEY", Used),
    only_key("fallback_application_name", Used),
    keyword(
        "client_encoding",
        "PGCLIENTENCODING",
        Only(&["UTF8", "UTF-8", "utf8", "utf-8", "auto", "unicode", "UNICODE"]),
    ),
    keyword("sslcompression", "PGSSLCOMPRESSION", Only(&["0"])),
    keyword("sslsni", "PGSSLSNI", Only(&["1"])),
    keyword("sslcertmode", "PGSSLCERTMODE", Only(&["allow"])),
    keyword("sslnegotiation", "PGSSLNEGOTIATION", Only(&["postgres"])),
    keyword("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", Only(&["TLSv1", "TLSv1.1", "TLSv1.2"])),
    keyword("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", Only(&["TLSv1.3"])),
    keyword("gssencmode", "PGGSSENCMODE", Only(&["disable", "prefer"])),
    keyword("target_session_attrs", "PGTARGETSESSIONATTRS", Only(&["any"])),
    keyword("load_balance_hosts", "PGLOADBALANCEHOSTS", Only(&["disable"])),
    keyword("min_protocol_version", "PGMINPROTOCOLVERSION", Only(&["3.0"])),
    keyword("max_protocol_version", "PGMAXPROTOCOLVERSION", Only(&["3.0", "latest"])),
    only_key("replication", Only(&["0", "false", "off", "no"])),
    keyword("requiressl", "PGREQUIRESSL", Refused("write sslmode=require, or better verify-full")),
    only_key("sslpassword", Refused("a key with a password cannot be read; give one without")),
    only_key("sslkeylogfile", Refused("keys of TLS are not written; leave it out")),
    keyword("sslcrl", "PGSSLCRL", NO_CRL),
    keyword("sslcrldir", "PGSSLCRLDIR", NO_CRL),
    keyword("requirepeer", "PGREQUIREPEER", Refused("the owner of a local server is not looked at; leave it out")),
    only_key("keepalives", OWN_DEADLINES),
    only_key("keepalives_idle", OWN_DEADLINES),
    only_key("keepalives_interval", OWN_DEADLINES),
    only_key("keepalives_count", OWN_DEADLINES),
    only_key("tcp_user_timeout", OWN_DEADLINES),
    keyword("krbsrvname", "PGKRBSRVNAME", NO_KERBEROS),
    keyword("gsslib", "PGGSSLIB", NO_KERBEROS),
    keyword("gssdelegation", "PGGSSDELEGATION", NO_KERBEROS),
    only_key("scram_client_key", Refused("give the password instead")),
    only_key("scram_server_key", Refused("give the password instead")),
    only_key("oauth_issuer", NO_OAUTH),
    only_key("oauth_client_id", NO_OAUTH),
    only_key("oauth_client_secret", NO_OAUTH),
    only_key("oauth_scope", NO_OAUTH),
    only_key("authtype", Refused("libpq has ignored it for long; leave it out")),
    only_key("tty", Refused("libpq has ignored it for long; leave it out")),
];

/// Words of other clients, and what to write instead.
const FOREIGN: [(&str, &str); 41] = [
    ("pgbouncer", "it is a word of Prisma; leave it out, and connect to the server itself and not through PgBouncer"),
    ("schema", "it is a word of Prisma; leave it out: a capture reads all schemas"),
    ("currentSchema", "it is a word of JDBC; leave it out: a capture reads all schemas"),
    ("connection_limit", "it is a word of Prisma; leave it out: a capture has one connection"),
    ("pool_timeout", "it is a word of Prisma; leave it out: there is no pool"),
    ("sslaccept", "it is a word of Prisma; write sslmode=verify-full, or sslmode=require to take any certificate"),
    ("sslidentity", "it is a word of Prisma; write sslcert and sslkey, in PEM"),
    ("ssl", "it is a word of JDBC and Node; write sslmode=verify-full"),
    ("sslfactory", "it is a word of JDBC; write sslmode=require to take any certificate"),
    ("database", "write dbname"),
    ("db", "write dbname"),
    ("username", "write user"),
    ("pass", "write password, or better set PGPASSWORD"),
    ("passwd", "write password, or better set PGPASSWORD"),
    ("ApplicationName", "write application_name"),
    ("connectTimeout", "write connect_timeout, in seconds"),
    ("prepareThreshold", "it is a word of JDBC; leave it out"),
    ("preparedStatementCacheQueries", "it is a word of JDBC; leave it out"),
    ("reWriteBatchedInserts", "it is a word of JDBC; leave it out"),
    ("stringtype", "it is a word of JDBC; leave it out"),
    ("binaryTransfer", "it is a word of JDBC; leave it out"),
    ("loginTimeout", "it is a word of JDBC; write connect_timeout, in seconds"),
    ("socketTimeout", "it is a word of JDBC; leave it out: a capture has its own deadlines"),
    ("targetServerType", "it is a word of JDBC; leave it out, and name the server itself"),
    ("statement_cache_size", "it is a word of asyncpg and Prisma; leave it out: a capture prepares few statements"),
    ("prepared_statement_cache_size", "it is a word of SQLAlchemy; leave it out: a capture prepares few statements"),
    ("statement_cache_mode", "it is a word of pgx; leave it out: a capture prepares few statements"),
    ("default_query_exec_mode", "it is a word of pgx; leave it out: a capture prepares few statements"),
    ("prepared_statements", "it is a word of Rails; leave it out: a capture prepares few statements"),
    ("binary_parameters", "it is a word of lib/pq; leave it out"),
    ("search_path", "it is a setting of the server; leave it out: a capture reads all schemas"),
    ("statement_timeout", "it is a setting of the server; leave it out: a capture has its own deadlines"),
    ("pool", "it is a word of Rails; leave it out: a capture has one connection"),
    ("pool_size", "it is a word of Ecto and SQLAlchemy; leave it out: a capture has one connection"),
    ("pool_max_conns", "it is a word of pgx; leave it out: a capture has one connection"),
    ("encoding", "leave it out: a capture talks UTF-8"),
    ("charset", "leave it out: a capture talks UTF-8"),
    ("Server", "it is a word of Npgsql and ODBC; write host"),
    ("User ID", "it is a word of Npgsql and ODBC; write user"),
    ("Uid", "it is a word of ODBC; write user"),
    ("Pwd", "it is a word of ODBC; write password, or better set PGPASSWORD"),
];

/// The keyword called `key`.
pub(super) fn find(key: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.key == key)
}

/// What to write instead of a key that libpq does not know.
pub(super) fn instead(key: &str) -> Option<&'static str> {
    let found = FOREIGN.into_iter().find(|(foreign, _)| *foreign == key);
    // As it is written elsewhere, such as `Host` or `USERNAME`.
    let lower = key.to_ascii_lowercase();
    let found = found.or_else(|| FOREIGN.into_iter().find(|(foreign, _)| foreign.to_ascii_lowercase() == lower));
    found.map(|(_, instead)| instead).or_else(|| find(&lower).map(|_| "keys are written in lower case"))
}

/// A key that is not one of the keywords; those that are refused are not offered.
pub(super) fn unknown(key: &str) -> UnknownName {
    let taken = KEYWORDS.iter().filter(|keyword| !matches!(keyword.handling, Handling::Refused(_)));
    UnknownName::new("option", key, taken.map(|keyword| keyword.key))
}
