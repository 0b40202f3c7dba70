//! TPC-DS queries with their latency, estimates, waits and hit ratios.

use crate::diagnostics::counted;
use crate::residual::divergence::jensen_shannon;
use crate::residual::{ChannelId, Channels, Class, formula};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::{HISTORY, KNOWN, RecentValues, RollingMedian, log_ratio};
use crate::trace::baseline::mix::{Mix, bucket, order_by_time, tally, together};
use crate::trace::input::{Inputs, Trace};
use crate::trace::output::{Output, Residual};
use crate::trace::read::{
    Cardinality, Cell, Column, DELIMITER, Duration, Known, Names, OptionalNames, RowFault, Rule, TIME_UNIT, TIME_ZONE,
    Times, Values, WholeColumn, read_table, repeated, retain_rows, table,
};
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Conversion, Options, TraceError};
use std::collections::VecDeque;

pub(super) struct Tpcds;

static ABOUT: About = About {
    name: "tpcds",
    title: "Runs of TPC-DS queries",
    citation: None,
    format: "CSV: query_id, t_seconds, latency_ms, est_rows, actual_rows, wait_event, wait_seconds, cache_hit_ratio",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Tpcds {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Name, OptionalAmount, OptionalName, OptionalRatio, Time};
        Some(vec![
            ("query_id", Name, |row| format!("q{}", row % 2)),
            ("t_seconds", Time, |row| (row * 10).to_string()),
            ("latency_ms", Amount, |row| (100 + row % 3).to_string()),
            ("est_rows", Amount, |_| "10".to_owned()),
            ("actual_rows", Amount, |row| (row + 1).to_string()),
            ("wait_event", OptionalName, |_| "io".to_owned()),
            ("wait_seconds", OptionalAmount, |row| (row % 4).to_string()),
            ("cache_hit_ratio", OptionalRatio, |_| "0.9".to_owned()),
        ])
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open_all(options.digest)?, options)
    }
}

/// Latencies of a query that the published baseline is the mean of.
const WINDOW: usize = 16;

/// Length of a bucket of the workload mix.
const BUCKET_S: f64 = 30.0;

/// The hit ratio of a healthy cache, as published.
const EXPECTED_HIT_RATIO: f64 = 0.95;

/// The channel of the cache and of the workload mix.
const SYSTEM: &str = "tpcds";

/// Added to both sides of a ratio of latencies. Undisturbed queries of 15 to 50 ms take 1.5 to 2 times as long now and
/// then on the machine of the captured trace.
const JITTER_MS: f64 = 20.0;

/// What is left of that jitter: in quiet time nine of ten logarithms are within ±0.4.
const DEAD_ZONE: f64 = 0.3;

/// Largest magnitudes, a tenth above the default slew of their class. What is beyond says no more than that the query is
/// far off, and keeps a moving average over samples above its drift for minutes after the fault.
const LATENCY_CAP: f64 = 0.55;
const CARDINALITY_CAP: f64 = 1.1;
const PHASE_CAP: f64 = 0.385;

table! {
    /// The executions.
    struct Executions {
        query: Names<Known> = required("query_id"),
        t: Times = required("t_seconds"),
        wait: Waits = optional("wait_event", "wait_seconds"),
        hit_ratio: Values<HitRatio> = optional("cache_hit_ratio"),
        latency_ms: Values<Duration> = required("latency_ms"),
        est_rows: Values<Estimate> = required("est_rows"),
        actual_rows: Values<Cardinality> = required("actual_rows"),
    }
}

/// What was waited for, and for how many seconds; a wait without an event or of no seconds is none.
#[derive(Default)]
struct Waits {
    waits: Vec<Option<(ChannelId, f64)>>,
    events: Channels,
    halves: Halves,
}

/// Rows that have half of a wait, of which nothing can be made.
#[derive(Clone, Copy, Default)]
struct Halves {
    without_event: usize,
    without_seconds: usize,
    /// Whether the file has no column of seconds.
    has_no_seconds: bool,
}

/// A wait as it stands: its event, if it is known, and its seconds, if they are.
#[derive(Clone, Copy)]
struct Wait<'r> {
    event: Option<&'r str>,
    wait_s: Option<f64>,
    has_no_seconds: bool,
}

impl Column<2> for Waits {
    type Value<'r> = Wait<'r>;

