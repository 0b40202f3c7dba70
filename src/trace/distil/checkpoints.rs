//! Checkpoints that were asked for: by somebody, or by too much WAL.

use std::collections::VecDeque;

use super::baseline::is_past;
use super::columns::{ViewColumn, WAL};
use super::context::PollContext;
use crate::residual::Class;
use crate::tape::Use;
use crate::tape::recording::{RecordingHeader, ViewRows};

/// The channel of checkpoints.
const CHANNEL: &str = "checkpoints";

pub(super) struct Checkpoints {
    requested: ViewColumn,
    reset: ViewColumn,
    /// How many were requested at the poll before, and when they had been reset.
    before: Option<(f64, f64)>,
    /// Times and numbers of the last ones.
    recent: VecDeque<(f64, f64)>,
    known: bool,
}

impl Checkpoints {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        Self {
            requested: ViewColumn::find(header, WAL, "requested"),
            reset: ViewColumn::find(header, WAL, "checkpoints_reset"),
            before: None,
            recent: VecDeque::new(),
            known: false,
        }
    }

    pub(super) fn forget(&mut self) {
        self.before = None;
    }

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        let Some(row) = rows.rows.first() else { return };
        let (t, rules) = (context.t, context.rules);
        context.counts.read += 1;
        let (requested, reset) = (self.requested.number(row), self.reset.number(row));
        let Some((before, _)) =
            self.before.replace((requested, reset)).filter(|(before, at)| *at == reset && *before <= requested)
        else {
            return context.counts.reject("primes the counters: first, or behind a gap".to_owned());
        };
        if requested > before {
            self.recent.push_back((t, requested - before));
        }
        while self.recent.front().is_some_and(|(at, _)| is_past(*at, t, rules.checkpoint_s)) {
            self.recent.pop_front();
        }
        let count: f64 = self.recent.iter().map(|(_, count)| count).sum();
        self.known |= count > 1.0;
        context.counts.use_for(Use::of_row(self.known));
        if self.known {
            // One is nothing, two are 0.69.
            let residual = context.math.ln(count.max(1.0)).min(rules.limit);
            context.emit(Class::CacheIo, residual, CHANNEL);
        }
    }
}
