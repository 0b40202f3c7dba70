//! Our construction: a query's class is which operators ran it, for which database, in which warehouse of which size.

use std::borrow::Cow;

use super::OWN;
use super::problem::SnowsetProblem;
use crate::residual::{ChannelId, Class, formula};
use crate::trace::baseline::history::{KNOWN, RecentValues, RollingMedian, log_ratio};
use crate::trace::baseline::mix::{ENOUGH_QUERIES, RecentMixes, bucket, by_rank, order_by_time};
use crate::trace::input::Inputs;
use crate::trace::output::Output;
use crate::trace::read::{
    Cell, CellRow, Column, ColumnSpec, Columns, Duration, Header, Ids, Names, Naming, RowFault, Rule, Settling, Slot,
    Source, Table, Times, Values, repeated_ids,
};
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Construction, Conversion, Options, TraceError};

/// What is read besides the times of operators, whose names are those of the file.
const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::required("warehouseId"),
    ColumnSpec::required("createdTime"),
    ColumnSpec::required("execTime"),
    ColumnSpec::required("databaseId"),
    ColumnSpec::required("warehouseSize"),
    ColumnSpec::optional("persistentReadBytesCache"),
    ColumnSpec::optional("persistentReadBytesS3"),
    ColumnSpec::optional("queryId"),
];
const WAREHOUSE: Slot = Slot::of(COLUMNS, "warehouseId");
const CREATED: Slot = Slot::of(COLUMNS, "createdTime");
const EXEC: Slot = Slot::of(COLUMNS, "execTime");
const DATABASE: Slot = Slot::of(COLUMNS, "databaseId");
const SIZE: Slot = Slot::of(COLUMNS, "warehouseSize");
const CACHE: Slot = Slot::of(COLUMNS, "persistentReadBytesCache");
const S3: Slot = Slot::of(COLUMNS, "persistentReadBytesS3");
const QUERY: Slot = Slot::of(COLUMNS, "queryId");

/// Added to both sides of a ratio of execution times: a query of a millisecond is not judged on jitter. The fastest of the
/// public sample takes 115 ms.
const JITTER_MS: f64 = 10.0;

/// Length of a bucket of the workload mix.
const BUCKET_S: f64 = 300.0;

/// Ratios of a warehouse that the expected cache hit ratio is the mean of, as published.
const HIT_RATIOS: usize = 64;

/// The names of the operators whose times the header has, in its order.
struct Operators(Vec<String>);

impl Operators {
    fn select(header: &Header) -> Result<(Columns, Self), TraceError> {
        let mut columns = header.select(COLUMNS)?;
        let mut names = Vec::new();
        for (field, column) in header.names().iter().enumerate() {
            if let Some(name) = operator(column) {
                header.field(column)?;
                columns.add(header, field);
                names.push(name.to_owned());
            }
        }
        if names.is_empty() {
            return Err(header.problem(SnowsetProblem::NoOperators { there: header.list() }));
        }
        Ok((columns, Self(names)))
    }
}

/// The operator whose time a column is, in any case.
fn operator(column: &str) -> Option<&str> {
    let column = column.trim();
    let (prefix, rest) = column.split_at_checked("prof".len())?;
    let (name, suffix) = rest.split_at_checked(rest.len().checked_sub("Rso".len())?)?;
    (prefix.eq_ignore_ascii_case("prof") && suffix.eq_ignore_ascii_case("Rso")).then_some(name)
}

/// The executions as columns.
#[derive(Default)]
struct Executions {
    created: Times,
    exec_ms: Values<Duration>,
    hit_ratio: Values<HitRatio, 2>,
    warehouse: Names<KnownOrDash>,
    class: Names,
    query: Ids,
    name: String,
}

/// Bytes from the cache over all bytes; NaN where nothing was read, or it is not known.
struct HitRatio;

impl Rule<2> for HitRatio {
    type Value = f64;

    fn read([cache, s3]: [Cell<'_>; 2], _: Construction) -> Result<f64, RowFault> {
        Ok(match (cache.optional(Cell::amount)?, s3.optional(Cell::amount)?) {
            (Some(cache), Some(s3)) if cache + s3 > 0.0 => cache / (cache + s3),
            _ => f64::NAN,
        })
    }
}

/// The text of the cell, or a dash if it is not known.
struct KnownOrDash;

impl Naming for KnownOrDash {
    fn name(cell: Cell<'_>, _: Construction) -> Result<Cow<'_, str>, RowFault> {
        Ok(known_or_dash(cell)?.into())
    }
}

impl Executions {
    /// Writes `warehouse/database/size/operator+operator` to `self.name`. If one of the first three has a slash, all of them are
    /// in quotes, as in a CSV: else (`a/b`, `c`) and (`a`, `b/c`) would be one class.
    fn name_class(&mut self, operators: &Operators, row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        self.name.clear();
        let part = |slot| known_or_dash(row.cell(slot));
        let parts = [part(WAREHOUSE)?, part(DATABASE)?, part(SIZE)?];
        let is_quoted = parts.iter().any(|part| part.contains('/'));
        for part in parts {
            if is_quoted {
                self.name.push('"');
                self.name.push_str(&part.replace('"', "\"\""));
                self.name.push('"');
            } else {
                self.name.push_str(part);
            }
            self.name.push('/');
        }
        let prefix = self.name.len();
        for (time, operator) in row.cells_behind(COLUMNS).zip(&operators.0) {
            // Most operators of most queries did not run.
            if !time.is_plain_zero() && time.optional(Cell::amount)?.is_some_and(|time| time > 0.0) {
                if self.name.len() > prefix {
                    self.name.push('+');
                }
                self.name.push_str(operator);
            }
        }
        if self.name.len() == prefix {
            self.name.push('-');
        }
        Ok(())
    }
}

impl Table for Executions {
    type Context = Operators;

