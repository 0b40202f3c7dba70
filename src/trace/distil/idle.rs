//! Transactions in which nothing happens: they hold locks, and keep dead rows from being removed, whoever waits for it or not.

use std::collections::VecDeque;

use super::baseline::SLACK_S;
use super::columns::{SESSIONS, ViewColumn};
use super::context::PollContext;
use crate::residual::Class;
use crate::tape::Use;
use crate::tape::recording::{RecordedCell, RecordingHeader, ViewRows};

/// The channel, of all databases together.
const CHANNEL: &str = "idle-transaction";

/// How long the session has been idle that has been so in its transaction for longest, against what such spells come to.
pub(super) struct Idle {
    idle_s: ViewColumn,
    /// What older recordings have instead.
    in_transaction: ViewColumn,
    oldest_s: ViewColumn,
    since: Option<f64>,
    /// Time and seconds of the last poll.
    before: Option<(f64, f64)>,
    /// Spells that have ended: when, and how long they were seen to be.
    ended: VecDeque<(f64, f64)>,
}

impl Idle {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let column = |name| ViewColumn::find(header, SESSIONS, name);
        Self {
            idle_s: column("idle_s"),
            in_transaction: column("in_transaction"),
            oldest_s: column("oldest_s"),
            since: None,
            before: None,
            ended: VecDeque::new(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.before = None;
    }

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        let (t, rules) = (context.t, context.rules);
        context.counts.read += rows.rows.len() as u64;
        let since = *self.since.get_or_insert(t);
        // A poll leaves out a row that is as it was.
        let seconds = rows.rows.last().map(|row| self.seconds(row)).or(self.before.map(|(_, seconds)| seconds));
        let Some(seconds) = seconds else { return };
        let known = t - since >= rules.known_s;
        rows.rows.iter().for_each(|_| context.counts.use_for(Use::of_row(known)));
        if let Some((at, before)) = self.before.replace((t, seconds))
            && before > 0.0
            && seconds < before + (t - at) - SLACK_S
        {
            self.ended.push_back((t, before));
        }
        while self.ended.front().is_some_and(|(at, _)| *at < t - rules.adopt_s) {
            self.ended.pop_front();
        }
        if known {
            let guard = rules.idle_guard_s;
            let residual = context.math.ln((seconds + guard) / (self.usual() + guard));
            let residual = if residual > rules.idle_floor { residual.min(rules.limit) } else { 0.0 };
            context.emit(Class::Contention, residual, CHANNEL);
        }
    }

    fn seconds(&self, row: &[RecordedCell]) -> f64 {
        if self.idle_s.is_recorded() {
            self.idle_s.number(row).max(0.0)
        } else if self.in_transaction.number(row) > 0.0 {
            // The oldest transaction may be that of another session.
            self.oldest_s.number(row).max(0.0)
        } else {
            0.0
        }
    }

    /// The length that spells have come to twice. An average would follow the one spell that goes on and on; what has happened only
    /// once may be an incident.
    fn usual(&self) -> f64 {
        let two = self.ended.iter().fold((0.0_f64, 0.0_f64), |(longest, second), (_, seconds)| {
            if *seconds > longest { (*seconds, longest) } else { (longest, second.max(*seconds)) }
        });
        two.1
    }
}