    /// The published construction takes an empty cell for a number that is wrong, ours for one that is not given.
    fn read([event, seconds]: [Cell<'_>; 2], construction: Construction) -> Result<Wait<'_>, RowFault> {
        let wait_s = match construction {
            Construction::Reference => Some(seconds.number_or(0.0)?),
            Construction::Own(_) => seconds.optional(Cell::amount)?,
        };
        let event = OptionalNames::read([event], construction)?;
        Ok(Wait { event, wait_s, has_no_seconds: !seconds.is_present() })
    }

    fn push(&mut self, Wait { event, wait_s, has_no_seconds }: Wait<'_>) {
        let waited = wait_s.filter(|wait_s| *wait_s > 0.0);
        self.halves.without_event += usize::from(event.is_none() && waited.is_some());
        self.halves.without_seconds += usize::from(event.is_some() && wait_s.is_none_or(|_| has_no_seconds));
        self.halves.has_no_seconds |= has_no_seconds;
        self.waits.push(event.zip(waited).map(|(event, wait_s)| (self.events.intern(event), wait_s)));
    }

    fn append(&mut self, later: Self) {
        let events = self.events.absorb(&later.events);
        self.waits.extend(later.waits.iter().map(|wait| wait.map(|(id, wait_s)| (events[id.index()], wait_s))));
        self.halves.without_event += later.halves.without_event;
        self.halves.without_seconds += later.halves.without_seconds;
        self.halves.has_no_seconds |= later.halves.has_no_seconds;
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.waits, keep);
    }

    fn settle(&mut self, column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
        let Halves { without_event, without_seconds, has_no_seconds } = self.halves;
        if without_event > 0 {
            column
                .notes
                .push(format!("waits of {} have no `wait_event`, and give no residual", counted(without_event, "row")));
        }
        if without_seconds > 0 {
            let why = if has_no_seconds { ", for the file has no such column" } else { "" };
            let events = counted(without_seconds, "row");
            column.notes.push(format!("events of {events} have no `wait_seconds`{why}, and give no residual"));
        }
        Ok(())
    }
}

/// An estimate of rows, of which 2^64 - 1 is where that of DuckDB saturates (`data/tpcds/README.md`), and not -1.
struct Estimate;

impl Rule for Estimate {
    type Value = f64;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<f64, RowFault> {
        const SATURATED: u64 = u64::MAX;
        let is_saturated = !construction.is_reference() && cell.text().trim().parse() == Ok(SATURATED);
        if is_saturated { Ok(SATURATED as f64) } else { cell.cardinality(construction) }
    }
}

/// A hit ratio; the published construction takes 0 for one that is not given, ours an empty cell.
struct HitRatio;

impl Rule for HitRatio {
    type Value = Option<f64>;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Option<f64>, RowFault> {
        match construction {
            Construction::Reference => Ok(Some(cell.number_or(0.0)?).filter(|ratio| *ratio > 0.0)),
            Construction::Own(_) => cell.optional(Cell::ratio),
        }
    }
}

/// What residuals need of one query.
struct QueryHistory {
    channel: ChannelId,
    /// Of the published construction.
    window_ms: RecentValues,
    /// Of ours.
    latency_ms: RollingMedian,
    cardinality: RollingMedian,
}

/// Executions in order of time, which is used as it is.
///
/// `reference`: the error of the estimate, latency against the mean of the query's last 16, waits, misses of the expected
/// hit ratio, and the divergence of a bucket of 30 s from the one before, stamped at its start.
///
/// `plain` (ours): the error of the estimate minus the median of the query's last 24, ln of the latency over the median of
/// the query's last 24 less the dead zone, both once 5 are known; waits and misses where they are given (0 is a value); and
/// the divergence of a bucket of 30 s from the last 24 together, once there are 5, stamped at its end (against one bucket
/// alone, the end of a change would be another change). The last bucket is left out: nothing tells that it is complete.
///
/// Guard, dead zone and caps were chosen on the captured trace (`data/tpcds`), where they leave no episode outside the
/// planted windows (34 of 166 plan episodes are outside without them); on another capture of 330 s without faults, which
/// took no part in the choice, they give none.
fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Executions>(inputs, options)?;
    let rows = reading.table.t.len();
    let (mut output, table) = Output::new(options, reading, rows * 3);

