//! Any CSV with a time and a value column.

use std::borrow::Cow;

use crate::residual::{Class, formula};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::RollingMedian;
use crate::trace::baseline::mix::order_by_time;
use crate::trace::input::{Inputs, Trace};
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::output::Output;
use crate::trace::read::{
    Cell, ColumnSpec, Columns, DELIMITER, Fault, Header, Names, Naming, Row, Settling, Source, TIME_UNIT, TIME_ZONE,
    Table, Times, Trimmed, Values, parse_number, table,
};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Generic;

static ABOUT: About = About {
    name: "generic",
    title: "Any CSV with a time and a value column",
    citation: None,
    format: "any CSV with a time and a value",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[TIME_COL, VALUE_COL, CHANNEL_COL, ONE_SERIES, PRE_RESIDUALIZED, DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: Some("generic-csv"),
    is_recording: false,
};

impl Adapter for Generic {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn without_effect(&self, construction: Construction) -> &'static [OptionSpec] {
        // Published, all rows of a channel are one series.
        if construction.is_reference() { &[ONE_SERIES] } else { &[] }
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open_all(options.digest)?, options)
    }
}

pub(super) const TIME_COL: OptionSpec = OptionSpec {
    flag: "time-col",
    key: "time_col",
    help: "Time column, where its name does not tell",
    kind: OptionKind::Text { value_name: "HEADER", check: |_| Ok(()) },
};

const VALUE_COL: OptionSpec = OptionSpec {
    flag: "value-col",
    key: "value_col",
    help: "Value column of a generic CSV",
    kind: OptionKind::Text { value_name: "HEADER", check: |_| Ok(()) },
};

const CHANNEL_COL: OptionSpec = OptionSpec {
    flag: "channel-col",
    key: "channel_col",
    help: "Channel column of a generic CSV",
    kind: OptionKind::Text { value_name: "HEADER", check: |_| Ok(()) },
};

const ONE_SERIES: OptionSpec = OptionSpec {
    flag: "one-series",
    key: "one_series",
    help: "Take all rows of a channel of a generic CSV for one series, which may have several values at one time",
    kind: OptionKind::Switch,
};

const PRE_RESIDUALIZED: OptionSpec = OptionSpec {
    flag: "pre-residualized",
    key: "pre_residualized",
    help: "Take the values of a generic CSV as residuals",
    kind: OptionKind::Switch,
};

/// The channel where no column tells it.
const ONE_CHANNEL: &str = "generic";

/// Values of a channel that the published baseline is the mean of, for ever.
const PUBLISHED_BASELINE: usize = 3;

/// Values of a channel that ours needs; a generic series may be short.
const KNOWN: usize = 3;

/// What a series moves within, as a part of its largest value of late, may be its median or not: relative to less, a value
/// near 0 would be a change without bounds.
const FLOOR: f64 = 1e-3;

/// Headers that ours is certain about, in any case.
const TIMES: [&str; 6] = ["t", "time", "ts", "timestamp", "t_seconds", "seconds"];
const VALUES: [&str; 9] =
    ["value", "residual", "latency", "latency_ms", "latency_s", "duration", "duration_ms", "duration_s", "metric"];
const CHANNELS: [&str; 4] = ["channel", "qclass", "group", "series"];

/// Headers that the published construction never takes for values.
const PUBLISHED_KEYS: [&str; 8] = ["id", "key", "uuid", "hash", "channel", "group", "qclass", "series"];

/// Parts of headers by which it tells a value column.
const PUBLISHED_VALUES: [&str; 7] = ["value", "residual", "latency", "metric", "amount", "v", "y"];

table! {
    /// The series. What its columns are called, the header and the options tell.
    struct Series {
        t: Times<false, true> = required("time"),
        value: Values<Trimmed> = required("value"),
        channel: Names<SeriesName> = optional("channel"),
    }
}

/// The channel of a row; the published construction trims numbers, and no names.
struct SeriesName;

impl Naming for SeriesName {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, Fault> {
        Ok(match construction {
            _ if !cell.is_present() => ONE_CHANNEL.into(),
            Construction::Reference => cell.text().into(),
            Construction::Own(_) => cell.name(construction)?.trim().into(),
        })
    }
}

