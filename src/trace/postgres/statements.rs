//! Statements: blocks that a call reads, and the mix of what is called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::baseline::{Pool, is_past};
use super::counters::{Counters, Layout, resets};
use super::series::{Judgement, Measured, Residual, SeriesOf};
use super::{Emit, Names, Rules};
use crate::residual::divergence::jensen_shannon;
use crate::residual::{Class, Math};
use crate::tape::recording::{Cell, Header, View, ViewRows};
use crate::tape::{RowCounts, Use};

/// A statement of a database, whoever calls it: `(dbid, queryid)`.
type Statement = (i64, i64);

/// A row that grew by calls.
struct Called {
    /// It is part of the mix: the statement was called by a client.
    mixed: bool,
}

/// Calls by statement, in order of it.
type Mix = Vec<(i64, u64)>;

pub(super) struct Statements {
    counters: Counters,
    layout: Layout<3>,
    resets: Layout<2>,
    identity: Layout<3>,
    pools: BTreeMap<Statement, Pool>,
    regressions: SeriesOf<Statement>,
    mixes: BTreeMap<i64, Mixes>,
}

impl Statements {
    pub(super) fn new(header: &Header) -> Self {
        let view = View::Statements;
        Self {
            counters: Counters::default(),
            layout: Layout::new(header, view, ["calls", "blks_hit", "blks_read"]),
            resets: resets(header, view),
            identity: Layout::new(header, view, ["dbid", "queryid", "toplevel"]),
            pools: BTreeMap::new(),
            regressions: SeriesOf::default(),
            mixes: BTreeMap::new(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.counters.forget();
        self.pools.values_mut().for_each(Pool::clear);
        self.mixes.values_mut().for_each(|mixes| mixes.recent.clear());
    }

    pub(super) fn take(
        &mut self,
        t: f64,
        rows: &ViewRows,
        (names, rules, math): (&Names, &Rules, Math),
        counts: &mut RowCounts,
        emit: &mut Emit<'_>,
    ) {
        let grown = self.counters.take(View::Statements, rows, (&self.layout, &self.resets), true, counts);
        // A statement has a row for each role that calls it.
        let mut called: BTreeMap<Statement, ([f64; 2], Vec<Called>)> = BTreeMap::new();
        let mut mixes: BTreeMap<i64, BTreeMap<i64, u64>> = BTreeMap::new();
        for growth in &grown {
            let [calls, hit, read] = growth.by;
            let [dbid, queryid, toplevel] = self.identity.of(growth.row);
            // Without an identifier it is of a role whose statements the observer may not see.
            let (Some(dbid), Some(queryid)) = (dbid.int(), queryid.int()) else {
                counts.reject("no identifier".to_owned());
                continue;
            };
            if calls <= 0.0 {
                counts.reject("no call since the poll before".to_owned());
                continue;
            }
            let (sums, rows) = called.entry((dbid, queryid)).or_default();
            sums[0] += calls;
            sums[1] += hit + read;
            rows.push(Called { mixed: *toplevel != Cell::Bool(false) });
            if *toplevel != Cell::Bool(false) {
                *mixes.entry(dbid).or_default().entry(queryid).or_default() += calls as u64;
            }
        }
        let judgement = Judgement {
            class: Class::PlanRegression,
            // One block is added to both: statements that read none are nothing to divide by.
            residual: Residual::Ln(math, 1.0),
            dispersion: 0.0,
            excess: rules.plan_excess * rules.pool_s,
            floor: 0.0,
            hold: rules.plan_hold,
        };
        let mut used: Vec<(i64, Called, Option<Use>)> = Vec::new();
        for (statement, ([calls, blocks], rows)) in called {
            let pooled = self.pools.entry(statement).or_default().add(t, [blocks, calls], rules.pool_s);
            let judged = (pooled[1] >= rules.plan_calls).then(|| {
                let measured = Measured { t, pooled, alone: [blocks, calls] };
                self.regressions.take(&statement, || names.statement(statement), measured, &judgement, rules, emit)
            });
            used.extend(rows.into_iter().map(|row| (statement.0, row, judged)));
        }
        self.regressions.silence(t, Class::PlanRegression, |statement| names.statement(*statement), rules, emit);
        let mut compared = BTreeSet::new();
        for (dbid, mix) in mixes {
            let mixes = self.mixes.entry(dbid).or_default();
            if let Some(divergence) = mixes.take(t, mix.into_iter().collect(), rules, math) {
                emit(t, Class::WorkloadPhase, divergence, &names.database(dbid));
                compared.insert(dbid);
            }
        }
        for (dbid, row, judged) in used {
            match judged.max(row.mixed.then(|| Use::of(compared.contains(&dbid)))) {
                Some(what) => counts.use_for(what),
                None => counts.reject("too few calls to judge".to_owned()),
            }
        }
    }
}

/// The mixes of one database.
#[derive(Default)]
struct Mixes {
    /// Of the last seconds, each with its time.
    recent: VecDeque<(f64, Mix)>,
    /// Of before; not fed while what is called is something else.
    reference: VecDeque<(f64, Mix)>,
    away_since: Option<f64>,
}

impl Mixes {
    /// Takes in the mix of the interval that ends at `t`, and gives how far the last seconds are from those before.
    fn take(&mut self, t: f64, mix: Mix, rules: &Rules, math: Math) -> Option<f64> {
        self.recent.push_back((t, mix));
        let mut left = Vec::new();
        while self.recent.len() > 1 && self.recent.front().is_some_and(|(at, _)| is_past(*at, t, rules.pool_s)) {
            left.extend(self.recent.pop_front());
        }
        let now = together(&self.recent);
        let known = self.reference.front().is_some_and(|(at, _)| t - rules.pool_s - at >= rules.known_s);
        let usual = together(&self.reference);
        let calls = |mix: &Mix| mix.iter().map(|(_, calls)| *calls as f64).sum::<f64>();
        let enough = known && calls(&now).min(calls(&usual)) >= rules.mix_calls;
        let divergence = enough.then(|| jensen_shannon(math, &usual, &now));
        if divergence.is_some_and(|divergence| divergence > rules.mix_hold) {
            if t - *self.away_since.get_or_insert(t) < rules.adopt_s {
                return divergence;
            }
            self.reference.clear();
        }
        self.away_since = None;
        self.reference.extend(left);
        let oldest = t - rules.pool_s - rules.history_s;
        while self.reference.front().is_some_and(|(at, _)| *at < oldest) {
            self.reference.pop_front();
        }
        divergence
    }
}

fn together(mixes: &VecDeque<(f64, Mix)>) -> Mix {
    let mut sum: BTreeMap<i64, u64> = BTreeMap::new();
    for (key, calls) in mixes.iter().flat_map(|(_, mix)| mix) {
        *sum.entry(*key).or_default() += calls;
    }
    sum.into_iter().collect()
}
