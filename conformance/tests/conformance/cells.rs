//! Strategies for the rows of each data set.

use proptest::prelude::*;

use crate::csv_text::Cells;
use crate::times::snowset_time;

fn names(pool: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(pool).prop_map(str::to_owned),
        1 => "[a-z]{0,2}",
    ]
}

const QUERIES: [&str; 8] = ["q1", "q10", "q2", "", "a/b", "日本", "x#y", "1"];
const GROUPS: [&str; 6] = ["wh_a", "wh_b", "", "7", "é", "a,\"b\""];

/// A number in any spelling that both take, of a size that no formula makes infinite.
fn number() -> impl Strategy<Value = String> {
    const AWKWARD: [&str; 16] = [
        "0",
        "-0",
        "-0.0",
        "5.",
        ".5",
        "-.5",
        "+7",
        "1e3",
        "1E-3",
        "1.5e+2",
        "0001.5",
        "1e-320",
        "1e200",
        "-1e200",
        "9007199254740993",
        "0.1000000000000000055511151231257827021181583404541015625",
    ];
    prop_oneof![
        5 => (0..100_000_u32, 0..5_i32).prop_map(|(digits, places)| (f64::from(digits) / 10_f64.powi(places)).to_string()),
        3 => (1..2000_u32).prop_map(|number| number.to_string()),
        2 => (0.0..1e4_f64).prop_map(|number| number.to_string()),
        1 => (-1e3..1e3_f64).prop_map(|number| format!("{number:e}")),
        1 => prop::sample::select(&AWKWARD[..]).prop_map(str::to_owned),
    ]
}

/// Rows, for which the formulas forgive NaN and what is below 1.
fn row_count() -> impl Strategy<Value = String> {
    prop_oneof![20 => number(), 1 => prop::sample::select(&["nan", "-NaN", "-1", "-inf"][..]).prop_map(str::to_owned)]
}

/// Seconds around the edges of buckets of `width`.
fn seconds(width: u32) -> impl Strategy<Value = String> {
    let whole = (0..8 * width).prop_map(|t| t.to_string());
    let edge = (0..12_u32, -1..=1_i32)
        .prop_map(move |(bucket, off)| (f64::from(bucket * width) + f64::from(off) * 1e-6).to_string());
    let negative = (0..3 * width).prop_map(|t| format!("-{t}.5"));
    prop_oneof![6 => whole, 3 => edge, 2 => (0.0..f64::from(width) * 5.0).prop_map(|t| t.to_string()), 1 => negative]
}

/// Rows of the required columns, and of the optional ones where they are there.
fn table(
    columns: &'static [&'static str],
    required: usize,
    row: impl Strategy<Value = Vec<String>>,
    most: usize,
) -> impl Strategy<Value = Cells> {
    let present = prop::collection::vec(any::<bool>(), columns.len());
    (present, prop::collection::vec(row, 0..most)).prop_map(move |(present, mut rows)| {
        let keep: Vec<usize> = (0..columns.len()).filter(|column| *column < required || present[*column]).collect();
        for row in &mut rows {
            *row = keep.iter().map(|column| row[*column].clone()).collect();
        }
        Cells { columns: keep.iter().map(|column| columns[*column]).collect(), rows }
    })
}

pub(crate) fn snowset() -> impl Strategy<Value = Cells> {
    let bytes =
        || prop_oneof![2 => Just("0".to_owned()), 4 => (0..10_000_000_u64).prop_map(|n| n.to_string()), 1 => number()];
    let row = (names(&QUERIES), names(&GROUPS), snowset_time(), number(), bytes(), bytes())
        .prop_map(|(query, warehouse, time, exec, cache, s3)| vec![query, warehouse, time, exec, cache, s3]);
    table(
        &["queryId", "warehouseId", "createdTime", "execTime", "persistentReadBytesCache", "persistentReadBytesS3"],
        4,
        row,
        120,
    )
}

pub(crate) fn sqlshare() -> impl Strategy<Value = Cells> {
    let row = (names(&GROUPS), number(), seconds(86_400), sql())
        .prop_map(|(user, runtime, submitted, text)| vec![user, runtime, submitted, text]);
    table(&["user_id", "runtime_seconds", "submitted_at", "query_text"], 4, row, 120)
}

