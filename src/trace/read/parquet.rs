//! Parquet files: of the columns that are asked for, some row groups at a time, so that memory is that of the tables plus a few
//! groups. Values keep their types until an adapter asks for something else.

use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use polars::io::mmap::MmapBytesReader;
use polars::prelude::{
    ArrowDataType, BinaryChunked, DataType, FileMetadataRef, ParallelStrategy, ParquetReader, PolarsError,
    PolarsResult, SerReader, Series, StringChunked, TimeUnit,
};
use rayon::prelude::*;

use super::cell::{Fault, Slot, Value};
use super::header::Header;
use super::rows::{Block, Merged, RecordLayout, Rows, Table};
use super::typed::{TypedColumn, Values};
use crate::diagnostics::Place;
use crate::store::{Input, InputDigest, StoreError};
use crate::trace::TraceError;

/// Rows that are decoded at a time, but for larger row groups.
const BATCH_ROWS: usize = 1 << 18;

/// Rows that are read by one thread at a time.
const PIECE_ROWS: usize = 1 << 13;

/// The rows of a Parquet file whose footer has been read.
pub(super) struct Parquet<'i> {
    /// For its digest.
    input: Input<'i>,
    table: Groups,
}

/// The row groups of a file.
struct Groups {
    path: PathBuf,
    data: Data,
    names: Vec<String>,
    /// As programs that know Arrow mean them.
    types: Vec<ArrowDataType>,
    /// Without what programs that know Arrow say of it: what is stored decides how it is decoded.
    metadata: FileMetadataRef,
}

/// A file that is read from several places at once.
enum Data {
    File(File),
    /// What cannot be read so, whole.
    Bytes(Vec<u8>),
}

impl Data {
    fn reader(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        Ok(match self {
            Self::File(file) => Box::new(file.try_clone()?),
            Self::Bytes(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        })
    }
}

impl<'i> Parquet<'i> {
    /// Reads the footer.
    pub(super) fn open(mut input: Input<'i>) -> Result<Self, TraceError> {
        let path = input.path().to_path_buf();
        let read = || StoreError::read(&path);
        let data = match input.file() {
            Some(file) => Data::File(file.try_clone().map_err(read())?),
            None => Data::Bytes(input.read_to_end()?),
        };
        // The footer is read where the digest goes on: the two share a place in the file.
        let place = match &data {
            Data::File(file) => Some((file, (&*file).stream_position().map_err(read())?)),
            Data::Bytes(_) => None,
        };
        let reader = data.reader().map_err(read())?;
        let footer = guarded(|| {
            let mut reader = ParquetReader::new(reader);
            let schema = reader.schema()?;
            let mut metadata = (**reader.get_metadata()?).clone();
            metadata.key_value_metadata = None;
            Ok((schema, FileMetadataRef::new(metadata)))
        });
        if let Some((mut file, place)) = place {
            file.seek(SeekFrom::Start(place)).map_err(read())?;
        }
        let (schema, metadata) = footer.map_err(|error| unreadable(&path, &error))?;
        let names = schema.iter_names().map(ToString::to_string).collect();
        let types = schema.iter_values().map(|field| field.dtype().clone()).collect();
        Ok(Self { input, table: Groups { path, data, names, types, metadata } })
    }

    pub(super) fn header(&self) -> Header {
        Header::new(&self.table.path, None, self.table.names.clone(), None)
    }
}

impl Groups {
    /// Row groups that are decoded together, by their rows.
    fn batches(&self) -> Vec<Range<usize>> {
        let mut batches: Vec<Range<usize>> = Vec::new();
        let mut end = 0;
        for group in &self.metadata.row_groups {
            let start = end;
            end += group.num_rows();
            match batches.last_mut() {
                Some(batch) if end - batch.start <= BATCH_ROWS => batch.end = end,
                _ if end > start => batches.push(start..end),
                _ => {}
            }
        }
        batches
    }

    /// The columns at `fields` of some rows.
    fn decode(&self, fields: &[usize], rows: &Range<usize>) -> Result<Vec<Cells>, TraceError> {
        let reader = self.data.reader().map_err(StoreError::read(&self.path))?;
        let decoded = guarded(|| {
            let mut reader = ParquetReader::new(reader)
                .with_projection(Some(fields.to_vec()))
                .with_slice(Some((rows.start, rows.len())))
                .read_parallel(ParallelStrategy::RowGroups)
                .set_rechunk(true);
            reader.set_metadata(self.metadata.clone());
            let table = reader.finish()?;
            let columns = table.columns().iter().zip(fields);
            columns.map(|(column, field)| Cells::new(column.as_materialized_series(), &self.types[*field])).collect()
        });
        decoded.map_err(|error| unreadable(&self.path, &error))
    }

