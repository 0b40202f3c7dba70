//! Our construction: a query's class is its fingerprint on its instance.

use super::queries::{Queries, QueryOutcome, Took};
use crate::residual::{ChannelId, Class, formula};
use crate::trace::baseline::history::{KNOWN, RollingMedian, log_ratio};
use crate::trace::baseline::mix::{ENOUGH_QUERIES, RecentMixes, bucket, by_rank, order_by_time};
use crate::trace::input::Inputs;
use crate::trace::output::{Output, Residual};
use crate::trace::read::{read_table, repeated};
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Conversion, Options, TraceError};

/// Added to both sides of a ratio of times, so that a query of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 10.0;

/// Length of a bucket of the workload mix.
const BUCKET_S: f64 = 300.0;

/// What residuals need of a fingerprint on an instance.
struct Fingerprint {
    channel: ChannelId,
    compile: ChannelId,
    execution_ms: RollingMedian,
    compile_ms: RollingMedian,
    kept_ratio: RollingMedian,
}

/// Five residuals; all but the wait are against the recent past of the same item, once 5 values of it are known. Only what was
/// executed counts: a query that was aborted or answered from the cache gives none and feeds nothing.
///
/// - plan regression, channel `instance/fingerprint`: ln of the execution time over the median of the last 24;
/// - plan regression, channel `instance/fingerprint#compile`: the same of the time to compile;
/// - cache, channel `instance/fingerprint`: median of the last 24 shares of megabytes that were scanned among those scanned or
///   spilled, minus the share: 1 if all of it was spilled that never was before;
/// - contention, channel `instance`: seconds in the queue, 0 too: what a query waits for there is what others do;
/// - workload phase, channel `instance`: the divergence of its fingerprints in a bucket of 300 s from those in its last bucket
///   before, both with 20 queries or more, stamped at the end of the bucket. The last bucket of a trace is left out: nothing
///   tells that it is complete.
pub(super) fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Queries>(inputs, options)?;
    let rows = reading.table.query.len();
    let (mut output, table) = Output::new(options, reading, rows * 3);
    let executed = executions(&mut output, &table)?;

    let t = &*table.arrival;
    let names = &table.instance.names;
    let instances: Vec<_> = names.ids().map(|id| output.builder.channel(names.name(id))).collect();
    let fingerprints = table.classes.ids().map(|id| {
        let name = table.classes.name(id);
        Fingerprint {
            channel: output.builder.channel(name),
            compile: output.builder.channel(&format!("{name}#compile")),
            execution_ms: RollingMedian::default(),
            compile_ms: RollingMedian::default(),
            kept_ratio: RollingMedian::default(),
        }
    });
    let mut fingerprints: Vec<_> = fingerprints.collect();

    let (instance_ranks, class_ranks) = (table.instance.names.ranks(), table.classes.ranks());
    let by_rank = by_rank(&instance_ranks);
    let mut mixes = RecentMixes::of_at_least(ENOUGH_QUERIES);
    let mut current = 0;
    let mut residuals = Vec::with_capacity(4);
    for (row, class) in executed {
        let bucket = bucket(t[row], BUCKET_S);
        if bucket != current {
            let end = (current as f64 + 1.0) * BUCKET_S;
            for (rank, divergence) in mixes.finish(options.math) {
                output.push(end, Class::WorkloadPhase, divergence, instances[by_rank[rank as usize]])?;
            }
            current = bucket;
        }
        let (instance_index, class_index) = (table.instance[row].index(), class.index());
        let (took, fingerprint) = (&table.took[row], &mut fingerprints[class_index]);
        residuals.clear();
        fingerprint.judge(t[row], took, options, &mut residuals);
        if !took.queue_ms.is_nan() {
            residuals.push((t[row], Class::Contention, took.queue_ms / 1e3, instances[instance_index]));
        }
        if output.row(row, &residuals)? {
            fingerprint.learn(took);
            mixes.count(instance_ranks[instance_index], class_ranks[class_index]);
        }
    }
    Ok(output.finish())
}

impl Fingerprint {
    fn judge(&self, t: f64, took: &Took, options: &Options, residuals: &mut Vec<Residual>) {
        let times =
            [(took.execution_ms, &self.execution_ms, self.channel), (took.compile_ms, &self.compile_ms, self.compile)];
        for (ms, history, channel) in times {
            if let Some(median) = history.after(KNOWN).filter(|_| !ms.is_nan()) {
                let slower = log_ratio(options.math, ms, median, JITTER_MS);
                residuals.push((t, Class::PlanRegression, slower, channel));
            }
        }
        if let Some(median) = self.kept_ratio.after(KNOWN).filter(|_| !took.kept_ratio.is_nan()) {
            residuals.push((t, Class::CacheIo, formula::hit_ratio(median, took.kept_ratio), self.channel));
        }
    }

    fn learn(&mut self, took: &Took) {
        self.execution_ms.push(took.execution_ms);
        if !took.compile_ms.is_nan() {
            self.compile_ms.push(took.compile_ms);
        }
        if !took.kept_ratio.is_nan() {
            self.kept_ratio.push(took.kept_ratio);
        }
    }
}

/// The rows that are executions, each with its class, in order of time; the others are counted.
fn executions(output: &mut Output<'_>, table: &Queries) -> Result<Vec<(usize, ChannelId)>, TraceError> {
    let mut rows: Vec<usize> = match order_by_time(&table.arrival) {
        Some(order) => order.into_iter().map(|row| row as usize).collect(),
        None => (0..table.query.len()).collect(),
    };
    let pairs = repeated(rows.len(), |row| (table.instance[row], table.query[row]));
    let is_left = output.once(rows.len(), &pairs, "of a query that is twice on its instance", |row| {
        let instance = table.instance.of_row(row).to_owned();
        RepeatedKey::QueryOfInstance { query: table.query[row], instance }
    })?;
    rows.retain(|row| is_left[*row]);
    for (reason, outcome) in
        [("was aborted", QueryOutcome::Aborted), ("was answered from the result cache", QueryOutcome::Cached)]
    {
        let without: Vec<usize> = rows.iter().copied().filter(|row| table.outcome[*row] == outcome).collect();
        output.withdraw(&without, reason);
    }
    Ok(rows.into_iter().filter_map(|row| Some((row, table.class[row]?))).collect())
}
