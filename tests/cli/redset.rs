//! Queries of Redshift clusters in the columns of Redset, with the residuals that follow by hand.

use telltape::residual::Math::Portable;

use crate::support::Folder;

const HEADER: &str = "instance_id,query_id,arrival_timestamp,compile_duration_ms,queue_duration_ms,\
                      execution_duration_ms,feature_fingerprint,was_aborted,was_cached,mbytes_scanned,mbytes_spilled\n";

/// A query a minute on instance 3; the time, and what it took from `compile_duration_ms` on.
fn rows(took: &[&str]) -> String {
    let rows = took.iter().enumerate().map(|(at, took)| format!("3,{at},2024-03-01 00:{at:02}:00.5,{took}\n"));
    format!("{HEADER}{}", rows.collect::<String>())
}

fn convert(text: &str, extra: &[&str]) -> (Folder, serde_json::Value) {
    let folder = Folder::new();
    folder.write("x.csv", text);
    let command = ["convert", "--dataset", "redset", "x.csv", "--tape", "t.jsonl", "--json"];
    let said = folder.ok(&[&command[..], extra].concat()).json();
    (folder, said)
}

/// `class channel t value` of all residuals.
fn residuals(folder: &Folder) -> Vec<(String, String, f64, f64)> {
    let lines = folder.read("t.jsonl");
    let samples = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    samples
        .map(|sample| {
            let number = |key: &str| sample[key].as_f64().unwrap();
            (text(&sample["class"]), text(&sample["channel"]), number("t"), number("value"))
        })
        .collect()
}

fn of(folder: &Folder, class: &str, channel: &str) -> Vec<(f64, f64)> {
    let all = residuals(folder).into_iter();
    all.filter(|one| one.0 == class && one.1 == channel).map(|(_, _, t, value)| (t, value)).collect()
}

/// What DuckDB exports: an execution of 1 s a minute, the fifth aborted, the sixth from the cache, the last three of 9 s.
#[test]
fn a_query_that_was_aborted_or_cached_is_no_execution() {
    let executed = |ms: &str| format!("12.5,0,{ms},-4611686018427387905,false,false,100,0");
    let took: Vec<String> = (0..10)
        .map(|at| match at {
            4 => "12.5,0,,-4611686018427387905,true,false,100,0".to_owned(),
            5 => "12.5,0,1,-4611686018427387905,false,true,100,0".to_owned(),
            7.. => executed("9000"),
            _ => executed("1000"),
        })
        .collect();
    let (folder, said) = convert(&rows(&took.iter().map(String::as_str).collect::<Vec<_>>()), &[]);
    assert_eq!(
        said["rows"]["rejected"],
        serde_json::json!({ "was aborted": 1, "was answered from the result cache": 1 })
    );
    assert_eq!((&said["rows"]["read"], &said["rows"]["used"]), (&10.into(), &8.into()));
    let notes = said["notes"].to_string();
    assert!(notes.contains("`arrival_timestamp` has no offset, and is UTC"), "{notes}");
    let slow = Portable.ln(9010.0 / 1010.0);
    let execution = of(&folder, "PlanRegression", "3/-4611686018427387905");
    assert_eq!(execution, [(420.0, slow), (480.0, slow), (540.0, slow)]);
    for (class, channel) in
        [("PlanRegression", "3/-4611686018427387905#compile"), ("CacheIo", "3/-4611686018427387905")]
    {
        assert_eq!(of(&folder, class, channel), [(420.0, 0.0), (480.0, 0.0), (540.0, 0.0)], "{class}");
    }
}

#[test]
fn compiling_waiting_and_spilling_are_held_against_their_own_past() {
    let usual = "12,500,100,f,f,f,100,0";
    let took = [
        usual,
        usual,
        usual,
        usual,
        usual,
        "90,500,100,f,f,f,100,0",
        "12,8500,100,f,f,f,100,0",
        "12,500,100,f,f,f,100,300",
    ];
    let (folder, _) = convert(&rows(&took), &[]);
    let compile = of(&folder, "PlanRegression", "3/f#compile");
    assert_eq!(compile, [(300.0, Portable.ln(100.0 / 22.0)), (360.0, 0.0), (420.0, 0.0)]);
    let waits = of(&folder, "Contention", "3");
    assert_eq!(waits[5..], [(300.0, 0.5), (360.0, 8.5), (420.0, 0.5)]);
    // A quarter was not spilled of what was always scanned alone.
    assert_eq!(of(&folder, "CacheIo", "3/f"), [(300.0, 0.0), (360.0, 0.0), (420.0, 0.75)]);
    assert_eq!(of(&folder, "PlanRegression", "3/f"), [(300.0, 0.0), (360.0, 0.0), (420.0, 0.0)]);
}

