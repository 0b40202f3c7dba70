//! A line an entry (PostgreSQL 15 and newer).

use std::path::Path;

use rayon::prelude::*;

use super::{FoundEntry, LogEntry, LogProblem};
use crate::diagnostics::Place;

pub(super) fn entries(text: &[u8], file: &Path) -> Vec<FoundEntry> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let read = |(number, line): (usize, &&[u8])| {
        let line = line.trim_ascii();
        (!line.is_empty()).then(|| (Place::file(file).at_line(number as u64 + 1), entry(line)))
    };
    lines.par_iter().enumerate().filter_map(read).collect()
}

/// The entry in a line; everything that is not read of it is passed over.
pub(super) fn entry(line: &[u8]) -> Result<LogEntry, LogProblem> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        LogProblem::NotJson(text.to_owned())
    })
}
