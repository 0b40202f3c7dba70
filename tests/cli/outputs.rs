//! Outputs that cannot be written: nothing half there, the old file kept, one clear error.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, PERTURBED, ran};

#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.write("file", "");
    let (code, message) = folder.refusal(&["run", "p", "--out", "file"]);
    assert_eq!((code, message.as_str()), (1, "cannot write `file`: File exists (os error 17)"));
    // Not writable even for root.
    let (code, message) = folder.refusal(&["generate", "perturbed", "--seed", "1", "--tape", "/proc/telltape/a.jsonl"]);
    assert_eq!(code, 1);
    assert!(message.starts_with("cannot write `/proc/telltape`"), "{message}");
}

#[test]
fn a_folder_where_the_tape_should_stand_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir(folder.join("a.jsonl")).unwrap();
    let (code, message) = folder.refusal(&["generate", "perturbed", "--seed", "1", "--tape", "a.jsonl"]);
    assert_eq!((code, message.as_str()), (2, "`a.jsonl` is a directory; give the path of a file"));
}

/// The trace is a pipe that nobody writes to, so the program is surely in the middle when it is told to stop.
#[test]
fn an_interrupted_program_ends_with_130_and_leaves_nothing() {
    // Batch systems end what has run for too long by other ones than a terminal does.
    let of_terminals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
    let of_systems = [Signal::XCPU, Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF];
    for signal in of_terminals.into_iter().chain(of_systems) {
        let folder = Folder::new();
        let pipe = folder.join("pipe.csv");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let arguments = ["convert", "--dataset", "job", "pipe.csv", "--tape", "t.jsonl"];
        let mut child = folder.command().args(arguments).stderr(Stdio::null()).spawn().unwrap();
        // Opening the other end returns once the program has opened its own.
        let writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal:?}");
        drop(writer);
        assert_eq!(folder.files(), ["pipe.csv"]);
    }
}

