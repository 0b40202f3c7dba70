//! The rows of a file, channel by channel.

use std::borrow::Cow;

use super::per_series::{ClassOf, Missing, PerSeries, class, missing, side};
use super::problem::GenericProblem;
use super::sheet::Sheet;
use super::{CLASS, MISSING, SIDE};
use crate::residual::Class;
use crate::trace::baseline::mix::order_by_time;
use crate::trace::baseline::robust::Side;
use crate::trace::option::OptionSpec;
use crate::trace::output::Output;
use crate::trace::repeated::RepeatedKey;
use crate::trace::skeleton::owned;
use crate::trace::{Options, TraceError};

/// One channel: a value column, and the rows that have a value of it, in order of time.
pub(super) struct ValueSeries<'a> {
    pub(super) name: String,
    pub(super) column: usize,
    pub(super) class: Class,
    /// Where no value is missing, those of the channel.
    pub(super) rows: Cow<'a, [usize]>,
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
    pub(super) fn check(&self, series: &[ValueSeries<'_>], columns: &[String]) -> Result<(), GenericProblem> {
        let is_known =
            |name: &str| columns.iter().any(|column| column == name) || series.iter().any(|series| series.name == name);
        let strangers = [(&CLASS, self.class.stranger(is_known)), (&SIDE, self.side.stranger(is_known))];
        match strangers.into_iter().find_map(|(option, name)| Some((option, name?))) {
            None => Ok(()),
            Some((option, name)) => {
                let channels = series.iter().map(|series| &series.name);
                let channels = channels.filter(|name| !columns.contains(name));
                let known = columns.iter().chain(channels).cloned().collect();
                Err(GenericProblem::UnknownSeries { name: name.to_owned(), flag: option.flag, known })
            }
        }
    }
}

/// The series of each channel: one, or of a wide table one for each value column, called by its header, behind the name of the
/// channel where there are several.
pub(super) fn series<'a>(
    sheet: &Sheet,
    channels: &'a [Vec<usize>],
    columns: &[String],
    is_wide: bool,
    of_series: &OfSeries,
) -> Vec<ValueSeries<'a>> {
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
            let is_known = |row: &usize| !values[*row].is_nan();
            let rows: Cow<'_, [usize]> =
                if rows.iter().all(is_known) { rows.into() } else { rows.iter().copied().filter(is_known).collect() };
            if !rows.is_empty() {
                all.push(ValueSeries { name, column, class, rows });
            }
        }
    }
    all
}

/// Calls `each` with every value: its series, and its place there. Of columns of one channel in the order of the stream, so that
/// it need not be sorted; else series by series.
pub(super) fn each_value<E>(
    series: &[ValueSeries<'_>],
    channels: &[Vec<usize>],
    t: &[f64],
    mut each: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<(), E> {
    let [rows] = channels else {
        let places = |of: usize| (0..series[of].rows.len()).map(move |at| (of, at));
        return (0..series.len()).flat_map(places).try_for_each(|(of, at)| each(of, at));
    };
    let mut next = vec![0; series.len()];
    for now in rows.chunk_by(|a, b| t[*a] == t[*b]) {
        for (of, (series, next)) in series.iter().zip(&mut next).enumerate() {
            while series.rows.get(*next).is_some_and(|row| t[*row] == t[now[0]]) {
                each(of, *next)?;
                *next += 1;
            }
        }
    }
    Ok(())
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
        let telling = telling.iter().map(|column| (*column).to_owned()).collect();
        RepeatedKey::Value { t: t[row], telling }
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
