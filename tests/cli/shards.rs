//! Shards, without any engine: whatever order, number of times or writers, the merge is the single run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Folder, PERTURBED, Ran, ran};

/// What the build can write.
const FORMATS: &str = if cfg!(feature = "parquet") { "csv,parquet" } else { "csv" };

/// A folder of tapes with the outputs of a single replay beside them.
pub(crate) fn tapes() -> Folder {
    let folder = Folder::new();
    for seed in 1..=7 {
        let (seed, tape) = (seed.to_string(), format!("tapes/t{seed}.jsonl"));
        folder.ok(&["generate", "perturbed", "--seed", &seed, "--scale", "0.7", "--tape", &tape]);
    }
    folder.ok(&["generate", "null", "--kind", "bursty", "--seed", "1", "--tape", "tapes/deep/n.jsonl"]);
    let all: Vec<String> = folder.files().into_iter().filter(|name| name.ends_with(".jsonl")).collect();
    let arguments: Vec<&str> =
        ["replay", "--out", "single", "--format", FORMATS].into_iter().chain(all.iter().map(String::as_str)).collect();
    folder.ok(&arguments);
    folder
}

pub(crate) fn plan(folder: &Folder, more: &[&str]) -> Vec<String> {
    let arguments = ["shard", "plan", "--root", "tapes", "*.jsonl", "deep/*.jsonl", "--plan", "plan.json", "--json"];
    ids(&folder.ok(&[&arguments, more].concat()).json())
}

