use std::collections::BTreeMap;

use super::*;
use crate::tape::recording::{RecordedCell, ViewDescription, ViewKind, ViewRows};

/// A recording in memory.
struct Played {
    distiller: Distiller,
    residuals: Vec<(f64, Class, f64, String)>,
    t: f64,
    epoch: Epoch,
}

/// Each view with the number of its key columns, which come first, and its columns.
const VIEWS: [(&str, usize, &[&str]); 8] = [
    (STATEMENTS, 4, &["userid", "dbid", "queryid", "toplevel", "calls", "blks_hit", "blks_read"]),
    (WAITS, 0, &["pid", "dbid", "type", "event", "query_s", "wait_s", "blockers"]),
    (SESSIONS, 0, &["in_transaction", "idle_s", "oldest_s"]),
    (DATABASES, 1, &["dbid", "name", "blks_read", "blks_hit", "sessions", "reset"]),
    (TABLES, 1, &["relid", "name", "idx_scan", "idx_rows"]),
    (IO, 2, &["object", "context", "read_bytes", "hits"]),
    (WAL, 0, &["requested", "checkpoints_reset"]),
    (PLANS, 0, &["queryid", "node", "planned", "actual"]),
];

impl Played {
    fn new() -> Self {
        Self::without("")
    }

    /// One whose recording lacks a column.
    fn without(missing: &str) -> Self {
        let views = VIEWS.map(|(view, key, columns)| {
            let columns: Vec<String> =
                columns.iter().filter(|name| **name != missing).map(|name| (*name).to_owned()).collect();
            let kind = if key > 0 { ViewKind::Counters } else { ViewKind::State };
            ViewDescription { name: view.to_owned(), kind, key: columns[..key].to_vec(), columns, counters: Vec::new() }
        });
        let header = RecordingHeader {
            database: "app".to_owned(),
            database_id: Some(5),
            views: views.into(),
            ..RecordingHeader::default()
        };
        let distiller = Distiller::new(&header, Rules::default(), Math::Portable);
        Self { distiller, residuals: Vec::new(), t: 0.0, epoch: Epoch::default() }
    }

    fn line(&mut self, body: Body) {
        let residuals = &mut self.residuals;
        let record = Record { t: self.t, wall: 0.0, body };
        self.distiller.take(&record, &mut |t, class, value, channel| {
            residuals.push((t, class, value, channel.to_owned()));
        });
        self.t += 1.0;
    }

    fn poll(&mut self, views: &[(&str, Vec<Vec<RecordedCell>>)]) {
        let rows = |rows: &Vec<Vec<RecordedCell>>| ViewRows { rows: rows.clone(), ..ViewRows::default() };
        let views: BTreeMap<String, ViewRows> =
            views.iter().map(|(view, given)| ((*view).to_owned(), rows(given))).collect();
        self.line(Body::Poll(Box::new(Poll { epoch: self.epoch.clone(), views, ..Poll::default() })));
    }

    /// Changes a mark of the epoch.
    fn mark(&mut self, name: &str) {
        self.epoch.marks.insert(name.to_owned(), RecordedCell::Int(5));
    }

    fn gap(&mut self) {
        self.line(Body::Gap { gap: "cut".to_owned() });
    }

    /// The residuals of a channel.
    fn values_of(&self, class: Class, channel: &str) -> Vec<(f64, f64)> {
        let of_channel =
            self.residuals.iter().filter(|(_, found, _, name)| (*found, name.as_str()) == (class, channel));
        of_channel.map(|(t, _, value, _)| (*t, *value)).collect()
    }
}

fn int(value: i64) -> RecordedCell {
    RecordedCell::Int(value)
}

/// A row of statement 7 of database 5.
fn statement(role: i64, calls: i64, blocks: i64) -> Vec<RecordedCell> {
    vec![int(role), int(5), int(7), RecordedCell::Bool(true), int(calls), int(blocks), int(0)]
}

const PLAN: Class = Class::PlanRegression;

