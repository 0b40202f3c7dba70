//! Whole processes: the reference as a program and the built `telltape`, on the same tapes and traces.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use telltape::motif::Motif;
use telltape::trace::Dataset;
use telltape_conformance::samples;

use crate::property::scratch;

/// The program under test: `TELLTAPE_BIN`, as `make test` sets it, or one that is built here.
///
/// It is built in a target folder of its own, without the oracle in the same call, so that it has exactly the features
/// that ship and does not replace a `telltape` that somebody built with others.
fn telltape() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(path) = std::env::var_os("TELLTAPE_BIN") {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "TELLTAPE_BIN: there is no `{}`", path.display());
            return path;
        }
        let profile =
            Path::new(env!("CARGO_BIN_EXE_telltape-conformance")).parent().expect("the folder of the profile");
        let target = profile.join("telltape-for-conformance");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--release", "--locked", "-p", "telltape", "--no-default-features", "--manifest-path"]);
        cargo.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).arg("--target-dir").arg(&target);
        assert!(cargo.status().expect("cargo runs").success(), "telltape does not build");
        target.join("release").join("telltape")
    })
}

/// Runs `telltape` and returns what it prints as JSON.
fn ours(arguments: &[&str]) -> Value {
    let output = Command::new(telltape()).args(arguments).args(["--json", "--quiet"]).output().expect("telltape runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// Runs the reference and returns the pairs that it prints.
fn theirs(arguments: &[&str]) -> BTreeMap<String, String> {
    let program = env!("CARGO_BIN_EXE_telltape-conformance");
    let output = Command::new(program).args(arguments).output().expect("the reference runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter_map(|line| line.split_once(" = ")).map(|(key, value)| (key.into(), value.into())).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Replays a tape with both programs and compares table, fingerprint and counts. Returns the number of episodes.
fn replay_both(tape: &Path, grammar: Option<&Path>, folder: &Path) -> u64 {
    let grammar = grammar.map_or(Vec::new(), |path| vec!["--grammar", text(path)]);
    let (our_out, their_out) = (folder.join("ours"), folder.join("theirs"));
    let found =
        ours(&[&["replay", "--engine", "reference", text(tape), "--out", text(&our_out)], grammar.as_slice()].concat());
    let expected = theirs(&[&["replay", text(tape), "--out", text(&their_out)], grammar.as_slice()].concat());
    let found = &found[0];
    assert_eq!(found["episodes_fingerprint"], expected["episodes_fingerprint"].as_str(), "{}", tape.display());
    assert_eq!(found["episode_count"].to_string(), expected["episode_count"]);
    assert_eq!(found["sample_count"].to_string(), expected["sample_count"]);
    let table = |path: &Path| String::from_utf8(std::fs::read(path).expect("a table")).expect("UTF-8");
    let our_table = Path::new(found["episodes_csv"].as_str().expect("a path"));
    assert_eq!(table(our_table), table(&their_out.join("episodes.csv")), "{}", tape.display());
    found["episode_count"].as_u64().expect("a count")
}

#[test]
fn generated_tapes_replay_to_the_same_table() {
    let folder = scratch();
    let grammar = folder.path().join("grammar.json");
    let parameters = r#"{"rho":0.5,"sigma0":0.1,"drift_threshold":0.01,"slew_threshold":2e-2,"min_dwell_seconds":1}"#;
    let motifs = Motif::ALL.map(|motif| format!("\"{}\": {parameters}", motif.name()));
    std::fs::write(&grammar, format!("{{{}}}", motifs.join(","))).unwrap();
    let mut episodes = 0;
    for (seed, scale) in [("42", "1"), ("7", "0.35"), ("18446744073709551615", "2")] {
        let tape = folder.path().join(format!("perturbed-{seed}.jsonl"));
        ours(&["generate", "perturbed", "--seed", seed, "--scale", scale, "--math", "system", "--tape", text(&tape)]);
        episodes += replay_both(&tape, None, folder.path());
        episodes += replay_both(&tape, Some(&grammar), folder.path());
    }
    for dataset in ["snowset", "sqlshare", "sqlshare-text", "ceb", "job", "tpcds"] {
        let tape = folder.path().join(format!("{dataset}.jsonl"));
        ours(&["generate", "exemplar", "--dataset", dataset, "--seed", "5", "--math", "system", "--tape", text(&tape)]);
        episodes += replay_both(&tape, None, folder.path());
    }
    assert!(episodes > 50, "{episodes} episodes");
}

#[test]
fn bundled_traces_convert_to_the_same_streams_and_replay_to_the_same_table() {
    let (data, folder) = (samples::folder().unwrap(), scratch());
    for (dataset, file) in samples::FILES {
        let (trace, tape) = (data.join(file), folder.path().join(format!("{dataset}.jsonl")));
        let reference = ["--channel", "reference", "--math", "system", "--lenient"];
        let convert = ["convert", "--dataset", dataset.name(), text(&trace), "--tape", text(&tape)];
        let found = ours(&[&convert[..], &reference[..]].concat());
        let expected = theirs(&["convert", dataset.name(), text(&trace)]);
        assert_eq!(found["sample_count"].to_string(), expected["sample_count"], "{file}");
        // Snowset's order of warehouses changes from process to process there (A2).
        if dataset != Dataset::Snowset {
            assert_eq!(found["stream_fingerprint"], expected["stream_fingerprint"].as_str(), "{file}");
        }
        replay_both(&tape, None, folder.path());
        let replayed = ours(&["replay", text(&tape), "--out", text(&folder.path().join("again"))]);
        assert_eq!(replayed[0]["episodes_fingerprint"], expected["episodes_fingerprint"].as_str(), "{file}");
    }
}
