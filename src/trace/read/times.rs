//! Columns of times: one unit a column, which its name or the size of its numbers says, or dates; then seconds.

use std::ops::Deref;

use super::cell::Cell;
use super::column::{Column, retain_rows};
use super::fault::RowFault;
use super::row_problem::CellProblem;
use super::time::{Dated, date_text, parse_offset_s};
use super::time_problem::{TimeForm, TimeKind, TimeLook, TimeProblem, TimeUnit};
use super::unit::{Clock, Origin, digits_of_date, is_no_time, named_unit};
use super::unknown::Unknown;
use super::whole_column::WholeColumn;
use crate::trace::option::{OptionKind, OptionSpec, OptionValues};
use crate::trace::{Construction, FormatProblem, TraceError};

/// The unit of times that are numbers.
pub(crate) const TIME_UNIT: OptionSpec = OptionSpec {
    flag: "time-unit",
    key: "time_unit",
    help: "Unit of times that are numbers: s, ms, us or ns [default: as their name or size says]",
    kind: OptionKind::Word { value_name: "UNIT", read: |text| TimeUnit::parse(text).map(TimeUnit::symbol) },
};

/// The offset of times without one.
pub(crate) const TIME_ZONE: OptionSpec = OptionSpec {
    flag: "time-zone",
    key: "time_zone",
    help: "Offset of times that have none, such as +02:00 or UTC",
    kind: OptionKind::Text { value_name: "OFFSET", check: |text| zone(text).map(|_| ()) },
};

const FORMS: [TimeForm; 3] = [TimeForm::Number, TimeForm::WithOffset, TimeForm::WithoutOffset];

/// A time as it stands: a number, or a date in microseconds since 1970.
pub(crate) struct Time {
    value: f64,
    form: TimeForm,
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

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Time, RowFault> {
        // The published construction takes numbers alone, and all of them for seconds.
        if construction.is_reference() {
            let number = if TRIMS { cell.trimmed_finite(construction) } else { cell.finite(construction) };
            return number.map(|value| Time { value, form: TimeForm::Number });
        }
        let unknown = || cell.fault(CellProblem::Unknown(Unknown::NoTime));
        let dated = |Dated { us, has_offset }| {
            let form = if has_offset { TimeForm::WithOffset } else { TimeForm::WithoutOffset };
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
            Ok(value) => Ok(Time { value, form: TimeForm::Number }),
            Err(fault) => cell.date().map_or_else(|| Err(fault.of_time()), dated),
        }
    }

