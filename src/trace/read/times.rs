//! Columns of times: one unit a column, which its name or the size of its numbers says, or dates; then seconds.

use std::ops::Deref;

use super::cell::{Cell, Fault, Kind, LENIENT_HINT};
use super::column::{Column, retain_rows};
use super::settle::WholeColumn;
use super::time::{Dated, date_text, parse_offset_s};
use super::unit::{Clock, Origin, Unit, digits_of_date, is_no_time, named_unit};
use super::unknown::Unknown;
use crate::trace::option::{OptionKind, OptionSpec, OptionValues};
use crate::trace::{Construction, TraceError};

/// The unit of times that are numbers.
pub(crate) const TIME_UNIT: OptionSpec = OptionSpec {
    flag: "time-unit",
    key: "time_unit",
    help: "Unit of times that are numbers: s, ms, us or ns [default: as their name or size says]",
    kind: OptionKind::Word { value_name: "UNIT", read: |text| Unit::parse(text).map(Unit::symbol) },
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
    Number,
    WithOffset,
    WithoutOffset,
}

const FORMS: [Form; 3] = [Form::Number, Form::WithOffset, Form::WithoutOffset];

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::WithOffset => "a date and time with its offset",
            Self::WithoutOffset => "a date and time without an offset",
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
    /// Rows of 0 and -1, which stand for unknown among times since 1970. They have no form.
    suspects: Vec<usize>,
    /// When t = 0 was, in microseconds since 1970, if that is known.
    origin_us: Option<f64>,
}

impl<const UTC: bool, const TRIMS: bool> Default for Times<UTC, TRIMS> {
    fn default() -> Self {
        Self { values: Vec::new(), first: [None; FORMS.len()], suspects: Vec::new(), origin_us: None }
    }
}

impl<const UTC: bool, const TRIMS: bool> Deref for Times<UTC, TRIMS> {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// The end of what a trace can have been recorded at, in microseconds since 1970: the year 2100.
const END_US: i64 = 4_102_444_800_000_000;

/// A day, which is more than any offset.
const DAY_US: i64 = 86_400_000_000;

/// By how much clocks are put back.
const HOUR_US: f64 = 3_600e6;

/// The start of 2000, beside which 1970 is no time but 0.
const YEAR_2000_US: f64 = 946_684_800e6;

impl<const UTC: bool, const TRIMS: bool> Column<1> for Times<UTC, TRIMS> {
    type Value<'r> = Time;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Time, Fault> {
        // The published construction takes numbers alone, and all of them for seconds.
        if construction.is_reference() {
            let number = if TRIMS { cell.trimmed_finite(construction) } else { cell.finite(construction) };
            return number.map(|value| Time { value, form: Form::Number });
        }
        let unknown = || cell.fault(Kind::Unknown(Unknown::NoTime));
        let dated = |Dated { us, has_offset }| {
            let form = if has_offset { Form::WithOffset } else { Form::WithoutOffset };
            let is_time = (-DAY_US..END_US).contains(&us);
            if is_time { Ok(Time { value: us as f64, form }) } else { Err(unknown()) }
        };
        if let Some(date) = cell.likely_date() {
            return dated(date);
        }
        if cell.is_no_date() {
            return Err(unknown());
        }
        match cell.finite(construction) {
            Ok(value) if is_no_time(value) => Err(unknown()),
            Ok(value) => Ok(Time { value, form: Form::Number }),
            Err(fault) => cell.date().map_or_else(|| Err(fault.of_time()), dated),
        }
    }

    fn push(&mut self, time: Time) {
        let row = self.values.len();
        if time.form == Form::Number && (time.value == 0.0 || time.value == -1.0) {
            self.suspects.push(row);
        } else {
            self.first[time.form as usize].get_or_insert(row);
        }
        self.values.push(time.value);
    }

