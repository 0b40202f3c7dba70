use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::share;
use crate::support::{Folder, PERTURBED, Ran, ran};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A command that changes files, in a folder where they are there already, and are others.
struct Scenario {
    name: &'static str,
    /// Makes the folder as it was before.
    before: fn() -> Folder,
    arguments: &'static [&'static str],
    /// The exit code that it has when nothing goes wrong.
    code: i32,
}

const SCENARIOS: [Scenario; 8] = [
    Scenario { name: "run", before: run_before, arguments: &["run"], code: 11 },
    Scenario { name: "accept", before: accept_before, arguments: &["accept"], code: 0 },
    Scenario {
        name: "convert",
        before: convert_before,
        arguments: &["convert", "--dataset", "job", "new.csv", "--tape", "t.jsonl"],
        code: 0,
    },
    Scenario {
        name: "generate",
        before: tape_before,
        arguments: &["generate", "exemplar", "--dataset", "job", "--seed", "2", "--tape", "t.jsonl"],
        code: 0,
    },
    Scenario { name: "replay", before: replay_before, arguments: &["replay", "t.jsonl", "--out", "o"], code: 0 },
    Scenario {
        name: "salvage",
        before: salvage_before,
        arguments: &["salvage", "half.jsonl", "--out", "t.jsonl"],
        code: 0,
    },
    Scenario {
        name: "shard run",
        before: shard_before,
        arguments: &["shard", "run", "--plan", "plan.json", "--id", "@id", "--out", "done"],
        code: 0,
    },
    Scenario {
        name: "shard merge",
        before: merge_before,
        arguments: &["shard", "merge", "--plan", "plan.json", "--in", "done", "--out", "o"],
        code: 0,
    },
];

/// A shard whose files are there, but of another plan.
fn shard_before() -> Folder {
    let folder = replay_before();
    let plan = |seed: &str| {
        folder.ok(&["generate", "perturbed", "--seed", seed, "--tape", "t.jsonl"]);
        folder.ok(&["shard", "plan", "t.jsonl", "--shards", "1", "--plan", "plan.json"]);
    };
    plan("1");
    let text = folder.read("plan.json");
    let id = text.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    folder.ok(&["shard", "run", "--plan", "plan.json", "--id", &id, "--out", "done"]);
    // The same shard by name, and half of what it gave.
    folder.write(&format!("done/{id}.done.json"), "{}");
    folder.write(&format!("done/{id}.episodes.csv"), "unit,motif\n");
    folder.write("id", id);
    folder
}

fn merge_before() -> Folder {
    let folder = shard_before();
    let id = folder.read("id");
    folder.ok(&["shard", "run", "--plan", "plan.json", "--id", &id, "--out", "done"]);
    folder
}

fn run_before() -> Folder {
    let folder = Folder::project(&[("p", PERTURBED), ("q", &PERTURBED.replace("seed = 42", "seed = 2"))]);
    folder.run(&["run"]);
    folder.write("experiments/p.toml", PERTURBED.replace("seed = 42", "seed = 3"));
    folder
}

fn accept_before() -> Folder {
    let folder = run_before();
    folder.ok(&["accept", "q"]);
    folder.run(&["run"]);
    folder.write("results/p/gone.csv", "a table of another time\n");
    folder
}

fn job(seed: u32) -> String {
    let rows = (0..400).map(|row| {
        let (query, actual) = (row % 7, 1 + row * seed % 1000);
        format!("q{query},{},100,{actual},{}.5,p{}\n", row / 7, 10 + row * seed % 13, row * seed % 3)
    });
    "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n".to_owned() + &rows.collect::<String>()
}

fn tape_before() -> Folder {
    let folder = Folder::new();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    folder
}

fn convert_before() -> Folder {
    let folder = Folder::new();
    folder.write("new.csv", job(1));
    folder.ok(&["convert", "--dataset", "job", "new.csv", "--tape", "t.jsonl"]);
    folder.write("new.csv", job(3));
    folder
}

fn replay_before() -> Folder {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "1", "--scale", "0.6", "--tape", "t.jsonl"]);
    folder.ok(&["replay", "t.jsonl", "--out", "o"]);
    folder.ok(&["generate", "perturbed", "--seed", "2", "--tape", "t.jsonl"]);
    folder
}

fn salvage_before() -> Folder {
    let folder = tape_before();
    let text = folder.read("t.jsonl");
    folder.write("half.jsonl", &text[..text.len() / 2]);
    folder
}

