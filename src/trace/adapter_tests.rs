//! Small traces, worked out by hand.

use std::fs;
use std::path::Path;

use super::*;
use crate::residual::Math;

/// Converts `text`, and gives the stream as lines `t class value channel`.
fn samples(options: &Options, text: &str) -> Vec<String> {
    let conversion = converted(options, text).unwrap();
    let stream = &conversion.stream;
    stream
        .samples()
        .map(|sample| {
            let (class, channel) = (sample.class.code(), sample.channel.unwrap());
            format!("{} {class} {:.4} {channel}", sample.t, sample.value)
        })
        .collect()
}

fn converted(options: &Options, text: &str) -> Result<Conversion, String> {
    convert_reader(text.as_bytes(), "./x.csv", options).map_err(|error| error.to_string())
}

fn error(options: &Options, text: &str) -> String {
    converted(options, text).err().unwrap()
}

fn own(dataset: Dataset) -> Options {
    Options::new(dataset)
}

fn reference(dataset: Dataset) -> Options {
    Options { construction: Construction::Reference, ..Options::new(dataset) }
}

fn lenient(options: Options) -> Options {
    Options { lenient: true, ..options }
}

const SNOWSET: &str = "queryId,warehouseId,createdTime,execTime,persistentReadBytesCache,persistentReadBytesS3\n";

#[test]
fn snowset_reference() {
    let text = format!(
        "{SNOWSET}q1,w2,2018-03-02 00:10:00Z,300,1,3\n\
         q1,w2,2018-03-02 00:00:00+00:00,100,0,0\n\
         q1,w1,2018-03-02 00:00:01+00:00,50,3,1\n\
         q1,w2,2018-03-02 00:05:00Z,200,1,1\n\
         q2,w1,2018-03-02 00:05:00Z,100,1,1\n"
    );
    assert_eq!(
        samples(&reference(Dataset::Snowset), &text),
        [
            "0 0 0.0000 w2/q1",
            "1 0 0.0000 w1/q1",
            "1 3 0.0000 w1",
            "300 0 1.0000 w2/q1",
            "300 3 0.0000 w2",
            "300 0 0.0000 w1/q2",
            "300 3 0.2500 w1",
            // The bucket from 300 on is finished at 600: w1 went from q1 to q2, w2 stayed.
            "300 4 1.0000 w1",
            "300 4 0.0000 w2",
            "600 0 1.0000 w2/q1",
            "600 3 0.2500 w2",
        ]
    );
    let conversion = converted(&reference(Dataset::Snowset), &text).unwrap();
    assert_eq!(conversion.stream.source(), "snowset@x.csv");
}

#[test]
fn snowset_optional_columns_may_be_absent() {
    let text = "queryId,warehouseId,createdTime,execTime\nq1,w2,2018-03-02 00:10:00Z,300\n";
    assert_eq!(samples(&reference(Dataset::Snowset), text), ["0 0 0.0000 w2/q1"]);
}

#[test]
fn snowset_wrong_rows_are_named_or_counted() {
    let hint = " (--lenient counts such rows and goes on)";
    let good = "q,w,2018-03-02 00:00:00Z,1,0,0\n";
    for (row, expected, reason) in [
        (
            "q,w,2018-03-02 00:00:00,1,0,0",
            "`./x.csv:3:5`: `createdTime` is `2018-03-02 00:00:00`, not a time with its offset; write it like \
             `2018-03-02 14:44:02.768+00:00`",
            "unparsable time in createdTime",
        ),
        (
            "q,w,2018-03-02 00:00:00Z,inf,0,0",
            "`./x.csv:3:26`: `execTime` is `inf`, not finite; a residual needs a finite number",
            "not finite in execTime",
        ),
        (
            "q,w,2018-03-02 00:00:00Z,1,,0",
            "`./x.csv:3:28`: `persistentReadBytesCache` is empty, unknown; what is not known is neither 0 nor 1, so leave \
             the row out",
            "unknown (empty) in persistentReadBytesCache",
        ),
    ] {
        let text = format!("{SNOWSET}{good}{row}\n{good}");
        assert_eq!(error(&reference(Dataset::Snowset), &text), format!("{expected}{hint}"));
        let rows = converted(&lenient(reference(Dataset::Snowset)), &text).unwrap().rows;
        assert_eq!((rows.read, rows.used, rows.rejected[reason]), (3, 2, 1));
    }
}

