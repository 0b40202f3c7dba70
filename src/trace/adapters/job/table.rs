//! Executions as a table: the published columns, or times alone as runners of benchmarks write them.

use super::header::{self, SelectedTimes};
use super::runs::BenchmarkRuns;
use crate::trace::input::Inputs;
use crate::trace::read::{
    Cardinality, Cell, Duration, Known, Names, OptionalNames, Reading, RowFault, Rule, Source, Values, Whole,
    read_table, table,
};
use crate::trace::{Construction, Options, TraceError};

table! {
    /// The executions with the published columns.
    struct Published {
        query: Names<Known> = required("query_id"),
        iteration: Values<Whole> = required("iteration"),
        est_rows: Values<Cardinality> = required("est_rows"),
        actual_rows: Values<Cardinality> = required("actual_rows"),
        latency_ms: Values<Duration> = required("latency_ms"),
        plan: OptionalNames = optional("plan_hash"),
    }
}

table! {
    /// The executions of any runner. What their columns are called, the header tells.
    struct Timed {
        query: Names<Known> = required("query_id"),
        iteration: Values<Whole> = required("iteration"),
        latency: Values<Duration> = required("latency_ms"),
        est_rows: Values<IfThere> = optional("est_rows"),
        actual_rows: Values<IfThere> = optional("actual_rows"),
        plan: OptionalNames = optional("plan_hash"),
    }
}

/// A number of rows, if the file has the column.
struct IfThere;

impl Rule for IfThere {
    type Value = Option<f64>;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Option<f64>, RowFault> {
        if cell.is_present() { cell.cardinality(construction).map(Some) } else { Ok(None) }
    }
}

/// Reads the executions; the published construction takes the published columns alone.
pub(super) fn read(inputs: Inputs<'_>, options: &Options) -> Result<Reading<BenchmarkRuns>, TraceError> {
    if options.construction.is_reference() {
        return Ok(read_table::<Published>(inputs, options)?.map(BenchmarkRuns::from));
    }
    let mut source = Source::open(inputs)?;
    let SelectedTimes { columns, unit_ms, notes } = source.select(options, |header| header::select(header, options))?;
    let mut reading = source.read::<Timed>(&columns, options, &options.construction)?;
    reading.notes.extend(notes);
    Ok(reading.map(|table| table.runs(unit_ms)))
}

impl From<Published> for BenchmarkRuns {
    fn from(table: Published) -> Self {
        let rows = table.est_rows.iter().zip(&*table.actual_rows).map(|(est, actual)| Some((*est, *actual)));
        let (rows, plan) = (rows.collect(), table.plan.into_parts());
        Self {
            query: table.query.ids,
            queries: table.query.names,
            iteration: table.iteration.to_vec(),
            rows,
            latency_ms: table.latency_ms.to_vec(),
            plan: plan.0,
            plans: plan.1,
        }
    }
}

impl Timed {
    /// The executions, of times in units of so many milliseconds.
    fn runs(self, unit_ms: f64) -> BenchmarkRuns {
        let rows = self.est_rows.iter().zip(&*self.actual_rows).map(|(est, actual)| est.zip(*actual)).collect();
        let (plan, plans) = self.plan.into_parts();
        BenchmarkRuns {
            query: self.query.ids,
            queries: self.query.names,
            iteration: self.iteration.to_vec(),
            rows,
            latency_ms: self.latency.iter().map(|latency| latency * unit_ms).collect(),
            plan,
            plans,
        }
    }
}
