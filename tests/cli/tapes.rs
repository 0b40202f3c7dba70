//! `generate`, `verify` and `replay`: right uses, and every way in which a tape can be wrong.

use sha2::{Digest, Sha256};

use crate::support::Folder;

fn folder_with_tape() -> Folder {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "42", "--tape", "a.jsonl", "--math", "system"]);
    folder
}

/// Seals the text of `a.jsonl` anew, with the given changes to its manifest.
fn reseal(folder: &Folder, change: impl Fn(&mut serde_json::Value)) {
    let mut manifest: serde_json::Value = serde_json::from_str(&folder.read("a.jsonl.hash")).unwrap();
    manifest["sha256"] = hex::encode(Sha256::digest(folder.read("a.jsonl"))).into();
    change(&mut manifest);
    folder.write("a.jsonl.hash", manifest.to_string());
}

#[test]
fn the_published_tape_is_generated_verified_and_replayed() {
    let folder = folder_with_tape();
    let verified = folder.ok(&["verify", "--json", "a.jsonl"]).json();
    assert_eq!(verified[0]["ordered"], true);
    assert_eq!(verified[0]["ok"], true);
    assert_eq!(verified[0]["error"], serde_json::Value::Null);
    assert_eq!(verified[0]["sha256"], "2677e557c39bdf76dced18188722520383cde2bcf8d820ab0744956f6297e9e2");
    let replayed = folder.ok(&["replay", "--json", "a.jsonl", "--out", "o"]).json();
    let expected = serde_json::json!([{
        "tape": "a.jsonl",
        "sha256": "2677e557c39bdf76dced18188722520383cde2bcf8d820ab0744956f6297e9e2",
        "sample_count": 5966,
        "channel_count": 202,
        "episode_count": 6,
        "episodes_fingerprint": "ac28aeed0f54ed6d62e676b64034e3e06403858282210afc867a3ee4e494bdde",
        "episodes_csv_sha256": "29462f2f1cf8332af72c2078c4e611bcc84ae668982cb99576a6bf27e681b781",
        "episodes_csv": "o/a/episodes.csv",
        "error": null,
    }]);
    assert_eq!(replayed, expected);
    assert_eq!(folder.files(), ["a.jsonl", "a.jsonl.hash", "o/a/episodes.csv"]);
}

#[test]
fn what_generate_says_is_what_stands_on_the_tape() {
    let folder = Folder::new();
    let said = folder
        .ok(&[
            "generate",
            "exemplar",
            "--dataset",
            "ceb",
            "--seed",
            "42",
            "--math",
            "system",
            "--tape",
            "t/ceb.jsonl",
            "--json",
        ])
        .json();
    assert_eq!(said["tape"], "t/ceb.jsonl");
    assert_eq!(said["sha256"], hex::encode(Sha256::digest(folder.read("t/ceb.jsonl"))));
    assert_eq!(said["sample_count"], 2000);
    assert_eq!(said["stream_fingerprint"], "6112c0d83d65922e1d44e5f1fe13485aa918da3a18705f54d390bd3ef5b46040");
}

#[test]
fn a_changed_byte_or_a_truncated_tape_is_refused_by_its_hash() {
    for change in [
        |text: &mut String| text.replace_range(5..6, "9"),
        |text: &mut String| text.truncate(text.len() - 40),
        |text: &mut String| text.push('\n'),
        |text: &mut String| text.clear(),
    ] {
        let folder = folder_with_tape();
        let mut text = folder.read("a.jsonl");
        change(&mut text);
        folder.write("a.jsonl", &text);
        for command in ["verify", "replay"] {
            let (code, message) = folder.refusal(&[command, "a.jsonl"]);
            assert_eq!(code, 12);
            let actual = hex::encode(Sha256::digest(&text));
            assert_eq!(
                message,
                format!(
                    "`a.jsonl` has changed since it was sealed: its SHA-256 is {actual}, the manifest says \
                     2677e557c39bdf76dced18188722520383cde2bcf8d820ab0744956f6297e9e2; restore the tape or make it again"
                )
            );
            assert!(!folder.join("out").exists());
        }
    }
}