#[test]
fn instances_and_fingerprints_are_apart_and_unknown_is_not_zero() {
    let rows = |took: &str| {
        (0..8)
            .map(|at| format!("{0},{at},2024-03-01 00:{at:02}:00Z,,,{took},f{1},0,0,,\n", at % 2, at / 4))
            .collect::<String>()
    };
    // Each fingerprint comes twice on each instance: too seldom, and nothing else is known.
    let folder = Folder::new();
    folder.write("x.csv", format!("{HEADER}{}", rows("100")));
    let (code, message) = folder.refusal(&["convert", "--dataset", "redset", "x.csv", "--tape", "t.jsonl"]);
    assert_eq!(code, 12, "{message}");
    let usual: String = (0..6).map(|at| format!("3,{at},2024-03-01 00:{at:02}:00Z,,NULL,100,f,1.0,0.0,,\n")).collect();
    let (folder, said) =
        convert(&format!("{HEADER}{}", usual.replace(",1.0,0.0,", ",FALSE,t,").replace(",t,", ",F,")), &[]);
    assert_eq!(residuals(&folder).len(), 1, "{said}");
    assert_eq!(of(&folder, "PlanRegression", "3/f"), [(300.0, 0.0)]);
}

/// The order of rows has no say, and neither has what is not read.
#[test]
fn rows_may_come_in_any_order() {
    let took = ["1,2,100,f,f,f,1,0"; 9];
    let text = rows(&took);
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    let (folder, _) = convert(&text, &[]);
    lines.reverse();
    lines.rotate_left(4);
    let (shuffled, _) = convert(&format!("{HEADER}{}\n", lines.join("\n")), &[]);
    assert_eq!(folder.read("t.jsonl"), shuffled.read("t.jsonl"));
}

#[test]
fn what_is_wrong_is_named_and_counted() {
    let good = "1,2,100,f,f,f,1,0";
    for (took, start, reason) in [
        (
            "1,2,,f,f,f,1,0",
            "`x.csv:3:31`: `execution_duration_ms` is empty, unknown",
            "unknown (empty) in execution_duration_ms",
        ),
        ("1,2,-1,f,f,f,1,0", "`x.csv:3:31`: `execution_duration_ms` is `-1`", "unknown (-1) in execution_duration_ms"),
        (
            "1,2,-5,f,f,f,1,0",
            "`x.csv:3:31`: `execution_duration_ms` is `-5`, negative",
            "negative in execution_duration_ms",
        ),
        ("1,2,100,,f,f,1,0", "`x.csv:3:35`: `feature_fingerprint` is empty", "unknown (empty) in feature_fingerprint"),
        (
            "1,2,100,-4.61169E+18,f,f,1,0",
            "`x.csv:3:35`: `feature_fingerprint` is `-4.61169E+18`, a floating-point number",
            "rounded in feature_fingerprint",
        ),
        (
            "1,2,100,-4.611686018427388e+18,f,f,1,0",
            "`x.csv:3:35`: `feature_fingerprint` is `-4.611686018427388e+18`, a floating-point number",
            "rounded in feature_fingerprint",
        ),
        (
            "1,2,100,f,maybe,f,1,0",
            "`x.csv:3:37`: `was_aborted` is `maybe`, neither true nor false",
            "neither true nor false in was_aborted",
        ),
        ("1,2,100,f,,f,1,0", "`x.csv:3:37`: `was_aborted` is empty, unknown", "unknown (empty) in was_aborted"),
        ("1,2,100,f,f,2,1,0", "`x.csv:3:39`: `was_cached` is `2`", "neither true nor false in was_cached"),
        ("1,2,100,f,f,f,1,-3", "`x.csv:3:43`: `mbytes_spilled` is `-3`, negative", "negative in mbytes_spilled"),
        ("1,x,100,f,f,f,1,0", "`x.csv:3:29`: `queue_duration_ms` is `x`", "bad number in queue_duration_ms"),
    ] {
        let mut took = [took; 8];
        took[2..].fill(good);
        took[0] = good;
        let text = rows(&took);
        let folder = Folder::new();
        folder.write("x.csv", &text);
        let (code, message) = folder.refusal(&["convert", "--dataset", "redset", "x.csv", "--tape", "t.jsonl"]);
        assert_eq!((code, folder.files()), (12, vec!["x.csv".to_owned()]), "{message}");
        assert!(message.starts_with(start), "{message}");
        let (_, said) = convert(&text, &["--lenient"]);
        assert_eq!(said["rows"]["rejected"], serde_json::json!({ reason: 1 }));
    }
}

