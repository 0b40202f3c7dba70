//! Rows per index scan of each table: a proxy of cardinality that needs no log.

use std::collections::BTreeMap;

use super::baseline::{Pool, Rate};
use super::columns::{TABLES, ViewColumn};
use super::context::PollContext;
use super::counters::Counters;
use super::series::{Interval, ResidualForm, SeriesOf, Thresholds};
use crate::residual::Class;
use crate::tape::recording::{RecordingHeader, ViewRows};

pub(super) struct Tables {
    counters: Counters,
    name: ViewColumn,
    idx_scan: ViewColumn,
    idx_rows: ViewColumn,
    pools: BTreeMap<String, Pool>,
    rows: SeriesOf<String>,
}

impl Tables {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let column = |name| ViewColumn::find(header, TABLES, name);
        let (idx_scan, idx_rows) = (column("idx_scan"), column("idx_rows"));
        Self {
            counters: Counters::new(header, TABLES, &[idx_scan, idx_rows]),
            name: column("name"),
            idx_scan,
            idx_rows,
            pools: BTreeMap::new(),
            rows: SeriesOf::default(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.counters.forget();
        self.pools.values_mut().for_each(Pool::clear);
    }

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        let rules = context.rules;
        let thresholds = Thresholds {
            class: Class::Cardinality,
            residual: ResidualForm::Log10(context.math),
            dispersion: 0.0,
            excess: rules.rows_excess * rules.pool_s,
            floor: 0.0,
            hold: rules.rows_hold,
        };
        for delta in self.counters.take(rows, false, context.counts) {
            let Some(name) = self.name.cell(delta.row).text().map(str::to_owned) else {
                context.counts.reject("no name".to_owned());
                continue;
            };
            let alone = Rate { amount: delta.growth(self.idx_rows), count: delta.growth(self.idx_scan) };
            if alone.count > 0.0 {
                let pooled = self.pools.entry(name.clone()).or_default().add(context.t, alone, rules.pool_s);
                let interval = Interval { pooled, alone };
                let used = self.rows.take(&name, || name.clone(), interval, &thresholds, context);
                context.counts.use_for(used);
            } else {
                context.counts.reject("no index scan since the poll before".to_owned());
            }
        }
        self.rows.silence(Class::Cardinality, String::clone, context);
    }
}