#[test]
fn a_tape_without_manifest_is_refused() {
    let folder = folder_with_tape();
    std::fs::remove_file(folder.join("a.jsonl.hash")).unwrap();
    let expected = "`a.jsonl` has no manifest: expected it at `a.jsonl.hash`; convert or generate the tape again, or fetch its manifest";
    assert_eq!(folder.refusal(&["verify", "a.jsonl"]), (12, expected.to_owned()));
}

#[test]
fn a_manifest_that_is_wrong_is_refused_and_an_absent_key_is_not_checked() {
    let wrong = |key: &str, value: serde_json::Value, actual: &str| {
        let folder = folder_with_tape();
        reseal(&folder, |manifest| manifest[key] = value.clone());
        let expected = format!(
            "`a.jsonl`: the manifest says {key} = {value}, the tape has {actual}; restore the manifest or make the tape again"
        );
        assert_eq!(folder.refusal(&["verify", "a.jsonl"]), (12, expected), "{key}");
    };
    wrong("sample_count", 5965.into(), "5966");
    wrong("sample_count", 99_999_999_999_u64.into(), "5966");
    wrong("first_t", 0.5.into(), "0");
    wrong("last_t", 1800.5.into(), "1799");
    let folder = folder_with_tape();
    reseal(&folder, |manifest| {
        for key in ["first_t", "last_t", "crate_version", "format"] {
            manifest.as_object_mut().unwrap().remove(key);
        }
        manifest["unknown"] = serde_json::json!({ "nested": [1, 2] });
    });
    folder.ok(&["verify", "a.jsonl"]);
    reseal(&folder, |manifest| manifest["format"] = 2.into());
    let expected = "`a.jsonl` is of tape format 2, this program reads formats up to 1; use a newer telltape";
    assert_eq!(folder.refusal(&["verify", "a.jsonl"]), (12, expected.to_owned()));
    folder.write("a.jsonl.hash", "{\n  \"sha256\": 5\n}");
    let (code, message) = folder.refusal(&["verify", "a.jsonl"]);
    assert_eq!(code, 12);
    assert_eq!(
        message,
        "`a.jsonl.hash:2:13`: not a manifest of a tape: invalid type: integer `5`, expected a string; \
         convert or generate the tape again"
    );
}

#[test]
fn a_line_that_is_no_sample_is_refused_with_its_number() {
    let line = "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.5,\"channel\":\"a\"}\n";
    for (bad, problem) in [
        (
            "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":null}\n",
            ":39`: the line is not a sample: invalid type: null, expected f64",
        ),
        (
            "{\"t\":1.0,\"class\":\"Cache\",\"value\":1.0}\n",
            ":24`: the line is not a sample: unknown value `Cache`; did you mean `CacheIo`? known: PlanRegression, Cardinality, Contention, CacheIo, WorkloadPhase",
        ),
        ("{\"t\":1.0,\n", ":9`: the line is not a sample: EOF while parsing a value"),
        (" \n", ":1`: the line is not a sample: EOF while parsing a value"),
    ] {
        let folder = folder_with_tape();
        // Far enough in for the line to stand in another block than the first.
        let text = format!("{}{bad}{line}", line.repeat(40_000));
        folder.write("a.jsonl", &text);
        reseal(&folder, |manifest| manifest["sample_count"] = 40_001.into());
        assert_eq!(folder.refusal(&["replay", "a.jsonl"]), (12, format!("`a.jsonl:40001{problem}")), "{bad}");
    }
}

#[test]
fn a_tape_may_be_out_of_order_and_is_said_to_be() {
    let folder = folder_with_tape();
    let text = folder.read("a.jsonl");
    let (first, rest) = text.split_at(text.find('\n').unwrap() + 1);
    folder.write("a.jsonl", format!("{rest}{first}"));
    reseal(&folder, |_| {});
    assert_eq!(folder.ok(&["verify", "--json", "a.jsonl"]).json()[0]["ordered"], false);
    assert_eq!(
        folder.ok(&["verify", "a.jsonl"]).stdout,
        "ok a.jsonl (5966 samples from tpcds-perturbed-seed42, not in order of time)\n"
    );
}

