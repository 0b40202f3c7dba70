//! Blocks: the miss ratio of each database and of client back ends, and checkpoints that somebody asked for.

use std::collections::{BTreeMap, VecDeque};

use super::baseline::{Pool, is_past};
use super::counters::{Counters, Layout, resets};
use super::series::{Judgement, Measured, Residual, SeriesOf};
use super::{Emit, Names, Rules};
use crate::residual::{Class, Math};
use crate::tape::recording::{Header, View, ViewRows};
use crate::tape::{RowCounts, Use};

/// Whose blocks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blocks {
    /// All of a database.
    Database(i64),
    /// Those that client back ends read in this context, of all databases.
    Context(String),
}

impl Blocks {
    fn name(&self, names: &Names) -> String {
        match self {
            Self::Database(dbid) => names.database(*dbid),
            Self::Context(context) => format!("io:{context}"),
        }
    }
}

pub(super) struct Cache {
    databases: Counters,
    database_layout: Layout<2>,
    database_identity: Layout<1>,
    io: Counters,
    io_layout: Layout<2>,
    io_identity: Layout<2>,
    resets: [Layout<2>; 2],
    block_bytes: f64,
    pools: BTreeMap<Blocks, Pool>,
    misses: SeriesOf<Blocks>,
}

impl Cache {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            databases: Counters::default(),
            database_layout: Layout::new(header, View::Databases, ["blks_read", "blks_hit"]),
            database_identity: Layout::new(header, View::Databases, ["dbid"]),
            io: Counters::default(),
            io_layout: Layout::new(header, View::Io, ["read_bytes", "hits"]),
            io_identity: Layout::new(header, View::Io, ["object", "context"]),
            resets: [resets(header, View::Databases), resets(header, View::Io)],
            block_bytes: header.settings.get("block_size").and_then(|size| size.parse().ok()).unwrap_or(8192.0),
            pools: BTreeMap::new(),
            misses: SeriesOf::default(),
        }
    }

    pub(super) fn forget(&mut self, view: View) {
        match view {
            View::Databases => self.databases.forget(),
            _ => self.io.forget(),
        }
        self.pools.values_mut().for_each(Pool::clear);
    }

    /// Takes in the rows of `pg_stat_database` or of `pg_stat_io`, and says what each of those with a growth is used for, in order;
    /// the others are counted.
    pub(super) fn take(
        &mut self,
        t: f64,
        (view, rows): (View, &ViewRows),
        (names, rules): (&Names, &Rules),
        counts: &mut RowCounts,
        emit: &mut Emit<'_>,
    ) -> Vec<Option<Use>> {
        let grown = match view {
            View::Databases => self.databases.take(view, rows, (&self.database_layout, &self.resets[0]), false, counts),
            _ => self.io.take(view, rows, (&self.io_layout, &self.resets[1]), false, counts),
        };
        let judgement = Judgement {
            class: Class::CacheIo,
            residual: Residual::Difference,
            dispersion: 1.0,
            excess: 0.0,
            floor: rules.cache_floor,
            hold: rules.cache_hold,
        };
        let mut used = Vec::with_capacity(grown.len());
        for growth in grown {
            let (blocks, by) = match view {
                View::Databases => {
                    let [dbid] = self.database_identity.of(growth.row);
                    (Blocks::Database(dbid.int().unwrap_or_default()), growth.by)
                }
                _ => {
                    let [object, context] = self.io_identity.of(growth.row);
                    // Rings of a bulk read or a vacuum miss by design.
                    if (object.text(), context.text()) != (Some("relation"), Some("normal")) {
                        used.push(None);
                        continue;
                    }
                    (Blocks::Context("normal".to_owned()), [growth.by[0] / self.block_bytes, growth.by[1]])
                }
            };
            let alone = [by[0], by[0] + by[1]];
            let pooled = self.pools.entry(blocks.clone()).or_default().add(t, alone, rules.pool_s);
            // Back ends flush their counters about once a second, so that an interval may have none.
            let judged = pooled[1] >= rules.cache_blocks && alone[1] > 0.0;
            used.push(judged.then(|| {
                let measured = Measured { t, pooled, alone };
                self.misses.take(&blocks, || blocks.name(names), measured, &judgement, rules, emit)
            }));
        }
        if view == View::Databases {
            self.misses.silence(t, Class::CacheIo, |blocks| blocks.name(names), rules, emit);
        }
        used
    }
}

/// Checkpoints that were asked for: by somebody, or by too much WAL.
pub(super) struct Checkpoints {
    layout: Layout<1>,
    reset: Layout<1>,
    before: Option<(f64, f64)>,
    /// Times and numbers of the last ones.
    recent: VecDeque<(f64, f64)>,
    known: bool,
}

/// The channel of checkpoints.
const CHECKPOINTS: &str = "checkpoints";

impl Checkpoints {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            layout: Layout::new(header, View::Wal, ["requested"]),
            reset: Layout::new(header, View::Wal, ["checkpoints_reset"]),
            before: None,
            recent: VecDeque::new(),
            known: false,
        }
    }

    pub(super) fn forget(&mut self) {
        self.before = None;
    }

    pub(super) fn take(
        &mut self,
        t: f64,
        rows: &ViewRows,
        (rules, math): (&Rules, Math),
        counts: &mut RowCounts,
        emit: &mut Emit<'_>,
    ) {
        let Some(row) = rows.rows.first() else { return };
        counts.read += 1;
        let ([requested], [reset]) = (self.layout.numbers(row), self.reset.numbers(row));
        let Some((before, _)) =
            self.before.replace((requested, reset)).filter(|(before, at)| *at == reset && *before <= requested)
        else {
            return counts.reject("primes the counters: first, or behind a gap".to_owned());
        };
        if requested > before {
            self.recent.push_back((t, requested - before));
        }
        while self.recent.front().is_some_and(|(at, _)| is_past(*at, t, rules.checkpoint_s)) {
            self.recent.pop_front();
        }
        let count: f64 = self.recent.iter().map(|(_, count)| count).sum();
        self.known |= count > 1.0;
        counts.use_for(Use::of(self.known));
        if self.known {
            // One is nothing, two are 0.69.
            emit(t, Class::CacheIo, math.ln(count.max(1.0)).min(rules.limit), CHECKPOINTS);
        }
    }
}
