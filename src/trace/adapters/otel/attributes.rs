//! The attributes that say what a database span executed, and where: `docs/adapters/otel.md` lists them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scalar::{Lookup, Scalar};
use super::server;
use crate::trace::read::Unknown;
use crate::trace::statement;

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A hash of the statement, the same for all its executions.
    Hash,
    /// A summary of the statement, such as `SELECT orders`.
    Summary,
    /// The text of the statement.
    Text,
    /// The database management system.
    System,
    /// The database within the system.
    Namespace,
    /// The address of the server.
    Server,
    /// The port of the server.
    Port,
    /// How the application connects, with the address in it.
    Connection,
    /// That the operation failed, unless it is `false`.
    Failed,
    /// Of what kind the failure is, where there is one.
    ErrorType,
    /// The status of the span where a format has no field for it.
    Status,
}

const KINDS: usize = Says::Status as usize + 1;

/// What the attribute says, and the place of its name among those that say the same: the lowest one wins.
pub(super) type AttributeSlot = (Says, u8);

/// The names, those of the current semantic conventions first.
pub(super) const NAMES: &[(&str, AttributeSlot)] = &[
    ("db.query.hash", (Says::Hash, 0)),
    ("db.query.fingerprint", (Says::Hash, 1)),
    ("db.query.digest", (Says::Hash, 2)),
    ("db.query_hash", (Says::Hash, 3)),
    ("db.statement.hash", (Says::Hash, 4)),
    ("db.statement.fingerprint", (Says::Hash, 5)),
    ("db.statement.digest", (Says::Hash, 6)),
    ("db.statement_hash", (Says::Hash, 7)),
    ("statement_hash", (Says::Hash, 8)),
    ("query_hash", (Says::Hash, 9)),
    ("postgresql.queryid", (Says::Hash, 10)),
    ("sqlserver.query_hash", (Says::Hash, 11)),
    ("db.query.summary", (Says::Summary, 0)),
    ("db.query.text", (Says::Text, 0)),
    ("db.statement", (Says::Text, 1)),
    ("sql.query", (Says::Text, 2)),
    ("db.system.name", (Says::System, 0)),
    ("db.system", (Says::System, 1)),
    ("db.type", (Says::System, 2)),
    ("db.namespace", (Says::Namespace, 0)),
    ("db.name", (Says::Namespace, 1)),
    ("db.instance", (Says::Namespace, 2)),
    ("server.address", (Says::Server, 0)),
    ("net.peer.name", (Says::Server, 1)),
    ("peer.hostname", (Says::Server, 2)),
    ("out.host", (Says::Server, 3)),
    ("network.peer.address", (Says::Server, 4)),
    ("net.sock.peer.addr", (Says::Server, 5)),
    ("net.peer.ip", (Says::Server, 6)),
    ("peer.ipv4", (Says::Server, 7)),
    ("peer.ipv6", (Says::Server, 8)),
    ("peer.address", (Says::Server, 9)),
    ("server.port", (Says::Port, 0)),
    ("net.peer.port", (Says::Port, 1)),
    ("peer.port", (Says::Port, 2)),
    ("network.peer.port", (Says::Port, 3)),
    ("net.sock.peer.port", (Says::Port, 4)),
    ("db.connection_string", (Says::Connection, 0)),
    ("error", (Says::Failed, 0)),
    ("error.type", (Says::ErrorType, 0)),
    ("otel.status_code", (Says::Status, 0)),
];

/// The names in Zipkin's `remoteEndpoint`. Its service is often called after the system, so that the address comes first.
pub(super) const ENDPOINT: &[(&str, AttributeSlot)] = &[
    ("ipv4", (Says::Server, 10)),
    ("ipv6", (Says::Server, 11)),
    ("serviceName", (Says::Server, 12)),
    ("port", (Says::Port, 10)),
];

/// Systems that have another value as `db.system.name` than they had as `db.system`.
const RENAMED: [(&str, &str); 16] = [
    ("adabas", "softwareag.adabas"),
    ("cosmosdb", "azure.cosmosdb"),
    ("db2", "ibm.db2"),
    ("dynamodb", "aws.dynamodb"),
    ("firebird", "firebirdsql"),
    ("h2", "h2database"),
    ("hanadb", "sap.hana"),
    ("informix", "ibm.informix"),
    ("ingres", "actian.ingres"),
    ("intersystems_cache", "intersystems.cache"),
    ("maxdb", "sap.maxdb"),
    ("mssql", "microsoft.sql_server"),
    ("netezza", "ibm.netezza"),
    ("oracle", "oracle.db"),
    ("redshift", "aws.redshift"),
    ("spanner", "gcp.spanner"),
];

