//! The first line of each part of a recording: of which server it is, and what its views are.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Body, RECORDING_FORMAT, Record, RecordedCell, RowKey, ViewDescription, format_1};
use crate::tape::LineProblem;

/// Which server it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// The program, such as `PostgreSQL`.
    #[serde(default = "format_1::server_kind")]
    pub kind: String,
    /// As the server gives its version, such as `17.10`.
    pub version: String,
    /// The version as a number that grows, such as 170010.
    pub version_num: i64,
    /// What tells the server's data from that of others, where the role may ask for it.
    #[serde(alias = "system_identifier")]
    pub identifier: Option<String>,
}

/// The first line of each part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "AnyHeader")]
pub struct RecordingHeader {
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
    /// What views call that database, where they call it by a number.
    pub database_id: Option<i64>,
    /// Which server.
    pub server: ServerIdentity,
    /// Versions of the extensions that matter.
    pub extensions: BTreeMap<String, String>,
    /// Settings that decide which columns count at all.
    pub settings: BTreeMap<String, String>,
    /// The views, in the order in which they are read.
    pub views: Vec<ViewDescription>,
}

impl RecordingHeader {
    /// The view of this name, if it is recorded.
    #[must_use]
    pub fn view(&self, name: &str) -> Option<&ViewDescription> {
        self.views.iter().find(|view| view.name == name)
    }

    /// Whether a line is one of a recording with this header: its views are described, and its rows have their columns.
    pub(in crate::tape) fn check(&self, record: &Record) -> Result<(), LineProblem> {
        let Body::Poll(poll) = &record.body else { return Ok(()) };
        for (name, rows) in &poll.views {
            let unknown = || LineProblem::UnknownView { view: name.clone() };
            let view = self.view(name).ok_or_else(unknown)?;
            let width = |cells: &[Vec<RecordedCell>], expected: usize| {
                cells.iter().find(|cells| cells.len() != expected).map(Vec::len)
            };
            if let Some(cells) = width(&rows.rows, view.columns.len()) {
                let columns = view.columns.len();
                return Err(LineProblem::RowWidth { view: name.clone(), cells, columns });
            }
            let keys: &[RowKey] = &rows.gone;
            if let Some(cells) = width(keys, view.key.len()) {
                let columns = view.key.len();
                return Err(LineProblem::KeyWidth { view: name.clone(), cells, columns });
            }
        }
        Ok(())
    }
}

/// All keys that a header of any format may have.
#[derive(Deserialize)]
struct AnyHeader {
    recording: u32,
    id: String,
    part: u32,
    program: String,
    interval_s: f64,
    role: String,
    grants: Vec<String>,
    database: String,
    #[serde(alias = "database_oid")]
    database_id: Option<i64>,
    server: ServerIdentity,
    extensions: BTreeMap<String, String>,
    settings: BTreeMap<String, String>,
    views: Option<Vec<ViewDescription>>,
    /// The names of the columns of each view, which is all that format 1 says of them.
    columns: Option<BTreeMap<String, Vec<String>>>,
}

impl TryFrom<AnyHeader> for RecordingHeader {
    type Error = String;