pub(crate) fn snapshot(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

pub(crate) fn folder_of(files: &Files) -> Folder {
    let folder = Folder::new();
    files.iter().for_each(|(name, bytes)| folder.write(name, bytes));
    folder
}

fn is_temporary(name: &str) -> bool {
    name.ends_with(".telltape-part") || name.ends_with("/.lock")
}

/// The shim, compiled by the C compiler that the README asks for.
pub(crate) fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(compiler.status().expect("cc is there").success());
        library
    })
}

impl Scenario {
    fn command(&self, folder: &Folder) -> Command {
        let mut command = folder.command();
        // One thread: the changes have the same numbers every time.
        let argument = |argument: &&str| match argument.strip_prefix('@') {
            Some(file) => folder.read(file),
            None => (*argument).to_owned(),
        };
        command.args(self.arguments.iter().map(argument)).args(["--jobs", "1"]);
        command
    }

    fn with_fault(&self, folder: &Folder, at: u64, mode: &str) -> Ran {
        let mut command = self.command(folder);
        command.env("LD_PRELOAD", shim()).env("FAULT_ROOT", folder.path());
        ran(command.env("FAULT_AT", at.to_string()).env("FAULT_MODE", mode).output().unwrap())
    }

    /// The files before, after, and how many changes led there.
    fn changes(&self) -> (Files, Files, u64) {
        let folder = (self.before)();
        let before = snapshot(folder.path());
        let count = tempfile::NamedTempFile::new().unwrap();
        let mut command = self.command(&folder);
        command.env("LD_PRELOAD", shim()).env("FAULT_ROOT", folder.path()).env("FAULT_COUNT", count.path());
        let ended = ran(command.output().unwrap());
        assert_eq!(ended.code, self.code, "{}: {}", self.name, ended.stderr);
        let changes = std::fs::read_to_string(count.path()).unwrap().parse().unwrap();
        (before, snapshot(folder.path()), changes)
    }

