//! Snapshots of PostgreSQL's `pg_stat_statements`: counters that only grow, as psql, pgAdmin and monitoring programs export them.

mod header;
mod plain;
mod polls;
mod problem;
mod reference;
mod steps;

use std::borrow::Cow;

pub use problem::{CounterColumn, PgssProblem};

use super::generic::TIME_COL;
use crate::residual::{ChannelId, Channels};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::read::{
    Cell, CellProblem, CellRow, ColumnSpec, DELIMITER, Duration, Names, Naming, OptionalNames, RowFault, Rule,
    Settling, TIME_UNIT, TIME_ZONE, Table, Times, Values, Whole, retain_rows, table,
};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Pgss;

static ABOUT: About = About {
    name: "pgss",
    title: "Snapshots of PostgreSQL's `pg_stat_statements`",
    citation: None,
    format: "CSV snapshots of `pg_stat_statements` as `\\copy` writes them: a time, queryid, calls, total_exec_time",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[TIME_COL, COUNTERS, DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: Some("postgres-pgss"),
    is_recording: false,
};

const COUNTERS: OptionSpec = OptionSpec {
    flag: "counters",
    key: "counters",
    help: "What the counters count from: cumulative (a reset) or per-interval (the snapshot before) [default: cumulative, \
           if they look like it]",
    kind: OptionKind::Text { value_name: "KIND", check: |text| Counting::parse(text).map(|_| ()) },
};

/// What the counters of a file count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// The last reset.
    Cumulative,
    /// The snapshot before.
    PerInterval,
}

impl Counting {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "cumulative" => Ok(Self::Cumulative),
            "per-interval" => Ok(Self::PerInterval),
            _ => Err("a kind of counters; it is cumulative or per-interval".to_owned()),
        }
    }

    /// What was told; it was checked when it was set.
    fn told(options: &Options) -> Option<Self> {
        options.values.text(&COUNTERS).and_then(|text| Self::parse(text).ok())
    }
}

impl Adapter for Pgss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Name, Time};
        Some(vec![
            ("snapshot_t", Time, |row| (row / 2 * 60).to_string()),
            ("query_id", Name, |row| format!("{}", row % 2)),
            ("calls", Amount, |row| (row * 10).to_string()),
            ("total_exec_time_ms", Amount, |row| (row * 100).to_string()),
        ])
    }

    fn without_effect(&self, construction: Construction) -> &'static [OptionSpec] {
        if construction.is_reference() { &[TIME_COL, COUNTERS] } else { &[] }
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        let inputs = trace.open_all(options.digest)?;
        match options.construction {
            Construction::Reference => reference::convert(inputs, options),
            Construction::Own(_) => plain::convert(inputs, options),
        }
    }
}

/// The channel of the workload mix.
const MIX: &str = "pgss_digest_mix";

table! {
    /// The counters. What their columns are called, the header tells.
    struct Counters {
        t: Times = required("snapshot_t"),
        query: Names<QueryId> = required("query_id"),
        calls: Values<Whole> = required("calls"),
        total_ms: Values<Duration> = required("total_exec_time_ms"),
        since: OptionalNames = optional("stats_since"),
        since_us: Values<SinceUs> = optional("stats_since"),
        reset: OptionalNames = optional("stats_reset"),
    }
}

/// The identifier of a statement, which is empty where the role that read the view may not know it.
struct QueryId;

impl Naming for QueryId {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        let name = cell.name(construction).map_err(|fault| match fault {
            RowFault::Cell { problem: CellProblem::UnknownName(_), .. } => cell.fault(CellProblem::HiddenQuery),
            other => other,
        });
        let name = name?;
        match IdText::of(name) {
            IdText::Id => Ok(name.into()),
            IdText::Rounded => Err(cell.fault(CellProblem::RoundedId)),
            IdText::Other => Err(cell.fault(CellProblem::QueryId)),
        }
    }
}

/// What the text of an identifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IdText {
    /// A whole number or hexadecimal.
    Id,
    /// A floating-point number.
    Rounded,
    Other,
}

impl IdText {
    fn of(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_made_of =
            |text: &str, is_digit: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|byte| is_digit(&byte));
        let is_decimal = |text: &str| is_made_of(text, u8::is_ascii_digit);
        // `6E18` is hexadecimal, too, but no hash of 64 bits.
        let has_exponent =
            digits.split_once(['e', 'E']).is_some_and(|(number, power)| is_decimal(number) && is_decimal(power));
        let hex = text.strip_prefix("0x").unwrap_or(text);
        if is_decimal(digits) || is_made_of(hex, u8::is_ascii_hexdigit) && !(has_exponent && hex.len() < 16) {
            Self::Id
        } else if text.replace(',', ".").parse::<f64>().is_ok_and(f64::is_finite) {
            Self::Rounded
        } else {
            Self::Other
        }
    }
}

