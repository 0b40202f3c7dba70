//! The published construction, which knows four columns by one name each.

use super::MIX;
use super::problem::PgssProblem;
use crate::residual::{Class, formula};
use crate::trace::input::Inputs;
use crate::trace::output::Output;
use crate::trace::read::{Duration, Known, Names, Times, Values, Whole, read_table, table};
use crate::trace::{Conversion, Options, TraceError};

/// Times that are nearer than this are one snapshot.
const SAME_TIME_S: f64 = 1e-9;

/// Intervals of a query that the baseline is the mean of, for ever.
const BASELINE: usize = 3;

table! {
    /// The counters.
    struct Snapshots {
        t: Times = required("snapshot_t"),
        query: Names<Known> = required("query_id"),
        calls: Values<Whole> = required("calls"),
        total_ms: Values<Duration> = required("total_exec_time_ms"),
    }
}

impl Snapshots {
    /// The rows of each query in order of time, queries in order of name.
    fn by_query(&self) -> Vec<Vec<usize>> {
        let ranks = self.query.names.ranks();
        let mut queries = vec![Vec::new(); ranks.len()];
        for (row, query) in self.query.ids.iter().enumerate() {
            queries[ranks[query.index()] as usize].push(row);
        }
        for rows in &mut queries {
            rows.sort_by(|a, b| self.t[*a].partial_cmp(&self.t[*b]).unwrap_or(std::cmp::Ordering::Equal));
        }
        // A name of a row that was refused has no rows.
        queries.retain(|rows| !rows.is_empty());
        queries
    }

    /// The times of the snapshots.
    fn times(&self) -> Vec<f64> {
        let mut times = self.t.to_vec();
        times.sort_by(f64::total_cmp);
        times.dedup_by(|next, kept| (*next - *kept).abs() < SAME_TIME_S);
        times
    }

    /// How often each query ran up to each snapshot since the one before that has it, in order of snapshot, then of query.
    /// At its first snapshot, all of its calls count.
    fn calls_by_time(&self, queries: &[Vec<usize>], times: &[f64]) -> Vec<(usize, u64)> {
        let mut calls = Vec::new();
        for rows in queries {
            let mut last = 0;
            let mut next_time = 0;
            for row in rows {
                let t = self.t[*row];
                let near = |time: f64| (time - t).abs() < SAME_TIME_S;
                let earliest = times.partition_point(|time| *time < t && !near(*time)).max(next_time);
                for (time, _) in times.iter().enumerate().skip(earliest).take_while(|(_, time)| near(**time)) {
                    next_time = time + 1;
                    let now = self.calls[*row];
                    let ran = now.saturating_sub(last);
                    last = now;
                    if ran > 0 {
                        calls.push((time, ran));
                    }
                }
            }
        }
        calls.sort_by_key(|(time, _)| *time);
        calls
    }
}

/// Mean latency of each interval against the first three for ever, and how far the entropy of what ran is below its
/// maximum over the trace, where the totals of the first snapshot count as an interval.
pub(super) fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Snapshots>(inputs, options)?;
    let rows = reading.table.t.len();
    let (mut output, table) = Output::new(options, reading, rows);
    if rows < 2 {
        return Err(output.file_error(PgssProblem::FewRows));
    }
    let (queries, times) = (table.by_query(), table.times());
    feed(&mut output, &table, &queries);
    let t0 = times[0];
    for rows in &queries {
        let mut means = Vec::new();
        for pair in rows.windows(2) {
            let ran = table.calls[pair[1]].saturating_sub(table.calls[pair[0]]);
            let total_ms = table.total_ms[pair[1]] - table.total_ms[pair[0]];
            if ran > 0 && total_ms >= 0.0 {
                means.push((pair[1], total_ms / ran as f64));
            }
        }
        if means.len() <= BASELINE {
            continue;
        }
        let sum = means[..BASELINE].iter().fold(-0.0, |sum, (_, mean)| sum + mean);
        let baseline = sum / BASELINE as f64;
        let channel = output.builder.channel(table.query.of_row(rows[0]));
        for (row, mean) in &means[BASELINE..] {
            let latency = formula::latency(*mean, baseline);
            output.row(*row, &[(table.t[*row] - t0, Class::PlanRegression, latency, channel)])?;
        }
    }
    let calls = table.calls_by_time(&queries, &times);
    let entropies: Vec<_> = calls
        .chunk_by(|a, b| a.0 == b.0)
        .map(|mix| {
            let total = mix.iter().map(|(_, ran)| *ran as u128).sum::<u128>() as f64;
            let shares = mix.iter().map(|(_, ran)| *ran as f64 / total);
            (times[mix[0].0], shares.fold(0.0, |sum, share| sum + (-share) * options.math.ln(share)))
        })
        .collect();
    let most = entropies.iter().fold(0.0_f64, |most, (_, entropy)| most.max(*entropy));
    if most > 0.0 {
        let channel = output.builder.channel(MIX);
        for (time, entropy) in entropies {
            output.push(time - t0, Class::WorkloadPhase, 1.0 - entropy / most, channel)?;
        }
    }
    Ok(output.finish())
}

/// Says which rows tell of calls: both ends of an interval in which there were some, and a first snapshot, whose totals count
/// as an interval.
fn feed(output: &mut Output<'_>, table: &Snapshots, queries: &[Vec<usize>]) {
    for rows in queries {
        if table.calls[rows[0]] > 0 {
            output.feeds(rows[0]);
        }
        for pair in rows.windows(2).filter(|pair| table.calls[pair[1]] > table.calls[pair[0]]) {
            pair.iter().for_each(|row| output.feeds(*row));
        }
    }
}
