//! The construction `robust`: residuals in units of the channel's own noise.

use rayon::prelude::*;

use super::per_series::PerSeries;
use super::problem::GenericProblem;
use super::series::ValueSeries;
use super::sheet::Sheet;
use super::{BASELINE, RULE, SEASON, quoted};
use crate::residual::Class;
use crate::trace::baseline::robust::{Robust, RobustRules, SeasonOf, Side};
use crate::trace::output::Output;
use crate::trace::read::{date_s, parse_number};
use crate::trace::rules::Rulebook;
use crate::trace::{Options, TraceError};

/// Channels that a note names.
const NAMED: usize = 10;

/// What became of a value.
#[derive(Clone, Copy)]
enum ValueOutcome {
    Residual(f64),
    /// It only feeds the baseline.
    Feeds,
    /// It came before anything was known, and the baseline is of another stretch.
    Neither,
}

pub(super) fn convert(
    output: &mut Output<'_>,
    sheet: &Sheet,
    series: &[ValueSeries],
    headers: &[String],
    sides: &PerSeries<Side>,
    options: &Options,
) -> Result<(), TraceError> {
    let rules = RobustRules::of(options.values.numbers(&RULE));
    if rules.known_values > rules.centre_values {
        let problem = GenericProblem::Rules { known: rules.known_values, centre: rules.centre_values };
        return Err(output.file_error(problem));
    }
    let season_of = options.values.text(&SEASON).and_then(|text| season(text).ok()).unwrap_or_default();
    let good = options.values.text(&BASELINE).and_then(|text| stretch(text).ok());
    let outcomes: Vec<Vec<ValueOutcome>> = series
        .par_iter()
        .map(|ValueSeries { name, column, rows, .. }| {
            let channel = Robust::new(rules, sides.of(name, &headers[*column]), season_of);
            let values = sheet.values(*column);
            let values: Vec<(f64, f64)> = rows.iter().map(|row| (sheet.t()[*row], values[*row])).collect();
            match good {
                None => follow(channel, &values),
                Some(good) => hold(channel, &values, good),
            }
        })
        .collect();
    let mut unknown = Vec::new();
    for (ValueSeries { name, class, rows, .. }, outcomes) in series.iter().zip(&outcomes) {
        let channel = output.builder.channel(name);
        let mut found = false;
        for (row, outcome) in rows.iter().zip(outcomes) {
            match *outcome {
                ValueOutcome::Residual(residual) => {
                    found = true;
                    output.row(*row, &[(sheet.t()[*row], *class, residual * of_class(*class), channel)])?;
                }
                ValueOutcome::Feeds => output.feeds(*row),
                ValueOutcome::Neither => {}
            }
        }
        if !found {
            unknown.push(name.as_str());
        }
    }
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

/// Each value against those before.
fn follow(mut channel: Robust, values: &[(f64, f64)]) -> Vec<ValueOutcome> {
    values
        .iter()
        .map(|(t, value)| channel.step(*t, *value).map_or(ValueOutcome::Feeds, ValueOutcome::Residual))
        .collect()
}

/// Each value against those of a stretch.
fn hold(mut channel: Robust, values: &[(f64, f64)], (from, to): (f64, f64)) -> Vec<ValueOutcome> {
    let is_good = |t: f64| from <= t && t < to;
    for (t, value) in values.iter().filter(|(t, _)| is_good(*t)) {
        channel.learn(*t, *value);
    }
    let outcome = |(t, value): &(f64, f64)| match is_good(*t) {
        true => ValueOutcome::Feeds,
        false => channel.compare(*t, *value).map_or(ValueOutcome::Neither, ValueOutcome::Residual),
    };
    values.iter().map(outcome).collect()
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
