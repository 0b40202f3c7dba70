use std::path::{Path, PathBuf};

use super::header_problem::{ColumnNames, HeaderProblem, MissingColumn, NumberedColumn};
use super::number::parse_number;
use super::slot::{ColumnSpec, Slot};
use super::text::shown;
use crate::diagnostics::{Place, nearest};
use crate::trace::{FormatProblem, TraceError};

/// What the columns of a table are called.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    file: PathBuf,
    /// None in a format whose header is no line.
    line: Option<u64>,
    names: Vec<String>,
    first_record: Option<Vec<String>>,
}

/// The columns an adapter looks at, by slot, in the order in which it declares them.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: Vec<String>,
    fields: Vec<Option<usize>>,
}

impl Columns {
    /// The header name of a slot.
    pub(crate) fn name(&self, slot: Slot) -> &str {
        &self.names[slot.0]
    }

    /// The field, from 0, of a slot; none if an optional column is absent.
    pub(crate) fn field(&self, slot: Slot) -> Option<usize> {
        self.fields[slot.0]
    }

    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Checks that the first `slots` are different fields.
    ///
    /// # Errors
    /// When two are one.
    pub(crate) fn check_distinct(&self, slots: usize, header: &Header) -> Result<(), TraceError> {
        let fields = || self.fields.iter().take(slots).flatten();
        match fields().find(|field| fields().filter(|other| other == field).count() > 1) {
            None => Ok(()),
            Some(field) => {
                let name = header.names[*field].clone();
                Err(header.problem(HeaderProblem::TwoUses { name, there: header.list() }))
            }
        }
    }

    /// Adds the column at `field` as the next slot.
    pub(crate) fn add(&mut self, header: &Header, field: usize) {
        self.names.push(header.names[field].clone());
        self.fields.push(Some(field));
    }

    /// Adds an optional column that is absent as the next slot.
    pub(crate) fn add_absent(&mut self, name: &str) {
        self.names.push(name.to_owned());
        self.fields.push(None);
    }
}

impl Header {
    pub(super) fn new(file: &Path, line: Option<u64>, names: Vec<String>, first_record: Option<Vec<String>>) -> Self {
        Self { file: file.to_path_buf(), line, names, first_record }
    }

    /// All column names in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The cells of the first record of a text, if there is one; it is still to be read.
    pub(crate) fn first_record(&self) -> Option<&[String]> {
        self.first_record.as_deref()
    }

    /// The slots of the declared columns.
    ///
    /// # Errors
    /// When a required column is missing, or one of either kind stands there twice.
    pub(crate) fn select(&self, declared: &[ColumnSpec]) -> Result<Columns, TraceError> {
        let mut columns = Columns::default();
        let mut missing = Vec::new();
        for column in declared {
            match self.field(column.name)? {
                Some(field) => columns.add(self, field),
                None => columns.add_absent(column.name),
            }
            // A column may be declared twice, for two uses.
            if column.required && columns.fields.last() == Some(&None) && !missing.contains(&column.name) {
                missing.push(column.name);
            }
        }
        if missing.is_empty() { Ok(columns) } else { Err(self.lacks(&missing)) }
    }

    /// The field that is called `name`.
    ///
    /// # Errors
    /// When there is none, or there are two.
    pub(crate) fn required_field(&self, name: &str) -> Result<usize, TraceError> {
        self.field(name)?.ok_or_else(|| self.lacks(&[name]))
    }

    /// The field that is called `name`; if none is called just so, the one that differs in case or in blanks around it, as
    /// warehouses write names.
    ///
    /// # Errors
    /// When there are two.
    pub(crate) fn field(&self, name: &str) -> Result<Option<usize>, TraceError> {
        let find = |is: &dyn Fn(&str) -> bool| {
            let mut found = (0..self.names.len()).filter(|field| is(&self.names[*field]));
            (found.next(), found.next())
        };
        let exact = find(&|other| other == name);
        let found = if exact.0.is_some() { exact } else { find(&|other| is_same_name(other, name)) };
        match found {
            (Some(first), Some(second)) => {
                let (name, first, second) = (name.to_owned(), first + 1, second + 1);
                Err(self.problem(HeaderProblem::Repeated { name, first, second }))
            }
            (first, _) => Ok(first),
        }
    }

    /// An error about the header.
    pub(crate) fn problem(&self, problem: impl Into<FormatProblem>) -> TraceError {
        TraceError::format(Place { line: self.line, ..Place::file(&self.file) }, problem)
    }

