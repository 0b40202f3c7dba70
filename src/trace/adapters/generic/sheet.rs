//! The rows of a file: a time, a channel, and one value or several.

use std::borrow::Cow;

use super::ONE_CHANNEL;
use super::per_series::Missing;
use crate::trace::TraceError;
use crate::trace::adapter::Construction;
use crate::trace::read::{
    Cell, CellRow, ColumnSpec, Names, Naming, RowFault, Settling, Table, Times, parse_number, retain_rows, table,
};

table! {
    /// When, and whose. What its columns are called, the header and the options tell.
    struct Keys {
        t: Times<false, true> = required("time"),
        channel: Names<SeriesName> = optional("channel"),
    }
}

/// The channel of a row; the published construction trims numbers, and no names.
pub(super) struct SeriesName;

impl Naming for SeriesName {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        Ok(match construction {
            _ if !cell.is_present() => ONE_CHANNEL.into(),
            Construction::Reference => cell.text().into(),
            Construction::Own(_) => cell.name(construction)?.into(),
        })
    }
}

/// How rows are read.
pub(super) struct Context {
    pub(super) construction: Construction,
    /// Of each value column, which cells are missing rather than wrong.
    pub(super) missing: Vec<Missing>,
}

/// Times, channels and values, with the columns besides them, of which ours has to know that they tell no series apart.
#[derive(Default)]
pub(super) struct Sheet {
    keys: Keys,
    /// By value column and row; NaN where it is missing.
    values: Vec<Vec<f64>>,
    others: Vec<Other>,
    /// The values of the row that is being read.
    read: Vec<f64>,
}

impl Sheet {
    pub(super) fn t(&self) -> &[f64] {
        &self.keys.t
    }

    pub(super) const fn channels(&self) -> &Names<SeriesName> {
        &self.keys.channel
    }

    /// The values of a column, by row; there are none of any column when no row could be read.
    pub(super) fn values(&self, column: usize) -> &[f64] {
        self.values.get(column).map_or(&[], Vec::as_slice)
    }

    pub(super) fn others(&self) -> &[Other] {
        &self.others
    }
}

/// A column that is not used.
#[derive(Clone, Default)]
pub(super) struct Other {
    first: Option<String>,
    /// Whether it has several values.
    pub(super) varies: bool,
    /// Whether one of them is text: no number, no date, and not unknown.
    pub(super) is_text: bool,
    /// Whether one of them is a number that is not whole, as that of a series never is.
    pub(super) has_fraction: bool,
    /// The first and the last number.
    ends: Option<[f64; 2]>,
    /// Whether a number is not greater than the one before.
    falls: bool,
}

impl Other {
    fn see(&mut self, cell: Cell<'_>) {
        let text = cell.text();
        match &self.first {
            None => self.first = Some(text.to_owned()),
            Some(first) => self.varies = self.varies || first != text,
        }
        let number = parse_number(text.trim());
        self.has_fraction = self.has_fraction || number.is_some_and(|number| number.fract() != 0.0);
        if let Some(number) = number {
            self.go_on(number, number);
        }
        let is_number = text.trim().is_empty() || number.is_some();
        self.is_text = self.is_text || !is_number && cell.known_name().is_some() && !cell.is_date();
    }

    fn go_on(&mut self, first: f64, last: f64) {
        let ends = self.ends.get_or_insert([first, f64::NEG_INFINITY]);
        self.falls |= first <= ends[1];
        ends[1] = last;
    }

    /// Whether it is a number that rises from row to row, as that of a row does.
    pub(super) fn counts_rows(&self) -> bool {
        self.ends.is_some() && !self.is_text && !self.falls
    }

    fn absorb(&mut self, later: Self) {
        if let Some([first, last]) = later.ends {
            self.go_on(first, last);
        }
        self.falls |= later.falls;
        self.varies |= later.varies || self.first.is_some() && later.first.is_some() && self.first != later.first;
        self.is_text |= later.is_text;
        self.has_fraction |= later.has_fraction;
        self.first = self.first.take().or(later.first);
    }
}

/// Item by item of two lists, the first of which becomes as long as the second.
fn absorb_all<T: Default>(these: &mut Vec<T>, later: Vec<T>, absorb: impl Fn(&mut T, T)) {
    for (at, later) in later.into_iter().enumerate() {
        if at == these.len() {
            these.push(T::default());
        }
        absorb(&mut these[at], later);
    }
}

impl Table for Sheet {
    type Context = Context;

    const COLUMNS: &'static [ColumnSpec] = Keys::COLUMNS;

    fn row(&mut self, context: &Context, row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        let mut behind = row.cells_behind(Self::COLUMNS);
        self.read.clear();
        for (missing, cell) in context.missing.iter().zip(behind.by_ref()) {
            self.read.push(missing.read(cell, context.construction)?);
        }
        self.keys.row(&context.construction, row)?;
        self.values.resize_with(self.read.len(), Vec::new);
        for (column, value) in self.values.iter_mut().zip(&self.read) {
            column.push(*value);
        }
        for (at, cell) in behind.enumerate() {
            if at == self.others.len() {
                self.others.push(Other::default());
            }
            self.others[at].see(cell);
        }
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.keys.append(later.keys);
        absorb_all(&mut self.values, later.values, |these, later| these.extend_from_slice(&later));
        absorb_all(&mut self.others, later.others, Other::absorb);
    }

    fn retain(&mut self, keep: &[bool]) {
        self.keys.retain(keep);
        self.values.iter_mut().for_each(|column| retain_rows(column, keep));
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        self.keys.settle(settling)
    }
}
