//! What `telltape inspect` finds in a file, and `convert` without a data set.

use crate::support::Folder;

/// Two hosts with columns that no adapter knows.
fn metrics() -> String {
    let mut text = "when,busy,machine\n".to_owned();
    for minute in 0..60 {
        for (host, busy) in [("a", 10.0), ("b", 20.0)] {
            text += &format!("2024-05-01 10:{minute:02}:00,{busy},{host}\n");
        }
    }
    text
}

fn pgss() -> String {
    let mut text = "snapshot_t,queryid,calls,total_exec_time\n".to_owned();
    for poll in 0..10 {
        for query in 1..3 {
            text += &format!("{},{query},{},{}\n", 60 * poll, 100 * poll, 50.0 * f64::from(poll) * f64::from(query));
        }
    }
    text
}

/// Runs a command of ours, as a shell would.
fn run_command(folder: &Folder, command: &str) {
    let words = shlex::split(command).unwrap();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    folder.ok(&words);
}

#[test]
fn the_command_that_it_prints_converts_the_file() {
    let folder = Folder::new();
    folder.write("my metrics.csv", metrics());
    folder.write("pgss.csv", pgss());
    let traffic: String = (0..60).map(|minute| format!("{},{}\n", 60 * minute, 1 + minute % 3)).collect();
    folder.write("traffic.csv", format!("ts,latency_ms\n{traffic}"));
    for (file, dataset) in [("my metrics.csv", "generic"), ("pgss.csv", "pgss"), ("traffic.csv", "generic")] {
        let json = folder.ok(&["inspect", file, "--json"]).json();
        let fits = json["fits"].as_array().unwrap();
        assert_eq!(fits.len(), 1, "{json:#}");
        assert_eq!(fits[0]["dataset"], dataset, "{json:#}");
        assert!(fits[0]["samples"].as_u64() > Some(0), "{json:#}");
        let command = fits[0]["command"].as_str().unwrap();
        run_command(&folder, command);
        let text = folder.ok(&["inspect", file]).stdout;
        assert!(text.contains(command), "{text}");
    }
    assert!(folder.read("my metrics.jsonl").contains("\"channel\":\"a\""));
}

#[test]
fn columns_are_described() {
    let folder = Folder::new();
    folder.write("x.csv", "when,busy,machine,note\n2024-05-01,1,a,\n2024-05-02,2.5,b,NULL\n2024-05-03,NaN,b,\n");
    let json = folder.run(&["inspect", "x.csv", "--json"]).json();
    let columns = &json["table"]["columns"];
    assert_eq!(json["table"]["rows"], 3);
    let column = |at: usize, keys: [&str; 5]| keys.map(|key| columns[at][key].clone());
    let keys = ["kind", "unknown", "distinct", "least", "greatest"];
    let expected = |text: &str| serde_json::from_str::<[serde_json::Value; 5]>(text).unwrap();
    assert_eq!(column(0, keys), expected(r#"["time", 0, 3, "2024-05-01", "2024-05-03"]"#));
    assert_eq!(column(1, keys), expected(r#"["number", 1, 2, "1", "2.5"]"#));
    assert_eq!(column(2, keys), expected(r#"["text", 0, 2, null, null]"#));
    assert_eq!(column(3, keys), expected(r#"["empty", 3, 0, null, null]"#));
}

#[test]
fn what_fits_no_data_set_is_exit_12_with_a_reason_for_each() {
    let folder = Folder::new();
    folder.write("letters.csv", "a,b\nx,y\n");
    folder.write("empty.csv", "");
    for file in ["letters.csv", "empty.csv"] {
        let ran = folder.run(&["inspect", file, "--json"]);
        let json = ran.json();
        assert_eq!((ran.code, json["fits"].as_array().unwrap().len()), (12, 0), "{json:#}");
        assert!(json["does_not_fit"].as_array().unwrap().len() >= 10, "{json:#}");
        let (code, message) = folder.refusal(&["convert", file, "--tape", "t.jsonl"]);
        assert_eq!(code, 12, "{message}");
        assert!(message.contains("no data set reads this file") && message.contains("--dataset"), "{message}");
    }
    assert_eq!(folder.refusal(&["inspect", "absent.csv"]).0, 12);
    assert_eq!(folder.files(), ["empty.csv", "letters.csv"]);
}

#[test]
fn a_tape_is_one() {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "1", "--tape", "t.jsonl"]);
    let ran = folder.ok(&["inspect", "t.jsonl"]);
    assert!(ran.stdout.contains("a tape of") && !ran.stdout.contains("does not fit"), "{}", ran.stdout);
}

#[test]
fn convert_takes_the_data_set_that_fits_and_says_so() {
    let folder = Folder::new();
    folder.write("pgss.csv", pgss());
    let found = folder.ok(&["convert", "pgss.csv", "--tape", "found.jsonl"]);
    assert!(found.stdout.contains("note   read as --dataset pgss"), "{}", found.stdout);
    folder.ok(&["convert", "--dataset", "pgss", "pgss.csv", "--tape", "named.jsonl"]);
    assert_eq!(folder.read("found.jsonl"), folder.read("named.jsonl"));
    folder.write("metrics.csv", metrics());
    let (code, message) = folder.refusal(&["convert", "metrics.csv", "--tape", "t.jsonl"]);
    assert_eq!(code, 12, "{message}");
    let columns = ["--time-col", "when", "--value-col", "busy", "--channel-col", "machine", "--time-zone", "UTC"];
    folder.ok(&[&["convert", "metrics.csv", "--tape", "t.jsonl"], &columns[..]].concat());
}
