//! The attributes that say what a database span executed, and where: `docs/adapters/otel.md` lists them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scalar::{Lookup, Scalar};

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
    /// That the operation failed, unless it is `false`.
    Failed,
    /// The status of the span where a format has no field for it.
    Status,
}

const KINDS: usize = Says::Status as usize + 1;

/// What the attribute says, and the place of its name among those that say the same: the lowest one wins.
pub(super) type Slot = (Says, u8);

/// The names, those of the current semantic conventions first.
pub(super) const NAMES: &[(&str, Slot)] = &[
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
    ("error", (Says::Failed, 0)),
    ("otel.status_code", (Says::Status, 0)),
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

/// What the attributes of one span say.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a>([Option<(u8, Scalar<'a>)>; KINDS]);

impl<'a> Attributes<'a> {
    /// Takes the value of an attribute, unless it is empty or one whose name comes before it has been there.
    pub(super) fn set(&mut self, (says, rank): Slot, value: Scalar<'a>) {
        let is_empty = matches!(&value, Scalar::Text(text) if text.trim_ascii().is_empty()) && says != Says::Failed;
        let held = &mut self.0[says as usize];
        if value != Scalar::Absent && !is_empty && held.as_ref().is_none_or(|(other, _)| rank <= *other) {
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

    fn has(&self, says: Says) -> bool {
        self.0[says as usize].is_some()
    }

    fn take(&mut self, says: Says) -> Option<Cow<'a, str>> {
        self.0[says as usize].take().and_then(|(_, value)| value.into_text())
    }

    /// Whether the span is of a database at all.
    pub(super) fn are_of_a_database(&self) -> bool {
        [Says::System, Says::Text, Says::Summary, Says::Hash].into_iter().any(|says| self.has(says))
    }

    /// Whether they say that the operation failed.
    pub(super) fn failed(&self) -> bool {
        let failed = match &self.0[Says::Failed as usize] {
            Some((_, Scalar::Text(text))) => !text.eq_ignore_ascii_case("false"),
            other => other.is_some(),
        };
        failed || self.0[Says::Status as usize].as_ref().is_some_and(|(_, status)| status.is_error_status())
    }

    /// What tells the statement from others.
    pub(super) fn statement(&mut self) -> Statement<'a> {
        Statement { hash: self.take(Says::Hash), summary: self.take(Says::Summary), text: self.take(Says::Text) }
    }

    /// The system, by its current name.
    pub(super) fn system(&mut self) -> Option<Cow<'a, str>> {
        let is_old = self.0[Says::System as usize].as_ref().is_some_and(|(rank, _)| *rank > 0);
        let name = self.take(Says::System)?;
        let renamed = RENAMED.iter().find(|(old, _)| is_old && *old == name);
        Some(renamed.map_or(name, |(_, new)| Cow::Borrowed(*new)))
    }

    /// The database within the system.
    pub(super) fn namespace(&mut self) -> Option<Cow<'a, str>> {
        self.take(Says::Namespace)
    }
}

/// What tells a statement from others: the hash, else the summary, else the text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Statement<'a> {
    pub(super) hash: Option<Cow<'a, str>>,
    pub(super) summary: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
}

/// Reads attributes in any of the shapes: a list of objects with `key` and `value`, or an object.
pub(super) struct Collect<'a, 's>(pub(super) &'s mut Attributes<'a>);

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
        while let Some(slot) = members.next_key_seed(Lookup(NAMES))? {
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
        let mut slot: Option<Option<Slot>> = None;
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
        Collect(&mut attributes).deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap();
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
    fn an_old_name_of_a_system_is_the_new_one() {
        assert_eq!(read(r#"{"db.system":"mssql"}"#).system().as_deref(), Some("microsoft.sql_server"));
        assert_eq!(read(r#"{"db.system.name":"mssql"}"#).system().as_deref(), Some("mssql"));
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
        ] {
            assert_eq!(read(text).failed(), failed, "{text}");
        }
    }

    #[test]
    fn spans_of_a_database_have_a_system_or_a_statement() {
        for (text, expected) in [
            (r#"{"db.system":"redis"}"#, true),
            (r#"{"db.statement":"GET ?"}"#, true),
            (r#"{"db.name":"shop"}"#, false),
            (r#"{"http.request.method":"GET"}"#, false),
            ("null", false),
        ] {
            assert_eq!(read(text).are_of_a_database(), expected, "{text}");
        }
    }
}
