//! `run`, `accept`, `explain` and `plan`: verdicts, exit codes, and what is said of a change.

use sha2::Digest;

use crate::support::{Folder, PERTURBED, ran};

/// A project whose one experiment has been run and accepted.
fn accepted() -> Folder {
    let folder = Folder::project(&[("p", PERTURBED)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    folder
}

fn verdict(folder: &Folder, expected_code: i32) -> String {
    let ran = folder.run(&["run", "--json"]);
    assert_eq!(ran.code, expected_code, "{}", ran.stderr);
    ran.json()[0]["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn an_accepted_result_is_the_same_again() {
    let folder = accepted();
    assert_eq!(verdict(&folder, 0), "same");
    assert_eq!(
        folder.files().into_iter().filter(|file| file.starts_with("results/")).collect::<Vec<_>>(),
        ["results/p/episodes.csv", "results/p/expected.toml"]
    );
    assert_eq!(folder.ok(&["explain"]).stdout, "p: same\n");
    assert_eq!(folder.ok(&["accept"]).stdout, "unchanged: p\n");
    let stages = folder.ok(&["run", "--json"]).json()[0]["stages"].clone();
    let names: Vec<&str> = stages.as_array().unwrap().iter().map(|row| row["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["input", "options", "tape", "stream", "grammar", "episodes", "tables"]);
    for row in stages.as_array().unwrap() {
        assert_eq!(row["digest"], row["expected"]);
    }
}

#[test]
fn a_changed_threshold_is_named_with_the_rows_that_it_changed() {
    let folder = accepted();
    let changed = format!("{PERTURBED}[replay.grammar.cardinality_mismatch_regime]\nmin_dwell_seconds = 200\n");
    folder.write("experiments/p.toml", changed);
    assert_eq!(verdict(&folder, 10), "differs");
    let explained = folder.run(&["explain"]);
    assert_eq!(explained.code, 10);
    for expected in [
        "p: differs from stage `grammar` on (grammar, episodes, tables)\n",
        "  grammar: cardinality_mismatch_regime.min_dwell_seconds\n    -2\n    +200\n",
        "  episodes.csv: 1 row removed, 1 added; first:\n    -3: cardinality_mismatch_regime,q17,",
        "  to make this the expected result: telltape accept p\n",
    ] {
        assert!(explained.stdout.contains(expected), "{expected}\n{}", explained.stdout);
    }
    let json = folder.run(&["explain", "--json"]).json();
    assert_eq!(json[0]["first"], "grammar");
    assert_eq!(json[0]["tables"][0]["rows"][0]["line"], 3);
    // Nothing of the expected result has been touched.
    folder.write("experiments/p.toml", PERTURBED);
    assert_eq!(verdict(&folder, 0), "same");
}

#[test]
fn a_changed_seed_shows_at_the_input_and_can_be_accepted() {
    let folder = accepted();
    folder.write("experiments/p.toml", PERTURBED.replace("42", "43"));
    let (code, message) = folder.refusal(&["accept"]);
    assert_eq!(code, 12);
    assert_eq!(
        message,
        "`out/p/digests.toml`: the experiment has changed since its last run, or that run had --set; run `telltape run p` first"
    );
    assert_eq!(verdict(&folder, 10), "differs");
    assert_eq!(folder.run(&["explain", "--json"]).json()[0]["first"], "input");
    assert_eq!(folder.ok(&["accept"]).stdout, "accepted: p\n");
    assert_eq!(verdict(&folder, 0), "same");
}

#[test]
fn ci_never_accepts() {
    let folder = accepted();
    let before = folder.read("results/p/expected.toml");
    folder.write("experiments/p.toml", PERTURBED.replace("42", "43"));
    folder.run(&["run"]);
    let refused = ran(folder.command().args(["accept", "p"]).env("CI", "true").output().unwrap());
    let (code, message) = refused.refusal();
    assert_eq!(code, 2);
    assert!(message.starts_with("expected results are not accepted by CI"), "{message}");
    assert_eq!(folder.read("results/p/expected.toml"), before);
}

#[test]
fn missing_and_orphaned_expected_results_are_failures() {
    let folder = accepted();
    folder.write("experiments/q.toml", PERTURBED.replace("42", "1"));
    let run = folder.run(&["run"]);
    assert_eq!(run.code, 11);
    assert!(run.stdout.contains("telltape accept q"), "{}", run.stdout);
    std::fs::remove_file(folder.join("experiments/q.toml")).unwrap();
    folder.write("results/gone/expected.toml", "");
    let run = folder.run(&["run"]);
    assert_eq!(run.code, 11);
    assert!(run.stderr.contains("`results/gone` belongs to no experiment"), "{}", run.stderr);
    // Asked for by name, only that one is looked at.
    folder.ok(&["run", "p"]);
}

#[test]
fn expected_results_that_were_edited_by_hand_are_noticed() {
    let folder = accepted();
    let table = folder.read("results/p/episodes.csv");
    folder.write("results/p/episodes.csv", table.replace("q42", "q43"));
    let ran = folder.run(&["run", "--json"]);
    assert_eq!(ran.code, 12);
    assert_eq!(ran.json()[0]["verdict"], "failed");
    assert_eq!(ran.json()[0]["error"]["file"], "results/p/episodes.csv");
    folder.write("results/p/episodes.csv", table);
    let expected = folder.read("results/p/expected.toml");
    folder.write("results/p/expected.toml", expected.replace("samples = 5966", "samples = 5967"));
    assert_eq!(verdict(&folder, 10), "differs");
    let explained = folder.run(&["explain"]).stdout;
    assert!(explained.contains("  counts: samples\n    -5967\n    +5966\n"), "{explained}");
    folder.write("results/p/expected.toml", expected.replace("[stages]", "[stagse]"));
    let (code, message) = folder.refusal(&["run"]);
    assert_eq!(code, 12);
    assert!(message.starts_with("p: `results/p/expected.toml:"), "{message}");
    folder.write("results/p/expected.toml", expected.replace("\"episodes.csv\" =", "\"../../x.csv\" ="));
    assert_eq!(
        folder.refusal(&["run"]),
        (12, "p: `results/p/expected.toml`: `../../x.csv` is not the name of a table".to_owned())
    );
}

#[test]
fn an_expected_result_of_another_libm_is_not_compared_and_said_so() {
    let folder = Folder::project(&[("p", &format!("{PERTURBED}math = 'system'\n"))]);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    let expected = folder.read("results/p/expected.toml");
    let line = expected.lines().find(|line| line.starts_with("libm = ")).unwrap();
    let elsewhere = expected.replace(line, "libm = \"abacus 1.0\"");
    folder.write("results/p/expected.toml", &elsewhere);
    assert_eq!(verdict(&folder, 0), "same", "another libm that gives the same bits");
    // A tape whose bits are others there is what a libm explains.
    let tape = elsewhere.lines().find(|line| line.starts_with("tape = ")).unwrap();
    folder.write("results/p/expected.toml", elsewhere.replace(tape, "tape = \"0\""));
    let run = folder.run(&["run"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.contains("NOT COMPARED: the expected result was made with abacus 1.0, this is"),
        "{}",
        run.stdout
    );
    assert_eq!(verdict(&folder, 0), "skipped");
}

#[test]
fn plan_tells_and_writes_nothing() {
    let folder = accepted();
    let before = folder.files();
    let text = folder.ok(&["plan", "--out", "elsewhere"]).stdout;
    assert!(
        text.contains("generate with seed 42") && text.contains("compare with `results/p/expected.toml`"),
        "{text}"
    );
    assert_eq!(folder.files(), before);
}

#[test]
fn experiments_that_do_not_exist_are_bad_usage() {
    let folder = accepted();
    assert_eq!(folder.refusal(&["run", "pp"]), (2, "unknown experiment `pp`; did you mean `p`? known: p".to_owned()));
    assert_eq!(folder.refusal(&["run", "x*"]), (2, "`x*` matches no experiment; known: p".to_owned()));
    folder.ok(&["run", "p*"]);
    folder.ok(&["run", "experiments/p.toml"]);
    let (code, message) = folder.refusal(&["run", "experiments/q.toml"]);
    assert_eq!(
        (code, message.as_str()),
        (2, "`experiments/q.toml`: the experiment cannot be read: No such file or directory (os error 2)")
    );
    let bare = Folder::new();
    let (code, message) = bare.refusal(&["run"]);
    assert_eq!(code, 2);
    assert!(message.contains("experiments"), "{message}");
}

#[test]
fn explain_without_a_run_says_what_to_do() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    let expected = "`out/p/digests.toml`: there is no result; run `telltape run p` first";
    assert_eq!(folder.refusal(&["explain", "p"]), (12, expected.to_owned()));
}

#[test]
fn a_run_that_fails_leaves_nothing_to_explain_or_accept() {
    let trace = "query_id,subplan_id,true_rows,est_rows\nq,a,1,1\n";
    let folder = Folder::project(&[("p", "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'ceb'\n")]);
    folder.write("x.csv", trace);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    folder.write("x.csv", trace.replace(",1,1", ",1,2"));
    let (code, message) = folder.refusal(&["accept"]);
    assert_eq!(
        (code, message.as_str()),
        (12, "`out/p/digests.toml`: its input has changed since its last run; run `telltape run p` first")
    );
    folder.write("x.csv", "nothing,of,the,sort\n");
    assert_eq!(folder.run(&["run"]).code, 12);
    assert_eq!(folder.run(&["explain"]).code, 12);
    assert_eq!(folder.run(&["accept"]).code, 12);
}

#[test]
fn two_experiments_of_one_name_are_refused() {
    let folder = accepted();
    folder.write("other/experiments/p.toml", PERTURBED);
    let (code, message) = folder.refusal(&["run", "p", "other/experiments/p.toml"]);
    assert_eq!(code, 2);
    assert_eq!(message, "`other/experiments/p.toml`: `experiments/p.toml` has the same name, and results go by it");
    folder.ok(&["run", "p", "experiments/p.toml", "p*"]);
}

/// Other bytes than the catalogue's are named as such, whether they are a trace or not.
#[test]
fn a_trace_with_other_bytes_than_the_catalogue_says_is_refused() {
    let trace = "query_id,subplan_id,true_rows,est_rows\nq,a,1,1\n";
    let folder = Folder::project(&[("p", "title = 't'\n[input]\ndata = 'ceb'\n")]);
    let sha256 = hex::encode(sha2::Sha256::digest(trace));
    let entry = "adapter = 'ceb'\ntitle = 't'\nfile = 'x.csv'\nrows = 1\nlicence = 'l'\ncitation = 'c'\norigin = 'o'\n";
    folder.write("data/datasets.toml", format!("[ceb]\nsha256 = '{sha256}'\n{entry}"));
    folder.write("data/x.csv", trace);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    for other in [trace.replace(",1,1", ",1,2"), "no trace at all".to_owned()] {
        folder.write("data/x.csv", trace);
        folder.ok(&["run"]);
        folder.write("data/x.csv", other);
        for command in ["accept", "run"] {
            let (code, message) = folder.refusal(&[command]);
            assert_eq!(code, 12, "{command}");
            assert!(message.contains("`data/x.csv`: its SHA-256 is "), "{command}: {message}");
        }
        assert!(folder.run(&["plan"]).stdout.contains("its SHA-256 is "));
    }
}

/// What a conversion recognised is said by `run`, also when nothing is converted again.
#[test]
fn a_run_says_what_was_recognised_in_a_trace_and_which_rows_were_rejected() {
    let text = "title = 'e'\n[input]\ntrace = 'x.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\nlenient = true\n";
    let folder = Folder::new();
    folder.write("experiments/e.toml", text);
    let rows =
        (0..9).map(|row| format!("{},{}\n", 1_714_557_600_000_i64 + 1000 * row, if row == 4 { "x" } else { "1" }));
    folder.write("x.csv", format!("t,value\n{}", rows.collect::<String>()));
    let note =
        "`t` is in milliseconds since 1970, as its size says; t = 0 is 2024-05-01T10:00:00Z (--time-unit overrides)";
    // Without a catalogue, there are no data sets of it.
    for (code, more) in [(11, &[][..]), (11, &[]), (11, &["--no-cache"])] {
        let ran = folder.run(&[&["run", "--json"], more].concat());
        assert_eq!(ran.code, code, "{}", ran.stderr);
        let json = ran.json();
        assert_eq!(json[0]["notes"], serde_json::json!([note]));
        assert_eq!(json[0]["counts"]["rows"]["rejected"]["bad number in value"], 1);
        for line in [format!("e: {note}"), "e: 1 rejected (bad number in value)".to_owned()] {
            assert!(ran.stderr.contains(&line), "{}", ran.stderr);
        }
    }
    // Nothing usable is nothing usable, whatever is allowed.
    folder.write("experiments/e.toml", format!("allow_empty = true\n{text}"));
    folder.write("x.csv", "t,value\n0,x\n1,y\n");
    let (code, message) = folder.refusal(&["run"]);
    assert!(code == 12 && message.contains("2 rejected (bad number in value)"), "{code} {message}");
    assert!(message.contains("`allow_empty` is for rows that are used"), "{message}");
    folder.write("experiments/e.toml", "title = 'e'\n[input]\ndata = 'ceb'\n");
    let (code, message) = folder.refusal(&["run"]);
    assert!(code == 12 && message.contains("unknown data set `ceb` in the catalogue"), "{code} {message}");
}

#[test]
fn what_is_meant_by_a_key_of_convert_is_said() {
    let folder = Folder::new();
    folder.write("x.csv", "t,value\n0,1\n1,1\n");
    for (convert, problem) in [
        (
            "channel = 'series'",
            "known: robust, plain, reference; the column of the channels is `channel_col = \"series\"`",
        ),
        ("time_zone = 2", "`e.toml:6:13`: `time_zone` takes a text, and `2` is not one; write \"+02:00\""),
        ("time_zone = -5", "write \"-05:00\""),
        ("channel_col = 7", "`channel_col` takes a text, and `7` is not one; write \"7\""),
        ("time_unit = 1", "`time_unit` takes a text, and `1` is not one; write it in quotes"),
    ] {
        folder.write(
            "e.toml",
            format!("title = 'e'\n[input]\ntrace = 'x.csv'\ndataset = 'generic'\n[convert]\n{convert}\n"),
        );
        let (code, message) = folder.refusal(&["run", "e.toml"]);
        assert!(code == 2 && message.contains(problem), "{code} {message}");
    }
}