/// A series with the columns besides it, of which ours has to know that they tell no series apart.
#[derive(Default)]
struct Sheet {
    series: Series,
    others: Vec<Other>,
}

/// A column that is not used.
#[derive(Clone, Default)]
struct Other {
    first: Option<String>,
    /// Whether it has several values.
    varies: bool,
    /// Whether one of them is text: no number, no date, and not unknown.
    is_text: bool,
}

impl Other {
    fn see(&mut self, cell: Cell<'_>) {
        let text = cell.text();
        match &self.first {
            None => self.first = Some(text.to_owned()),
            Some(first) => self.varies = self.varies || first != text,
        }
        let is_number = text.trim().is_empty() || parse_number(text.trim()).is_some();
        self.is_text = self.is_text || !is_number && cell.known_name().is_some() && !cell.is_date();
    }

    fn absorb(&mut self, later: Self) {
        self.varies |= later.varies || self.first.is_some() && later.first.is_some() && self.first != later.first;
        self.is_text |= later.is_text;
        self.first = self.first.take().or(later.first);
    }
}

impl Table for Sheet {
    type Context = Construction;

    const COLUMNS: &'static [ColumnSpec] = Series::COLUMNS;

    fn row(&mut self, construction: &Construction, row: &Row<'_, '_>) -> Result<(), Fault> {
        self.series.row(construction, row)?;
        for (at, cell) in row.cells_behind(Self::COLUMNS).enumerate() {
            if at == self.others.len() {
                self.others.push(Other::default());
            }
            self.others[at].see(cell);
        }
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.series.append(later.series);
        for (at, other) in later.others.into_iter().enumerate() {
            match self.others.get_mut(at) {
                Some(this) => this.absorb(other),
                None => self.others.push(other),
            }
        }
    }

    fn retain(&mut self, keep: &[bool]) {
        self.series.retain(keep);
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        self.series.settle(settling)
    }
}

/// Relative residuals of a series, channel by channel.
///
/// `reference` guesses the columns that are not named (any header with the letter t is a time), takes the mean of a channel's
/// first three values as its baseline for ever, and leaves out channels with three rows or fewer. `plain` (ours) asks
/// unless it is certain, also for what tells series apart, and the baseline is the median of the channel's last 24 values, once 3
/// are known. A residual is relative to the median size of these values (which is the size of the median unless they change
/// sign), or to a thousandth of the largest size among them and the value itself, if that is more.
///
/// Values that are residuals already are taken as they are.
fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let mut source = Source::open(inputs)?;
    let Selected { columns, others, has_channel } = source.select(options, |header| select(header, options))?;
    let has_series = has_channel || options.values.switch(&ONE_SERIES) || options.construction.is_reference();
    let header = source.header().clone();
    let reading = source.read::<Sheet>(&columns, options, &options.construction)?;
    let (read, rows) = (reading.rows.read, reading.table.series.t.len());
    let (mut output, Sheet { series: table, others: seen }) = Output::new(options, reading, rows);
    let of_kind = |wanted: fn(&Other) -> bool| -> Vec<&str> {
        let fields = others.iter().zip(&seen).filter(|(_, other)| wanted(other)).map(|(field, _)| *field);
        fields.map(|field| header.names()[field].as_str()).collect()
    };
    let channels = by_channel(&table);
    let channels = match options.construction {
        Construction::Own(_) if !options.values.switch(&ONE_SERIES) => {
            let telling = of_kind(|other| other.is_text && other.varies);
            single(&mut output, &table, channels, &telling)?
        }
        _ => channels,
    };
    if !has_series {
        if let [first, rest @ ..] = &of_kind(|other| other.is_text && other.varies)[..] {
            let columns = quoted(first, rest);
            return Err(header.problem(format!(
                "text in {columns} is not used; which column tells the series apart? Pass --channel-col {first}, or \
                 --one-series if all rows are one series"
            )));
        }
        if let [first, rest @ ..] = &of_kind(|other| other.is_text && !other.varies)[..] {
            output.notes.push(format!("not used, for it is the same in all rows: {}", quoted(first, rest)));
        }
    }
    match options.construction {
        Construction::Reference if read < 2 => {
            return Err(output.file_error("the construction `reference` needs at least two rows"));
        }
        _ if options.values.switch(&PRE_RESIDUALIZED) => as_they_are(&mut output, &table, channels)?,
        Construction::Reference => reference(&mut output, &table, channels)?,
        Construction::Own(_) => plain(&mut output, &table, channels)?,
    }
    Ok(output.finish())
}

