//! The Join Order Benchmark (Leis et al., VLDB 2015): iterations over its queries.

use crate::residual::{ChannelId, Class, formula};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::{RollingMedian, Window, log_ratio};
use crate::trace::input::{Inputs, Trace};
use crate::trace::output::Output;
use crate::trace::read::{
    Cardinality, DELIMITER, Duration, Known, Names, OptionalNames, Values, Whole, read_table, repeated, table,
};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Job;

static ABOUT: About = About {
    name: "job",
    title: "Runs of the Join Order Benchmark",
    citation: Some("Leis et al., VLDB 2015"),
    format: "CSV: query_id, iteration, est_rows, actual_rows, latency_ms, plan_hash",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[DELIMITER],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Job {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open_all(options.digest)?, options)
    }
}

/// Latencies of a query that the published baseline is the mean of.
const WINDOW: usize = 8;

/// Earlier iterations of a query that ours needs: a run of the benchmark is three to ten iterations, so that one must do.
const KNOWN: usize = 1;

/// Added to both sides of a ratio of latencies, so that a query of a fraction of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 1.0;

table! {
    /// The executions.
    struct Executions {
        query: Names<Known> = required("query_id"),
        iteration: Values<Whole> = required("iteration"),
        est_rows: Values<Cardinality> = required("est_rows"),
        actual_rows: Values<Cardinality> = required("actual_rows"),
        latency_ms: Values<Duration> = required("latency_ms"),
        plan: OptionalNames = optional("plan_hash"),
    }
}

/// What residuals need of one query.
struct Query {
    channel: ChannelId,
    changed: ChannelId,
    plan: Option<ChannelId>,
    /// Of the published construction.
    window_ms: Window,
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
fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Executions>(inputs, options)?;
    let rows = reading.table.iteration.len();
    let (mut output, table) = Output::new(options, reading, rows * 2);

    // The published construction takes a row that comes again for one more execution.
    let pairs = match options.construction {
        Construction::Reference => Vec::new(),
        Construction::Own(_) => repeated(rows, |row| (table.query[row], table.iteration[row])),
    };
    let is_left = output.once(rows, &pairs, "of a query that is twice in an iteration", |row| {
        let (query, iteration) = (table.query.of_row(row), table.iteration[row]);
        let hint =
            "is this one file of several runs? Number their iterations on, or give each run its own names of queries";
        (format!("query `{query}` is twice in iteration {iteration}"), hint.to_owned())
    })?;
    let ranks = table.query.names.ranks();
    let mut order: Vec<usize> = (0..rows).filter(|row| is_left[*row]).collect();
    order.sort_by_key(|row| (table.iteration[*row], ranks[table.query[*row].index()]));
    let queries = table.query.names.ids().map(|id| {
        let name = table.query.names.name(id);
        Query {
            channel: output.builder.channel(name),
            changed: output.builder.channel(&format!("{name}#plan_change")),
            plan: None,
            window_ms: Window::default(),
            latency_ms: RollingMedian::default(),
            cardinality: RollingMedian::default(),
        }
    });
    let mut queries: Vec<_> = queries.collect();
    let mut residuals = Vec::with_capacity(3);
    for (at, row) in order.into_iter().enumerate() {
        let t = at as f64;
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
            Construction::Own(_) => {
                if let Some(median) = query.cardinality.after(KNOWN) {
                    residuals.push((t, Class::Cardinality, error - median, query.channel));
                }
                if let Some(median) = query.latency_ms.after(KNOWN) {
                    let slower = log_ratio(options.math, latency_ms, median, JITTER_MS);
                    residuals.push((t, Class::PlanRegression, slower, query.channel));
                }
            }
        }
        let plan = table.plan[row];
        if plan.is_some() && query.plan.is_some() && plan != query.plan {
            residuals.push((t, Class::PlanRegression, 1.0, query.changed));
        }
        if output.row(row, &residuals)? {
            output.count_clamped("est_rows", table.est_rows[row]);
            output.count_clamped("actual_rows", table.actual_rows[row]);
            query.plan = plan.or(query.plan);
            match options.construction {
                Construction::Reference => query.window_ms.push(latency_ms, WINDOW),
                Construction::Own(_) => {
                    query.latency_ms.push(latency_ms);
                    query.cardinality.push(error);
                }
            }
        }
    }
    Ok(output.finish())
}
