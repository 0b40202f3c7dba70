//! What PostgreSQL's own programs export, read as it is.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::Scene;

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn snapshots_that_psql_copies_convert_without_an_edit() {
    let scene = Scene::new();
    let load = scene.load();
    let mut text = String::new();
    for poll in 0..8 {
        let snapshot = scene.sql("COPY (SELECT now(), * FROM pg_stat_statements) TO STDOUT CSV HEADER");
        let rows = if poll == 0 { &snapshot } else { snapshot.split_once('\n').unwrap().1 };
        text += &format!("{}\n", rows.trim_end());
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(load);
    scene.folder.write("snapshots.csv", text);
    let ran = scene.run(&["convert", "--dataset", "pgss", "snapshots.csv", "--tape", "t.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let tape = std::fs::read_to_string(scene.path("t.jsonl")).unwrap();
    for class in ["PlanRegression", "WorkloadPhase"] {
        assert!(tape.lines().filter(|line| line.contains(class)).count() > 3, "{tape}");
    }
}

/// The three formats of one log, with plans as JSON or as text: one tape, without the capture's own statements.
#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn logs_of_auto_explain_convert_in_every_format_that_the_server_writes() {
    for format in ["json", "text"] {
        let scene = Scene::with(&[
            ("logging_collector", "on"),
            ("log_destination", "jsonlog,csvlog,stderr"),
            ("log_filename", "server.log"),
            ("log_line_prefix", "%m [%p] db=%d,user=%u,app=%a,qid=%Q,tag=%i "),
            ("compute_query_id", "on"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_format", format),
        ]);
        if scene.sql("SHOW server_version_num").parse::<u32>().unwrap() < 150_000 {
            println!("SKIPPED: no jsonlog before PostgreSQL 15");
            return;
        }
        let running = scene.capture(&[]);
        for balance in 0..9 {
            scene.sql(&format!(
                "SELECT count(*) FROM pgbench_accounts a JOIN pgbench_tellers t ON t.bid = a.bid WHERE a.abalance > {balance}"
            ));
            scene.sql("BEGIN; DECLARE c CURSOR FOR SELECT aid FROM pgbench_accounts; FETCH 5 FROM c; COMMIT");
        }
        running.signal(Signal::TERM);
        running.end();
        std::thread::sleep(Duration::from_millis(500));
        let mut tapes = Vec::new();
        for name in ["server.json", "server.csv", "server.log"] {
            let log = scene.server.folder().join("data/log").join(name);
            scene.folder.write("plans.log", std::fs::read_to_string(log).unwrap());
            let command = ["convert", "--dataset", "auto-explain", "plans.log", "--tape", "t.jsonl", "--json"];
            let ran = scene.run(&command);
            assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
            let rows = &ran.json()["rows"];
            assert!(rows["rejected"]["of telltape itself"].as_u64().unwrap() > 5, "{name}: {rows}");
            assert!(rows["used"].as_u64().unwrap() >= 18, "{name}: {rows}");
            tapes.push(std::fs::read_to_string(scene.path("t.jsonl")).unwrap());
            if name == "server.log" {
                let told = ["--log-line-prefix", "%m [%p] db=%d,user=%u,app=%a,qid=%Q,tag=%i "];
                let ran = scene.run(&[&command[..], &told].concat());
                assert_eq!(ran.code, 0, "{}", ran.stderr);
                tapes.push(std::fs::read_to_string(scene.path("t.jsonl")).unwrap());
            }
        }
        assert!(tapes.iter().all(|tape| *tape == tapes[0]), "{format}: {tapes:#?}");
        for class in ["PlanRegression", "Cardinality"] {
            assert!(tapes[0].lines().any(|line| line.contains(class)), "{format}: {}", tapes[0]);
        }
        // Five rows of a hundred thousand that a cursor fetched are no error of the estimate.
        let far = tapes[0].lines().filter(|line| line.contains("Cardinality")).filter(|line| {
            let sample: serde_json::Value = serde_json::from_str(line).unwrap();
            sample["value"].as_f64().unwrap().abs() > 2.0
        });
        assert_eq!(far.count(), 0, "{format}: {}", tapes[0]);
    }
}

/// Plans as psql writes them, of every iteration.
#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn plans_that_psql_writes_convert_without_an_edit() {
    let scene = Scene::new();
    for (query, sql) in [
        ("q1", "SELECT count(*) FROM pgbench_accounts a JOIN pgbench_tellers t USING (bid) WHERE a.aid % 10 = 3"),
        ("q2", "SELECT aid FROM pgbench_accounts ORDER BY abalance LIMIT 10"),
    ] {
        for run in 1..=3 {
            let plan = scene.sql(&format!("EXPLAIN (ANALYZE, FORMAT JSON) {sql}"));
            scene.folder.write(&format!("plans/{query}_run{run}.json"), plan);
        }
    }
    let ran = scene.run(&["convert", "--dataset", "job", "plans", "--tape", "t.jsonl", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["rows"]["used"], 6);
    let tape = std::fs::read_to_string(scene.path("t.jsonl")).unwrap();
    for class in ["PlanRegression", "Cardinality"] {
        assert_eq!(tape.lines().filter(|line| line.contains(class)).count(), 4, "{tape}");
    }
    assert!(!tape.contains("plan_change"), "{tape}");
}
