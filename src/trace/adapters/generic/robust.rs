//! The construction `robust`: residuals in units of the channel's own noise.

use rayon::prelude::*;

use super::per_series::PerSeries;
use super::problem::GenericProblem;
use super::series::{ValueSeries, each_value};
use super::sheet::Sheet;
use super::{BASELINE, RULE, SEASON, quoted};
use crate::residual::{ChannelId, Class};
use crate::trace::baseline::robust::{Robust, RobustRules, SeasonOf, Side};
use crate::trace::output::Output;
use crate::trace::read::{date_s, parse_number};
use crate::trace::rules::Rulebook;
use crate::trace::{Options, TraceError};

/// Channels that a note names.
const NAMED: usize = 10;

/// The values of a file.
pub(super) struct SeriesTable<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) channels: &'a [Vec<usize>],
    pub(super) series: &'a [ValueSeries<'a>],
    /// Of the value columns.
    pub(super) headers: &'a [String],
}

pub(super) fn convert(
    output: &mut Output<'_>,
    table: &SeriesTable<'_>,
    sides: &PerSeries<Side>,
    options: &Options,
) -> Result<(), TraceError> {
    let SeriesTable { sheet, channels, series, headers } = *table;
    let rules = RobustRules::of(options.values.numbers(&RULE));
    if rules.known_values > rules.centre_values {
        let problem = GenericProblem::Rules { known: rules.known_values, centre: rules.centre_values };
        return Err(output.file_error(problem));
    }
    let season_of = options.values.text(&SEASON).and_then(|text| season(text).ok()).unwrap_or_default();
    let good = options.values.text(&BASELINE).and_then(|text| stretch(text).ok());
    let t = sheet.t();
    let residuals: Vec<Vec<f64>> = series
        .par_iter()
        .map(|ValueSeries { name, column, rows, .. }| {
            let channel = Robust::new(rules, sides.of(name, &headers[*column]), season_of);
            let values = sheet.values(*column);
            let values = rows.iter().map(|row| (t[*row], values[*row]));
            match good {
                None => follow(channel, values),
                Some(good) => hold(channel, values, good),
            }
        })
        .collect();
    let ids: Vec<ChannelId> = series.iter().map(|series| output.builder.channel(&series.name)).collect();
    each_value(series, channels, t, |of, at| {
        let (class, row, residual) = (series[of].class, series[of].rows[at], residuals[of][at]);
        if !residual.is_nan() {
            output.row(row, &[(t[row], class, residual * of_class(class), ids[of])])?;
        } else if good.is_none_or(|good| is_in(good, t[row])) {
            output.feeds(row);
        }
        Ok::<(), TraceError>(())
    })?;
    let unknown = series.iter().zip(&residuals).filter(|(_, residuals)| residuals.iter().all(|value| value.is_nan()));
    let unknown: Vec<&str> = unknown.map(|(series, _)| series.name.as_str()).collect();
    if let (Some((from, to)), [_, ..]) = (good, &unknown[..]) {
        let (known, channels) = (rules.known_values, some_of(&unknown));
        return Err(output.file_error(GenericProblem::ShortBaseline { known, from, to, channels }));
    }
    if !unknown.is_empty() {
        let few = some_of(&unknown);
        output.notes.push(format!("no residual, for there are {} values or fewer: {few}", rules.known_values));
    }
    output.notes.push(match good {
        None => format!(
            "warm-up: the first {} values of each channel feed its baseline and give no residual",
            rules.known_values
        ),
        Some((from, to)) => {
            format!("baseline: the values from {from} to {to} give no residual; all others are compared with them")
        }
    });
    Ok(())
}

/// By how much less or more residuals of a class are than those of latencies: the thresholds of `excursion` are, so that what is
/// usual is below those of every class.
const fn of_class(class: Class) -> f64 {
    match class {
        Class::PlanRegression => 1.0,
        Class::Cardinality => 2.5,
        Class::Contention => 0.25,
        Class::CacheIo => 0.5,
        Class::WorkloadPhase => 0.75,
    }
}

fn some_of(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = quoted(&names[..names.len().min(NAMED)]);
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// Each value against those before; NaN where too little is known.
fn follow(mut channel: Robust, values: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    values.map(|(t, value)| channel.step(t, value).unwrap_or(f64::NAN)).collect()
}

/// Each value against those of a stretch; NaN in there, and where too little is known.
fn hold(mut channel: Robust, values: impl Iterator<Item = (f64, f64)> + Clone, good: (f64, f64)) -> Vec<f64> {
    for (t, value) in values.clone().filter(|(t, _)| is_in(good, *t)) {
        channel.learn(t, value);
    }
    let residual = |(t, value)| if is_in(good, t) { None } else { channel.compare(t, value) };
    values.map(residual).map(|residual| residual.unwrap_or(f64::NAN)).collect()
}

/// Whether a stretch has a time.
fn is_in((from, to): (f64, f64), t: f64) -> bool {
    from <= t && t < to
}

/// What the option `season` says.
pub(super) fn season(text: &str) -> Result<SeasonOf, String> {
    match text {
        "day" => Ok(SeasonOf::Day),
        "week" => Ok(SeasonOf::Week),
        "none" => Ok(SeasonOf::None),
        _ => Err("a season: `day`, `week` or `none`".to_owned()),
    }
}

/// What the option `baseline` says, in seconds.
pub(super) fn stretch(text: &str) -> Result<(f64, f64), String> {
    let instant = |text: &str| {
        let text = text.trim();
        parse_number(text).filter(|number| number.is_finite()).or_else(|| date_s(text))
    };
    let ends = text.split_once("..").and_then(|(from, to)| Some((instant(from)?, instant(to)?)));
    ends.filter(|(from, to)| from < to)
        .ok_or_else(|| "a stretch of time; write `600..1800` or `2024-05-01T10:00Z..2024-05-01T12:00Z`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_a_start_before_its_end() {
        for (text, expected) in [
            ("600..1800", Some((600.0, 1800.0))),
            (" -5 .. 1e3", Some((-5.0, 1000.0))),
            ("1970-01-01T00:01Z..1970-01-01 00:02:00.5+00:00", Some((60.0, 120.5))),
            ("600", None),
            ("600..", None),
            ("1800..600", None),
            ("600..600", None),
            ("nan..600", None),
            ("a..b", None),
        ] {
            assert_eq!(stretch(text).ok(), expected, "{text}");
        }
    }
}
