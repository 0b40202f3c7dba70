//! Which rows of a table or a tape are in the other one, and what of those that changed.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

/// Rows of a table that are shown; the others are counted.
const SHOWN_ROWS: usize = 5;

/// Units in the last place up to which numbers are shown by their bits: in decimals they look alike.
const CLOSE_ULPS: u64 = 4;

/// How far apart numbers may be and still count as close. It is advice: a difference stays one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// Absolute difference.
    pub atol: f64,
    /// Difference in relation to the expected value.
    pub rtol: f64,
    /// Units in the last place.
    pub ulps: u64,
}

impl Tolerance {
    fn takes(&self, expected: f64, actual: f64) -> bool {
        expected == actual
            || (expected - actual).abs() <= self.atol + self.rtol * expected.abs()
            || ulps(expected, actual) <= self.ulps
    }
}

/// How a table differs.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct TableDifference {
    /// Its file name.
    pub table: String,
    /// Rows that are not there any more.
    pub removed: usize,
    /// Rows that are new.
    pub added: usize,
    /// Of both, pairs of rows with the same texts and other numbers.
    pub changed: usize,
    /// Of the pairs, those whose numbers are all within the tolerance, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<usize>,
    /// The same by the first column (a tape's class): in a table of episodes by motif.
    pub groups: BTreeMap<String, GroupDifference>,
    /// The first of them, in order of line; of a pair the old one, then the new one.
    pub rows: Vec<RowChange>,
}

/// How the rows of one group differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GroupDifference {
    /// As of the table.
    pub removed: usize,
    /// As of the table.
    pub added: usize,
    /// As of the table.
    pub changed: usize,
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RowChange {
    /// Line in its file, from 1; the header is line 1.
    pub line: usize,
    /// Whether it is in the new table only; otherwise in the expected one only.
    pub added: bool,
    /// The row.
    pub row: String,
    /// Of a new row that stands for an old one: what changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellChange>,
}

/// A number that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CellChange {
    /// Its column.
    pub column: String,
    /// The expected text.
    pub expected: String,
    /// The new text.
    pub actual: String,
    /// Units in the last place between them.
    pub ulps: u64,
    /// The bits of both in hexadecimal, where decimals hardly tell them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<[String; 2]>,
}

/// How a text is made of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowForm {
    /// A CSV with a header.
    Csv,
    /// The samples of a tape.
    Tape,
}

/// A row that only one text has.
struct Single<'a> {
    line: usize,
    text: &'a str,
    cells: Vec<String>,
}

/// Compares two texts, row by row, as multisets: equal rows never count as changed by moving.
pub(super) fn compare(
    table: &str,
    form: RowForm,
    (expected, actual): (&str, &str),
    tolerance: Option<&Tolerance>,
) -> TableDifference {
    let header: Vec<String> = match form {
        RowForm::Csv => cells(form, actual.lines().next().unwrap_or_default()),
        RowForm::Tape => ["class", "channel", "t", "value"].map(str::to_owned).to_vec(),
    };
    let removed = only_in(expected, actual, form);
    let added = only_in(actual, expected, form);
    let mut difference = TableDifference {
        table: table.to_owned(),
        removed: removed.len(),
        added: added.len(),
        changed: 0,
        within: tolerance.map(|_| 0),
        groups: BTreeMap::new(),
        rows: Vec::new(),
    };
    let group = |row: &Single<'_>| row.cells.first().cloned().unwrap_or_default();
    removed.iter().for_each(|row| difference.groups.entry(group(row)).or_default().removed += 1);
    added.iter().for_each(|row| difference.groups.entry(group(row)).or_default().added += 1);

    let partners = pair(&removed, &added);
    let mut taken = vec![false; added.len()];
    let mut blocks: Vec<(usize, Vec<RowChange>)> = Vec::new();
    for (row, partner) in removed.iter().zip(partners) {
        let mut block = vec![change(row, false, Vec::new())];
        if let Some(index) = partner {
            taken[index] = true;
            difference.changed += 1;
            difference.groups.entry(group(row)).or_default().changed += 1;
            let changes = changes(&header, row, &added[index]);
            let close = |tolerance: &&Tolerance| {
                let numbers =
                    row.cells.iter().zip(&added[index].cells).filter_map(|(a, b)| Some((number(a)?, number(b)?)));
                numbers.into_iter().all(|(expected, actual)| tolerance.takes(expected, actual))
            };
            if tolerance.as_ref().is_some_and(close) {
                difference.within = difference.within.map(|within| within + 1);
            }
            block.push(change(&added[index], true, changes));
        }
        blocks.push((row.line, block));
    }
    let new = added.iter().zip(taken).filter(|(_, taken)| !taken);
    blocks.extend(new.map(|(row, _)| (row.line, vec![change(row, true, Vec::new())])));
    blocks.sort_by_key(|(line, block)| (*line, block[0].added));
    difference.rows = blocks.into_iter().take(SHOWN_ROWS).flat_map(|(_, block)| block).collect();
    difference
}

