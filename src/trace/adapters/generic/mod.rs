//! Any CSV with a time and a value column, or several of them.

mod classic;
mod per_series;
mod problem;
mod robust;
mod select;
mod series;
mod sheet;
mod telling;

use classic::{as_they_are, plain, reference};
use per_series::{PerSeries, class, missing, side};
pub use problem::{ColumnAsk, ColumnChoice, GenericProblem};
use select::{SelectedColumns, select};
use series::{OfSeries, TIME_TWICE, by_channel, series, single};
use sheet::{Context, Sheet};
use telling::Telling;

use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::robust::RobustRules;
use crate::trace::input::{Inputs, Trace};
use crate::trace::option::{OptionKind, OptionSpec, RULES_HELP};
use crate::trace::output::Output;
use crate::trace::read::{DELIMITER, Source, TIME_UNIT, TIME_ZONE};
use crate::trace::rules::Rulebook;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Generic;

static ABOUT: About = About {
    name: "generic",
    title: "Any CSV with a time and a value column",
    citation: None,
    format: "any CSV with a time and a value",
    constructions: &[Construction::Own(ROBUST), Construction::Own("plain"), Construction::Reference],
    options: &[
        TIME_COL,
        VALUE_COL,
        VALUE_COLS,
        CHANNEL_COL,
        CLASS,
        SIDE,
        MISSING,
        ONE_SERIES,
        PRE_RESIDUALIZED,
        BASELINE,
        SEASON,
        RULE,
        DELIMITER,
        TIME_UNIT,
        TIME_ZONE,
    ],
    reference_label: Some("generic-csv"),
    is_recording: false,
};

impl Adapter for Generic {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Name, Number, Time};
        Some(vec![
            ("t", Time, |row| row.to_string()),
            ("value", Number, |row| (row % 3 + 1).to_string()),
            ("channel", Name, |_| "c".to_owned()),
        ])
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