    fn append(&mut self, later: Self) {
        let before = self.values.len();
        for (first, later) in self.first.iter_mut().zip(later.first) {
            *first = first.or(later.map(|row| before + row));
        }
        self.suspects.extend(later.suspects.iter().map(|row| before + row));
        self.values.extend_from_slice(&later.values);
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.values, keep);
    }

    fn settle(&mut self, column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
        let values = &column.options.values;
        let (unit, zone) = (told(values, &TIME_UNIT, Unit::parse), told_zone(values));
        let Some((form, row)) = self.only_form(column)? else { return Ok(()) };
        let name = column.name;
        let refuse = |problem: String| Err(column.error(row, problem));
        if unit.is_some() && form != Form::Number {
            return refuse(format!("`{name}` is {}; --time-unit is for times that are numbers", form.name()));
        }
        if zone.is_some() && form != Form::WithoutOffset {
            return refuse(format!("`{name}` is {}; --time-zone is for times without an offset", form.name()));
        }
        match form {
            // The published construction takes every number for seconds.
            Form::Number if unit.is_none() && column.options.construction.is_reference() => Ok(()),
            Form::Number => self.settle_numbers(unit, column),
            Form::WithoutOffset if zone.is_none() && !UTC => refuse(format!(
                "`{name}` is a time without an offset; pass --time-zone UTC or its offset, such as --time-zone +02:00"
            )),
            Form::WithOffset | Form::WithoutOffset => {
                self.find_unknown_dates(column)?;
                if zone.is_some()
                    && let Some((row, back_us)) = self.clock_put_back()
                {
                    return Err(column.error(
                        row,
                        format!(
                            "`{name}` goes back by {} min in the night of a Sunday, as clocks do at the end of daylight saving \
                             time; no one offset is right before and after: export times in UTC, or with their offsets",
                            (back_us / 60e6).round(),
                        ),
                    ));
                }
                let origin = self.count_from_first(|us| us, f64::from(zone.unwrap_or(0)) * 1e6);
                if form == Form::WithoutOffset && zone.is_none() {
                    column.notes.push(format!("`{name}` has no offset, and is UTC in this format; t = 0 is {origin}"));
                }
                Ok(())
            }
        }
    }
}

impl<const UTC: bool, const TRIMS: bool> Times<UTC, TRIMS> {
    /// When a time of the settled column was, in microseconds since 1970, if that is known.
    pub(crate) fn us_since_1970(&self, t: f64) -> Option<f64> {
        self.origin_us.map(|origin_us| origin_us + t * 1e6)
    }

    /// The one form that all times have, and the first row that has it.
    fn only_form(&self, column: &WholeColumn<'_>) -> Result<Option<(Form, usize)>, TraceError> {
        let mut found: Vec<(usize, Form)> =
            FORMS.into_iter().filter_map(|form| Some((self.first[form as usize]?, form))).collect();
        found.sort_by_key(|(row, _)| *row);
        match found[..] {
            [] => Ok(self.suspects.first().map(|row| (Form::Number, *row))),
            [(row, form)] => Ok(Some((form, row))),
            [(first, form), (row, other), ..] => {
                Err(mixture(column, (row, other.name().to_owned()), (first, form.name().to_owned())))
            }
        }
    }

