//! Sub-plans as the End-to-End CardEst benchmark has them (Han et al., VLDB 2022): SQL with `||`, and a file of estimates with a
//! number for each line of it.

use std::path::{Path, PathBuf};

use super::problem::CebProblem;
use super::{ESTIMATES, Rows, Subplans, TRUE_ROWS};
use crate::diagnostics::Place;
use crate::store::{Input, InputDigest, file_digest};
use crate::tape::RowCounts;
use crate::trace::input;
use crate::trace::read::{Cell, ColumnSpec, Columns, Lines, Reading, RowFault, Rule, Slot, shown};
use crate::trace::skeleton::abbreviated;
use crate::trace::statement::{Dialect, name};
use crate::trace::{Options, TraceError};

/// What separates the parts of a line.
const BARS: &str = "||";

/// Whether a file that starts so is SQL of this benchmark: a line with `||`, and not a header.
pub(super) fn is_sql(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let line = head.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_select = |part: &str| part.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    line.contains(BARS) && line.split(BARS).any(is_select)
}

/// How a line is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `SQL||7`: the number of its query, or its true rows.
    Number,
    /// `SQL||7||1234`: both.
    Both,
    /// `1234||SQL`: its true rows.
    First,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Number => "`SQL||NUMBER`",
            Self::Both => "`SQL||QUERY||ROWS`",
            Self::First => "`ROWS||SQL`",
        }
    }
}

/// A line of the file of SQL.
struct Subplan<'t> {
    line: u64,
    form: Form,
    sql: &'t str,
    /// As they stand: of [`Form::Number`] it is either of them.
    numbers: [&'t str; 2],
}

/// Where the other files stand: relative to the folder of the trace.
fn beside(trace: &Path, file: &str) -> PathBuf {
    trace.parent().unwrap_or(Path::new("")).join(file)
}

/// The files that options name, in the order in which they are digested.
fn others(trace: &Path, options: &Options) -> Vec<PathBuf> {
    [&ESTIMATES, &TRUE_ROWS]
        .into_iter()
        .filter_map(|option| options.values.text(option))
        .map(|file| beside(trace, file))
        .collect()
}

/// The digest of the trace together with the files that options name, if they name any.
pub(super) fn digest(path: &Path, options: &Options) -> Result<InputDigest, TraceError> {
    Ok(with_others(input::digest(path)?, &others(path, options))?)
}

/// Of several files: SHA-256 over their digests, a line each.
fn with_others(first: InputDigest, others: &[PathBuf]) -> Result<InputDigest, crate::store::StoreError> {
    let digests: Vec<InputDigest> =
        std::iter::once(Ok(first)).chain(others.iter().map(|path| file_digest(path))).collect::<Result<_, _>>()?;
    Ok(InputDigest::of_list(&digests))
}

/// Reads the sub-plans and their estimates.
///
/// # Errors
/// When a file cannot be read, they have unequal numbers of lines, or a line is not what it should be.
pub(super) fn read(mut input: Input<'_>, options: &Options) -> Result<Reading<Subplans>, TraceError> {
    let path = input.path().to_path_buf();
    let text = utf8(input.read_to_end()?, &path)?;
    let digest = input.finish()?;
    let subplans = parse(&text, &path)?;
    let malformed = |problem: CebProblem| TraceError::format(Place::file(&path), problem);
    let Some(estimates) = options.values.text(&ESTIMATES) else {
        return Err(malformed(CebProblem::NoEstimates));
    };
    let estimates = Numbers::read(&beside(&path, estimates), &path, subplans.len())?;
    let told = options.values.text(&TRUE_ROWS);
    let true_rows = told.map(|file| Numbers::read(&beside(&path, file), &path, subplans.len())).transpose()?;
    let form = subplans[0].form;
    let is_numbered = form == Form::Both || form == Form::Number && are_query_numbers(&subplans);
    if form == Form::Number && is_numbered && true_rows.is_none() {
        return Err(malformed(CebProblem::NoTrueRows));
    }
    if true_rows.is_some() && !(form == Form::Number && is_numbered) {
        return Err(malformed(CebProblem::TrueRowsTwice));
    }
    let mut reader = Reader::new(options);
    for (at, subplan) in subplans.iter().enumerate() {
        let query = if is_numbered { subplan.numbers[0].to_owned() } else { subplan.line.to_string() };
        let own = Place::file(&path).at_line(subplan.line);
        let true_rows = match &true_rows {
            Some(numbers) => numbers.at(at),
            None => (subplan.numbers[usize::from(form == Form::Both)], own.clone()),
        };
        reader.take(&query, &tables(subplan.sql), subplan.line, [true_rows, estimates.at(at)])?;
    }
    let kind = form.name();
    let notes = vec![format!("read as {kind}: {} sub-plans, each with the estimate on its line", subplans.len())];
    let input = digest.map(|digest| with_others(digest, &others(&path, options))).transpose()?;
    Ok(Reading { table: reader.table, rows: reader.rows, lines: reader.lines, notes, input, path })
}

