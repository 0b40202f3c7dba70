//! Columns of times: one unit a column, found by the size of its numbers, or dates; then seconds.

use std::ops::Deref;

use super::cell::{Cell, Fault};
use super::column::Column;
use super::settle::WholeColumn;
use super::time::{Dated, date_text, parse_offset_s};
use crate::trace::option::{OptionKind, OptionSpec, OptionValues};
use crate::trace::{Construction, TraceError};

/// The unit of times that are numbers.
pub(crate) const TIME_UNIT: OptionSpec = OptionSpec {
    flag: "time-unit",
    key: "time_unit",
    help: "Unit of times that are numbers: s, ms, us or ns [default: found by their size]",
    kind: OptionKind::Text { value_name: "UNIT", check: |text| unit(text).map(|_| ()) },
};

/// The offset of times without one.
pub(crate) const TIME_ZONE: OptionSpec = OptionSpec {
    flag: "time-zone",
    key: "time_zone",
    help: "Offset of times that have none, such as +02:00 or UTC",
    kind: OptionKind::Text { value_name: "OFFSET", check: |text| zone(text).map(|_| ()) },
};

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// A number between those that seconds, milliseconds … since 1970 are in any year near ours.
    Unclear,
    WithOffset,
    WithoutOffset,
}

const FORMS: [Form; 7] = [
    Form::Seconds,
    Form::Milliseconds,
    Form::Microseconds,
    Form::Nanoseconds,
    Form::Unclear,
    Form::WithOffset,
    Form::WithoutOffset,
];

impl Form {
    /// That of a number: seconds up to 1e11 (of any origin), or since 1970 in a finer unit, up to the year 2286.
    fn of_number(number: f64) -> Self {
        match number.abs() {
            size if size < 1e11 => Self::Seconds,
            size if size < 1e13 => Self::Milliseconds,
            size if (1e14..1e16).contains(&size) => Self::Microseconds,
            size if (1e17..1e19).contains(&size) => Self::Nanoseconds,
            _ => Self::Unclear,
        }
    }

    fn is_number(self) -> bool {
        !matches!(self, Self::WithOffset | Self::WithoutOffset)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "in seconds",
            Self::Milliseconds => "in milliseconds since 1970",
            Self::Microseconds => "in microseconds since 1970",
            Self::Nanoseconds => "in nanoseconds since 1970",
            Self::Unclear => "a number of no unit that is known by its size",
            Self::WithOffset => "a date and time with its offset",
            Self::WithoutOffset => "a date and time without an offset",
        }
    }

    /// How many of it are a microsecond, or the other way round.
    fn us(self, number: f64) -> f64 {
        match self {
            Self::Seconds | Self::Unclear => number * 1e6,
            Self::Milliseconds => (number * 1e3).round(),
            Self::Nanoseconds => (number / 1e3).round(),
            Self::Microseconds | Self::WithOffset | Self::WithoutOffset => number,
        }
    }
}

/// A time as it stands: a number, or a date in microseconds since 1970.
pub(crate) struct Time {
    value: f64,
    form: Form,
}

/// Times in seconds. Plain seconds keep their origin; all others count from the earliest one, so that no microsecond is lost
/// to the years since 1970.
///
/// `UTC` says that the format of the file defines times without an offset to be UTC, `TRIMS` that the published construction
/// takes a number with blanks around it.
pub(crate) struct Times<const UTC: bool = false, const TRIMS: bool = false> {
    /// As they stand, until the column is settled; then in seconds.
    values: Vec<f64>,
    /// The first row of each form.
    first: [Option<usize>; FORMS.len()],
}

impl<const UTC: bool, const TRIMS: bool> Default for Times<UTC, TRIMS> {
    fn default() -> Self {
        Self { values: Vec::new(), first: [None; FORMS.len()] }
    }
}

impl<const UTC: bool, const TRIMS: bool> Deref for Times<UTC, TRIMS> {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

impl<const UTC: bool, const TRIMS: bool> Column<1> for Times<UTC, TRIMS> {
    type Value<'r> = Time;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Time, Fault> {
        let dated = |Dated { us, has_offset }| Time {
            value: us as f64,
            form: if has_offset { Form::WithOffset } else { Form::WithoutOffset },
        };
        // The published construction takes numbers alone, and all of them for seconds.
        if construction.is_reference() {
            let number = if TRIMS { cell.trimmed_finite(construction) } else { cell.finite(construction) };
            return number.map(|value| Time { value, form: Form::Seconds });
        }
        if let Some(date) = cell.likely_date() {
            return Ok(dated(date));
        }
        match cell.trimmed_finite(construction) {
            Ok(value) => Ok(Time { value, form: Form::of_number(value) }),
            Err(fault) => cell.date().map(dated).ok_or_else(|| fault.of_time()),
        }
    }

    fn push(&mut self, time: Time) {
        self.first[time.form as usize].get_or_insert(self.values.len());
        self.values.push(time.value);
    }

    fn append(&mut self, later: Self) {
        for (first, later) in self.first.iter_mut().zip(later.first) {
            *first = first.or(later.map(|row| self.values.len() + row));
        }
        self.values.extend_from_slice(&later.values);
    }

