//! The one writer and the one reader of tables: CSV by the `csv` crate, Parquet by polars.
//!
//! A table is declared once, as [`TableColumns`]: each has its name and what fills its cells, so that header and rows, and CSV and
//! Parquet, cannot disagree. Tables are hashed as text: the tests below pin what a cell looks like.

use std::borrow::{Borrow, Cow};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use csv::{QuoteStyle, StringRecord, Terminator, Writer, WriterBuilder};
use sha2::{Digest, Sha256};

use super::{StoreError, TableError, TableProblem};
use crate::diagnostics::Place;

/// Why writing to memory cannot fail.
const IN_MEMORY: &str = "a record of one length, written to memory";

/// Appends a number as tables spell it: the shortest decimal that reads back to the same bits, always positional, whole
/// numbers without a fraction part (`5`, `-0`), and `NaN`, `inf`, `-inf` for what is not finite.
pub fn write_number(out: &mut Vec<u8>, value: f64) {
    write!(out, "{value}").expect("a Vec takes every write");
}

type Get<'a, R, T> = Box<dyn Fn(&R) -> T + 'a>;
type GetText<'a, R> = Box<dyn for<'r> Fn(&'r R) -> Option<Cow<'r, str>> + 'a>;

/// What fills the cells of a column.
enum CellSource<'a, R> {
    Text(GetText<'a, R>),
    /// Quoted wherever there is one, so that an empty text is not an absent one.
    Quoted(GetText<'a, R>),
    Number(Get<'a, R, Option<f64>>),
    /// With so many decimals.
    Fixed(usize, Get<'a, R, f64>),
    Count(Get<'a, R, u64>),
    Flag(Get<'a, R, bool>),
}

/// The columns of a table whose rows are made from values of `R`.
pub struct TableColumns<'a, R>(Vec<(Cow<'a, str>, CellSource<'a, R>)>);

impl<R> Default for TableColumns<'_, R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, R: 'a> TableColumns<'a, R> {
    fn with(mut self, name: impl Into<Cow<'a, str>>, cells: CellSource<'a, R>) -> Self {
        self.0.push((name.into(), cells));
        self
    }

    /// A text, quoted where CSV needs it.
    #[must_use]
    pub fn text(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> &str + 'a) -> Self {
        self.with(name, CellSource::Text(Box::new(move |row| Some(Cow::Borrowed(get(row))))))
    }

    /// A text that is always quoted, or nothing at all.
    #[must_use]
    pub fn quoted(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> Option<Cow<'_, str>> + 'a) -> Self {
        self.with(name, CellSource::Quoted(Box::new(get)))
    }

    /// A number, as [`write_number`] spells it.
    #[must_use]
    pub fn number(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> f64 + 'a) -> Self {
        self.with(name, CellSource::Number(Box::new(move |row| Some(get(row)))))
    }

    /// As [`TableColumns::number`]; an empty cell where there is none.
    #[must_use]
    pub fn optional_number(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> Option<f64> + 'a) -> Self {
        self.with(name, CellSource::Number(Box::new(get)))
    }

    /// A number to the nearest 1/`parts`; an empty cell where there is none.
    #[must_use]
    pub fn rounded(self, name: impl Into<Cow<'a, str>>, parts: f64, get: impl Fn(&R) -> Option<f64> + 'a) -> Self {
        self.with(
            name,
            CellSource::Number(Box::new(move |row| get(row).map(|number| (number * parts).round() / parts))),
        )
    }

    /// A number with so many decimals, zeros included.
    #[must_use]
    pub fn fixed(self, name: impl Into<Cow<'a, str>>, decimals: usize, get: impl Fn(&R) -> f64 + 'a) -> Self {
        self.with(name, CellSource::Fixed(decimals, Box::new(get)))
    }

    /// How many.
    #[must_use]
    pub fn count(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> u64 + 'a) -> Self {
        self.with(name, CellSource::Count(Box::new(get)))
    }

    /// `true` or `false`.
    #[must_use]
    pub fn flag(self, name: impl Into<Cow<'a, str>>, get: impl Fn(&R) -> bool + 'a) -> Self {
        self.with(name, CellSource::Flag(Box::new(get)))
    }

    /// The columns of a part of each row.
    #[must_use]
    pub fn and<P: 'static>(mut self, columns: TableColumns<'a, P>, part: impl Fn(&R) -> &P + Copy + 'a) -> Self {
        for (name, cells) in columns.0 {
            let cells = match cells {
                CellSource::Text(get) => CellSource::Text(Box::new(move |row| get(part(row)))),
                CellSource::Quoted(get) => CellSource::Quoted(Box::new(move |row| get(part(row)))),
                CellSource::Number(get) => CellSource::Number(Box::new(move |row| get(part(row)))),
                CellSource::Fixed(decimals, get) => CellSource::Fixed(decimals, Box::new(move |row| get(part(row)))),
                CellSource::Count(get) => CellSource::Count(Box::new(move |row| get(part(row)))),
                CellSource::Flag(get) => CellSource::Flag(Box::new(move |row| get(part(row)))),
            };
            self.0.push((name, cells));
        }
        self
    }

    /// The names of the columns.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The bytes of a CSV: a header, then the rows, with line feeds.
    pub fn csv<T: Borrow<R>>(&self, rows: impl IntoIterator<Item = T>) -> Vec<u8> {
        // Cells come as they should stand there: whether one is quoted is decided for each of them.
        let mut table = writer(QuoteStyle::Never, 1 << 16);
        table.write_record(self.names().map(|name| encoded(name, QuoteStyle::Necessary))).expect(IN_MEMORY);
        let mut cell = Vec::new();
        for row in rows {
            for (_, cells) in &self.0 {
                cell.clear();
                cells.write(&mut cell, row.borrow());
                table.write_field(&cell).expect(IN_MEMORY);
            }
            table.write_record(None::<&[u8]>).expect(IN_MEMORY);
        }
        table.into_inner().expect(IN_MEMORY)
    }

    /// The bytes of a Parquet table, with texts as strings and numbers as doubles.
    ///
    /// For tools that read Parquet; the bytes depend on the version of a library, so no digest is taken of them.
    ///
    /// # Errors
    /// When polars refuses, which it has no reason to.
    #[cfg(feature = "parquet")]
    pub fn parquet<T: Borrow<R>>(&self, rows: impl IntoIterator<Item = T> + Clone) -> Result<Vec<u8>, ParquetError> {
        use polars::prelude::{Column, DataFrame, ParquetWriter};

        let count = rows.clone().into_iter().count();
        let columns = self.0.iter().map(|(name, cells)| {
            let rows = rows.clone().into_iter();
            let name = (&**name).into();
            match cells {
                CellSource::Text(get) | CellSource::Quoted(get) => {
                    let texts = rows.map(|row| get(row.borrow()).map(Cow::into_owned));
                    Column::new(name, texts.collect::<Vec<Option<String>>>())
                }
                CellSource::Number(get) => Column::new(name, rows.map(|row| get(row.borrow())).collect::<Vec<_>>()),
                CellSource::Fixed(_, get) => Column::new(name, rows.map(|row| get(row.borrow())).collect::<Vec<_>>()),
                CellSource::Count(get) => Column::new(name, rows.map(|row| get(row.borrow())).collect::<Vec<_>>()),
                CellSource::Flag(get) => Column::new(name, rows.map(|row| get(row.borrow())).collect::<Vec<_>>()),
            }
        });
        let mut table = DataFrame::new(count, columns.collect())?;
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut table)?;
        Ok(bytes)
    }
}

impl<R> CellSource<'_, R> {
    fn write(&self, out: &mut Vec<u8>, row: &R) {
        let mut text = |text: Option<Cow<'_, str>>, style| {
            if let Some(text) = text {
                out.extend_from_slice(&encoded(&text, style));
            }
        };
        match self {
            Self::Text(get) => text(get(row), QuoteStyle::Necessary),
            Self::Quoted(get) => text(get(row), QuoteStyle::Always),
            Self::Number(get) => {
                if let Some(number) = get(row) {
                    write_number(out, number);
                }
            }
            Self::Fixed(decimals, get) => write!(out, "{:.decimals$}", get(row)).expect(IN_MEMORY),
            Self::Count(get) => write!(out, "{}", get(row)).expect(IN_MEMORY),
            Self::Flag(get) => write!(out, "{}", get(row)).expect(IN_MEMORY),
        }
    }
}

/// Polars could not make the file.
#[cfg(feature = "parquet")]
#[derive(Debug, thiserror::Error)]
#[error("cannot make a Parquet table")]
pub struct ParquetError(#[from] polars::prelude::PolarsError);

fn writer(style: QuoteStyle, bytes: usize) -> Writer<Vec<u8>> {
    let mut builder = WriterBuilder::new();
    builder.quote_style(style).terminator(Terminator::Any(b'\n')).buffer_capacity(bytes);
    builder.from_writer(Vec::with_capacity(bytes))
}

/// A text as it stands in a table.
fn encoded(text: &str, style: QuoteStyle) -> Vec<u8> {
    // Alone in its row an empty text would be quoted.
    if text.is_empty() && matches!(style, QuoteStyle::Necessary) {
        return Vec::new();
    }
    let mut cell = writer(style, text.len() + 8);
    cell.write_record([text]).expect(IN_MEMORY);
    let mut bytes = cell.into_inner().expect(IN_MEMORY);
    bytes.pop();
    bytes
}

/// A CSV with a header, whole in memory.
#[derive(Debug)]
pub struct CsvTable {
    path: PathBuf,
    sha256: String,
    header: Vec<String>,
    records: Vec<(u64, StringRecord)>,
}

impl CsvTable {
    /// Reads it, and checks that it has the columns in `required`, once each.
    ///
    /// # Errors
    /// When it cannot be read or is not such a table.
    pub fn read(path: &Path, required: &[&str]) -> Result<Self, TableError> {
        let text = std::fs::read(path).map_err(StoreError::read(path))?;
        Self::parse(path, &text, required)
    }

    /// As [`CsvTable::read`], of what stands at `path`.
    ///
    /// # Errors
    /// When it is not such a table.
    pub fn parse(path: &Path, text: &[u8], required: &[&str]) -> Result<Self, TableError> {
        let sha256 = hex::encode(Sha256::digest(text));
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut this = Self { path: path.to_path_buf(), sha256, header: Vec::new(), records: Vec::new() };
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().map_err(|error| this.unreadable(&error))?;
        this.header = header.iter().map(str::to_owned).collect();
        for column in required {
            match this.header.iter().filter(|name| name == column).count() {
                1 => {}
                0 => {
                    let (column, header) = ((*column).to_owned(), this.header.join(", "));
                    return Err(this.problem(TableProblem::MissingColumn { column, header }));
                }
                _ => return Err(this.problem(TableProblem::ColumnTwice((*column).to_owned()))),
            }
        }
        for record in reader.records() {
            let record = record.map_err(|error| this.unreadable(&error))?;
            this.records.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(this)
    }

    fn unreadable(&self, error: &csv::Error) -> TableError {
        let place = Place::file(&self.path);
        let place = error.position().map_or(place.clone(), |position| place.at_line(position.line()));
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                TableProblem::FieldCount { row: *len, header: *expected_len }
            }
            csv::ErrorKind::Utf8 { .. } => TableProblem::NotUtf8,
            _ => TableProblem::NotCsv(error.to_string()),
        };
        TableError::Malformed { place, problem: Box::new(problem) }
    }

    /// An error about the table as a whole.
    pub fn problem(&self, problem: TableProblem) -> TableError {
        TableError::Malformed { place: Place::file(&self.path), problem: Box::new(problem) }
    }

    /// SHA-256 of the very bytes that it was read from.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = CsvRow<'_>> {
        self.records.iter().map(|(line, record)| CsvRow { table: self, line: *line, record })
    }
}

