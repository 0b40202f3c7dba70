//! Which columns of a file are what.

use crate::trace::adapter::Construction;
use crate::trace::option::OptionSpec;
use crate::trace::read::{Columns, Header, NumberedColumn, parse_number};
use crate::trace::{Options, TraceError};

use super::problem::{ColumnAsk, ColumnChoice, GenericProblem};
use super::{CHANNEL_COL, TIME_COL, VALUE_COL, VALUE_COLS};

/// Headers that ours is certain about, in any case.
const TIMES: [&str; 6] = ["t", "time", "ts", "timestamp", "t_seconds", "seconds"];
const VALUES: [&str; 9] =
    ["value", "residual", "latency", "latency_ms", "latency_s", "duration", "duration_ms", "duration_s", "metric"];
const CHANNELS: [&str; 4] = ["channel", "qclass", "group", "series"];

/// Headers that the published construction never takes for values.
const PUBLISHED_KEYS: [&str; 8] = ["id", "key", "uuid", "hash", "channel", "group", "qclass", "series"];

/// Parts of headers by which it tells a value column.
const PUBLISHED_VALUES: [&str; 7] = ["value", "residual", "latency", "metric", "amount", "v", "y"];

/// The columns of a file by their use.
pub(super) struct SelectedColumns {
    /// Time and channel, the values, then the others.
    pub(super) columns: Columns,
    /// The headers of the values.
    pub(super) values: Vec<String>,
    /// Whether each value column is a channel, or goes to the name of one.
    pub(super) is_wide: bool,
    /// The fields that are looked at, and not used.
    pub(super) others: Vec<usize>,
    pub(super) has_channel: bool,
    /// Columns that were left out because their first value is no number.
    pub(super) not_numeric: Vec<String>,
}

/// What stands for all numeric columns.
const ALL_COLUMNS: &str = "*";