#[test]
fn a_residual_that_is_out_of_range_is_named_by_its_line_or_counted() {
    let text = format!("{SNOWSET}q,w,2018-03-02 00:00:00Z,1e-320,0,0\nq,w,2018-03-02 00:00:01Z,1e99,0,0\n");
    assert_eq!(
        error(&reference(Dataset::Snowset), &text),
        "`./x.csv:3`: the residual is 9.999999999999998e104, which is beyond ±1e100; arithmetic with it would overflow (--lenient counts \
         such rows and goes on)"
    );
    let conversion = converted(&lenient(reference(Dataset::Snowset)), &text).unwrap();
    assert_eq!((conversion.stream.len(), conversion.rows.used), (1, 1));
    assert_eq!(conversion.rows.rejected["residual out of range"], 1);
}

#[test]
fn snowset_profile() {
    let mut text =
        "warehouseId,databaseId,warehouseSize,createdTime,execTime,persistentReadBytesCache,persistentReadBytesS3,\
         profScanRso,profCpu,profHjRso\n"
            .to_owned();
    // 20 scans in each of two buckets, then 20 joins, one of them slow; the fourth bucket is not finished.
    for second in 0..61 {
        let minute = second / 20 * 5;

        let operators = if second < 40 { "7,1,\\N" } else { "7,1,2" };
        let exec_ms = if second == 50 { 1990 } else { 990 };
        text.push_str(&format!("w,\\N,,2018-03-02 00:{minute:02}:{:02}Z,{exec_ms},\\N,1,{operators}\n", second % 20));
    }
    let found = samples(&own(Dataset::Snowset), &text);
    assert_eq!(found.iter().filter(|line| line.contains(" 0 0.0000 w/-/-/Scan+Hj")).count(), 15);
    assert_eq!(found.iter().filter(|line| line.ends_with(" w/-/-/Scan")).count(), 35);
    assert!(found.contains(&"610 0 0.6931 w/-/-/Scan+Hj".to_owned()), "{found:?}");
    let phases: Vec<_> = found.iter().filter(|line| line.contains(" 4 ")).collect();
    assert_eq!(phases, ["600 4 0.0000 w", "900 4 1.0000 w"]);
    assert_eq!(converted(&own(Dataset::Snowset), &text).unwrap().stream.source(), "snowset:profile@x.csv");
}

#[test]
fn snowset_profile_needs_operators() {
    let text = "warehouseId,databaseId,warehouseSize,createdTime,execTime\n1,2,3,2018-03-02 00:00:00Z,5\n";
    assert_eq!(
        error(&own(Dataset::Snowset), text),
        "`./x.csv:1`: the header has no column `prof…Rso`, from which the construction `profile` tells the class of a \
         query; use the construction `reference`, or a file that has them (it has `warehouseId`, `databaseId`, \
         `warehouseSize`, `createdTime`, `execTime`)"
    );
}

const SQLSHARE: &str = "user_id,runtime_seconds,submitted_at,query_text\n";

#[test]
fn sqlshare_reference() {
    let text = format!(
        "{SQLSHARE}bob,1,1000,select 1\nann,2,1000,\"select  'x', 2\"\nbob,3,87400,SELECT 2\nann,2,87400.5,other\n\
         bob,2,173800,select 3\n"
    );
    assert_eq!(
        samples(&reference(Dataset::Sqlshare), &text),
        [
            "0 0 0.0000 bob#select ?",
            "0 0 0.0000 ann#select ??, ?",
            "86400 0 2.0000 bob#select ?",
            "86400 4 1.0000 ann",
            "86400 4 0.0000 bob",
            "86400.5 0 0.0000 ann#other",
            "172800 0 0.0000 bob#select ?",
        ]
    );
}

#[test]
fn sqlshare_plain_compares_days_with_enough_queries_at_their_end() {
    let mut text = SQLSHARE.to_owned();
    for (day, queries, sql) in
        [(0, 20, "select a from t"), (1, 3, "x"), (2, 20, "select a from t where b"), (3, 1, "x")]
    {
        for query in 0..queries {
            text.push_str(&format!("ann,{},{},{sql}\n", if query == 10 { 3.99 } else { 1.99 }, day * 86_400 + query));
        }
    }
    let found = samples(&own(Dataset::Sqlshare), &text);
    assert_eq!(found.iter().filter(|line| line.ends_with(" 0.6931 ann#select a from t")).count(), 1);
    assert_eq!(found.iter().filter(|line| line.contains(" 4 ")).collect::<Vec<_>>(), ["259200 4 1.0000 ann"]);
}

#[test]
fn sqlshare_text() {
    let separator = "_".repeat(40);
    let text: Vec<_> = (0..401).map(|query| if query < 200 { "select 1" } else { "select 1 where 2" }).collect();
    let text = text.join(&format!("\n{separator}\n")) + &separator + " ";
    assert_eq!(samples(&reference(Dataset::SqlshareText), &text), ["200 4 1.0000 ord[200-399]"]);
    assert_eq!(samples(&own(Dataset::SqlshareText), &text), ["400 4 1.0000 corpus"]);
    let rows = converted(&own(Dataset::SqlshareText), &text).unwrap().rows;
    assert_eq!((rows.read, rows.used, rows.rejected["in the last group, which is not full"]), (401, 400, 1));
    assert_eq!(
        error(&own(Dataset::SqlshareText), " \n"),
        "`./x.csv:1`: there are no queries; they stand one after the other, with 40 `_` between them"
    );
}