    /// Rows whose numbers are times, in order.
    fn numbers(&self) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let rows = self.values.iter().copied().enumerate();
        rows.filter(|(_, value)| *value != 0.0 && *value != -1.0)
    }

    /// Makes seconds of numbers, in the unit that is told, that the column's name says, or that their size is.
    fn settle_numbers(&mut self, told: Option<Unit>, column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
        let name = column.name;
        let named = if told.is_some() { None } else { self.named(column)? };
        let unit = match told.or(named) {
            Some(unit) => unit,
            None => self.unit_of_size(column)?,
        };
        let Some(origin) = self.only_origin(unit, named.is_some(), column)? else {
            // 0 and -1 alone.
            return Ok(());
        };
        if origin == Origin::Epoch {
            let suspects = std::mem::take(&mut self.suspects);
            self.reject_unknown(&suspects, &suspects, "among times since 1970", column)?;
        }
        if unit == Unit::Seconds {
            self.origin_us = (origin == Origin::Epoch).then_some(0.0);
            return Ok(());
        }
        let start = self.count_from_first(|number| unit.us(number), 0.0);
        if told.is_none() {
            let (since, start) = match origin {
                Origin::Epoch => (" since 1970", format!("; t = 0 is {start}")),
                Origin::Other => ("", String::new()),
            };
            let says = if named.is_some() { "its name" } else { "its size" };
            let unit = unit.name();
            column.notes.push(format!("`{name}` is in {unit}{since}, as {says} says{start} (--time-unit overrides)"));
        }
        if origin == Origin::Other {
            self.origin_us = None;
        }
        Ok(())
    }

    /// The unit that the column's name says. It must not be another one than the size of all of its numbers says.
    fn named(&self, column: &WholeColumn<'_>) -> Result<Option<Unit>, TraceError> {
        let name = column.name;
        let Some(named) = named_unit(name) else { return Ok(None) };
        let Some((row, first)) = self.numbers().next() else { return Ok(named.ok()) };
        let sizes = self.numbers().all(|(_, number)| Unit::of_size(number).is_some());
        match (named, Unit::of_size(first).filter(|_| sizes)) {
            (Ok(unit), None) => Ok(Some(unit)),
            (Ok(unit), Some(size)) if unit == size => Ok(Some(unit)),
            // Such as the start of an hour.
            (Err(_), Some(_)) => Ok(None),
            (Ok(unit), Some(size)) => Err(column.error(
                row,
                format!(
                    "`{name}` is named for {}, but `{first}` is a time in {} since 1970; pass --time-unit {} or --time-unit \
                     {}, whichever is right",
                    unit.name(),
                    size.name(),
                    size.symbol(),
                    unit.symbol()
                ),
            )),
            (Err(other), None) => Err(column.error(
                row,
                format!("`{name}` is named for {other}; convert it to seconds, or pass --time-unit if the name is wrong"),
            )),
        }
    }

    /// The unit that the size of numbers says: one since 1970, or seconds.
    fn unit_of_size(&self, column: &mut WholeColumn<'_>) -> Result<Unit, TraceError> {
        let name = column.name;
        let numbers = || self.numbers().map(|(_, number)| number);
        let Some((row, first)) = self.numbers().next() else { return Ok(Unit::Seconds) };
        let seconds = match Unit::Seconds.origin(first) {
            Some(_) => ", or pass --time-unit s if it is a number of seconds",
            None => "",
        };
        if let Some(form) = digits_of_date(numbers()) {
            return Err(column.error(
                row,
                format!(
                    "`{name}` is `{first}`, which looks like a date written as a number ({form}); write it like \
                     `2018-03-02T14:44:02Z`{seconds}"
                ),
            ));
        }
        if let Some(clock) = Clock::of(numbers()) {
            let Clock { name: what, formula, .. } = clock;
            // Whole ones may as well be seconds.
            if seconds.is_empty() || numbers().any(|number| number.fract() != 0.0) {
                return Err(column.error(
                    row,
                    format!(
                        "`{name}` is `{first}`, which looks like {what}; convert it to seconds since 1970, which are \
                         {formula}{seconds}"
                    ),
                ));
            }
            column.notes.push(format!("`{name}` is taken for seconds; if it is {what}, convert it: {formula}"));
        }
        let size = Unit::of_size(first);
        let is_other = |number: f64| Unit::of_size(number) != size;
        if let Some((other_row, other)) = self.numbers().find(|(_, number)| is_other(*number)) {
            let described = |number: f64| match Unit::of_size(number) {
                Some(unit) => format!("in {} since 1970", unit.name()),
                None => format!("`{number}`, which is no time since 1970,"),
            };
            return Err(mixture(column, (other_row, described(other)), (row, described(first))));
        }
        let too_large = |number: f64| size.is_none() && Unit::Seconds.origin(number).is_none();
        match self.numbers().find(|(_, number)| too_large(*number)) {
            None => Ok(size.unwrap_or(Unit::Seconds)),
            Some((row, number)) => {
                let alone = || std::iter::once(number);
                let looks = match (digits_of_date(alone()), Clock::of(alone())) {
                    (Some(form), _) => format!("; it looks like a date written as a number ({form})"),
                    (None, Some(clock)) => format!("; it looks like {}", clock.name),
                    (None, None) => String::new(),
                };
                Err(column.error(
                    row,
                    format!(
                        "`{name}` is `{number}`, which is not a time between 2000 and 2100 in s, ms, us or ns since 1970, and \
                         is too large for seconds from another origin{looks}; pass --time-unit, or write it like \
                         `2018-03-02T14:44:02Z`"
                    ),
                ))
            }
        }
    }

    /// From when all numbers count in `unit`; none if there are none but 0 and -1.
    fn only_origin(&self, unit: Unit, is_named: bool, column: &WholeColumn<'_>) -> Result<Option<Origin>, TraceError> {
        let described = |origin: Origin| match origin {
            Origin::Epoch => format!("in {} since 1970", unit.name()),
            Origin::Other => format!("in {} from another origin", unit.name()),
        };
        let mut first: Option<(usize, Origin)> = None;
        for (row, number) in self.numbers() {
            let Some(origin) = unit.origin(number) else {
                let says = if is_named { "as its name says; pass --time-unit" } else { "as --time-unit says" };
                return Err(column.error(
                    row,
                    format!(
                        "`{}` is `{number}`, which is neither a time between 2000 and 2100 in {} since 1970 nor within ten \
                         years of another origin, {says}",
                        column.name,
                        unit.name()
                    ),
                ));
            };
            match first {
                Some((first, other)) if other != origin => {
                    return Err(mixture(column, (row, described(origin)), (first, described(other))));
                }
                Some(_) => {}
                None => first = Some((row, origin)),
            }
        }
        Ok(first.map(|(_, origin)| origin))
    }

    /// Rejects numbers among dates, and 1970 among the dates of this century.
    fn find_unknown_dates(&mut self, column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
        let suspects = std::mem::take(&mut self.suspects);
        let is_suspect = |row: &usize| suspects.binary_search(row).is_ok();
        let dates = || (0..self.values.len()).filter(|row| !is_suspect(row));
        let is_1970 = |row: &usize| self.values[*row].abs() < DAY_US as f64;
        let mut unknown = suspects.clone();
        if dates().any(|row| self.values[row] >= YEAR_2000_US) {
            unknown.extend(dates().filter(is_1970));
        }
        unknown.sort_unstable();
        self.reject_unknown(&unknown, &suspects, "among dates of this century", column)
    }

    /// Where local times go back by up to an hour to the early morning of a Sunday, as clocks are put back, and by how much.
    fn clock_put_back(&self) -> Option<(usize, f64)> {
        let is_early_on_sunday = |us: f64| {
            let days = (us / DAY_US as f64).floor();
            // 1970 began on a Thursday.
            (days + 4.0).rem_euclid(7.0) == 0.0 && us - days * (DAY_US as f64) < 3.0 * HOUR_US
        };
        let steps = self.values.windows(2).enumerate().map(|(row, pair)| (row + 1, pair[0] - pair[1], pair[1]));
        let mut back = steps.filter(|(_, back_us, _)| *back_us > 0.0);
        let (row, back_us, to_us) = back.next()?;
        // More of them, or of other sizes, are those of a file in another order.
        let is_one = back.next().is_none() && (HOUR_US / 3.0..=HOUR_US).contains(&back_us);
        (is_one && is_early_on_sunday(to_us)).then_some((row, back_us))
    }

    /// Rejects rows whose times stand for unknown, some of them `numbers`; the first one is an error, unless such rows are counted.
    fn reject_unknown(
        &mut self,
        rows: &[usize],
        numbers: &[usize],
        among: &str,
        column: &mut WholeColumn<'_>,
    ) -> Result<(), TraceError> {
        let Some(first) = rows.first() else { return Ok(()) };
        if column.options.lenient {
            rows.iter().for_each(|row| self.values[*row] = f64::NAN);
            column.unknown.extend_from_slice(rows);
            return Ok(());
        }
        let value = self.values[*first];
        let value = if numbers.contains(first) { value.to_string() } else { date_text(value as i64) };
        let problem = format!("`{}` is `{value}`, which stands for unknown {among}; leave the row out", column.name);
        Err(column.error(*first, problem + LENIENT_HINT))
    }

    /// Makes seconds since the earliest time of all that are known, which is returned.
    fn count_from_first(&mut self, us: impl Fn(f64) -> f64, zone_us: f64) -> String {
        let first = self.values.iter().copied().map(&us).fold(f64::INFINITY, f64::min);
        self.values.iter_mut().for_each(|value| *value = (us(*value) - first) / 1e6);
        self.origin_us = Some(first - zone_us);
        date_text((first - zone_us) as i64)
    }
}

/// An error about a column whose rows are not of one kind; each row comes with what it is.
fn mixture(column: &WholeColumn<'_>, (row, this): (usize, String), (first, other): (usize, String)) -> TraceError {
    let (name, at) = (column.name, column.at(first));
    let problem = format!("`{name}` is {this} here and {other} on {at}; give the whole column one form");
    column.error(row, problem)
}

/// What an option is set to; it was checked when it was set.
fn told<T>(values: &OptionValues, option: &OptionSpec, parse: fn(&str) -> Result<T, String>) -> Option<T> {
    values.text(option).and_then(|text| parse(text).ok())
}

fn told_zone(values: &OptionValues) -> Option<i32> {
    told(values, &TIME_ZONE, zone)
}

fn zone(text: &str) -> Result<i32, String> {
    parse_offset_s(text).ok_or_else(|| {
        "an offset, such as `+02:00` or `UTC`; the offset of a zone that has a name changes with the season, so give the one \
         that holds for the file"
            .to_owned()
    })
}
