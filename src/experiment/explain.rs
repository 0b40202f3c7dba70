use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::compare::{self, StageRow, Verdict};
use super::{Counts, Experiment, ExperimentError, Outcome, Project};
use crate::store::{Place, StoreError};

/// Rows of a table that are shown; the others are counted.
const SHOWN_ROWS: usize = 5;

/// Where a result leaves the expected one, and how.
#[derive(Debug)]
pub struct Explanation {
    /// The experiment.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The chain.
    pub stages: Vec<StageRow>,
    /// Keys of the options, the grammar and the counts whose values differ: stage, key, expected, actual.
    pub values: Vec<ValueChange>,
    /// Tables whose rows differ.
    pub tables: Vec<TableDifference>,
}

impl Explanation {
    /// The first stage that differs.
    #[must_use]
    pub fn first(&self) -> Option<&StageRow> {
        self.stages.iter().find(|row| !row.is_same())
    }
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueChange {
    /// `options`, `grammar` or `counts`.
    pub of: &'static str,
    /// The key.
    pub key: String,
    /// The expected value.
    pub expected: Option<String>,
    /// The value of this run.
    pub actual: Option<String>,
}

/// How a table differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableDifference {
    /// Its file name.
    pub table: String,
    /// Rows that are not there any more, and rows that are new; a changed row is one of each.
    pub removed: usize,
    /// See `removed`.
    pub added: usize,
    /// The first of them, in order of row.
    pub rows: Vec<RowChange>,
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// Line in its file, from 1; the header is line 1.
    pub line: usize,
    /// Whether it is in this run's table only; otherwise in the expected one only.
    pub added: bool,
    /// The row.
    pub row: String,
}

/// Compares the last result of an experiment with the expected one.
///
/// # Errors
/// When there is no last result, or one of them is not what it says.
pub fn explain(project: &Project, experiment: &Experiment) -> Result<Explanation, ExperimentError> {
    let name = experiment.name.clone();
    let (out, results) = (project.out(&name), project.results(&name));
    let path = out.join("digests.toml");
    let Some(actual) = Outcome::read(&path)? else {
        let problem = format!("there is no result to explain; run `telltape run {name}` first");
        return Err(ExperimentError::Result { place: Place::file(path), problem });
    };
    compare::check_tables(&out, &path, &actual)?;
    let expected = compare::expected(&results)?;
    let mut explanation = Explanation {
        verdict: compare::verdict(&actual, expected.as_ref()),
        stages: compare::rows(Some(&actual), expected.as_ref()),
        values: Vec::new(),
        tables: Vec::new(),
        name,
    };
    let Some(expected) = expected else { return Ok(explanation) };
    let counts = (flat(&expected.counts), flat(&actual.counts));
    for (of, old, new) in [
        ("options", &expected.options, &actual.options),
        ("grammar", &expected.grammar, &actual.grammar),
        ("evaluation", &expected.evaluation, &actual.evaluation),
        ("counts", &counts.0, &counts.1),
    ] {
        explanation.values.extend(changes(of, old, new));
    }
    for (table, digest) in &actual.tables {
        if expected.tables.get(table) != Some(digest) {
            let old = if expected.tables.contains_key(table) { read(&results.join(table))? } else { String::new() };
            explanation.tables.push(rows(table, &old, &read(&out.join(table))?));
        }
    }
    Ok(explanation)
}

fn read(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(StoreError::read(path))
}

fn changes(of: &'static str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<ValueChange> {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let pairs = keys.into_iter().map(|key| (key, old.get(key), new.get(key)));
    pairs
        .filter(|(_, expected, actual)| expected != actual)
        .map(|(key, expected, actual)| ValueChange {
            of,
            key: key.clone(),
            expected: expected.cloned(),
            actual: actual.cloned(),
        })
        .collect()
}

/// Counts under dotted keys.
fn flat(counts: &Counts) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::from([
        ("samples".to_owned(), counts.samples.to_string()),
        ("channels".to_owned(), counts.channels.to_string()),
    ]);
    flat.extend(counts.episodes.iter().map(|(motif, count)| (format!("episodes.{motif}"), count.to_string())));
    if let Some(rows) = &counts.rows {
        flat.insert("rows.read".to_owned(), rows.read.to_string());
        flat.insert("rows.used".to_owned(), rows.used.to_string());
        flat.extend(rows.rejected.iter().map(|(why, count)| (format!("rows.rejected.{why}"), count.to_string())));
    }
    flat
}

/// The rows of one table that are not in the other, as multisets; equal rows never count as changed by moving.
fn rows(table: &str, old: &str, new: &str) -> TableDifference {
    let only_in = |text: &str, other: &str, added: bool| {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for row in other.lines() {
            *left.entry(row).or_default() += 1;
        }
        let mut only = Vec::new();
        for (line, row) in (1..).zip(text.lines()) {
            match left.get_mut(row) {
                Some(count) if *count > 0 => *count -= 1,
                _ => only.push(RowChange { line, added, row: row.to_owned() }),
            }
        }
        only
    };
    let (removed, added) = (only_in(old, new, false), only_in(new, old, true));
    let counts = (removed.len(), added.len());
    let mut rows: Vec<RowChange> =
        removed.into_iter().take(SHOWN_ROWS).chain(added.into_iter().take(SHOWN_ROWS)).collect();
    rows.sort_by_key(|row| (row.line, row.added));
    TableDifference { table: table.to_owned(), removed: counts.0, added: counts.1, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_as_multisets_and_shown_in_order() {
        let difference = rows("t.csv", "h\na\nb\nb\nc\n", "h\nb\na2\nb\nc\nd\n");
        assert_eq!((difference.removed, difference.added), (1, 2));
        let shown: Vec<(usize, bool, &str)> =
            difference.rows.iter().map(|row| (row.line, row.added, row.row.as_str())).collect();
        assert_eq!(shown, [(2, false, "a"), (3, true, "a2"), (6, true, "d")]);
    }
}
