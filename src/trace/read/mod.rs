//! From bytes to typed columns: every row that cannot be used is named by its place, or counted by its reason.
//!
//! An adapter declares the columns it reads ([`table`]) and asks for them ([`read_table`]); in which format they come is
//! decided here, by [`source`].

mod cell;
mod column;
mod csv;
mod delimiter;
mod delimiter_option;
mod delimiters;
mod fault;
mod foreign;
mod header;
mod header_problem;
mod identity;
mod lines;
mod number;
#[cfg(feature = "parquet")]
mod parquet;
mod records;
mod row;
mod row_problem;
mod rows;
mod sentinel;
mod settle;
mod slot;
mod source;
mod stray;
mod stray_line;
mod table;
mod table_problem;
mod text;
mod time;
mod time_problem;
mod times;
#[cfg(feature = "parquet")]
mod typed;
mod unit;
mod unknown;
mod whole_column;

pub(crate) use cell::{Cell, unknown_rows_reason};
pub(crate) use column::{
    Cardinality, Column, Duration, Finite, Known, Names, Naming, OptionalNames, Rule, TimeUs, Values, Whole,
    retain_rows,
};
pub use delimiter::Delimiter;
pub(crate) use delimiter_option::DELIMITER;
pub(crate) use fault::RowFault;
pub use foreign::ForeignFile;
pub(crate) use foreign::{BOM, Wanted, binary, first_keys, markup, skip_string};
pub(crate) use header::{Columns, Header};
pub use header_problem::{ColumnNames, HeaderProblem, MissingColumn, NumberedColumn};
pub(crate) use identity::{Ids, repeated, repeated_ids};
pub(crate) use lines::Lines;
pub(crate) use number::parse_number;
pub(crate) use row::CellRow;
pub use row_problem::{CellProblem, RowProblem};
pub(crate) use rows::{Reading, Table};
pub(crate) use sentinel::{Sentinels, Unless};
pub(crate) use settle::Settling;
pub(crate) use slot::{ColumnSpec, Slot};
pub(crate) use source::Source;
pub use stray_line::StrayLine;
pub(crate) use table::table;
pub use table_problem::{TableFormat, TraceTableProblem, UnreadType};
pub(crate) use text::shown;
pub(crate) use time::{Dated, parse as parse_date};
pub use time_problem::{TimeForm, TimeKind, TimeLook, TimeProblem, TimeUnit};
pub(crate) use times::{TIME_UNIT, TIME_ZONE, Times};
pub use unknown::Unknown;
pub(crate) use whole_column::WholeColumn;

use super::input::Inputs;
use super::{Construction, Options, TraceError};

/// The seconds since 1970 of a date and time, as if it were UTC where there is no offset; none if it is something else.
pub(crate) fn date_s(text: &str) -> Option<f64> {
    time::parse(text).map(|date| date.us as f64 / 1e6)
}

/// Reads the table that an adapter declares.
///
/// # Errors
/// When a column is missing, there are no rows, reading fails, or (unless `lenient`) a row has a fault.
pub(crate) fn read_table<'i, T: Table<Context = Construction>>(
    inputs: impl Into<Inputs<'i>>,
    options: &Options,
) -> Result<Reading<T>, TraceError> {
    let mut source = Source::open(inputs)?;
    let columns = source.select(options, |header| header.select(T::COLUMNS))?;
    source.read(&columns, options, &options.construction)
}
