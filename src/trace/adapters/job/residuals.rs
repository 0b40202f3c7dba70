//! From executions to residuals.

use super::runs::BenchmarkRuns;
use crate::diagnostics::Place;
use crate::residual::{ChannelId, Class, formula};
use crate::trace::baseline::history::{RecentValues, RollingMedian, log_ratio};
use crate::trace::output::Output;
use crate::trace::read::{Reading, repeated};
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Construction, Conversion, Options, TraceError, WhyEmpty};

/// Latencies of a query that the published baseline is the mean of.
const WINDOW: usize = 8;

/// Earlier iterations of a query that ours needs: a run of the benchmark is three to ten iterations, so that one must do.
const KNOWN: usize = 1;

/// Added to both sides of a ratio of latencies, so that a query of a fraction of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 1.0;

/// What residuals need of one query.
struct QueryHistory {
    channel: ChannelId,
    changed: ChannelId,
    plan: Option<ChannelId>,
    /// Of the published construction.
    window_ms: RecentValues,
    /// Of ours.
    latency_ms: RollingMedian,
    cardinality: RollingMedian,
}

/// Executions sorted by iteration and query; the time is their number.
///
/// `reference`: the error of the estimate, the latency against the mean of the query's last 8, and 1.0 when the plan
/// changed. `plain` (ours): the error of the estimate minus the median of the query's last 24, ln of the latency over the
/// median of the last 24, both once there is an earlier iteration, and 1.0 when the plan changed. In the public sample
/// (113 queries, 3 iterations) the latency residuals go from -0.86 to 0.16, and one estimate moved.
///
/// Where no query is there twice, there is nothing earlier; but unlike a latency, an estimate has a right value. The residual is
/// the error itself then.
pub(super) fn convert(reading: Reading<BenchmarkRuns>, options: &Options) -> Result<Conversion, TraceError> {
    let rows = reading.table.len();
    let path = reading.path.clone();
    let (mut output, runs) = Output::new(options, reading, rows * 2);

    let ranks = runs.queries.ranks();
    // The published construction takes a row that comes again for one more execution.
    let pairs = match options.construction {
        Construction::Reference => Vec::new(),
        Construction::Own(_) => repeated(rows, |row| (runs.query[row], runs.iteration[row])),
    };
    let is_left = output.once(rows, &pairs, "of a query that is twice in an iteration", |row| {
        let query = runs.queries.name(runs.query[row]).to_owned();
        RepeatedKey::Iteration { query, iteration: runs.iteration[row] }
    })?;
    let mut order: Vec<usize> = (0..rows).filter(|row| is_left[*row]).collect();
    order.sort_by_key(|row| (runs.iteration[*row], ranks[runs.query[*row].index()]));
    let queries = runs.queries.ids().map(|id| {
        let name = runs.queries.name(id);
        QueryHistory {
            channel: output.builder.channel(name),
            changed: output.builder.channel(&format!("{name}#plan_change")),
            plan: None,
            window_ms: RecentValues::default(),
            latency_ms: RollingMedian::default(),
            cardinality: RollingMedian::default(),
        }
    });
    let mut queries: Vec<_> = queries.collect();
    let is_once = order.len() == queries.len();
    let mut residuals = Vec::with_capacity(3);
    for (at, row) in order.into_iter().enumerate() {
        let t = at as f64;
        let query = &mut queries[runs.query[row].index()];
        let latency_ms = runs.latency_ms[row];
        let error = runs.rows[row].map(|(est, actual)| formula::cardinality(options.math, est, actual));
        residuals.clear();
        match options.construction {
            Construction::Reference => {
                let latency = formula::latency(latency_ms, query.window_ms.mean_or(latency_ms));
                residuals.extend(error.map(|error| (t, Class::Cardinality, error, query.channel)));
                residuals.push((t, Class::PlanRegression, latency, query.channel));
            }
            Construction::Own(_) => {
                let median = if is_once { Some(0.0) } else { query.cardinality.after(KNOWN) };
                if let (Some(error), Some(median)) = (error, median) {
                    residuals.push((t, Class::Cardinality, error - median, query.channel));
                }
                if let Some(median) = query.latency_ms.after(KNOWN) {
                    let slower = log_ratio(options.math, latency_ms, median, JITTER_MS);
                    residuals.push((t, Class::PlanRegression, slower, query.channel));
                }
            }
        }
        let plan = runs.plan[row];
        if plan.is_some() && query.plan.is_some() && plan != query.plan {
            residuals.push((t, Class::PlanRegression, 1.0, query.changed));
        }
        if output.row(row, &residuals)? {
            if let Some((est, actual)) = runs.rows[row] {
                output.count_clamped("est_rows", est);
                output.count_clamped("actual_rows", actual);
            }
            query.plan = plan.or(query.plan);
            match options.construction {
                Construction::Reference => query.window_ms.push(latency_ms, WINDOW),
                Construction::Own(_) => {
                    query.latency_ms.push(latency_ms);
                    error.into_iter().for_each(|error| query.cardinality.push(error));
                }
            }
        }
    }
    if is_once && !options.construction.is_reference() {
        output.notes.push(
            "each query is there once, so that nothing is earlier: residuals are the errors of the estimates themselves"
                .to_owned(),
        );
    }
    let conversion = output.finish();
    if conversion.stream.is_empty() && !options.allow_empty {
        let why = Some(Box::new(why_empty(rows, is_once)));
        return Err(TraceError::Empty { place: Place::file(path), rows: Box::new(conversion.rows), why });
    }
    Ok(conversion)
}

/// Why there is no residual.
fn why_empty(rows: usize, is_once: bool) -> WhyEmpty {
    match rows {
        0 => WhyEmpty::NoExecution,
        _ if is_once => WhyEmpty::OneIteration,
        _ => WhyEmpty::NoEarlierIteration,
    }
}
