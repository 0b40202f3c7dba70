//! The lines of a recording behind its header.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RecordedCell, format_1};

/// What tells a row of a view from the others: its cells in the key columns of the view, in their order.
pub type RowKey = Vec<RecordedCell>;

/// The cells of a row, in the order of the columns of its view.
pub type RecordedRow = Vec<RecordedCell>;

/// What must stay the same for counters to be comparable. Seconds since 1970 where it is a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// When the server started.
    pub start: f64,
    /// What else the kind of server has, by name: times of resets, numbers of evictions.
    #[serde(flatten)]
    pub marks: BTreeMap<String, RecordedCell>,
}

/// What a poll cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Milliseconds that the server worked for the observer since the poll before, as it counts them; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ms: Option<f64>,
    /// Milliseconds of CPU time of the observer since the poll before.
    pub cpu_ms: f64,
    /// Milliseconds from the first query to the last answer, waiting included.
    pub elapsed_ms: f64,
}

/// The rows of a view in one poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewRows {
    /// All rows are here; what was known before is void.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// Rows that are new or changed.
    pub rows: Vec<RecordedRow>,
    /// Keys of rows that are not there any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<RowKey>,
}

impl ViewRows {
    /// About how much room it takes in a line.
    #[must_use]
    pub fn weight(&self) -> usize {
        let cell = |cell: &RecordedCell| cell.text().map_or(8, str::len);
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
    /// How many rows the server has of a view, where a recording leaves some out: those of the observer itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub totals: BTreeMap<String, u64>,
    /// The rows, by the name of the view.
    pub views: BTreeMap<String, ViewRows>,
    /// Views that could not be read, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, String>,
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
#[serde(try_from = "AnyLine")]
pub struct Record {
    /// Seconds since the capture began, by a clock that is never set.
    pub t: f64,
    /// Seconds since 1970, UTC, by the observer's clock.
    pub wall: f64,
    /// What it is about.
    #[serde(flatten)]
    pub body: Body,
}

/// All keys that a line of any format may have: reading them at once tells what is wrong with a line, and costs less, than trying what it
/// may be about one by one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyLine {
    t: f64,
    wall: f64,
    poll: Option<u64>,
    epoch: Option<Epoch>,
    #[serde(default)]
    cost: Cost,
    /// The only total that recordings of format 1 have.
    statements: Option<u64>,
    #[serde(default)]
    totals: BTreeMap<String, u64>,
    #[serde(default)]
    views: BTreeMap<String, ViewRows>,
    #[serde(default)]
    failed: BTreeMap<String, String>,
    gap: Option<String>,
    pace_s: Option<f64>,
    reason: Option<String>,
    end: Option<String>,
}

impl TryFrom<AnyLine> for Record {
    type Error = &'static str;

    fn try_from(line: AnyLine) -> Result<Self, Self::Error> {
        let AnyLine { t, wall, poll, epoch, cost, statements, mut totals, views, failed, gap, pace_s, reason, end } =
            line;
        totals.extend(statements.map(|rows| (format_1::COUNTED.to_owned(), rows)));
        let body = match (poll, gap, pace_s, end) {
            (Some(poll), None, None, None) => {
                let epoch = epoch.ok_or("a poll needs its `epoch`")?;
                Body::Poll(Box::new(Poll { poll, epoch, cost, totals, views, failed }))
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
                RecordedCell::Int(i64::MIN),
                RecordedCell::Null,
                RecordedCell::Bool(true),
                RecordedCell::Float(0.1),
                RecordedCell::Float(1e99),
                RecordedCell::Text("a\"\u{1}é".to_owned()),
            ]],
            gone: vec![vec![RecordedCell::Int(1), RecordedCell::Bool(false)]],
        };
        let poll = Poll {
            poll: 3,
            epoch: Epoch { start: 1.5, marks: BTreeMap::from([("dealloc".to_owned(), RecordedCell::Int(0))]) },
            totals: BTreeMap::from([("statements".to_owned(), 7)]),
            views: BTreeMap::from([("statements".to_owned(), rows)]),
            failed: BTreeMap::from([("io".to_owned(), "permission denied".to_owned())]),
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
