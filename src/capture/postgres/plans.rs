//! Follows a log of `auto_explain` in the server's jsonlog format. Only identifiers and numbers of rows are kept.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::capture::{CaptureError, UsageProblem};
use crate::tape::recording::{RecordedCell, RecordedRow, ViewDescription, ViewKind};
use crate::trace::log::{LogEntry, jsonlog_entry};
use crate::trace::plan::RowEstimate;

/// The name of the view of nodes of plans whose rows were estimated worst.
pub(super) const PLANS: &str = "plans";

/// What a recording says of that view.
pub(super) fn describe() -> ViewDescription {
    ViewDescription {
        name: PLANS.to_owned(),
        kind: ViewKind::Events,
        columns: ["queryid", "node", "planned", "actual"].map(str::to_owned).to_vec(),
        ..ViewDescription::default()
    }
}

/// Bytes that are read at a poll at most; the rest comes at the next one.
const MOST_BYTES: u64 = 8 << 20;

/// A line that is longer is none: a plan of this size would be one of thousands of nodes.
const LONGEST_LINE: usize = 4 << 20;

/// A log that is being followed, from its end when the capture begins.
#[derive(Debug)]
pub struct PlanLog {
    /// A file, or a folder whose newest `*.json` is followed.
    path: PathBuf,
    own: Own,
    current: Option<Current>,
    /// The beginning of a line whose end has not been written yet.
    rest: Vec<u8>,
    /// What is read belongs to a line that is too long.
    skipping: bool,
}

#[derive(Debug)]
struct Current {
    path: PathBuf,
    file: File,
    at: u64,
    identity: Option<(u64, u64)>,
}

impl PlanLog {
    /// Follows the log at `path`: a file, which may be renamed or truncated when it is rotated, or the server's folder of logs.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path, own: Own) -> Result<Self, CaptureError> {
        let mut log = Self { path: path.to_path_buf(), own, current: None, rest: Vec::new(), skipping: false };
        let fail = |source: io::Error| UsageProblem::Log { path: path.to_path_buf(), source };
        let newest = log.newest().ok_or_else(|| fail(io::Error::other("there is no .json file")))?;
        let mut current = Current::open(&newest).map_err(fail)?;
        // What was logged before the capture is not of it.
        current.at = current.file.seek(SeekFrom::End(0)).map_err(fail)?;
        log.current = Some(current);
        Ok(log)
    }

    /// The worst node of each plan that has been logged since the last call.
    ///
    /// # Errors
    /// When the log cannot be read now; it is tried again at the next poll.
    pub fn read(&mut self) -> Result<Vec<RecordedRow>, String> {
        let mut rows = Vec::new();
        // The file that was followed is read to its end before its successor.
        if let Some(current) = &mut self.current {
            let text = current.new_text().map_err(|error| error.to_string())?;
            self.take(&text, &mut rows);
        }
        let newest = self.newest();
        let successor = newest.filter(|newest| self.current.as_ref().is_none_or(|current| !current.is(newest)));
        if let Some(newest) = successor {
            self.rest.clear();
            let mut current = Current::open(&newest).map_err(|error| error.to_string())?;
            let text = current.new_text().map_err(|error| error.to_string())?;
            self.current = Some(current);
            self.take(&text, &mut rows);
        }
        Ok(rows)
    }

    /// The file to follow. Names of the server's logs begin with their time.
    fn newest(&self) -> Option<PathBuf> {
        if !self.path.is_dir() {
            return self.path.exists().then(|| self.path.clone());
        }
        let files = std::fs::read_dir(&self.path).ok()?.flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).max()
    }

    fn take(&mut self, text: &[u8], rows: &mut Vec<RecordedRow>) {
        let mut lines = text.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let whole = lines.peek().is_some();
            if self.rest.len() + line.len() > LONGEST_LINE {
                self.skipping = true;
                self.rest.clear();
            }
            if !self.skipping {
                self.rest.extend_from_slice(line);
            }
            if whole {
                if !std::mem::take(&mut self.skipping) {
                    rows.extend(row(&self.rest, &self.own));
                }
                self.rest.clear();
            }
        }
    }
}

impl Current {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let identity = identity(&file.metadata()?);
        Ok(Self { path: path.to_path_buf(), file, at: 0, identity })
    }

    /// Whether the file at `path` is the one that is open.
    fn is(&self, path: &Path) -> bool {
        let there = std::fs::metadata(path).map(|found| identity(&found));
        self.path == path && there.is_ok_and(|there| there == self.identity)
    }

    fn new_text(&mut self) -> std::io::Result<Vec<u8>> {
        // Shorter than what has been read: it was truncated, and begins anew.
        if self.file.metadata()?.len() < self.at {
            self.at = 0;
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut text = Vec::new();
        self.at += (&mut self.file).take(MOST_BYTES).read_to_end(&mut text)? as u64;
        Ok(text)
    }
}