fn utf8(bytes: Vec<u8>, path: &Path) -> Result<String, TraceError> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        TraceError::format(Place::file(path).at_line(line), CebProblem::NotUtf8)
    })
}

fn parse<'t>(text: &'t str, path: &Path) -> Result<Vec<Subplan<'t>>, TraceError> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut subplans: Vec<Subplan<'_>> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let place = || Place::file(path).at_line(number as u64 + 1);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        // SQL may have bars of its own, so that the numbers are looked for at the ends.
        let (before, last) = line.rsplit_once(BARS).unwrap_or((line, ""));
        let both = before.rsplit_once(BARS).filter(|(_, middle)| is_number(middle.trim()));
        let first = line.split_once(BARS).filter(|(first, _)| is_number(first.trim()));
        let (form, sql, numbers) = match (both, first) {
            (Some((sql, middle)), _) if !sql.is_empty() => (Form::Both, sql, [middle.trim(), last.trim()]),
            (_, Some((first, sql))) => (Form::First, sql, [first.trim(), ""]),
            _ if !last.is_empty() && line.contains(BARS) => (Form::Number, before, [last.trim(), ""]),
            _ => return Err(TraceError::format(place(), CebProblem::NoSubplan(shown(line)))),
        };
        if let Some(earlier) = subplans.first().filter(|earlier| earlier.form != form) {
            let (here, there) = (form.name(), earlier.form.name());
            return Err(TraceError::format(place(), CebProblem::Forms { here, line: earlier.line, there }));
        }
        subplans.push(Subplan { line: number as u64 + 1, form, sql, numbers });
    }
    if subplans.is_empty() {
        return Err(TraceError::format(Place::file(path), CebProblem::Empty));
    }
    Ok(subplans)
}

/// Whether the numbers count queries: from 0 or 1, each the one before or the next.
fn are_query_numbers(subplans: &[Subplan<'_>]) -> bool {
    let numbers: Option<Vec<u64>> = subplans.iter().map(|subplan| subplan.numbers[0].parse().ok()).collect();
    let counts = |numbers: &[u64]| numbers.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1);
    numbers.is_some_and(|numbers| numbers[0] <= 1 && counts(&numbers))
}

/// A number a line.
struct Numbers {
    path: PathBuf,
    text: String,
    /// (line, where it starts, where it ends)
    lines: Vec<(u64, usize, usize)>,
}

impl Numbers {
    /// Reads a file that must have as many numbers as there are sub-plans.
    fn read(path: &Path, trace: &Path, subplans: usize) -> Result<Self, TraceError> {
        let mut input = Input::open(path, false)?;
        let text = utf8(input.read_to_end()?, path)?;
        let mut lines = Vec::new();
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let end = start + line.trim_end().len();
            lines.push((number as u64 + 1, start, end));
            start += line.len();
        }
        // An empty line at the end is none; one between two numbers is an estimate that is not known.
        while lines.last().is_some_and(|(_, start, end)| start >= end) {
            lines.pop();
        }
        if lines.len() != subplans {
            let (numbers, sql) = (lines.len() as u64, Place::file(trace));
            let problem = CebProblem::Counts { numbers, sql, subplans: subplans as u64 };
            return Err(TraceError::format(Place::file(path), problem));
        }
        Ok(Self { path: path.to_path_buf(), text, lines })
    }

    /// The number of a sub-plan, and where it stands.
    fn at(&self, at: usize) -> (&str, Place) {
        let (line, start, end) = self.lines[at];
        (self.text[start..end.max(start)].trim(), Place::file(&self.path).at_line(line))
    }
}