/// Names that are not in the semantic conventions and mean a system that is.
const ALIASES: [(&str, &str); 3] =
    [("mssqlserver", "microsoft.sql_server"), ("postgres", "postgresql"), ("sqlserver", "microsoft.sql_server")];

/// What the attributes of one span say.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a> {
    held: [Option<(u8, Scalar<'a>)>; KINDS],
    /// Whether there was a system or a statement, even one that is not known.
    are_of_a_database: bool,
}

impl<'a> Attributes<'a> {
    /// Takes the value of an attribute, unless it is not known or one whose name comes before it has been there.
    pub(super) fn set(&mut self, (says, rank): AttributeSlot, value: Scalar<'a>) {
        let is_blank = matches!(&value, Scalar::Text(text) if text.trim_ascii().is_empty()) && says != Says::Failed;
        if value == Scalar::Absent || is_blank {
            return;
        }
        self.are_of_a_database |= matches!(says, Says::System | Says::Text | Says::Summary | Says::Hash);
        let held = &mut self.held[says as usize];
        if !is_unknown(says, &value) && held.as_ref().is_none_or(|(other, _)| rank <= *other) {
            *held = Some((rank, value));
        }
    }

    /// As [`set`](Self::set), of an attribute of any name.
    #[cfg(feature = "protobuf")]
    pub(super) fn set_named(&mut self, name: &str, value: impl FnOnce() -> Scalar<'a>) {
        if let Some((_, slot)) = NAMES.iter().find(|(other, _)| *other == name) {
            self.set(*slot, value());
        }
    }

    fn take(&mut self, says: Says) -> Option<Cow<'a, str>> {
        self.held[says as usize].take().and_then(|(_, value)| value.into_text())
    }

    fn get(&self, says: Says) -> Option<&Scalar<'a>> {
        self.held[says as usize].as_ref().map(|(_, value)| value)
    }

    /// Whether the span is of a database at all.
    pub(super) fn are_of_a_database(&self) -> bool {
        self.are_of_a_database
    }

    /// Whether they say that the operation failed.
    pub(super) fn failed(&self) -> bool {
        let failed = match self.get(Says::Failed) {
            Some(Scalar::Text(text)) => !text.eq_ignore_ascii_case("false"),
            Some(Scalar::Whole(number)) => *number > 0,
            other => other.is_some(),
        };
        failed
            || self.get(Says::ErrorType).is_some()
            || self.get(Says::Status).is_some_and(|status| status.is_error_status())
    }

    /// What tells the statement from others.
    pub(super) fn statement(&mut self) -> Statement<'a> {
        Statement { hash: self.take(Says::Hash), summary: self.take(Says::Summary), text: self.take(Says::Text) }
    }

    /// The system, by its current name.
    pub(super) fn system(&mut self) -> Option<Cow<'a, str>> {
        let is_old = self.held[Says::System as usize].as_ref().is_some_and(|(rank, _)| *rank > 0);
        let mut name = self.take(Says::System)?;
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            name.to_mut().make_ascii_lowercase();
        }
        let renamed = RENAMED.iter().filter(|_| is_old).chain(&ALIASES).find(|(old, _)| *old == name);
        Some(renamed.map_or(name, |(_, new)| Cow::Borrowed(*new)))
    }

    /// The database within the system.
    pub(super) fn namespace(&mut self) -> Option<Cow<'a, str>> {
        self.take(Says::Namespace)
    }

    /// The server, which is of this system.
    pub(super) fn server(&mut self, system: Option<&str>) -> Option<String> {
        let port = self.take(Says::Port);
        if let Some(address) = self.take(Says::Server) {
            return Some(server::name(&address, port.as_deref(), system));
        }
        let connection = self.take(Says::Connection)?;
        Some(server::name(&server::address_of_connection(&connection), None, system))
    }
}