const CEB: &str = "query_id,subplan_id,true_rows,est_rows\n";

#[test]
fn ceb() {
    let text = format!("{CEB}b,mi1_t,1000,10\na,t,10,1000\nb,t,0,1\na,t_mi2,1,1\n");
    assert_eq!(
        samples(&reference(Dataset::Ceb), &text),
        ["0 1 -2.0000 a#t", "0.01 1 0.0000 a#t_mi2", "1.02 1 2.0000 b#mi1_t", "1.03 1 0.0000 b#t"]
    );
    assert_eq!(
        samples(&own(Dataset::Ceb), &text),
        ["0 1 2.0000 mi_t", "0.5 1 0.0000 t", "1 1 -2.0000 t", "1.5 1 0.0000 mi_t"]
    );
    assert_eq!(
        error(&reference(Dataset::Ceb), &format!("{CEB}a,t,inf,1\n")),
        "`./x.csv:2:5`: `true_rows` is `inf`, not finite; a residual needs a finite number (--lenient counts such rows and \
         goes on)"
    );
}

/// Data sets with estimates: header, a good row with `ROWS` where rows stand, and what both columns are called.
const WITH_ROWS: [(Dataset, &str, &str, [&str; 2]); 3] = [
    (Dataset::Ceb, CEB, "q,t,ROWS", ["true_rows", "est_rows"]),
    (Dataset::Job, JOB, "q,0,ROWS,5,", ["est_rows", "actual_rows"]),
    (Dataset::Tpcds, "query_id,t_seconds,latency_ms,est_rows,actual_rows\n", "q,1,5,ROWS", ["est_rows", "actual_rows"]),
];

const UNKNOWN: &str = "unknown; what is not known is neither 0 nor 1, so leave the row out";

/// One execution of a query has nothing to be compared with.
fn even_empty(options: Options) -> Options {
    Options { allow_empty: true, ..options }
}

/// The trace of [`WITH_ROWS`] whose second row has `cell` in the column `at` of rows.
fn with_rows(header: &str, row: &str, at: usize, cell: &str) -> String {
    let cells = if at == 0 { format!("{cell},1") } else { format!("1,{cell}") };
    let good = row.replace("ROWS", "10,0");
    format!("{header}{good}\n{}\n{good}\n", row.replace("ROWS", &cells))
}

#[test]
fn an_unknown_number_of_rows_is_never_one_row_in_ours() {
    let hint = " (--lenient counts such rows and goes on)";
    for (dataset, header, row, columns) in WITH_ROWS {
        for (cell, reason, problem) in [
            ("nan", "unknown (NaN)", UNKNOWN),
            ("-NaN", "unknown (NaN)", UNKNOWN),
            ("-1", "unknown (-1)", "which stands for unknown; a count or a duration is 0 or more"),
            ("-2", "negative", "negative; a count or a duration is 0 or more"),
            ("-inf", "not finite", "not finite; a residual needs a finite number"),
            ("inf", "not finite", "not finite; a residual needs a finite number"),
            ("1e308", "too large", "beyond ±1e100; arithmetic with it would overflow"),
            ("", "unknown (empty)", UNKNOWN),
            ("\\N", "unknown (null)", UNKNOWN),
            ("N/A", "unknown (not available)", UNKNOWN),
            ("-", "unknown (dash)", UNKNOWN),
        ] {
            for (at, column) in columns.into_iter().enumerate() {
                let text = with_rows(header, row, at, cell);
                let found = error(&own(dataset), &text);
                assert!(found.starts_with("`./x.csv:3:"), "{found}");
                let what = if cell.is_empty() { "empty".to_owned() } else { format!("`{cell}`") };
                assert!(found.ends_with(&format!("`{column}` is {what}, {problem}{hint}")), "{found}");
                let rows = converted(&even_empty(lenient(own(dataset))), &text).unwrap().rows;
                assert_eq!((rows.used, rows.rejected[&format!("{reason} in {column}")]), (2, 1), "{column} {cell}");
                assert!(rows.clamped.is_empty());
            }
        }
    }
}