/// A row of a [`CsvTable`].
#[derive(Clone, Copy, Debug)]
pub struct CsvRow<'a> {
    table: &'a CsvTable,
    line: u64,
    record: &'a StringRecord,
}

impl<'a> CsvRow<'a> {
    /// The line that it begins in.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// An error about this row.
    pub fn problem(&self, problem: TableProblem) -> TableError {
        TableError::Malformed { place: Place::file(&self.table.path).at_line(self.line), problem: Box::new(problem) }
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &'a str> {
        self.record.iter()
    }

    /// The cell of a column, if the table has it.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&'a str> {
        let index = self.table.header.iter().position(|name| name == column)?;
        self.record.get(index)
    }

    /// A required cell.
    #[must_use]
    pub fn text(&self, column: &str) -> &'a str {
        self.cell(column).unwrap_or_default()
    }

    /// A required cell as a finite number.
    ///
    /// # Errors
    /// When it is not one.
    pub fn finite(&self, column: &str) -> Result<f64, TableError> {
        let text = self.text(column);
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let not_finite = || TableProblem::NotFinite { text: text.to_owned(), column: column.to_owned() };
        number.ok_or_else(|| self.problem(not_finite()))
    }

    /// An optional cell as a finite number; `default` where the column is missing or the cell empty.
    ///
    /// # Errors
    /// When it is not one.
    pub fn finite_or(&self, column: &str, default: f64) -> Result<f64, TableError> {
        match self.cell(column) {
            None | Some("") => Ok(default),
            Some(_) => self.finite(column),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