/// Names of columns, as an error lists them.
fn quoted(first: &str, rest: &[&str]) -> String {
    rest.iter().fold(format!("`{first}`"), |list, name| format!("{list}, `{name}`"))
}

/// The rows of each channel, of which no two are at one time; `telling` are columns that may tell them apart.
fn single(
    output: &mut Output<'_>,
    table: &Series,
    mut channels: Vec<Vec<usize>>,
    telling: &[&str],
) -> Result<Vec<Vec<usize>>, TraceError> {
    let twice = channels.iter().flat_map(|rows| rows.windows(2)).filter(|pair| table.t[pair[0]] == table.t[pair[1]]);
    let has_twice = output.has_twice(twice.map(|pair| (pair[0], pair[1])), |row| {
        let which = match telling {
            [] => "which column tells the series apart? Pass --channel-col".to_owned(),
            [column] => format!("which column tells the series apart? Pass --channel-col {column}"),
            [first, rest @ ..] => {
                let columns = quoted(first, rest);
                format!(
                    "which column tells the series apart, of {columns}? Pass --channel-col, such as --channel-col {first}"
                )
            }
        };
        let hint = format!("{which}, or --one-series if a series has several values at a time");
        (format!("two values at t = {}", table.t[row]), hint)
    })?;
    if !has_twice {
        return Ok(channels);
    }
    for rows in &mut channels {
        let (kept, dropped): (Vec<_>, Vec<_>) =
            rows.chunk_by(|a, b| table.t[*a] == table.t[*b]).partition(|same| same.len() == 1);
        output.withdraw(&dropped.concat(), "of a time that is there twice");
        *rows = kept.concat();
    }
    channels.retain(|rows| !rows.is_empty());
    Ok(channels)
}

/// The rows of each channel in order of time, channels in order of name: the published order of arrival.
fn by_channel(table: &Series) -> Vec<Vec<usize>> {
    let ranks = table.channel.names.ranks();
    let mut channels = vec![Vec::new(); ranks.len()];
    let order = order_by_time(&table.t);
    for at in 0..table.t.len() {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        channels[ranks[table.channel[row].index()] as usize].push(row);
    }
    channels.retain(|rows| !rows.is_empty());
    channels
}

fn as_they_are(output: &mut Output<'_>, table: &Series, channels: Vec<Vec<usize>>) -> Result<(), TraceError> {
    for rows in channels {
        let channel = output.builder.channel(table.channel.of_row(rows[0]));
        for row in rows {
            output.row(row, &[(table.t[row], Class::PlanRegression, table.value[row], channel)])?;
        }
    }
    Ok(())
}

fn reference(output: &mut Output<'_>, table: &Series, channels: Vec<Vec<usize>>) -> Result<(), TraceError> {
    for rows in channels {
        if rows.len() <= PUBLISHED_BASELINE {
            output.withdraw(&rows, "in a channel of three rows or fewer");
            continue;
        }
        let (first, rest) = rows.split_at(PUBLISHED_BASELINE);
        first.iter().for_each(|row| output.feeds(*row));
        let baseline = first.iter().fold(-0.0, |sum, row| sum + table.value[*row]) / PUBLISHED_BASELINE as f64;
        let channel = output.builder.channel(table.channel.of_row(rows[0]));
        for row in rest {
            let residual = formula::latency(table.value[*row], baseline);
            output.row(*row, &[(table.t[*row], Class::PlanRegression, residual, channel)])?;
        }
    }
    Ok(())
}

