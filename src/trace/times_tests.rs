//! What numbers are taken for as times: in a column of any name, with and without `--time-unit`.

use super::*;

/// The conversion of `times`, which stand in a column called `name`.
fn converted(name: &str, times: &[&str], told: Option<&str>) -> Result<Conversion, String> {
    let mut options =
        Options { allow_empty: true, construction: Construction::Own("plain"), ..Options::new(Dataset::Generic) };
    options.set("time-col", name).unwrap();
    options.set("pre-residualized", "true").unwrap();
    if let Some(unit) = told {
        options.set("time-unit", unit).unwrap();
    }
    let rows: Vec<String> = times.iter().map(|time| format!("{time},1\n")).collect();
    let text = format!("{name},value\n{}", rows.concat());
    convert_reader(text.as_bytes(), "x.csv", &options).map_err(|error| error.to_string())
}

/// The times of the samples, and what was said.
fn times(name: &str, times: &[&str], told: Option<&str>) -> Result<(Vec<f64>, Vec<String>), String> {
    let found = converted(name, times, told)?;
    Ok(((0..found.stream.len()).map(|at| found.stream.sample(at).t).collect(), found.notes))
}

#[test]
fn only_a_plausible_number_is_a_time() {
    for (values, problem) in [
        (["202405011000", "202405011001"], "looks like a date written as a number (yyyymmddhhmm); write it like"),
        (["240501100000", "240501100101"], "(yymmddhhmmss)"),
        (["2024050110", "2024050111"], "(yyyymmddhh); write it like `2018-03-02T14:44:02Z`, or pass --time-unit s if"),
        (["20240501", "20240502"], "(yyyymmdd)"),
        (["20240501100000", "20240501100010"], "(yyyymmddhhmmss)"),
        (["240501", "240502"], "(yymmdd)"),
        (["133590000000000000", "133590000600000000"], "a FILETIME of Windows (100 ns since 1601); convert it to"),
        (["638500000000000000", "638500000600000000"], "ticks of .NET (100 ns since the year 1)"),
        (["13360000000000000", "13360000060000000"], "a time of WebKit (microseconds since 1601)"),
        (
            ["45413.416667", "45413.417361"],
            "a date of Excel (days since 1900); convert it to seconds since 1970, which",
        ),
        (["2460431.9", "2460431.900694"], "a Julian day"),
        (["20240501100059", "20240501100069"], "it looks like a date written as a number (yyyymmddhhmmss); pass"),
        (["345600000000000", "345660000000000"], "too large for seconds from another origin; pass --time-unit"),
        (["5000000000000", "5060000000000"], "pass --time-unit"),
        (["345600000", "345660000"], "pass --time-unit"),
        (["5000000000", "5000000060"], "pass --time-unit"),
    ] {
        let error = times("t", &values, None).unwrap_err();
        assert!(error.starts_with(&format!("`x.csv:2`: `t` is `{}`, which", values[0])), "{error}");
        assert!(error.contains(problem), "{error}");
    }
    for (values, expected) in [
        (["0", "60"], [0.0, 60.0]),
        (["-60", "0"], [-60.0, 0.0]),
        (["-1", "0"], [-1.0, 0.0]),
        (["0.25", "86400"], [0.25, 86_400.0]),
        (["20240500", "20240501"], [20_240_500.0, 20_240_501.0]),
        (["1714557600", "1714557660.5"], [1_714_557_600.0, 1_714_557_660.5]),
        (["1714557600000", "1714557660000"], [0.0, 60.0]),
        (["1714557600000000", "1714557660000000"], [0.0, 60.0]),
        (["1714557600000000000", "1714557660000000000"], [0.0, 60.0]),
    ] {
        assert_eq!(times("t", &values, None).unwrap().0, expected, "{values:?}");
    }
    // Whole days of Excel may as well be seconds, and are said to be taken for them.
    let (_, notes) = times("t", &["45413", "45414"], None).unwrap();
    assert_eq!(
        notes,
        ["`t` is taken for seconds; if it is a date of Excel (days since 1900), convert it: (x - 25569) * 86400"]
    );
    // What is told is not guessed.
    assert_eq!(times("t", &["20240501", "20240502"], Some("s")).unwrap().0, [20_240_501.0, 20_240_502.0]);
    assert_eq!(times("t", &["5000000000000", "5060000000000"], Some("ns")).unwrap().0, [0.0, 60.0]);
}