    /// Each file is whole, the old one or the new one; a rerun ends well and leaves what a run without a fault leaves.
    fn check(&self, folder: &Folder, before: &Files, after: &Files, what: &str) {
        let found = snapshot(folder.path());
        for (name, bytes) in &found {
            let whole = before.get(name) == Some(bytes) || after.get(name) == Some(bytes);
            assert!(whole || is_temporary(name), "{what}: `{name}` is neither the old nor the new one");
        }
        for name in before.keys().filter(|name| after.contains_key(*name)) {
            // The digests of a run that has not ended are taken away first: they would pass for its own.
            let taken_first = name.ends_with("digests.toml") || name.ends_with(".stages.toml");
            assert!(found.contains_key(name) || taken_first, "{what}: `{name}` is lost");
        }
        let again = ran(self.command(folder).output().unwrap());
        assert_eq!(again.code, self.code, "{what}: {}", again.stderr);
        let rerun = snapshot(folder.path());
        assert!(rerun == *after, "{what}: {:?} and {:?}", rerun.keys(), after.keys());
    }
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn kills_and_failures_at_every_change_leave_the_old_or_the_new_file() {
    let (mut kills, mut failures) = (0, 0);
    let stride = (0.2 / share()).clamp(1.0, 1000.0) as u64;
    for scenario in &SCENARIOS {
        let (before, after, changes) = scenario.changes();
        assert!(changes >= 3, "{}: {changes} changes", scenario.name);
        for at in (1..=changes).step_by(stride as usize) {
            for mode in ["before", "after", "EIO", "ENOSPC"] {
                let what = format!("{} change {at} of {changes}, {mode}", scenario.name);
                let folder = folder_of(&before);
                let ended = scenario.with_fault(&folder, at, mode);
                if mode == "before" || mode == "after" {
                    kills += 1;
                    assert_eq!(ended.code, -1, "{what}: {}", ended.stderr);
                } else {
                    failures += 1;
                    assert!(!ended.stderr.contains("panicked"), "{what}: {}", ended.stderr);
                    let told = ended.stderr.contains("os error");
                    // What does not matter, such as sweeping, may fail in silence: the result is then the right one.
                    let right = ended.code == scenario.code
                        && snapshot(folder.path()).iter().filter(|(name, _)| !is_temporary(name)).eq(&after);
                    assert!(
                        right || (told && [1, 75].contains(&ended.code)),
                        "{what}: {} {}",
                        ended.code,
                        ended.stderr
                    );
                }
                scenario.check(&folder, &before, &after, &what);
            }
        }
    }
    println!("{kills} kills and {failures} failures of the disk at chosen changes");
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn kills_at_random_moments_leave_the_old_or_the_new_file() {
    let kills = (500.0 * share()).ceil() as u64;
    let mut random = fastrand::Rng::with_seed(6);
    let mut killed = 0;
    for scenario in &SCENARIOS[..4] {
        let (before, after, _) = scenario.changes();
        let whole = {
            let folder = folder_of(&before);
            let began = Instant::now();
            scenario.command(&folder).output().unwrap();
            began.elapsed()
        };
        for kill in 0..kills.div_ceil(4) {
            let folder = folder_of(&before);
            let mut child = scenario.command(&folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole.mul_f64(random.f64()));
            child.kill().unwrap();
            killed += u64::from(child.wait().unwrap().code().is_none());
            scenario.check(&folder, &before, &after, &format!("{}, random kill {kill}", scenario.name));
        }
    }
    println!("{killed} of {kills} programs were killed before they had ended");
    assert!(killed * 4 > kills, "the kills come too late");
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn a_second_run_is_refused_with_the_process_of_the_first() {
    let folder = run_before();
    folder.write("experiments/slow.toml", "title = 'slow'\n[input]\ntrace = \"pipe.csv\"\ndataset = \"job\"\n");
    let pipe = folder.join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut first = folder.command().args(["run", "slow"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Opening the other end returns once the program has opened its own.
    let writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    for command in ["run", "accept"] {
        let (code, message) = folder.refusal(&[command, "p"]);
        let process = first.id();
        let expected = format!("`out` is being written by process {process}; wait for its end, or give another place");
        assert_eq!((code, message), (1, expected));
    }
    let busy = folder.run(&["run", "p", "--json"]).json();
    assert_eq!(busy["error"]["kind"], "busy");
    folder.run(&["run", "p", "--out", "other"]);
    first.kill().unwrap();
    first.wait().unwrap();
    drop(writer);
    assert_eq!(folder.run(&["run", "p"]).code, 11, "the lock of a killed program is nobody's");
}

/// Another user's folder, and one that goes away, under a program that is not root.
#[test]
#[ignore = "make torture; a sample in make test"]
fn folders_that_cannot_be_written_or_vanish_are_named() {
    let folder = run_before();
    folder.write("file", "");
    for out in ["file", "/proc/telltape"] {
        let (code, message) = folder.refusal(&["run", "p", "--out", out]);
        assert_eq!(code, 1, "{message}");
        assert!(message.starts_with(&format!("cannot write `{out}")), "{message}");
    }
    // A thread that removes the folder again and again while it is written.
    let out = folder.join("out");
    let until = Instant::now() + Duration::from_millis(1500);
    let remover = std::thread::spawn(move || {
        while Instant::now() < until {
            let _ = std::fs::remove_dir_all(&out);
        }
    });
    while Instant::now() < until {
        let ended = folder.run(&["run"]);
        assert!([1, 11, 12].contains(&ended.code), "{} {}", ended.code, ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
    remover.join().unwrap();
    assert_eq!(folder.run(&["run"]).code, 11);
}

/// A file system of 700 KB, and one that is read-only, in a namespace of its own.
#[test]
#[ignore = "make torture"]
fn full_file_system_refuses_and_keeps_the_old_files() {
    let folder = run_before();
    let before = snapshot(folder.path());
    let script = format!(
        "mount -t tmpfs -o size=700k tmpfs out && cp -r {0}/copy/. out/ && {1} run; code=$?; cp -r out/. {0}/found/; exit $code",
        folder.path().display(),
        env!("CARGO_BIN_EXE_telltape"),
    );
    for name in ["copy", "found"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    before.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("out/")?, bytes))).for_each(|(name, bytes)| {
        folder.write(&format!("copy/{name}"), bytes);
    });
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &script]).current_dir(folder.path()).env_remove("CI");
    let ended = ran(command.output().unwrap());
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("No space left on device"), "{}", ended.stderr);
    let found = snapshot(&folder.join("found"));
    assert!(found.keys().all(|name| !is_temporary(name)), "{:?}", found.keys());
    let script = format!("mount -t tmpfs -o ro tmpfs out && exec {} run", env!("CARGO_BIN_EXE_telltape"));
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &script]).current_dir(folder.path()).env_remove("CI");
    let (code, message) = ran(command.output().unwrap()).refusal();
    assert_eq!((code, message.as_str()), (1, "cannot write `out/.lock`: Read-only file system (os error 30)"));
}