#[test]
fn the_published_construction_takes_an_unknown_number_of_rows_for_one_and_says_so() {
    for (dataset, header, row, columns) in WITH_ROWS {
        for (at, column) in columns.into_iter().enumerate() {
            let one = converted(&reference(dataset), &with_rows(header, row, at, "1")).unwrap();
            assert!(one.rows.clamped.is_empty());
            for (cell, reason) in [
                ("nan", "unknown number of rows"),
                ("-NaN", "unknown number of rows"),
                ("-1", "negative"),
                ("-inf", "negative"),
            ] {
                let found = converted(&reference(dataset), &with_rows(header, row, at, cell)).unwrap();
                assert_eq!(found.stream.fingerprint(), one.stream.fingerprint(), "{column} {cell}");
                let clamped = std::collections::BTreeMap::from([(format!("{reason} in {column}"), 1)]);
                assert_eq!((found.rows.used, found.rows.clamped), (3, clamped), "{column} {cell}");
            }
            let found = error(&reference(dataset), &with_rows(header, row, at, "inf"));
            assert!(found.contains(&format!("`{column}` is `inf`, not finite")), "{found}");
        }
    }
}

/// Data sets with numbers that sums can overflow with: header, a row with `HUGE` where those stand, and their columns.
const WITH_NUMBERS: [(Dataset, &str, &str, &[&str]); 5] = [
    (Dataset::Snowset, SNOWSET, "q,w,2018-03-02 00:00:00Z,HUGE,0,0", &["execTime"]),
    (Dataset::Sqlshare, SQLSHARE, "u,HUGE,HUGE,select 1", &["runtime_seconds", "submitted_at"]),
    (Dataset::Job, JOB, "q,0,HUGE,HUGE,HUGE,", &["est_rows", "actual_rows", "latency_ms"]),
    (Dataset::Pgss, PGSS, "HUGE,7,1,HUGE", &["snapshot_t", "total_exec_time_ms"]),
    (Dataset::Generic, "t,value\n", "HUGE,HUGE", &["t", "value"]),
];

/// `row` with `text` in the place of its `at`th `HUGE`, and 1 in those of the others.
fn with_number(row: &str, at: usize, text: &str) -> String {
    let place = row.match_indices("HUGE").nth(at).unwrap().0;
    let [before, behind] = [&row[..place], &row[place + 4..]].map(|part| part.replace("HUGE", "1"));
    format!("{before}{text}{behind}")
}

#[test]
fn numbers_that_overflow_are_refused_by_ours_in_the_row_that_has_them() {
    for (dataset, header, row, columns) in WITH_NUMBERS {
        // Ours of Snowset needs all its columns, and reads durations by the same function.
        if dataset == Dataset::Snowset {
            continue;
        }
        let good = row.replace("HUGE", "1");
        for (at, column) in columns.iter().enumerate() {
            for huge in ["1e308", "-1.7e308", "1.0001e100"] {
                // Not the first row: generic data are told by it.
                let bad = with_number(row, at, huge);
                let found = error(&own(dataset), &format!("{header}{good}\n{bad}\n{good}\n"));
                assert!(found.starts_with("`./x.csv:3:"), "{column}: {found}");
                assert!(found.contains(&format!("`{column}` is `{huge}`")), "{found}");
            }
        }
    }
}

#[test]
fn the_published_constructions_take_a_huge_number_whose_residuals_a_tape_can_hold() {
    for (dataset, header, row, columns) in WITH_NUMBERS {
        for (at, column) in columns.iter().enumerate() {
            // The same everywhere, so that no residual is large, and no time is.
            let huge = with_number(row, at, "1e300");
            let text = format!("{header}{}", format!("{huge}\n").repeat(5));
            if (dataset, *column) == (Dataset::Generic, "t") {
                // The one time that is not told from the first one.
                assert!(error(&reference(dataset), &text).contains("the time is 1e300, which is beyond ±1e100"));
                continue;
            }
            let found = converted(&even_empty(reference(dataset)), &text);
            let found = found.unwrap_or_else(|error| panic!("{dataset} {column}: {error}"));
            assert_eq!(found.rows.rejected.values().sum::<u64>() + found.rows.used, 5, "{dataset} {column}");
            assert!(!found.rows.rejected.keys().any(|reason| reason.contains("range") || reason.contains("large")));
        }
    }
}

const JOB: &str = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n";