fn plain(output: &mut Output<'_>, table: &Series, channels: Vec<Vec<usize>>) -> Result<(), TraceError> {
    for rows in channels {
        let channel = output.builder.channel(table.channel.of_row(rows[0]));
        let (mut history, mut sizes) = (RollingMedian::default(), RollingMedian::default());
        for row in rows {
            let value = table.value[row];
            let floor = FLOOR * sizes.largest().unwrap_or_default().max(value.abs());
            let known = history.after(KNOWN).zip(sizes.after(KNOWN));
            let residual = known.map(|(median, size)| relative(value, median, size.max(floor)));
            let residual = residual.map(|residual| (table.t[row], Class::PlanRegression, residual, channel));
            if output.row(row, residual.as_slice())? {
                history.push(value);
                sizes.push(value.abs());
            }
        }
    }
    Ok(())
}

/// What a value is away from the median of those before, in units of their usual size.
fn relative(value: f64, median: f64, size: f64) -> f64 {
    // Of the published formula, the floor that is there already.
    (value - median) / size.max(1e-9)
}

/// The columns of a file by their use.
struct Selected {
    columns: Columns,
    /// The fields that are looked at, and not used.
    others: Vec<usize>,
    has_channel: bool,
}

/// The columns that are named, and those that the construction finds.
fn select(header: &Header, options: &Options) -> Result<Selected, TraceError> {
    let named = |option: &OptionSpec| -> Result<Option<usize>, TraceError> {
        let Some(name) = options.values.text(option) else { return Ok(None) };
        header.required_field(name).map(Some)
    };
    let named = Fields { time: named(&TIME_COL)?, value: named(&VALUE_COL)?, channel: named(&CHANNEL_COL)? };
    let names: Vec<String> = header.names().iter().map(|name| name.to_lowercase()).collect();
    let trimmed: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let found = match options.construction {
        Construction::Reference => published(&names, named, header.first_record()),
        Construction::Own(_) => certain(&trimmed, named).map_err(|problem| {
            header.problem(format!(
                "{problem}; pass --time-col, --value-col or --channel-col (there are {})",
                header.list()
            ))
        })?,
    };
    let mut columns = Columns::default();
    for ColumnSpec { name, required } in Series::COLUMNS {
        let field = match *name {
            "time" => found.time,
            "value" => found.value,
            _ => found.channel,
        };
        match field {
            Some(field) => columns.add(header, field),
            None if *required => {
                let problem = format!("no column looks like a {name}; name it (there are {})", header.list());
                return Err(header.problem(problem));
            }
            None => columns.add_absent(name),
        }
    }
    columns.check_distinct(Series::COLUMNS.len(), header)?;
    let used = [found.time, found.value, found.channel];
    let others = match options.construction {
        Construction::Reference => Vec::new(),
        Construction::Own(_) => (0..names.len()).filter(|field| !used.contains(&Some(*field))).collect::<Vec<_>>(),
    };
    others.iter().for_each(|field| columns.add(header, *field));
    Ok(Selected { columns, others, has_channel: found.channel.is_some() })
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

fn certain(names: &[String], named: Fields) -> Result<Fields, String> {
    let only = |field: Option<usize>, known: &[&str], what: &str| {
        if field.is_some() {
            return Ok(field);
        }
        let is_free = |field: usize| ![named.time, named.value, named.channel].contains(&Some(field));
        let mut found = (0..names.len()).filter(|field| is_free(*field) && known.contains(&names[*field].as_str()));
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => Err(format!(
                "columns {} (`{}`) and {} (`{}`) could both be the {what}",
                first + 1,
                names[first],
                second + 1,
                names[second]
            )),
            (first, _) => Ok(first),
        }
    };
    let time = only(named.time, &TIMES, "time")?;
    let channel = only(named.channel, &CHANNELS, "channel")?;
    let value = only(named.value, &VALUES, "value")?;
    let mut left = (0..names.len()).filter(|field| ![time, channel].contains(&Some(*field)));
    let value = value.or(left.next().filter(|_| time.is_some() && left.next().is_none()));
    match (time, value) {
        (None, _) => Err(format!("no column is called like a time ({})", TIMES.join(", "))),
        (_, None) => Err(format!("no column is called like a value ({})", VALUES.join(", "))),
        _ => Ok(Fields { time, value, channel }),
    }
}
