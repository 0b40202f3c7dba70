//! What is generated from the program itself says what the program does.

use std::path::Path;

use serde_json::Value;

use crate::support::Folder;
use crate::trust::accepted;

#[test]
fn what_is_printed_is_what_the_committed_schemas_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = accepted();
    folder.ok(&["schema", "schemas"]);
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder.join("schemas")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let committed = std::fs::read_to_string(root.join("docs/schemas").join(&name)).unwrap_or_default();
        assert_eq!(std::fs::read_to_string(entry.path()).unwrap(), committed, "{name}: telltape schema docs/schemas");
        names.push(name);
    }
    assert_eq!(names.len(), std::fs::read_dir(root.join("docs/schemas")).unwrap().count());
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    folder.ok(&["replay", "t.jsonl", "--out", "o"]);
    folder.write("w.csv", "motif,channel,t_start,t_end\ncache_collapse,a,1,5\n");
    folder.write("half.jsonl", folder.read("t.jsonl"));
    let validator = |name: &str| {
        let schema: Value = serde_json::from_str(&folder.read(&format!("schemas/{name}.json"))).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    for (schema, arguments) in [
        ("run", "run"),
        ("explain", "explain"),
        ("plan", "plan"),
        ("accept", "accept"),
        ("accept", "accept nosuch"),
        ("diff", "diff results out"),
        ("diff", "diff results/p/episodes.csv o/t/episodes.csv"),
        ("verify", "verify t.jsonl results/p half.jsonl"),
        ("replay", "replay t.jsonl --out o"),
        ("detect", "detect --detector threshold t.jsonl --out d"),
        ("generate", "generate perturbed --seed 1 --tape g.jsonl"),
        ("score", "score --episodes o/t/episodes.csv --windows w.csv --tape t.jsonl --published"),
        ("salvage", "salvage half.jsonl --out s.jsonl"),
        ("report", "report"),
        ("data-list", "data list"),
        ("data-verify", "data verify"),
        ("cache-gc", "cache gc"),
        ("doctor", "doctor"),
        ("schema", "schema schemas"),
        ("capture-print-role", "capture --print-role"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').chain(["--json"]).collect();
        let json = folder.run(&arguments).json();
        let errors: Vec<String> = validator(schema).iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:?}\n{json:#}");
    }
    // Every experiment of ours is one by the schema, and a wrong one is none.
    let experiment = validator("experiment-file");
    for entry in std::fs::read_dir(root.join("experiments")).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let value: Value = toml::from_str(&std::fs::read_to_string(entry.path()).unwrap()).unwrap();
        assert!(experiment.is_valid(&value), "{:?}", entry.path());
    }
    assert!(!experiment.is_valid(&serde_json::json!({ "title": "t", "inputs": {} })));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.ok(&["completions", shell]).stdout;
        assert!(script.contains("salvage") && script.contains("no-cache"), "{shell}");
    }
    folder.ok(&["man", "man"]);
    let page = folder.read("man/telltape-run.1");
    assert!(page.contains("no\\-cache") || page.contains("no-cache"), "{page}");
    let help = folder.ok(&["--help"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !["", "help"].contains(name))
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(folder.join(&format!("man/telltape-{name}.1")).is_file(), "{name}");
    }
}