fn only_in<'a>(text: &'a str, other: &str, form: RowForm) -> Vec<Single<'a>> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for row in other.lines() {
        *left.entry(row).or_default() += 1;
    }
    let mut only = Vec::new();
    for (line, row) in (1..).zip(text.lines()) {
        match left.get_mut(row) {
            Some(count) if *count > 0 => *count -= 1,
            _ => only.push(Single { line, text: row, cells: cells(form, row) }),
        }
    }
    only
}

/// The cells of a row. What is none is one cell.
fn cells(form: RowForm, row: &str) -> Vec<String> {
    match form {
        RowForm::Csv => {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let record = reader.records().next().and_then(Result::ok);
            record.map_or_else(|| vec![row.to_owned()], |record| record.iter().map(str::to_owned).collect())
        }
        RowForm::Tape => {
            let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match serde_json::from_str::<serde_json::Value>(row) {
                Ok(sample @ serde_json::Value::Object(_)) => {
                    ["class", "channel", "t", "value"].map(|key| text(&sample[key])).to_vec()
                }
                _ => vec![row.to_owned()],
            }
        }
    }
}

/// For each removed row the added one that stands for it: with the same texts, and as many equal numbers at the front as can
/// be; of several the first.
fn pair(removed: &[Single<'_>], added: &[Single<'_>]) -> Vec<Option<usize>> {
    let texts = |row: &Single<'_>| -> Vec<Option<String>> {
        row.cells.iter().map(|cell| number(cell).is_none().then(|| cell.clone())).collect()
    };
    // The time comes first among the numbers of an episode and of a sample.
    let first = |row: &Single<'_>| row.cells.iter().find(|cell| number(cell).is_some()).cloned();
    let mut by_start: HashMap<_, VecDeque<usize>> = HashMap::new();
    let mut by_text: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (index, row) in added.iter().enumerate() {
        by_start.entry((texts(row), first(row))).or_default().push_back(index);
        by_text.entry(texts(row)).or_default().push_back(index);
    }
    let mut taken = vec![false; added.len()];
    let mut partners: Vec<Option<usize>> = removed
        .iter()
        .map(|row| {
            let index = by_start.get_mut(&(texts(row), first(row)))?.pop_front()?;
            taken[index] = true;
            Some(index)
        })
        .collect();
    for (row, partner) in removed.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
        let Some(candidates) = by_text.get_mut(&texts(row)) else { continue };
        while let Some(index) = candidates.pop_front() {
            if !std::mem::replace(&mut taken[index], true) {
                *partner = Some(index);
                break;
            }
        }
    }
    partners
}

fn change(row: &Single<'_>, added: bool, cells: Vec<CellChange>) -> RowChange {
    RowChange { line: row.line, added, row: row.text.to_owned(), cells }
}