#[test]
fn job() {
    let text = format!("{JOB}b,1,10,1000,19,p2\na,0x1,1,1,5,\nb,+0,10,100,9,p1\na,0,1,1,5,\n");
    assert_eq!(
        samples(&reference(Dataset::Job), &text),
        [
            "0 1 0.0000 a",
            "0 0 0.0000 a",
            "1 1 1.0000 b",
            "1 0 0.0000 b",
            "2 1 0.0000 a",
            "2 0 0.0000 a",
            "3 1 2.0000 b",
            "3 0 1.1111 b",
            "3 0 1.0000 b#plan_change",
        ]
    );
    assert_eq!(
        samples(&own(Dataset::Job), &text),
        ["2 1 0.0000 a", "2 0 0.0000 a", "3 1 1.0000 b", "3 0 0.6931 b", "3 0 1.0000 b#plan_change"]
    );
    assert_eq!(
        error(&own(Dataset::Job), &format!("{JOB}a,0,1,1,-5,\n")),
        "`./x.csv:2:9`: `latency_ms` is `-5`, negative; a count or a duration is 0 or more (--lenient counts such rows and goes on)"
    );
    assert_eq!(
        error(&own(Dataset::Job), &format!("{JOB}a,-1,1,1,5,\n")),
        "`./x.csv:2:3`: `iteration` is `-1`, which stands for unknown; a count or a duration is 0 or more (--lenient counts such rows and goes on)"
    );
}

const TPCDS: &str = "query_id,t_seconds,latency_ms,est_rows,actual_rows,wait_event,wait_seconds,cache_hit_ratio\n";

#[test]
fn tpcds_reference() {
    let text = format!("{TPCDS}q1,31,10,1,10,io,2,0.0\nq2,1,5,1,1,,1,0.9\nq1,95,20,1,1,io,0,0.95\n");
    assert_eq!(
        samples(&reference(Dataset::Tpcds), &text),
        [
            "0 4 0.0000 tpcds",
            "1 1 0.0000 q2",
            "1 0 0.0000 q2",
            "1 3 0.0500 tpcds",
            "30 4 1.0000 tpcds",
            "31 1 1.0000 q1",
            "31 0 0.0000 q1",
            "31 2 2.0000 io",
            "95 1 0.0000 q1",
            "95 0 1.0000 q1",
            "95 3 0.0000 tpcds",
        ]
    );
    assert_eq!(
        error(&reference(Dataset::Tpcds), &format!("{TPCDS}q1,0,1,1,1,,,0.5\n")),
        "`./x.csv:2:13`: `wait_seconds` is empty, unknown; what is not known is neither 0 nor 1, so leave the row out \
         (--lenient counts such rows and goes on)"
    );
}

/// Latencies of 80 ms, then 120 and 980 ms: ln(140/100) = 0.3365 less the dead zone, and ln(1000/100) capped; estimates that
/// are right, then off by 10 and by 1000; another query in the bucket from 180 s on.
#[test]
fn tpcds_plain() {
    let mut text = TPCDS.to_owned();
    for row in 0..14 {
        let (latency_ms, actual) = match row {
            11 => (120, 10),
            12 => (980, 1000),
            _ => (80, 1),
        };
        let hit_ratio = if row == 0 { "0.0" } else { "" };
        text.push_str(&format!("q1,{},{latency_ms},1,{actual},,,{hit_ratio}\n", row * 15));
    }
    text.push_str("q2,195,80,1,1,,,\nq2,211,80,1,1,,,\n");
    let samples = samples(&own(Dataset::Tpcds), &text);
    assert_eq!(samples[0], "0 3 0.9500 tpcds");
    let of = |end: &str| samples.iter().filter(|sample| sample.ends_with(end)).cloned().collect::<Vec<_>>();
    let told: Vec<String> = of(" q1").into_iter().filter(|sample| !sample.contains(" 0.0000 ")).collect();
    assert_eq!(told, ["165 1 1.0000 q1", "165 0 0.0365 q1", "180 1 1.1000 q1", "180 0 0.5500 q1"]);
    // Five buckets of q1 only are the history; the one that ends at 210 s has q1 twice and q2 once.
    let phases: Vec<String> = of(" tpcds").split_off(1);
    assert_eq!(phases[0], "180 4 0.0000 tpcds");
    assert_eq!(phases.len(), 2);
    assert!(phases[1].starts_with("210 4 0.") && phases[1] != "210 4 0.0000 tpcds", "{phases:?}");
}

const PGSS: &str = "snapshot_t,query_id,calls,total_exec_time_ms\n";

