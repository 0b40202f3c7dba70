//! Snapshots of `pg_stat_statements` as people have them, with the residuals that follow by hand.

use crate::support::Folder;

/// (t, value) of the residuals of a channel.
fn residuals(folder: &Folder, tape: &str, channel: &str) -> Vec<(f64, f64)> {
    let lines = folder.read(tape);
    let samples = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let of_channel = samples.filter(|sample| sample["channel"] == channel);
    of_channel.map(|sample| (sample["t"].as_f64().unwrap(), sample["value"].as_f64().unwrap())).collect()
}

fn convert(folder: &Folder, input: &str, extra: &[&str]) {
    folder.ok(&[&["convert", "--dataset", "pgss", input, "--tape", "t.jsonl"], extra].concat());
}

fn refusal(folder: &Folder, input: &str, extra: &[&str]) -> String {
    let before = folder.files();
    let (code, message) =
        folder.refusal(&[&["convert", "--dataset", "pgss", input, "--tape", "t.jsonl"], extra].concat());
    assert_eq!((code, folder.files()), (12, before), "{message}");
    message
}

fn assert_near(found: &[(f64, f64)], expected: &[(f64, f64)]) {
    let near = |a: &(f64, f64), b: &(f64, f64)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
    let same = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| near(a, b));
    assert!(same, "{found:?} is not {expected:?}");
}

/// An app's statement of 2 ms, from the seventh snapshot on of 40 ms, and the same one of a report's role at 900 ms.
fn two_roles() -> Vec<(String, String)> {
    let app = |poll: i32| if poll <= 5 { 2000 + 200 * poll } else { 3000 + 4000 * (poll - 5) };
    let row = |t: i32, role: &str, calls: i32, total: i32| (format!("{t},{role}"), format!("-61,{calls},{total}"));
    (0..10)
        .flat_map(|poll| {
            let t = 1_714_557_600 + 60 * poll;
            [row(t, "16385", 1000 + 100 * poll, app(poll)), row(t, "16390", 5000 + poll, 4_500_000 + 900 * poll)]
        })
        .collect()
}

#[test]
fn a_statement_of_two_roles_is_two_series_in_any_order_of_rows() {
    let folder = Folder::new();
    let mut rows: Vec<String> = two_roles().iter().map(|(key, counters)| format!("{key},{counters}\n")).collect();
    let mut tapes = Vec::new();
    for turn in 0..2 {
        folder.write("x.csv", format!("snapshot_t,userid,query_id,calls,total_exec_time_ms\n{}", rows.concat()));
        convert(&folder, "x.csv", &[]);
        let slow = telltape::residual::Math::Portable.ln(40.01 / 2.01);
        let app = residuals(&folder, "t.jsonl", "-61 userid=16385");
        let expected = [(240.0, 0.0), (300.0, 0.0), (360.0, slow), (420.0, slow), (480.0, slow), (540.0, slow)];
        assert_near(&app[..6], &expected);
        let report = residuals(&folder, "t.jsonl", "-61 userid=16390");
        assert!(report.len() == 6 && report.iter().all(|(_, value)| *value == 0.0), "{report:?}");
        tapes.push(folder.read("t.jsonl"));
        rows.reverse();
        rows.rotate_left(turn + 3);
    }
    assert_eq!(tapes[0], tapes[1]);
    std::fs::remove_file(folder.join("t.jsonl")).unwrap();
    std::fs::remove_file(folder.join("t.jsonl.hash")).unwrap();
    // Without the column, nobody can tell which row is whose.
    let rows: Vec<String> =
        two_roles().iter().map(|(key, counters)| format!("{},{counters}\n", key.split(',').next().unwrap())).collect();
    folder.write("x.csv", format!("snapshot_t,query_id,calls,total_exec_time_ms\n{}", rows.concat()));
    assert_eq!(
        refusal(&folder, "x.csv", &[]),
        "`x.csv:3`: query `-61` is twice in the snapshot of t = 1714557600: line 2 and line 3; is `userid`, `dbid` or \
         `toplevel` part of the key? Export them, too (--lenient counts such rows and goes on)"
    );
    assert!(refusal(&folder, "x.csv", &["--lenient"]).contains("20 rejected (of a query that is twice in a snapshot)"));
}

