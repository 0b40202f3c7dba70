//! `docs/verdicts.md`, row by row: the evidence of a verdict is taken away, and the verdict goes.

use std::path::Path;

use crate::support::{Folder, PERTURBED, Ran, ran};

/// A project whose one experiment has been run and accepted.
fn accepted(text: &str) -> Folder {
    let folder = Folder::project(&[("p", text)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    folder
}

/// Exit code and verdict of the one experiment.
fn verdict(folder: &Folder, more: &[&str]) -> (i32, String) {
    let ran = folder.run(&[&["run", "--json"], more].concat());
    (ran.code, ran.json()[0]["verdict"].as_str().unwrap().to_owned())
}

fn is(code: i32, verdict: &str) -> (i32, String) {
    (code, verdict.to_owned())
}

#[test]
fn every_row_of_the_table_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/verdicts.md")).unwrap();
    let files = [
        "cli/verdicts",
        "cli/experiments",
        "cli/own_detectors",
        "cli/shards",
        "cli/shard_refusals",
        "cli/signatures",
        "cli/tapes",
        "cli/data",
        "cli/trust",
        "live/experiments",
    ];
    let mut sources: Vec<String> =
        files.iter().map(|file| std::fs::read_to_string(root.join(format!("tests/{file}.rs"))).unwrap()).collect();
    for file in ["compare", "live_evidence", "live_file"] {
        sources.push(std::fs::read_to_string(root.join(format!("src/experiment/{file}.rs"))).unwrap());
    }
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut verdicts = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [command, verdict, _, tests] = cells.as_slice() else { panic!("{row}") };
        verdicts.push(format!("{command} {verdict}"));
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        for test in named {
            assert!(sources.iter().any(|text| text.contains(&format!("fn {test}()"))), "{test}");
        }
    }
    for expected in [
        "`run` `same`",
        "`run` `differs`",
        "`run` `no-expected`",
        "`run` `skipped`",
        "`run` `failed`",
        "`run` (live) `met`",
        "`run` (live) `missed`",
        "`run` (live) `failed`",
        "`shard merge` `same`",
        "`verify` `ok`",
        "`accept` `accepted`",
        "`explain` `same`",
        "`report` `Same`",
        "`convert` (a tape)",
        "`replay`, `detect` (episodes)",
        "`score` (a score)",
        "`diff` `same`",
        "`data verify` `ok`",
        "`shard plan` (a plan)",
    ] {
        assert!(verdicts.iter().any(|found| found.starts_with(expected)), "{expected}: {verdicts:?}");
    }
}

#[test]
fn same_goes_away_with_each_line_of_the_expected_result() {
    let folder = accepted(PERTURBED);
    assert_eq!(verdict(&folder, &[]), is(0, "same"));
    let expected = folder.read("results/p/expected.toml");
    let lines: Vec<&str> = expected.lines().collect();
    for (without, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let others = lines.iter().enumerate().filter(|(at, _)| *at != without);
        let text: String = others.map(|(_, line)| format!("{line}\n")).collect();
        folder.write("results/p/expected.toml", text);
        let (code, found) = verdict(&folder, &[]);
        // The version of the program is there to explain, and the name for signatures; they decide nothing.
        if line.starts_with("program = ") || line.starts_with("experiment = ") {
            assert_eq!((code, found.as_str()), (0, "same"), "{line}");
        } else {
            assert!(matches!((code, found.as_str()), (10, "differs") | (12, "failed")), "{line}: {code} {found}");
        }
    }
    std::fs::remove_file(folder.join("results/p/expected.toml")).unwrap();
    assert_eq!(verdict(&folder, &[]), is(11, "no-expected"));
    folder.write("results/p/expected.toml", &expected);
    std::fs::remove_file(folder.join("results/p/episodes.csv")).unwrap();
    assert_eq!(verdict(&folder, &[]), is(12, "failed"));
}

