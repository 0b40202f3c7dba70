//! Any metric of any server, from a table as people have it to scores that cannot be had for nothing.

use crate::support::Folder;

/// An hour at a second: three metrics of two servers, a fault of two minutes on two of them, and noise.
fn wide(folder: &Folder) {
    let noise = |sample: usize| ((sample * 7919 + 13) % 2003) as f64 / 1001.0 - 1.0;
    let mut text = "ts,host,cpu,waits,disk,comment\n".to_owned();
    for second in 0..3600 {
        for (host, shift) in [("a", 0), ("b", 500)] {
            let fault = host == "a" && (1800..1920).contains(&second);
            let (cpu, waits) = if fault { (90.0, 12.0) } else { (30.0, 2.0) };
            let disk = if second % 100 == 0 { String::new() } else { format!("{}", 5.0 + noise(second + 7 * shift)) };
            text += &format!(
                "{second},{host},{},{},{disk},ok\n",
                cpu + noise(second + shift),
                waits + 0.1 * noise(second + 3 * shift)
            );
        }
    }
    folder.write("m.csv", text);
}

const CONVERT: [&str; 8] = ["convert", "--dataset", "generic", "m.csv", "--tape", "m.jsonl", "--channel-col", "host"];

fn refusal(folder: &Folder, extra: &[&str]) -> String {
    let before = folder.files();
    let (code, message) = folder.refusal(&[&CONVERT[..], extra].concat());
    assert_eq!(folder.files(), before, "{message}");
    assert!(code == 12 || code == 2, "{code} {message}");
    message
}

