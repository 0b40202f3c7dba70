//! What makes results trusted: they are compared row by row, and skipped only when nothing has changed.

use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, PERTURBED};

/// A project whose one experiment has an expected result.
pub(crate) fn accepted() -> Folder {
    let folder = Folder::project(&[("p", PERTURBED)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    folder
}

const TRACE: &str = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'job'\n";

fn trace(latency: &str) -> String {
    let rows = (0..60).map(|row| {
        let latency = if row == 40 { latency.to_owned() } else { format!("{}", 10 + row % 3) };
        format!("q{},{row},100,100,{latency},p\n", row % 2)
    });
    "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n".to_owned() + &rows.collect::<String>()
}

/// `explain --json` of a run that differs.
fn explained(folder: &Folder, name: &str) -> Value {
    assert_eq!(folder.run(&["run", name]).code, 10);
    let explained = folder.run(&["explain", name, "--json"]);
    assert_eq!(explained.code, 10);
    explained.json()[0].clone()
}

#[test]
fn one_changed_byte_of_the_input_is_the_cause_of_everything_behind_it() {
    let folder = Folder::project(&[("t", TRACE)]);
    folder.write("t.csv", trace("10"));
    folder.run(&["run", "t"]);
    folder.ok(&["accept", "t"]);
    folder.write("t.csv", trace("90"));
    let json = explained(&folder, "t");
    assert_eq!(json["first"], "input");
    assert_eq!(json["causes"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["causes"][0]["stage"], "input");
}

#[test]
fn a_changed_engine_is_told_from_a_changed_input() {
    let folder = accepted();
    // As if the expected result had been made by an engine that computes another peak.
    let table = folder.read("results/p/episodes.csv");
    let mut rows: Vec<String> = table.lines().map(str::to_owned).collect();
    let mut cells: Vec<String> = rows[1].split(',').map(str::to_owned).collect();
    let peak: f64 = cells[4].parse().unwrap();
    cells[4] = f64::from_bits(peak.to_bits() + 1).to_string();
    rows[1] = cells.join(",");
    let other = rows.join("\n") + "\n";
    let sha256 = |text: &str| {
        use sha2::{Digest, Sha256};
        hex::encode(Sha256::digest(text.as_bytes()))
    };
    let expected = folder.read("results/p/expected.toml");
    let line = |stage: &str| expected.lines().find(|line| line.starts_with(&format!("{stage} = "))).unwrap().to_owned();
    let expected = expected
        .replace(&sha256(&table), &sha256(&other))
        .replace(&line("episodes"), &format!("episodes = \"{}\"", "0".repeat(64)))
        .replace(&line("tables"), &format!("tables = \"{}\"", "0".repeat(64)))
        .replace(&line("program"), "program = \"0.0.9\"");
    folder.write("results/p/episodes.csv", &other);
    folder.write("results/p/expected.toml", &expected);
    let json = explained(&folder, "p");
    assert_eq!(json["first"], "episodes");
    assert_eq!(json["causes"].as_array().unwrap().len(), 1, "{json}");
    let because = json["causes"][0]["because"].as_str().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(because, format!("the engine, all of whose inputs are the same: telltape {version} instead of 0.0.9"));
    let table = &json["tables"][0];
    assert_eq!((&table["removed"], &table["added"], &table["changed"]), (&1.into(), &1.into(), &1.into()));
    let cell = &table["rows"][1]["cells"][0];
    assert_eq!((&cell["column"], &cell["ulps"]), (&"peak".into(), &1.into()));
    assert_eq!(cell["bits"][1], format!("{:016x}", peak.to_bits()));
    // A tolerance tells that it is close, and passes nothing.
    let diff = folder.run(&["diff", "results/p", "out/p", "--ulps", "1", "--json"]);
    assert_eq!(diff.code, 10);
    assert_eq!(diff.json()[0]["tables"][0]["within"], 1);
    let text = folder.run(&["diff", "results", "out", "--ulps", "1"]);
    assert_eq!(text.code, 10);
    assert!(
        text.stdout.contains("1 of 1 changed rows are within the tolerance, which is no reason to pass"),
        "{}",
        text.stdout
    );
    let markdown = folder.run(&["explain", "p", "--markdown"]).stdout;
    assert!(
        markdown.starts_with("### `p` differs from stage `episodes` on\n") && markdown.contains("```diff\n"),
        "{markdown}"
    );
    assert!(markdown.contains("telltape accept p"), "{markdown}");
}

#[test]
fn tapes_and_tables_are_compared_row_by_row() {
    let folder = Folder::new();
    for (seed, name) in [("1", "a"), ("1", "b"), ("2", "c")] {
        folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", seed, "--tape", &format!("{name}.jsonl")]);
    }
    assert_eq!(folder.ok(&["diff", "a.jsonl", "b.jsonl"]).stdout, "same\n");
    let different = folder.run(&["diff", "a.jsonl", "c.jsonl", "--json"]);
    assert_eq!(different.code, 10);
    let rows = different.json()[0].clone();
    assert!(rows["changed"].as_u64().unwrap() > 0, "{rows}");
    assert_eq!(rows["rows"][1]["cells"][0]["column"], "value");
    for name in ["a", "c"] {
        folder.ok(&["replay", &format!("{name}.jsonl"), "--out", &format!("of-{name}")]);
    }
    std::fs::rename(folder.join("of-c/c"), folder.join("of-c/a")).unwrap();
    assert_eq!(folder.run(&["diff", "of-a", "of-a"]).code, 0);
    assert!([0, 10].contains(&folder.run(&["diff", "of-a", "of-c"]).code));
    std::fs::create_dir(folder.join("of-c/b")).unwrap();
    std::fs::copy(folder.join("of-c/a/episodes.csv"), folder.join("of-c/b/episodes.csv")).unwrap();
    let only = folder.run(&["diff", "of-a", "of-c"]);
    assert_eq!(only.code, 10);
    assert!(only.stdout.contains("b: only in the second one\n"), "{}", only.stdout);
}

#[test]
fn a_stage_is_skipped_only_while_all_that_it_is_made_from_is_the_same() {
    let evaluated = format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 2 }}\ndetectors = ['threshold']\n");
    let folder = Folder::project(&[("p", &evaluated)]);
    let cached =
        |arguments: &[&str]| folder.run(&[&["run", "p", "--json"], arguments].concat()).json()[0]["cached"].clone();
    let plan = || folder.ok(&["plan", "p"]).stdout;
    assert!(plan().contains("to `out/p/tape.jsonl`, it has not run yet"), "{}", plan());
    assert_eq!(cached(&[]), serde_json::json!([]));
    folder.ok(&["accept"]);
    assert_eq!(cached(&[]), serde_json::json!(["convert", "replay", "evaluate"]));
    assert!(plan().contains("cached, nothing that it is made from has changed"));
    assert_eq!(cached(&["--no-cache"]), serde_json::json!([]));
    // Another grammar: the tape is the same.
    folder.write("experiments/p.toml", evaluated.clone() + "[replay.grammar.cache_collapse]\nrho = 0.8\n");
    assert!(plan().contains("replay under `reference`, the grammar has changed"), "{}", plan());
    assert_eq!(cached(&[]), serde_json::json!(["convert"]));
    // Another seed, set for once.
    folder.write("experiments/p.toml", &evaluated);
    cached(&[]);
    assert_eq!(cached(&["--set", "generate.seed=7"]), serde_json::json!([]));
    assert_eq!(
        folder.run(&["explain", "p", "--json", "--set", "generate.seed=7"]).json()[0]["causes"][0]["stage"],
        "input"
    );
    cached(&[]);
    // What it wrote was touched: with the time of the file put back, too.
    let table = folder.join("out/p/episodes.csv");
    let time = std::fs::metadata(&table).unwrap().modified().unwrap();
    let text = folder.read("out/p/episodes.csv").replacen('1', "2", 1);
    std::fs::write(&table, text).unwrap();
    std::fs::File::options().write(true).open(&table).unwrap().set_modified(time).unwrap();
    assert!(plan().contains("its `episodes.csv` is not what it wrote"), "{}", plan());
    assert_eq!(cached(&[]), serde_json::json!(["convert", "evaluate"]));
    assert_eq!(folder.run(&["run", "p"]).code, 0);
    // Another program: a copy with a byte behind its end.
    let program = folder.join("telltape");
    std::fs::copy(env!("CARGO_BIN_EXE_telltape"), &program).unwrap();
    std::io::Write::write_all(&mut std::fs::File::options().append(true).open(&program).unwrap(), b"\n").unwrap();
    let mut command = std::process::Command::new(&program);
    let ran = command.args(["run", "p", "--json"]).current_dir(folder.path()).env_remove("CI").output().unwrap();
    let json: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(json[0]["cached"], serde_json::json!([]));
}

#[test]
fn outputs_of_experiments_that_are_gone_are_collected() {
    let folder = Folder::project(&[("p", PERTURBED), ("q", PERTURBED)]);
    folder.run(&["run"]);
    folder.write("out/notes/mine.txt", "not telltape's");
    std::fs::remove_file(folder.join("experiments/q.toml")).unwrap();
    let collected = folder.ok(&["cache", "gc"]).stdout;
    assert!(collected.starts_with("removed out/q\n1 folder, "), "{collected}");
    assert!(!folder.join("out/q").exists() && folder.join("out/p").exists() && folder.join("out/notes").exists());
}

#[test]
fn verdicts_are_written_for_ci_as_junit() {
    let folder = accepted();
    folder.write("experiments/q.toml", PERTURBED);
    folder.write("experiments/bad.toml", "title = 't'\n[input]\ntrace = 'none.csv'\ndataset = 'job'\n");
    assert_eq!(folder.run(&["run", "--junit", "ci/junit.xml"]).code, 12);
    let xml = folder.read("ci/junit.xml");
    assert!(xml.contains(r#"tests="3""#) && xml.contains(r#"errors="1""#) && xml.contains(r#"failures="1""#), "{xml}");
    assert!(xml.contains("telltape accept q") && xml.contains("none.csv"), "{xml}");
}

#[test]
fn the_doctor_tells_what_is_missing_and_what_to_do() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.write(
        "data/datasets.toml",
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/datasets.toml")).unwrap(),
    );
    let doctor = folder.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, 12);
    let json = doctor.json();
    let ceb = json.as_array().unwrap().iter().find(|check| check["check"] == "data ceb").unwrap();
    assert_eq!((&ceb["state"], &ceb["remedy"]), (&"bad".into(), &"telltape data fetch".into()));
    folder.write("data/datasets.toml", "");
    assert_eq!(folder.run(&["doctor"]).code, 0);
}

#[test]
fn explain_and_report_say_so_when_something_has_changed_since_the_run() {
    let traced = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\ntime_col = 't'\nvalue_col = 'v'\n\
                  [replay]\ngrammar_file = 'g.json'\n[evaluate]\nwindows = 'w.csv'\n";
    let folder = Folder::project(&[("p", PERTURBED), ("t", traced)]);
    let grammar = serde_json::to_string(&telltape::motif::Grammar::default()).unwrap();
    folder.write("t.csv", "t,v\n0,1\n1,2\n2,1\n3,2\n");
    folder.write("g.json", &grammar);
    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,generic,2,4\n");
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    folder.ok(&["explain"]);
    folder.ok(&["report"]);
    assert!(folder.read("out/report.html").contains("<h2>Same</h2>"));
    let tape = folder.read("out/t/tape.jsonl");
    let (other, manifest) = (folder.read("out/p/tape.jsonl"), folder.read("out/p/tape.jsonl.hash"));
    let sealed = folder.read("out/t/tape.jsonl.hash");
    let experiment = "the experiment has changed since its last run, or that run had --set";
    for (file, now, why) in [
        ("t.csv", Some("t,v\n0,1\n1,2\n2,1\n3,3\n"), "its input has changed since its last run"),
        ("experiments/t.toml", Some(&*traced.replace("[convert]", "[convert]\nlenient = true")), experiment),
        ("w.csv", Some("motif,channel,t_start,t_end\nplan_regression_onset,generic,3,4\n"), experiment),
        ("g.json", Some(&*grammar.replacen(":0.", ":0.0", 1)), experiment),
        // Another tape, well sealed.
        ("out/t/tape.jsonl", Some(&*other), "its tape has changed since its last run"),
        ("out/t/tape.jsonl", None, "its tape is gone"),
    ] {
        let before = folder.read(file);
        match now {
            Some(text) => folder.write(file, text),
            None => std::fs::remove_file(folder.join(file)).unwrap(),
        }
        if file == "out/t/tape.jsonl" {
            folder.write("out/t/tape.jsonl.hash", &manifest);
        }
        let stale = format!("`out/t/digests.toml`: {why}; run `telltape run t` first");
        for command in ["explain", "accept"] {
            assert_eq!(folder.refusal(&[command, "t"]), (12, stale.clone()), "{file}");
        }
        let (code, message) = folder.refusal(&["report", "t"]);
        assert_eq!(code, 12, "{file}");
        assert!(message.contains(&format!("as it stands now; t: {why}; run `telltape run t` first")), "{message}");
        // Of several, the others are reported, and the page says that it is not all.
        let (code, message) = folder.refusal(&["report"]);
        let left_out = format!("t: {why}, so it is not in the report; run `telltape run t` again");
        assert_eq!((code, message), (12, left_out), "{file}");
        let page = folder.read("out/report.html");
        assert!(page.contains("<h2>Out of date</h2>") && !page.contains("<h2>Same"), "{file}");
        assert!(page.contains(&format!("Changed, so not in this page: t: {why}.")), "{file}");
        let told = folder.run(&["report", "--json"]).json();
        assert_eq!(told["stale"], serde_json::json!([{ "name": "t", "problem": why }]), "{file}");
        folder.write(file, before);
        folder.write("out/t/tape.jsonl.hash", &sealed);
    }
    assert_eq!(folder.read("out/t/tape.jsonl"), tape);
    folder.ok(&["explain"]);
    folder.ok(&["report"]);
}

#[test]
fn a_trace_of_another_name_is_another_label() {
    let experiment = |trace: &str| format!("title = 't'\n[input]\ntrace = '{trace}'\ndataset = 'job'\n");
    let folder = Folder::project(&[("t", &experiment("a.csv"))]);
    let text = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\na,0,1,9,1,p\na,1,1,9,5,p\n";
    folder.write("a.csv", text);
    folder.write("b.csv", text);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    folder.write("experiments/t.toml", experiment("b.csv"));
    assert_eq!(folder.refusal(&["explain"]).0, 12);
    let cached = folder.run(&["run", "--json"]);
    let fresh = folder.run(&["run", "--json", "--no-cache"]);
    assert_eq!((cached.code, fresh.code), (10, 10));
    assert_eq!(cached.json()[0]["stages"], fresh.json()[0]["stages"]);
}

/// What `git` does in a folder, by itself: no configuration of this machine or its user has a say.
fn git(folder: &Path, arguments: &[&str]) {
    let mut git = std::process::Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let ran = git.args(["-c", "user.name=x", "-c", "user.email=x@example.org"]).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn a_clone_whose_git_rewrites_line_ends_reproduces_and_without_attributes_the_cause_is_named() {
    let folder = Folder::project(&[("t", TRACE)]);
    folder.write("t.csv", trace("90"));
    folder.write(".gitignore", "out/\n");
    folder.run(&["run", "t"]);
    folder.ok(&["accept", "t"]);
    git(folder.path(), &["init", "-q"]);
    let clone = |name: &str| {
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-qm", name]);
        let clones = Folder::new();
        let source = folder.path().to_str().unwrap();
        git(clones.path(), &["clone", "-q", "-c", "core.autocrlf=true", source, "clone"]);
        clones
    };
    let run = |clones: &Folder, arguments: &[&str]| {
        crate::support::ran(clones.command().current_dir(clones.join("clone")).args(arguments).output().unwrap())
    };
    let remedy = "git rewrote its line ends; add the line `* -text` to `.gitattributes`";
    let bare = clone("bare");
    assert!(bare.read("clone/results/t/episodes.csv").contains("\r\n"));
    let refused = run(&bare, &["run", "t"]);
    assert_eq!(refused.code, 12, "{}", refused.stderr);
    assert!(refused.stderr.contains("episodes.csv") && refused.stderr.contains(remedy), "{}", refused.stderr);
    let doctor = run(&bare, &["doctor"]);
    assert_eq!(doctor.code, 12);
    assert!(doctor.stdout.contains("CRLF in 1 table") && doctor.stdout.contains(remedy), "{}", doctor.stdout);

    folder.write(".gitattributes", include_bytes!("../../.gitattributes"));
    let clones = clone("with attributes");
    let ran = run(&clones, &["run", "t"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(run(&clones, &["doctor"]).stdout.contains("as they were written"));
}

#[test]
fn channels_of_every_name_read_back_from_an_exported_table() {
    let folder = Folder::new();
    let rows = ["a,b", "two\nlines", "say \"x\"", "- -", "=1+1"].map(|name| {
        let name = name.replace('"', "\"\"");
        format!("0,1,\"{name}\"\n6,1,\"{name}\"\n")
    });
    folder.write("g.csv", format!("t,value,channel\n{}", rows.concat()));
    let columns = ["--time-col", "t", "--value-col", "value", "--channel-col", "channel", "--pre-residualized"];
    folder.ok(&[&["convert", "--dataset", "generic", "g.csv", "--tape", "g.jsonl"][..], &columns[..]].concat());
    folder.ok(&["export", "g.jsonl", "--table", "g.table.csv"]);
    let mut reader = csv::Reader::from_path(folder.join("g.table.csv")).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 10);
    assert!(records.iter().any(|record| &record[3] == "two\nlines"));
}

#[test]
fn a_tape_with_a_number_that_overflows_is_refused_by_its_line() {
    let folder = Folder::new();
    let line = |value: &str| format!("{{\"t\":1.0,\"class\":\"CacheIo\",\"value\":{value},\"channel\":\"a\"}}\n");
    for (value, problem) in
        [("1e+308", "the residual is 1e308, which is beyond ±1e100"), ("-1e+101", "the residual is -1e101")]
    {
        let text = line("1.0") + &line(value);
        use sha2::{Digest, Sha256};
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        folder.write("t.jsonl", &text);
        let manifest =
            format!("{{\"sha256\":\"{sha256}\",\"sample_count\":2,\"crate_version\":\"0\",\"source\":\"x\"}}");
        folder.write("t.jsonl.hash", manifest);
        for engine in ["reference", "excursion"] {
            let (code, message) = folder.refusal(&["replay", "t.jsonl", "--engine", engine, "--out", "o"]);
            assert_eq!(code, 12, "{message}");
            assert!(message.contains("t.jsonl:2") && message.contains(problem), "{message}");
        }
    }
}