pub(crate) fn ids(json: &Value) -> Vec<String> {
    json["shards"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

pub(crate) fn shard(id: &str) -> [&str; 10] {
    ["shard", "run", "--plan", "plan.json", "--id", id, "--root", "tapes", "--out", "done"]
}

pub(crate) const MERGE: [&str; 10] =
    ["shard", "merge", "--plan", "plan.json", "--in", "done", "--out", "merged", "--format", FORMATS];

pub(crate) fn rest(folder: &Folder) -> Vec<String> {
    ids(&folder.ok(&["shard", "plan", "--only", "done", "--plan", "plan.json", "--json"]).json())
}

/// `merged` is `single`, byte for byte.
pub(crate) fn assert_same(folder: &Folder) {
    let of = |root: &str| -> Vec<(String, Vec<u8>)> {
        let prefix = format!("{root}/");
        let names = folder.files().into_iter().filter(|name| name.starts_with(&prefix));
        names.map(|name| (name[prefix.len()..].to_owned(), std::fs::read(folder.join(&name)).unwrap())).collect()
    };
    let (single, merged) = (of("single"), of("merged"));
    assert_eq!(single.len(), 8 * FORMATS.split(',').count());
    assert!(single == merged, "{:?}", merged.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn the_merge_of_any_split_in_any_order_is_the_single_replay() {
    for more in [
        &["--shards", "1"][..],
        &["--shards", "3"],
        &["--shards", "3", "--by-class", "1K"],
        &["--shards", "50", "--by-class", "400K"],
    ] {
        let folder = tapes();
        let mut all = plan(&folder, more);
        assert_eq!(rest(&folder), all, "{more:?}");
        all.reverse();
        all.rotate_left(1);
        for id in &all {
            assert_eq!(folder.ok(&[&shard(id)[..], &["--json"]].concat()).json()["new"], true);
            assert_eq!(folder.ok(&[&shard(id)[..], &["--json"]].concat()).json()["new"], false, "it is done");
        }
        assert!(rest(&folder).is_empty());
        let merged = folder.ok(&[&MERGE[..], &["--json"]].concat()).json();
        assert_same(&folder);
        let single = folder.ok(&["replay", "tapes/t1.jsonl", "--out", "again", "--json"]).json();
        let of_t1 = merged.as_array().unwrap().iter().find(|tape| tape["tape"] == "t1.jsonl").unwrap();
        for key in
            ["sha256", "sample_count", "channel_count", "episode_count", "episodes_fingerprint", "episodes_csv_sha256"]
        {
            assert_eq!(of_t1[key], single[0][key], "{more:?} {key}");
        }
    }
}

#[test]
fn a_plan_is_the_same_for_the_same_inputs_and_another_for_others() {
    let folder = tapes();
    plan(&folder, &["--shards", "3"]);
    let text = folder.read("plan.json");
    plan(&folder, &["--shards", "3"]);
    assert_eq!(folder.read("plan.json"), text);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["contract"], 2);
    assert_eq!(json["build"].as_str().unwrap().len(), 64);
    let sizes: Vec<u64> =
        json["shards"].as_array().unwrap().iter().map(|shard| shard["bytes"].as_u64().unwrap()).collect();
    assert!(sizes.len() == 3 && sizes.iter().max().unwrap() < &(2 * sizes.iter().min().unwrap()), "{sizes:?}");
    folder.ok(&["generate", "perturbed", "--seed", "99", "--tape", "tapes/t1.jsonl"]);
    plan(&folder, &["--shards", "3"]);
    assert_ne!(folder.read("plan.json"), text);
}

#[test]
fn four_writers_of_one_shard_and_everything_twice_are_harmless() {
    let folder = tapes();
    let all = plan(&folder, &["--shards", "2"]);
    let mut writers = Vec::new();
    for _ in 0..4 {
        for id in &all {
            writers.push(folder.command().args(shard(id)).stdout(Stdio::null()).spawn().unwrap());
        }
    }
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    folder.ok(&MERGE);
    folder.ok(&MERGE);
    assert_same(&folder);
}

#[test]
fn each_refusal_of_a_merge_says_which_shard_and_why_and_writes_nothing() {
    let folder = tapes();
    let all = plan(&folder, &["--shards", "3"]);
    all.iter().for_each(|id| drop(folder.ok(&shard(id))));
    let (first, second) = (&all[0], &all[1]);
    let marker = format!("done/{first}.done.json");
    let table = format!("done/{second}.episodes.csv");
    let (whole_marker, whole_table) = (folder.read(&marker), folder.read(&table));
    let refuses = |why: &str| {
        let (code, message) = folder.refusal(&MERGE);
        let expected = format!(
            "the plan, of 3 shards, cannot be merged for 1 problem: {why}; `--only` names those to run again: telltape shard plan --only done --plan PLAN"
        );
        assert_eq!((code, message), (14, expected));
        assert!(!folder.join("merged").exists());
    };
    std::fs::remove_file(folder.join(&marker)).unwrap();
    refuses(&format!("{first}: missing, there is no `{first}.done.json`"));
    assert_eq!(rest(&folder), std::slice::from_ref(first));
    folder.write(&marker, &whole_marker[..20]);
    refuses(&format!("{first}: its marker cannot be read"));
    folder.write(&marker, whole_marker.replace(&whole_marker[24..40], &"0".repeat(16)));
    let stale = folder.refusal(&MERGE).1;
    assert!(stale.contains("stale, its marker is of the plan") || stale.contains("cannot be read"), "{stale}");
    let (units, rest) = whole_marker.split_once("\"units\":[").unwrap();
    folder.write(&marker, format!("{units}\"units\":[{}", &rest[rest.find(']').unwrap()..]));
    let counts = folder.refusal(&MERGE).1;
    assert!(counts.contains(&format!("{first}: its marker counts 0 units, the plan ")), "{counts}");
    folder.write(&marker, whole_marker.replace(".episodes.csv", ".other.csv"));
    refuses(&format!("{first}: its marker says nothing of `{first}.episodes.csv`"));
    folder.write(&marker, &whole_marker);
    folder.write(&table, whole_table.replacen('1', "2", 1));
    refuses(&format!("{second}: changed, `{second}.episodes.csv` is not what was written"));
    std::fs::remove_file(folder.join(&table)).unwrap();
    refuses(&format!("{second}: changed, `{second}.episodes.csv` is gone"));
    // It is made again, because it gives the same.
    folder.ok(&shard(second));
    assert_eq!(folder.read(&table), whole_table);
    folder.write("done/0009-ffffffff.done.json", "{}");
    refuses("0009-ffffffff: foreign, the plan has no such shard");
    std::fs::remove_file(folder.join("done/0009-ffffffff.done.json")).unwrap();
    folder.ok(&MERGE);
    assert_same(&folder);
}

#[test]
fn wrong_shards_end_with_the_code_that_says_whether_to_retry() {
    let folder = tapes();
    let all = plan(&folder, &["--shards", "2"]);
    let id = &all[0];
    let refused = |code: i32, contains: &str| {
        let (found, message) = folder.refusal(&shard(id));
        assert!(found == code && message.contains(contains), "{found} {message}");
    };
    // An output folder that cannot be written: later, perhaps.
    folder.write("done", "a file");
    refused(75, "cannot write `done`");
    std::fs::remove_file(folder.join("done")).unwrap();
    // An input that is another one, or gone: never.
    let tape = folder.read("tapes/deep/n.jsonl");
    folder.write("tapes/deep/n.jsonl", tape.replacen('1', "2", 1));
    refused(12, "has changed since it was sealed");
    folder.ok(&["generate", "null", "--kind", "bursty", "--seed", "2", "--tape", "tapes/deep/n.jsonl"]);
    refused(12, "the plan was made for other inputs");
    std::fs::remove_file(folder.join("tapes/deep/n.jsonl")).unwrap();
    refused(12, "cannot read `tapes/deep/n.jsonl`");
    folder.ok(&["generate", "null", "--kind", "bursty", "--seed", "1", "--tape", "tapes/deep/n.jsonl"]);
    folder.ok(&shard(id));
    // A marker that says that other bytes came out, beside an output that is gone.
    let marker = format!("done/{id}.done.json");
    let text = folder.read(&marker);
    let at = text.find(".episodes.csv\":\"").unwrap() + 16;
    folder.write(&marker, format!("{}{}{}", &text[..at], "0".repeat(64), &text[at + 64..]));
    let before = folder.read(&marker);
    refused(15, "has given other bytes before");
    assert_eq!(folder.read(&marker), before, "nothing is overwritten");
    // A plan that was edited, or is of another program.
    let plan = folder.read("plan.json");
    for (from, to, contains) in [
        ("\"bytes\":", "\"bytes\":1", "it has been changed since it was made"),
        ("\"contract\":2", "\"contract\":3", "it is of contract 3, this program knows 2"),
        ("\"contract\":2,", "\"contract\":1,\"x\":0,", "it is of contract 1, this program knows 2"),
        ("\"program\":\"", "\"program\":\"9.", "all shards need one build"),
        ("\"build\":\"", "\"build\":\"0", "all shards need one build"),
        ("{", "", "not a plan"),
    ] {
        folder.write("plan.json", plan.replacen(from, to, 1));
        refused(12, contains);
    }
    folder.write("plan.json", &plan);
    let (code, message) = folder.refusal(&shard("0007-nosuch"));
    assert_eq!((code, message), (2, format!("the plan has no shard `0007-nosuch`; it has 2, from `{id}` on")));
}

#[test]
fn experiments_in_shards_give_the_files_and_the_verdicts_of_a_run() {
    // What is recognised in a trace, and which rows are rejected, is said of a merge as of a run.
    let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'job'\n[convert]\nlenient = true\n";
    let evaluated = format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 2 }}\n");
    let folder = Folder::project(&[("p", &evaluated), ("q", &PERTURBED.replace("42", "7")), ("t", trace)]);
    folder.write("t.csv", "query,run,time_s\na,0,1\na,1,5\na,2,-1\n");
    folder.run(&["run", "--no-cache"]);
    folder.ok(&["accept", "p", "t"]);
    let run = folder.run(&["run", "--no-cache", "--json"]);
    let planned =
        folder.ok(&["shard", "plan", "--experiments", "--shards", "2", "--plan", "plan.json", "--json"]).json();
    for id in ids(&planned) {
        folder.ok(&["shard", "run", "--plan", "plan.json", "--id", &id, "--out", "done"]);
    }
    let merged = folder.run(&["shard", "merge", "--plan", "plan.json", "--in", "done", "--out", "merged", "--json"]);
    assert_eq!((merged.code, merged.json()), (run.code, run.json()));
    let of_t = merged.json().as_array().unwrap().iter().find(|report| report["name"] == "t").unwrap().clone();
    assert_eq!(of_t["notes"].as_array().map(Vec::len), Some(2), "{of_t}");
    for name in folder.files().into_iter().filter_map(|name| name.strip_prefix("out/").map(str::to_owned)) {
        if !name.ends_with(".stages.toml") {
            assert_eq!(folder.read(&format!("merged/{name}")), folder.read(&format!("out/{name}")), "{name}");
        }
    }
    // Another input than the plan's.
    folder.write("t.csv", "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\na,0,1,9,1,p\n");
    std::fs::remove_dir_all(folder.join("done")).unwrap();
    let codes: Vec<i32> = ids(&planned)
        .iter()
        .map(|id| folder.run(&["shard", "run", "--plan", "plan.json", "--id", id, "--out", "done"]).code)
        .collect();
    assert!(codes.contains(&12), "{codes:?}");
}

/// A plan of the experiments, and all its shards run into `done`.
fn planned(folder: &Folder) -> Vec<String> {
    let all = ids(&folder.ok(&["shard", "plan", "--experiments", "--plan", "plan.json", "--json"]).json());
    for id in &all {
        folder.ok(&["shard", "run", "--plan", "plan.json", "--id", id, "--out", "done"]);
    }
    all
}

const MERGE_RESULTS: [&str; 7] = ["shard", "merge", "--plan", "plan.json", "--in", "done", "--json"];

#[test]
fn a_merge_judges_what_it_has_merged_and_not_what_lies_there() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    // The same tables, another digest: only the result itself shows it.
    folder.write("experiments/p.toml", PERTURBED.replace("seed = 42", "seed = 42\nmath = 'system'"));
    planned(&folder);
    let fresh = folder.run(&[&MERGE_RESULTS[..], &["--out", "fresh"]].concat());
    assert_eq!((fresh.code, fresh.json()[0]["verdict"].as_str()), (10, Some("differs")));
    // Whoever copies accepted results to where outputs go finds no `same` there.
    for name in ["expected.toml", "episodes.csv"] {
        folder.write(&format!("copied/p/{name}"), folder.read(&format!("results/p/{name}")));
    }
    let copied = folder.run(&[&MERGE_RESULTS[..], &["--out", "copied"]].concat());
    assert_eq!((copied.code, copied.json()), (10, fresh.json()));
}

