//! Recordings of live PostgreSQL servers, distilled to residuals. `docs/live.md` has the rules and what they are worth.

mod baseline;
mod cache;
mod checkpoints;
mod columns;
mod context;
mod counters;
mod idle;
mod plans;
mod rules;
mod series;
mod sessions;
mod statements;
mod tables;
mod waits;

use std::path::Path;

use columns::{DATABASES, IO, PLANS, SESSIONS, STATEMENTS, TABLES, ViewColumn, WAITS, WAL};
use context::{DatabaseNames, Emit, PollContext};
pub use rules::Rules;

use super::{Conversion, Options, TraceError};
use crate::residual::{Class, Math, StreamBuilder};
use crate::store::VerifyingKey;
use crate::tape::recording::{
    Body, Epoch, Poll, Record, RecordingHeader, RecordingLine, ViewRows, read_recording_signed,
};
use crate::tape::{RowCounts, Use};

/// The views whose rows are compared with those of the poll before.
const COMPARED: [&str; 7] = [STATEMENTS, WAITS, SESSIONS, DATABASES, TABLES, IO, WAL];

/// Distils a recording, line by line. Its state is per channel: a poll costs what changed in it.
pub struct Distiller {
    rules: Rules,
    math: Math,
    names: DatabaseNames,
    dbid: ViewColumn,
    datname: ViewColumn,
    epoch: Option<Epoch>,
    statements: statements::Statements,
    waits: waits::Waits,
    idle: idle::Idle,
    cache: cache::Cache,
    sessions: sessions::Sessions,
    tables: tables::Tables,
    checkpoints: checkpoints::Checkpoints,
    plans: plans::Plans,
    rows: RowCounts,
}

impl Distiller {
    /// A distiller for the recording with this header.
    #[must_use]
    pub fn new(header: &RecordingHeader, rules: Rules, math: Math) -> Self {
        Self {
            rules,
            math,
            names: DatabaseNames::new(header.database_id.map(|dbid| (dbid, header.database.clone()))),
            dbid: ViewColumn::find(header, DATABASES, "dbid"),
            datname: ViewColumn::find(header, DATABASES, "name"),
            epoch: None,
            statements: statements::Statements::new(header),
            waits: waits::Waits::new(header),
            idle: idle::Idle::new(header),
            cache: cache::Cache::new(header),
            sessions: sessions::Sessions::new(header),
            tables: tables::Tables::new(header),
            checkpoints: checkpoints::Checkpoints::new(header),
            plans: plans::Plans::new(header),
            rows: RowCounts::default(),
        }
    }

    /// What became of the rows until now.
    #[must_use]
    pub fn rows(&self) -> &RowCounts {
        &self.rows
    }

    /// Takes in a line behind the header, and gives its residuals to `emit`.
    pub fn take(&mut self, record: &Record, emit: &mut Emit<'_>) {
        match &record.body {
            Body::Poll(poll) => self.poll(record.t, poll, emit),
            Body::Gap { .. } => {
                self.rows.read += 1;
                self.rows.reject("gap".to_owned());
                COMPARED.into_iter().for_each(|view| self.forget(view));
            }
            Body::Pace { .. } | Body::End { .. } => {}
        }
    }

    /// Forgets the counters of a view, not what is usual: the next rows only prime.
    fn forget(&mut self, view: &str) {
        match view {
            STATEMENTS => self.statements.forget(),
            WAITS => self.waits.forget(),
            DATABASES => {
                self.cache.forget_databases();
                self.sessions.forget();
            }
            IO => self.cache.forget_io(),
            TABLES => self.tables.forget(),
            WAL => self.checkpoints.forget(),
            SESSIONS => self.idle.forget(),
            _ => {}
        }
    }

    fn poll(&mut self, t: f64, poll: &Poll, emit: &mut Emit<'_>) {
        if let Some(before) = self.epoch.replace(poll.epoch.clone()) {
            if before.start != poll.epoch.start {
                COMPARED.into_iter().for_each(|view| self.forget(view));
            } else if before != poll.epoch {
                // A reset, or entries that were evicted and may have come back.
                self.forget(STATEMENTS);
            }
        }
        for view in COMPARED {
            if !poll.views.contains_key(view) {
                self.forget(view);
            }
        }
        let view = |view: &str| poll.views.get(view);
        // First, since it has the names of all databases.
        if let Some(rows) = view(DATABASES) {
            self.learn_names(rows);
        }
        let context = &mut PollContext {
            t,
            rules: &self.rules,
            math: self.math,
            names: &self.names,
            counts: &mut self.rows,
            residuals: emit,
        };
        if let Some(rows) = view(DATABASES) {
            let blocks = self.cache.take_databases(rows, context);
            let began = self.sessions.take(rows, context);
            blocks.into_iter().zip(began).for_each(|(blocks, began)| count_use(context.counts, blocks.max(began)));
        }
        if let Some(rows) = view(STATEMENTS) {
            self.statements.take(rows, context);
        }
        if let Some(rows) = view(WAITS) {
            self.waits.take(rows, context);
        }
        if let Some(rows) = view(SESSIONS) {
            self.idle.take(rows, context);
        }
        if let Some(rows) = view(TABLES) {
            self.tables.take(rows, context);
        }
        if let Some(rows) = view(IO) {
            let blocks = self.cache.take_io(rows, context);
            blocks.into_iter().for_each(|blocks| count_use(context.counts, blocks));
        }
        if let Some(rows) = view(WAL) {
            self.checkpoints.take(rows, context);
        }
        if let Some(rows) = view(PLANS) {
            self.plans.take(rows, context);
        }
    }

    fn learn_names(&mut self, rows: &ViewRows) {
        for row in &rows.rows {
            if let (Some(dbid), Some(name)) = (self.dbid.cell(row).int(), self.datname.cell(row).text()) {
                self.names.insert(dbid, name);
            }
        }
    }
}

/// Counts a row of counters by what it is used for, if for anything.
fn count_use(counts: &mut RowCounts, what: Option<Use>) {
    match what {
        Some(what) => counts.use_for(what),
        None => counts.reject("nothing to judge by: too few blocks, or a context that misses by design".to_owned()),
    }
}

pub(super) fn convert(input: &Path, options: &Options, key: Option<&VerifyingKey>) -> Result<Conversion, TraceError> {
    let mut builder = StreamBuilder::default();
    let mut distiller: Option<Distiller> = None;
    let read = read_recording_signed::<TraceError>(input, key, |place, line| {
        match line {
            RecordingLine::Header(header) => {
                distiller = Some(Distiller::new(&header, Rules::from(options), options.math))
            }
            RecordingLine::Record(record) => {
                let mut fault = None;
                let mut emit = |t: f64, class: Class, value: f64, channel: &str| {
                    fault = builder.push(t, class, value, channel).err().or(fault);
                };
                if let Some(distiller) = &mut distiller {
                    distiller.take(&record, &mut emit);
                }
                if let Some(fault) = fault {
                    return Err(TraceError::format(place.clone(), fault));
                }
            }
        }
        Ok(())
    })?;
    let rows = distiller.map(|distiller| distiller.rows).unwrap_or_default();
    let stream = builder.finish(super::output::source(input, options));
    Ok(Conversion { stream, rows, notes: Vec::new(), input: options.digest.then_some(read.input) })
}

#[cfg(test)]
mod tests;