#[test]
fn a_hidden_identifier_names_the_grant() {
    let folder = Folder::new();
    let mut text = "snapshot_t,query_id,calls,total_exec_time_ms,query\n".to_owned();
    for poll in 0..6 {
        text += &format!(
            "{},7,{},{},select\n{},,{poll},1,<insufficient privilege>\n",
            60 * poll,
            10 * poll,
            20 * poll,
            60 * poll
        );
    }
    folder.write("x.csv", &text);
    let message = refusal(&folder, "x.csv", &[]);
    assert!(
        message.starts_with("`x.csv:3:3`: `query_id` is ``, ") && message.contains("GRANT pg_read_all_stats TO"),
        "{message}"
    );
    let said = folder.ok(&["convert", "--dataset", "pgss", "x.csv", "--tape", "l.jsonl", "--lenient", "--json"]).json();
    assert_eq!(said["rows"]["rejected"]["hidden from the role that exported it in query_id"], 6);
    assert_near(&residuals(&folder, "l.jsonl", "7"), &[(240.0, 0.0), (300.0, 0.0)]);
    folder.write("all.csv", text.replace(",7,", ",,"));
    let message = refusal(&folder, "all.csv", &["--lenient"]);
    assert!(message.contains("12 rejected (hidden from the role"), "{message}");
}