#[test]
fn pgss() {
    let mut text = PGSS.to_owned();
    for (time, (calls_a, total_a, calls_b)) in
        [(10, 100.0, 10), (20, 200.0, 20), (30, 300.0, 30), (40, 400.0, 40), (50, 700.0, 40)].into_iter().enumerate()
    {
        let t = 1000 + 60 * time;
        text.push_str(&format!("{t},b,{calls_b},{calls_b}\n{t},a,{calls_a},{total_a}\n"));
    }
    assert_eq!(
        samples(&reference(Dataset::Pgss), &text),
        [
            "0 4 0.0000 pgss_digest_mix",
            "60 4 0.0000 pgss_digest_mix",
            "120 4 0.0000 pgss_digest_mix",
            "180 4 0.0000 pgss_digest_mix",
            "240 0 2.0000 a",
            "240 4 1.0000 pgss_digest_mix",
        ]
    );
    // b did not run in the last interval: half of the mix is gone.
    assert_eq!(
        samples(&own(Dataset::Pgss), &text),
        [
            "120 4 0.0000 pgss_digest_mix",
            "180 4 0.0000 pgss_digest_mix",
            "240 0 1.0979 a",
            "240 4 0.3113 pgss_digest_mix",
        ]
    );
    assert_eq!(
        error(&own(Dataset::Pgss), &format!("{PGSS}1,a,1,1\n")),
        "`./x.csv`: counters need at least two snapshots, and there are fewer than two rows"
    );
}

#[test]
fn pgss_counters_that_fell_are_a_gap() {
    let mut text = PGSS.to_owned();
    for (t, calls) in [(0, 10), (1, 20), (2, 30), (3, 40), (4, 5), (5, 15)] {
        text.push_str(&format!("{t},a,{calls},{}\n", calls * 2));
    }
    assert_eq!(
        samples(&own(Dataset::Pgss), &text),
        ["2 4 0.0000 pgss_digest_mix", "3 4 0.0000 pgss_digest_mix", "5 0 0.0000 a"]
    );
}

#[test]
fn generic_reference_guesses() {
    for header in ["t,channel,value", "Latency_ts,group,v2", "n,series,v"] {
        let text = format!("{header}\n 3 ,a, 4\n1,a,1\n2,a,1\n 0,a,1\n0,b,7\n");
        assert_eq!(samples(&reference(Dataset::Generic), &text), ["3 0 3.0000 a"], "{header}");
    }
    let rows = converted(&reference(Dataset::Generic), "t,v\n0,1\n1,1\n2,1\n3,2\n").unwrap();
    assert_eq!(rows.stream.sample(0).channel, Some("generic"));
    assert_eq!(rows.stream.source(), "generic-csv@x.csv");
    assert_eq!(
        error(&reference(Dataset::Generic), "t,v\n0,1\n1,1\n2,1\n"),
        "`./x.csv` leaves no sample: 3 rows were read, 3 rejected (in a channel of three rows or fewer); give a longer trace, \
         or check the data set, the columns and the construction; an experiment for which this is right says \
         `allow_empty = true`"
    );
    assert_eq!(
        error(&reference(Dataset::Generic), "t,v\n0,1\n"),
        "`./x.csv`: the construction `reference` needs at least two rows"
    );
}

#[test]
fn generic_plain_asks_unless_it_is_certain() {
    let mut options = own(Dataset::Generic);
    assert_eq!(samples(&options, "Time,Value\n0,1\n1,1\n2,1\n3,2\n"), ["3 0 1.0000 generic"]);
    assert_eq!(
        error(&options, "start,value\n0,1\n"),
        "`./x.csv:1`: no column is called like a time (t, time, ts, timestamp, t_seconds, seconds); pass --time-col, \
         --value-col or --channel-col (there are `start`, `value`)"
    );
    assert_eq!(
        error(&options, "t,latency,ts,value\n0,1,2,3\n"),
        "`./x.csv:1`: columns 1 (`t`) and 3 (`ts`) could both be the time; pass --time-col, --value-col or --channel-col \
         (there are `t`, `latency`, `ts`, `value`)"
    );
    for (flag, value) in [("time-col", "ts"), ("value-col", "start"), ("pre-residualized", "true")] {
        options.set(flag, value).unwrap();
    }
    assert_eq!(samples(&options, "t,start,ts,value\n0,1,2,3\n"), ["2 0 1.0000 generic"]);
    assert_eq!(
        error(&options, "t,start,tz\n0,1,2\n"),
        "`./x.csv:1`: the header has no column `ts` (is it `t`?); it has `t`, `start`, `tz`"
    );
}