#[test]
fn one_bad_tape_does_not_keep_the_others_from_being_replayed() {
    let folder = folder_with_tape();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "b.jsonl"]);
    folder.write("bad.jsonl", "x");
    let ran = folder.run(&["replay", "b.jsonl", "bad.jsonl", "missing.jsonl", "a.jsonl", "--json"]);
    assert_eq!(ran.code, 12);
    let json = ran.json();
    assert_eq!(json.as_array().unwrap().len(), 4);
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(|one| one["error"]["kind"].clone()).collect();
    assert_eq!(kinds, [serde_json::Value::Null, "no-manifest".into(), "read".into(), serde_json::Value::Null]);
    assert_eq!(json[1]["error"]["code"], 12);
    assert_eq!(json[1]["error"]["file"], "bad.jsonl");
    assert!(folder.join("out/a/episodes.csv").exists() && folder.join("out/b/episodes.csv").exists());
}

#[test]
fn two_tapes_of_one_name_are_refused() {
    let folder = folder_with_tape();
    let (code, message) = folder.refusal(&["replay", "a.jsonl", "x/a.jsonl"]);
    assert_eq!(code, 2);
    assert_eq!(
        message,
        "`a.jsonl` and `x/a.jsonl` would both be written to `out/a`; take them one at a time with another --out"
    );
}

#[test]
fn a_grammar_changes_the_episodes_and_a_wrong_one_is_refused_at_its_place() {
    let folder = folder_with_tape();
    let motif = |rho: &str| {
        format!("{{\"rho\":{rho},\"sigma0\":1,\"drift_threshold\":1e9,\"slew_threshold\":1e9,\"min_dwell_seconds\":0}}")
    };
    let grammar = |rho: &str| {
        let names = [
            "plan_regression_onset",
            "cardinality_mismatch_regime",
            "contention_ramp",
            "cache_collapse",
            "workload_phase_transition",
        ];
        let motifs: Vec<String> = names.iter().map(|name| format!("\"{name}\":{}", motif(rho))).collect();
        format!("{{{}}}", motifs.join(","))
    };
    // JSON is YAML, too.
    for ending in ["json", "yaml"] {
        folder.write(&format!("g.{ending}"), grammar("0.5"));
        let json = folder.ok(&["replay", "a.jsonl", "--json", "--grammar", &format!("g.{ending}")]).json();
        assert_eq!(json[0]["episode_count"], 0);
    }
    folder.write("g.json", grammar("7"));
    assert_eq!(
        folder.refusal(&["replay", "a.jsonl", "--grammar", "g.json"]),
        (2, "`g.json:1:33`: not a grammar: 7 is out of range: 0 <= rho < 1, finite".to_owned())
    );
    assert_eq!(
        folder.refusal(&["replay", "a.jsonl", "--grammar", "g.ini"]).1,
        "cannot read `g.ini`: No such file or directory (os error 2)"
    );
    let (code, message) = folder.refusal(&["replay", "a.jsonl", "--engine", "best"]);
    assert_eq!(code, 2);
    assert!(message.contains("unknown engine `best`; known: reference"), "{message}");
}