#[cfg(unix)]
fn identity(found: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Whose statements are those of the capture itself.
#[derive(Debug)]
pub struct Own {
    /// The role that captures.
    pub user: String,
    /// What its sessions call themselves.
    pub application_name: String,
}

impl Own {
    fn is_of(&self, entry: &LogEntry) -> bool {
        entry.user.as_deref() == Some(&self.user) && entry.application_name.as_deref() == Some(&self.application_name)
    }
}

/// The row of a line, if it is a plan of somebody else that was executed and has an identifier.
fn row(line: &[u8], own: &Own) -> Option<RecordedRow> {
    let entry = jsonlog_entry(line)?;
    let queryid = entry.query_id.filter(|queryid| *queryid != 0 && !own.is_of(&entry))?;
    let logged = entry.logged().ok()??;
    let RowEstimate { node, planned, actual } = logged.plan.worst(logged.read)?;
    Some(vec![
        RecordedCell::Int(queryid),
        RecordedCell::Int(node as i64),
        RecordedCell::float(planned),
        RecordedCell::float(actual),
    ])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    const JSON: &str = r#"{"timestamp":"x","message":"duration: 1.2 ms  plan:\n{\"Query Text\":\"SELECT 'hunter2'\",\"Plan\":{\"Node Type\":\"Aggregate\",\"Plan Rows\":1,\"Actual Rows\":1,\"Actual Loops\":1,\"Plans\":[{\"Plan Rows\":20,\"Actual Rows\":2000,\"Actual Loops\":1},{\"Plan Rows\":9000,\"Actual Rows\":0,\"Actual Loops\":0}]}}","query_id":-7}"#;
    const TEXT: &str = r#"{"message":"duration: 1.2 ms  plan:\nQuery Text: SELECT 'hunter2'\nAggregate  (cost=1.00..2.00 rows=1 width=8) (actual rows=1 loops=1)\n  ->  Seq Scan on a  (cost=0.00..1.00 rows=500 width=4) (actual time=0.1..0.2 rows=5.00 loops=3)\n        Filter: (b = 'hunter2')\n  ->  Seq Scan on c  (cost=0.00..1.00 rows=90000 width=4) (never executed)","query_id":8}"#;

    fn own() -> Own {
        Own { user: "observer".to_owned(), application_name: "telltape".to_owned() }
    }

    fn worst(line: &str) -> Option<RecordedRow> {
        row(line.as_bytes(), &own())
    }

    #[test]
    fn the_worst_node_that_was_executed_is_kept_and_nothing_else() {
        let cells = |queryid, node, planned, actual| {
            Some(vec![
                RecordedCell::Int(queryid),
                RecordedCell::Int(node),
                RecordedCell::Float(planned),
                RecordedCell::Float(actual),
            ])
        };
        assert_eq!(worst(JSON), cells(-7, 1, 20.0, 2000.0));
        assert_eq!(worst(TEXT), cells(8, 1, 500.0, 5.0));
        for line in [
            "",
            "no json",
            "{}",
            r#"{"message":"checkpoint starting","query_id":1}"#,
            r#"{"message":"duration: 1 ms  plan:\n{}","query_id":1}"#,
            r#"{"message":"duration: 1 ms  plan:\n{\"Plan\":{\"Plan Rows\":1}}","query_id":1}"#,
            &JSON.replace("-7", "0"),
        ] {
            assert_eq!(worst(line), None, "{line}");
        }
    }

    #[test]
    fn a_plan_that_was_not_read_to_its_end_and_one_of_the_capture_itself_say_nothing() {
        let line = |session: &str, query: &str| {
            let plan = format!(
                r#"{{\n  \"Query Text\": \"{query}\",\n  \"Plan\": {{\"Plan Rows\": 9000, \"Actual Rows\": 10, \"Actual Loops\": 1}}}}"#
            );
            format!(r#"{{{session}"message":"duration: 0.1 ms  plan:\n{plan}","query_id":5}}"#)
        };
        let select = "SELECT id FROM big";
        for (session, query, is_told) in [
            (r#""user":"app","application_name":"psql","ps":"SELECT","#, select, true),
            (r#""user":"app","application_name":"telltape","#, select, true),
            (r#""user":"observer","application_name":"telltape","ps":"SELECT","#, select, false),
            (r#""ps":"FETCH","#, select, false),
            (r#""ps":"BIND","#, select, false),
            (r#""ps":"idle in transaction","#, select, false),
            (r#""context":"PL/pgSQL function f() line 3 at FOR over SELECT rows","#, select, false),
            ("", "DECLARE c CURSOR FOR SELECT id FROM big", false),
        ] {
            assert_eq!(worst(&line(session, query)).is_some(), is_told, "{session} {query}");
        }
    }

    #[test]
    fn a_log_is_followed_through_rotations() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let append = |path: &Path, text: &str| {
            fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
        };
        append(&path, &format!("{JSON}\n"));
        let mut file = PlanLog::open(&path, own()).unwrap();
        let mut all = PlanLog::open(folder.path(), own()).unwrap();
        let mut count = |file_rows: usize, all_rows: usize| {
            assert_eq!((file.read().unwrap().len(), all.read().unwrap().len()), (file_rows, all_rows));
        };
        count(0, 0);
        // Half a line is no line, until the other half comes.
        append(&path, &format!("{JSON}\n{}", &TEXT[..40]));
        count(1, 1);
        append(&path, &format!("{}\n", &TEXT[40..]));
        count(1, 1);
        // The server goes on in a new file of its folder.
        append(&folder.path().join("b.json"), &format!("{JSON}\n{JSON}\n"));
        count(0, 2);
        // The file is renamed and made anew: what was written to the old one last is not lost.
        append(&path, &format!("{JSON}\n"));
        fs::rename(&path, folder.path().join("a.json.1")).unwrap();
        append(&path, &format!("{TEXT}\n"));
        count(2, 0);
        // It is truncated and begins anew.
        fs::write(&path, "").unwrap();
        count(0, 0);
        append(&path, &format!("{JSON}\n"));
        count(1, 0);
        assert!(PlanLog::open(&folder.path().join("none.json"), own()).is_err());
    }
}
