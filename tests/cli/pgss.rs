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
        "`x.csv:3`: query `-61` occurs twice in the snapshot of t = 1714557600: line 2 and line 3; is `userid`, `dbid` or \
         `toplevel` part of the key? Export them, too (--lenient counts such rows and goes on)"
    );
    assert!(
        refusal(&folder, "x.csv", &["--lenient"]).contains("20 rejected (of a query that occurs twice in a snapshot)")
    );
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
        message.starts_with("`x.csv:3:3`: `query_id` is empty: the role ")
            && message.contains("GRANT pg_read_all_stats TO"),
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

/// A statement that was not there before did not run 0 times: that nobody knows it is no change of the mix.
#[test]
fn a_statement_that_comes_is_unknown_up_to_its_first_row() {
    let folder = Folder::new();
    // Rows of polls at 60 s: (query, first poll, calls there), each 100 calls a poll.
    let rows = |header: &str, queries: &[(i32, std::ops::Range<i32>, i32, &str)]| {
        let mut text = format!("{header}\n");
        for poll in 0..10 {
            for (query, there, calls, more) in queries.iter().filter(|(_, there, ..)| there.contains(&poll)) {
                let calls = calls + 100 * (poll - there.start);
                text += &format!("2024-05-01 10:0{poll}:00+00,{query},{calls},{}{more}\n", 2 * calls);
            }
        }
        text
    };
    let header = "now,queryid,calls,total_exec_time";
    for (what, queries) in [
        ("new", vec![(1, 0..10, 1000, ""), (3, 0..10, 1000, ""), (2, 4..10, 200, "")]),
        ("evicted and back", vec![(1, 0..10, 1000, ""), (2, 0..4, 5000, ""), (2, 6..10, 100, "")]),
        ("above a threshold", vec![(1, 2..10, 900, ""), (2, 0..10, 800, ""), (3, 4..10, 750, "")]),
    ] {
        folder.write("x.csv", rows(header, &queries));
        convert(&folder, "x.csv", &[]);
        let phases = residuals(&folder, "t.jsonl", "pgss_digest_mix");
        assert!(phases.len() == 8 && phases.iter().all(|(_, value)| *value == 0.0), "{what}: {phases:?}");
    }
    // Where the server says that it began to count it within the interval, its calls are known.
    let since = |t: &'static str| [(1, 0..10, 1000, ",2024-05-01 09:00:00+00"), (2, 4..10, 100, t)];
    let header = format!("{header},stats_since");
    for (t, expected) in [(",2024-05-01 10:03:30+00", 1), (",2024-05-01 09:30:00+00", 0), (",", 0)] {
        folder.write("x.csv", rows(&header, &since(t)));
        convert(&folder, "x.csv", &[]);
        let phases = residuals(&folder, "t.jsonl", "pgss_digest_mix");
        let changed: Vec<f64> = phases.iter().filter(|(_, value)| *value != 0.0).map(|(t, _)| *t).collect();
        assert_eq!(changed, vec![240.0; expected], "{t}: {phases:?}");
    }
}

#[test]
fn what_counters_count_from_is_not_taken_for_something_else() {
    let folder = Folder::new();
    let write = |calls: &[i32], total: &dyn Fn(usize, i32) -> i32| {
        let rows = calls.iter().enumerate().flat_map(|(poll, calls)| {
            let total = total(poll, *calls);
            (1..3).map(move |query| format!("{},{query},{calls},{total}\n", 60 * poll))
        });
        folder.write("x.csv", format!("t,queryid,calls,total_time\n{}", rows.collect::<String>()));
    };
    // Per interval, and rising: after one slow interval the total falls.
    let rising: Vec<i32> = (0..12).map(|poll| 100 + 10 * poll).collect();
    write(&rising, &|poll, calls| if poll == 6 { 40 * calls } else { 2 * calls });
    let message = refusal(&folder, "x.csv", &[]);
    assert!(
        message.starts_with(
            "`x.csv:16`: these are not cumulative counters: since line 14, calls grow from 160 to 170 and their total time falls \
             from 6400 to 340, which no reset explains; pass --counters per-interval if"
        ),
        "{message}"
    );
    convert(&folder, "x.csv", &["--counters", "per-interval"]);
    // Cumulative ones never fall.
    write(&rising, &|_, calls| 2 * calls);
    convert(&folder, "x.csv", &[]);
    let message = refusal(&folder, "x.csv", &["--counters", "per-interval"]);
    assert!(message.contains("these are cumulative counters: none of 22 steps falls"), "{message}");
    // A reset, after which fewer have run than before.
    write(&[100, 200, 300, 400, 500, 50, 150, 250, 350, 450], &|_, calls| 2 * calls);
    convert(&folder, "x.csv", &[]);
    // Two servers, one row of each after the other.
    write(&[1000, 500_000, 1100, 500_100, 1200, 500_200, 1300, 500_300], &|_, calls| 2 * calls);
    let message = refusal(&folder, "x.csv", &[]);
    assert!(message.contains("is this one file of 2 servers? Give them a column `server`"), "{message}");
}

