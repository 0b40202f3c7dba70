//! One reading of all views, as the rows that differ from the reading before.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::postgres::{Preflight, Query, QueryError, ReadOnlyClient};
use crate::tape::recording::{Cell, Cost, Epoch, Key, Poll, View, ViewRows};

/// Polls that a view is left out after it failed once; twice as many after each further time, up to [`LONGEST_PAUSE`]: a
/// refusal is an error line in the server's log.
const FIRST_PAUSE: u64 = 8;
const LONGEST_PAUSE: u64 = 512;

/// Where the connection was lost.
#[derive(Debug)]
pub(super) struct LostAt {
    /// The view that was asked for.
    pub(super) view: Option<View>,
    pub(super) error: QueryError,
}

/// Reads a server poll by poll.
pub(super) struct Poller {
    role_oid: i64,
    next: u64,
    /// What the recording says already.
    known: BTreeMap<View, HashMap<Key, Vec<Cell>>>,
    /// Of views that failed: the poll at which they are asked for again, and how long the pause was.
    paused: BTreeMap<View, (u64, u64)>,
    /// Views that are too large, and why they are left out for the rest of the capture; each gap is followed by the reason.
    left_out: BTreeMap<View, String>,
    /// What the server had worked for the observer at the last poll.
    own_ms: Option<f64>,
    own_cpu_ms: f64,
}

impl Poller {
    pub(super) fn new(preflight: &Preflight) -> Self {
        Self {
            role_oid: preflight.role_oid,
            next: 0,
            known: BTreeMap::new(),
            paused: BTreeMap::new(),
            left_out: BTreeMap::new(),
            own_ms: None,
            own_cpu_ms: cpu_ms(),
        }
    }

    /// Forgets what the recording says, so that the next poll has all rows: behind a gap, and in a new part.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// Forgets what the server had counted, too: it may be another one.
    pub(super) fn forget_server(&mut self) {
        self.forget();
        self.own_ms = None;
        self.paused.clear();
    }

    /// Leaves a view out from now on.
    pub(super) fn leave_out(&mut self, view: View, reason: &str) {
        self.known.remove(&view);
        self.left_out.insert(view, reason.to_owned());
    }

    /// Reads all views. A view that fails is left out for a while; the others go on.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn poll(&mut self, client: &mut ReadOnlyClient) -> Result<Poll, LostAt> {
        let began = Instant::now();
        let number = self.next;
        let first = self.known.is_empty();
        let rows = client.run(Query::Epoch).await.map_err(|error| LostAt { view: None, error })?;
        let epoch = epoch(&rows);
        let mut poll = Poll { poll: number, epoch, ..Poll::default() };
        if first {
            poll.failed = self.left_out.clone();
        }
        for view in View::POLLED {
            if self.left_out.contains_key(&view)
                || self.paused.get(&view).is_some_and(|(until, _)| number < *until)
                || Query::View(view).text(client.versions()).is_none()
            {
                continue;
            }
            match client.run(Query::View(view)).await {
                Ok(rows) => {
                    self.paused.remove(&view);
                    let rows = if view == View::Statements { self.others(rows, &mut poll) } else { rows };
                    let rows = if view.is_counters() {
                        self.changes(view, rows)
                    } else {
                        ViewRows { rows, ..ViewRows::default() }
                    };
                    poll.views.insert(view, rows);
                }
                Err(QueryError::Refused(reason)) => {
                    let pause = self.paused.get(&view).map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
                    self.paused.insert(view, (number + pause, pause));
                    self.known.remove(&view);
                    poll.failed.insert(view, reason);
                }
                Err(error) => return Err(LostAt { view: Some(view), error }),
            }
        }
        let cpu = cpu_ms();
        poll.cost.cpu_ms = rounded(cpu - std::mem::replace(&mut self.own_cpu_ms, cpu));
        poll.cost.elapsed_ms = rounded(began.elapsed().as_secs_f64() * 1e3);
        self.next += 1;
        Ok(poll)
    }

    /// The statements of other roles. Those of the observer's own tell what it costs the server.
    fn others(&mut self, rows: Vec<Vec<Cell>>, poll: &mut Poll) -> Vec<Vec<Cell>> {
        const EXEC_MS: usize = 6;
        poll.statements = Some(rows.len() as u64);
        let (own, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.first() == Some(&Cell::Int(self.role_oid)));
        let total: f64 = own.iter().filter_map(|row| row.get(EXEC_MS)?.number()).sum();
        let total = (!own.is_empty()).then_some(total);
        let before = std::mem::replace(&mut self.own_ms, total);
        // A fall is a reset or an eviction.
        poll.cost = Cost {
            server_ms: total.zip(before).map(|(now, before)| now - before).filter(|ms| *ms >= 0.0).map(rounded),
            ..Cost::default()
        };
        others
    }

    /// What of the rows is new.
    fn changes(&mut self, view: View, rows: Vec<Vec<Cell>>) -> ViewRows {
        let full = !self.known.contains_key(&view);
        let known = self.known.entry(view).or_default();
        let mut now = HashMap::with_capacity(rows.len());
        let mut changed = Vec::new();
        for row in rows {
            let key: Key = row.iter().take(view.key_columns()).cloned().collect();
            if known.get(&key) != Some(&row) {
                changed.push(row.clone());
            }
            now.insert(key, row);
        }
        let gone = known.keys().filter(|key| !now.contains_key(*key)).cloned().collect();
        *known = now;
        ViewRows { full, rows: changed, gone }
    }
}

