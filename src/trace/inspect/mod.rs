//! What a file is: its columns, the data sets whose adapters read it, and how.

mod problem;
mod sheet;

use std::io::Read;
use std::path::Path;

pub use problem::RecognitionProblem;
pub use sheet::{ColumnKind, ColumnSummary};

use super::adapters::Dataset;
use super::input::{Trace, files};
use super::read::{Columns, Source, TIME_ZONE, TraceTableProblem, parse_number};
use super::{Conversion, Options, TraceError, convert};
use crate::diagnostics::Place;
use crate::residual::Class;
use crate::store::{Input, StoreError};
use crate::tape::RowCounts;

/// What was found out about a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Its table, if it is one.
    pub table: Option<TableSummary>,
    /// How it can be converted, one entry per data set. `generic` is among them only if no other one is.
    pub fits: Vec<Fit>,
    /// Why other data sets cannot read it.
    pub refusals: Vec<(Dataset, TraceError)>,
}

/// Rows and columns of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TableSummary {
    /// Rows, those with another number of fields than the header included.
    pub rows: u64,
    /// Rows that cannot be read at all, such as those with another number of fields than the header.
    pub unreadable: u64,
    /// The columns in order.
    pub columns: Vec<ColumnSummary>,
}

/// A way to convert a file, and what it gives.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fit {
    /// The data set.
    pub dataset: Dataset,
    /// Options that it needs, by their flags.
    pub options: Vec<(&'static str, String)>,
    /// Why it cannot be converted without `lenient`, if that is so.
    pub strict: Option<TraceError>,
    /// What becomes of the rows.
    pub rows: RowCounts,
    /// Samples on the tape.
    pub samples: u64,
    /// Channels on the tape.
    pub channels: u64,
    /// What the samples measure.
    pub classes: Vec<Class>,
    /// Times of the first and the last sample, in seconds; none when there is no sample.
    pub span: Option<(f64, f64)>,
    /// What was recognised.
    pub notes: Vec<String>,
}

/// Bytes of a table by which its data set is recognised.
const HEAD_BYTES: u64 = 1 << 20;

/// Looks at the file at `path`: reads it whole, as each adapter that can read it does.
///
/// # Errors
/// When it cannot be opened.
pub fn inspect(path: &Path) -> Result<Inspection, TraceError> {
    let table = match Head::read(path)? {
        Head::Table(_) => summarise(path).ok(),
        Head::Whole => None,
    };
    let (mut fits, mut refusals) = (Vec::new(), Vec::new());
    for dataset in Dataset::ALL {
        match fit(path, dataset, table.as_ref()) {
            Ok(found) => fits.push(found),
            Err(error) => refusals.push((dataset, error)),
        }
    }
    // Any table could be that of a metric; one whose columns an adapter knows is not.
    if fits.iter().any(|fit| fit.dataset != Dataset::Generic) {
        fits.retain(|fit| fit.dataset != Dataset::Generic);
    }
    Ok(Inspection { table, fits, refusals })
}

/// The data set whose adapter reads the file at `path`, going by the options that `configure` sets: the only one that does, or
/// the only one besides `generic`.
///
/// # Errors
/// When the file cannot be opened, no adapter can read it, or several can.
pub fn recognise(path: &Path, configure: impl Fn(Dataset) -> Option<Options>) -> Result<Dataset, TraceError> {
    let head = Head::read(path)?;
    let fits: Vec<Dataset> = Dataset::ALL
        .into_iter()
        .filter(|dataset| {
            let converted = configure(*dataset).map(|options| head.convert(path, options));
            converted.is_some_and(|converted| converted.is_ok_and(|conversion| !conversion.stream.is_empty()))
        })
        .collect();
    let named: Vec<Dataset> = fits.iter().copied().filter(|dataset| *dataset != Dataset::Generic).collect();
    match (&named[..], &fits[..]) {
        ([dataset], _) | ([], [dataset]) => Ok(*dataset),
        (found, _) => {
            let (path, datasets) = (path.to_path_buf(), found.iter().map(|dataset| dataset.about().name).collect());
            Err(TraceError::format(Place::file(&path), RecognitionProblem { path, datasets }))
        }
    }
}

/// The beginning of a table, or the fact that the file has to be read whole.
enum Head {
    Table(Vec<u8>),
    Whole,
}

impl Head {
    fn read(path: &Path) -> Result<Self, TraceError> {
        let mut head = Vec::new();
        let files = files(path)?;
        let mut input = Input::open(&files[0], false)?.take(HEAD_BYTES);
        input.read_to_end(&mut head).map_err(StoreError::read(path))?;
        let is_document = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
        let is_text = memchr::memchr(0, &head).is_none();
        let is_cut = head.len() as u64 == HEAD_BYTES;
        if is_document || !is_text {
            return Ok(Self::Whole);
        }
        if is_cut {
            let end = memchr::memrchr(b'\n', &head).map_or(0, |at| at + 1);
            head.truncate(end);
        }
        Ok(Self::Table(head))
    }

    fn convert(&self, path: &Path, mut options: Options) -> Result<Conversion, TraceError> {
        options.lenient = true;
        options.allow_empty = true;
        let adapter = options.dataset.adapter();
        match self {
            Self::Whole => adapter.convert(Trace::file(path, None), &options),
            Self::Table(_) if adapter.about().is_recording => adapter.convert(Trace::file(path, None), &options),
            Self::Table(head) => {
                // What it is packed by is undone already.
                let name = path.with_extension("");
                adapter.convert(Trace::reader(&head[..], &name), &options)
            }
        }
    }
}

