//! Recordings of live PostgreSQL servers, distilled to residuals. `docs/live.md` has the rules and what they are worth.

mod baseline;
mod cache;
mod counters;
mod idle;
mod rest;
mod rules;
mod series;
mod statements;
mod waits;

use std::collections::BTreeMap;
use std::path::Path;

pub use rules::{RuleError, Rules};

use super::{Conversion, Options, TraceError};
use crate::residual::{Class, Math, StreamBuilder};
use crate::store::Key;
use crate::tape::recording::{Body, Epoch, Header, Line, Poll, Record, View, read_recording_signed};
use crate::tape::{RowCounts, Use};

/// Takes a residual: time in seconds since the capture began, class, value, channel.
type Emit<'a> = dyn FnMut(f64, Class, f64, &str) + 'a;

/// Distils a recording, line by line. Its state is per channel: a poll costs what changed in it.
pub struct Distiller {
    rules: Rules,
    math: Math,
    names: Names,
    epoch: Option<Epoch>,
    statements: statements::Statements,
    waits: waits::Waits,
    idle: idle::Idle,
    cache: cache::Cache,
    sessions: rest::Sessions,
    tables: rest::Tables,
    checkpoints: cache::Checkpoints,
    plans: rest::Plans,
    rows: RowCounts,
}

/// Names of databases by oid.
struct Names(BTreeMap<i64, String>);

impl Names {
    fn database(&self, dbid: i64) -> String {
        self.0.get(&dbid).cloned().unwrap_or_else(|| dbid.to_string())
    }

    fn statement(&self, (dbid, queryid): (i64, i64)) -> String {
        format!("{}/{queryid}", self.database(dbid))
    }
}

impl Distiller {
    /// A distiller for the recording with this header.
    #[must_use]
    pub fn new(header: &Header, rules: Rules, math: Math) -> Self {
        Self {
            rules,
            math,
            names: Names(BTreeMap::from([(header.database_oid, header.database.clone())])),
            epoch: None,
            statements: statements::Statements::new(header),
            waits: waits::Waits::new(header),
            idle: idle::Idle::new(header),
            cache: cache::Cache::new(header),
            sessions: rest::Sessions::new(header),
            tables: rest::Tables::new(header),
            checkpoints: cache::Checkpoints::new(header),
            plans: rest::Plans::new(header),
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
                View::POLLED.into_iter().for_each(|view| self.forget(view));
            }
            Body::Pace { .. } | Body::End { .. } => {}
        }
    }

    /// Forgets the counters of a view, not what is usual: the next rows only prime.
    fn forget(&mut self, view: View) {
        match view {
            View::Statements => self.statements.forget(),
            View::Waits => self.waits.forget(),
            View::Databases => {
                self.cache.forget(view);
                self.sessions.forget();
            }
            View::Io => self.cache.forget(view),
            View::Tables => self.tables.forget(),
            View::Wal => self.checkpoints.forget(),
            View::Sessions => self.idle.forget(),
            View::Plans => {}
        }
    }

    fn poll(&mut self, t: f64, poll: &Poll, emit: &mut Emit<'_>) {
        if let Some(before) = self.epoch.replace(poll.epoch.clone()) {
            if before.start != poll.epoch.start {
                View::POLLED.into_iter().for_each(|view| self.forget(view));
            } else if before != poll.epoch {
                // A reset, or entries that were evicted and may have come back.
                self.forget(View::Statements);
            }
        }
        for view in View::POLLED {
            if !poll.views.contains_key(&view) {
                self.forget(view);
            }
        }
        let Self { rules, math, names, rows: counts, .. } = self;
        let (rules, math) = (*rules, *math);
        let view = |view: View| poll.views.get(&view);
        // First, since it has the names of all databases.
        if let Some(rows) = view(View::Databases) {
            for row in &rows.rows {
                if let (Some(dbid), Some(name)) =
                    (row.first().and_then(|cell| cell.int()), row.get(1).and_then(|cell| cell.text()))
                {
                    names.0.insert(dbid, name.to_owned());
                }
            }
            let blocks = self.cache.take(t, (View::Databases, rows), (names, &rules), counts, emit);
            let began = self.sessions.take(t, rows, (names, &rules, math), emit);
            blocks.into_iter().zip(began).for_each(|(blocks, began)| used(counts, blocks.max(began)));
        }
        if let Some(rows) = view(View::Statements) {
            self.statements.take(t, rows, (names, &rules, math), counts, emit);
        }
        if let Some(rows) = view(View::Waits) {
            self.waits.take(t, rows, &rules, counts, emit);
        }
        if let Some(rows) = view(View::Sessions) {
            self.idle.take(t, rows, (&rules, math), counts, emit);
        }
        if let Some(rows) = view(View::Tables) {
            self.tables.take(t, rows, (&rules, math), counts, emit);
        }
        if let Some(rows) = view(View::Io) {
            let blocks = self.cache.take(t, (View::Io, rows), (names, &rules), counts, emit);
            blocks.into_iter().for_each(|blocks| used(counts, blocks));
        }
        if let Some(rows) = view(View::Wal) {
            self.checkpoints.take(t, rows, (&rules, math), counts, emit);
        }
        if let Some(rows) = view(View::Plans) {
            self.plans.take(t, rows, (&rules, math), counts, emit);
        }
    }
}

/// Counts a row of counters by what it is used for, if for anything.
fn used(counts: &mut RowCounts, what: Option<Use>) {
    match what {
        Some(what) => counts.use_for(what),
        None => counts.reject("nothing to judge by: too few blocks, or a context that misses by design".to_owned()),
    }
}

pub(super) fn convert(input: &Path, options: &Options, key: Option<&Key>) -> Result<Conversion, TraceError> {
    let mut builder = StreamBuilder::default();
    let mut distiller: Option<Distiller> = None;
    let read = read_recording_signed::<TraceError>(input, key, |place, line| {
        match line {
            Line::Header(header) => distiller = Some(Distiller::new(&header, Rules::from(options), options.math)),
            Line::Record(record) => {
                let mut fault = None;
                let mut emit = |t: f64, class: Class, value: f64, channel: &str| {
                    fault = builder.push(t, class, value, channel).err().or(fault);
                };
                if let Some(distiller) = &mut distiller {
                    distiller.take(&record, &mut emit);
                }
                if let Some(fault) = fault {
                    return Err(TraceError::Malformed { place: place.clone(), problem: fault.to_string() });
                }
            }
        }
        Ok(())
    })?;
    let rows = distiller.map(|distiller| distiller.rows).unwrap_or_default();
    let stream = builder.finish(super::output::source(input, options));
    Ok(Conversion { stream, rows, input: options.digest.then_some(read.input) })
}

#[cfg(test)]
mod tests;