    fn push(&mut self, time: Time) {
        let row = self.values.len();
        if time.form == TimeForm::Number && (time.value == 0.0 || time.value == -1.0) {
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
        let (unit, zone) = (told(values, &TIME_UNIT, TimeUnit::parse), told_zone(values));
        let Some((form, row)) = self.only_form(column)? else { return Ok(()) };
        let name = column.name;
        let refuse =
            |problem: fn(String, TimeForm) -> TimeProblem| Err(column.error(row, problem(name.to_owned(), form)));
        if unit.is_some() && form != TimeForm::Number {
            return refuse(|column, form| TimeProblem::UnitOfDates { column, form });
        }
        if zone.is_some() && form != TimeForm::WithoutOffset {
            return refuse(|column, form| TimeProblem::UselessZone { column, form });
        }
        match form {
            // The published construction takes every number for seconds.
            TimeForm::Number if unit.is_none() && column.options.construction.is_reference() => Ok(()),
            TimeForm::Number => self.settle_numbers(unit, column),
            TimeForm::WithoutOffset if zone.is_none() && !UTC => refuse(|column, _| TimeProblem::NoOffset { column }),
            TimeForm::WithOffset | TimeForm::WithoutOffset => {
                self.find_unknown_dates(column)?;
                if zone.is_some()
                    && let Some((row, back_us)) = self.clock_put_back()
                {
                    let (column_name, minutes) = (name.to_owned(), (back_us / 60e6).round());
                    return Err(column.error(row, TimeProblem::ClockPutBack { column: column_name, minutes }));
                }
                let origin = self.count_from_first(|us| us, f64::from(zone.unwrap_or(0)) * 1e6);
                if form == TimeForm::WithoutOffset && zone.is_none() {
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
    fn only_form(&self, column: &WholeColumn<'_>) -> Result<Option<(TimeForm, usize)>, TraceError> {
        let mut found: Vec<(usize, TimeForm)> =
            FORMS.into_iter().filter_map(|form| Some((self.first[form as usize]?, form))).collect();
        found.sort_by_key(|(row, _)| *row);
        match found[..] {
            [] => Ok(self.suspects.first().map(|row| (TimeForm::Number, *row))),
            [(row, form)] => Ok(Some((form, row))),
            [(first, form), (row, other), ..] => {
                Err(mixture(column, (row, TimeKind::Form(other)), (first, TimeKind::Form(form))))
            }
        }
    }

    /// Rows whose numbers are times, in order.
    fn numbers(&self) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let rows = self.values.iter().copied().enumerate();
        rows.filter(|(_, value)| *value != 0.0 && *value != -1.0)
    }

    /// Makes seconds of numbers, in the unit that is told, that the column's name says, or that their size is.
    fn settle_numbers(&mut self, told: Option<TimeUnit>, column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
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
        if unit == TimeUnit::Seconds {
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
    fn named(&self, column: &WholeColumn<'_>) -> Result<Option<TimeUnit>, TraceError> {
        let name = column.name;
        let Some(named) = named_unit(name) else { return Ok(None) };
        let Some((row, first)) = self.numbers().next() else { return Ok(named.ok()) };
        let sizes = self.numbers().all(|(_, number)| TimeUnit::of_size(number).is_some());
        match (named, TimeUnit::of_size(first).filter(|_| sizes)) {
            (Ok(unit), None) => Ok(Some(unit)),
            (Ok(unit), Some(size)) if unit == size => Ok(Some(unit)),
            // Such as the start of an hour.
            (Err(_), Some(_)) => Ok(None),
            (Ok(named), Some(size)) => {
                let column_name = name.to_owned();
                let problem = TimeProblem::NamedOtherwise { column: column_name, named, number: first, size };
                Err(column.error(row, problem))
            }
            (Err(unit), None) => Err(column.error(row, TimeProblem::UnreadUnit { column: name.to_owned(), unit })),
        }
    }

    /// The unit that the size of numbers says: one since 1970, or seconds.
    fn unit_of_size(&self, column: &mut WholeColumn<'_>) -> Result<TimeUnit, TraceError> {
        let name = column.name;
        let numbers = || self.numbers().map(|(_, number)| number);
        let Some((row, first)) = self.numbers().next() else { return Ok(TimeUnit::Seconds) };
        let may_be_seconds = TimeUnit::Seconds.origin(first).is_some();
        if let Some(form) = digits_of_date(numbers()) {
            let (column_name, number) = (name.to_owned(), first);
            let problem = TimeProblem::DigitsOfDate { column: column_name, number, form, may_be_seconds };
            return Err(column.error(row, problem));
        }
        if let Some(clock) = Clock::of(numbers()) {
            let Clock { name: what, formula, .. } = clock;
            // Whole ones may as well be seconds.
            if !may_be_seconds || numbers().any(|number| number.fract() != 0.0) {
                let (column_name, number) = (name.to_owned(), first);
                let problem =
                    TimeProblem::OtherClock { column: column_name, number, clock: what, formula, may_be_seconds };
                return Err(column.error(row, problem));
            }
            column.notes.push(format!("`{name}` is taken for seconds; if it is {what}, convert it: {formula}"));
        }
        let size = TimeUnit::of_size(first);
        let is_other = |number: f64| TimeUnit::of_size(number) != size;
        if let Some((other_row, other)) = self.numbers().find(|(_, number)| is_other(*number)) {
            let described = |number: f64| match TimeUnit::of_size(number) {
                Some(unit) => TimeKind::Since1970(unit),
                None => TimeKind::NotSince1970(number),
            };
            return Err(mixture(column, (other_row, described(other)), (row, described(first))));
        }
        let too_large = |number: f64| size.is_none() && TimeUnit::Seconds.origin(number).is_none();
        match self.numbers().find(|(_, number)| too_large(*number)) {
            None => Ok(size.unwrap_or(TimeUnit::Seconds)),
            Some((row, number)) => {
                let alone = || std::iter::once(number);
                let look = match (digits_of_date(alone()), Clock::of(alone())) {
                    (Some(form), _) => Some(TimeLook::DigitsOfDate(form)),
                    (None, Some(clock)) => Some(TimeLook::OtherClock(clock.name)),
                    (None, None) => None,
                };
                Err(column.error(row, TimeProblem::TooLarge { column: name.to_owned(), number, look }))
            }
        }
    }

    /// From when all numbers count in `unit`; none if there are none but 0 and -1.
    fn only_origin(
        &self,
        unit: TimeUnit,
        is_named: bool,
        column: &WholeColumn<'_>,
    ) -> Result<Option<Origin>, TraceError> {
        let described = |origin: Origin| match origin {
            Origin::Epoch => TimeKind::Since1970(unit),
            Origin::Other => TimeKind::FromElsewhere(unit),
        };
        let mut first: Option<(usize, Origin)> = None;
        for (row, number) in self.numbers() {
            let Some(origin) = unit.origin(number) else {
                let name = column.name.to_owned();
                return Err(column.error(row, TimeProblem::WrongUnit { column: name, number, unit, is_named }));
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
        among: &'static str,
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
        let problem = TimeProblem::Unknown { column: column.name.to_owned(), value, among };
        Err(column.error(*first, FormatProblem::skippable(problem)))
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
fn mixture(column: &WholeColumn<'_>, (row, here): (usize, TimeKind), (first, there): (usize, TimeKind)) -> TraceError {
    let (name, at) = (column.name.to_owned(), column.at(first));
    column.error(row, TimeProblem::Mixture { column: name, here, there, at })
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