fn summarise(path: &Path) -> Result<TableSummary, TraceError> {
    // Which data set it is of decides nothing here.
    let options = Options { lenient: true, ..Options::new(Dataset::Generic) };
    let mut source = Source::open(Trace::file(path, None).open_all(false)?)?;
    let columns = source.select(&options, |header| {
        if header.names().len() < 2 {
            return Err(header.problem(TraceTableProblem::OneColumn));
        }
        let mut columns = Columns::default();
        (0..header.names().len()).for_each(|field| columns.add(header, field));
        Ok(columns)
    })?;
    let header = source.header().clone();
    let reading = source.read::<sheet::InspectedSheet>(&columns, &options, &())?;
    Ok(TableSummary {
        rows: reading.rows.read,
        unreadable: reading.rows.read - reading.rows.used,
        columns: reading.table.summaries(header.names()),
    })
}

/// How a data set reads the file: by the names that its adapter knows, or, where columns may be called anything, by what
/// they hold.
fn fit(path: &Path, dataset: Dataset, table: Option<&TableSummary>) -> Result<Fit, TraceError> {
    let error = match attempt(path, dataset, &[], false) {
        Ok(conversion) => return Ok(of_conversion(dataset, Vec::new(), None, conversion)),
        Err(error) => error,
    };
    let mut ways = vec![Vec::new()];
    if let Some(table) = table.filter(|_| dataset == Dataset::Generic) {
        ways.extend(guesses(table));
    }
    for mut given in ways {
        if !given.is_empty()
            && let Ok(conversion) = attempt(path, dataset, &given, false)
        {
            return Ok(of_conversion(dataset, given, None, conversion));
        }
        if dataset.about().options.iter().any(|option| option.flag == TIME_ZONE.flag) {
            given.push((TIME_ZONE.flag, "UTC".to_owned()));
            if let Ok(mut conversion) = attempt(path, dataset, &given, false) {
                conversion.notes.push("the times have no offset; replace UTC by the zone they are in".to_owned());
                return Ok(of_conversion(dataset, given, None, conversion));
            }
        }
    }
    // Leaving rows out is the last resort, and never a way to choose columns.
    match attempt(path, dataset, &[], true) {
        Ok(conversion) => Ok(of_conversion(dataset, Vec::new(), Some(error), conversion)),
        Err(_) => Err(error),
    }
}

fn attempt(
    path: &Path,
    dataset: Dataset,
    given: &[(&'static str, String)],
    lenient: bool,
) -> Result<Conversion, TraceError> {
    let mut options = Options { lenient, ..Options::new(dataset) };
    for (flag, value) in given {
        options.set(flag, value)?;
    }
    convert(path, &options)
}

fn of_conversion(
    dataset: Dataset,
    options: Vec<(&'static str, String)>,
    strict: Option<TraceError>,
    conversion: Conversion,
) -> Fit {
    let Conversion { stream, rows, notes, .. } = conversion;
    let has = |class: &Class| stream.classes().contains(class);
    Fit {
        dataset,
        options,
        strict,
        rows,
        samples: stream.len() as u64,
        channels: stream.channel_count() as u64,
        classes: Class::ALL.into_iter().filter(has).collect(),
        span: (!stream.is_empty()).then(|| stream.span()),
        notes,
    }
}

/// Numbers of seconds since 1970 from which a column passes for one of times: the year 1973.
const EPOCH_SECONDS: f64 = 1e8;

/// Options of `generic` for columns of these kinds: times first, then each number that changes as the value, then the texts
/// that tell series apart. A number is a time only if it is called one and is large enough for a date.
fn guesses(table: &TableSummary) -> Vec<Vec<(&'static str, String)>> {
    let of_kind = |kind: ColumnKind| table.columns.iter().filter(move |column| column.kind == kind);
    let looks_like_time = |column: &&ColumnSummary| {
        let name = column.name.to_ascii_lowercase();
        let is_late = column.least.as_ref().and_then(|least| parse_number(least)).is_some_and(|t| t >= EPOCH_SECONDS);
        is_late
            && ["time", "date", "epoch", "ts", "at"]
                .iter()
                .any(|part| name.split(['_', ' ', '.', '-']).any(|word| word == *part))
    };
    let mut times: Vec<&ColumnSummary> = of_kind(ColumnKind::Time).collect();
    times.extend(of_kind(ColumnKind::Number).filter(looks_like_time));
    let is_id = |name: &str| name == "id" || name.ends_with("_id") || name.ends_with("id");
    let values = || of_kind(ColumnKind::Number).filter(|column| column.distinct != Some(1) && !is_id(&column.name));
    let series: Vec<&ColumnSummary> = of_kind(ColumnKind::Text).filter(|column| column.distinct != Some(1)).collect();
    let mut guesses = Vec::new();
    for time in times {
        for value in values().filter(|value| value.name != time.name) {
            let columns = vec![("time-col", time.name.clone()), ("value-col", value.name.clone())];
            guesses.push(columns.clone());
            for channel in &series {
                let channel = ("channel-col", channel.name.clone());
                guesses.push(columns.iter().cloned().chain([channel]).collect());
            }
        }
    }
    guesses
}
