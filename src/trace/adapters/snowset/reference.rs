//! The published construction: every query is its own class (`queryId` is unique), so its plan residuals are 0.

use hashbrown::HashMap;

use super::seconds_since_first;
use crate::residual::{ChannelId, Channels, Class, StreamBuilder, formula};
use crate::store::Input;
use crate::trace::baseline::history::Window;
use crate::trace::baseline::mix::{AdjacentMixes, bucket, by_rank, order_by_time};
use crate::trace::output::Output;
use crate::trace::read::csv::{Source, Table};
use crate::trace::read::row::{Fault, Kind, Row};
use crate::trace::read::time::parse_us;
use crate::trace::{Conversion, Options, TraceError};

const REQUIRED: [&str; 4] = ["queryId", "warehouseId", "createdTime", "execTime"];
const OPTIONAL: [&str; 2] = ["persistentReadBytesCache", "persistentReadBytesS3"];
const QUERY: usize = 0;
const WAREHOUSE: usize = 1;
const CREATED: usize = 2;
const EXEC: usize = 3;
const CACHE: usize = 4;
const S3: usize = 5;
const WINDOW: usize = 64;
const BUCKET_S: f64 = 300.0;

/// The executions as columns.
#[derive(Default)]
struct Executions {
    created_us: Vec<f64>,
    exec_ms: Vec<f64>,
    /// NaN where nothing was read.
    hit_ratio: Vec<f64>,
    warehouse: Vec<ChannelId>,
    query: Vec<ChannelId>,
    warehouses: Channels,
    queries: Channels,
}

impl Table for Executions {
    type Context = ();

    fn row(&mut self, (): &(), row: &Row<'_>) -> Result<(), Fault> {
        let created_us = parse_us(row.text(CREATED)).ok_or_else(|| row.fault(CREATED, Kind::Time))?;
        let exec_ms = row.finite(EXEC)?;
        let (cache, s3) = (row.number_or(CACHE, 0.0)?, row.number_or(S3, 0.0)?);
        let hit_ratio = if cache + s3 > 0.0 { cache / (cache + s3) } else { f64::NAN };
        if cache + s3 > 0.0 && !hit_ratio.is_finite() {
            return Err(row.fault(CACHE, Kind::NotFinite));
        }
        self.created_us.push(created_us as f64);
        self.exec_ms.push(exec_ms);
        self.hit_ratio.push(hit_ratio);
        self.warehouse.push(self.warehouses.intern(row.text(WAREHOUSE)));
        self.query.push(self.queries.intern(row.text(QUERY)));
        Ok(())
    }

    fn append(&mut self, later: Self) {
        let warehouses = self.warehouses.absorb(&later.warehouses);
        let queries = self.queries.absorb(&later.queries);
        self.created_us.extend_from_slice(&later.created_us);
        self.exec_ms.extend_from_slice(&later.exec_ms);
        self.hit_ratio.extend_from_slice(&later.hit_ratio);
        self.warehouse.extend(later.warehouse.iter().map(|id| warehouses[id.index()]));
        self.query.extend(later.query.iter().map(|id| queries[id.index()]));
    }
}

/// One query in one warehouse.
struct Plan {
    channel: ChannelId,
    exec_ms: Window,
}

/// Finds the plan of (warehouse, query). A query nearly always stays in one warehouse, so that an array does.
#[derive(Default)]
struct Plans {
    plans: Vec<Plan>,
    /// By query: the warehouse where it came first, and its plan there.
    first: Vec<Option<(ChannelId, u32)>>,
    others: HashMap<(ChannelId, ChannelId), u32>,
    name: String,
}

impl Plans {
    fn find(&mut self, table: &Executions, row: usize, builder: &mut StreamBuilder) -> &mut Plan {
        let (warehouse, query) = (table.warehouse[row], table.query[row]);
        let next = self.plans.len() as u32;
        let first = self.first[query.index()].get_or_insert((warehouse, next));
        let index = if first.0 == warehouse { first.1 } else { *self.others.entry((warehouse, query)).or_insert(next) };
        if index == next {
            self.name.clear();
            self.name.push_str(table.warehouses.name(warehouse));
            self.name.push('/');
            self.name.push_str(table.queries.name(query));
            self.plans.push(Plan { channel: builder.channel(&self.name), exec_ms: Window::default() });
        }
        &mut self.plans[index as usize]
    }
}

pub(super) fn convert(input: Input<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let source = Source::new(input)?;
    let columns = source.header().select(&REQUIRED, &OPTIONAL)?;
    let reading = source.read::<Executions>(&columns, options.lenient, &())?;
    let samples = reading.table.exec_ms.len() * 2;
    let (mut output, table) = Output::new(options, reading, samples);

    let t = seconds_since_first(&table.created_us);
    let order = order_by_time(&t);
    let rows = || (0..t.len()).map(|at| order.as_ref().map_or(at, |order| order[at] as usize));
    let warehouse_channels: Vec<_> =
        table.warehouses.ids().map(|id| output.builder.channel(table.warehouses.name(id))).collect();
    let mut hit_ratios = vec![Window::default(); table.warehouses.len()];
    let mut plans = Plans { first: vec![None; table.queries.len()], ..Plans::default() };
    let mut used = vec![true; t.len()];
    // Names are put in order, for the second pass, while the first one goes on.
    let ranks = || rayon::join(|| table.warehouses.ranks(), || table.queries.ranks());
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