#[test]
fn a_plan_of_other_experiments_than_there_are_now_is_stale() {
    let evaluated = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\ntime_col = 't'\nvalue_col = 'v'\n\
                     [replay]\ngrammar_file = 'g.json'\n[evaluate]\nwindows = 'w.csv'\n";
    let folder = Folder::project(&[("p", PERTURBED), ("t", evaluated)]);
    folder.write("t.csv", "t,v\n0,1\n1,2\n2,1\n3,2\n");
    folder.write("g.json", serde_json::to_string(&telltape::motif::Grammar::default()).unwrap());
    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,generic,2,4\n");
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    planned(&folder);
    let merged = |out: &str| folder.run(&[&MERGE_RESULTS[..], &["--out", out]].concat());
    assert_eq!(merged("first").code, 0);
    // What decides nothing, and what is not here, is no change.
    folder.write("experiments/p.toml", format!("# why\n{PERTURBED}\n"));
    for away in ["t.csv", "w.csv"] {
        let text = folder.read(away);
        std::fs::remove_file(folder.join(away)).unwrap();
        assert_eq!(merged("first").code, 0, "{away}");
        folder.write(away, text);
    }
    for (file, from, to, why) in [
        ("experiments/p.toml", "42", "43", "p: `experiments/p.toml` has changed"),
        ("experiments/t.toml", "lenient", "", "t: `experiments/t.toml` is gone"),
        ("g.json", ":0.", ":0.0", "t: a grammar, windows or recordings that it names have changed"),
        ("g.json", ":", "", "t: a grammar, windows or recordings that it names have changed"),
        ("w.csv", "2,4", "3,4", "t: a grammar, windows or recordings that it names have changed"),
        ("t.csv", "3,2", "3,1", "t: its input has changed"),
    ] {
        let text = folder.read(file);
        match to {
            "" => std::fs::remove_file(folder.join(file)).unwrap(),
            to => folder.write(file, text.replacen(from, to, 1)),
        }
        let (code, message) = merged("second").refusal();
        assert_eq!(code, 14, "{message}");
        let expected =
            format!("the plan is stale: {why}; make it again with `telltape shard plan`, and run its shards");
        assert_eq!(message, expected);
        assert!(!folder.join("second").exists(), "nothing is written");
        folder.write(file, text);
    }
    assert_eq!(merged("second").code, 0);
}

