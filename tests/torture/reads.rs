//! Every file that a run reads, found by tracing the run, is one that the cache knows of: changed, it gives the verdict of
//! `--no-cache`; put back, it gives the old one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use telltape::store::file_digest;

use crate::crash::{Files, folder_of, shim, snapshot};
use crate::support::{Folder, Ran, ran};

const EXPERIMENTS: [(&str, &str); 5] = [
    (
        "traced",
        "title = 't'\n[input]\ntrace = 'a trace.csv'\ndataset = 'generic'\n[convert]\ntime_col = 't'\nvalue_col = 'v'\n\
         [replay]\ngrammar_file = 'g.json'\n[evaluate]\nwindows = 'w.csv'\n",
    ),
    ("catalogued", "title = 't'\n[input]\ndata = 'job'\n[evaluate]\ndetectors = ['threshold']\n"),
    (
        "recorded",
        "title = 't'\n[input]\ntrace = 'live/r.jsonl'\ndataset = 'postgres'\n[evaluate]\nwindows = 'live/w.csv'\n",
    ),
    (
        "chosen",
        "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 31\n[replay]\nengine = 'excursion'\n\
         [evaluate]\nseeds = { first = 31, count = 1 }\n[evaluate.choice]\ntau_seconds = [9, 12]\ndrift = [1.25]\nclip = [2]\n\
         scales = [0.5]\nnoise_seeds = { first = 31, count = 1 }\n\
         recordings = [{ trace = 'live/r.jsonl', windows = 'live/w.csv' }]\n",
    ),
    ("generated", "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 42\n"),
];

/// Files that the trace of each experiment must have seen; without them the tracing does not work.
const SEEN: [(&str, &[&str]); 5] = [
    ("traced", &["a trace.csv", "g.json", "w.csv", "out/traced/tape.jsonl", "results/traced/scores.csv"]),
    ("catalogued", &["data/datasets.toml", "data/job/queries.csv", "experiments/catalogued.toml"]),
    ("recorded", &["live/r.jsonl", "live/r.jsonl.hash", "live/r.2.jsonl", "live/r.2.jsonl.hash", "live/w.csv"]),
    ("chosen", &["live/r.jsonl", "live/r.jsonl.hash", "live/r.2.jsonl", "live/r.2.jsonl.hash", "live/w.csv"]),
    ("generated", &["out/generated/.stages.toml", "results/generated/expected.toml", "results/generated/episodes.csv"]),
];

/// The program in a folder of its own, started by itself or by the dynamic loader.
struct Program {
    file: PathBuf,
    loader: Option<PathBuf>,
}

impl Program {
    fn command(&self, folder: &Folder) -> Command {
        let mut command = match &self.loader {
            Some(loader) => {
                let mut command = Command::new(loader);
                command.arg(&self.file);
                command
            }
            None => Command::new(&self.file),
        };
        command.current_dir(folder.path()).env_remove("CI");
        command
    }

    fn run(&self, folder: &Folder, name: &str, more: &[&str]) -> Ran {
        ran(self.command(folder).args(["run", name, "--json"]).args(more).output().unwrap())
    }

    /// What a run says, but for the stages that it skipped.
    fn says(&self, folder: &Folder, name: &str, more: &[&str]) -> (i32, Value) {
        let ran = self.run(folder, name, more);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
        let report = &json[0];
        // Where the input is wrong, a run that can skip stages finds it by its digest, the other one by its text.
        (ran.code, json!([report["verdict"], report["stages"], report["counts"]]))
    }

    /// The files that a run opens for reading below a folder, relative to it, and others by their whole path.
    fn reads(&self, folder: &Folder, name: &str, more: &[&str]) -> BTreeSet<String> {
        let list = tempfile::NamedTempFile::new().unwrap();
        let mut command = self.command(folder);
        command.args(["run", name]).args(more).env("LD_PRELOAD", shim()).env("OPENED", list.path());
        assert!(ran(command.output().unwrap()).code < 12);
        let opened = std::fs::read_to_string(list.path()).unwrap();
        let relative = |path: &str| path.strip_prefix(folder.path().to_str().unwrap()).map(|path| path[1..].to_owned());
        opened.lines().map(|path| relative(path).unwrap_or_else(|| path.to_owned())).collect()
    }
}

