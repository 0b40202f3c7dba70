use std::path::{Path, PathBuf};

use super::cell::{Slot, parse_number, shown};
use super::column::ColumnSpec;
use crate::diagnostics::{Place, nearest};
use crate::trace::TraceError;

/// How many column names an error lists before it says how many more there are.
const LISTED: usize = 30;

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
            Some(field) => Err(header.problem(format!(
                "column `{}` cannot be two things at once; name another one for one of them (there are {})",
                header.names[*field],
                header.list()
            ))),
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
        if missing.is_empty() { Ok(columns) } else { Err(self.missing(&missing)) }
    }

    /// The field that is called `name`.
    ///
    /// # Errors
    /// When there is none, or there are two.
    pub(crate) fn required_field(&self, name: &str) -> Result<usize, TraceError> {
        self.field(name)?.ok_or_else(|| self.missing(&[name]))
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
            (Some(first), Some(second)) => Err(self.problem(format!(
                "column `{name}` stands twice in the header, as columns {} and {}; remove or rename one of them",
                first + 1,
                second + 1
            ))),
            (first, _) => Ok(first),
        }
    }

    /// An error about the header.
    pub(crate) fn problem(&self, problem: String) -> TraceError {
        TraceError::Malformed { place: Place { line: self.line, ..Place::file(&self.file) }, problem }
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
        let first = self.file.display();
        let missing = |these: &Self, those: &Self| {
            let is_there = |name: &String| those.names.iter().any(|other| is_same_name(name, other));
            these.names.iter().find(|name| !is_there(name)).cloned()
        };
        let difference = match (missing(self, other), missing(other, self)) {
            (Some(name), _) => format!("it has no column `{}`, which `{first}` has", shown(&name)),
            (None, Some(name)) => format!("it has a column `{}`, which `{first}` has not", shown(&name)),
            (None, None) => format!("its columns are in another order than those of `{first}`"),
        };
        Err(other.problem(format!("{difference}; the files of a trace have one header")))
    }

    /// The column names, as an error lists them.
    pub(crate) fn list(&self) -> String {
        listed(self.names.iter())
    }

    /// The names of the columns that are not among `columns`, if there are any.
    pub(crate) fn unread(&self, columns: &Columns) -> Option<String> {
        let fields = 0..self.names.len();
        let unread = fields.filter(|field| !columns.fields.contains(&Some(*field))).map(|field| &self.names[field]);
        Some(listed(unread)).filter(|list| !list.is_empty())
    }

    fn missing(&self, missing: &[&str]) -> TraceError {
        let plural = if missing.len() == 1 { "column" } else { "columns" };
        let quoted = missing.iter().map(|name| match nearest(name, self.names.iter().map(String::as_str)) {
            Some(near) if !missing.contains(&near) => format!("`{name}` (is it `{near}`?)"),
            _ => format!("`{name}`"),
        });
        let quoted = quoted.collect::<Vec<_>>().join(", ");
        let hint = if self.is_row() {
            "; if these are values and no names, export the file with its header (`CSV HEADER`)"
        } else {
            ""
        };
        self.problem(format!("the header has no {plural} {quoted}; it has {}{hint}", self.list()))
    }

    /// Whether it looks like a row of a file without a header.
    fn is_row(&self) -> bool {
        self.names.len() > 1 && self.names.iter().any(|name| parse_number(name.trim()).is_some_and(f64::is_finite))
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String> + Clone) -> String {
    let count = names.clone().count();
    let mut list = names.take(LISTED).map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
    if count > LISTED {
        list.push_str(&format!(" and {} more", count - LISTED));
    }
    list
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
