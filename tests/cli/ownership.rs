//! What telltape may remove and overwrite: only what it has written, whatever a file is called.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Folder, PERTURBED};

fn accepted() -> Folder {
    let folder = Folder::project(&[("p", PERTURBED)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    folder
}

/// A recording of no polls, as far as anybody looks at it.
const RECORDING: &str = "{\"recording\":1,\"id\":\"a\",\"part\":1}\n";

#[test]
fn what_is_not_the_like_of_an_output_is_not_overwritten() {
    let folder = accepted();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    let manifest = folder.read("t.jsonl.hash");
    folder.write("job.csv", "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\nq,0,1,1,2.5,p\n");
    folder.write("notes.txt", "mine\n");
    folder.write("run.jsonl", RECORDING);
    folder.write("run.2.jsonl.gz", RECORDING);
    folder.write("foreign.jsonl.hash", "0123  foreign.jsonl\n");
    folder.write("windows.csv", "motif,channel,t_start,t_end\ncache_collapse,a,1,5\n");
    folder.write("table.csv", "a,b\n1,2\n");
    folder.write("out/t/episodes.csv", "motif,channel,t_start,t_end\ncache_collapse,a,1,5\n");
    folder.write("schemas/run.json", "{\"mine\": 1}\n");
    folder.write("man/telltape.1", "mine\n");
    folder.write("page/report.html", "<!doctype html>\n<title>mine</title>\n");
    folder.write("page/figures/digests.toml", "mine = 1\n");
    fs::create_dir(folder.join("folder.jsonl")).unwrap();
    symlink("folder.jsonl", folder.join("link.jsonl")).unwrap();
    let before: Vec<(String, Vec<u8>)> =
        folder.files().into_iter().map(|name| (name.clone(), fs::read(folder.join(&name)).unwrap())).collect();
    let generate = "generate exemplar --dataset job --seed 1 --tape";
    let cases = [
        (format!("{generate} t.jsonl.hash"), "`t.jsonl.hash` is a name of manifests"),
        (format!("{generate} new.part"), "`new.part` is a name of manifests"),
        (format!("{generate} notes.txt"), "`notes.txt` is there and is not what is to be written"),
        (format!("{generate} job.csv"), "`job.csv` is there"),
        (format!("{generate} run.jsonl"), "`run.jsonl` is a recording"),
        (format!("{generate} run.2.jsonl.gz"), "`run.2.jsonl.gz` is a recording"),
        (format!("{generate} foreign.jsonl"), "`foreign.jsonl.hash` is there"),
        (format!("{generate} folder.jsonl"), "`folder.jsonl` is a directory"),
        (format!("{generate} link.jsonl"), "`link.jsonl` is a directory"),
        (format!("{generate} /dev/null"), "`/dev/null` is there and is not a regular file"),
        ("convert --dataset job job.csv --tape t.jsonl.hash".to_owned(), "`t.jsonl.hash` is a name of manifests"),
        ("convert --dataset job job.csv --tape windows.csv".to_owned(), "`windows.csv` is there"),
        (
            "convert --dataset job job.csv --tape job.csv".to_owned(),
            "the tape or its manifest would overwrite the trace",
        ),
        ("export t.jsonl --table windows.csv".to_owned(), "`windows.csv` is there"),
        ("export t.jsonl --table table.csv".to_owned(), "`table.csv` is there"),
        ("replay t.jsonl".to_owned(), "`out/t/episodes.csv` is there"),
        ("schema schemas".to_owned(), "`schemas/run.json` is there"),
        ("man man".to_owned(), "`man/telltape.1` is there"),
        ("report --out page".to_owned(), "there"),
        ("run --junit experiments/p.toml".to_owned(), "`experiments/p.toml` is there"),
        ("shard plan t.jsonl --plan table.csv".to_owned(), "`table.csv` is there"),
    ];
    for (arguments, message) in &cases {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        if arguments[0] == "report" {
            folder.ok(&["run", "--out", "page"]);
        }
        let ran = folder.run(&arguments);
        assert!(ran.stderr.contains(message), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        for (name, bytes) in &before {
            assert!(fs::read(folder.join(name)).unwrap() == *bytes, "{arguments:?}: {name}");
        }
    }
    // What is ours is replaced as ever; an empty file, too.
    folder.write("empty.jsonl", "");
    for tape in ["t.jsonl", "empty.jsonl"] {
        folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", tape]);
        let named = manifest.replace("\"tape\": \"t.jsonl\"", &format!("\"tape\": \"{tape}\""));
        assert_eq!(folder.read(&format!("{tape}.hash")), named);
    }
    for engine in ["reference", "excursion", "reference"] {
        folder.ok(&["replay", "t.jsonl", "--engine", engine, "--out", "engines"]);
    }
    folder.ok(&["export", "t.jsonl", "--table", "new.csv"]);
    folder.ok(&["export", "t.jsonl", "--table", "new.csv"]);
    for fresh in ["fresh/schemas", "fresh/schemas"] {
        folder.ok(&["schema", fresh]);
        folder.ok(&["man", "fresh/man"]);
        folder.ok(&["run", "--junit", "fresh/junit.xml"]);
        folder.ok(&["report"]);
    }
}

#[test]
fn a_link_in_the_place_of_an_output_is_replaced_and_not_followed() {
    let folder = Folder::new();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "a.jsonl"]);
    let before = folder.read("a.jsonl");
    symlink("a.jsonl", folder.join("b.jsonl")).unwrap();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "2", "--tape", "b.jsonl"]);
    assert_eq!(folder.read("a.jsonl"), before);
    folder.ok(&["verify", "a.jsonl", "b.jsonl"]);
}

