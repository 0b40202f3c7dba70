//! Blocks: the miss ratio of each database and of client back ends.

use std::collections::BTreeMap;

use super::baseline::{Pool, Rate};
use super::columns::{DATABASES, IO, ViewColumn};
use super::context::{DatabaseNames, PollContext};
use super::counters::Counters;
use super::series::{Interval, ResidualForm, SeriesOf, Thresholds};
use crate::residual::Class;
use crate::tape::Use;
use crate::tape::recording::{RecordingHeader, ViewRows};

/// Whose blocks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CacheBlocks {
    /// All of a database.
    Database(i64),
    /// Those that client back ends read in this context, of all databases.
    Context(String),
}

impl CacheBlocks {
    fn name(&self, names: &DatabaseNames) -> String {
        match self {
            Self::Database(dbid) => names.database(*dbid),
            Self::Context(context) => format!("io:{context}"),
        }
    }
}

pub(super) struct Cache {
    databases: Counters,
    dbid: ViewColumn,
    blks_read: ViewColumn,
    blks_hit: ViewColumn,
    io: Counters,
    object: ViewColumn,
    context: ViewColumn,
    read_bytes: ViewColumn,
    hits: ViewColumn,
    block_bytes: f64,
    pools: BTreeMap<CacheBlocks, Pool>,
    misses: SeriesOf<CacheBlocks>,
}

impl Cache {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let database = |name| ViewColumn::find(header, DATABASES, name);
        let io = |name| ViewColumn::find(header, IO, name);
        let (blks_read, blks_hit) = (database("blks_read"), database("blks_hit"));
        let (read_bytes, hits) = (io("read_bytes"), io("hits"));
        Self {
            databases: Counters::new(header, DATABASES, &[blks_read, blks_hit]),
            dbid: database("dbid"),
            blks_read,
            blks_hit,
            io: Counters::new(header, IO, &[read_bytes, hits]),
            object: io("object"),
            context: io("context"),
            read_bytes,
            hits,
            block_bytes: header.settings.get("block_size").and_then(|size| size.parse().ok()).unwrap_or(8192.0),
            pools: BTreeMap::new(),
            misses: SeriesOf::default(),
        }
    }

    pub(super) fn forget_databases(&mut self) {
        self.databases.forget();
        self.pools.values_mut().for_each(Pool::clear);
    }

    pub(super) fn forget_io(&mut self) {
        self.io.forget();
        self.pools.values_mut().for_each(Pool::clear);
    }

    /// Takes in the rows of `pg_stat_database`, and says what each of those with a delta is used for, in order; the others are
    /// counted.
    pub(super) fn take_databases(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) -> Vec<Option<Use>> {
        let mut used = Vec::new();
        for delta in self.databases.take(rows, false, context.counts) {
            let blocks = CacheBlocks::Database(self.dbid.cell(delta.row).int().unwrap_or_default());
            used.push(self.judge(blocks, delta.growth(self.blks_read), delta.growth(self.blks_hit), context));
        }
        let names = context.names;
        self.misses.silence(Class::CacheIo, |blocks| blocks.name(names), context);
        used
    }

    /// Takes in the rows of `pg_stat_io`, and says what each of those with a delta is used for; the others are counted.
    pub(super) fn take_io(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) -> Vec<Option<Use>> {
        let mut used = Vec::new();
        for delta in self.io.take(rows, false, context.counts) {
            // Rings of a bulk read or a vacuum miss by design.
            let (object, within) = (self.object.cell(delta.row).text(), self.context.cell(delta.row).text());
            used.push(if (object, within) == (Some("relation"), Some("normal")) {
                let read = delta.growth(self.read_bytes) / self.block_bytes;
                self.judge(CacheBlocks::Context("normal".to_owned()), read, delta.growth(self.hits), context)
            } else {
                None
            });
        }
        used
    }

    fn judge(&mut self, blocks: CacheBlocks, read: f64, hit: f64, context: &mut PollContext<'_>) -> Option<Use> {
        let (names, rules) = (context.names, context.rules);
        let alone = Rate { amount: read, count: read + hit };
        let pooled = self.pools.entry(blocks.clone()).or_default().add(context.t, alone, rules.pool_s);
        // Back ends flush their counters about once a second, so that an interval may have none.
        if pooled.count < rules.cache_blocks || alone.count <= 0.0 {
            return None;
        }
        let thresholds = Thresholds {
            class: Class::CacheIo,
            residual: ResidualForm::Difference,
            dispersion: 1.0,
            excess: 0.0,
            floor: rules.cache_floor,
            hold: rules.cache_hold,
        };
        let interval = Interval { pooled, alone };
        Some(self.misses.take(&blocks, || blocks.name(names), interval, &thresholds, context))
    }
}