/// A recording in two parts, each with its manifest.
fn recording(folder: &Folder) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live");
    let packed = std::fs::File::open(root.join("pg17-row-locks.jsonl.gz")).unwrap();
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap();
    let (header, lines) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let parts = [("live/r.jsonl", &lines[..20], Some("r.2.jsonl")), ("live/r.2.jsonl", &lines[20..], None)];
    for (number, (name, lines, next)) in parts.into_iter().enumerate() {
        let mut header: Value = serde_json::from_str(header).unwrap();
        header["part"] = json!(header["part"].as_u64().unwrap() + number as u64);
        folder.write(name, format!("{header}\n{}\n", lines.join("\n")));
        let records: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |key: &str| records.iter().filter(|record| record.get(key).is_some()).count();
        let mut seal = json!({
            "sha256": file_digest(&folder.join(name)).unwrap().sha256, "recording": header["recording"],
            "polls": count("poll"), "gaps": count("gap"), "first_t": records[0]["t"],
            "last_t": records.last().unwrap()["t"], "crate_version": "0.1.0", "end": "split",
        });
        next.into_iter().for_each(|next| seal["continued_in"] = json!(next));
        folder.write(&format!("{name}.hash"), seal.to_string());
    }
    folder.write("live/w.csv", std::fs::read(root.join("pg17-row-locks.windows.csv")).unwrap());
}

/// A project of every kind of input, run and accepted, with its cache filled.
fn project(program: &Program) -> Files {
    let folder = Folder::project(&EXPERIMENTS);
    let rows: String =
        (0..300).map(|row| format!("{row},{}\n", if (100..180).contains(&row) { 9 } else { row % 2 })).collect();
    folder.write("a trace.csv", format!("t,v\n{rows}"));
    folder.write("g.json", serde_json::to_string_pretty(&telltape::motif::Grammar::default()).unwrap());
    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,generic,100,180\n");
    recording(&folder);
    let queries: String =
        (0..200).map(|row| format!("q{},{},10,{},{}.5,p\n", row % 5, row / 5, 1 + row % 7, 10 + row % 13)).collect();
    folder.write(
        "data/job/queries.csv",
        format!("query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n{queries}"),
    );
    let sha256 = file_digest(&folder.join("data/job/queries.csv")).unwrap().sha256;
    folder.write(
        "data/datasets.toml",
        format!(
            "[job]\nadapter = 'job'\ntitle = 't'\nfile = 'job/queries.csv'\nsha256 = '{sha256}'\nrows = 200\n\
             licence = 'none'\ncitation = 'none'\norigin = 'none'\n"
        ),
    );
    for (name, _) in EXPERIMENTS {
        let first = program.run(&folder, name, &[]);
        assert_eq!(first.code, 11, "{name}: {}{}", first.stdout, first.stderr);
        let accepted = ran(program.command(&folder).args(["accept", name]).output().unwrap());
        assert_eq!(accepted.code, 0, "{}", accepted.stderr);
        assert_eq!(program.says(&folder, name, &[]).1[0], "same");
    }
    snapshot(folder.path())
}

/// The file with its middle digit another one: in most texts one that can still be read.
fn flipped(bytes: &[u8]) -> Option<Vec<u8>> {
    let middle = bytes.len() / 2;
    let at = (middle..bytes.len()).chain((0..middle).rev()).find(|at| bytes[*at].is_ascii_digit())?;
    let mut bytes = bytes.to_vec();
    bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
    Some(bytes)
}

/// All changes of a file: each is a name and what the folder is made of then.
fn changes(files: &Files, name: &str) -> Vec<(&'static str, Files)> {
    let bytes = &files[name];
    let with = |changed: Vec<u8>| {
        let mut files = files.clone();
        files.insert(name.to_owned(), changed);
        files
    };
    let mut gone = files.clone();
    gone.remove(name);
    let mut changes = vec![("gone", gone), ("empty", with(Vec::new()))];
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let others = [
        ("another digit", flipped(bytes)),
        ("without its last line", Some(lines[..lines.len().saturating_sub(1)].concat())),
        ("its last line twice", Some([&lines[..], &lines[lines.len() - 1..]].concat().concat())),
    ];
    for (what, changed) in others.into_iter().filter_map(|(what, changed)| Some((what, changed?))) {
        let changed = with(changed);
        // The same with a manifest, or a catalogue, that vouches for it.
        let sha256 = |files: &Files| {
            let folder = Folder::new();
            folder.write("f", &files[name]);
            file_digest(&folder.join("f")).unwrap().sha256
        };
        let (old, new) = (sha256(files), sha256(&changed));
        let mut vouched = changed.clone();
        for other in [format!("{name}.hash"), "data/datasets.toml".to_owned()] {
            if let Some(text) = files.get(&other).and_then(|text| std::str::from_utf8(text).ok())
                && text.contains(&old)
            {
                vouched.insert(other, text.replace(&old, &new).into_bytes());
            }
        }
        if vouched != changed {
            changes.push((what, vouched));
        }
        changes.push((what, changed));
    }
    changes
}