#[test]
fn what_is_salvaged_does_not_overwrite_what_it_is_salvaged_from() {
    let folder = Folder::new();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    let text = folder.read("t.jsonl") + "{\"t\":";
    folder.write("half.jsonl", &text);
    for out in ["half.jsonl", "./half.jsonl"] {
        let (code, message) = folder.refusal(&["salvage", "half.jsonl", "--out", out]);
        assert_eq!(code, 12);
        assert!(message.contains("would overwrite it; give another --out"), "{message}");
    }
    assert_eq!(folder.read("half.jsonl"), text);
    folder.ok(&["salvage", "half.jsonl", "--out", "whole.jsonl"]);
}

#[test]
fn accept_and_run_name_what_no_result_lists_and_keep_it() {
    let folder = accepted();
    folder.ok(&["run"]);
    folder.write("results/p/notes.md", "mine");
    folder.write("results/p/expected.toml.minisig", "a signature of what is listed");
    let ran = folder.ok(&["run"]);
    assert!(ran.stderr.contains("`results/p/notes.md` is listed by no expected result"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("minisig"), "{}", ran.stderr);
    folder.write("results/p/extra.CSV", "1,2\n");
    let ran = folder.run(&["run"]);
    assert_eq!(ran.code, 11);
    assert!(
        ran.stderr.contains("error: `results/p/extra.CSV` is a table that no expected result lists"),
        "{}",
        ran.stderr
    );
    let accepted = folder.ok(&["accept", "--json"]);
    let json = accepted.json();
    let foreign: Vec<&str> = json[0]["foreign"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(foreign, ["results/p/extra.CSV", "results/p/notes.md"]);
    for (name, text) in [("notes.md", "mine"), ("extra.CSV", "1,2\n")] {
        assert_eq!(folder.read(&format!("results/p/{name}")), text);
        assert!(accepted.stderr.contains(name), "{}", accepted.stderr);
    }
}

#[test]
fn accept_removes_the_tables_of_the_result_before_and_nothing_else() {
    let evaluated = format!("{PERTURBED}[evaluate]\ndetectors = ['never']\n");
    let folder = Folder::project(&[("p", &evaluated)]);
    let first = folder.run(&["run"]);
    assert_eq!(first.code, 11, "{}{}", first.stdout, first.stderr);
    folder.ok(&["accept"]);
    let tables = |folder: &Folder| -> Vec<String> {
        folder.files().into_iter().filter(|name| name.starts_with("results/") && name.ends_with(".csv")).collect()
    };
    let with = tables(&folder);
    assert!(with.len() > 1, "{with:?}");
    let changed = with.iter().find(|name| !name.ends_with("episodes.csv")).unwrap().clone();
    folder.write("experiments/p.toml", PERTURBED);
    // A table that somebody has changed is not what was written.
    let text = folder.read(&changed);
    folder.write(&changed, text.clone() + "mine\n");
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    let mut left = [changed.clone(), "results/p/episodes.csv".to_owned()];
    left.sort();
    assert_eq!(tables(&folder), left);
    assert_eq!(folder.read(&changed), text + "mine\n");
}

#[test]
fn accept_does_not_write_through_a_link_to_elsewhere() {
    let folder = accepted();
    fs::rename(folder.join("results/p"), folder.join("elsewhere")).unwrap();
    folder.write("elsewhere/extra.csv", "1,2\n");
    symlink("../elsewhere", folder.join("results/p")).unwrap();
    let before = folder.read("elsewhere/expected.toml");
    folder.write("experiments/p.toml", PERTURBED.replace("42", "43"));
    folder.run(&["run"]);
    let (code, message) = folder.refusal(&["accept"]);
    assert_eq!(code, 2);
    assert!(message.contains("`results/p` is a link"), "{message}");
    assert_eq!(folder.read("elsewhere/expected.toml"), before);
    assert_eq!(folder.read("elsewhere/extra.csv"), "1,2\n");
}

#[test]
fn gc_removes_what_a_result_lists_and_names_the_rest() {
    let folder = Folder::project(&[("p", PERTURBED), ("q", PERTURBED), ("r", PERTURBED), ("s", PERTURBED)]);
    folder.run(&["run"]);
    folder.write("out/q/mine.txt", "mine");
    folder.write("out/q/deep/mine.csv", "mine");
    folder.write("out/r/episodes.csv", "changed since");
    // Folders of somebody's own, with files of these names.
    folder.write("out/own/digests.toml", "mine = 1\n");
    folder.write("out/own/photos.txt", "mine");
    folder.write("elsewhere/victim.txt", "mine");
    symlink("../elsewhere", folder.join("out/link")).unwrap();
    fs::rename(folder.join("out/s"), folder.join("moved")).unwrap();
    symlink("../moved", folder.join("out/s")).unwrap();
    for name in ["q", "r", "s"] {
        fs::remove_file(folder.join(&format!("experiments/{name}.toml"))).unwrap();
    }
    let moved = folder.files().into_iter().filter(|name| name.starts_with("moved/")).count();
    let collected = folder.ok(&["cache", "gc", "--json"]).json();
    let names = |key: &str| -> Vec<String> {
        collected[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("removed"), Vec::<String>::new());
    assert_eq!(names("kept"), ["out/q/deep", "out/q/mine.txt", "out/r/episodes.csv", "out/s"]);
    for kept in
        ["out/q/mine.txt", "out/q/deep/mine.csv", "out/own/digests.toml", "out/own/photos.txt", "elsewhere/victim.txt"]
    {
        assert!(folder.read(kept).contains("mine"), "{kept}");
    }
    assert_eq!(folder.read("out/r/episodes.csv"), "changed since");
    assert_eq!(folder.files().into_iter().filter(|name| name.starts_with("moved/")).count(), moved);
    assert!(!folder.join("out/q/tape.jsonl").exists() && !folder.join("out/r/digests.toml").exists());
    assert!(folder.join("out/p/tape.jsonl").exists());
}

#[test]
fn a_result_or_lock_of_somebody_elses_in_the_folder_of_outputs_stops_a_run() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.write("out/p/digests.toml", "mine = 1\n");
    let (code, message) = folder.refusal(&["run"]);
    assert_eq!(code, 2);
    assert!(message.contains("`out/p/digests.toml` is there and telltape has not written it"), "{message}");
    assert_eq!(folder.read("out/p/digests.toml"), "mine = 1\n");
    fs::remove_file(folder.join("out/p/digests.toml")).unwrap();
    folder.write("out/.lock", "mine\n");
    let (code, message) = folder.refusal(&["run"]);
    assert_eq!(code, 2);
    assert!(message.contains("`out/.lock` is there and is not a lock of telltape"), "{message}");
    assert_eq!(folder.read("out/.lock"), "mine\n");
    fs::remove_file(folder.join("out/.lock")).unwrap();
    folder.write("victim", "7");
    symlink("../victim", folder.join("out/.lock")).unwrap();
    assert_ne!(folder.run(&["run"]).code, 11);
    assert_eq!(folder.read("victim"), "7");
}

#[test]
fn a_tape_does_not_take_the_manifest_of_a_recording() {
    let folder = Folder::new();
    let live = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live");
    fs::copy(live.join("pg17-table-lock.jsonl.gz"), folder.join("m.jsonl.gz")).unwrap();
    fs::copy(live.join("pg17-table-lock.jsonl.hash"), folder.join("m.jsonl.hash")).unwrap();
    let before = folder.read("m.jsonl.hash");
    for arguments in [
        &["convert", "--dataset", "postgres", "--tape", "m.jsonl", "m.jsonl.gz"][..],
        &["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "m.jsonl"],
    ] {
        let (code, message) = folder.refusal(arguments);
        assert_eq!(code, 2, "{arguments:?}: {message}");
        assert!(message.contains("`m.jsonl.hash` is the manifest of a recording"), "{message}");
        assert_eq!(folder.read("m.jsonl.hash"), before);
        assert!(!folder.join("m.jsonl").exists());
    }
    folder.ok(&["verify", "m.jsonl.gz"]);
    // Nor does another recording, while it is there, compressed or not.
    let mut text = Vec::new();
    let mut packed = flate2::read::GzDecoder::new(fs::File::open(folder.join("m.jsonl.gz")).unwrap());
    std::io::Read::read_to_end(&mut packed, &mut text).unwrap();
    folder.write("r.jsonl.part", text);
    for out in ["m.jsonl", "m.jsonl.gz"] {
        let (code, message) = folder.refusal(&["salvage", "r.jsonl.part", "--out", out]);
        assert!(code == 2 && message.contains("no recording is ever overwritten"), "{code} {message}");
    }
    assert_eq!(folder.read("m.jsonl.hash"), before);
}

#[test]
fn accept_says_which_signature_is_of_the_result_before() {
    let folder = accepted();
    let signature = "results/p/expected.toml.minisig";
    folder.write(signature, "a signature");
    let said =
        |folder: &Folder| folder.ok(&["accept"]).stderr.contains(&format!("`{signature}` is of the result before"));
    assert!(!said(&folder), "nothing has changed");
    folder.write("experiments/p.toml", PERTURBED.replace("42", "43"));
    assert_eq!(folder.run(&["run"]).code, 10);
    assert!(said(&folder));
    assert_eq!(folder.read(signature), "a signature");
}