fn epoch(rows: &[Vec<Cell>]) -> Epoch {
    let cell = |index: usize| rows.first().and_then(|row| row.get(index));
    Epoch {
        start: cell(0).and_then(Cell::number).unwrap_or_default(),
        statements_reset: cell(1).and_then(Cell::number),
        dealloc: cell(2).and_then(Cell::int),
    }
}

/// Milliseconds to three digits: what is below is noise, and takes room in the recording.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

/// CPU time of this process in milliseconds.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written_and_all_of_it_behind_a_gap() {
        let mut poller = Poller::new(&Preflight::default());
        let row = |table: i64, scans: i64| vec![Cell::Int(table), Cell::Int(scans)];
        let first = poller.changes(View::Tables, vec![row(1, 5), row(2, 0)]);
        assert_eq!(first, ViewRows { full: true, rows: vec![row(1, 5), row(2, 0)], gone: vec![] });
        let second = poller.changes(View::Tables, vec![row(2, 0), row(1, 6)]);
        assert_eq!(second, ViewRows { full: false, rows: vec![row(1, 6)], gone: vec![] });
        let third = poller.changes(View::Tables, vec![row(3, 1), row(1, 6)]);
        assert_eq!(third, ViewRows { full: false, rows: vec![row(3, 1)], gone: vec![vec![Cell::Int(2)]] });
        poller.forget();
        assert!(poller.changes(View::Tables, vec![row(1, 6)]).full);
    }

    #[test]
    fn own_statements_are_a_cost_and_no_rows() {
        let mut poller = Poller::new(&Preflight { role_oid: 7, ..Preflight::default() });
        let row = |role: i64, ms: f64| {
            let mut row = vec![Cell::Int(role); 6];
            row.push(Cell::Float(ms));
            row
        };
        let mut costs = Vec::new();
        for own in [1.0, 1.5, 0.25, 0.5] {
            let mut poll = Poll::default();
            let others = poller.others(vec![row(7, own), row(8, 99.0)], &mut poll);
            assert_eq!(others, vec![row(8, 99.0)]);
            assert_eq!(poll.statements, Some(2));
            costs.push(poll.cost.server_ms);
        }
        assert_eq!(costs, [None, Some(0.5), None, Some(0.25)]);
    }
}
