//! The columns of Redset that are read. Of a query that was aborted or answered from the cache, nothing but its time and key is:
//! it has no execution.

use crate::residual::{ChannelId, Channels};
use crate::trace::Construction;
use crate::trace::TraceError;
use crate::trace::read::{
    Cell, CellRow, Column, ColumnSpec, Names, RowFault, Settling, Slot, Table, Times, retain_rows,
};

const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::required("instance_id"),
    ColumnSpec::required("query_id"),
    ColumnSpec::required("arrival_timestamp"),
    ColumnSpec::required("execution_duration_ms"),
    ColumnSpec::required("feature_fingerprint"),
    ColumnSpec::required("was_aborted"),
    ColumnSpec::required("was_cached"),
    ColumnSpec::optional("compile_duration_ms"),
    ColumnSpec::optional("queue_duration_ms"),
    ColumnSpec::optional("mbytes_scanned"),
    ColumnSpec::optional("mbytes_spilled"),
];
const INSTANCE: Slot = Slot::of(COLUMNS, "instance_id");
const QUERY: Slot = Slot::of(COLUMNS, "query_id");
const ARRIVAL: Slot = Slot::of(COLUMNS, "arrival_timestamp");
const EXECUTION: Slot = Slot::of(COLUMNS, "execution_duration_ms");
const FINGERPRINT: Slot = Slot::of(COLUMNS, "feature_fingerprint");
const ABORTED: Slot = Slot::of(COLUMNS, "was_aborted");
const CACHED: Slot = Slot::of(COLUMNS, "was_cached");
const COMPILE: Slot = Slot::of(COLUMNS, "compile_duration_ms");
const QUEUE: Slot = Slot::of(COLUMNS, "queue_duration_ms");
const SCANNED: Slot = Slot::of(COLUMNS, "mbytes_scanned");
const SPILLED: Slot = Slot::of(COLUMNS, "mbytes_spilled");

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryOutcome {
    Executed,
    Aborted,
    /// It was answered from the result cache.
    Cached,
}

/// What an execution took; NaN where it is not known.
#[derive(Clone, Copy)]
pub(super) struct Took {
    pub(super) execution_ms: f64,
    pub(super) compile_ms: f64,
    pub(super) queue_ms: f64,
    /// Megabytes scanned over megabytes scanned and spilled.
    pub(super) kept_ratio: f64,
}

/// The queries as columns.
#[derive(Default)]
pub(super) struct Queries {
    pub(super) arrival: Times<true>,
    pub(super) instance: Names,
    /// Unique per instance.
    pub(super) query: Vec<u64>,
    pub(super) outcome: Vec<QueryOutcome>,
    pub(super) took: Vec<Took>,
    /// `instance/fingerprint` of those that were executed.
    pub(super) class: Vec<Option<ChannelId>>,
    pub(super) classes: Channels,
    name: String,
}

const NOTHING: Took = Took { execution_ms: f64::NAN, compile_ms: f64::NAN, queue_ms: f64::NAN, kept_ratio: f64::NAN };

impl Took {
    fn read(row: &CellRow<'_, '_>) -> Result<Self, RowFault> {
        let optional = |slot: Slot| Ok(row.cell(slot).optional(Cell::amount)?.unwrap_or(f64::NAN));
        let (scanned, spilled): (f64, f64) = (optional(SCANNED)?, optional(SPILLED)?);
        Ok(Self {
            execution_ms: row.cell(EXECUTION).amount()?,
            compile_ms: optional(COMPILE)?,
            queue_ms: optional(QUEUE)?,
            kept_ratio: if scanned + spilled > 0.0 { scanned / (scanned + spilled) } else { f64::NAN },
        })
    }
}

impl Table for Queries {
    type Context = Construction;

    const COLUMNS: &'static [ColumnSpec] = COLUMNS;

    fn row(&mut self, construction: &Construction, row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        let arrival = <Times<true>>::read([row.cell(ARRIVAL)], *construction)?;
        let instance = row.cell(INSTANCE).id(*construction)?;
        let query = row.cell(QUERY).whole(*construction)?;
        let outcome = match (row.cell(ABORTED).flag()?, row.cell(CACHED).flag()?) {
            (true, _) => QueryOutcome::Aborted,
            (false, true) => QueryOutcome::Cached,
            (false, false) => QueryOutcome::Executed,
        };
        let (took, class) = if outcome == QueryOutcome::Executed {
            let (fingerprint, took) = (row.cell(FINGERPRINT).id(*construction)?, Took::read(row)?);
            self.name.clear();
            self.name.extend([instance, "/", fingerprint]);
            (took, Some(self.classes.intern(&self.name)))
        } else {
            (NOTHING, None)
        };
        self.arrival.push(arrival);
        self.instance.push(instance.into());
        self.query.push(query);
        self.outcome.push(outcome);
        self.took.push(took);
        self.class.push(class);
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.arrival.append(later.arrival);
        self.instance.append(later.instance);
        self.query.extend_from_slice(&later.query);
        self.outcome.extend_from_slice(&later.outcome);
        self.took.extend_from_slice(&later.took);
        let ids = self.classes.absorb(&later.classes);
        self.class.extend(later.class.iter().map(|id| id.map(|id| ids[id.index()])));
    }

    /// A class that no row has any more must not be left: it would be a channel.
    fn retain(&mut self, keep: &[bool]) {
        self.arrival.retain(keep);
        self.instance.retain(keep);
        retain_rows(&mut self.query, keep);
        retain_rows(&mut self.outcome, keep);
        retain_rows(&mut self.took, keep);
        retain_rows(&mut self.class, keep);
        let classes = std::mem::take(&mut self.classes);
        self.class.iter_mut().flatten().for_each(|id| *id = self.classes.intern(classes.name(*id)));
    }

    fn settle(&mut self, settling: &mut Settling<'_>) -> Result<(), TraceError> {
        settling.at(ARRIVAL, &mut self.arrival)
    }
}