    /// The file that it is of.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Checks that another file of the trace has the same columns.
    ///
    /// # Errors
    /// When it has others, or in another order.
    pub(super) fn expect(&self, other: &Self) -> Result<(), TraceError> {
        if is_same_header(&self.names, &other.names) {
            return Ok(());
        }
        let first = self.file.clone();
        let missing = |these: &Self, those: &Self| {
            let is_there = |name: &String| those.names.iter().any(|other| is_same_name(name, other));
            these.names.iter().find(|name| !is_there(name)).map(|name| shown(name))
        };
        Err(other.problem(match (missing(self, other), missing(other, self)) {
            (Some(name), _) => HeaderProblem::Lacks { name, first },
            (None, Some(name)) => HeaderProblem::More { name, first },
            (None, None) => HeaderProblem::Order { first },
        }))
    }

    /// The column names, as an error lists them.
    pub(crate) fn list(&self) -> ColumnNames {
        ColumnNames(self.names.clone())
    }

    /// The names of the columns that are not among `columns`, if there are any.
    pub(crate) fn unread(&self, columns: &Columns) -> Option<ColumnNames> {
        let fields = 0..self.names.len();
        let unread =
            fields.filter(|field| !columns.fields.contains(&Some(*field))).map(|field| self.names[field].clone());
        Some(ColumnNames(unread.collect())).filter(|names| !names.0.is_empty())
    }

    /// A column, as an error names it that is about two of them.
    pub(crate) fn numbered(&self, field: usize) -> NumberedColumn {
        NumberedColumn { number: field + 1, name: self.names[field].clone() }
    }

    /// The error that columns are missing.
    pub(crate) fn lacks(&self, missing: &[&str]) -> TraceError {
        let column = |name: &&str| {
            let near = nearest(name, self.names.iter().map(String::as_str)).filter(|near| !missing.contains(near));
            MissingColumn { name: (*name).to_owned(), near: near.map(str::to_owned) }
        };
        let missing = missing.iter().map(column).collect();
        self.problem(HeaderProblem::Missing { missing, there: self.list(), is_row: self.is_row() })
    }

    /// Whether it looks like a row of a file without a header.
    fn is_row(&self) -> bool {
        self.names.len() > 1 && self.names.iter().any(|name| parse_number(name.trim()).is_some_and(f64::is_finite))
    }
}

/// Whether two names are one but for case and blanks around them.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// The same of all names of two headers.
pub(super) fn is_same_header(these: &[String], those: &[String]) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(one, other)| is_same_name(one, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(name: &'static str) -> ColumnSpec {
        ColumnSpec::required(name)
    }

    fn optional(name: &'static str) -> ColumnSpec {
        ColumnSpec::optional(name)
    }

    fn header(names: &[&str]) -> Header {
        Header::new(Path::new("x.csv"), Some(1), names.iter().map(|name| (*name).to_owned()).collect(), None)
    }

    #[test]
    fn slots_follow_the_request_and_not_the_file() {
        let declared = [required("a"), required("b"), optional("d"), optional("c")];
        let columns = header(&["c", "a", "x", "b"]).select(&declared).unwrap();
        assert_eq!((0..4).map(|slot| columns.field(Slot(slot))).collect::<Vec<_>>(), [Some(1), Some(3), None, Some(0)]);
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_one() {
        let error =
            header(&["query_id", "latency_us"]).select(&["query_id", "latency_ms", "zz"].map(required)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`x.csv:1`: the header has no columns `latency_ms` (is it `latency_us`?), `zz`; it has `query_id`, \
             `latency_us`"
        );
    }

    #[test]
    fn a_row_in_the_place_of_the_header_is_called_so() {
        let error = header(&["2024-01-01", "12.5"]).select(&["a"].map(required)).unwrap_err().to_string();
        assert!(error.ends_with("export the file with its header (`CSV HEADER`)"), "{error}");
        assert!(!header(&["a b", "c1"]).select(&["a"].map(required)).unwrap_err().to_string().contains("export"));
    }

    #[test]
    fn a_name_in_another_case_is_the_one_unless_there_is_a_better_or_a_second_one() {
        let select = |names: &[&str]| header(names).select(&[required("queryId")]);
        for (names, field) in [(&["QUERYID"][..], 0), (&["b", " queryid "], 1), (&["QUERYID", "queryId"], 1)] {
            assert_eq!(select(names).unwrap().field(Slot(0)), Some(field), "{names:?}");
        }
        let twice = select(&["QUERYID", "queryid"]).unwrap_err().to_string();
        assert!(twice.contains("stands twice in the header, as columns 1 and 2"), "{twice}");
        assert!(select(&["query_id"]).is_err());
    }

    #[test]
    fn a_needed_column_that_stands_twice_is_refused_and_another_is_not() {
        let header = header(&["a", "b", "a"]);
        assert_eq!(
            header.select(&[required("a")]).unwrap_err().to_string(),
            "`x.csv:1`: column `a` stands twice in the header, as columns 1 and 3; remove or rename one of them"
        );
        assert!(header.select(&[required("b")]).is_ok());
    }
}
