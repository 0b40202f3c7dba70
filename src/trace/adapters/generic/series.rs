//! The rows of a file, channel by channel.

use super::per_series::{ClassOf, Missing, PerSeries, class, missing, side};
use super::sheet::Sheet;
use super::{CLASS, MISSING, SIDE, quoted};
use crate::residual::Class;
use crate::trace::baseline::mix::order_by_time;
use crate::trace::baseline::robust::Side;
use crate::trace::option::OptionSpec;
use crate::trace::output::Output;
use crate::trace::skeleton::owned;
use crate::trace::{Options, TraceError};

/// One channel: a value column, and the rows that have a value of it, in order of time.
pub(super) struct ValueSeries {
    pub(super) name: String,
    pub(super) column: usize,
    pub(super) class: Class,
    pub(super) rows: Vec<usize>,
}

/// What options say of columns and channels.
pub(super) struct OfSeries {
    pub(super) class: PerSeries<ClassOf>,
    pub(super) side: PerSeries<Side>,
    pub(super) missing: PerSeries<Missing>,
}

impl OfSeries {
    pub(super) fn new(options: &Options) -> Self {
        fn read<T: Copy + Default>(
            options: &Options,
            option: &OptionSpec,
            value: fn(&str) -> Result<T, String>,
        ) -> PerSeries<T> {
            PerSeries::parse(options.values.text(option), value).expect("it was checked when it was set")
        }
        Self {
            class: read(options, &CLASS, class),
            side: read(options, &SIDE, side),
            missing: read(options, &MISSING, missing),
        }
    }

    /// An error if a name is no column and no channel.
    pub(super) fn check(&self, series: &[ValueSeries], columns: &[String]) -> Result<(), String> {
        let is_known =
            |name: &str| columns.iter().any(|column| column == name) || series.iter().any(|series| series.name == name);
        let strangers = [(&CLASS, self.class.stranger(is_known)), (&SIDE, self.side.stranger(is_known))];
        match strangers.into_iter().find_map(|(option, name)| Some((option, name?))) {
            None => Ok(()),
            Some((option, name)) => {
                let mut known: Vec<&str> = columns.iter().map(String::as_str).collect();
                known.extend(
                    series
                        .iter()
                        .map(|series| series.name.as_str())
                        .filter(|name| !columns.iter().any(|column| column == name)),
                );
                let shown = quoted(&known[..known.len().min(SHOWN)]);
                let more = known
                    .len()
                    .checked_sub(SHOWN + 1)
                    .map_or_else(String::new, |more| format!(" and {} more", more + 1));
                Err(format!("`{name}` in --{} is no column and no channel; known: {shown}{more}", option.flag))
            }
        }
    }
}

/// Names that an error lists.
const SHOWN: usize = 30;

/// The series of each channel: one, or of a wide table one for each value column, called by its header, behind the name of the
/// channel where there are several.
pub(super) fn series(
    sheet: &Sheet,
    channels: &[Vec<usize>],
    columns: &[String],
    is_wide: bool,
    of_series: &OfSeries,
) -> Vec<ValueSeries> {
    let has_names = channels.iter().any(|rows| sheet.channels().of_row(rows[0]) != super::ONE_CHANNEL);
    let mut all = Vec::new();
    for rows in channels {
        let channel = sheet.channels().of_row(rows[0]);
        for (column, header) in columns.iter().enumerate() {
            let name = match (is_wide, has_names) {
                (false, _) => channel.to_owned(),
                (true, false) => header.clone(),
                (true, true) => owned(channel, header),
            };
            let ClassOf(class) = of_series.class.of(&name, header);
            let values = sheet.values(column);
            let rows: Vec<usize> = rows.iter().copied().filter(|row| !values[*row].is_nan()).collect();
            if !rows.is_empty() {
                all.push(ValueSeries { name, column, class, rows });
            }
        }
    }
    all
}

/// The reason under which rows of a channel at one time are counted.
pub(super) const TIME_TWICE: &str = "of a time that is there twice";

/// The rows of each channel, of which no two are at one time; `telling` are columns that may tell them apart.
pub(super) fn single(
    output: &mut Output<'_>,
    t: &[f64],
    mut channels: Vec<Vec<usize>>,
    telling: &[&str],
) -> Result<Vec<Vec<usize>>, TraceError> {
    let twice = channels.iter().flat_map(|rows| rows.windows(2)).filter(|pair| t[pair[0]] == t[pair[1]]);
    let has_twice = output.has_twice(twice.map(|pair| (pair[0], pair[1])), |row| {
        let which = match telling {
            [] => "which column tells the series apart? Pass --channel-col".to_owned(),
            [column] => format!("which column tells the series apart? Pass --channel-col {column}"),
            [first, ..] => {
                let columns = quoted(telling);
                format!(
                    "which column tells the series apart, of {columns}? Pass --channel-col, such as --channel-col {first}"
                )
            }
        };
        let hint = format!("{which}, or --one-series if a series has several values at a time");
        (format!("two values at t = {}", t[row]), hint)
    })?;
    if !has_twice {
        return Ok(channels);
    }
    for rows in &mut channels {
        let (kept, dropped): (Vec<_>, Vec<_>) = rows.chunk_by(|a, b| t[*a] == t[*b]).partition(|same| same.len() == 1);
        output.withdraw(&dropped.concat(), TIME_TWICE);
        *rows = kept.concat();
    }
    channels.retain(|rows| !rows.is_empty());
    Ok(channels)
}

/// The rows of each channel in order of time, channels in order of name: the published order of arrival.
pub(super) fn by_channel(sheet: &Sheet) -> Vec<Vec<usize>> {
    let ranks = sheet.channels().names.ranks();
    let mut channels = vec![Vec::new(); ranks.len()];
    let order = order_by_time(sheet.t());
    for at in 0..sheet.t().len() {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        channels[ranks[sheet.channels()[row].index()] as usize].push(row);
    }
    channels.retain(|rows| !rows.is_empty());
    channels
}
