//! A capture as it should be: tapes, parts, what is watched, what it costs, what it never tells.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use telltape::live::{DATABASE, OBSERVER};

use crate::support::{PASSWORD, PASSWORD_IN_URL, Running, Scene, polls, records};

/// A session that holds a table for some seconds.
fn hold_accounts(scene: &Scene, seconds: u32) {
    scene.sql(&format!(
        "BEGIN; LOCK TABLE pgbench_accounts IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds}); COMMIT;"
    ));
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn the_tape_is_that_of_a_later_conversion_and_final_rows_are_replayed_alike() {
    followed("reference");
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn final_rows_of_the_other_engine_are_replayed_alike() {
    followed("excursion");
}

fn followed(engine: &str) {
    let scene = Scene::new();
    let _load = scene.load();
    let url = scene.url();
    let running = scene.begin_capture_of(
        &url,
        &[
            "--interval",
            "250ms",
            "--duration",
            "14",
            "--tape",
            "tape.jsonl",
            "--watch",
            "--out",
            "out",
            "--engine",
            engine,
        ],
    );
    scene.until_polls(8);
    hold_accounts(&scene, 3);
    let ran = running.end();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let converted = scene.run(&["convert", "--dataset", "postgres", "run.jsonl", "--tape", "later.jsonl"]);
    assert_eq!(converted.code, 0, "{}", converted.stderr);
    let read = |name: &str| std::fs::read_to_string(scene.path(name)).unwrap();
    assert_eq!(read("tape.jsonl"), read("later.jsonl"));
    // All of the manifest but the name of the tape.
    assert_eq!(read("tape.jsonl.hash").replace("\"tape.jsonl\"", "\"later.jsonl\""), read("later.jsonl.hash"));
    let replayed = scene.run(&["replay", "tape.jsonl", "--out", "again", "--engine", engine]);
    assert_eq!(replayed.code, 0, "{}", replayed.stderr);
    let table = read("out/tape/episodes.csv");
    assert_eq!(table, read("again/tape/episodes.csv"));
    assert!(table.contains("contention_ramp,Lock:relation"), "{table}");
    // Each row is told once, when it is final.
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("= ")).collect();
    assert_eq!(told.len(), table.lines().count() - 1, "{}", ran.stderr);
    assert!(told.iter().all(|line| !line.contains("trust")));
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn parts_are_one_recording_and_sizes_are_bounds() {
    let scene = Scene::new();
    let _load = scene.load();
    let url = scene.url();
    let ran = scene.run(&[
        "capture",
        "--url",
        &url,
        "--recording",
        "run.jsonl",
        "--interval",
        "100ms",
        "--rotate-bytes",
        "20K",
        "--max-bytes",
        "90K",
        "--tape",
        "tape.jsonl",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json["end"], "the recording is as large as it may be");
    let parts = json["parts"].as_u64().unwrap();
    assert!(parts >= 3, "{json}");
    assert!(scene.path("run.2.jsonl.hash").exists());
    assert_eq!(polls(&records(&scene.path("run.jsonl"))).len() as u64, json["polls"].as_u64().unwrap());
    let verified = scene.run(&["verify", "run.jsonl", "--json"]).json();
    assert_eq!((verified[0]["parts"].as_u64(), verified[0]["ok"].as_bool()), (Some(parts), Some(true)));
    // State carries over from part to part.
    assert_eq!(scene.run(&["convert", "--dataset", "postgres", "run.jsonl", "--tape", "later.jsonl"]).code, 0);
    assert_eq!(std::fs::read(scene.path("tape.jsonl")).unwrap(), std::fs::read(scene.path("later.jsonl")).unwrap());
    // A part that is missing or another one is named.
    std::fs::copy(scene.path("run.jsonl"), scene.path("run.3.jsonl")).unwrap();
    std::fs::copy(scene.path("run.jsonl.hash"), scene.path("run.3.jsonl.hash")).unwrap();
    let swapped = scene.run(&["verify", "run.jsonl"]);
    assert!(swapped.code == 12 && swapped.stderr.contains("stands where part 3 of"), "{}", swapped.stderr);
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_poll_costs_next_to_nothing_and_logs_no_errors() {
    let scene = Scene::new();
    let _load = scene.load();
    let url = scene.url();
    let ran = scene.run(&["capture", "--url", &url, "--recording", "run.jsonl", "--duration", "6"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let records = scene.records("run.jsonl");
    let polls = polls(&records);
    assert_eq!(polls.len(), 7);
    let ticks: Vec<f64> = records.iter().take(7).map(|record| record.t).collect();
    assert!(ticks.iter().zip(0..).all(|(t, tick)| (t - f64::from(tick)).abs() < 0.25), "ticks drift: {ticks:?}");
    assert!(
        polls.iter().skip(1).all(|poll| poll.cost.server_ms.is_some()),
        "the server counts what it does for the observer"
    );
    let log = scene.server.log();
    assert!(!log.contains("ERROR"), "{log}");
}

/// Every file under a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

/// The binary, started by the dynamic loader as some bundles and clusters do.
fn loaded(scene: &Scene, arguments: &[&str]) -> std::process::Command {
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loaders.into_iter().find(|path| Path::new(path).is_file());
    let plain = scene.command(&[]);
    let mut command = std::process::Command::new(loader.expect("the dynamic loader is where glibc has it"));
    command.arg(plain.get_program()).args(arguments).current_dir(scene.path(""));
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn the_password_is_nowhere() {
    let scene = Scene::with(&[("log_statement", "all"), ("log_connections", "on"), ("log_min_messages", "info")]);
    scene.ask_for_password();
    let sources = [
        ("url", scene.tcp(&format!("{OBSERVER}:{PASSWORD_IN_URL}"), "sslmode=disable"), None::<(&str, &str)>),
        ("environment", scene.tcp(OBSERVER, "sslmode=disable"), Some(("PGPASSWORD", PASSWORD))),
        (
            "pairs",
            format!(
                "host=127.0.0.1 port={} user={OBSERVER} password='{PASSWORD}' dbname={DATABASE} sslmode=disable",
                scene.server.port()
            ),
            None,
        ),
        ("loader", scene.tcp(&format!("{OBSERVER}:{PASSWORD_IN_URL}"), "sslmode=disable"), None),
    ];
    let leaks = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.contains(PASSWORD) || text.contains(PASSWORD_IN_URL) || text.contains("hunter2")
    };
    for (name, url, variable) in sources {
        let recording = format!("{name}.jsonl");
        let tape = format!("{name}.tape.jsonl");
        let arguments = [
            "capture",
            "--url",
            &url,
            "--recording",
            &recording,
            "--interval",
            "100ms",
            "--tape",
            &tape,
            "--watch",
            "--json",
        ];
        let mut command = if name == "loader" { loaded(&scene, &arguments) } else { scene.command(&arguments) };
        command.envs(variable);
        let running = Running::start(&mut command);
        let part = scene.path(&format!("{recording}.part"));
        while std::fs::read_to_string(&part).unwrap_or_default().matches("\"poll\":").count() < 3 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let title = std::fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
        assert!(!leaks(&title), "{name}: {}", String::from_utf8_lossy(&title));
        running.signal(Signal::TERM);
        let ran = running.end();
        assert_eq!(ran.code, 130, "{name}: {}", ran.stderr);
        assert!(!leaks(ran.stdout.as_bytes()) && !leaks(ran.stderr.as_bytes()), "{name}");
    }
    // Errors, too.
    for url in [
        scene.tcp(&format!("{OBSERVER}:hunter2-wrong"), "sslmode=disable"),
        scene.tcp(&format!("{OBSERVER}:hunter2-wrong"), "sslmode=prefer"),
        scene.tcp(&format!("{OBSERVER}:hunter2-wrong"), "nonsense=1"),
        "postgres://me:hunter2@[::/x".to_owned(),
    ] {
        let ran = scene.run(&["capture", "--url", &url, "--check", "--json"]);
        assert!(ran.code == 13 || ran.code == 2, "{}", ran.stderr);
        assert!(!leaks(ran.stdout.as_bytes()) && !leaks(ran.stderr.as_bytes()), "{}{}", ran.stdout, ran.stderr);
    }
    let mut found = Vec::new();
    files(&scene.path(""), &mut found);
    assert!(found.len() >= 12, "{found:?}");
    for path in found {
        assert!(!leaks(&std::fs::read(&path).unwrap()), "{}", path.display());
    }
    // The statement that set it was ours; nothing else in the server's log has it.
    let log: String = scene.server.log().lines().filter(|line| !line.contains("ALTER ROLE")).collect();
    assert!(!leaks(log.as_bytes()));
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn nothing_recorded_is_text_of_a_query_or_an_address() {
    let scene = Scene::new();
    let _load = scene.load();
    scene.sql("SELECT 'tell-nobody', count(*) FROM pgbench_branches");
    let url = scene.tcp(OBSERVER, "sslmode=disable");
    assert_eq!(
        scene
            .run(&["capture", "--url", &url, "--recording", "run.jsonl", "--interval", "100ms", "--duration", "2"])
            .code,
        0
    );
    let text = std::fs::read_to_string(scene.path("run.jsonl")).unwrap();
    for secret in ["tell-nobody", "SELECT", "select ", "UPDATE", "127.0.0.1", "postgres://"] {
        assert!(!text.contains(secret), "`{secret}`");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_log_of_auto_explain_gives_identifiers_and_rows() {
    let scene = Scene::with(&[
        ("logging_collector", "on"),
        ("log_destination", "jsonlog"),
        ("log_filename", "server.log"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
    ]);
    if scene.sql("SHOW server_version_num").parse::<u32>().unwrap() < 150_000 {
        println!("SKIPPED: no jsonlog before PostgreSQL 15");
        return;
    }
    let log = scene.server.folder().join("data/log/server.json");
    let running = scene.capture(&["--auto-explain", log.to_str().unwrap(), "--tape", "tape.jsonl"]);
    for _ in 0..20 {
        scene.sql(
            "SELECT count(*) FROM pgbench_accounts a JOIN pgbench_tellers t ON t.bid = a.bid WHERE a.aid % 10 = 3",
        );
        scene.sql("SELECT pg_rotate_logfile()");
        std::thread::sleep(Duration::from_millis(100));
    }
    running.signal(Signal::TERM);
    running.end();
    let text = std::fs::read_to_string(scene.path("run.jsonl")).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .skip(1)
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .flat_map(|line| line["views"]["plans"]["rows"].as_array().cloned().unwrap_or_default())
        .collect();
    assert!(rows.len() >= 20, "{}", rows.len());
    assert!(rows.iter().all(|row| row.as_array().unwrap().iter().all(Value::is_number)), "numbers only");
}