    fn settle(&mut self, column: &WholeColumn<'_>) -> Result<Option<String>, TraceError> {
        let values = &column.options.values;
        let told = told(values, &TIME_UNIT, unit);
        let zone = told_zone(values);
        // The published construction takes every number for seconds.
        let told_or_published = told.or(column.options.construction.is_reference().then_some(Form::Seconds));
        let (form, row) = match self.only_form(told_or_published, column)? {
            Some(found) => found,
            None => return Ok(None),
        };
        let name = column.name;
        let refuse = |problem: String| Err(column.error(row, problem));
        if told.is_some() && !form.is_number() {
            return refuse(format!("`{name}` is {}; --time-unit is for times that are numbers", form.name()));
        }
        if zone.is_some() && form != Form::WithoutOffset {
            return refuse(format!("`{name}` is {}; --time-zone is for times without an offset", form.name()));
        }
        match form {
            Form::Unclear => {
                return refuse(format!(
                    "`{name}` is `{}`, which is no time in s, ms, us or ns since 1970 of the years from 1973 to 2286; write it \
                     like `2018-03-02T14:44:02Z`, or pass --time-unit",
                    self.values[row]
                ));
            }
            Form::WithoutOffset if zone.is_none() && !UTC => {
                return refuse(format!(
                    "`{name}` is a time without an offset; pass --time-zone UTC or its offset, such as --time-zone +02:00"
                ));
            }
            Form::Seconds if told_or_published.is_none() && self.values.len() > 1 && self.are_dates() => {
                return refuse(format!(
                    "`{name}` is `{}`, which looks like a date (YYYYMMDD); write it like `2018-03-02T00:00:00Z`, or pass \
                     --time-unit s if it is a number of seconds",
                    self.values[row]
                ));
            }
            _ => {}
        }
        if form == Form::Seconds {
            return Ok(None);
        }
        let first = self.values.iter().copied().map(|value| form.us(value)).fold(f64::INFINITY, f64::min);
        self.values.iter_mut().for_each(|value| *value = (form.us(*value) - first) / 1e6);
        let origin = date_text((first as i64) - i64::from(zone.unwrap_or(0)) * 1_000_000);
        let note = match form {
            Form::WithOffset => return Ok(None),
            Form::WithoutOffset if zone.is_some() => return Ok(None),
            Form::WithoutOffset => format!("`{name}` has no offset, and is UTC in this format; t = 0 is {origin}"),
            _ if told.is_some() => return Ok(None),
            _ => format!("`{name}` is {}, as its size says; t = 0 is {origin} (--time-unit overrides)", form.name()),
        };
        Ok(Some(note))
    }
}

impl<const UTC: bool, const TRIMS: bool> Times<UTC, TRIMS> {
    /// The one form that all times have, numbers taken for `unit` if there is one, and the first row.
    fn only_form(&self, unit: Option<Form>, column: &WholeColumn<'_>) -> Result<Option<(Form, usize)>, TraceError> {
        let taken = |form: Form| unit.filter(|_| form.is_number()).unwrap_or(form);
        let mut found: Vec<(usize, Form)> =
            FORMS.into_iter().filter_map(|form| Some((self.first[form as usize]?, taken(form)))).collect();
        found.sort_by_key(|(row, _)| *row);
        let Some((first_row, first)) = found.first().copied() else { return Ok(None) };
        match found.iter().find(|(_, form)| *form != first) {
            None => Ok(Some((first, first_row))),
            Some((row, other)) => {
                let hint = if first.is_number() && other.is_number() { ", or pass --time-unit" } else { "" };
                let problem = format!(
                    "`{}` is {} here and {} on {}; give the whole column one form{hint}",
                    column.name,
                    other.name(),
                    first.name(),
                    column.at(first_row)
                );
                Err(column.error(*row, problem))
            }
        }
    }

    /// Whether all of them look like 20180302.
    fn are_dates(&self) -> bool {
        self.values.iter().all(|value| {
            let number = *value as u32;
            let (month, day) = (number / 100 % 100, number % 100);
            f64::from(number) == *value
                && (19_700_101..21_000_000).contains(&number)
                && (1..=12).contains(&month)
                && (1..=31).contains(&day)
        })
    }
}

/// What an option is set to; it was checked when it was set.
fn told<T>(values: &OptionValues, option: &OptionSpec, parse: fn(&str) -> Result<T, String>) -> Option<T> {
    values.text(option).and_then(|text| parse(text).ok())
}

fn told_zone(values: &OptionValues) -> Option<i32> {
    told(values, &TIME_ZONE, zone)
}

fn unit(text: &str) -> Result<Form, String> {
    match text {
        "s" => Ok(Form::Seconds),
        "ms" => Ok(Form::Milliseconds),
        "us" | "µs" => Ok(Form::Microseconds),
        "ns" => Ok(Form::Nanoseconds),
        _ => Err("a unit of time; it is s, ms, us or ns".to_owned()),
    }
}

fn zone(text: &str) -> Result<i32, String> {
    parse_offset_s(text).ok_or_else(|| {
        "an offset, such as `+02:00` or `UTC`; the offset of a zone that has a name changes with the season, so give the one \
         that holds for the file"
            .to_owned()
    })
}