    const COLUMNS: &'static [ColumnSpec] = COLUMNS;

    fn row(&mut self, operators: &Operators, row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        let created = <Times>::read([row.cell(CREATED)], OWN)?;
        let exec_ms = Values::<Duration>::read([row.cell(EXEC)], OWN)?;
        let hit_ratio = Values::<HitRatio, 2>::read([row.cell(CACHE), row.cell(S3)], OWN)?;
        let warehouse = Names::<KnownOrDash>::read([row.cell(WAREHOUSE)], OWN)?;
        let query = Ids::read([row.cell(QUERY)], OWN)?;
        self.name_class(operators, row)?;
        self.created.push(created);
        self.exec_ms.push(exec_ms);
        self.hit_ratio.push(hit_ratio);
        self.warehouse.push(warehouse);
        self.class.push(self.name.as_str().into());
        self.query.push(query);
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.created.append(later.created);
        self.exec_ms.append(later.exec_ms);
        self.hit_ratio.append(later.hit_ratio);
        self.warehouse.append(later.warehouse);
        self.class.append(later.class);
        self.query.append(later.query);
    }

    fn retain(&mut self, keep: &[bool]) {
        self.created.retain(keep);
        self.exec_ms.retain(keep);
        self.hit_ratio.retain(keep);
        self.warehouse.retain(keep);
        self.class.retain(keep);
        self.query.retain(keep);
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        settling.at(CREATED, &mut self.created)
    }
}

/// What residuals need of one warehouse.
struct Warehouse {
    channel: ChannelId,
    hit_ratios: RecentValues,
}

/// Three residuals, all against the recent past of the same item:
///
/// - plan regression, channel `warehouse/database/size/operators`: ln of execTime over the median of the class's last 24,
///   once 5 are known; in the public sample 4,776 of 5,000 executions have one, from -2.2 to 4.0, half within ±0.5;
/// - cache, channel `warehouse`: mean of its last 64 hit ratios minus the ratio, once 5 are known;
/// - workload phase, channel `warehouse`: the divergence of its classes in a bucket of 300 s from those in its last bucket
///   before, both with 20 queries or more, stamped at the end of the bucket. The last bucket of a trace is left out: nothing
///   tells that it is complete.
pub(super) fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let mut source = Source::open(inputs)?;
    let (columns, operators) = source.select(options, Operators::select)?;
    let reading = source.read::<Executions>(&columns, options, &operators)?;
    let samples = reading.table.exec_ms.len() * 2;
    let (mut output, table) = Output::new(options, reading, samples);

    let pairs = repeated_ids(&table.query);
    let is_left = output.once(table.exec_ms.len(), &pairs, "of a query that is there twice", |_| RepeatedKey::Id {
        column: "queryId",
    })?;
    let t = &*table.created;
    let order = order_by_time(t);
    let warehouses = table.warehouse.names.ids().map(|id| Warehouse {
        channel: output.builder.channel(table.warehouse.names.name(id)),
        hit_ratios: RecentValues::default(),
    });
    let mut warehouses: Vec<_> = warehouses.collect();
    let classes = table.class.names.ids().map(|id| output.builder.channel(table.class.names.name(id)));
    let mut classes: Vec<_> = classes.map(|channel| (channel, RollingMedian::default())).collect();

    let (warehouse_ranks, class_ranks) = (table.warehouse.names.ranks(), table.class.names.ranks());
    let by_rank = by_rank(&warehouse_ranks);
    let mut mixes = RecentMixes::of_at_least(ENOUGH_QUERIES);
    let mut current = 0;
    for at in 0..t.len() {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        if !is_left[row] {
            continue;
        }
        let (t, exec_ms, hit_ratio) = (t[row], table.exec_ms[row], table.hit_ratio[row]);
        let (warehouse_index, class_index) = (table.warehouse[row].index(), table.class[row].index());

        let bucket = bucket(t, BUCKET_S);
        if bucket != current {
            let end = (current as f64 + 1.0) * BUCKET_S;
            for (rank, divergence) in mixes.finish(options.math) {
                let channel = warehouses[by_rank[rank as usize]].channel;
                output.push(end, Class::WorkloadPhase, divergence, channel)?;
            }
            current = bucket;
        }

        let (warehouse, (channel, history)) = (&mut warehouses[warehouse_index], &mut classes[class_index]);
        let slower = history.after(KNOWN).map(|median| {
            let slower = log_ratio(options.math, exec_ms, median, JITTER_MS);
            (t, Class::PlanRegression, slower, *channel)
        });
        let known = !hit_ratio.is_nan() && warehouse.hit_ratios.len() >= KNOWN;
        let miss = known.then(|| {
            let miss = formula::hit_ratio(warehouse.hit_ratios.mean_or(hit_ratio), hit_ratio);
            (t, Class::CacheIo, miss, warehouse.channel)
        });
        let used = match (slower, miss) {
            (Some(slower), Some(miss)) => output.row(row, &[slower, miss])?,
            (Some(one), None) | (None, Some(one)) => output.row(row, &[one])?,
            (None, None) => output.row(row, &[])?,
        };
        if used {
            history.push(exec_ms);
            if !hit_ratio.is_nan() {
                warehouse.hit_ratios.push(hit_ratio, HIT_RATIOS);
            }
            mixes.count(warehouse_ranks[warehouse_index], class_ranks[class_index]);
        }
    }
    Ok(output.finish())
}

/// The full corpus writes nulls as `\N`.
fn known_or_dash(cell: Cell<'_>) -> Result<&str, RowFault> {
    if cell.known_name().is_some() { cell.id(OWN) } else { Ok("-") }
}