/// SQL whose skeleton has no character across its 64th byte: there the reference panics.
pub(crate) fn sql() -> impl Strategy<Value = String> {
    const ASCII: [&str; 16] = [
        "SELECT ",
        "select\t",
        "\n",
        "  ",
        "* from t",
        "where a = ",
        "'x 1'",
        "\"Y\"",
        "42",
        "4.5e3",
        "'it''s'",
        "'open",
        ",",
        "A",
        "(",
        "_1",
    ];
    const ANY: [&str; 8] = ["é", "İ", "日本", "\u{a0}", "\u{3000}", "ẞ", "٣", "Σ"];
    prop_oneof![
        5 => prop::collection::vec(prop::sample::select(&ASCII[..]), 0..14).prop_map(|pieces| pieces.concat()),
        1 => prop::collection::vec(prop_oneof![prop::sample::select(&ANY[..]), prop::sample::select(&ASCII[..3])], 0..6)
            .prop_map(|pieces| pieces.concat()),
    ]
}

pub(crate) fn ceb() -> impl Strategy<Value = Cells> {
    let subplan = prop_oneof![names(&QUERIES), (0..300_u32).prop_map(|n| n.to_string())];
    let row = (names(&QUERIES), subplan, row_count(), row_count())
        .prop_map(|(query, subplan, actual, estimated)| vec![query, subplan, actual, estimated]);
    table(&["query_id", "subplan_id", "true_rows", "est_rows"], 4, row, 200)
}

fn whole() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => (0..5_u32).prop_map(|n| n.to_string()),
        1 => prop::sample::select(&["0x1F", "+3", "007", "18446744073709551615", "0x0"][..]).prop_map(str::to_owned),
    ]
}

pub(crate) fn job() -> impl Strategy<Value = Cells> {
    let hash = prop::sample::select(&["", "a", "a", "a", "b"][..]).prop_map(str::to_owned);
    let row = (names(&QUERIES), whole(), row_count(), row_count(), number(), hash).prop_map(
        |(query, iteration, estimated, actual, latency, hash)| vec![query, iteration, estimated, actual, latency, hash],
    );
    table(&["query_id", "iteration", "est_rows", "actual_rows", "latency_ms", "plan_hash"], 5, row, 150)
}

pub(crate) fn tpcds() -> impl Strategy<Value = Cells> {
    let event = prop::sample::select(&["", "io", "lock", "日本"][..]).prop_map(str::to_owned);
    let ratio = prop_oneof![3 => (0..1000_u32).prop_map(|n| (f64::from(n) / 1000.0).to_string()), 1 => number()];
    let row = (names(&QUERIES), seconds(30), number(), row_count(), row_count(), event, number(), ratio).prop_map(
        |(query, t, latency, estimated, actual, event, wait, ratio)| {
            vec![query, t, latency, estimated, actual, event, wait, ratio]
        },
    );
    const COLUMNS: [&str; 8] = [
        "query_id",
        "t_seconds",
        "latency_ms",
        "est_rows",
        "actual_rows",
        "wait_event",
        "wait_seconds",
        "cache_hit_ratio",
    ];
    table(&COLUMNS, 5, row, 150)
}

pub(crate) fn pgss() -> impl Strategy<Value = Cells> {
    let t = prop_oneof![
        6 => (0..25_u32).prop_map(|n| (n * 60).to_string()),
        1 => (0..25_u32, -3..=3_i32).prop_map(|(n, off)| (f64::from(n) + f64::from(off) * 5e-10).to_string()),
        1 => (-10.0..100.0_f64).prop_map(|t| t.to_string()),
    ];
    let calls = prop_oneof![4 => (0..5000_u32).prop_map(|n| n.to_string()), 1 => Just("4000000000000".to_owned())];
    let id = prop::sample::select(&["1", "2", "10", "-5", "", "é"][..]).prop_map(str::to_owned);
    let row = (t, id, calls, number()).prop_map(|(t, id, calls, total)| vec![t, id, calls, total]);
    let shuffled = table(&["snapshot_t", "query_id", "calls", "total_exec_time_ms"], 4, row, 120);
    // As a server counts: totals that grow, snapshot by snapshot.
    let growth = prop::collection::vec((0..40_u32, 0.0..50.0_f64), 3 * 40);
    let growing = (2..40_usize, growth).prop_map(|(snapshots, growth)| {
        let mut totals = [(0_u64, 0.0_f64); 3];
        let rows = (0..snapshots * 3).map(|index| {
            let ((calls, ms), total) = (growth[index], &mut totals[index % 3]);
            *total = (total.0 + u64::from(calls), total.1 + f64::from(calls) * ms);
            vec![(index / 3 * 15).to_string(), format!("id{}", index % 3), total.0.to_string(), total.1.to_string()]
        });
        Cells { columns: vec!["snapshot_t", "query_id", "calls", "total_exec_time_ms"], rows: rows.collect() }
    });
    prop_oneof![shuffled, growing]
}