#[test]
fn otel() {
    let span = |start: u64, end: u64| {
        format!(r#"{{"t_start_ns":{start},"t_end_ns":{end},"statement_hash":"s","db_system":"pg","x":1}}"#)
    };
    let base = 1_700_000_000_000_000_001;
    let mut spans: Vec<_> =
        (1..6).map(|second| span(base + second * 1_000_000_000, base + second * 1_000_000_000 + 9_000_000)).collect();
    spans.push(span(base, base + 19_000_000));
    spans.push(span(base + 9_000_000_000, base + 9_019_000_000));
    let text = format!("[{}]", spans.join(",\n"));
    assert_eq!(
        samples(&reference(Dataset::Otel), &text),
        ["2 0 -0.2703 s", "3 0 -0.2703 s", "4 0 -0.2703 s", "8 0 0.5405 s"]
    );
    assert_eq!(samples(&own(Dataset::Otel), &text), ["5 0 0.0000 s", "9 0 0.6931 s"]);
    let label = |options: &Options| converted(options, &text).unwrap().stream.source().to_owned();
    assert_eq!(label(&reference(Dataset::Otel)), "otel-db-spans@x.csv[system=pg]");
    assert_eq!(label(&own(Dataset::Otel)), "otel:plain@x.csv[system=pg]");

    let text = format!("[{},\n{}]", span(5, 6), span(7, 7));
    let found = error(&reference(Dataset::Otel), &text);
    let shape = "not an array of spans with `t_start_ns`, `t_end_ns`, `statement_hash` and perhaps `db_system`";
    assert!(found.starts_with("`./x.csv:2:"), "{found}");
    assert!(
        found.ends_with(&format!(
            "`: {shape}: span does not end after it starts (--lenient counts such rows and goes on)"
        )),
        "{found}"
    );
    let wrong = "[1, {\"t_start_ns\":5,\"t_end_ns\":4,\"statement_hash\":\"s\"}]";
    for (options, reason) in [
        (reference(Dataset::Otel), "span does not end after it starts"),
        (own(Dataset::Otel), "span ends before it starts"),
    ] {
        // What may leave no sample must have rows that are used.
        let found = convert_reader(wrong.as_bytes(), "./x.csv", &even_empty(lenient(options)));
        let Err(TraceError::Empty { rows, .. }) = found else { panic!("{found:?}") };
        assert_eq!((rows.read, rows.used), (2, 0));
        assert_eq!((rows.rejected["not a span"], rows.rejected[reason]), (1, 1));
    }
    let options = reference(Dataset::Otel);
    assert_eq!(error(&options, "[]"), "`./x.csv:1:1`: there are no spans in the array");
    assert_eq!(error(&options, "[{\"t_start_ns\":1}]"), format!("`./x.csv:1:17`: {shape}: missing field `t_end_ns`"));
    assert_eq!(error(&options, ""), format!("`./x.csv:1:1`: {shape}: EOF while parsing a value"));
}

#[test]
fn every_data_set_refuses_what_is_no_file_of_its_own() {
    // A recording is sealed: `tests/recordings.rs` has what is refused of it.
    for dataset in Dataset::ALL.into_iter().filter(|dataset| *dataset != Dataset::Postgres) {
        for construction in dataset.about().constructions {
            let options = Options { construction: *construction, math: Math::System, ..Options::new(dataset) };
            assert!(matches!(convert(Path::new("/"), &options), Err(TraceError::Store(_))), "{dataset}");
            for text in ["", "\n\n", "a,b\n"] {
                assert!(converted(&options, text).is_err() || dataset == Dataset::SqlshareText, "{dataset} {text:?}");
            }
        }
    }
}

#[test]
fn compressed_traces_give_the_same_stream() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{CEB}b,mi1_t,1000,10\na,t,10,1000\n");
    let plain = folder.path().join("x.csv");
    let packed = folder.path().join("x.csv.zst");
    fs::write(&plain, &text).unwrap();
    fs::write(&packed, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    let fingerprint = |path: &Path| convert(path, &own(Dataset::Ceb)).unwrap().stream.fingerprint();
    assert_eq!(fingerprint(&plain), fingerprint(&packed));
}

/// 11:00 and a second, two and three later, however they are written; generic data are the plainest.
#[test]
fn times_of_every_form_are_the_same_times() {
    let forms = [
        ["1709290800000", "1709290801000", "1709290802000", "1709290803000"],
        ["1709290800000000", "1709290801000000", "1709290802000000", "1709290803000000"],
        ["1709290800000000000", "1709290801000000000", "1709290802000000000", "1709290803000000000"],
        ["2024-03-01T11:00:00Z", "2024-03-01 11:00:01+00", "2024-03-01T16:30:02+05:30", "2024-03-01_11:00:03 UTC"],
        [
            "2024-03-01 11:00:00.0+0000",
            "2024-03-01 11:00:01,000Z",
            "20240301T110002Z",
            "2024-03-01T11:00:03.000000000Z",
        ],
    ];
    for [a, b, c, d] in forms {
        let text = format!("t,value\n{a},1\n{b},1\n{c},1\n{d},3\n");
        assert_eq!(samples(&own(Dataset::Generic), &text.replace(",000Z", ".000Z")), ["3 0 2.0000 generic"], "{a}");
    }
    // Plain seconds keep their origin.
    let text = "t,value\n1709290800,1\n1709290801,1\n1709290802,1\n1709290803,3\n";
    assert_eq!(samples(&own(Dataset::Generic), text), ["1709290803 0 2.0000 generic"]);
    let converted = converted(
        &own(Dataset::Generic),
        &text
            .replace("0,1\n", "0000,1\n")
            .replace("1,1\n", "1000,1\n")
            .replace("2,1\n", "2000,1\n")
            .replace("3,3", "3000,3"),
    )
    .unwrap();
    assert_eq!(
        converted.notes,
        ["`t` is in milliseconds since 1970, as its size says; t = 0 is 2024-03-01T11:00:00Z (--time-unit overrides)"]
    );
}

#[test]
fn microseconds_are_kept_over_the_years_since_1970() {
    let text = "t,value\n2024-03-01T11:00:00.000001Z,1\n2024-03-01T11:00:00.000002Z,1\n2024-03-01T11:00:00.000003Z,1\n\
                2024-03-01T11:00:00.000008Z,3\n";
    let stream = converted(&own(Dataset::Generic), text).unwrap().stream;
    assert_eq!(stream.sample(0).t, 7e-6);
}

#[test]
fn times_that_cannot_be_known_ask_for_the_option_that_tells_them() {
    let options = |flag: &str, value: &str| {
        let mut options = own(Dataset::Generic);
        options.set(flag, value).unwrap();
        options
    };
    let text = |times: [&str; 4]| {
        let rows = times.map(|time| format!("{time},1\n"));
        format!("t,value\n{}", rows.concat())
    };
    let local = text(["2024-03-01 11:00:00", "2024-03-01 11:00:01", "2024-03-01 11:00:02", "2024-03-01 11:00:03"]);
    for (times, problem) in [
        (local.clone(), "`./x.csv:2`: `t` is a time without an offset; pass --time-zone UTC or its offset"),
        (
            text(["1", "2", "1709290800000", "3"]),
            "`./x.csv:4`: `t` is in milliseconds since 1970 here and `1`, which is no time since 1970, on line 2; give \
             the whole column one form",
        ),
        (
            text(["1", "2024-03-01T11:00:00Z", "2", "3"]),
            "`./x.csv:3`: `t` is a date and time with its offset here and a number on line 2; give the whole column one form",
        ),
        (text(["0", "NULL", "1", "2"]), "`./x.csv:3:1`: `t` is `NULL`, unknown"),
        (text(["0", "yesterday", "1", "2"]), "`./x.csv:3:1`: `t` is `yesterday`, not a time"),
    ] {
        let found = error(&own(Dataset::Generic), &times);
        assert!(found.contains(problem), "{found}");
    }
    for (flag, value) in [("time-zone", "+02:00"), ("time-zone", "UTC")] {
        assert_eq!(samples(&options(flag, value), &local), ["3 0 0.0000 generic"], "{value}");
    }
    assert_eq!(samples(&options("time-unit", "ms"), &text(["0", "500", "1000", "1500"])), ["1.5 0 0.0000 generic"]);
    let found = error(&options("time-unit", "ms"), &local);
    assert!(found.contains("--time-unit is for times that are numbers"), "{found}");
    let found = error(&options("time-zone", "UTC"), &text(["0", "1", "2", "3"]));
    assert!(found.contains("--time-zone is for times without an offset"), "{found}");
    let mut options = own(Dataset::Generic);
    assert!(options.set("time-zone", "Europe/Berlin").unwrap_err().to_string().contains("changes with the season"));
    assert!(options.set("time-unit", "minutes").is_err());
}

#[test]
fn sentinels_and_percentages_are_no_values() {
    let hint = " (--lenient counts such rows and goes on)";
    assert_eq!(
        error(&own(Dataset::Ceb), &format!("{CEB}q,t,150001000000,10\n")),
        format!(
            "`./x.csv:2:5`: `true_rows` is `150001000000`, which stands for unknown in this data set; it is not a value{hint}"
        )
    );
    assert!(converted(&reference(Dataset::Ceb), &format!("{CEB}q,t,150001000000,10\n")).is_ok());
    for (ratio, problem) in [
        ("99.2", "which looks like a percentage; divide the column by 100, for a ratio is between 0 and 1"),
        ("-0.5", "not a ratio, which is between 0 and 1"),
        ("0,5x", "not a number; write it like `12.5` or `1e-3`"),
    ] {
        let found = error(&own(Dataset::Tpcds), &format!("{TPCDS}q1,0,1,1,1,,,\"{ratio}\"\n"));
        assert!(found.ends_with(&format!("`cache_hit_ratio` is `{ratio}`, {problem}{hint}")), "{found}");
    }
    let found = error(&own(Dataset::Tpcds), &format!("{TPCDS}q1,0,\"12,5\",1,1,,,\n"));
    assert!(found.contains("`latency_ms` is `12,5`, which has a comma"), "{found}");
}