/// A limit on the size of files stands in for a full disk: the write fails half-way, for root as well.
#[test]
fn a_full_disk_leaves_the_old_tape_whole() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "a.jsonl"]);
    let before = folder.read("a.jsonl");
    let limited = |arguments: &str| {
        let script = format!("ulimit -f 64; exec \"$0\" {arguments}");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_telltape")]).current_dir(folder.path()).env_remove("CI");
        ran(command.output().unwrap()).refusal()
    };
    let (code, message) = limited("generate perturbed --seed 1 --tape a.jsonl");
    assert_eq!((code, message.as_str()), (1, "cannot write `a.jsonl`: File too large (os error 27)"));
    assert_eq!(folder.read("a.jsonl"), before);
    folder.ok(&["verify", "a.jsonl"]);
    let (code, message) = limited("run p");
    assert_eq!((code, message.as_str()), (1, "p: cannot write `out/p/tape.jsonl`: File too large (os error 27)"));
    let left: Vec<String> =
        folder.files().into_iter().filter(|file| file.contains(".part") || file.starts_with("out")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// `--out` in every guise of the folder of accepted results.
#[cfg(unix)]
#[test]
fn outputs_are_never_written_over_accepted_results() {
    use std::os::unix::fs::symlink;
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    folder.ok(&["generate", "perturbed", "--seed", "1", "--tape", "t.jsonl"]);
    folder.ok(&["shard", "plan", "--experiments", "--shards", "1", "--plan", "p.json"]);
    let plan: serde_json::Value = serde_json::from_str(&folder.read("p.json")).unwrap();
    let id = plan["shards"][0]["id"].as_str().unwrap();
    folder.ok(&["shard", "run", "--plan", "p.json", "--id", id, "--out", "done"]);
    symlink("results", folder.join("link")).unwrap();
    symlink("link/new", folder.join("dangling")).unwrap();
    std::fs::create_dir(folder.join("per")).unwrap();
    symlink("../results/p", folder.join("per/p")).unwrap();
    symlink("../results/p", folder.join("per/t")).unwrap();
    let accepted = || {
        let names = folder.files().into_iter().filter(|name| name.starts_with("results/"));
        names.map(|name| (folder.read(&name), name)).collect::<Vec<_>>()
    };
    let before = accepted();
    let absolute = folder.join("results").display().to_string();
    let commands: [&[&str]; 11] = [
        &["run", "p", "--set", "generate.seed=7"],
        &["accept", "p"],
        &["explain", "p"],
        &["report", "p"],
        &["plan", "p"],
        &["cache", "gc"],
        &["replay", "t.jsonl"],
        &["detect", "--detector", "mad", "t.jsonl"],
        &["shard", "run", "--plan", "p.json", "--id", id],
        &["shard", "merge", "--plan", "p.json", "--in", "done"],
        &["capture", "--recording", "r.jsonl", "--url", "host=127.0.0.1 port=1 user=u", "--tape", "u.jsonl"],
    ];
    for command in commands {
        for out in
            ["results", "./results/", "results/p", "results/new/deep", "out/../results", "link", "dangling", &absolute]
        {
            let (code, message) = folder.refusal(&[command, &["--out", out]].concat());
            assert_eq!(code, 2, "{command:?} {out}: {message}");
            assert!(message.contains("where the accepted results are; give another folder with --out"), "{message}");
        }
    }
    // One folder of an experiment or a tape may be the link.
    for command in [commands[0], commands[6], commands[9]] {
        let ran = folder.run(&[command, &["--out", "per"]].concat());
        assert_eq!(ran.refusal().0, 2, "{command:?}");
    }
    assert_eq!(accepted(), before);
    // Or the accepted result is one to the outputs.
    std::fs::rename(folder.join("results/p"), folder.join("elsewhere")).unwrap();
    symlink("../out/p", folder.join("results/p")).unwrap();
    assert_eq!(folder.run(&["run", "p"]).refusal().0, 2);
    std::fs::remove_file(folder.join("results/p")).unwrap();
    std::fs::rename(folder.join("elsewhere"), folder.join("results/p")).unwrap();
    folder.ok(&["run", "p", "--out", "results-of-today"]);
    assert_eq!(accepted(), before);
}

/// What was asked for and cannot be written is an error, whatever it is.
#[test]
fn a_full_stdout_is_an_error_and_a_closed_one_is_not() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    folder.run(&["run"]);
    for arguments in [
        "--help",
        "--version",
        "help run",
        "run --help",
        "plan",
        "run",
        "run --json",
        "verify t.jsonl",
        "replay t.jsonl",
        "report",
        "data list --json",
        "doctor --json",
        "cache gc",
        "completions bash",
        "schema schemas",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = folder.command().args(&arguments).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("error: cannot write to stdout: No space left on device"), "{arguments:?}: {said}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(folder.command().arg("--help").stdout(writer).status().unwrap().code(), Some(0));
}

/// Each output that has a path of its own, in every guise of the folder of accepted results.
#[cfg(unix)]
#[test]
fn no_file_is_written_below_the_accepted_results() {
    let folder = Folder::project(&[("p", PERTURBED)]);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    folder.write("job.csv", "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\nq,0,1,1,2.5,p\n");
    std::fs::write(folder.join("half.jsonl"), folder.read("t.jsonl")).unwrap();
    std::os::unix::fs::symlink("results", folder.join("link")).unwrap();
    let before = folder.files();
    let commands = [
        "generate perturbed --seed 1 --tape",
        "convert --dataset job job.csv --tape",
        "export t.jsonl --table",
        "salvage half.jsonl --out",
        "run p --junit",
        "shard plan t.jsonl --plan",
        "schema",
        "man",
        "capture --url host=127.0.0.1 --recording",
        "capture --url host=127.0.0.1 --recording r.jsonl --tape",
    ];
    for command in commands {
        for path in ["results/p/new", "results/new/deep", "./results/../link/new", "link/new"] {
            let arguments: Vec<&str> = command.split(' ').chain([path]).collect();
            let (code, message) = folder.refusal(&arguments);
            assert_eq!(code, 2, "{arguments:?}: {message}");
            assert!(message.contains("where the accepted results are; give another path"), "{arguments:?}: {message}");
            assert_eq!(folder.files(), before, "{arguments:?}");
        }
    }
    folder.ok(&["export", "t.jsonl", "--table", "results-of-today/t.csv"]);
}