#[test]
fn a_wide_table_is_scored_by_group_from_end_to_end() {
    let folder = Folder::new();
    wide(&folder);
    let wide = ["--value-cols", "*", "--class", "waits=contention", "--missing", "disk=empty"];
    let converted = folder.ok(&[&CONVERT[..], &wide, &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&converted.stdout).unwrap();
    let notes: Vec<&str> = json["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert_eq!(
        notes,
        [
            "not used, for they do not begin with a number: `comment`",
            "missing in `disk`: 72 of 7200 values",
            "warm-up: the first 10 values of each channel feed its baseline and give no residual"
        ]
    );
    folder.ok(&["replay", "m.jsonl", "--out", "o"]);
    let episodes = folder.read("o/m/episodes.csv");
    let found: Vec<Vec<&str>> = episodes.lines().skip(1).map(|line| line.split(',').take(4).collect()).collect();
    assert_eq!(
        found,
        [["plan_regression_onset", "a#cpu", "1800", "1919"], ["contention_ramp", "a#waits", "1800", "1919"]]
    );
    // Of both metrics at once.
    folder.ok(&["fuse", "o/m/episodes.csv", "--group-by", "#", "--at-least", "2", "--out", "f.csv"]);
    let fused = folder.read("f.csv");
    let row: Vec<&str> = fused.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((row[1], row[2], row[3], row[5]), ("a", "1800", "1919", "a#cpu & a#waits"), "{fused}");
    folder.ok(&["fuse", "o/m/episodes.csv", "--group-by", "#", "--at-least", "3", "--out", "f.csv"]);
    assert_eq!(folder.read("f.csv").lines().count(), 1);

    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,a,1800,1920\n");
    let score = ["score", "--episodes", "o/m/episodes.csv", "--windows", "w.csv", "--tape", "m.jsonl"];
    let by_time = ["--by-time", "--group-by", "#", "--at-least", "2", "--json"];
    let scored = folder.ok(&[&score[..], &by_time].concat());
    let json: serde_json::Value = serde_json::from_str(&scored.stdout).unwrap();
    let groups = json["by_time"]["groups"].as_array().unwrap();
    assert_eq!((&groups[0]["group"], &groups[0]["j"], &groups[0]["hit"]), (&"a".into(), &1.0.into(), &1.0.into()));
    assert_eq!((&groups[1]["group"], &groups[1]["false_alarms_per_hour"]), (&"b".into(), &0.0.into()));
    let together = json["by_time"]["together"].as_array().unwrap();
    let of: Vec<(&str, f64)> =
        together.iter().map(|row| (row["group"].as_str().unwrap(), row["j"].as_f64().unwrap())).collect();
    assert_eq!(of, [("all", 1.0), ("always", 0.0), ("never", 0.0)]);
    // Windows as people write them.
    folder.write(
        "w.csv",
        "motif,channel,t_start,t_end\nplan_regression_onset,*,2024-03-01T11:30:00Z,2024-03-01 11:32:00+00\n",
    );
    let dates = folder.ok(&[&score[..], &by_time, &["--origin", "2024-03-01T11:00:00Z"]].concat());
    let json: serde_json::Value = serde_json::from_str(&dates.stdout).unwrap();
    assert_eq!(json["by_time"]["groups"][0]["j"], 1.0);
    assert_eq!(json["by_time"]["groups"][1]["j"], 0.0);
    let (code, message) = folder.refusal(&[&score[..], &by_time].concat());
    assert!(code == 12 && message.contains("--origin says where the times of the tape count from"), "{message}");
}

#[test]
fn options_of_columns_are_held_against_the_columns() {
    let folder = Folder::new();
    wide(&folder);
    for (extra, expected) in [
        (&["--value-cols", "cpu,cpus"][..], "the header has no column `cpus` (is it `cpu`?)"),
        (&["--value-cols", "cpu,cpu"], "`cpu` is twice in --value-cols"),
        (&["--value-cols", "cpu,host"], "`host` is the time or the channel, and in --value-cols"),
        (&["--value-cols", "cpu", "--value-col", "cpu"], "--value-col and --value-cols are both given"),
        (&["--value-cols", "cpu,disk"], "`disk` is empty, unknown"),
        (&["--value-cols", "cpu,comment"], "`comment` is `ok`, not a number"),
        (
            &["--value-cols", "cpu", "--class", "cpus=contention"],
            "`cpus` in --class is no column and no channel; known: `cpu`",
        ),
        (&["--value-cols", "cpu", "--side", "c#cpu=up"], "`c#cpu` in --side is no column and no channel"),
        (&["--value-cols", "cpu", "--missing", "disk=empty"], "`disk` in --missing is no value column; they are `cpu`"),
        (&["--value-cols", "cpu", "--class", "cpu=contenton"], "did you mean `contention`?"),
        (&["--value-cols", "cpu", "--season", "month"], "`month` is not a season: `day`, `week` or `none`"),
        (&["--value-cols", "cpu", "--baseline", "5"], "`5` is not a stretch of time; write `600..1800`"),
        (&["--value-cols", "cpu", "--baseline", "9000..9900"], "fewer than 10 values from 9000 to 9900"),
        (&["--value-cols", "cpu", "--rule", "adopt_s=-1"], "-1 is out of range: 0 <= adopt_s <= 1000000000"),
        (&["--value-cols", "cpu", "--rule", "pool_s=5"], "unknown rule `pool_s`"),
        (&["--value-cols", "cpu", "--rule", "known_values=99"], "nothing would ever be known"),
        (
            &["--value-cols", "cpu", "--construction", "plain", "--season", "day"],
            "--season is of the construction `robust`",
        ),
        (&["--value-cols", "cpu", "--construction", "reference"], "the construction `reference` has one value column"),
    ] {
        let message = refusal(&folder, extra);
        assert!(message.contains(expected), "{extra:?}: {message}");
    }
}

/// What is known to be good is all that is compared with, also of what was before it.
#[test]
fn a_stretch_that_is_known_to_be_good_tells_what_was_before_it() {
    let folder = Folder::new();
    let rows: String = (0..600).map(|t| format!("{t},{}\n", if t < 300 { 50 } else { 10 + t % 2 })).collect();
    folder.write("x.csv", format!("t,value\n{rows}"));
    let convert = ["convert", "--dataset", "generic", "x.csv", "--tape", "x.jsonl"];
    folder.ok(&[&convert[..], &["--baseline", "400..500"]].concat());
    folder.ok(&["replay", "x.jsonl", "--out", "o"]);
    let episodes = folder.read("o/x/episodes.csv");
    let row: Vec<&str> = episodes.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((episodes.lines().count(), row[2], row[3]), (2, "0", "299"), "{episodes}");
}
