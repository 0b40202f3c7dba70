//! What is no tape, no plan, no marker or no folder of its own is refused, and never left out or written over.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::shards::{MERGE, assert_same, ids, plan, rest, shard, tapes};
use crate::support::{Folder, PERTURBED, ran};

#[test]
#[cfg(unix)]
fn what_cannot_be_searched_is_an_error_and_not_left_out() {
    use std::os::unix::fs::symlink;
    let folder = tapes();
    let plan = ["shard", "plan", "--root", "tapes", "*/*.jsonl", "--plan", "plan.json"];
    folder.ok(&plan);
    for target in ["nowhere", "gone"] {
        symlink(target, folder.join("tapes/gone")).unwrap();
        let (code, message) = folder.refusal(&plan);
        assert!(code == 12 && message.contains("tapes/gone"), "{target}: {code} {message}");
        std::fs::remove_file(folder.join("tapes/gone")).unwrap();
    }
    for (pattern, code, contains) in [
        ("[", 2, "`[` is not a glob"),
        ("***/x", 2, "is not a glob"),
        ("nosuch/*.jsonl", 2, "matches nothing below `tapes`"),
    ] {
        let refused = folder.refusal(&["shard", "plan", "--root", "tapes", pattern, "t1.jsonl", "--plan", "plan.json"]);
        assert!(refused.0 == code && refused.1.contains(contains), "{refused:?}");
    }
    let project = Folder::project(&[("p1", PERTURBED)]);
    symlink("nowhere.toml", project.join("experiments/p2.toml")).unwrap();
    // One that was asked for is an experiment file that cannot be read; one of all is an input.
    for (expected, arguments) in
        [(12, &["run"][..]), (2, &["run", "p*"]), (2, &["plan", "p*"]), (12, &["accept"]), (2, &["explain", "p?"])]
    {
        let (code, message) = project.refusal(arguments);
        assert!(code == expected && message.contains("p2.toml"), "{arguments:?}: {code} {message}");
    }
}

#[test]
#[cfg(unix)]
fn tapes_in_a_folder_that_may_not_be_read_are_not_left_out() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tapes();
    // Root may read all: the program runs as nobody then.
    let program = folder.join("telltape");
    std::fs::copy(env!("CARGO_BIN_EXE_telltape"), &program).unwrap();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(folder.path(), 0o777);
    for closed in [0o000, 0o444, 0o111] {
        mode(&folder.join("tapes/deep"), closed);
        let mut command = Command::new(&program);
        command.current_dir(folder.path());
        command.args([
            "shard",
            "plan",
            "--root",
            "tapes",
            "t1.jsonl",
            "*/n.jsonl",
            "*/[n].jsonl",
            "--plan",
            "plan.json",
        ]);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let (code, message) = ran(command.output().unwrap()).refusal();
        assert!(code == 12 && message.contains("tapes/deep"), "{closed:o}: {code} {message}");
        mode(&folder.join("tapes/deep"), 0o755);
        assert!(!folder.join("plan.json").exists());
    }
}

#[test]
fn a_text_that_is_not_a_plan_is_refused_for_good() {
    let folder = tapes();
    folder.write("empty", "");
    for (plan, contains) in [
        ("/dev/zero", "it has more than 64 MiB"),
        ("tapes", "it is a folder"),
        ("nosuch", "cannot read `nosuch`"),
        ("empty", "not a plan"),
        ("tapes/t1.jsonl", "not a plan"),
    ] {
        let run = ["shard", "run", "--plan", plan, "--id", "x", "--root", "tapes", "--out", "done"];
        for arguments in [
            &run[..],
            &["shard", "merge", "--plan", plan, "--in", "done"],
            &["shard", "plan", "--only", "done", "--plan", plan],
        ] {
            let (code, message) = folder.refusal(arguments);
            assert!(code == 12 && message.contains(contains), "{arguments:?}: {code} {message}");
        }
    }
    assert!(!folder.join("done").exists());
}

#[test]
fn a_marker_that_does_not_name_all_that_its_shard_gives_is_not_done() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    let planned = folder.ok(&["shard", "plan", "--experiments", "--plan", "plan.json", "--json"]).json();
    let id = ids(&planned).remove(0);
    let run = ["shard", "run", "--plan", "plan.json", "--id", &id, "--out", "done"];
    folder.ok(&run);
    let marker = format!("done/{id}.done.json");
    let whole = folder.read(&marker);
    let outputs: Value = serde_json::from_str::<Value>(&whole).unwrap()["outputs"].clone();
    assert_eq!(outputs.as_object().unwrap().len(), 4, "{outputs}");
    let merge = ["shard", "merge", "--plan", "plan.json", "--in", "done", "--out", "merged"];
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut json: Value = serde_json::from_str(&whole).unwrap();
        change(&mut json["outputs"]);
        folder.write(&marker, json.to_string());
        assert_eq!(rest(&folder), std::slice::from_ref(&id));
        assert_eq!(folder.refusal(&merge).0, 14);
        assert!(!folder.join("merged").exists());
        assert_eq!(folder.ok(&[&run[..], &["--json"]].concat()).json()["new"], true);
        assert_eq!(folder.read(&marker), whole);
        assert!(rest(&folder).is_empty());
    };
    for name in outputs.as_object().unwrap().keys() {
        wrong(&|outputs| drop(outputs.as_object_mut().unwrap().remove(name)));
        // Gone, whatever the marker says.
        std::fs::remove_file(folder.join(&format!("done/{name}"))).unwrap();
        wrong(&|_| {});
    }
    // What would become an expected result that the merge is compared with.
    let surplus = format!("{id}.0.expected.toml");
    std::fs::copy(folder.join(&format!("done/{id}.0.digests.toml")), folder.join(&format!("done/{surplus}"))).unwrap();
    wrong(&|outputs| outputs[&surplus] = outputs[&format!("{id}.0.digests.toml")].clone());
}

#[test]
fn a_folder_that_is_being_written_is_left_alone() {
    let folder = tapes();
    for id in plan(&folder, &["--shards", "2"]) {
        folder.ok(&shard(&id));
    }
    std::fs::create_dir(folder.join("merged")).unwrap();
    let lock = std::fs::File::create(folder.join("merged/.lock")).unwrap();
    lock.lock().unwrap();
    for arguments in [
        &MERGE[..],
        &["replay", "tapes/t1.jsonl", "--out", "merged"],
        &["detect", "--detector", "cusum", "tapes/t1.jsonl", "--out", "merged"],
    ] {
        let (code, message) = folder.refusal(arguments);
        assert!(code == 1 && message.contains("`merged` is being written by process"), "{code} {message}");
    }
    assert_eq!(std::fs::read_dir(folder.join("merged")).unwrap().count(), 1);
    drop(lock);
    folder.ok(&MERGE);
    assert_same(&folder);
}
