use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::csv::{self, Csv};
use super::delimiter::Delimiter;
use super::foreign;
use super::header::{Columns, Header};
use super::lines::Lines;
#[cfg(feature = "parquet")]
use super::parquet::Parquet;
use super::rows::{Block, Merged, Reading, RecordLayout, Rows, Table};
use super::settle::Settling;
use super::table_problem::{TableFormat, TraceTableProblem};
use crate::diagnostics::Place;
use crate::store::{BLOCK_BYTES, Input, InputDigest};
use crate::trace::input::Inputs;
use crate::trace::{FormatProblem, Options, TraceError};

/// A trace whose column names are known and whose rows are still to be read.
pub(crate) struct Source<'i> {
    /// What users call it: a file, a folder or a glob.
    name: PathBuf,
    header: Header,
    format: Format<'i>,
    /// The files behind the first one.
    rest: Vec<PathBuf>,
    digest: bool,
    notes: Vec<String>,
}

/// The formats that rows are read from.
pub(super) enum Format<'i> {
    Csv(Csv<'i>),
    #[cfg(feature = "parquet")]
    Parquet(Parquet<'i>),
}

impl<'i> Format<'i> {
    fn open(mut input: Input<'i>) -> Result<Self, TraceError> {
        if foreign::is_parquet(input.peek(5)?) {
            #[cfg(feature = "parquet")]
            return Ok(Self::Parquet(Parquet::open(input)?));
            #[cfg(not(feature = "parquet"))]
            return Err(TraceError::format(Place::file(input.path()), TraceTableProblem::ParquetNotBuilt));
        }
        Ok(Self::Csv(csv::open(input, BLOCK_BYTES)?))
    }

    fn header(&self) -> Result<Header, TraceError> {
        match self {
            Self::Csv(csv) => csv.header(csv.delimiter),
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => Ok(parquet.header()),
        }
    }

    fn kind(&self) -> TableFormat {
        match self {
            Self::Csv(csv) => TableFormat::Csv(csv.delimiter),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => TableFormat::Parquet,
        }
    }
}

impl<'i> Source<'i> {
    /// Opens a trace, up to the first row of its first file. Until [`Source::select`] says otherwise, the columns of a text are
    /// separated by commas.
    pub(crate) fn open(inputs: impl Into<Inputs<'i>>) -> Result<Self, TraceError> {
        let Inputs { name, first, rest, digest } = inputs.into();
        Self::new(name, Format::open(first)?, rest, digest)
    }

    pub(super) fn new(name: PathBuf, format: Format<'i>, rest: Vec<PathBuf>, digest: bool) -> Result<Self, TraceError> {
        Ok(Self { header: format.header()?, name, format, rest, digest, notes: Vec::new() })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// What `select` finds in the header, whose columns are separated by what the options say, or else by what gives `select`
    /// the columns that it asks for. The published construction knows commas alone, unless it is told.
    ///
    /// # Errors
    /// When the columns are not there, whatever separates them, or are there in two ways.
    pub(crate) fn select<S>(
        &mut self,
        options: &Options,
        select: impl Fn(&Header) -> Result<S, TraceError>,
    ) -> Result<S, TraceError> {
        let told = Delimiter::told(options);
        // Without Parquet there is one format only.
        #[cfg_attr(not(feature = "parquet"), allow(clippy::infallible_destructuring_match))]
        let csv = match &mut self.format {
            Format::Csv(csv) => csv,
            #[cfg(feature = "parquet")]
            Format::Parquet(_) if told.is_some() => {
                return Err(TraceError::format(Place::file(&self.name), TraceTableProblem::DelimiterOfParquet));
            }
            #[cfg(feature = "parquet")]
            Format::Parquet(_) => return select(&self.header),
        };
        let taken = told.unwrap_or(Delimiter::Comma);
        csv.delimiter = taken;
        self.header = csv.header(taken)?;
        let error = match select(&self.header) {
            Ok(selected) => return Ok(selected),
            Err(error) => csv.foreign().unwrap_or(error),
        };
        let mut others = Vec::new();
        for delimiter in Delimiter::ALL.into_iter().filter(|other| *other != taken && csv.has(*other)) {
            let header = csv.header(delimiter)?;
            let selected = select(&header);
            others.push((delimiter, header, selected));
        }
        let fits: Vec<Delimiter> =
            others.iter().filter(|(.., selected)| selected.is_ok()).map(|(delimiter, ..)| *delimiter).collect();
        let asks = told.is_some() || options.construction.is_reference();
        match fits[..] {
            [delimiter] if !asks => {
                let position = others.iter().position(|(other, ..)| *other == delimiter).unwrap_or_default();
                let (_, header, selected) = others.swap_remove(position);
                csv.delimiter = delimiter;
                self.header = header;
                self.notes.push(format!("the columns are separated by {delimiter}, as with {}", delimiter.flag()));
                selected
            }
            [found] => {
                let is_told = told.is_some();
                Err(self.header.problem(TraceTableProblem::OtherDelimiter { found, taken, is_told }))
            }
            [first, second, ..] => Err(self.header.problem(TraceTableProblem::Delimiters { first, second })),
            // What has the most columns is most likely what separates them.
            [] => match others.into_iter().max_by_key(|(_, header, _)| header.names().len()) {
                Some((delimiter, header, Err(TraceError::Format { place, problem })))
                    if header.names().len() > self.header.names().len() =>
                {
                    Err(TraceError::format(place, FormatProblem::Delimited { delimiter, problem }))
                }
                _ => Err(error),
            },
        }
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// When there are none, reading fails, or (unless lenient) a row has a fault, or the values of a column do not go
    /// together, or the files are not of one kind.
    pub(crate) fn read<T: Table>(
        self,
        columns: &Columns,
        options: &Options,
        context: &T::Context,
    ) -> Result<Reading<T>, TraceError> {
        let Self { name, header, format, rest, digest, mut notes } = self;
        let plan = RecordLayout::<T>::new(columns, header.names(), options.lenient, context);
        let mut merged = Merged::new(columns, Lines::of_rows(!matches!(format, Format::Csv(_))));
        let (kind, delimiter) = (format.kind(), format.delimiter());
        let mut digests = vec![format.read(&plan, &mut merged)?];
        let mut open: Vec<&Path> = merged.block.is_open.then_some(header.file()).into_iter().collect();
        for path in &rest {
            let format = open_next(path, digest, delimiter)?;
            if format.kind() != kind {
                let (here, first) = (format.kind(), header.file().to_path_buf());
                let problem = TraceTableProblem::Formats { here, first, there: kind };
                return Err(TraceError::format(Place::file(path), problem));
            }
            header.expect(&format.header()?)?;
            digests.push(format.read(&plan, &mut merged)?);
            open.extend(merged.block.is_open.then_some(path.as_path()));
        }
        notes.extend(open_note(&open));
        let Block { mut table, mut rows, mut lines, .. } = merged.block;
        if rows.read == 0 {
            return Err(header.problem(TraceTableProblem::NoRows));
        }
        let rejected = BTreeMap::new();
        let mut settling = Settling { options, columns, lines: &lines, notes: Vec::new(), rejected, next: 0 };
        table.settle(&mut settling)?;
        notes.append(&mut settling.notes);
        let rejected = settling.rejected;
        if !rejected.is_empty() {
            let keep: Vec<bool> = (0..lines.len()).map(|row| !rejected.contains_key(&row)).collect();
            table.retain(&keep);
            lines.retain(&keep);
            rejected.values().for_each(|reason| rows.withdraw(1, reason));
        }
        let input = digests.into_iter().collect::<Option<Vec<_>>>().map(|digests| InputDigest::of_list(&digests));
        Ok(Reading { table, rows, lines, notes, input, path: name })
    }
}

/// What is said of files whose last line has no end: what was cut within a number looks like another number.
fn open_note(files: &[&Path]) -> Option<String> {
    let (first, others) = files.split_first()?;
    let others = match others.len() {
        0 => " ends".to_owned(),
        count => format!(" and {count} more end"),
    };
    Some(format!("`{}`{others} without a line feed; if a file was cut there, its last row is wrong", first.display()))
}

/// The next file of a trace, separated as the first one is.
fn open_next(path: &Path, digest: bool, delimiter: Option<Delimiter>) -> Result<Format<'static>, TraceError> {
    let mut format = Format::open(Input::open(path, digest)?)?;
    if let (Format::Csv(csv), Some(delimiter)) = (&mut format, delimiter) {
        csv.delimiter = delimiter;
    }
    Ok(format)
}

impl Format<'_> {
    /// What separates its columns, if it is a text.
    fn delimiter(&self) -> Option<Delimiter> {
        match self {
            Self::Csv(csv) => Some(csv.delimiter),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => None,
        }
    }

    fn read<T: Table>(
        self,
        plan: &RecordLayout<'_, T>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Option<InputDigest>, TraceError> {
        match self {
            Self::Csv(csv) => csv.read(plan, merged),
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.read(plan, merged),
        }
    }
}
