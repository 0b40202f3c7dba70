//! Rows that an index gives, sessions that begin, and plans whose rows were estimated wrong.

use std::collections::BTreeMap;

use super::baseline::Pool;
use super::counters::{Counters, Layout, resets};
use super::series::{Judgement, Measured, Residual, SeriesOf};
use super::{Emit, Names, Rules};
use crate::residual::{Class, Math, formula};
use crate::tape::recording::{Header, View, ViewRows};
use crate::tape::{RowCounts, Use};

/// Rows per index scan of each table: a proxy of cardinality that needs no log.
pub(super) struct Tables {
    counters: Counters,
    layout: Layout<2>,
    resets: Layout<2>,
    identity: Layout<2>,
    pools: BTreeMap<String, Pool>,
    rows: SeriesOf<String>,
}

impl Tables {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            counters: Counters::default(),
            layout: Layout::new(header, View::Tables, ["idx_scan", "idx_rows"]),
            resets: resets(header, View::Tables),
            identity: Layout::new(header, View::Tables, ["relid", "name"]),
            pools: BTreeMap::new(),
            rows: SeriesOf::default(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.counters.forget();
        self.pools.values_mut().for_each(Pool::clear);
    }

    pub(super) fn take(
        &mut self,
        t: f64,
        rows: &ViewRows,
        (rules, math): (&Rules, Math),
        counts: &mut RowCounts,
        emit: &mut Emit<'_>,
    ) {
        let judgement = Judgement {
            class: Class::Cardinality,
            residual: Residual::Log10(math),
            dispersion: 0.0,
            excess: rules.rows_excess * rules.pool_s,
            floor: 0.0,
            hold: rules.rows_hold,
        };
        for growth in self.counters.take(View::Tables, rows, (&self.layout, &self.resets), false, counts) {
            let [_, name] = self.identity.of(growth.row);
            let Some(name) = name.text().map(str::to_owned) else {
                counts.reject("no name".to_owned());
                continue;
            };
            let [scans, fetched] = growth.by;
            if scans > 0.0 {
                let alone = [fetched, scans];
                let pooled = self.pools.entry(name.clone()).or_default().add(t, alone, rules.pool_s);
                let measured = Measured { t, pooled, alone };
                counts.use_for(self.rows.take(&name, || name.clone(), measured, &judgement, rules, emit));
            } else {
                counts.reject("no index scan since the poll before".to_owned());
            }
        }
        self.rows.silence(t, Class::Cardinality, String::clone, rules, emit);
    }
}

/// Sessions that begin: a storm of connections is contention for back ends before anybody waits for a lock.
pub(super) struct Sessions {
    counters: Counters,
    layout: Layout<1>,
    resets: Layout<2>,
    identity: Layout<1>,
    pools: BTreeMap<i64, Pool>,
    began: SeriesOf<i64>,
    before: Option<f64>,
}

impl Sessions {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            counters: Counters::default(),
            layout: Layout::new(header, View::Databases, ["sessions"]),
            resets: resets(header, View::Databases),
            identity: Layout::new(header, View::Databases, ["dbid"]),
            pools: BTreeMap::new(),
            began: SeriesOf::default(),
            before: None,
        }
    }

    pub(super) fn forget(&mut self) {
        self.counters.forget();
        self.pools.values_mut().for_each(Pool::clear);
        self.before = None;
    }

    /// Takes in the rows of `pg_stat_database`, and says what each of those with a growth is used for, in order.
    pub(super) fn take(
        &mut self,
        t: f64,
        rows: &ViewRows,
        (names, rules, math): (&Names, &Rules, Math),
        emit: &mut Emit<'_>,
    ) -> Vec<Option<Use>> {
        // They are counted by the distiller, since the cache is read off them, too.
        let mut counted = RowCounts::default();
        let mut used = Vec::new();
        let judgement = Judgement {
            class: Class::Contention,
            residual: Residual::Ln(math, rules.session_guard),
            // Sessions begin one by one.
            dispersion: 1.0,
            excess: 0.0,
            floor: 0.05,
            hold: rules.session_hold,
        };
        let interval = self.before.replace(t).map(|before| t - before);
        for growth in self.counters.take(View::Databases, rows, (&self.layout, &self.resets), false, &mut counted) {
            let [dbid] = self.identity.of(growth.row);
            let (Some(dbid), Some(interval)) = (dbid.int(), interval) else {
                used.push(None);
                continue;
            };
            let alone = [growth.by[0], interval];
            let pooled = self.pools.entry(dbid).or_default().add(t, alone, rules.pool_s);
            let name = || format!("sessions:{}", names.database(dbid));
            used.push(Some(self.began.take(&dbid, name, Measured { t, pooled, alone }, &judgement, rules, emit)));
        }
        let name = |dbid: &i64| format!("sessions:{}", names.database(*dbid));
        self.began.silence(t, Class::Contention, name, rules, emit);
        used
    }
}

/// Plans from a log of `auto_explain`: actual over planned rows of the node that was estimated worst.
pub(super) struct Plans {
    layout: Layout<3>,
    worst: SeriesOf<i64>,
}

impl Plans {
    pub(super) fn new(header: &Header) -> Self {
        Self { layout: Layout::new(header, View::Plans, ["queryid", "planned", "actual"]), worst: SeriesOf::default() }
    }

    pub(super) fn take(
        &mut self,
        t: f64,
        rows: &ViewRows,
        (rules, math): (&Rules, Math),
        counts: &mut RowCounts,
        emit: &mut Emit<'_>,
    ) {
        counts.read += rows.rows.len() as u64;
        let mut worst: BTreeMap<i64, ([f64; 2], u64)> = BTreeMap::new();
        for row in &rows.rows {
            let [queryid, planned, actual] = self.layout.of(row);
            let (Some(queryid), Some(planned), Some(actual)) = (queryid.int(), planned.number(), actual.number())
            else {
                counts.reject("no identifier or no rows".to_owned());
                continue;
            };
            // The formula takes less than one row for one: what is not known must not come to it.
            if planned < 0.0 || actual < 0.0 {
                counts.reject("negative number of rows".to_owned());
                continue;
            }
            // Too many and too few are wrong alike.
            let wrong = formula::cardinality(math, planned, actual).abs();
            let (worst, rows) = worst.entry(queryid).or_default();
            worst[0] += wrong;
            worst[1] += 1.0;
            *rows += 1;
        }
        let judgement = Judgement {
            class: Class::Cardinality,
            residual: Residual::Difference,
            dispersion: 0.0,
            excess: 0.0,
            // Twice as many rows as planned, or half as many, are nothing.
            floor: 0.3,
            hold: rules.rows_hold,
        };
        for (queryid, (alone, rows)) in worst {
            let measured = Measured { t, pooled: alone, alone };
            let used = self.worst.take(&queryid, || format!("plan:{queryid}"), measured, &judgement, rules, emit);
            (0..rows).for_each(|_| counts.use_for(used));
        }
        self.worst.silence(t, Class::Cardinality, |queryid| format!("plan:{queryid}"), rules, emit);
    }
}