    /// An error if a column is of a type whose values are neither numbers nor texts nor times.
    fn check(&self, field: usize) -> Result<(), TraceError> {
        let Some(what) = refused(&self.types[field]) else { return Ok(()) };
        let way = match self.types[field].is_nested() {
            true => "write the values that are needed as columns of their own",
            false => "cast it to DOUBLE, BIGINT, TIMESTAMP or VARCHAR, whichever fits, and write the file again",
        };
        let problem = format!("column `{}` is of {what}; {way}", self.names[field]);
        Err(TraceError::Malformed { place: Place::file(&self.path), problem })
    }

    fn read<T: Table>(&self, plan: &RecordLayout<'_, T>, merged: &mut Merged<'_, T>) -> Result<(), TraceError> {
        merged.start(&self.path, 0);
        let mut fields: Vec<usize> = plan.wanted.iter().map(|(field, _)| *field).collect();
        fields.dedup();
        fields.iter().try_for_each(|field| self.check(*field))?;
        let wanted = plan.wanted.iter().map(|(field, slot)| (fields.partition_point(|other| other < field), *slot));
        let wanted: Vec<(usize, Slot)> = wanted.collect();
        let batches = self.batches();
        let mut next = batches.first().map(|rows| self.decode(&fields, rows)).transpose()?;
        for (at, rows) in batches.iter().enumerate() {
            let Some(cells) = next.take() else { break };
            let (decoded, parsed) = rayon::join(
                || batches.get(at + 1).map(|rows| self.decode(&fields, rows)).transpose(),
                || {
                    let starts = (0..rows.len()).into_par_iter().step_by(PIECE_ROWS);
                    let pieces = starts.map(|start| start..rows.len().min(start + PIECE_ROWS));
                    pieces.map(|piece| parse(plan, &cells, &wanted, piece)).collect::<Vec<Block<T>>>()
                },
            );
            parsed.into_iter().try_for_each(|block| merged.append(block))?;
            next = decoded?;
        }
        Ok(())
    }
}

impl Rows for Parquet<'_> {
    fn read<T: Table>(
        self,
        plan: &RecordLayout<'_, T>,
        merged: &mut Merged<'_, T>,
    ) -> Result<Option<InputDigest>, TraceError> {
        let Self { input, table } = self;
        let (digest, read) = rayon::join(|| input.finish(), || table.read(plan, merged));
        read?;
        Ok(digest?)
    }
}

/// The cells of a column of some rows.
enum Cells {
    Text(StringChunked),
    Bytes(BinaryChunked),
    Typed(TypedColumn),
}

impl Cells {
    /// The cells of a column that is of `kind` in the file: of a time, polars does not say here whether it has an offset.
    fn new(series: &Series, kind: &ArrowDataType) -> PolarsResult<Self> {
        /// The values, 0 where there is none, and where there is none.
        fn parts<T: Default>(count: usize, values: impl Iterator<Item = Option<T>>) -> (Vec<T>, Option<Vec<bool>>) {
            let mut nulls = None;
            let mut found = Vec::with_capacity(count);
            for (row, value) in values.enumerate() {
                if value.is_none() {
                    nulls.get_or_insert_with(|| vec![false; count])[row] = true;
                }
                found.push(value.unwrap_or_default());
            }
            (found, nulls)
        }
        fn typed<T>((values, nulls): (Vec<T>, Option<Vec<bool>>), of: impl FnOnce(Vec<T>) -> Values) -> Cells {
            Cells::Typed(TypedColumn::new(of(values), nulls))
        }
        let count = series.len();
        Ok(match series.dtype() {
            DataType::String => Self::Text(series.str()?.clone()),
            DataType::Binary => Self::Bytes(series.binary()?.clone()),
            DataType::Null => typed((Vec::<i64>::new(), None), |_| Values::Unknown),
            DataType::Boolean => typed(parts(count, series.bool()?.iter()), Values::Truth),
            DataType::UInt64 => typed(parts(count, series.u64()?.iter()), Values::Unsigned),
            DataType::Float64 => typed(parts(count, series.f64()?.iter()), Values::Double),
            DataType::Float32 => typed(parts(count, series.f32()?.iter()), Values::Single),
            DataType::Decimal(_, scale) => {
                typed(parts(count, series.decimal()?.physical().iter()), |values| Values::Decimal(values, *scale))
            }
            DataType::Date => {
                let days = series.to_physical_repr().cast(&DataType::Int64)?;
                let us = parts(count, days.i64()?.iter().map(|day| Some(day?.saturating_mul(86_400_000_000))));
                typed(us, |us| Values::Time { us, has_offset: false })
            }
            DataType::Datetime(unit, _) => {
                let units = series.to_physical_repr().into_owned();
                let us = |time: i64| match unit {
                    TimeUnit::Milliseconds => time.saturating_mul(1000),
                    TimeUnit::Microseconds => time,
                    TimeUnit::Nanoseconds => time.div_euclid(1000),
                };
                let us = parts(count, units.i64()?.iter().map(|time| time.map(us)));
                let has_offset = matches!(kind, ArrowDataType::Timestamp(_, Some(zone)) if !zone.is_empty());
                typed(us, |us| Values::Time { us, has_offset })
            }
            _ => typed(parts(count, series.cast(&DataType::Int64)?.i64()?.iter()), Values::Whole),
        })
    }