#[test]
fn the_name_of_a_column_says_its_unit() {
    for (name, values, expected, said) in [
        (
            "epoch_ms",
            ["1714557600000", "1714557660000"],
            [0.0, 60.0],
            "in milliseconds since 1970, as its name says; t = 0 is",
        ),
        (
            "elapsed_ms",
            ["0", "60000"],
            [0.0, 60.0],
            "`elapsed_ms` is in milliseconds, as its name says (--time-unit overrides)",
        ),
        ("ts_us", ["100000000000", "100060000000"], [0.0, 60.0], "in microseconds, as its name says"),
        ("time_ns", ["5000000000000", "5060000000000"], [0.0, 60.0], "in nanoseconds, as its name says"),
    ] {
        let (found, notes) = times(name, &values, None).unwrap();
        assert_eq!(found, expected, "{name}");
        assert!(notes.len() == 1 && notes[0].contains(said), "{notes:?}");
    }
    assert_eq!(times("t_seconds", &["0", "60"], None).unwrap(), (vec![0.0, 60.0], Vec::new()));
    assert_eq!(times("hour", &["1714557600", "1714561200"], None).unwrap().0, [1_714_557_600.0, 1_714_561_200.0]);
    for (name, values, problem) in [
        (
            "epoch_ms",
            ["1714557600", "1714557660"],
            "`epoch_ms` is named for milliseconds, but `1714557600` is a time in seconds since 1970; pass --time-unit s or \
             --time-unit ms, whichever is right",
        ),
        ("epoch_ns", ["1714557600000000", "1714557660000000"], "pass --time-unit us or --time-unit ns"),
        ("t_seconds", ["1714557600000", "1714557660000"], "pass --time-unit ms or --time-unit s"),
        ("t_seconds", ["5000000000000", "5060000000000"], "as its name says; pass --time-unit"),
        ("elapsed_minutes", ["1", "2"], "is named for minutes; convert it to seconds, or pass --time-unit if the name"),
    ] {
        let error = times(name, &values, None).unwrap_err();
        assert!(error.starts_with("`x.csv:2`: ") && error.contains(problem), "{error}");
    }
    let found = times("epoch_ms", &["1714557600", "1714557660"], Some("s")).unwrap();
    assert_eq!(found.0, [1_714_557_600.0, 1_714_557_660.0]);
    assert_eq!(times("elapsed_minutes", &["1", "2"], Some("s")).unwrap().0, [1.0, 2.0]);
}

#[test]
fn a_mixture_of_units_is_none_whatever_is_told() {
    let mixed = ["1714557600", "1714557660", "1714557720000", "1714557780000"];
    for (told, problem) in [
        (
            None,
            "`x.csv:4`: `t` is in milliseconds since 1970 here and in seconds since 1970 on line 2; give the whole column",
        ),
        (
            Some("ms"),
            "`x.csv:4`: `t` is in milliseconds since 1970 here and in milliseconds from another origin on line 2; give the \
             whole column one form",
        ),
        (
            Some("s"),
            "`x.csv:4`: `t` is `1714557720000`, which is neither a time between 2000 and 2100 in seconds since 1970",
        ),
    ] {
        let error = times("t", &mixed, told).unwrap_err();
        assert!(error.starts_with(problem) && !error.contains("or pass --time-unit"), "{told:?}: {error}");
    }
}

#[test]
fn a_column_is_not_two_things_at_once() {
    let mut options = Options { construction: Construction::Own("plain"), ..Options::new(Dataset::Generic) };
    options.set("time-col", "a").unwrap();
    options.set("value-col", "a").unwrap();
    let error = convert_reader(&b"a,b\n1,2\n2,3\n"[..], "x.csv", &options).unwrap_err().to_string();
    assert!(error.starts_with("`x.csv:1`: column `a` cannot be two things at once"), "{error}");
    let mut options = Options::new(Dataset::Pgss);
    options.set("time-col", "calls").unwrap();
    let text = "now,queryid,calls,total_exec_time\n0,1,2,3\n1,1,3,4\n";
    let error = convert_reader(text.as_bytes(), "x.csv", &options).unwrap_err().to_string();
    assert!(error.starts_with("`x.csv:1`: column `calls` cannot be two things at once"), "{error}");
}

