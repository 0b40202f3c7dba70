//! A record an entry, without a header.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::{FoundEntry, LogEntry, LogProblem, Moment};
use crate::diagnostics::Place;

/// Fields of a record in the releases of PostgreSQL: up to 12, 13, and since 14.
const FIELDS: [usize; 3] = [23, 24, 26];

/// Those that are read, by their place.
const TIME: usize = 0;
const USER: usize = 1;
const DATABASE: usize = 2;
const SESSION: usize = 5;
const LINE: usize = 6;
const TAG: usize = 7;
const MESSAGE: usize = 13;
const CONTEXT: usize = 18;
const APPLICATION: usize = 22;
const QUERY: usize = 25;

/// Whether the first line of a log is that of a csvlog: a time, and at least the fields before the message.
pub(super) fn is_csvlog(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let (time, rest) = line.split_once(',').unwrap_or_default();
    let is_header = time == "log_time";
    (is_header || Moment::parse(time).is_some()) && rest.matches(',').count() >= MESSAGE - 1
}

pub(super) fn entries(text: &[u8], file: &Path) -> Vec<FoundEntry> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut found = Vec::new();
    for record in reader.byte_records() {
        let (line, entry) = match record {
            Ok(record) => {
                let line = record.position().map(csv::Position::line);
                match StringRecord::from_byte_record(record) {
                    // The names of the columns, as a table of them is exported.
                    Ok(record) if found.is_empty() && &record[TIME] == "log_time" => continue,
                    Ok(record) => (line, entry(&record)),
                    Err(_) => (line, Err(LogProblem::NotUtf8)),
                }
            }
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                (line, Err(LogProblem::NotCsv(error.to_string())))
            }
        };
        found.push((Place { line, ..Place::file(file) }, entry));
    }
    found
}

fn entry(record: &StringRecord) -> Result<LogEntry, LogProblem> {
    if !FIELDS.contains(&record.len()) {
        return Err(LogProblem::FieldCount(record.len()));
    }
    let text = |field: usize| record.get(field).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(LogEntry {
        time: record[TIME].to_owned(),
        message: record[MESSAGE].to_owned(),
        query_id: record.get(QUERY).and_then(|text| text.parse().ok()),
        user: text(USER),
        database: text(DATABASE),
        application_name: text(APPLICATION),
        ps: text(TAG),
        context: text(CONTEXT),
        session_id: text(SESSION),
        line_num: record[LINE].parse().ok(),
        hides_ps: false,
    })
}