#[test]
fn values_per_interval_are_asked_for_and_read() {
    let folder = Folder::new();
    let calls = [100, 96, 103, 99, 105, 97, 101, 104, 98, 102, 100, 103, 97, 101];
    let mut text = "snapshot_t,query_id,calls,total_exec_time_ms\n".to_owned();
    for (poll, calls) in calls.into_iter().enumerate() {
        let (t, mean, other) = (1_714_557_600 + 300 * poll, if poll < 9 { 2 } else { 20 }, 50 + poll % 3);
        text += &format!("{t},-7001,{calls},{}\n{t},-7002,{other},{other}\n", calls * mean);
    }
    folder.write("x.csv", &text);
    let message = refusal(&folder, "x.csv", &[]);
    assert!(
        message.starts_with(
            "`x.csv:4`: these are not cumulative counters: 10 of 26 steps fall, here for the first time; pass \
                             --counters per-interval if"
        ),
        "{message}"
    );
    convert(&folder, "x.csv", &["--counters", "per-interval"]);
    let found = residuals(&folder, "t.jsonl", "-7001");
    let slow = telltape::residual::Math::Portable.ln(20.01 / 2.01);
    let expected: Vec<(f64, f64)> =
        (3..14).map(|poll| (300.0 * f64::from(poll), if poll < 9 { 0.0 } else { slow })).collect();
    assert_near(&found, &expected);
    let phases = residuals(&folder, "t.jsonl", "pgss_digest_mix");
    assert!(phases.len() == 13 && phases.iter().all(|(_, value)| *value < 0.01), "{phases:?}");
    let ran = folder.run(&["convert", "--dataset", "pgss", "x.csv", "--tape", "t.jsonl", "--counters", "deltas"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn an_export_of_the_view_is_read_as_it_is() {
    let rows = |time: &dyn Fn(i32) -> String, header: &str| {
        let mut text = format!("{header}\n");
        for poll in 0..6 {
            let total = if poll < 5 { 20 * poll } else { 180 };
            text +=
                &format!("{},10,5,t,-407,\"SELECT \"\"id\"\",\n  name\",{},{total}.5,2.01\r\n", time(poll), 10 * poll);
        }
        text
    };
    let timestamptz = |poll: i32| format!("2024-05-01 10:0{poll}:00.123456+00");
    let copied = "now,userid,dbid,toplevel,queryid,query,calls,total_exec_time,mean_exec_time";
    for (text, extra) in [
        (rows(&timestamptz, copied), &[][..]),
        (rows(&timestamptz, &copied.replace("total_exec", "total").replace("now", "captured_at")), &[]),
        (rows(&timestamptz, &copied.to_uppercase()), &[]),
        (
            rows(
                &timestamptz,
                "\"Time\",\"tag_userid\",\"x\",\"y\",\"tag_queryid\",\"q\",\"calls\",\"total_time\",\"m\"",
            ),
            &[],
        ),
        (rows(&timestamptz, &copied.replace("now", "at")), &["--time-col", "at"]),
        (rows(&|poll| (1_714_557_600 + 60 * poll).to_string(), &copied.replace("now", "extract")), &[]),
        (rows(&|poll| format!("{}000000000", 1_714_557_600 + 60 * poll), &copied.replace("now", "epoch_ns")), &[]),
        (rows(&|poll| format!("2024-05-01T10:0{poll}:00"), copied), &["--time-zone", "+02:00"]),
    ] {
        let folder = Folder::new();
        folder.write("x.csv", &text);
        convert(&folder, "x.csv", extra);
        let slow = telltape::residual::Math::Portable.ln(10.01 / 2.01);
        assert_near(&residuals(&folder, "t.jsonl", "-407"), &[(240.0, 0.0), (300.0, slow)]);
    }
    let folder = Folder::new();
    folder.write("x.csv", rows(&timestamptz, &copied.replace("now", "at")));
    assert!(refusal(&folder, "x.csv", &[]).contains("no column is the time of the snapshot"));
    folder.write("x.csv", rows(&timestamptz, &copied.replace("mean_exec_time", "time")));
    assert!(
        refusal(&folder, "x.csv", &[])
            .contains("columns 1 (`now`) and 9 (`time`) could both be the time of the snapshot")
    );
}

/// What is missing from a snapshot did not stand still there, and what fell was not negative.
#[test]
fn absent_is_not_zero_and_a_reset_is_not_a_fall() {
    let folder = Folder::new();
    let header = "ts,queryid,calls,total_exec_time\n";
    let rows = |skip: &[(i32, &str)], counters: &dyn Fn(i32) -> i32| {
        let mut text = header.to_owned();
        for poll in 0..9 {
            for (query, ms) in [("1", 2), ("2", 1)] {
                if !skip.contains(&(poll, query)) {
                    text += &format!("{},{query},{},{}\n", 60 * poll, counters(poll), ms * counters(poll));
                }
            }
        }
        text
    };
    // A statement that is missing once: one interval of 120 s, of the same mean, and no change of the mix.
    folder.write("x.csv", rows(&[(5, "2")], &|poll| 100 * poll + 7));
    convert(&folder, "x.csv", &[]);
    assert_near(&residuals(&folder, "t.jsonl", "2"), &[240.0, 360.0, 420.0, 480.0].map(|t| (t, 0.0)));
    let phases = residuals(&folder, "t.jsonl", "pgss_digest_mix");
    assert!(!phases.is_empty() && phases.iter().all(|(_, value)| *value == 0.0), "{phases:?}");
    // A reset before the sixth snapshot primes all.
    folder.write("x.csv", rows(&[], &|poll| if poll < 5 { 1000 + 100 * poll } else { 100 * (poll - 4) }));
    convert(&folder, "x.csv", &[]);
    assert_near(&residuals(&folder, "t.jsonl", "1"), &[240.0, 360.0, 420.0, 480.0].map(|t| (t, 0.0)));
    // One that the server tells of, after which all have grown beyond what they were.
    let mut text = rows(&[], &|poll| if poll < 5 { 100 * poll } else { 5000 + 100 * poll }).replace('\n', ",A\n");
    text = text.replacen(",A", ",stats_since", 1);
    for poll in 5..9 {
        for query in ["1", "2"] {
            let line =
                text.lines().find(|line| line.starts_with(&format!("{},{query},", 60 * poll))).unwrap().to_owned();
            text = text.replace(&line, &line.replace(",A", ",B"));
        }
    }
    folder.write("x.csv", text);
    convert(&folder, "x.csv", &[]);
    assert_near(&residuals(&folder, "t.jsonl", "1"), &[240.0, 360.0, 420.0, 480.0].map(|t| (t, 0.0)));
}