#[test]
#[ignore = "needs a C compiler: make test-torture"]
fn whatever_a_run_reads_is_what_the_cache_goes_by() {
    let tools = Folder::new();
    let file = tools.join("telltape");
    std::fs::copy(env!("CARGO_BIN_EXE_telltape"), &file).unwrap();
    let program = Program { file, loader: None };
    let files = project(&program);
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, seen) in SEEN {
        let folder = folder_of(&files);
        let mut reads = program.reads(&folder, name, &[]);
        reads.extend(program.reads(&folder, name, &["--no-cache"]));
        assert!(reads.contains(program.file.to_str().unwrap()), "the program is read: {reads:?}");
        assert!(seen.iter().all(|file| reads.contains(*file)), "{name}: {reads:?}");
        let before = program.says(&folder_of(&files), name, &[]);
        for read in reads.iter().filter(|read| files.contains_key(*read)) {
            for (what, changed) in changes(&files, read) {
                let (cached, fresh) = (folder_of(&changed), folder_of(&changed));
                let found = program.says(&cached, name, &[]);
                assert_eq!(found, program.says(&fresh, name, &["--no-cache"]), "{name}: {read} {what}");
                *verdicts.entry(format!("{} {}", found.0, found.1[0])).or_default() += 1;
                // And back again, on what that run left in its folder of outputs.
                if !read.starts_with("out/") {
                    files
                        .iter()
                        .filter(|(file, _)| !file.starts_with("out/"))
                        .for_each(|(file, was)| cached.write(file, was));
                    assert_eq!(program.says(&cached, name, &[]), before, "{name}: {read} {what}, and back");
                }
            }
        }
    }
    println!("changes of files that runs read, by what the run said: {verdicts:?}");
    // Neither all refused nor all the same: the changes reach what is computed.
    for verdict in ["0 \"same\"", "10 \"differs\"", "12 \"failed\""] {
        assert!(verdicts.get(verdict).is_some_and(|count| *count > 10), "{verdicts:?}");
    }
}

#[test]
#[ignore = "needs a C compiler: make test-torture"]
fn another_program_is_found_however_it_is_started() {
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].map(PathBuf::from);
    let loader = loaders.into_iter().find(|path| path.is_file());
    assert!(loader.is_some(), "the dynamic loader is where glibc has it");
    for loader in [None, loader] {
        let tools = Folder::new();
        let file = tools.join("telltape");
        std::fs::copy(env!("CARGO_BIN_EXE_telltape"), &file).unwrap();
        let program = Program { file, loader };
        let files = project(&program);
        let folder = folder_of(&files);
        assert_eq!(program.run(&folder, "generated", &[]).json()[0]["cached"], json!(["convert", "replay"]));
        let mut bytes = std::fs::read(&program.file).unwrap();
        // The name of a motif, which stands in tables.
        let name = b"plan_regression_onset";
        let at: Vec<usize> =
            bytes.windows(name.len()).enumerate().filter(|(_, text)| text == name).map(|(at, _)| at).collect();
        assert!(!at.is_empty());
        at.iter().for_each(|at| bytes[at + name.len() - 1] = b'T');
        // As an installer does: another file in its place.
        std::fs::remove_file(&program.file).unwrap();
        std::fs::write(&program.file, bytes).unwrap();
        std::fs::set_permissions(&program.file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let cached = program.says(&folder, "generated", &[]);
        assert_eq!((cached.0, &cached.1[0]), (10, &json!("differs")), "{:?}", program.loader);
        assert_eq!(cached, program.says(&folder, "generated", &["--no-cache"]));
    }
}
