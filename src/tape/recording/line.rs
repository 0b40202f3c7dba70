//! The lines of a recording.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::residual::in_range;

/// One value of a row as the server gave it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// SQL's NULL, or a number that is not finite.
    Null,
    /// A truth value.
    Bool(bool),
    /// Any integer type.
    Int(i64),
    /// Any floating-point type; finite.
    Float(f64),
    /// A name.
    Text(String),
}

/// No number is NaN, so that equality is one.
impl Eq for Cell {}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            // -0.0 is 0.0 here, too.
            Self::Float(value) => (value + 0.0).to_bits().hash(state),
            Self::Text(text) => text.hash(state),
        }
    }
}

impl Cell {
    /// A floating-point number; one that arithmetic cannot be done with is no value.
    #[must_use]
    pub fn float(value: f64) -> Self {
        if in_range(value) { Self::Float(value) } else { Self::Null }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfCell;
        impl Visitor<'_> for OfCell {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a truth value, a number or a text")
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Int(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(i64::try_from(value).map_or(Cell::Float(value as f64), Cell::Int))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Cell, E> {
                if in_range(value) {
                    return Ok(Cell::Float(value));
                }
                Err(E::custom(format!("{value:?} is beyond ±1e100; arithmetic with it would overflow")))
            }
            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(OfCell)
    }
}

/// What tells a row of a view from the others: its first columns, see [`View::key_columns`].
pub type Key = Vec<Cell>;

/// What is read at each poll. Their names are the keys in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// Nodes of plans whose rows were estimated worst, from a log of `auto_explain`.
    Plans,
}

impl View {
    /// All views that a server is asked for, in the order in which they are read.
    pub const POLLED: [Self; 7] =
        [Self::Statements, Self::Waits, Self::Sessions, Self::Databases, Self::Tables, Self::Io, Self::Wal];

    /// Its key in a recording.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Waits => "waits",
            Self::Sessions => "sessions",
            Self::Databases => "databases",
            Self::Tables => "tables",
            Self::Io => "io",
            Self::Wal => "wal",
            Self::Plans => "plans",
        }
    }

    /// How many of its first columns tell a row from the others. None: there is one row, or rows are events, not counters.
    #[must_use]
    pub const fn key_columns(self) -> usize {
        match self {
            Self::Statements => 4,
            Self::Databases | Self::Tables => 1,
            Self::Io => 2,
            Self::Waits | Self::Sessions | Self::Wal | Self::Plans => 0,
        }
    }

    /// Whether rows stand until they are given anew. Otherwise a poll has all that there are.
    #[must_use]
    pub const fn is_counters(self) -> bool {
        self.key_columns() > 0
    }
}

/// Names of the columns of each view, in the order of the cells.
pub type Columns = BTreeMap<View, Vec<String>>;

/// Which server it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// As `server_version` says, such as `17.10`.
    pub version: String,
    /// As `server_version_num` says, such as 170010.
    pub version_num: i64,
    /// Of `pg_control_system()`, where the role may call it.
    pub system_identifier: Option<String>,
}

/// The first line of each part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub recording: u32,
    /// Tells recordings apart: the parts of one have the same.
    pub id: String,
    /// Number of the part, from 1.
    pub part: u32,
    /// Version of the program.
    pub program: String,
    /// Seconds between polls, as asked for.
    pub interval_s: f64,
    /// The role of the observer. Its own statements are not recorded.
    pub role: String,
    /// Roles that it is a member of, of those that matter.
    pub grants: Vec<String>,
    /// The database that it is connected to.
    pub database: String,
    /// The oid of that database.
    pub database_oid: i64,
    /// Which server.
    pub server: ServerIdentity,
    /// Versions of the extensions that matter.
    pub extensions: BTreeMap<String, String>,
    /// Settings that decide which columns count at all.
    pub settings: BTreeMap<String, String>,
    /// The columns of each view.
    pub columns: Columns,
}

/// What must stay the same for counters to be comparable. Seconds since 1970 where it is a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// When the server started.
    pub start: f64,
    /// When `pg_stat_statements` was reset last, where its version tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements_reset: Option<f64>,
    /// How often `pg_stat_statements` evicted entries, where its version tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dealloc: Option<i64>,
}

/// What a poll cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Milliseconds that the server worked for the observer since the poll before, as it counts them; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ms: Option<f64>,
    /// Milliseconds of CPU time of the observer since the poll before.
    pub cpu_ms: f64,
    /// Milliseconds from the first question to the last answer, waiting included.
    pub elapsed_ms: f64,
}

/// The rows of a view in one poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewRows {
    /// All rows are here; what was known before is void.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// Rows that are new or changed.
    pub rows: Vec<Vec<Cell>>,
    /// Keys of rows that are not there any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Key>,
}