    // The published construction takes a row that comes again for one more execution.
    let pairs = match options.construction {
        Construction::Reference => Vec::new(),
        Construction::Own(_) => repeated(rows, |row| (table.query[row], table.t[row].to_bits())),
    };
    let is_left = output.once(rows, &pairs, "of a query that is there twice at a time", |row| {
        let query = table.query.of_row(row).to_owned();
        RepeatedKey::Execution { query, t: table.t[row] }
    })?;
    let order = order_by_time(&table.t);
    let ranks = table.query.names.ranks();
    let queries = table.query.names.ids().map(|id| QueryHistory {
        channel: output.builder.channel(table.query.names.name(id)),
        window_ms: RecentValues::default(),
        latency_ms: RollingMedian::default(),
        cardinality: RollingMedian::default(),
    });
    let mut queries: Vec<_> = queries.collect();
    let events = &table.wait.events;
    let events: Vec<_> = events.ids().map(|id| output.builder.channel(events.name(id))).collect();
    let system = output.builder.channel(SYSTEM);
    let mut phases = Phases::new(options, system);
    let mut residuals = Vec::with_capacity(4);
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        if !is_left[row] {
            continue;
        }
        let t = table.t[row];
        let query = &mut queries[table.query[row].index()];
        let latency_ms = table.latency_ms[row];
        let error = formula::cardinality(options.math, table.est_rows[row], table.actual_rows[row]);
        residuals.clear();
        match options.construction {
            Construction::Reference => {
                let latency = formula::latency(latency_ms, query.window_ms.mean_or(latency_ms));
                residuals.push((t, Class::Cardinality, error, query.channel));
                residuals.push((t, Class::PlanRegression, latency, query.channel));
            }
            Construction::Own(_) => own_residuals(options, query, t, latency_ms, error, &mut residuals),
        }
        if let Some((event, wait_s)) = table.wait.waits[row] {
            residuals.push((t, Class::Contention, wait_s, events[event.index()]));
        }
        if let Some(hit_ratio) = table.hit_ratio[row] {
            residuals.push((t, Class::CacheIo, formula::hit_ratio(EXPECTED_HIT_RATIO, hit_ratio), system));
        }
        if output.row(row, &residuals)? {
            output.count_clamped("est_rows", table.est_rows[row]);
            output.count_clamped("actual_rows", table.actual_rows[row]);
            match options.construction {
                Construction::Reference => query.window_ms.push(latency_ms, WINDOW),
                Construction::Own(_) => {
                    query.latency_ms.push(latency_ms);
                    query.cardinality.push(error);
                }
            }
            phases.count(t, ranks[table.query[row].index()], &mut output)?;
        }
    }
    Ok(output.finish())
}

fn own_residuals(
    options: &Options,
    query: &QueryHistory,
    t: f64,
    latency_ms: f64,
    error: f64,
    residuals: &mut Vec<Residual>,
) {
    if let Some(median) = query.cardinality.after(KNOWN) {
        let moved = (error - median).clamp(-CARDINALITY_CAP, CARDINALITY_CAP);
        residuals.push((t, Class::Cardinality, moved, query.channel));
    }
    if let Some(median) = query.latency_ms.after(KNOWN) {
        let ratio = log_ratio(options.math, latency_ms, median, JITTER_MS);
        // Adding zero makes a negative one positive.
        let slower = (ratio.abs() - DEAD_ZONE).clamp(0.0, LATENCY_CAP).copysign(ratio) + 0.0;
        residuals.push((t, Class::PlanRegression, slower, query.channel));
    }
}

/// The workload mix, bucket by bucket.
struct Phases<'a> {
    options: &'a Options,
    channel: ChannelId,
    /// None before the first query of ours; the published one starts with bucket 0, whether it has queries or not.
    current: Option<i64>,
    running: Vec<u32>,
    /// The last one of the published construction, the last [`HISTORY`] of ours.
    finished: VecDeque<Mix>,
}

impl<'a> Phases<'a> {
    fn new(options: &'a Options, channel: ChannelId) -> Self {
        let current = (options.construction.is_reference()).then_some(0);
        Self { options, channel, current, running: Vec::new(), finished: VecDeque::new() }
    }

    fn count(&mut self, t: f64, query: u32, output: &mut Output<'_>) -> Result<(), TraceError> {
        let own = !self.options.construction.is_reference();
        let bucket = if own { (t / BUCKET_S).floor() as i64 } else { bucket(t, BUCKET_S) };
        if let Some(current) = self.current
            && current != bucket
        {
            let mix = tally(&mut self.running);
            let divergence = jensen_shannon(self.options.math, &together(&self.finished), &mix);
            let (start, end) = (current as f64 * BUCKET_S, (current as f64 + 1.0) * BUCKET_S);
            if !own {
                output.push(start, Class::WorkloadPhase, divergence, self.channel)?;
            } else if self.finished.len() >= KNOWN {
                output.push(end, Class::WorkloadPhase, divergence.min(PHASE_CAP), self.channel)?;
            }
            self.finished.push_back(mix);
            if self.finished.len() > if own { HISTORY } else { 1 } {
                self.finished.pop_front();
            }
        }
        self.current = Some(bucket);
        self.running.push(query);
        Ok(())
    }
}
