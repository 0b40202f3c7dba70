//! Snapshots of PostgreSQL's `pg_stat_statements`: counters that only grow, as psql, pgAdmin and monitoring programs export them.

mod header;
mod plain;
mod polls;
mod reference;
mod steps;

use std::borrow::Cow;

use super::generic::TIME_COL;
use crate::residual::{ChannelId, Channels};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::read::{
    Cell, ColumnSpec, DELIMITER, Duration, Fault, Kind, Names, Naming, OptionalNames, Row, Rule, Settling, TIME_UNIT,
    TIME_ZONE, Table, Times, Values, table,
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
        calls: Values<Calls> = required("calls"),
        total_ms: Values<Duration> = required("total_exec_time_ms"),
        since: OptionalNames = optional("stats_since"),
        reset: OptionalNames = optional("stats_reset"),
    }
}

/// The identifier of a statement, which is empty where the role that read the view may not know it.
struct QueryId;

impl Naming for QueryId {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, Fault> {
        cell.name(construction).map_err(|_| cell.fault(Kind::HiddenQuery))?;
        cell.id(construction).map(Into::into)
    }
}

/// A number of calls, which programs that know no whole numbers write as `12.0`.
struct Calls;

impl Rule for Calls {
    type Value = u64;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<u64, Fault> {
        /// Beyond it, a double is no longer every whole number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        cell.whole().or_else(|fault| match cell.trimmed_finite(construction) {
            Ok(number) if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) => Ok(number as u64),
            _ => Err(fault),
        })
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

impl Table for Snapshots {
    type Context = Construction;

    const COLUMNS: &'static [ColumnSpec] = Counters::COLUMNS;

    fn row(&mut self, construction: &Construction, row: &Row<'_, '_>) -> Result<(), Fault> {
        self.counters.row(construction, row)?;
        let last = self.counters.query.ids.len() - 1;
        let mut key = self.counters.query.of_row(last).to_owned();
        for part in row.cells_behind(Self::COLUMNS) {
            key.push(JOINT);
            key.push_str(part.text().trim());
        }
        self.keys.push(self.names.intern(&key));
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.counters.append(later.counters);
        let ids = self.names.absorb(&later.names);
        self.keys.extend(later.keys.iter().map(|id| ids[id.index()]));
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        self.counters.settle(settling)
    }
}
