//! What each construction makes of a trace.

use super::*;

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
        "`./x.csv:2:9`: `latency_ms` is `-5`, negative; a count or a duration is 0 or more \
         (--lenient counts such rows and goes on)"
    );
    assert_eq!(
        error(&own(Dataset::Job), &format!("{JOB}a,-1,1,1,5,\n")),
        "`./x.csv:2:3`: `iteration` is `-1`, which stands for unknown; a count or a duration is 0 or more \
         (--lenient counts such rows and goes on)"
    );
}

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
    let mut options = plain();
    assert_eq!(samples(&options, "Time,Value\n0,1\n1,1\n2,1\n3,2\n"), ["3 0 1.0000 generic"]);
    assert_eq!(
        error(&options, "start,value\n0,1\n"),
        "`./x.csv:1`: no column is called like a time (t, time, ts, timestamp, t_seconds, seconds); pass --time-col, \
         --value-col (or --value-cols for several) or --channel-col (there are `start`, `value`)"
    );
    assert_eq!(
        error(&options, "t,latency,ts,value\n0,1,2,3\n"),
        "`./x.csv:1`: columns 1 (`t`) and 3 (`ts`) could both be the time; pass --time-col, --value-col (or --value-cols for \
         several) or --channel-col (there are `t`, `latency`, `ts`, `value`)"
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
            let error = convert(Path::new("/"), &options).expect_err("a folder of folders");
            let is_of_content = matches!(error, TraceError::Format { .. });
            let is_of_files = matches!(error, TraceError::Store(_) | TraceError::Files { .. });
            assert!(is_of_content || is_of_files, "{dataset}: {error}");
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