const VALUE_COLS: OptionSpec = OptionSpec {
    flag: "value-cols",
    key: "value_cols",
    help: "Value columns of a generic CSV, with commas between, or `*` for all numeric ones: each is a channel",
    kind: OptionKind::Text { value_name: "HEADERS", check: |_| Ok(()) },
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

const CLASS: OptionSpec = OptionSpec {
    flag: "class",
    key: "class",
    help: "Class of the residuals of a generic CSV, or of columns and channels of it: `contention`, `cpu=contention,wait=cache_io`",
    kind: OptionKind::Text {
        value_name: "CLASSES",
        check: |text| {
            PerSeries::parse(Some(text), class).map(drop).map_err(|error| format!("a list of classes: {error}"))
        },
    },
};

const SIDE: OptionSpec = OptionSpec {
    flag: "side",
    key: "side",
    help: "Side on which a generic metric can be out of order (`up`, `down`, `both`), or columns and channels: `latency=up,rps=down`",
    kind: OptionKind::Text {
        value_name: "SIDES",
        check: |text| PerSeries::parse(Some(text), side).map(drop).map_err(|error| format!("a list of sides: {error}")),
    },
};

const MISSING: OptionSpec = OptionSpec {
    flag: "missing",
    key: "missing",
    help: "Cells that are no value of a generic CSV (`empty`, `zero`, `empty-or-zero`), or of columns of it: `cpu=empty,rps=zero`",
    kind: OptionKind::Text {
        value_name: "CELLS",
        check: |text| {
            PerSeries::parse(Some(text), missing).map(drop).map_err(|error| format!("a list of missing cells: {error}"))
        },
    },
};

const BASELINE: OptionSpec = OptionSpec {
    flag: "baseline",
    key: "baseline",
    help: "Stretch of a generic CSV known to be good, in seconds or dates: all else is compared with it alone",
    kind: OptionKind::Text { value_name: "FROM..TO", check: |text| robust::stretch(text).map(drop) },
};

const SEASON: OptionSpec = OptionSpec {
    flag: "season",
    key: "season",
    help: "Compare a generic metric with the same time of the `day` or `week`, of `none`; by default the day, if it foretells better",
    kind: OptionKind::Text { value_name: "PERIOD", check: |text| robust::season(text).map(drop) },
};

const RULE: OptionSpec = OptionSpec {
    flag: "rule",
    key: "rules",
    help: RULES_HELP,
    kind: OptionKind::Numbers { example: "adopt_s=600", set: RobustRules::keep },
};

/// The construction that is the default.
const ROBUST: &str = "robust";

/// Options that only the robust residuals have.
const OF_ROBUST: [OptionSpec; 4] = [SIDE, BASELINE, SEASON, RULE];

/// The channel where no column tells it.
const ONE_CHANNEL: &str = "generic";

/// Residuals of a series, channel by channel.
///
/// `reference` guesses the columns that are not named (any header with the letter t is a time), takes the mean of a channel's
/// first three values as its baseline for ever, and leaves out channels with three rows or fewer. Ours ask unless they are
/// certain, also for what tells series apart: `robust` counts in units of the channel's own noise (`docs/baseline.md`); of
/// `plain` the baseline is the median of the channel's last 24 values, once 3 are known, and a residual is relative to the median
/// size of these values (which is the size of the median unless they change sign), or to a thousandth of the largest size among
/// them and the value itself, if that is more.
///
/// Values that are residuals already are taken as they are.
fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let mut source = Source::open(inputs)?;
    let selected = source.select(options, |header| select(header, options))?;
    let SelectedColumns { columns, values, is_wide, others, has_channel, not_numeric } = selected;
    let header = source.header().clone();
    if let Some(option) = OF_ROBUST.iter().find(|option| options.values.is_set(option))
        && (options.construction != Construction::Own(ROBUST) || options.values.switch(&PRE_RESIDUALIZED))
    {
        return Err(header.problem(GenericProblem::OfRobust { flag: option.flag }));
    }
    let of_series = OfSeries::new(options);
    if let Some(name) = of_series.missing.stranger(|name| values.iter().any(|value| value == name)) {
        let name = name.to_owned();
        return Err(header.problem(GenericProblem::NotAValue { name, values }));
    }
    let has_series = has_channel || options.values.switch(&ONE_SERIES) || options.construction.is_reference();
    let missing = values.iter().map(|value| of_series.missing.of(value, value)).collect();
    let context = Context { construction: options.construction, missing };
    let reading = source.read::<Sheet>(&columns, options, &context)?;
    let (read, rows) = (reading.rows.read, reading.table.t().len() * values.len());
    let (mut output, sheet) = Output::new(options, reading, rows);
    if !not_numeric.is_empty() {
        output.notes.push(format!("not used, for they do not begin with a number: {}", quoted(&not_numeric)));
    }
    let columns = others.iter().zip(sheet.others());
    let telling = Telling::of(columns.map(|(field, other)| (header.names()[*field].as_str(), other)));
    let channels = by_channel(&sheet);
    let channels = match options.construction {
        Construction::Own(_) if !options.values.switch(&ONE_SERIES) => {
            single(&mut output, sheet.t(), channels, telling.candidates())?
        }
        _ => channels,
    };
    if !has_series {
        let has_twice = output.rows.rejected.contains_key(TIME_TWICE);
        let asked = if has_twice { telling.candidates() } else { &telling.certain };
        if !asked.is_empty() {
            let telling = asked.iter().map(|column| (*column).to_owned()).collect();
            return Err(header.problem(GenericProblem::Series { telling }));
        }
        if !telling.same.is_empty() {
            output.notes.push(format!("not used, for it is the same in all rows: {}", quoted(&telling.same)));
        }
        let left = telling.left();
        if !left.is_empty() {
            let columns = quoted(&left);
            output.notes.push(format!("not used: {columns}; pass --channel-col if one of them tells series apart"));
        }
    }
    let series = series(&sheet, &channels, &values, is_wide, &of_series);
    of_series.check(&series, &values).map_err(|problem| header.problem(problem))?;
    for (column, name) in values.iter().enumerate() {
        let missing = sheet.values(column).iter().filter(|value| value.is_nan()).count();
        if missing > 0 {
            output.notes.push(format!("missing in `{name}`: {missing} of {} values", sheet.values(column).len()));
        }
    }
    match options.construction {
        Construction::Reference if read < 2 => {
            return Err(output.file_error(GenericProblem::FewRows));
        }
        _ if options.values.switch(&PRE_RESIDUALIZED) => as_they_are(&mut output, &sheet, &series)?,
        Construction::Reference => reference(&mut output, &sheet, &series)?,
        Construction::Own(ROBUST) => {
            let table = robust::SeriesTable { sheet: &sheet, channels: &channels, series: &series, headers: &values };
            robust::convert(&mut output, &table, &of_series.side, options)?;
        }
        Construction::Own(_) => plain(&mut output, &sheet, &series)?,
    }
    Ok(output.finish())
}

/// Names of columns, as an error lists them.
fn quoted(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