impl ViewRows {
    /// About how much room it takes in a line.
    #[must_use]
    pub fn weight(&self) -> usize {
        let cell = |cell: &Cell| cell.text().map_or(8, str::len);
        self.rows.iter().chain(&self.gone).flatten().map(cell).sum()
    }
}

/// One reading of all views.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// Number of the poll, from 0.
    pub poll: u64,
    /// What must stay the same.
    pub epoch: Epoch,
    /// What it cost.
    pub cost: Cost,
    /// How many rows `pg_stat_statements` has, to be held against `pg_stat_statements.max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<u64>,
    /// The rows.
    pub views: BTreeMap<View, ViewRows>,
    /// Views that could not be read, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<View, String>,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// A reading.
    Poll(Box<Poll>),
    /// Nothing could be read, for this reason; what follows is not comparable with what was before.
    Gap {
        /// Why.
        gap: String,
    },
    /// The governor changed the pace.
    Pace {
        /// Seconds between polls from now on.
        pace_s: f64,
        /// Why.
        reason: String,
    },
    /// The last line of the last part.
    End {
        /// Why the capture ended.
        end: String,
    },
}

/// A line behind the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Line")]
pub struct Record {
    /// Seconds since the capture began, by a clock that is never set.
    pub t: f64,
    /// Seconds since 1970, UTC, by the observer's clock.
    pub wall: f64,
    /// What it is about.
    #[serde(flatten)]
    pub body: Body,
}

/// All keys that a line may have: reading them at once tells what is wrong with a line, and costs less, than trying what it
/// may be about one by one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    t: f64,
    wall: f64,
    poll: Option<u64>,
    epoch: Option<Epoch>,
    #[serde(default)]
    cost: Cost,
    statements: Option<u64>,
    #[serde(default)]
    views: BTreeMap<View, ViewRows>,
    #[serde(default)]
    failed: BTreeMap<View, String>,
    gap: Option<String>,
    pace_s: Option<f64>,
    reason: Option<String>,
    end: Option<String>,
}

impl TryFrom<Line> for Record {
    type Error = &'static str;

    fn try_from(line: Line) -> Result<Self, Self::Error> {
        let Line { t, wall, poll, epoch, cost, statements, views, failed, gap, pace_s, reason, end } = line;
        let body = match (poll, gap, pace_s, end) {
            (Some(poll), None, None, None) => {
                let epoch = epoch.ok_or("a poll needs its `epoch`")?;
                Body::Poll(Box::new(Poll { poll, epoch, cost, statements, views, failed }))
            }
            (None, Some(gap), None, None) => Body::Gap { gap },
            (None, None, Some(pace_s), None) => Body::Pace { pace_s, reason: reason.unwrap_or_default() },
            (None, None, None, Some(end)) => Body::End { end },
            _ => return Err("a line has one of `poll`, `gap`, `pace_s` and `end`"),
        };
        Ok(Self { t, wall, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_reads_back() {
        let rows = ViewRows {
            full: true,
            rows: vec![vec![
                Cell::Int(i64::MIN),
                Cell::Null,
                Cell::Bool(true),
                Cell::Float(0.1),
                Cell::Float(1e99),
                Cell::Text("a\"\u{1}é".to_owned()),
            ]],
            gone: vec![vec![Cell::Int(1), Cell::Bool(false)]],
        };
        let poll = Poll {
            poll: 3,
            epoch: Epoch { start: 1.5, statements_reset: None, dealloc: Some(0) },
            views: BTreeMap::from([(View::Statements, rows)]),
            failed: BTreeMap::from([(View::Io, "permission denied".to_owned())]),
            ..Poll::default()
        };
        let bodies = [
            Body::Poll(Box::new(poll)),
            Body::Gap { gap: "connection lost".to_owned() },
            Body::Pace { pace_s: 2.0, reason: "cost".to_owned() },
            Body::End { end: "duration".to_owned() },
        ];
        for body in bodies {
            let record = Record { t: 1.25, wall: 1e9, body };
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record, "{text}");
        }
        assert_eq!(Cell::float(f64::NAN), Cell::Null);
        for (text, problem) in [
            (r#"{"t":0,"wall":0}"#, "has one of"),
            (r#"{"t":0,"wall":0,"gap":"a","end":"b"}"#, "has one of"),
            (r#"{"t":0,"wall":0,"poll":1}"#, "needs its `epoch`"),
            (r#"{"t":0,"wall":0,"gap":"a","gaps":"b"}"#, "unknown field `gaps`"),
        ] {
            let error = serde_json::from_str::<Record>(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
