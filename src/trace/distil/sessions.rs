//! Sessions that begin: a storm of connections is contention for back ends before anybody waits for a lock.

use std::collections::BTreeMap;

use super::baseline::{Pool, Rate};
use super::columns::{DATABASES, ViewColumn};
use super::context::PollContext;
use super::counters::Counters;
use super::series::{Interval, ResidualForm, SeriesOf, Thresholds};
use crate::residual::Class;
use crate::tape::recording::{RecordingHeader, ViewRows};
use crate::tape::{RowCounts, Use};

pub(super) struct Sessions {
    counters: Counters,
    dbid: ViewColumn,
    sessions: ViewColumn,
    pools: BTreeMap<i64, Pool>,
    began: SeriesOf<i64>,
    before: Option<f64>,
}

impl Sessions {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let sessions = ViewColumn::find(header, DATABASES, "sessions");
        Self {
            counters: Counters::new(header, DATABASES, &[sessions]),
            dbid: ViewColumn::find(header, DATABASES, "dbid"),
            sessions,
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

    /// Takes in the rows of `pg_stat_database`, and says what each of those with a delta is used for, in order.
    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) -> Vec<Option<Use>> {
        // They are counted by the distiller, since the cache is read off them, too.
        let mut counted = RowCounts::default();
        let mut used = Vec::new();
        let (names, rules) = (context.names, context.rules);
        let thresholds = Thresholds {
            class: Class::Contention,
            residual: ResidualForm::Ln(context.math, rules.session_guard),
            // Sessions begin one by one.
            dispersion: 1.0,
            excess: 0.0,
            floor: 0.05,
            hold: rules.session_hold,
        };
        let seconds = self.before.replace(context.t).map(|before| context.t - before);
        for delta in self.counters.take(rows, false, &mut counted) {
            let (Some(dbid), Some(seconds)) = (self.dbid.cell(delta.row).int(), seconds) else {
                used.push(None);
                continue;
            };
            let alone = Rate { amount: delta.growth(self.sessions), count: seconds };
            let pooled = self.pools.entry(dbid).or_default().add(context.t, alone, rules.pool_s);
            let name = || format!("sessions:{}", names.database(dbid));
            used.push(Some(self.began.take(&dbid, name, Interval { pooled, alone }, &thresholds, context)));
        }
        let name = |dbid: &i64| format!("sessions:{}", names.database(*dbid));
        self.began.silence(Class::Contention, name, context);
        used
    }
}