#[test]
fn what_a_key_is_and_is_not() {
    let folder = Folder::new();
    let rows = |header: &str, row: &dyn Fn(i32) -> String| {
        (0..8).fold(format!("{header}\n"), |text, poll| text + &row(poll) + "\n")
    };
    // A user who is renamed, another way of writing a boolean, and a cell that does not say what the others do.
    for (header, row) in [
        (
            "now,userid,usename,queryid,calls,total_exec_time",
            &(|poll| format!("{},10,app{},1,{},{}", 60 * poll, poll / 4, 100 * poll, 200 * poll))
                as &dyn Fn(i32) -> String,
        ),
        ("now,toplevel,queryid,calls,total_exec_time", &|poll| {
            format!("{},{},1,{},{}", 60 * poll, ["t", "true"][poll as usize / 4], 100 * poll, 200 * poll)
        }),
        ("now,queryid,calls,total_exec_time,stats_since", &|poll| {
            format!(
                "{},1,{},{},{}",
                60 * poll,
                100 * poll,
                200 * poll,
                ["", "2024-05-01 09:00:00+00"][poll as usize % 2]
            )
        }),
    ] {
        folder.write("x.csv", rows(header, row));
        convert(&folder, "x.csv", &[]);
        let expected: Vec<(f64, f64)> = (4..8).map(|poll| (60.0 * f64::from(poll), 0.0)).collect();
        assert_near(&residuals(&folder, "t.jsonl", "1"), &expected);
    }
    for (header, row, problem) in [
        (
            "now,queryid,client_ip,calls,total_exec_time",
            &(|poll| format!("{t},1,a,{c},{c}\n{t},1,b,{c},{c}", t = 60 * poll, c = 100 * poll))
                as &dyn Fn(i32) -> String,
            "do they differ in `client_ip`? That is no part of the key here; export the sums of calls and total time over it",
        ),
        (
            "now,source,queryid,calls,total_exec_time",
            &|poll| format!("{},dump-{poll}.csv,1,{},{}", 60 * poll, 100 * poll, 200 * poll),
            "no statement is in two snapshots; a statement is told by its identifier and `source`; leave a column out",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("0,{poll},100,200"),
            "counters need at least two snapshots, and all rows are of one",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("{},-6.123456789012345e+18,{},1", 60 * poll, 10 * poll),
            "`queryid` is `-6.123456789012345e+18`, a floating-point number, as pandas and Excel make of an identifier",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("{},-6123456789012345856.0,{},1", 60 * poll, 10 * poll),
            "a floating-point number",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("{},\"-6,12346E+18\",{},1", 60 * poll, 10 * poll),
            "a floating-point number",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("{t},-6123456789012346000,{poll},1\n{t},4123456789012345000,{poll},1", t = 60 * poll),
            "all identifiers of statements look rounded",
        ),
        (
            "now,queryid,calls,total_exec_time",
            &|poll| format!("{},1,\"1,00{poll}\",1", 60 * poll),
            "`calls` is `1,000`, which has a comma",
        ),
    ] {
        folder.write("x.csv", rows(header, row));
        let message = refusal(&folder, "x.csv", &[]);
        assert!(message.contains(problem), "{message}");
    }
}