/// A recording or a construction of our own is replayed under `excursion`, everything else under `reference`, unless somebody says
/// otherwise: `--engine`, or a grammar with the keys of an engine.
#[test]
fn the_engine_that_nobody_names_goes_by_the_construction() {
    let folder = folder_with_tape();
    let rows: String = (0..30).map(|n| format!("{n},{}\n", if n > 14 { 2 } else { 1 })).collect();
    folder.write("v.csv", format!("t,v\n{rows}"));
    let columns = ["--dataset", "generic", "--time-col", "t", "--value-col", "v", "v.csv"];
    folder.ok(&[&["convert"], &columns[..], &["--tape", "own.jsonl"]].concat());
    folder.ok(&[&["convert"], &columns[..], &["--construction", "reference", "--tape", "published.jsonl"]].concat());
    let header = |arguments: &[&str], tape: &str| {
        folder.ok(&[&["replay"], arguments, &[&format!("{tape}.jsonl"), "--out", "o"]].concat());
        let table = folder.read(&format!("o/{tape}/episodes.csv"));
        let columns = table.lines().next().unwrap().split(',').map(str::to_owned).collect::<Vec<String>>();
        columns[4].clone()
    };
    assert_eq!(header(&[], "own"), "t_confirmed");
    assert_eq!(header(&[], "published"), "peak");
    assert_eq!(header(&[], "a"), "peak");
    assert_eq!(header(&["--engine", "reference"], "own"), "peak");
    assert_eq!(header(&["--engine", "excursion"], "a"), "t_confirmed");
    // What the flag was called before.
    assert_eq!(header(&["--semantics", "excursion"], "a"), "t_confirmed");
    let grammar = toml::to_string(&telltape::motif::ExcursionGrammar::default()).unwrap();
    folder.write("g.toml", grammar);
    assert_eq!(header(&["--grammar", "g.toml"], "a"), "t_confirmed");
    folder.write("g.toml", toml::to_string(&telltape::motif::Grammar::default()).unwrap());
    assert_eq!(header(&["--grammar", "g.toml"], "own"), "peak");

    // A plan has one engine for all of its tapes.
    let (code, message) = folder.refusal(&["shard", "plan", "own.jsonl", "a.jsonl", "--plan", "p.json"]);
    assert_eq!(code, 12, "{message}");
    assert!(message.ends_with("under `reference`; say which with --engine"), "{message}");
    folder.ok(&["shard", "plan", "own.jsonl", "a.jsonl", "--engine", "reference", "--plan", "p.json"]);
}

/// Both formats have every sample, in order, and numbers that read back to the same bits.
#[test]
fn an_exported_tape_has_every_sample() {
    let folder = folder_with_tape();
    let exported = folder.ok(&["export", "a.jsonl", "--table", "a.csv", "--json"]).json();
    assert_eq!(exported["rows"], 5966);
    let table = folder.read("a.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let tape = folder.read("a.jsonl");
    let mut samples: Vec<serde_json::Value> = tape.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    samples.sort_by(|a, b| a["t"].as_f64().unwrap().total_cmp(&b["t"].as_f64().unwrap()));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), samples.len());
    for (n, (row, sample)) in rows.iter().zip(&samples).enumerate() {
        assert_eq!(row[0], n.to_string());
        assert_eq!(row[1].parse::<f64>().unwrap(), sample["t"].as_f64().unwrap());
        assert_eq!((&row[2], &row[3]), (sample["class"].as_str().unwrap(), sample["channel"].as_str().unwrap()));
        assert_eq!(row[4].parse::<f64>().unwrap().to_bits(), sample["value"].as_f64().unwrap().to_bits());
    }
    folder.ok(&["export", "a.jsonl", "--table", "a.parquet"]);
    assert!(std::fs::read(folder.path().join("a.parquet")).unwrap().starts_with(b"PAR1"));
}

#[test]
fn usage_errors_are_one_json_object_where_json_was_asked_for() {
    let folder = Folder::new();
    for arguments in [
        &["generate", "perturbed", "--seed", "x", "--tape", "a.jsonl", "--json"][..],
        &["generate", "perturbed", "--seed", "1", "--scale", "nan", "--tape", "a.jsonl", "--json"],
        &["generate", "exemplar", "--dataset", "otel", "--seed", "1", "--tape", "a.jsonl", "--json"],
        &["generate", "exemplar", "--dataset", "snowst", "--seed", "1", "--tape", "a.jsonl", "--json"],
        &["--json", "--jobs", "0", "verify", "a.jsonl"],
        &["--json", "frobnicate"],
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert_eq!(ran.json()["error"]["code"], 2, "{arguments:?}");
        assert!(folder.files().is_empty());
    }
    let ran = folder.run(&["generate", "exemplar", "--dataset", "snowst", "--seed", "1", "--tape", "a.jsonl"]);
    assert!(ran.stderr.contains("did you mean `snowset`?"), "{}", ran.stderr);
}