/// Whether a value says that it is not known: all that are not would be one.
fn is_unknown(says: Says, value: &Scalar<'_>) -> bool {
    match (says, value) {
        (Says::Hash | Says::Summary, Scalar::Whole(0) | Scalar::Negative(-1)) => true,
        (Says::Hash | Says::Summary, Scalar::Text(text)) => is_no_hash(text) || statement::is_unknown(text),
        (Says::Text, Scalar::Text(text)) => statement::is_unknown(text),
        (Says::System | Says::ErrorType, Scalar::Text(text)) => Unknown::of(text).is_some(),
        (Says::Namespace | Says::Server | Says::Connection, Scalar::Text(text)) => Unknown::of_name(text).is_some(),
        _ => false,
    }
}

/// Whether it is the 0 or -1 of a hash that was not computed.
fn is_no_hash(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    text == "-1" || !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// What tells a statement from others: the hash, else the summary, else the text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Statement<'a> {
    pub(super) hash: Option<Cow<'a, str>>,
    pub(super) summary: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
}

/// Reads attributes in any of the shapes: a list of objects with `key` and `value`, or an object.
pub(super) struct Collect<'a, 's>(
    pub(super) &'s mut Attributes<'a>,
    pub(super) &'static [(&'static str, AttributeSlot)],
);

