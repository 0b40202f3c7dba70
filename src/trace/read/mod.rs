//! From bytes to typed columns: every row that cannot be used is named by its place, or counted by its reason.
//!
//! An adapter declares the columns it reads ([`table`]) and asks for them ([`read_table`]); in which format they come is
//! decided here, by [`source`].

mod cell;
mod column;
mod commas;
mod csv;
mod header;
mod lines;
mod records;
mod rows;
mod settle;
mod source;
mod time;
mod times;
mod unit;
mod unknown;

pub(crate) use cell::{Cell, Fault, Kind, LENIENT_HINT, Row, Slot, parse_number, shown, unknown_rows_reason};
pub(crate) use column::{
    Cardinality, Column, ColumnSpec, Duration, Finite, Known, Names, Naming, OptionalNames, Rule, TimeUs, Trimmed,
    Values, Whole, retain_rows, table,
};
pub(crate) use header::{Columns, Header};
pub(crate) use lines::Lines;
pub(crate) use rows::{Reading, Table};
pub(crate) use settle::{Settling, WholeColumn};
pub(crate) use source::Source;
pub(crate) use times::{TIME_UNIT, TIME_ZONE, Times};
pub(crate) use unknown::Unless;

use super::{Construction, Options, TraceError};
use crate::store::Input;

/// Reads the table that an adapter declares.
///
/// # Errors
/// When a column is missing, there are no rows, reading fails, or (unless `lenient`) a row has a fault.
pub(crate) fn read_table<T: Table<Context = Construction>>(
    input: Input<'_>,
    options: &Options,
) -> Result<Reading<T>, TraceError> {
    let source = Source::open(input)?;
    let columns = source.header().select(T::COLUMNS)?;
    source.read(&columns, options, &options.construction)
}
