//! `convert`: what it says of a trace, and how it refuses what is none.

use crate::support::Folder;

const JOB: &str = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n\
                   1a,0,10,100,5.0,h1\n1a,1,10,100,9.0,h2\n1b,1,7,7,1.5,\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("job.csv", JOB);
    folder
}

#[test]
fn a_conversion_tells_its_digests_and_what_became_of_the_rows() {
    let folder = folder();
    let said = folder.ok(&[
        "convert",
        "--dataset",
        "job",
        "job.csv",
        "--tape",
        "t.jsonl",
        "--construction",
        "reference",
        "--json",
    ]);
    let said = said.json();
    assert_eq!(
        said["rows"],
        serde_json::json!({ "read": 3, "used": 3, "used_for": { "residual": 3 }, "rejected": {} })
    );
    assert_eq!(said["sample_count"], 7);
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("t.jsonl.hash")).unwrap();
    assert_eq!(manifest["source"], "job@job.csv");
    assert_eq!((&manifest["sha256"], &manifest["rows"]), (&said["sha256"], &said["rows"]));
    // Of ours, the label names the construction.
    folder.ok(&["convert", "--dataset", "job", "job.csv", "--tape", "own.jsonl"]);
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("own.jsonl.hash")).unwrap();
    assert_eq!(manifest["source"], "job:plain@job.csv");
}

