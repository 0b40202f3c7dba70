//! A session that polls: one connection, with what its server and its role are.

use std::collections::BTreeMap;

use super::connection::{QueryError, ReadOnlyClient};
use super::preflight::Facts;
use super::queries::{Query, columns};
use super::socket::Access;
use super::views::View;
use crate::capture::{CaptureError, Lost, PollReading, Preflight, RefusalReason, Unread};
use crate::tape::recording::{Epoch, RecordedCell, RecordedRow};

/// A connection that has been asked what the server is.
pub(super) struct Session {
    client: ReadOnlyClient,
    own: OwnStatements,
}

impl Session {
    /// Logs in and asks.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn begin(access: &Access) -> Result<(Self, Preflight), CaptureError> {
        let mut client = ReadOnlyClient::connect(access).await?;
        let facts = Facts::ask(&mut client).await.map_err(|error| CaptureError::Refused {
            place: access.info.place(),
            refusal: RefusalReason::Client(error.reason().to_owned()).into(),
            remedy: "see the server's log".to_owned(),
        })?;
        let own = OwnStatements::new(&facts);
        Ok((Self { client, own }, facts.about))
    }

    /// Reads the epoch, and the views of these names as far as they are the server's.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn poll(&mut self, names: &[&str]) -> Result<PollReading, Lost> {
        let rows = self.client.run(Query::Epoch).await.map_err(|error| error.into_lost(None))?;
        let mut reading = PollReading { epoch: epoch(&rows), ..PollReading::default() };
        for view in names.iter().filter_map(|name| name.parse::<View>().ok()) {
            let rows = match self.client.run(Query::View(view)).await {
                Ok(rows) if view == View::Statements => Ok(self.own.take_out(rows, &mut reading)),
                Ok(rows) => Ok(rows),
                Err(QueryError::Refused(reason)) => Err(Unread::Refused(reason)),
                Err(error) => return Err(error.into_lost(Some(view))),
            };
            reading.views.insert(view.name().to_owned(), rows);
        }
        Ok(reading)
    }
}

impl QueryError {
    fn into_lost(self, view: Option<View>) -> Lost {
        let too_large = matches!(self, Self::TooLarge(_));
        Lost { view: view.map(|view| view.name().to_owned()), reason: self.reason().to_owned(), too_large }
    }
}

/// The statements of the observer itself, which are no load but what a capture costs the server.
struct OwnStatements {
    role_oid: i64,
    /// Where the rows have the role and the milliseconds.
    userid: Option<usize>,
    exec_ms: Option<usize>,
}

impl OwnStatements {
    fn new(facts: &Facts) -> Self {
        let columns = columns(View::Statements, &facts.versions).unwrap_or_default();
        let position = |wanted: &str| columns.iter().position(|(name, _)| *name == wanted);
        Self { role_oid: facts.role_oid, userid: position("userid"), exec_ms: position("exec_ms") }
    }

    /// The statements of other roles. The others are counted.
    fn take_out(&self, rows: Vec<RecordedRow>, reading: &mut PollReading) -> Vec<RecordedRow> {
        reading.totals.insert(View::Statements.name().to_owned(), rows.len() as u64);
        let cell = |row: &RecordedRow, at: Option<usize>| at.and_then(|at| row.get(at).cloned());
        let (own, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| cell(row, self.userid) == Some(RecordedCell::Int(self.role_oid)));
        let total: f64 = own.iter().filter_map(|row| cell(row, self.exec_ms)?.number()).sum();
        reading.server_ms = (!own.is_empty()).then_some(total);
        others
    }
}

fn epoch(rows: &[RecordedRow]) -> Epoch {
    let cell = |index: usize| rows.first().and_then(|row| row.get(index));
    let marks = [("statements_reset", 1), ("dealloc", 2)].into_iter().filter_map(|(name, index)| {
        cell(index).filter(|cell| **cell != RecordedCell::Null).map(|cell| (name.to_owned(), cell.clone()))
    });
    Epoch { start: cell(0).and_then(RecordedCell::number).unwrap_or_default(), marks: BTreeMap::from_iter(marks) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::postgres::Versions;

    #[test]
    fn own_statements_are_a_cost_and_no_rows() {
        let versions = Versions { server: 170_000, statements: Some((1, 11)), schema: "public".to_owned() };
        let own = OwnStatements::new(&Facts { role_oid: 7, versions, ..Facts::default() });
        let row = |role: i64, ms: f64| {
            let mut row = vec![RecordedCell::Int(role); 6];
            row.push(RecordedCell::Float(ms));
            row
        };
        let mut reading = PollReading::default();
        assert_eq!(own.take_out(vec![row(7, 1.0), row(8, 99.0), row(7, 0.5)], &mut reading), [row(8, 99.0)]);
        assert_eq!((reading.totals["statements"], reading.server_ms), (3, Some(1.5)));
        own.take_out(vec![row(8, 99.0)], &mut reading);
        assert_eq!(reading.server_ms, None);
    }

    #[test]
    fn an_epoch_has_what_the_server_gives() {
        let row = |cells: &[RecordedCell]| epoch(&[cells.to_vec()]);
        let with = row(&[RecordedCell::Float(1.5), RecordedCell::Float(2.5), RecordedCell::Int(0)]);
        assert_eq!((with.start, with.marks.len()), (1.5, 2));
        assert_eq!(serde_json::to_string(&with).unwrap(), r#"{"start":1.5,"dealloc":0,"statements_reset":2.5}"#);
        assert_eq!(row(&[RecordedCell::Float(1.5), RecordedCell::Null, RecordedCell::Null]).marks, BTreeMap::new());
    }
}