impl<'de> DeserializeSeed<'de> for Collect<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes: a list of objects with `key` and `value`, or an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<(), A::Error> {
        while pairs.next_element_seed(Pair(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(slot) = members.next_key_seed(Lookup(self.1))? {
            match slot {
                Some(slot) => self.0.set(slot, members.next_value()?),
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// One object with `key` and `value`.
struct Pair<'a, 's>(&'s mut Attributes<'a>);

#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
}

const PARTS: &[(&str, Part)] = &[("key", Part::Key), ("value", Part::Value)];

impl<'de> DeserializeSeed<'de> for Pair<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pair<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `key` and `value`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // `None`: the key has not come yet; `Some(None)`: it is none that is looked at.
        let mut slot: Option<Option<AttributeSlot>> = None;
        let mut value = Scalar::Absent;
        while let Some(part) = members.next_key_seed(Lookup(PARTS))? {
            match part {
                Some(Part::Key) => slot = Some(members.next_value_seed(Lookup(NAMES))?),
                Some(Part::Value) if slot != Some(None) => value = members.next_value()?,
                Some(Part::Value) | None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(Some(slot)) = slot {
            self.0.set(slot, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Attributes<'_> {
        let mut attributes = Attributes::default();
        Collect(&mut attributes, NAMES).deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap();
        attributes
    }

    #[test]
    fn new_names_win_in_whichever_order_and_shape_they_come() {
        for text in [
            r#"{"db.statement":"old","db.query.text":"new","db.system":"mysql","db.system.name":"mariadb"}"#,
            r#"{"db.query.text":"new","db.statement":"old","db.system.name":"mariadb","db.system":"mysql"}"#,
            r#"[{"key":"db.query.text","value":{"stringValue":"new"}},{"value":{"stringValue":"old"},"key":"db.statement"},
                {"key":"db.system.name","value":"mariadb"},{"key":"db.system","type":"string","value":"mysql"}]"#,
        ] {
            let mut attributes = read(text);
            assert_eq!(attributes.statement().text.as_deref(), Some("new"), "{text}");
            assert_eq!(attributes.system().as_deref(), Some("mariadb"), "{text}");
        }
    }

    #[test]
    fn a_statement_has_what_the_first_of_several_names_says() {
        let all =
            r#"{"db.query.text":"SELECT 1","db.query.summary":"SELECT","db.statement.hash":"h","statement_hash":"i"}"#;
        let some = |text: &'static str| Some(Cow::Borrowed(text));
        let (summary, text) = (some("SELECT"), some("SELECT 1"));
        let statement = |hash| Statement { hash, summary: summary.clone(), text: text.clone() };
        assert_eq!(read(all).statement(), statement(some("h")));
        assert_eq!(read(&all.replace("\"h\"", "-5")).statement(), statement(some("-5")));
        assert_eq!(read(&all.replace("\"h\"", "\"\"")).statement(), statement(some("i")));
        assert_eq!(read(r#"{"db.system":"redis"}"#).statement(), Statement::default());
    }

    #[test]
    fn what_says_that_it_is_not_known_gives_way_to_the_next() {
        let rest = r#""db.query.digest":"d","db.query.summary":"S t","db.query.text":"select 1"}"#;
        for unknown in [
            r#""0""#,
            "0",
            "-1",
            r#""0x0000000000000000""#,
            r#""00000000-0000-0000-0000-000000000000""#,
            r#""unknown""#,
            r#""NULL""#,
            r#""None""#,
            r#""N/A""#,
            r#""-""#,
            r#""?""#,
            r#""\\N""#,
            r#""<redacted>""#,
            r#""***""#,
        ] {
            let hash = read(&format!("{{\"db.query.hash\":{unknown},{rest}")).statement().hash.map(Cow::into_owned);
            assert_eq!(hash.as_deref(), Some("d"), "{unknown}");
            let text = format!("{{\"db.query.hash\":{unknown},\"db.query.summary\":\"S\"}}");
            let statement = read(&text).statement();
            assert_eq!((statement.hash.as_deref(), statement.summary.as_deref()), (None, Some("S")), "{unknown}");
        }
        for text in [r#""NULL""#, r#""unknown""#, r#""[Filtered]""#] {
            let json =
                format!("{{\"db.query.text\":{text},\"db.statement\":\"select 1\",\"db.query.summary\":{text}}}");
            let statement = read(&json).statement();
            assert_eq!((statement.summary.as_deref(), statement.text.as_deref()), (None, Some("select 1")), "{text}");
        }
        for hash in [r#""10""#, "1", "-2", r#""0x10""#, r#""a""#] {
            assert!(read(&format!("{{\"db.query.hash\":{hash}}}")).statement().hash.is_some(), "{hash}");
        }
    }

    #[test]
    fn a_server_is_told_by_the_first_of_several_names() {
        for (text, expected) in [
            (r#"{"net.peer.name":"old","server.address":"new","server.port":5433}"#, Some("new:5433")),
            (r#"{"network.peer.address":"10.0.0.1","network.peer.port":5432}"#, Some("10.0.0.1")),
            (r#"{"db.connection_string":"postgresql://u@db1:5433/a","net.peer.port":"1"}"#, Some("db1:5433")),
            (r#"{"server.address":"NULL","net.peer.name":"db1"}"#, Some("db1")),
            (r#"{"server.port":5433}"#, None),
        ] {
            assert_eq!(read(text).server(Some("postgresql")).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_old_name_of_a_system_is_the_new_one() {
        assert_eq!(read(r#"{"db.system":"mssql"}"#).system().as_deref(), Some("microsoft.sql_server"));
        assert_eq!(read(r#"{"db.system.name":"mssql"}"#).system().as_deref(), Some("mssql"));
        assert_eq!(read(r#"{"db.system":"MSSQL"}"#).system().as_deref(), Some("microsoft.sql_server"));
        assert_eq!(read(r#"{"db.system.name":"postgres"}"#).system().as_deref(), Some("postgresql"));
        assert_eq!(read(r#"{"db.system":"unknown"}"#).system(), None);
        assert_eq!(read(r#"{"db.type":"sql"}"#).system().as_deref(), Some("sql"));
    }

    #[test]
    fn failures_are_told_by_any_of_the_usual_attributes() {
        for (text, failed) in [
            (r#"{"error":"false"}"#, false),
            (r#"{"error":false}"#, false),
            (r#"{"error":null}"#, false),
            (r#"{"error":""}"#, true),
            (r#"{"error":true}"#, true),
            (r#"{"error":"timeout"}"#, true),
            (r#"{"otel.status_code":"ERROR"}"#, true),
            (r#"{"otel.status_code":"OK"}"#, false),
            (r#"{"error":0}"#, false),
            (r#"{"error":1}"#, true),
            (r#"{"error.type":"timeout"}"#, true),
            (r#"{"error.type":"_OTHER","error":false}"#, true),
            (r#"{"error.type":""}"#, false),
            (r#"{"error.type":"NULL"}"#, false),
        ] {
            assert_eq!(read(text).failed(), failed, "{text}");
        }
    }

    #[test]
    fn spans_of_a_database_have_a_system_or_a_statement() {
        for (text, expected) in [
            (r#"{"db.system":"redis"}"#, true),
            (r#"{"db.statement":"GET ?"}"#, true),
            (r#"{"db.query.text":"NULL"}"#, true),
            (r#"{"db.query.text":""}"#, false),
            (r#"{"db.name":"shop"}"#, false),
            (r#"{"http.request.method":"GET"}"#, false),
            ("null", false),
        ] {
            assert_eq!(read(text).are_of_a_database(), expected, "{text}");
        }
    }
}
