//! Sessions that wait: how many on average, for which event, and how deep the chains are.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{ViewColumn, WAITS};
use super::context::PollContext;
use crate::residual::Class;
use crate::tape::Use;
use crate::tape::recording::{RecordingHeader, ViewRows};

/// The channel of chains of waiters.
const CHAIN: &str = "chain";

pub(super) struct Waits {
    pid: ViewColumn,
    kind: ViewColumn,
    event: ViewColumn,
    query_s: ViewColumn,
    wait_s: ViewColumn,
    blockers: ViewColumn,
    /// Events that somebody has waited for.
    known: BTreeSet<String>,
    chained: bool,
    before: Option<f64>,
    /// Who waited for what at the last poll, where the server does not tell since when.
    waited: BTreeSet<(i64, String)>,
}

impl Waits {
    pub(super) fn new(header: &RecordingHeader) -> Self {
        let column = |name| ViewColumn::find(header, WAITS, name);
        Self {
            pid: column("pid"),
            kind: column("type"),
            event: column("event"),
            query_s: column("query_s"),
            wait_s: column("wait_s"),
            blockers: column("blockers"),
            known: BTreeSet::new(),
            chained: false,
            before: None,
            waited: BTreeSet::new(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.before = None;
        self.waited.clear();
    }

    pub(super) fn take(&mut self, rows: &ViewRows, context: &mut PollContext<'_>) {
        let (t, rules) = (context.t, context.rules);
        context.counts.read += rows.rows.len() as u64;
        let Some(before) = self.before.replace(t) else {
            rows.rows.iter().for_each(|_| context.counts.reject("no interval before it".to_owned()));
            return;
        };
        let interval = t - before;
        if interval <= 0.0 {
            rows.rows.iter().for_each(|_| context.counts.reject("no interval before it".to_owned()));
            return;
        }
        let mut waiting: BTreeMap<String, f64> = BTreeMap::new();
        let mut blockers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut waited = BTreeSet::new();
        for row in &rows.rows {
            let (Some(kind), Some(event)) = (self.kind.cell(row).text(), self.event.cell(row).text()) else {
                context.counts.reject("no event".to_owned());
                continue;
            };
            context.counts.use_for(Use::Residual);
            let channel = format!("{kind}:{event}");
            let pid = self.pid.cell(row).int();
            let age = match (self.wait_s.cell(row).number(), pid) {
                (Some(age), _) => age.max(0.0),
                // Where the beginning of a wait is not told, it is when it was first seen: that a session waits at one instant, for
                // the disk of a neighbour say, tells of no contention. It cannot be before the statement's.
                (None, Some(pid)) => {
                    let waiter = (pid, channel.clone());
                    let long = self.waited.contains(&waiter);
                    waited.insert(waiter);
                    if long { self.query_s.number(row).max(0.0) } else { 0.0 }
                }
                (None, None) => 0.0,
            };
            *waiting.entry(channel).or_default() += age.min(interval) / interval;
            if let (Some(pid), Some(text)) = (pid, self.blockers.cell(row).text())
                && age >= rules.chain_s
            {
                blockers.insert(pid, text.split(' ').filter_map(|pid| pid.parse().ok()).collect());
            }
        }
        self.waited = waited;
        self.known.extend(waiting.keys().cloned());
        for event in &self.known {
            let sessions = waiting.get(event).copied().unwrap_or_default();
            let residual = if sessions > rules.wait_floor { sessions.min(rules.limit) } else { 0.0 };
            context.emit(Class::Contention, residual, event);
        }
        // One that waits for somebody who waits for nobody is no chain yet.
        let depth = blockers.keys().map(|pid| depth(*pid, &blockers, &mut BTreeSet::new())).max().unwrap_or_default();
        let beyond = depth.saturating_sub(1);
        self.chained |= beyond > 0;
        if self.chained {
            context.emit(Class::Contention, (beyond as f64).min(rules.limit), CHAIN);
        }
    }
}

/// How many wait in a row from `pid` on. A deadlock ends the count.
fn depth(pid: i64, blockers: &BTreeMap<i64, Vec<i64>>, on_the_way: &mut BTreeSet<i64>) -> usize {
    let Some(by) = blockers.get(&pid) else { return 0 };
    if !on_the_way.insert(pid) {
        return 0;
    }
    let deepest = by.iter().map(|pid| depth(*pid, blockers, on_the_way)).max().unwrap_or_default();
    on_the_way.remove(&pid);
    deepest + 1
}