#[test]
fn a_regression_is_blocks_per_call_of_all_roles_against_the_past() {
    let mut played = Played::new();
    let (mut calls, mut blocks) = (1_000_000, 99);
    for second in 0..40 {
        // A second role has the same statement, and its counters say nothing.
        played.poll(&[(STATEMENTS, vec![statement(1, calls, blocks), statement(2, 17, 10_000_000)])]);
        calls += 100;
        blocks += if (20..30).contains(&second) { 100 * 80 } else { 100 * 4 };
    }
    let residuals = played.values_of(PLAN, "app/7");
    // The first poll primes; four intervals and five seconds of history beside the pooled three.
    assert_eq!(residuals[0], (9.0, 0.0));
    let at = |t: f64| residuals.iter().find(|(at, _)| *at == t).unwrap().1;
    assert_eq!(at(20.0), 0.0);
    // One of three intervals is slow.
    assert_eq!(at(21.0), Math::Portable.ln((88.0 / 3.0 + 1.0) / 5.0));
    assert_eq!((at(23.0), at(30.0)), (2.0, 2.0));
    assert_eq!((at(32.0), at(33.0)), (Math::Portable.ln((88.0 / 3.0 + 1.0) / 5.0), 0.0));
}

#[test]
fn counters_that_cannot_be_compared_prime_and_are_never_a_number() {
    type Accident = fn(&mut Played);
    let accidents: [(&str, Accident); 5] = [
        ("gap", |played| played.gap()),
        ("restart", |played| played.epoch.start += 1.0),
        ("reset", |played| played.mark("statements_reset")),
        ("eviction", |played| played.mark("dealloc")),
        ("a view that failed", |played| played.poll(&[])),
    ];
    for (name, accident) in accidents {
        let mut played = Played::new();
        for second in 0..20 {
            played.poll(&[(STATEMENTS, vec![statement(1, second * 10, second * 40)])]);
        }
        let before = played.residuals.len();
        accident(&mut played);
        played.poll(&[(STATEMENTS, vec![statement(1, 9_000_000, 9_000_000_000)])]);
        assert_eq!(played.residuals.len(), before, "{name}");
        // What is usual is still known.
        played.poll(&[(STATEMENTS, vec![statement(1, 9_000_010, 9_000_000_040)])]);
        assert_eq!(played.values_of(PLAN, "app/7").last(), Some(&(played.t - 1.0, 0.0)), "{name}");
    }
    // One that fell was evicted and came back, or was reset by itself.
    let mut played = Played::new();
    for (calls, blocks) in [(100, 400), (110, 440), (5, 1_000_000), (15, 1_000_040)] {
        played.poll(&[(STATEMENTS, vec![statement(1, calls, blocks)])]);
    }
    let rows = played.distiller.rows();
    assert_eq!((rows.read, rows.used), (4, 2));
    assert_eq!(rows.rejected["primes the counters: one fell"], 1);
}

#[test]
fn a_statement_that_falls_silent_is_said_to_be_quiet_for_a_while() {
    let mut played = Played::new();
    for second in 0..15 {
        played.poll(&[(STATEMENTS, vec![statement(1, second * 10, second * 40)])]);
    }
    played.poll(&[(STATEMENTS, vec![statement(1, 200, 1_000_000)])]);
    for _ in 0..50 {
        played.poll(&[(STATEMENTS, vec![])]);
    }
    let residuals = played.values_of(PLAN, "app/7");
    let up = residuals.iter().find(|(_, value)| *value > 0.0).unwrap().0;
    let quiet: Vec<f64> = residuals.iter().filter(|(t, _)| *t > up).map(|(t, _)| t - up).collect();
    assert_eq!((quiet.first(), quiet.last()), (Some(&4.0), Some(&30.0)));
}

#[test]
fn a_shifted_mix_diverges_until_it_has_come_to_stay() {
    let mut played = Played::new();
    let mut calls = [0, 0];
    for second in 0..420 {
        let row = |queryid: i64, calls: i64| {
            vec![int(1), int(5), int(queryid), RecordedCell::Bool(true), int(calls), int(0), int(0)]
        };
        played.poll(&[(STATEMENTS, vec![row(1, calls[0]), row(2, calls[1])])]);
        calls[usize::from(second >= 30)] += 100;
    }
    let residuals = played.values_of(Class::WorkloadPhase, "app");
    let at = |t: f64| residuals.iter().find(|(at, _)| *at == t).unwrap().1;
    assert_eq!((at(30.0), at(33.0), at(300.0)), (0.0, 1.0, 1.0));
    assert_eq!(residuals.last().unwrap().1, 0.0);
}