fn changes(header: &[String], old: &Single<'_>, new: &Single<'_>) -> Vec<CellChange> {
    let pairs = old.cells.iter().zip(&new.cells).enumerate().filter(|(_, (old, new))| old != new);
    pairs
        .filter_map(|(column, (expected, actual))| {
            let (before, now) = (number(expected)?, number(actual)?);
            let ulps = ulps(before, now);
            let bits = |number: f64| format!("{:016x}", number.to_bits());
            Some(CellChange {
                column: header.get(column).cloned().unwrap_or_else(|| format!("column {}", column + 1)),
                expected: expected.clone(),
                actual: actual.clone(),
                ulps,
                bits: (ulps <= CLOSE_ULPS).then(|| [bits(before), bits(now)]),
            })
        })
        .collect()
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Floats between two floats.
fn ulps(a: f64, b: f64) -> u64 {
    let ordered = |number: f64| {
        let bits = number.to_bits() as i64;
        i128::from(if bits < 0 { i64::MIN - bits } else { bits })
    };
    (ordered(a) - ordered(b)).unsigned_abs().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_as_multisets_and_shown_in_order() {
        let difference = compare("t.csv", RowForm::Csv, ("h\na\nb\nb\nc\n", "h\nb\na2\nb\nc\nd\n"), None);
        assert_eq!((difference.removed, difference.added, difference.changed), (1, 2, 0));
        let shown: Vec<(usize, bool, &str)> =
            difference.rows.iter().map(|row| (row.line, row.added, row.row.as_str())).collect();
        assert_eq!(shown, [(2, false, "a"), (3, true, "a2"), (6, true, "d")]);
    }

    #[test]
    fn a_changed_number_pairs_two_rows_and_is_told_with_its_bits_if_it_is_close() {
        let (old, new) = (
            "m,channel,t,peak\na,x,1,0.1\na,x,5,2\nb,y,1,3\n",
            "m,channel,t,peak\na,x,5,4\na,x,1,0.10000000000000002\n",
        );
        let tolerance = Tolerance { ulps: 1, ..Tolerance::default() };
        let difference = compare("e.csv", RowForm::Csv, (old, new), Some(&tolerance));
        assert_eq!((difference.removed, difference.added, difference.changed, difference.within), (3, 2, 2, Some(1)));
        assert_eq!(difference.groups["a"], GroupDifference { removed: 2, added: 2, changed: 2 });
        assert_eq!(difference.groups["b"], GroupDifference { removed: 1, added: 0, changed: 0 });
        let cells: Vec<&CellChange> = difference.rows.iter().flat_map(|row| &row.cells).collect();
        assert_eq!((cells[0].column.as_str(), cells[0].ulps), ("peak", 1));
        assert_eq!(cells[0].bits, Some(["3fb999999999999a".to_owned(), "3fb999999999999b".to_owned()]));
        assert_eq!((cells[1].expected.as_str(), cells[1].actual.as_str(), &cells[1].bits), ("2", "4", &None));
    }

    #[test]
    fn the_lines_of_a_tape_are_rows() {
        let line =
            |t: f64, value: f64| format!("{{\"t\":{t},\"class\":\"CacheIo\",\"value\":{value},\"channel\":\"a\"}}\n");
        let (old, new) = (line(0.0, 1.0) + &line(1.0, 2.0), line(0.0, 1.0) + &line(1.0, 2.5));
        let difference = compare("x.jsonl", RowForm::Tape, (&old, &new), None);
        assert_eq!(difference.changed, 1);
        assert_eq!(difference.rows[1].cells[0].column, "value");
        assert_eq!(difference.groups["CacheIo"].changed, 1);
    }

    #[test]
    fn distances_in_floats() {
        assert_eq!(ulps(0.0, -0.0), 0);
        assert_eq!(ulps(1.0, f64::from_bits(1.0_f64.to_bits() + 3)), 3);
        assert_eq!(ulps(-1.0, f64::from_bits((-1.0_f64).to_bits() + 3)), 3);
        assert_eq!(ulps(f64::from_bits(1), -f64::from_bits(1)), 2);
        assert!(ulps(-1e300, 1e300) > 1 << 62);
    }
}