/// How many identifiers look as if a program had taken them for floating-point numbers and written whole numbers again: all that
/// have more digits than such a number are what it holds. Of 64 bits at random, one in a thousand is, and two hardly ever are.
fn count_rounded<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
    const EXACT: u64 = 1 << 53;
    let large: Vec<(&str, i64)> = ids
        .filter_map(|id| Some((id, id.parse().ok()?)))
        .filter(|(_, number): &(&str, i64)| number.unsigned_abs() > EXACT)
        .collect();
    let is_held = |(text, number): &(&str, i64)| {
        let held = *number as f64;
        held as i128 == i128::from(*number) || held.to_string() == *text
    };
    if large.iter().all(is_held) { large.len() } else { 0 }
}

/// When the server began to count, in microseconds since 1970, if the cell is a time with its offset.
struct SinceUs;

impl Rule for SinceUs {
    type Value = Option<f64>;

    fn read([cell]: [Cell<'_>; 1], _: Construction) -> Result<Option<f64>, RowFault> {
        Ok(cell.time_us().ok().map(|us| us as f64))
    }
}

/// The counters with what tells statements apart besides their identifier: all other columns that were asked for.
#[derive(Default)]
struct Snapshots {
    counters: Counters,
    /// The key of each row: the cells of its columns, joined.
    keys: Vec<ChannelId>,
    names: Channels,
}

/// What joins the parts of a key.
const JOINT: char = '\u{1f}';

/// How a row is read.
struct Reader {
    construction: Construction,
    /// Which parts of a key besides the statement are booleans.
    levels: Vec<bool>,
}

impl Table for Snapshots {
    type Context = Reader;

    const COLUMNS: &'static [ColumnSpec] = Counters::COLUMNS;

    fn row(&mut self, reader: &Reader, row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        self.counters.row(&reader.construction, row)?;
        let last = self.counters.query.ids.len() - 1;
        let mut key = self.counters.query.of_row(last).to_owned();
        for (part, is_level) in row.cells_behind(Self::COLUMNS).zip(&reader.levels) {
            key.push(JOINT);
            let part = part.text().trim();
            key.push_str(if *is_level { level(part) } else { part });
        }
        self.keys.push(self.names.intern(&key));
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.counters.append(later.counters);
        let ids = self.names.absorb(&later.names);
        self.keys.extend(later.keys.iter().map(|id| ids[id.index()]));
    }

    fn retain(&mut self, keep: &[bool]) {
        self.counters.retain(keep);
        retain_rows(&mut self.keys, keep);
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        self.counters.settle(settling)
    }
}

/// A boolean as psql writes it.
fn level(text: &str) -> &str {
    match text {
        "true" | "True" | "TRUE" | "1" => "t",
        "false" | "False" | "FALSE" | "0" => "f",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_whole_number_or_hexadecimal() {
        for (text, expected) in [
            ("42", IdText::Id),
            ("-6123456789012345678", IdText::Id),
            ("18446744073709551615", IdText::Id),
            ("A1B2C3D4E5F60718", IdText::Id),
            ("1234567890123E45", IdText::Id),
            ("0x1f", IdText::Id),
            ("-6.123456789012345e+18", IdText::Rounded),
            ("-6,12346E+18", IdText::Rounded),
            ("6E18", IdText::Rounded),
            ("-6E18", IdText::Rounded),
            ("-6123456789012345856.0", IdText::Rounded),
            ("42.0", IdText::Rounded),
            ("select 1", IdText::Other),
            ("'5", IdText::Other),
            ("-", IdText::Other),
            ("nan", IdText::Other),
        ] {
            assert_eq!(IdText::of(text), expected, "{text}");
        }
    }

    #[test]
    fn identifiers_that_are_all_floating_point_numbers_are_rounded() {
        for (ids, expected) in [
            (&["-6123456789012346000", "4123456789012345000"][..], 2),
            (&["-6123456789012345856", "4123456789012345344", "7"], 2),
            (&["-6123456789012346000", "4123456789012345679"], 0),
            (&["-6123456789012346000"], 1),
            (&["1", "2", "3"], 0),
        ] {
            assert_eq!(count_rounded(ids.iter().copied()), expected, "{ids:?}");
        }
    }
}
