//! `telltape run` of a live experiment: a server is started, given a fault, captured, and gone again.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Folder;

/// A table lock of eight seconds, and what should be found of it: who waits, and who idles with the lock.
const SHORT: &str = "
title = 'short'
[load]
scale = 1
rate = 100
[capture]
seconds = 26
interval_s = 0.5
[fault]
kind = 'table-lock'
begin_s = 12
end_s = 20
[[truth.windows]]
motif = 'contention_ramp'
channel = 'Lock:relation'
[[truth.windows]]
motif = 'contention_ramp'
channel = 'idle-transaction'
";

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_planted_lock_is_met_and_the_server_is_removed() {
    let folder = Folder::new();
    folder.write("data/datasets.toml", "");
    folder.write("experiments/live/short.toml", SHORT);
    let ran = folder.run(&["run", "experiments/live/short.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()[0]["verdict"], "met");
    for name in ["recording.jsonl", "recording.jsonl.hash", "tape.jsonl", "episodes.csv", "windows.csv", "score.csv"] {
        assert!(folder.path("out/short").join(name).exists(), "{name}");
    }
    assert_eq!(folder.run(&["verify", "out/short/recording.jsonl", "out/short/tape.jsonl"]).code, 0);
    let scored =
        folder.run(&["score", "--episodes", "out/short/episodes.csv", "--windows", "out/short/windows.csv", "--json"]);
    assert_eq!(scored.json()["scores"][2]["recall"], 1.0, "{}", scored.stdout);
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn what_is_not_seen_is_missed_and_says_which_limit() {
    let folder = Folder::new();
    folder.write("data/datasets.toml", "");
    let text = SHORT
        .replace("table-lock", "connection-storm")
        .replace("seconds = 26", "seconds = 19")
        .replace("end_s = 20", "end_s = 13");
    folder.write("experiments/live/short.toml", text);
    let ran = folder.run(&["run", "experiments/live/short.toml", "--json"]);
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let json = ran.json();
    assert_eq!(json[0]["verdict"], "missed");
    assert!(json[0]["reason"].as_str().unwrap().contains("contention_ramp on `Lock:relation` was not found"), "{json}");
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn an_interrupted_experiment_leaves_no_server() {
    let folder = Folder::new();
    folder.write("data/datasets.toml", "");
    folder.write("experiments/live/short.toml", SHORT);
    let running = folder.start(&["run", "experiments/live/short.toml"]);
    // A recording without a poll is none that `verify` passes.
    let part = folder.path("out/short/recording.jsonl.part");
    while !std::fs::read_to_string(&part).is_ok_and(|text| text.contains("\"poll\":")) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    running.signal(Signal::INT);
    let ran = running.end();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(folder.run(&["verify", "out/short/recording.jsonl"]).code, 0);
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn wrong_files_start_no_server() {
    let folder = Folder::new();
    folder.write("data/datasets.toml", "");
    for (from, to, problem) in [
        ("'table-lock'", "'tablelock'", "unknown fault `tablelock`; did you mean `table-lock`?"),
        ("end_s = 20", "end_s = 30", "0 < begin_s < end_s < seconds of [capture]"),
        ("channel = 'Lock:relation'", "", "a window has one of `channel` and `statement`"),
        ("'contention_ramp'", "'contention'", "unknown motif `contention`"),
        ("scale = 1", "scale = 0", "scale is from 1 to 1000"),
        ("[capture]", "[captured]", "unknown key `captured`"),
        ("kind = 'table-lock'", "kind = 'none'", "without a fault nothing is required"),
        (
            "[[truth.windows]]",
            "[truth.limits]\ndetect_s = nan\n[[truth.windows]]",
            "detect_s is a finite number of seconds",
        ),
    ] {
        assert!(SHORT.contains(from), "{from}");
        folder.write("experiments/live/short.toml", SHORT.replacen(from, to, 1));
        let ran = folder.run(&["run", "experiments/live/short.toml"]);
        assert!(ran.code == 2 && ran.stderr.contains(problem), "{problem}: {} {}", ran.code, ran.stderr);
    }
    folder.write("experiments/live/short.toml", SHORT);
    let ran = folder.run(&["explain", "experiments/live/short.toml"]);
    assert!(ran.code == 2 && ran.stderr.contains("this is a live experiment"), "{}", ran.stderr);
    let ran = folder.run_with(&["run", "experiments/live/short.toml"], ("PG_BIN", "/nowhere"));
    assert!(ran.code == 12 && ran.stderr.contains("or set PG_BIN"), "{} {}", ran.code, ran.stderr);
}

/// Ten seconds without a fault: nothing may be found, if somebody looked.
const NULL: &str = "
title = 'null'
[load]
scale = 1
clients = 2
rate = 20
[capture]
seconds = 12
[fault]
kind = 'none'
begin_s = 1
end_s = 2
";

/// The processes below `pid`, itself not counted, and their command lines.
fn below(pid: u32) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name, in parentheses, may have blanks; the parent is the second field behind it.
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        if parent == Some(pid) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((child, String::from_utf8_lossy(&line).replace('\0', " ")));
            found.extend(below(child));
        }
    }
    found
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_server_or_load_that_dies_is_no_verdict() {
    // What gets which signal, and what is said of it.
    let cases = [
        ("postgres -D ", Signal::KILL, &["went away while it was watched", "too little was seen to judge it"][..]),
        ("postgres -D ", Signal::INT, &["went away while it was watched", "too little was seen to judge it"]),
        ("pgbench ", Signal::KILL, &["the load (`pgbench`) ended before the capture did"]),
        ("pgbench ", Signal::STOP, &["no statement of the load ended in the last"]),
        ("postgres: app bench", Signal::TERM, &["the load (`pgbench`) lost a session", "the load (`pgbench`) ended"]),
    ];
    for (who, signal, expected) in cases {
        let folder = Folder::new();
        folder.write("data/datasets.toml", "");
        folder.write("experiments/live/n.toml", NULL);
        let running = folder.start(&["run", "experiments/live/n.toml", "--json"]);
        while !folder.path("out/n/recording.jsonl.part").exists() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        std::thread::sleep(std::time::Duration::from_secs(2));
        let processes = below(running.id());
        // The shell that holds the server has its command line, too.
        let is = |line: &str| line.contains(who) && !line.starts_with("sh ");
        let victim = processes.iter().find(|(_, line)| is(line));
        let &(pid, _) = victim.unwrap_or_else(|| panic!("{who}: {processes:?}"));
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
        let ran = running.end();
        assert_eq!(ran.code, 13, "{who} {signal:?}: {}{}", ran.stdout, ran.stderr);
        let json = ran.json();
        assert_eq!(json[0]["verdict"], "failed");
        let message = json[0]["error"]["message"].as_str().unwrap();
        assert!(expected.iter().any(|part| message.contains(part)), "{who} {signal:?}: {message}");
        // What there is can be read.
        assert_eq!(folder.run(&["verify", "out/n/recording.jsonl"]).code, 0);
        assert!(!folder.path("out/n/score.csv").exists());
    }
    // Left alone, it is met.
    let folder = Folder::new();
    folder.write("data/datasets.toml", "");
    folder.write("experiments/live/n.toml", NULL);
    let ran = folder.run(&["run", "experiments/live/n.toml", "--json"]);
    assert_eq!(ran.json()[0]["verdict"], "met", "{}{}", ran.stdout, ran.stderr);
}