#[test]
fn half_of_a_wait_is_said() {
    let notes = |text: &str| {
        let options = Options { allow_empty: true, ..Options::new(Dataset::Tpcds) };
        convert_reader(text.as_bytes(), "x.csv", &options).unwrap().notes
    };
    let header = "query_id,t_seconds,latency_ms,est_rows,actual_rows,wait_event";
    assert_eq!(
        notes(&format!("{header},wait_seconds\nq,0,1,1,1,,30\nq,1,1,1,1,io,\nq,2,1,1,1,io,1\nq,3,1,1,1,,0\n")),
        [
            "waits of 1 row have no `wait_event`, and give no residual",
            "events of 1 row have no `wait_seconds`, and give no residual"
        ]
    );
    assert_eq!(
        notes(&format!("{header}\nq,0,1,1,1,io\nq,1,1,1,1,io\nq,2,1,1,1,\n")),
        ["events of 2 rows have no `wait_seconds`, for the file has no such column, and give no residual"]
    );
}

/// Names without a slash are channels as they always were; one with a slash must not be another class's.
#[test]
fn a_slash_in_a_name_of_snowset_joins_no_two_classes() {
    let header = "warehouseId,createdTime,execTime,databaseId,warehouseSize,profFilterRso\n";
    let rows: Vec<String> = (0..36)
        .map(|row| {
            let (warehouse, database) = [("a/b", "c"), ("a", "b/c"), ("a", "c")][row % 3];
            format!("{warehouse},2018-03-02 00:{row:02}:00+00:00,100,{database},1,5\n")
        })
        .collect();
    let text = format!("{header}{}", rows.concat());
    let stream = convert_reader(text.as_bytes(), "x.csv", &Options::new(Dataset::Snowset)).unwrap().stream;
    let channels: std::collections::BTreeSet<&str> =
        (0..stream.len()).filter_map(|at| stream.sample(at).channel).collect();
    for expected in ["\"a/b\"/\"c\"/\"1\"/Filter", "\"a\"/\"b/c\"/\"1\"/Filter", "a/c/1/Filter"] {
        assert!(channels.contains(expected), "{channels:?}");
    }
}

/// Local times at the end of daylight saving time: two hours have one name.
#[test]
fn clocks_that_are_put_back_are_no_one_offset() {
    let local = |times: &[&str], zone: Option<&str>| {
        let mut options = Options { allow_empty: true, ..Options::new(Dataset::Generic) };
        if let Some(zone) = zone {
            options.set("time-zone", zone).unwrap();
        }
        let rows: Vec<String> = times.iter().map(|time| format!("{time},1\n")).collect();
        convert_reader(format!("t,value\n{}", rows.concat()).as_bytes(), "x.csv", &options)
            .map(|found| found.rows.used)
            .map_err(|error| error.to_string())
    };
    // Berlin, New York, Sydney.
    for night in [
        ["2024-10-27 02:59:50", "2024-10-27 02:00:05", "2024-10-27 03:00:00"],
        ["2024-11-03 01:45:00", "2024-11-03 01:10:00", "2024-11-03 02:00:00"],
        ["2024-04-07 02:59:59", "2024-04-07 02:00:04", "2024-04-07 03:00:00"],
    ] {
        let error = local(&night, Some("+02:00")).unwrap_err();
        assert!(error.starts_with("`x.csv:3`: `t` goes back by ") && error.contains("export times in UTC"), "{error}");
        let with_offsets =
            [format!("{}+02:00", night[0]), format!("{}+01:00", night[1]), format!("{}+01:00", night[2])];
        assert_eq!(local(&with_offsets.each_ref().map(String::as_str), None), Ok(3));
    }
    for times in [
        // A Monday, in the afternoon, by a few seconds, by more than an hour, several times: files in another order.
        ["2024-10-28 02:59:50", "2024-10-28 02:00:05", "2024-10-28 03:00:00"],
        ["2024-10-27 14:59:50", "2024-10-27 14:00:05", "2024-10-27 15:00:00"],
        ["2024-10-27 02:59:50", "2024-10-27 02:59:45", "2024-10-27 03:00:00"],
        ["2024-10-27 02:59:50", "2024-10-27 01:00:05", "2024-10-27 03:00:00"],
        ["2024-10-27 02:59:50", "2024-10-27 02:20:05", "2024-10-27 01:40:00"],
    ] {
        assert_eq!(local(&times, Some("+02:00")), Ok(3), "{times:?}");
    }
}
