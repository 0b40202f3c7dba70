//! The published construction: every query is its own class (`queryId` is unique), so its plan residuals are 0.

use hashbrown::HashMap;

use crate::residual::{ChannelId, Class, StreamBuilder, formula};
use crate::trace::baseline::history::RecentValues;
use crate::trace::baseline::mix::{AdjacentMixes, bucket, by_rank, order_by_time};
use crate::trace::input::Inputs;
use crate::trace::output::Output;
use crate::trace::read::{Cell, CellProblem, Finite, Names, RowFault, Rule, TimeUs, Values, read_table, table};
use crate::trace::{Construction, Conversion, Options, TraceError};

const WINDOW: usize = 64;
const BUCKET_S: f64 = 300.0;

table! {
    /// The executions.
    struct Executions {
        query: Names = required("queryId"),
        warehouse: Names = required("warehouseId"),
        created_us: Values<TimeUs> = required("createdTime"),
        exec_ms: Values<Finite> = required("execTime"),
        hit_ratio: Values<HitRatio, 2> = optional("persistentReadBytesCache", "persistentReadBytesS3"),
    }
}

/// Bytes from the cache over all bytes; NaN where nothing was read.
struct HitRatio;

impl Rule<2> for HitRatio {
    type Value = f64;

    fn read([cache, s3]: [Cell<'_>; 2], _: Construction) -> Result<f64, RowFault> {
        let (cache_bytes, s3_bytes) = (cache.number_or(0.0)?, s3.number_or(0.0)?);
        let hit_ratio = cache_bytes / (cache_bytes + s3_bytes);
        match cache_bytes + s3_bytes > 0.0 {
            true if !hit_ratio.is_finite() => Err(cache.fault(CellProblem::NotFinite)),
            true => Ok(hit_ratio),
            false => Ok(f64::NAN),
        }
    }
}

/// One query in one warehouse.
struct QueryPlan {
    channel: ChannelId,
    exec_ms: RecentValues,
}

/// Finds the plan of (warehouse, query). A query nearly always stays in one warehouse, so that an array does.
#[derive(Default)]
struct QueryPlans {
    plans: Vec<QueryPlan>,
    /// By query: the warehouse where it came first, and its plan there.
    first: Vec<Option<(ChannelId, u32)>>,
    others: HashMap<(ChannelId, ChannelId), u32>,
    name: String,
}

impl QueryPlans {
    fn find(&mut self, table: &Executions, row: usize, builder: &mut StreamBuilder) -> &mut QueryPlan {
        let (warehouse, query) = (table.warehouse[row], table.query[row]);
        let next = self.plans.len() as u32;
        let first = self.first[query.index()].get_or_insert((warehouse, next));
        let index = if first.0 == warehouse { first.1 } else { *self.others.entry((warehouse, query)).or_insert(next) };
        if index == next {
            self.name.clear();
            self.name.push_str(table.warehouse.of_row(row));
            self.name.push('/');
            self.name.push_str(table.query.of_row(row));
            self.plans.push(QueryPlan { channel: builder.channel(&self.name), exec_ms: RecentValues::default() });
        }
        &mut self.plans[index as usize]
    }
}

pub(super) fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Executions>(inputs, options)?;
    let samples = reading.table.exec_ms.len() * 2;
    let (mut output, table) = Output::new(options, reading, samples);

    let t = seconds_since_first(&table.created_us);
    let order = order_by_time(&t);
    let rows = || (0..t.len()).map(|at| order.as_ref().map_or(at, |order| order[at] as usize));
    let warehouse_channels: Vec<_> =
        table.warehouse.names.ids().map(|id| output.builder.channel(table.warehouse.names.name(id))).collect();
    let mut hit_ratios = vec![RecentValues::default(); table.warehouse.names.len()];
    let mut plans = QueryPlans { first: vec![None; table.query.names.len()], ..QueryPlans::default() };
    let mut used = vec![true; t.len()];
    // Names are put in order, for the second pass, while the first one goes on.
    let ranks = || rayon::join(|| table.warehouse.names.ranks(), || table.query.names.ranks());
    let first_pass = || -> Result<(), TraceError> {
        for row in rows() {
            let (exec_ms, hit_ratio, warehouse) =
                (table.exec_ms[row], table.hit_ratio[row], table.warehouse[row].index());
            let plan = plans.find(&table, row, &mut output.builder);
            let baseline = plan.exec_ms.mean_or(exec_ms);
            let latency = formula::latency(exec_ms / 1e3, baseline / 1e3);
            let plan_residual = (t[row], Class::PlanRegression, latency, plan.channel);
            used[row] = if hit_ratio.is_nan() {
                output.row(row, &[plan_residual])?
            } else {
                let expected = hit_ratios[warehouse].mean_or(hit_ratio);
                let miss = formula::hit_ratio(expected, hit_ratio);
                output.row(row, &[plan_residual, (t[row], Class::CacheIo, miss, warehouse_channels[warehouse])])?
            };
            if used[row] {
                plan.exec_ms.push(exec_ms, WINDOW);
                if !hit_ratio.is_nan() {
                    hit_ratios[warehouse].push(hit_ratio, WINDOW);
                }
            }
        }
        Ok(())
    };
    let (passed, (warehouse_ranks, query_ranks)) = rayon::join(first_pass, ranks);
    passed?;

    let by_rank = by_rank(&warehouse_ranks);
    let mut mixes = AdjacentMixes::default();
    let mut current = 0;
    for row in rows().filter(|row| used[*row]) {
        let bucket = bucket(t[row], BUCKET_S);
        if bucket != current {
            for (warehouse, divergence) in mixes.finish(options.math) {
                let start = current as f64 * BUCKET_S;
                output.push(
                    start,
                    Class::WorkloadPhase,
                    divergence,
                    warehouse_channels[by_rank[warehouse as usize]],
                )?;
            }
            current = bucket;
        }
        mixes.count(warehouse_ranks[table.warehouse[row].index()], query_ranks[table.query[row].index()]);
    }
    Ok(output.finish())
}

/// The times of `us` (microseconds since 1970) in seconds since the first of them all.
fn seconds_since_first(us: &[f64]) -> Vec<f64> {
    let first = us.iter().copied().fold(f64::INFINITY, f64::min);
    us.iter().map(|us| (us - first) / 1e6).collect()
}