/// A program of this version that is another build: a byte more.
fn other_build(folder: &Folder) -> PathBuf {
    let path = folder.join("other");
    std::fs::copy(env!("CARGO_BIN_EXE_telltape"), &path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn run_by(program: &Path, folder: &Folder, arguments: &[&str]) -> Ran {
    ran(Command::new(program).current_dir(folder.path()).args(arguments).output().unwrap())
}

#[test]
fn shards_of_two_builds_of_one_version_are_not_merged() {
    let folder = tapes();
    let other = other_build(&folder);
    let all = plan(&folder, &["--shards", "2"]);
    let build = |plan: &str| {
        let json: Value = serde_json::from_str(&folder.read(plan)).unwrap();
        json["build"].as_str().unwrap()[..12].to_owned()
    };
    let ours = build("plan.json");
    folder.ok(&shard(&all[0]));
    let (code, message) = run_by(&other, &folder, &shard(&all[1])).refusal();
    assert_eq!(code, 12, "{message}");
    assert!(message.contains(&ours) && message.contains("all shards need one build"), "{message}");
    // It makes a plan of its own, and runs that into the same folder: the shards have the same names.
    let theirs: Vec<&str> =
        "shard plan --root tapes *.jsonl deep/*.jsonl --plan other.json --shards 2".split(' ').collect();
    assert_eq!(run_by(&other, &folder, &theirs).code, 0);
    let theirs = build("other.json");
    assert_ne!(ours, theirs);
    let mut arguments = shard(&all[1]).to_vec();
    arguments[3] = "other.json";
    assert_eq!(run_by(&other, &folder, &arguments).code, 0);
    let (code, message) = folder.refusal(&MERGE);
    assert_eq!(code, 14, "{message}");
    assert!(message.contains(&ours) && message.contains(&theirs), "both are named: {message}");
    assert_eq!(rest(&folder), std::slice::from_ref(&all[1]));
    // Nor does another build merge.
    folder.ok(&shard(&all[1]));
    let (code, message) = run_by(&other, &folder, &MERGE).refusal();
    assert_eq!(code, 14, "{message}");
    assert!(message.contains(&ours) && message.contains(&theirs), "both are named: {message}");
    folder.ok(&MERGE);
    assert_same(&folder);
}

#[test]
#[cfg(unix)]
fn a_shard_that_is_told_to_end_leaves_nothing_and_one_that_is_killed_is_swept() {
    let slow = format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 20000 }}\n");
    let folder = Folder::project(&[("p", &slow)]);
    let planned = folder.ok(&["shard", "plan", "--experiments", "--plan", "plan.json", "--json"]).json();
    let id = ids(&planned).remove(0);
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(folder.join("done")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    std::fs::create_dir(folder.join("tmp")).unwrap();
    let end = |signal: Signal, after: u64| {
        let before = names();
        let mut command = folder.command();
        command.env("TMPDIR", folder.join("tmp")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child =
            command.args(["shard", "run", "--plan", "plan.json", "--id", &id, "--out", "done"]).spawn().unwrap();
        while names().iter().all(|name| before.contains(name)) {
            std::thread::sleep(Duration::from_millis(1));
            assert!(child.try_wait().unwrap().is_none(), "it has ended already");
        }
        std::thread::sleep(Duration::from_millis(after));
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap()
    };
    for after in [0, 0, 1, 2, 5, 10, 20, 50] {
        assert_eq!(end(Signal::TERM, after).code(), Some(130));
        assert_eq!(names(), [""; 0], "after {after} ms");
    }
    assert_eq!(end(Signal::KILL, 30).code(), None);
    assert_eq!(names().len(), 1);
    // The next one sweeps what that left, and leaves nothing of its own.
    assert_eq!(end(Signal::TERM, 30).code(), Some(130));
    assert_eq!(names(), [""; 0]);
    assert_eq!(std::fs::read_dir(folder.join("tmp")).unwrap().count(), 0);
}