    fn value(&self, row: usize) -> Result<Value<'_>, Fault> {
        static NULL: std::sync::LazyLock<TypedColumn> =
            std::sync::LazyLock::new(|| TypedColumn::new(Values::Unknown, None));
        let null = || Value::Typed(NULL.cell(0));
        Ok(match self {
            Self::Text(texts) => texts.get(row).map_or_else(null, Value::Text),
            Self::Bytes(texts) => match texts.get(row).map(std::str::from_utf8) {
                None => null(),
                Some(Ok(text)) => Value::Text(text),
                Some(Err(_)) => return Err(Fault::NotUtf8),
            },
            Self::Typed(column) => Value::Typed(column.cell(row)),
        })
    }
}

fn parse<T: Table>(
    plan: &RecordLayout<'_, T>,
    columns: &[Cells],
    wanted: &[(usize, Slot)],
    rows: Range<usize>,
) -> Block<T> {
    let mut block = Block::<T>::default();
    let mut cells = plan.cells();
    for row in rows {
        block.line_count += 1;
        let filled = wanted.iter().try_for_each(|(column, slot)| {
            cells[slot.0] = columns[*column].value(row)?;
            Ok(())
        });
        let outcome = filled.and_then(|()| plan.row(&mut block.table, &cells));
        let line = block.line_count;
        block.count(plan, line, outcome.map_err(|fault| (None, fault)));
        if block.fault.is_some() {
            break;
        }
    }
    block
}

/// Why values of a type are not read, if they are not.
fn refused(kind: &ArrowDataType) -> Option<String> {
    use ArrowDataType as T;
    match kind {
        T::Null
        | T::Boolean
        | T::Int8
        | T::Int16
        | T::Int32
        | T::Int64
        | T::UInt8
        | T::UInt16
        | T::UInt32
        | T::UInt64
        | T::Float32
        | T::Float64
        | T::Timestamp(..)
        | T::Date32
        | T::Date64
        | T::Binary
        | T::LargeBinary
        | T::BinaryView
        | T::Utf8
        | T::LargeUtf8
        | T::Utf8View
        | T::Decimal(..)
        | T::Decimal32(..)
        | T::Decimal64(..) => None,
        T::Dictionary(_, values, _) => refused(values),
        T::Struct(_) => Some("a nested type (a struct)".to_owned()),
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) => Some("a nested type (a list)".to_owned()),
        T::Map(..) => Some("a nested type (a map)".to_owned()),
        T::Time32(_) | T::Time64(_) => Some("times of a day without a date".to_owned()),
        T::Duration(_) | T::Interval(_) => {
            Some("intervals, of which it is not said in which unit they are meant".to_owned())
        }
        other => Some(format!("the type {other:?}, which is not read")),
    }
}

/// What polars reads; what it gives up on is an error of the file.
fn guarded<T>(read: impl FnOnce() -> PolarsResult<T>) -> PolarsResult<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(PolarsError::ComputeError("the file contradicts itself".into())))
}

fn unreadable(path: &Path, error: &PolarsError) -> TraceError {
    let problem = format!("this is no Parquet that can be read: {error}; write it again, or as CSV");
    TraceError::Malformed { place: Place::file(path), problem }
}