#[test]
fn the_result_of_another_experiment_is_not_same_where_all_digests_agree() {
    let folder = Folder::project(&[("p", PERTURBED), ("q", PERTURBED)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    let (own, other) = (folder.read("results/q/expected.toml"), folder.read("results/p/expected.toml"));
    assert_eq!(own, other.replace("\"p\"", "\"q\""));
    folder.ok(&["run", "q"]);
    folder.write("results/q/expected.toml", &other);
    let ran = folder.run(&["run", "--json", "q"]);
    assert_eq!((ran.code, &ran.json()[0]["verdict"]), (12, &"failed".into()));
    let (code, message) = folder.refusal(&["explain", "q"]);
    assert_eq!(code, 12);
    assert!(
        message.contains("it is the result of the experiment `p`, and stands in the place of that of `q`"),
        "{message}"
    );
    let accepted = folder.ok(&["accept", "q"]);
    assert!(accepted.stdout.contains("accepted"), "{}", accepted.stdout);
    assert_eq!(folder.read("results/q/expected.toml"), own);
    folder.ok(&["run", "q"]);
    // Nor is the last result of one that of another.
    std::fs::copy(folder.join("out/p/digests.toml"), folder.join("out/q/digests.toml")).unwrap();
    for command in [&["accept", "q"][..], &["explain", "q"], &["report", "q"]] {
        assert_eq!(folder.refusal(command).0, 12, "{command:?}");
    }
    assert_eq!(folder.read("results/q/expected.toml"), own);
}

#[test]
fn skipped_goes_away_when_something_differs_that_no_libm_decides() {
    let text = format!("{PERTURBED}math = 'system'\n");
    let folder = accepted(&text);
    let expected = folder.read("results/p/expected.toml");
    let libm = expected.lines().find(|line| line.starts_with("libm = ")).unwrap();
    let tape = expected.lines().find(|line| line.starts_with("tape = ")).unwrap();
    let elsewhere = expected.replace(libm, "libm = \"abacus 1.0\"").replace(tape, "tape = \"0\"");
    folder.write("results/p/expected.toml", &elsewhere);

    let skipped = folder.ok(&["run"]);
    assert!(skipped.stdout.contains("NOT COMPARED"), "{}", skipped.stdout);
    assert!(skipped.stderr.contains("1 experiment: 1 skipped\n"), "{}", skipped.stderr);
    for arguments in [&["run", "--fail-on-skip"][..], &["run", "--fail-on-skip", "--json"]] {
        let (code, message) = folder.refusal(arguments);
        assert_eq!(code, 11, "{message}");
        assert!(message.starts_with("1 skipped, not compared, and --fail-on-skip is given"), "{message}");
    }
    for set in [
        "generate.seed=7",
        "generate.scale=0.5",
        "replay.engine=excursion",
        "replay.grammar.cache_collapse.drift_threshold=0.05",
        "evaluate.seeds={ first = 1, count = 1 }",
    ] {
        let found = verdict(&folder, &["--set", set]);
        assert_eq!(found, is(10, "differs"), "{set}");
    }
    // Where the expected result is of this libm, there is no excuse at all.
    folder.write("results/p/expected.toml", expected.replace(tape, "tape = \"0\""));
    assert_eq!(verdict(&folder, &[]), is(10, "differs"));
    folder.write("results/p/expected.toml", &expected);
    let same = folder.ok(&["run", "--fail-on-skip"]);
    assert!(same.stderr.contains("1 experiment: 1 same\n"), "{}", same.stderr);
}

/// What a trace is converted with, its text, and what is said of its rows.
const EMPTY: [(&[&str], &str, &str); 9] = [
    (&["--dataset", "generic"], "t,value,channel\n0,1,a\n1,1,a\n2,1,b\n", "3 rows were read, 3 only fed a baseline"),
    (
        &["--dataset", "generic", "--construction", "reference"],
        "t,value\n0,1\n1,1\n2,1\n",
        "3 rows were read, 3 rejected (in a channel of three rows or fewer)",
    ),
    (
        &["--dataset", "generic", "--lenient"],
        "t,value\nx,1\n0,y\n1,inf\n2,3\n",
        "4 rows were read, 1 only fed a baseline, 1 rejected (bad number in value), 1 rejected (not finite in value), \
         1 rejected (unparsable time in t)",
    ),
    (
        &["--dataset", "job"],
        "query_id,iteration,latency_ms\nq1,1,5\nq2,1,5\n",
        "2 rows were read, 2 only fed a baseline",
    ),
    (
        &["--dataset", "pgss"],
        "snapshot_t,query_id,calls,total_exec_time_ms\n0,a,5,1\n1,a,9,2\n0,b,5,1\n1,b,5,1\n",
        "4 rows were read, 2 only fed a baseline, 2 rejected (gives no residual and feeds no baseline)",
    ),
    (
        &["--dataset", "otel"],
        "[{\"t_start_ns\":5,\"t_end_ns\":6,\"statement_hash\":\"s\"}]",
        "1 row was read, 1 only fed a baseline",
    ),
    (
        &["--dataset", "otel", "--lenient"],
        "[1, {\"t_start_ns\":5,\"t_end_ns\":4,\"statement_hash\":\"s\"}]",
        "2 rows were read, 1 rejected (not a span), 1 rejected (span ends before it starts)",
    ),
    (
        &["--dataset", "sqlshare-text"],
        "SELECT 1\n________________________________________\n",
        "1 row was read, 1 rejected (in the last group, which is not full)",
    ),
    (
        &["--dataset", "ceb", "--lenient"],
        "query_id,subplan_id,true_rows,est_rows\na,t,x,1\n",
        "1 row was read, 1 rejected (bad number in true_rows)",
    ),
];

#[test]
fn a_trace_that_leaves_no_sample_is_refused_with_what_became_of_its_rows() {
    for (options, text, rows) in EMPTY {
        let folder = Folder::new();
        folder.write("x.csv", text);
        let (code, message) = folder.refusal(&[&["convert", "x.csv", "--tape", "x.jsonl"], options].concat());
        assert_eq!(code, 12, "{message}");
        assert!(message.starts_with(&format!("`x.csv` leaves no sample: {rows}; ")), "{message}");
        assert_eq!(folder.files(), ["x.csv"]);
    }
}

#[test]
fn a_changed_table_is_repaired_in_the_way_that_the_message_says() {
    let folder = accepted(PERTURBED);
    let spoil = |path: &str| folder.write(path, folder.read(path) + "mine\n");
    // A run does not write accepted results.
    spoil("results/p/episodes.csv");
    let failed = folder.run(&["run", "--json"]);
    let message = failed.json()[0]["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("; restore it, or run `telltape run p` and then `telltape accept p`"), "{message}");
    assert_eq!(verdict(&folder, &[]), is(12, "failed"));
    folder.ok(&["accept", "p"]);
    assert_eq!(verdict(&folder, &[]), is(0, "same"));
    // It writes those of the last run.
    spoil("out/p/episodes.csv");
    for command in ["explain", "accept"] {
        let (code, message) = folder.refusal(&[command, "p"]);
        assert_eq!(code, 12, "{command}: {message}");
        assert!(message.ends_with("; run `telltape run p` again"), "{command}: {message}");
    }
    assert_eq!(verdict(&folder, &[]), is(0, "same"));
    folder.ok(&["explain", "p"]);
}

#[test]
fn an_experiment_without_samples_fails_unless_it_says_that_this_is_right() {
    let text = "title = 'e'\n[input]\ntrace = 'x.csv'\ndataset = 'generic'\n";
    let folder = Folder::project(&[("e", text)]);
    folder.write("x.csv", "t,value\n0,1\n1,1\n");
    for more in [&[][..], &["--no-cache"]] {
        assert_eq!(verdict(&folder, more), is(12, "failed"));
        let (_, message) = folder.refusal(&[&["run"], more].concat());
        assert!(message.contains("`x.csv` leaves no sample: 2 rows were read, 2 only fed a baseline"), "{message}");
    }
    assert_eq!(folder.refusal(&["accept", "e"]).0, 12);
    folder.write("experiments/e.toml", format!("allow_empty = true\n{text}"));
    assert_eq!(verdict(&folder, &[]), is(11, "no-expected"));
    folder.ok(&["accept"]);
    for more in [&[][..], &["--no-cache"]] {
        assert_eq!(verdict(&folder, more), is(0, "same"));
    }
    folder.ok(&["verify", "out/e/tape.jsonl", "out/e", "results/e"]);
    folder.ok(&["replay", "out/e/tape.jsonl", "--out", "r"]);
    folder.ok(&["explain"]);
    // Neither what stands in the cache nor what is accepted says that it is right.
    folder.write("experiments/e.toml", text);
    let (code, message) = folder.refusal(&["accept"]);
    assert!(code == 12 && message.contains("it is of no sample"), "{message}");
    for more in [&[][..], &["--no-cache"], &[]] {
        assert_eq!(verdict(&folder, more), is(12, "failed"));
    }
    // It is said of traces only.
    folder.write("experiments/e.toml", format!("allow_empty = true\n{PERTURBED}"));
    assert_eq!(folder.refusal(&["run"]).0, 2);
}

#[test]
fn allowing_no_sample_changes_no_digest_where_there_are_some() {
    let text = "title = 'e'\n[input]\ntrace = 'x.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\n";
    let folder = Folder::project(&[("e", text)]);
    folder.write("x.csv", (0..9).fold("t,value\n".to_owned(), |text, t| text + &format!("{t},1\n")));
    assert_eq!(verdict(&folder, &[]), is(11, "no-expected"));
    folder.ok(&["accept"]);
    folder.write("experiments/e.toml", format!("allow_empty = true\n{text}"));
    for more in [&[][..], &["--no-cache"]] {
        assert_eq!(verdict(&folder, more), is(0, "same"));
    }
}

/// A sealed tape without a sample.
fn empty_tape(folder: &Folder, rows: &str) {
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    folder.write("x.jsonl", "");
    folder.write("x.jsonl.hash", format!("{{\"sha256\": \"{sha256}\", \"sample_count\": 0, \"source\": \"x\"{rows}}}"));
}

#[test]
fn a_tape_without_samples_is_refused_by_whoever_would_say_something_of_it() {
    let folder = Folder::new();
    folder.write("w.csv", "motif,channel,t_start,t_end\ncache_collapse,a,1,2\n");
    let rows = ", \"rows\": {\"read\": 2, \"used\": 0, \"rejected\": {\"late\": 2}}";
    for (rows, told) in [
        ("", "`x.jsonl` holds no sample; "),
        (rows, "`x.jsonl` holds no sample: 2 rows were read, 2 rejected (late); "),
    ] {
        empty_tape(&folder, rows);
        for command in [
            &["verify", "x.jsonl"][..],
            &["replay", "x.jsonl", "--out", "r"],
            &["detect", "--detector", "never", "x.jsonl", "--out", "r"],
            &["score", "--episodes", "w.csv", "--windows", "w.csv", "--tape", "x.jsonl"],
            &["export", "x.jsonl", "--table", "x.csv"],
            &["diff", "x.jsonl", "x.jsonl"],
        ] {
            let (code, message) = folder.refusal(command);
            assert!(code == 12 && message.starts_with(told), "{command:?}: {code} {message}");
        }
        assert_eq!(folder.files(), ["w.csv", "x.jsonl", "x.jsonl.hash"]);
    }
    // Nor is it planned, and where it was when its manifest allowed that, it is not run.
    let (code, message) = folder.refusal(&["shard", "plan", "x.jsonl", "--plan", "plan.json"]);
    assert!(code == 12 && message.contains("holds no sample: 2 rows were read"), "{code} {message}");
    empty_tape(&folder, ", \"allow_empty\": true");
    folder.ok(&["shard", "plan", "x.jsonl", "--plan", "plan.json"]);
    empty_tape(&folder, "");
    let plan: serde_json::Value = serde_json::from_str(&folder.read("plan.json")).unwrap();
    let id = plan["shards"][0]["id"].as_str().unwrap();
    let (code, message) = folder.refusal(&["shard", "run", "--plan", "plan.json", "--id", id, "--out", "done"]);
    assert!(code == 12 && message.contains("holds no sample"), "{code} {message}");
    assert_eq!(message.matches("x.jsonl`").count(), 1, "{message}");
}

#[test]
fn nothing_is_not_the_same_as_nothing() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b\n");
    for empty in ["", "\n\n", "\u{feff}", " \n"] {
        folder.write("e.csv", empty);
        for (a, b) in [("e.csv", "e.csv"), ("e.csv", "t.csv"), ("t.csv", "e.csv")] {
            let (code, message) = folder.refusal(&["diff", a, b]);
            assert_eq!((code, message.as_str()), (12, "`e.csv`: it is empty: a table has a header; make it again"));
        }
    }
    folder.ok(&["diff", "t.csv", "t.csv"]);
    // A catalogue of nothing verifies nothing.
    folder.write("data/datasets.toml", "");
    for command in [["data", "verify"], ["data", "fetch"]] {
        let (code, message) = folder.refusal(&command);
        assert_eq!(code, 12);
        assert!(message.starts_with("`data/datasets.toml`: it has no data set; "), "{message}");
    }
}

#[test]
fn a_recording_without_a_poll_is_not_ok() {
    let folder = Folder::new();
    let header = "{\"recording\":1,\"id\":\"1\",\"part\":1,\"program\":\"0\",\"interval_s\":1.0,\"role\":\"o\",\"grants\":[],\
                  \"database\":\"d\",\"database_oid\":1,\"server\":{\"version\":\"17\",\"version_num\":170000,\
                  \"system_identifier\":null},\"extensions\":{},\"settings\":{},\"columns\":{}}\n";
    folder.write("r.jsonl.part", format!("{header}{{\"t\":1.0,\"wall\":1.0,\"gap\":\"closed\"}}\n"));
    folder.ok(&["salvage", "r.jsonl.part", "--out", "r.jsonl"]);
    let (code, message) = folder.refusal(&["verify", "r.jsonl"]);
    assert!(code == 12 && message.starts_with("`r.jsonl` holds no sample: 1 gap and no poll; "), "{code} {message}");
    let (code, message) = folder.refusal(&["convert", "--dataset", "postgres", "r.jsonl", "--tape", "t.jsonl"]);
    assert!(
        code == 12 && message.starts_with("`r.jsonl` leaves no sample: 1 row was read, 1 rejected (gap)"),
        "{message}"
    );
}

#[test]
fn ok_goes_away_with_the_manifest_and_with_each_table() {
    let folder = accepted(PERTURBED);
    let verify = |path: &str| folder.run(&["verify", path]).code;
    for path in ["out/p/tape.jsonl", "out/p", "results/p"] {
        assert_eq!(verify(path), 0, "{path}");
    }
    for (path, evidence) in [
        ("out/p/tape.jsonl", "out/p/tape.jsonl.hash"),
        ("out/p", "out/p/episodes.csv"),
        ("out/p", "out/p/digests.toml"),
        ("results/p", "results/p/episodes.csv"),
        ("results/p", "results/p/expected.toml"),
    ] {
        let kept = folder.read(evidence);
        std::fs::remove_file(folder.join(evidence)).unwrap();
        assert_eq!(verify(path), 12, "{evidence}");
        folder.write(evidence, kept);
        assert_eq!(verify(path), 0, "{evidence}");
    }
}

#[test]
fn accepted_explained_and_reported_is_only_what_was_run_as_it_stands() {
    let folder = accepted(PERTURBED);
    folder.ok(&["run"]);
    let expected = folder.read("results/p/expected.toml");
    let commands = [&["accept"][..], &["explain"], &["report"]];
    commands.iter().for_each(|command| drop(folder.ok(command)));
    for evidence in ["out/p/digests.toml", "out/p/episodes.csv"] {
        let kept = folder.read(evidence);
        std::fs::remove_file(folder.join(evidence)).unwrap();
        for command in commands {
            assert_eq!(folder.refusal(command).0, 12, "{command:?} without {evidence}");
        }
        folder.write(evidence, kept);
    }
    // Neither is what somebody has written into it, whichever line it is.
    let kept = folder.read("out/p/digests.toml");
    for (number, line) in kept.lines().enumerate().filter(|(_, line)| line.contains(" = ")) {
        let at = line.rfind(|letter: char| letter.is_ascii_alphanumeric()).unwrap();
        let other = if line.as_bytes()[at] == b'1' { "2" } else { "1" };
        let mut lines: Vec<&str> = kept.lines().collect();
        let changed = format!("{}{other}{}", &line[..at], &line[at + 1..]);
        lines[number] = &changed;
        folder.write("out/p/digests.toml", lines.join("\n") + "\n");
        for command in [&["accept"][..], &["explain"], &["report"], &["verify", "out/p"]] {
            assert_eq!(folder.run(command).code, 12, "{command:?} with {changed}");
        }
        assert_eq!(folder.read("results/p/expected.toml"), expected, "{changed}");
    }
    folder.ok(&["run"]);
    assert_eq!(folder.read("out/p/digests.toml"), kept);
    // Accepting under CI is bad usage, whatever has been run.
    let in_ci: Ran = ran(folder.command().args(["accept"]).env("CI", "true").output().unwrap());
    assert_eq!(in_ci.refusal().0, 2);
    folder.write("experiments/p.toml", PERTURBED.replace("42", "43"));
    for command in [&["accept"][..], &["report"]] {
        assert_eq!(folder.refusal(command).0, 12, "{command:?} of another experiment");
    }
}