    fn try_from(header: AnyHeader) -> Result<Self, String> {
        let AnyHeader {
            recording,
            id,
            part,
            program,
            interval_s,
            role,
            grants,
            database,
            database_id,
            server,
            extensions,
            settings,
            views,
            columns,
        } = header;
        let views = match (recording, views, columns) {
            (..=1, None, Some(columns)) => format_1::views(columns)?,
            (2..=RECORDING_FORMAT, Some(views), None) => views,
            (..=1, ..) => return Err("a header of format 1 needs `columns`, and no `views`".to_owned()),
            (2..=RECORDING_FORMAT, ..) => {
                return Err(format!("a header of format {recording} needs `views`, and no `columns`"));
            }
            // Whoever reads it refuses the format first.
            _ => Vec::new(),
        };
        let names: BTreeSet<&String> = views.iter().map(|view| &view.name).collect();
        if names.len() < views.len() {
            return Err("a view is described twice".to_owned());
        }
        views.iter().try_for_each(ViewDescription::check)?;
        Ok(Self {
            recording,
            id,
            part,
            program,
            interval_s,
            role,
            grants,
            database,
            database_id,
            server,
            extensions,
            settings,
            views,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::recording::{Epoch, Poll, ViewKind, ViewRows};

    fn view(name: &str, kind: ViewKind, columns: &[&str], key: &[&str], counters: &[&str]) -> ViewDescription {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        ViewDescription {
            name: name.to_owned(),
            kind,
            columns: owned(columns),
            key: owned(key),
            counters: owned(counters),
        }
    }

    fn header(views: Vec<ViewDescription>) -> RecordingHeader {
        let server = ServerIdentity { kind: "Other".to_owned(), version: "1".to_owned(), ..ServerIdentity::default() };
        RecordingHeader { recording: RECORDING_FORMAT, part: 1, server, views, ..RecordingHeader::default() }
    }

    #[test]
    fn a_header_reads_back_and_describes_views_of_any_server() {
        let queues = view("queues", ViewKind::Counters, &["depth", "vhost", "queue"], &["vhost", "queue"], &["depth"]);
        let header = header(vec![queues.clone(), view("alarms", ViewKind::Events, &["text"], &[], &[])]);
        let text = serde_json::to_string(&header).unwrap();
        assert_eq!(serde_json::from_str::<RecordingHeader>(&text).unwrap(), header);
        assert_eq!((queues.key_positions(), queues.position("none")), (vec![1, 2], None));
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let read = |views: Vec<ViewDescription>| {
            let text = serde_json::to_string(&header(views)).unwrap();
            serde_json::from_str::<RecordingHeader>(&text).map(drop).map_err(|error| error.to_string())
        };
        let good = view("a", ViewKind::Counters, &["k", "n"], &["k"], &["n"]);
        assert_eq!(read(vec![good.clone()]), Ok(()));
        for (views, problem) in [
            (vec![good.clone(), good.clone()], "a view is described twice"),
            (vec![view("a", ViewKind::State, &["k", "k"], &[], &[])], "view `a` has a column twice"),
            (vec![view("a", ViewKind::Counters, &["k"], &["l"], &[])], "view `a` has no column `l`"),
            (vec![view("a", ViewKind::State, &["k"], &[], &["m"])], "view `a` has no column `m`"),
            (vec![view("a", ViewKind::Counters, &["k"], &[], &[])], "no `key` that tells its rows apart"),
        ] {
            let error = read(views).unwrap_err();
            assert!(error.contains(problem), "{problem}: {error}");
        }
        let text = serde_json::to_string(&header(vec![good])).unwrap();
        for (from, to, problem) in [
            ("\"views\":", "\"seen\":", "needs `views`"),
            ("\"kind\":\"counters\"", "\"kind\":\"counts\"", "unknown variant `counts`"),
            ("\"recording\":2", "\"recording\":1", "a header of format 1 needs `columns`"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = serde_json::from_str::<RecordingHeader>(&text.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }

    #[test]
    fn a_poll_has_the_views_and_the_columns_of_its_header() {
        let header = header(vec![view("a", ViewKind::Counters, &["k", "n"], &["k"], &["n"])]);
        let check = |name: &str, cells: usize, gone: usize| {
            let rows = ViewRows {
                full: false,
                rows: vec![vec![RecordedCell::Int(1); cells]],
                gone: vec![vec![RecordedCell::Int(1); gone]],
            };
            let views = BTreeMap::from([(name.to_owned(), rows)]);
            let poll = Poll { epoch: Epoch::default(), views, ..Poll::default() };
            header.check(&Record { t: 0.0, wall: 0.0, body: Body::Poll(Box::new(poll)) })
        };
        assert_eq!(check("a", 2, 1), Ok(()));
        for (name, cells, gone, problem) in [
            ("b", 2, 1, "view `b` is not described"),
            ("a", 3, 1, "has 3 cells, and the view has 2 columns"),
            ("a", 2, 2, "has 2 cells, and the view has 1 key columns"),
        ] {
            let error = check(name, cells, gone).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