#[test]
fn waiting_sessions_are_counted_by_how_long_they_waited_and_zeros_close() {
    let mut played = Played::new();
    let row = |pid: i64, kind: &str, query_s: f64, wait_s: RecordedCell, blockers: &str| {
        let text = |text: &str| RecordedCell::Text(text.to_owned());
        vec![int(pid), int(5), text(kind), text("relation"), RecordedCell::Float(query_s), wait_s, text(blockers)]
    };
    played.poll(&[(WAITS, vec![])]);
    played.poll(&[(WAITS, vec![])]);
    assert!(played.residuals.is_empty(), "a channel is known once somebody has waited");
    // Waits for 4 who waits for 3 who waits for 1, who does not wait; and one whose wait is younger than its statement.
    played.poll(&[(
        WAITS,
        vec![
            row(3, "Lock", 9.0, RecordedCell::Float(0.75), "1"),
            row(4, "Lock", 9.0, RecordedCell::Float(9.0), "3"),
            row(5, "Lock", 9.0, RecordedCell::Float(9.0), "4 3"),
            row(6, "LWLock", 0.5, RecordedCell::Null, ""),
        ],
    )]);
    // Where the beginning is not told, a wait begins when it is first seen.
    played.poll(&[(
        WAITS,
        vec![row(6, "LWLock", 0.5, RecordedCell::Null, ""), row(7, "LWLock", 9.0, RecordedCell::Null, "")],
    )]);
    played.poll(&[(WAITS, vec![])]);
    played.poll(&[(WAITS, vec![row(7, "LWLock", 9.0, RecordedCell::Null, "")])]);
    assert_eq!(played.values_of(Class::Contention, "Lock:relation"), [(2.0, 2.0), (3.0, 0.0), (4.0, 0.0), (5.0, 0.0)]);
    assert_eq!(
        played.values_of(Class::Contention, "LWLock:relation"),
        [(2.0, 0.0), (3.0, 0.5), (4.0, 0.0), (5.0, 0.0)]
    );
    assert_eq!(played.values_of(Class::Contention, "chain"), [(2.0, 2.0), (3.0, 0.0), (4.0, 0.0), (5.0, 0.0)]);
    // A deadlock ends the count.
    let waits = |pid, by| row(pid, "Lock", 9.0, RecordedCell::Float(9.0), by);
    played.poll(&[(WAITS, vec![waits(1, "2"), waits(2, "1")])]);
    assert_eq!(played.values_of(Class::Contention, "chain").last(), Some(&(6.0, 1.0)));
}