#[test]
fn lenient_counts_what_strict_refuses() {
    let folder = folder();
    folder.write("bad.csv", format!("{JOB}1c,x,1,1,1,\n1c,2,1\n1c,2,1,1,nope,\n"));
    let (code, message) = folder.refusal(&["convert", "--dataset", "job", "bad.csv", "--tape", "t.jsonl"]);
    assert_eq!(code, 12);
    assert!(
        message.starts_with("`bad.csv:5:4`: ") && message.contains("iteration") && message.contains("`x`"),
        "{message}"
    );
    assert_eq!(folder.files(), ["bad.csv", "job.csv"]);
    let said =
        folder.ok(&["convert", "--dataset", "job", "bad.csv", "--tape", "t.jsonl", "--lenient", "--json"]).json();
    assert_eq!((&said["rows"]["read"], &said["rows"]["used"]), (&6.into(), &3.into()));
    let rejected: u64 =
        said["rows"]["rejected"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(rejected, 3);
}

#[test]
fn what_is_no_trace_is_refused_and_nothing_is_written() {
    let folder = folder();
    folder.write("empty.csv", "");
    folder.write("header.csv", JOB.lines().next().unwrap());
    folder.write("columns.csv", JOB.replace("latency_ms", "latency"));
    folder.write("binary.csv", b"\x00\xff\xfe\x00binary");
    folder.write("broken.csv.gz", b"\x1f\x8b\x08\x00broken");
    folder.write("broken.csv.zst", b"\x28\xb5\x2f\xfdbroken");
    folder.write("quote.csv", JOB.replace("h2", "\"h2"));
    folder.write("huge.csv", JOB.replace("5.0", "1e999"));
    std::fs::create_dir(folder.join("folder.csv")).unwrap();
    let before = folder.files();
    for (input, expected) in [
        ("missing.csv", "cannot read `missing.csv`: No such file or directory"),
        ("folder.csv", "cannot read `folder.csv`: there is no file in the folder"),
        ("empty.csv", "`empty.csv:1`: the file is empty"),
        ("header.csv", "`header.csv:1`: there are no rows after the header"),
        ("columns.csv", "`columns.csv:1`: "),
        ("binary.csv", "`binary.csv:1`: "),
        ("broken.csv.gz", "cannot read `broken.csv.gz`: "),
        ("broken.csv.zst", "cannot read `broken.csv.zst`: "),
        ("quote.csv", "cannot read `quote.csv`: the record that starts on line 3 opens a quote that is never closed"),
        ("huge.csv", "`huge.csv:2:"),
    ] {
        for extra in [&[][..], &["--construction", "reference"]] {
            let arguments = [&["convert", "--dataset", "job", input, "--tape", "t.jsonl"], extra].concat();
            let (code, message) = folder.refusal(&arguments);
            assert_eq!(code, 12, "{input}");
            assert!(message.starts_with(expected), "{input}: {message}");
            assert_eq!(folder.files(), before, "{input}");
        }
    }
    for (construction, expected) in [
        ("plain", "nothing says the unit of `latency`; pass --latency-unit s, ms or us"),
        ("reference", "no column `latency_ms` (is it `latency`?)"),
    ] {
        let arguments =
            ["convert", "--dataset", "job", "columns.csv", "--tape", "t.jsonl", "--construction", construction];
        let message = folder.refusal(&arguments).1;
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn bad_usage_is_refused_before_anything_is_read() {
    let folder = folder();
    for (arguments, expected) in [
        (&["--dataset", "jop", "job.csv", "--tape", "t.jsonl"][..], "did you mean `job`?"),
        (
            &["--dataset", "job", "job.csv", "--tape", "t.jsonl", "--construction", "profile"],
            "unknown construction `profile` of `job`; known: plain, reference",
        ),
        (
            &["--dataset", "job", "job.csv", "--tape", "t.jsonl", "--time-col", "t"],
            "`--time-col` is an option of `pgss` and `generic`, not of `job`",
        ),
        (&["--dataset", "job", "job.csv", "--tape", "t.jsonl", "--math", "fast"], "possible values: portable, system"),
        (&["--dataset", "job", "job.csv", "--tape", "./job.csv"], "would overwrite the trace"),
        (&["--dataset", "job", "job.csv"], "--tape <FILE>"),
    ] {
        let ran = folder.run(&[&["convert", "--json"], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}");
        let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(expected), "{message}");
        assert_eq!(folder.files(), ["job.csv"]);
    }
    assert_eq!(folder.read("job.csv"), JOB);
}

#[test]
fn a_device_is_not_replaced_by_a_tape() {
    let (code, message) = folder().refusal(&["convert", "--dataset", "job", "job.csv", "--tape", "/dev/null"]);
    assert_eq!((code, message.as_str()), (2, "`/dev/null` is there and is not a regular file; give another path"));
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    let folder = Folder::new();
    folder.write("x.csv", "query_id,iteration,est_rows,actual_rows,latency_ms\n1a,\x1b[31m,1,1,1\n");
    let (_, message) = folder.refusal(&["convert", "--dataset", "job", "x.csv", "--tape", "t.jsonl"]);
    assert!(message.contains("\\u{1b}[31m"), "{message}");
}

#[test]
fn an_offset_may_be_west_and_an_option_without_effect_is_refused() {
    let folder = Folder::new();
    folder.write(
        "x.csv",
        (0..9).fold("t,value\n".to_owned(), |text, row| text + &format!("2024-05-01 10:0{row}:00,1\n")),
    );
    let plain = ["convert", "--dataset", "generic", "--construction", "plain"];
    let convert = [&plain[..], &["x.csv", "--tape", "t.jsonl"]].concat();
    folder.ok(&[&convert[..], &["--time-zone", "-02:00"]].concat());
    let (code, message) = folder.refusal(&[&convert[..], &["--time-zone", "--lenient"]].concat());
    assert!(code == 2 && message.starts_with("`--lenient` is not an offset"), "{message}");
    let before = folder.files();
    for (dataset, flag, value) in [
        ("snowset", "--time-zone", "+02:00"),
        ("snowset", "--time-unit", "ms"),
        ("pgss", "--counters", "cumulative"),
        ("pgss", "--time-col", "t"),
    ] {
        let arguments = ["convert", "--dataset", dataset, "x.csv", "--tape", "n.jsonl", "--construction", "reference"];
        let (code, message) = folder.refusal(&[&arguments[..], &[flag, value]].concat());
        let expected = format!(
            "option `{}` has no effect in the construction `reference` of `{dataset}`; leave it out",
            &flag[2..]
        );
        assert_eq!((code, message), (2, expected));
        assert_eq!(folder.files(), before);
    }
}

#[test]
fn a_column_that_is_missing_is_named_once_whatever_it_is_used_for() {
    let folder = folder();
    let (code, message) = folder.refusal(&["convert", "--dataset", "sqlshare", "job.csv", "--tape", "t.jsonl"]);
    assert_eq!(code, 12);
    let missing = message.split("; it has ").next().unwrap();
    let mut names: Vec<&str> = missing.split('`').skip(3).step_by(2).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(all > 0 && names.len() == all, "{message}");
}
