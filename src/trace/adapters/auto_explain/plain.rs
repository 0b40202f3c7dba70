//! Our construction: each statement against its own past.

use super::plans::Plans;
use crate::diagnostics::Place;
use crate::residual::{ChannelId, Class, formula};
use crate::trace::baseline::history::{KNOWN, RollingMedian, log_ratio};
use crate::trace::baseline::mix::order_by_time;
use crate::trace::output::Output;
use crate::trace::read::Reading;
use crate::trace::{Conversion, Options, TraceError};

/// Added to both sides of a ratio of durations, so that a statement of a fraction of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 1.0;

/// What a log needs to have plans in it.
const SETTINGS: &str = "set session_preload_libraries = 'auto_explain' (or shared_preload_libraries), auto_explain.log_min_duration = \
                        '100ms' (0 is every statement), auto_explain.log_analyze = on, auto_explain.log_format = 'json', and \
                        log_destination = 'jsonlog' (before PostgreSQL 15 'csvlog')";

/// What residuals need of one statement.
struct Statement {
    channel: ChannelId,
    changed: ChannelId,
    shape: Option<ChannelId>,
    duration_ms: RollingMedian,
    cardinality: RollingMedian,
}

/// In order of time, in seconds since the first plan of the log; an entry is written when its statement ends.
///
/// - plan regression: ln of the duration over the median of the statement's last 24, once 5 are known; and 1.0 on
///   `…#plan_change` when its plan has another shape than last time;
/// - cardinality: the error of the node that was estimated worst, minus the median of the statement's last 24, once 5 are known.
pub(super) fn convert(reading: Reading<Plans>, options: &Options) -> Result<Conversion, TraceError> {
    let (path, rows) = (reading.path.clone(), reading.table.us.len());
    let (mut output, plans) = Output::new(options, reading, rows * 2);
    let first = plans.us.iter().copied().min().unwrap_or_default();
    let t: Vec<f64> = plans.us.iter().map(|us| (us - first) as f64 / 1e6).collect();
    let order = order_by_time(&t);
    let statements = plans.statements.ids().map(|id| {
        let name = plans.statements.name(id);
        Statement {
            channel: output.builder.channel(name),
            changed: output.builder.channel(&format!("{name}#plan_change")),
            shape: None,
            duration_ms: RollingMedian::default(),
            cardinality: RollingMedian::default(),
        }
    });
    let mut statements: Vec<_> = statements.collect();
    let mut residuals = Vec::with_capacity(3);
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        let (t, ms, shape) = (t[row], plans.duration_ms[row], plans.shape[row]);
        let statement = &mut statements[plans.statement[row].index()];
        let error = plans.rows[row].map(|(planned, actual)| formula::cardinality(options.math, planned, actual));
        residuals.clear();
        if let (Some(error), Some(median)) = (error, statement.cardinality.after(KNOWN)) {
            residuals.push((t, Class::Cardinality, error - median, statement.channel));
        }
        if let Some(median) = statement.duration_ms.after(KNOWN) {
            residuals.push((
                t,
                Class::PlanRegression,
                log_ratio(options.math, ms, median, JITTER_MS),
                statement.channel,
            ));
        }
        if statement.shape.is_some_and(|before| before != shape) {
            residuals.push((t, Class::PlanRegression, 1.0, statement.changed));
        }
        if output.row(row, &residuals)? {
            statement.shape = Some(shape);
            statement.duration_ms.push(ms);
            error.into_iter().for_each(|error| statement.cardinality.push(error));
        }
    }
    let count = statements.len();
    let conversion = output.finish();
    if conversion.stream.is_empty() && !options.allow_empty {
        let why = if rows > 0 {
            format!(
                "{rows} plan{} of {count} statement{}; none occurs more than five times, and the first five of a statement \
                 are its baseline",
                if rows == 1 { "" } else { "s" },
                if count == 1 { "" } else { "s" }
            )
        } else {
            format!(
                "there is no plan of auto_explain in it; take off what another program (Docker, Kubernetes, a cloud) has put \
                 around its lines, or {SETTINGS}"
            )
        };
        return Err(TraceError::Empty { place: Place::file(path), rows: Box::new(conversion.rows), why: Some(why) });
    }
    Ok(conversion)
}
