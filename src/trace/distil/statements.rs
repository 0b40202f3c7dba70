//! Statements: blocks that a call reads, and the mix of what is called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::baseline::{Pool, Rate, is_past};
use super::columns::{STATEMENTS, ViewColumn};
use super::context::PollContext;
use super::counters::Counters;
use super::series::{Interval, ResidualForm, SeriesOf, Thresholds};
use crate::residual::Class;
use crate::residual::divergence::jensen_shannon;
use crate::tape::Use;
use crate::tape::recording::{RecordedCell, RecordingHeader, ViewRows};

/// A statement of a database, whoever calls it: `(dbid, queryid)`.
type Statement = (i64, i64);

/// A row that grew by calls.
struct Called {
    /// It is part of the mix: the statement was called by a client.
    mixed: bool,
}

/// Calls by statement, in order of it.
type StatementMix = Vec<(i64, u64)>;

pub(super) struct Statements {
    counters: Counters,
    dbid: ViewColumn,
    queryid: ViewColumn,
    toplevel: ViewColumn,
    calls: ViewColumn,
    blks_hit: ViewColumn,
    blks_read: ViewColumn,
    pools: BTreeMap<Statement, Pool>,
    regressions: SeriesOf<Statement>,
    mixes: BTreeMap<i64, Mixes>,
}

impl Statements {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let column = |name| ViewColumn::find(header, STATEMENTS, name);
        let (calls, blks_hit, blks_read) = (column("calls"), column("blks_hit"), column("blks_read"));
        Self {
            counters: Counters::new(header, STATEMENTS, &[calls, blks_hit, blks_read]),
            dbid: column("dbid"),
            queryid: column("queryid"),
            toplevel: column("toplevel"),
            calls,
            blks_hit,
            blks_read,
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

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        let (names, rules) = (context.names, context.rules);
        // A statement has a row for each role that calls it.
        let mut called: BTreeMap<Statement, (Rate, Vec<Called>)> = BTreeMap::new();
        let mut mixes: BTreeMap<i64, BTreeMap<i64, u64>> = BTreeMap::new();
        for delta in self.counters.take(rows, true, context.counts) {
            // Without an identifier it is of a role whose statements the observer may not see.
            let (Some(dbid), Some(queryid)) = (self.dbid.cell(delta.row).int(), self.queryid.cell(delta.row).int())
            else {
                context.counts.reject("no identifier".to_owned());
                continue;
            };
            let calls = delta.growth(self.calls);
            if calls <= 0.0 {
                context.counts.reject("no call since the poll before".to_owned());
                continue;
            }
            let (rate, rows) = called.entry((dbid, queryid)).or_default();
            rate.count += calls;
            rate.amount += delta.growth(self.blks_hit) + delta.growth(self.blks_read);
            let mixed = *self.toplevel.cell(delta.row) != RecordedCell::Bool(false);
            rows.push(Called { mixed });
            if mixed {
                *mixes.entry(dbid).or_default().entry(queryid).or_default() += calls as u64;
            }
        }
        let thresholds = Thresholds {
            class: Class::PlanRegression,
            // One block is added to both: statements that read none are nothing to divide by.
            residual: ResidualForm::Ln(context.math, 1.0),
            dispersion: 0.0,
            excess: rules.plan_excess * rules.pool_s,
            floor: 0.0,
            hold: rules.plan_hold,
        };
        let mut used: Vec<(i64, Called, Option<Use>)> = Vec::new();
        for (statement, (alone, rows)) in called {
            let pooled = self.pools.entry(statement).or_default().add(context.t, alone, rules.pool_s);
            let judged = (pooled.count >= rules.plan_calls).then(|| {
                let interval = Interval { pooled, alone };
                self.regressions.take(&statement, || names.statement(statement), interval, &thresholds, context)
            });
            used.extend(rows.into_iter().map(|row| (statement.0, row, judged)));
        }
        self.regressions.silence(Class::PlanRegression, |statement| names.statement(*statement), context);
        let mut compared = BTreeSet::new();
        for (dbid, mix) in mixes {
            let mixes = self.mixes.entry(dbid).or_default();
            if let Some(divergence) = mixes.take(mix.into_iter().collect(), context) {
                context.emit(Class::WorkloadPhase, divergence, &names.database(dbid));
                compared.insert(dbid);
            }
        }
        for (dbid, row, judged) in used {
            match judged.max(row.mixed.then(|| Use::of_row(compared.contains(&dbid)))) {
                Some(what) => context.counts.use_for(what),
                None => context.counts.reject("too few calls to judge".to_owned()),
            }
        }
    }
}

/// The mixes of one database.
#[derive(Default)]
struct Mixes {
    /// Of the last seconds, each with its time.
    recent: VecDeque<(f64, StatementMix)>,
    /// Of before; not fed while what is called is something else.
    reference: VecDeque<(f64, StatementMix)>,
    away_since: Option<f64>,
}

impl Mixes {
    /// Takes in the mix of the interval that ends with the poll, and gives how far the last seconds are from those before.
    fn take(&mut self, mix: StatementMix, context: &PollContext<'_>) -> Option<f64> {
        let (t, rules) = (context.t, context.rules);
        self.recent.push_back((t, mix));
        let mut left = Vec::new();
        while self.recent.len() > 1 && self.recent.front().is_some_and(|(at, _)| is_past(*at, t, rules.pool_s)) {
            left.extend(self.recent.pop_front());
        }
        let now = together(&self.recent);
        let known = self.reference.front().is_some_and(|(at, _)| t - rules.pool_s - at >= rules.known_s);
        let usual = together(&self.reference);
        let calls = |mix: &StatementMix| mix.iter().map(|(_, calls)| *calls as f64).sum::<f64>();
        let enough = known && calls(&now).min(calls(&usual)) >= rules.mix_calls;
        let divergence = enough.then(|| jensen_shannon(context.math, &usual, &now));
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

fn together(mixes: &VecDeque<(f64, StatementMix)>) -> StatementMix {
    let mut sum: BTreeMap<i64, u64> = BTreeMap::new();
    for (key, calls) in mixes.iter().flat_map(|(_, mix)| mix) {
        *sum.entry(*key).or_default() += calls;
    }
    sum.into_iter().collect()
}
