//! Numbers that are unknown, that overflow, or that stand for something else.

use super::*;

/// Data sets with estimates: header, a good row with `ROWS` where rows stand, and what both columns are called.
const WITH_ROWS: [(Dataset, &str, &str, [&str; 2]); 3] = [
    (Dataset::Ceb, CEB, "q,t,ROWS", ["true_rows", "est_rows"]),
    (Dataset::Job, JOB, "q,0,ROWS,5,", ["est_rows", "actual_rows"]),
    (Dataset::Tpcds, "query_id,t_seconds,latency_ms,est_rows,actual_rows\n", "q,1,5,ROWS", ["est_rows", "actual_rows"]),
];

const UNKNOWN: &str = "unknown; what is not known is neither 0 nor 1, so leave the row out";

/// The trace of [`WITH_ROWS`] whose second row has `cell` in the column `at` of rows.
fn with_rows(header: &str, row: &str, at: usize, cell: &str) -> String {
    let cells = if at == 0 { format!("{cell},1") } else { format!("1,{cell}") };
    let good = row.replace("ROWS", "10,0");
    // A subplan, an iteration and an execution of a query are there once.
    let later = good.replacen("q,0", "q,2", 1).replacen("q,t", "q,u", 1).replacen("q,1,5", "q,2,5", 1);
    format!("{header}{good}\n{}\n{later}\n", row.replace("ROWS", &cells))
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

#[test]
fn sentinels_and_percentages_are_no_values() {
    let hint = " (--lenient counts such rows and goes on)";
    assert_eq!(
        error(&own(Dataset::Ceb), &format!("{CEB}q,t,150001000000,10\n")),
        format!(
            "`./x.csv:2:5`: `true_rows` is `150001000000`, which stands for unknown in this data set; it is not a value{hint}"
        )
    );
    for start in ["150001000000", "15000100000", "150001000"] {
        let start: u64 = start.parse().unwrap();
        for number in start..start + 3 {
            for row in [format!("q,t,{number},10"), format!("q,t,10,{number}"), format!("q,t,{number}.0,10")] {
                let text = format!("{CEB}q,t1,1,1\n{row}\n");
                assert!(error(&own(Dataset::Ceb), &text).contains("stands for unknown in this data set"), "{row}");
                let rows = converted(&lenient(own(Dataset::Ceb)), &text).unwrap().rows;
                assert!(rows.rejected.keys().all(|reason| reason.starts_with("unknown (sentinel) in ")), "{rows:?}");
                assert_eq!((rows.used, rows.rejected.len()), (1, 1), "{row}");
                assert!(converted(&reference(Dataset::Ceb), &text).is_ok(), "{row}");
            }
        }
        for number in [start - 1, start + 3] {
            assert!(converted(&own(Dataset::Ceb), &format!("{CEB}q,t,{number},10\n")).is_ok(), "{number}");
        }
    }
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

/// A row that is there twice, of each data set that has a key without a time.
#[test]
fn one_identifier_twice_is_an_error() {
    let snowset = |ids: [&str; 3]| {
        let rows = ids.iter().enumerate();
        let rows = rows.map(|(row, id)| format!("{id},w,2018-03-02 00:0{row}:00+00:00,100,d,1,5\n"));
        let header = "queryId,warehouseId,createdTime,execTime,databaseId,warehouseSize,profScanRso\n";
        format!("{header}{}", rows.collect::<String>())
    };
    let sqlshare = |ids: [&str; 3]| {
        let rows = ids.iter().map(|id| format!("{id},u,1.5,1400000000,select 1\n"));
        format!("query_id,user_id,runtime_seconds,submitted_at,query_text\n{}", rows.collect::<String>())
    };
    for (dataset, text, name) in [
        (Dataset::Snowset, &snowset as &dyn Fn([&str; 3]) -> String, "queryId"),
        (Dataset::Sqlshare, &sqlshare, "query_id"),
    ] {
        for id in ["282952223678799236", "01a2-b3c4"] {
            let twice = text([id, "7", id]);
            let found = error(&own(dataset), &twice);
            let expected =
                format!("`./x.csv:4`: one `{name}` is twice: line 2 and line 4; is a part in the file twice?");
            assert!(found.starts_with(&expected), "{found}");
            let rows = converted(&even_empty(lenient(own(dataset))), &twice).unwrap().rows;
            assert_eq!((rows.used, rows.rejected["of a query that is there twice"]), (1, 2), "{rows:?}");
        }
        for different in [["1", "2", "3"], ["7", "", ""], ["7", "NULL", "\\N"], ["1.5E+17", "1.5E+17", "1"]] {
            converted(&even_empty(own(dataset)), &text(different)).unwrap();
        }
    }
    // As published.
    assert!(converted(&even_empty(reference(Dataset::Sqlshare)), &sqlshare(["7", "8", "7"])).is_ok());
    let row = "u,1.5,1400000000,select 1\n";
    let found = error(&own(Dataset::Sqlshare), &format!("{SQLSHARE}{row}u,1.5,1400000000,select 2\n{row}"));
    assert!(found.contains("a row of one user, text, time and runtime is twice: line 2 and line 4"), "{found}");
    assert!(found.contains("; is a part in the file twice? pass --keep-repeats if "), "{found}");
    // Told so, it is an execution like any other.
    let mut keep = own(Dataset::Sqlshare);
    keep.set("keep-repeats", "true").unwrap();
    let found = converted(&keep, &format!("{SQLSHARE}{}", row.repeat(8))).unwrap();
    assert_eq!((found.rows.used, found.stream.values()), (8, &[0.0; 3][..]));
    let error = converted(
        &keep,
        "query_id,user_id,runtime_seconds,submitted_at,query_text\n1,u,1,1400000000,a\n1,u,1,1400000000,a\n",
    );
    assert!(error.unwrap_err().to_string().contains("one `query_id` is twice"));
    keep.construction = Construction::Reference;
    assert!(keep.check_effects().is_err());
    let other = ["v,1.5,1400000000,select 1\n", "u,1.6,1400000000,select 1\n", "u,1.5,1400000001,select 1\n"];
    for other in other {
        converted(&even_empty(own(Dataset::Sqlshare)), &format!("{SQLSHARE}{row}{other}")).unwrap();
    }
}