#[test]
fn a_transaction_that_is_left_open_is_a_residual_where_that_is_unusual() {
    let idle = |played: &Played| played.values_of(Class::Contention, "idle-transaction");
    let ln = |now: f64, usual: f64| Math::Portable.ln((now + 5.0) / (usual + 5.0));
    // Open from second 20 to 30; what has not changed is left out of the polls before and after.
    let open = |second: i64| f64::from(i32::try_from(second).unwrap() - 20);
    let mut played = Played::new();
    for second in 0..40 {
        let row = |seconds: f64| {
            vec![int(i64::from(seconds > 0.0)), RecordedCell::Float(seconds), RecordedCell::Float(seconds)]
        };
        let rows = match second {
            0 | 31 => vec![row(0.0)],
            20..=30 => vec![row(open(second))],
            _ => vec![],
        };
        played.poll(&[(SESSIONS, rows)]);
    }
    let found = idle(&played);
    assert_eq!(found[0], (5.0, 0.0), "some history must be known first");
    let up: Vec<(f64, f64)> = found.iter().copied().filter(|(_, value)| *value > 0.0).collect();
    assert_eq!((up[0], up.last().unwrap(), up.len()), ((22.0, ln(2.0, 0.0)), &(30.0, ln(10.0, 0.0)), 9));
    assert_eq!(found.last(), Some(&(39.0, 0.0)));

    // Where sessions are idle for 4 seconds over and over, 4 seconds are nothing, and what goes on is.
    let mut usual = Played::new();
    for second in 0..=90 {
        let seconds = if second < 30 { open(20 + second % 5) } else { open(second - 10) };
        usual.poll(&[(SESSIONS, vec![vec![int(1), RecordedCell::Float(seconds), RecordedCell::Null]])]);
    }
    let up: Vec<(f64, f64)> = idle(&usual).into_iter().filter(|(t, value)| *t >= 10.0 && *value > 0.0).collect();
    assert_eq!((up[0], up.len()), ((38.0, ln(8.0, 4.0)), 53));

    // What has happened twice within five minutes is usual, once is an incident, and long ago is forgotten.
    let mut again = Played::new();
    for second in 0..1000 {
        let seconds = if [100, 200, 300, 800].iter().any(|begin| (*begin..begin + 20).contains(&second)) {
            f64::from(second % 100)
        } else {
            0.0
        };
        again.poll(&[(SESSIONS, vec![vec![int(1), RecordedCell::Float(seconds), RecordedCell::Null]])]);
    }
    let up = idle(&again).into_iter().filter(|(_, value)| *value > 0.0);
    let up: std::collections::BTreeSet<i64> = up.map(|(t, _)| (t / 100.0) as i64).collect();
    assert_eq!(up.into_iter().collect::<Vec<i64>>(), [1, 2, 8]);

    // Older recordings tell of the oldest transaction instead: of an idle one as far as one was idle.
    let mut old = Played::without("idle_s");
    for second in 0..40 {
        let seconds = if second < 20 { 0.0 } else { open(second) };
        old.poll(&[(SESSIONS, vec![vec![int(i64::from(second >= 30)), RecordedCell::Float(seconds)]])]);
    }
    assert_eq!(idle(&old).into_iter().find(|(_, value)| *value > 0.0), Some((30.0, ln(10.0, 0.0))));

    // A view that could not be read says nothing.
    let before = idle(&old).len();
    old.poll(&[]);
    old.poll(&[(SESSIONS, vec![])]);
    assert_eq!(idle(&old).len(), before);
}

#[test]
fn misses_sessions_rows_checkpoints_and_plans_have_channels_of_their_own() {
    let mut played = Played::new();
    let (mut read, mut hit, mut sessions, mut scans, mut rows, mut requested) = (0, 0, 0, 0, 0, 0);
    for second in 0..40 {
        let fault = second >= 30;
        let text = |text: &str| RecordedCell::Text(text.to_owned());
        let plan = |actual: f64| vec![int(9), int(0), RecordedCell::Float(100.0), RecordedCell::Float(actual)];
        played.poll(&[
            (DATABASES, vec![vec![int(5), text("app"), int(read), int(hit), int(sessions), RecordedCell::Null]]),
            (IO, vec![vec![text("relation"), text("normal"), int(8192 * read), int(hit)]]),
            (TABLES, vec![vec![int(1), text("public.a"), int(scans), int(rows)]]),
            (WAL, vec![vec![int(requested), RecordedCell::Null]]),
            (PLANS, vec![plan(if fault { 1e5 } else { 100.0 })]),
        ]);
        let on = i64::from(fault);
        (read, hit, sessions) = (read + 10 + 990 * on, hit + 990, sessions + 1 + 100 * on);
        (scans, rows, requested) = (scans + 100, rows + 100 + 9_900 * on, requested + on);
    }
    for (class, channel, last) in [
        (Class::CacheIo, "app", 1000.0 / 1990.0 - 0.01),
        (Class::CacheIo, "io:normal", 1000.0 / 1990.0 - 0.01),
        (Class::CacheIo, "checkpoints", Math::Portable.ln(4.0)),
        (Class::Cardinality, "public.a", 2.0),
        (Class::Cardinality, "plan:9", 2.0),
        (Class::Contention, "sessions:app", Math::Portable.ln(121.0 / 21.0)),
    ] {
        let residuals = played.values_of(class, channel);
        let before = residuals.iter().filter(|(t, _)| *t < 30.0).fold(0.0_f64, |most, (_, value)| most.max(*value));
        assert_eq!(before, 0.0, "{channel}");
        assert!((residuals.last().unwrap().1 - last).abs() < 1e-9, "{channel}: {:?}", residuals.last());
    }
}
