//! Sessions that wait: how many on average, for which event, and how deep the chains are.

use std::collections::{BTreeMap, BTreeSet};

use super::counters::Layout;
use super::{Emit, Rules};
use crate::residual::Class;
use crate::tape::recording::{Header, View, ViewRows};
use crate::tape::{RowCounts, Use};

/// The channel of chains of waiters.
const CHAIN: &str = "chain";

pub(super) struct Waits {
    layout: Layout<6>,
    /// Events that somebody has waited for.
    known: BTreeSet<String>,
    chained: bool,
    before: Option<f64>,
    /// Who waited for what at the last poll, where the server does not tell since when.
    waited: BTreeSet<(i64, String)>,
}

impl Waits {
    pub(super) fn new(header: &Header) -> Self {
        let names = ["pid", "type", "event", "query_s", "wait_s", "blockers"];
        Self {
            layout: Layout::new(header, View::Waits, names),
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

    pub(super) fn take(&mut self, t: f64, rows: &ViewRows, rules: &Rules, counts: &mut RowCounts, emit: &mut Emit<'_>) {
        counts.read += rows.rows.len() as u64;
        let Some(before) = self.before.replace(t) else {
            rows.rows.iter().for_each(|_| counts.reject("no interval before it".to_owned()));
            return;
        };
        let interval = t - before;
        if interval <= 0.0 {
            rows.rows.iter().for_each(|_| counts.reject("no interval before it".to_owned()));
            return;
        }
        let mut waiting: BTreeMap<String, f64> = BTreeMap::new();
        let mut blockers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut waited = BTreeSet::new();
        for row in &rows.rows {
            let [pid, kind, event, query_s, wait_s, blocked_by] = self.layout.of(row);
            let (Some(kind), Some(event)) = (kind.text(), event.text()) else {
                counts.reject("no event".to_owned());
                continue;
            };
            counts.use_for(Use::Residual);
            let channel = format!("{kind}:{event}");
            let age = match (wait_s.number(), pid.int()) {
                (Some(age), _) => age.max(0.0),
                // Where the beginning of a wait is not told, it is when it was first seen: that a session waits at one instant, for
                // the disk of a neighbour say, tells of no contention. It cannot be before the statement's.
                (None, Some(pid)) => {
                    let waiter = (pid, channel.clone());
                    let long = self.waited.contains(&waiter);
                    waited.insert(waiter);
                    if long { query_s.number().unwrap_or_default().max(0.0) } else { 0.0 }
                }
                (None, None) => 0.0,
            };
            *waiting.entry(channel).or_default() += age.min(interval) / interval;
            if let (Some(pid), Some(text)) = (pid.int(), blocked_by.text())
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
            emit(t, Class::Contention, residual, event);
        }
        // One that waits for somebody who waits for nobody is no chain yet.
        let depth = blockers.keys().map(|pid| depth(*pid, &blockers, &mut BTreeSet::new())).max().unwrap_or_default();
        let beyond = depth.saturating_sub(1);
        self.chained |= beyond > 0;
        if self.chained {
            emit(t, Class::Contention, (beyond as f64).min(rules.limit), CHAIN);
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