/// The columns that are named, and those that the construction finds.
pub(super) fn select(header: &Header, options: &Options) -> Result<SelectedColumns, TraceError> {
    let named = |option: &OptionSpec| -> Result<Option<usize>, TraceError> {
        let Some(name) = options.values.text(option) else { return Ok(None) };
        header.required_field(name).map(Some)
    };
    let named = Fields { time: named(&TIME_COL)?, value: named(&VALUE_COL)?, channel: named(&CHANNEL_COL)? };
    let names: Vec<String> = header.names().iter().map(|name| name.to_lowercase()).collect();
    let trimmed: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let asked = |choice: ColumnChoice, ask: ColumnAsk| {
        header.problem(GenericProblem::Undecided { choice, ask, there: header.list() })
    };
    let list = options.values.text(&VALUE_COLS);
    let (found, values, not_numeric) = match list {
        Some(_) if named.value.is_some() => {
            return Err(header.problem(GenericProblem::ValueTwice));
        }
        Some(_) if options.construction.is_reference() => {
            return Err(header.problem(GenericProblem::OneValue));
        }
        Some(list) => {
            let found = keys(&trimmed, named).map_err(|choice| asked(choice, ColumnAsk::Keys))?;
            let (values, not_numeric) = listed(list, header, found)?;
            (found, values, not_numeric)
        }
        None => {
            let found = match options.construction {
                Construction::Reference => published(&names, named, header.first_record()),
                Construction::Own(_) => certain(&trimmed, named).map_err(|choice| asked(choice, ColumnAsk::All))?,
            };
            let values: Vec<usize> = found.value.into_iter().collect();
            (found, values, Vec::new())
        }
    };
    let mut columns = Columns::default();
    let missing = |what: &'static str| header.problem(GenericProblem::Missing { what, there: header.list() });
    columns.add(header, found.time.ok_or_else(|| missing("time"))?);
    match found.channel {
        Some(field) => columns.add(header, field),
        None => columns.add_absent("channel"),
    }
    if values.is_empty() {
        return Err(missing("value"));
    }
    values.iter().for_each(|field| columns.add(header, *field));
    // The published construction takes one column for both.
    if !options.construction.is_reference() {
        columns.check_distinct(2 + values.len(), header)?;
    }
    let is_used = |field: usize| [found.time, found.channel].contains(&Some(field)) || values.contains(&field);
    let others = match options.construction {
        Construction::Own(_) if list.is_none() => (0..names.len()).filter(|field| !is_used(*field)).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    others.iter().for_each(|field| columns.add(header, *field));
    let name = |field: &usize| header.names()[*field].trim().to_owned();
    let value_names: Vec<String> = values.iter().map(name).collect();
    if list.is_some() {
        check_names(&value_names, &values, header)?;
    }
    Ok(SelectedColumns {
        columns,
        values: value_names,
        is_wide: list.is_some(),
        others,
        has_channel: found.channel.is_some() || list.is_some(),
        not_numeric: not_numeric.iter().map(name).collect(),
    })
}

/// Checks that every value column has a name of its own, which is that of a channel.
fn check_names(names: &[String], fields: &[usize], header: &Header) -> Result<(), TraceError> {
    for (at, (name, field)) in names.iter().zip(fields).enumerate() {
        let column = field + 1;
        // pandas calls it so when it reads its own index again.
        if name.is_empty() || name.starts_with("Unnamed: ") {
            return Err(header.problem(GenericProblem::Nameless { column, there: header.list() }));
        }
        if let Some(other) = names[..at].iter().position(|other| other == name) {
            let (name, first, second) = (name.clone(), fields[other] + 1, column);
            return Err(header.problem(GenericProblem::OneChannel { name, first, second }));
        }
    }
    Ok(())
}

/// The fields of a list of headers, or of all numeric columns; and those that are left out of these.
fn listed(list: &str, header: &Header, keys: Fields) -> Result<(Vec<usize>, Vec<usize>), TraceError> {
    let is_key = |field: &usize| [keys.time, keys.channel].contains(&Some(*field));
    if list.trim() == ALL_COLUMNS {
        let first = header.first_record();
        let is_numeric = |field: &usize| {
            let cell = first.and_then(|record| record.get(*field));
            // Nothing is known of an empty cell: a text below it is an error then, and no loss.
            cell.is_some_and(|cell| cell.trim().is_empty() || parse_number(cell.trim()).is_some())
        };
        let fields = (0..header.names().len()).filter(|field| !is_key(field));
        return Ok(fields.partition(is_numeric));
    }
    let mut values: Vec<usize> = Vec::new();
    for name in list.split(',').map(str::trim) {
        let field = header.required_field(name)?;
        if is_key(&field) {
            return Err(header.problem(GenericProblem::KeyAsValue(name.to_owned())));
        }
        if values.contains(&field) {
            return Err(header.problem(GenericProblem::RepeatedValue(name.to_owned())));
        }
        values.push(field);
    }
    Ok((values, Vec::new()))
}

/// Which fields of a record, from 0, mean what.
#[derive(Clone, Copy)]
struct Fields {
    time: Option<usize>,
    value: Option<usize>,
    channel: Option<usize>,
}

fn published(names: &[String], named: Fields, first: Option<&[String]>) -> Fields {
    let Fields { time, value, channel } = named;
    let is_number = |cell: &String| parse_number(cell.trim()).is_some();
    let time = time
        .or_else(|| names.iter().position(|name| name.contains('t')))
        .or_else(|| first.and_then(|record| record.iter().position(is_number)))
        .filter(|time| *time < names.len());
    let others = || (0..names.len()).filter(|field| Some(*field) != time);
    let others = || others().filter(|field| !PUBLISHED_KEYS.contains(&names[*field].as_str()));
    let looks_right = |field: &usize| PUBLISHED_VALUES.iter().any(|part| names[*field].contains(part));
    let value = value.or_else(|| others().find(looks_right)).or_else(|| others().next());
    let channel = channel.or_else(|| names.iter().position(|name| CHANNELS.contains(&name.as_str())));
    Fields { time, value, channel }
}

/// The only column of a certain name, unless one is named.
fn only(
    names: &[String],
    named: Fields,
    field: Option<usize>,
    known: &[&str],
    what: &'static str,
) -> Result<Option<usize>, ColumnChoice> {
    if field.is_some() {
        return Ok(field);
    }
    let is_free = |field: usize| ![named.time, named.value, named.channel].contains(&Some(field));
    let mut found = (0..names.len()).filter(|field| is_free(*field) && known.contains(&names[*field].as_str()));
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => {
            let numbered = |field: usize| NumberedColumn { number: field + 1, name: names[field].clone() };
            Err(ColumnChoice::Two { first: numbered(first), second: numbered(second), what })
        }
        (first, _) => Ok(first),
    }
}

/// The time and the channel.
fn keys(names: &[String], named: Fields) -> Result<Fields, ColumnChoice> {
    let time = only(names, named, named.time, &TIMES, "time")?;
    let channel = only(names, named, named.channel, &CHANNELS, "channel")?;
    if time.is_none() {
        return Err(ColumnChoice::None { what: "time", known: &TIMES });
    }
    Ok(Fields { time, value: None, channel })
}

fn certain(names: &[String], named: Fields) -> Result<Fields, ColumnChoice> {
    let time = only(names, named, named.time, &TIMES, "time")?;
    let channel = only(names, named, named.channel, &CHANNELS, "channel")?;
    let value = only(names, named, named.value, &VALUES, "value")?;
    let mut left = (0..names.len()).filter(|field| ![time, channel].contains(&Some(*field)));
    let value = value.or(left.next().filter(|_| time.is_some() && left.next().is_none()));
    match (time, value) {
        (None, _) => Err(ColumnChoice::None { what: "time", known: &TIMES }),
        (_, None) => Err(ColumnChoice::None { what: "value", known: &VALUES }),
        _ => Ok(Fields { time, value, channel }),
    }
}