#[test]
fn files_that_are_none_are_refused() {
    let good = rows(&["1,2,100,f,f,f,1,0"; 8]);
    let all = |took: &str| rows(&[took; 8]);
    for (text, expected) in [
        (good.replace("was_cached", "cached"), "the header has no column `was_cached`"),
        (good.replace("2024-03-01 00:02:00.5", "yesterday"), "`arrival_timestamp` is `yesterday`, not a time"),
        (good.replace("3,2,", "3,1,"), "query `1` of instance `3` is twice: line 3 and line 4"),
        (HEADER.to_owned(), "there are no rows after the header"),
        (String::new(), "empty"),
        (all("1,2,,f,true,false,1,0"), "was aborted"),
        (all("1,2,1,f,false,true,1,0"), "was answered from the result cache"),
    ] {
        for extra in [&[][..], &["--lenient"]] {
            let folder = Folder::new();
            folder.write("x.csv", &text);
            let command = [&["convert", "--dataset", "redset", "x.csv", "--tape", "t.jsonl"], extra].concat();
            if !extra.is_empty() && (expected.contains("yesterday") || expected.contains("twice")) {
                let rows = folder.ok(&[&command[..], &["--json"]].concat()).json()["rows"].clone();
                // Which of two is right, nobody knows.
                let used = if expected.contains("twice") { 6 } else { 7 };
                assert_eq!((&rows["read"], &rows["used"]), (&8.into(), &used.into()), "{rows}");
                continue;
            }
            let (code, message) = folder.refusal(&command);
            assert_eq!((code, folder.files()), (12, vec!["x.csv".to_owned()]), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }
}

/// The made-up sample is what its script writes, and its planted changes are found.
#[test]
fn the_sample_has_what_was_planted() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new();
    folder.write("x.csv", std::fs::read(root.join("data/redset/trace.csv")).unwrap());
    folder.ok(&["convert", "--dataset", "redset", "x.csv", "--tape", "t.jsonl"]);
    folder.ok(&["replay", "t.jsonl", "--out", "out"]);
    let table = folder.read("out/t/episodes.csv");
    for (motif, channel, from, to) in [
        ("plan_regression_onset", "3/-4611686018427387905", 900.0, 1200.0),
        ("contention_ramp", "3", 1500.0, 1800.0),
        ("cache_collapse", "3/7205759403792793601", 2100.0, 2400.0),
    ] {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let found = reader.records().map(Result::unwrap).any(|record| {
            let t_start: f64 = record[2].parse().unwrap();
            &record[0] == motif && &record[1] == channel && (from - 1.0..to).contains(&t_start)
        });
        assert!(found, "{motif} of {channel} from {from} to {to}: {table}");
    }
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert!(reader.records().all(|record| !record.unwrap()[1].starts_with("17")), "{table}");
    // The second of two buckets alike is as the first, and the last one is left out.
    let mixes = of(&folder, "WorkloadPhase", "3");
    let far: Vec<f64> = mixes.iter().filter(|(_, value)| *value > 0.2).map(|(t, _)| *t).collect();
    assert_eq!(far, [3000.0], "{mixes:?}");
}