/// Puts sub-plans together.
struct Reader<'a> {
    options: &'a Options,
    columns: Columns,
    table: Subplans,
    rows: RowCounts,
    lines: Lines,
}

const COLUMNS: &[ColumnSpec] = &[ColumnSpec::required("true_rows"), ColumnSpec::required("est_rows")];
const TRUE: Slot = Slot::of(COLUMNS, "true_rows");
const EST: Slot = Slot::of(COLUMNS, "est_rows");

impl<'a> Reader<'a> {
    fn new(options: &'a Options) -> Self {
        let mut columns = Columns::default();
        COLUMNS.iter().for_each(|column| columns.add_absent(column.name));
        let (table, rows, lines) = Default::default();
        Self { options, columns, table, rows, lines }
    }

    fn take(
        &mut self,
        query: &str,
        subplan: &str,
        line: u64,
        [true_rows, est_rows]: [(&str, Place); 2],
    ) -> Result<(), TraceError> {
        self.rows.read += 1;
        let read = |slot: Slot, (text, place): (&str, Place)| {
            Rows::read([Cell::of_text(slot, text)], self.options.construction).map_err(|fault| (fault, place))
        };
        let numbers = read(TRUE, true_rows).and_then(|true_rows| Ok((true_rows, read(EST, est_rows)?)));
        let (true_rows, est_rows) = match numbers {
            Ok(numbers) => numbers,
            Err((fault, place)) => return self.refuse(fault, place),
        };
        self.table.push(query, subplan, true_rows, est_rows);
        self.lines.push(line);
        self.rows.used += 1;
        Ok(())
    }

    fn refuse(&mut self, fault: RowFault, place: Place) -> Result<(), TraceError> {
        if !self.options.lenient {
            return Err(TraceError::format(place, fault.problem(&self.columns)));
        }
        self.rows.reject(fault.reason(&self.columns));
        Ok(())
    }
}

/// What a statement joins: its tables in order of name, each as often as it is there. One that reads from a sub-select is its own
/// text without literals.
fn tables(sql: &str) -> String {
    let skeleton = name(sql, Dialect::Postgres);
    let Some((_, from)) = skeleton.split_once(" from ") else { return abbreviated(&skeleton) };
    let end = [" where ", " group ", " order ", " having ", " limit "].iter().filter_map(|word| from.find(word)).min();
    let from = &from[..end.unwrap_or(from.len())];
    if from.contains('(') {
        return abbreviated(&skeleton);
    }
    let mut tables: Vec<&str> = from
        .split(',')
        .flat_map(|part| part.split(" join "))
        .filter_map(|item| item.split_whitespace().next())
        .collect();
    tables.sort_unstable();
    tables.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subplan_is_named_by_its_tables() {
        for (sql, expected) in [
            ("SELECT COUNT(*) FROM users as u, badges as b WHERE b.UserId= u.Id AND u.UpVotes>=0;", "badges,users"),
            ("SELECT COUNT(*) FROM badges as b;", "badges"),
            ("select count(*) from title t, movie_companies mc where t.id=mc.movie_id", "movie_companies,title"),
            ("SELECT COUNT(*) FROM a JOIN b ON a.x = b.x LEFT JOIN c ON c.y = b.y WHERE a.z = 1", "a,b,c"),
            ("SELECT COUNT(*) FROM it as it1, it as it2", "it,it"),
            ("SELECT COUNT(*) FROM a WHERE x IN (1, 2) -- from b", "a"),
        ] {
            assert_eq!(tables(sql), expected, "{sql}");
        }
        let nested = tables("SELECT COUNT(*) FROM (SELECT 1 FROM a) s");
        assert!(nested.contains("select") && nested != tables("SELECT COUNT(*) FROM (SELECT 1 FROM b) s"), "{nested}");
    }
}
