//! Plans from a log of `auto_explain`: actual over planned rows of the node that was estimated worst.

use std::collections::BTreeMap;

use super::baseline::Rate;
use super::columns::{PLANS, ViewColumn};
use super::context::PollContext;
use super::series::{Interval, ResidualForm, SeriesOf, Thresholds};
use crate::residual::{Class, formula};
use crate::tape::recording::{RecordingHeader, ViewRows};

pub(super) struct Plans {
    queryid: ViewColumn,
    planned: ViewColumn,
    actual: ViewColumn,
    worst: SeriesOf<i64>,
}

impl Plans {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let column = |name| ViewColumn::find(header, PLANS, name);
        Self {
            queryid: column("queryid"),
            planned: column("planned"),
            actual: column("actual"),
            worst: SeriesOf::default(),
        }
    }

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        context.counts.read += rows.rows.len() as u64;
        // How wrong the plans of a query were, summed up, and how many there were.
        let mut worst: BTreeMap<i64, (Rate, u64)> = BTreeMap::new();
        for row in &rows.rows {
            let (planned, actual) = (self.planned.cell(row).number(), self.actual.cell(row).number());
            let (Some(queryid), Some(planned), Some(actual)) = (self.queryid.cell(row).int(), planned, actual) else {
                context.counts.reject("no identifier or no rows".to_owned());
                continue;
            };
            // The formula takes less than one row for one: what is not known must not come to it.
            if planned < 0.0 || actual < 0.0 {
                context.counts.reject("negative number of rows".to_owned());
                continue;
            }
            let (rate, rows) = worst.entry(queryid).or_default();
            // Too many and too few are wrong alike.
            rate.amount += formula::cardinality(context.math, planned, actual).abs();
            rate.count += 1.0;
            *rows += 1;
        }
        let thresholds = Thresholds {
            class: Class::Cardinality,
            residual: ResidualForm::Difference,
            dispersion: 0.0,
            excess: 0.0,
            // Twice as many rows as planned, or half as many, are nothing.
            floor: 0.3,
            hold: context.rules.rows_hold,
        };
        let name = |queryid: &i64| format!("plan:{queryid}");
        for (queryid, (alone, rows)) in worst {
            let interval = Interval { pooled: alone, alone };
            let used = self.worst.take(&queryid, || name(&queryid), interval, &thresholds, context);
            (0..rows).for_each(|_| context.counts.use_for(used));
        }
        self.worst.silence(Class::Cardinality, name, context);
    }
}
