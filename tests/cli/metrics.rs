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
    assert!(
        code == 12
            && message.contains("--origin (in an experiment `origin`) says where the times of the tape count from"),
        "{message}"
    );
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

/// Columns without a name of their own would be one channel, or one that nobody knows.
#[test]
fn every_column_of_a_wide_table_has_a_name_of_its_own() {
    let folder = Folder::new();
    for (header, expected) in [
        ("t,cpu,cpu", "columns 2 and 3 are both called `cpu`, and would be one channel"),
        ("t,cpu, cpu", "columns 2 and 3 are both called `cpu`"),
        ("t,,cpu", "column 2 has no name, as an index of pandas has none; name the value columns in --value-cols"),
        (",t,cpu", "column 1 has no name"),
        ("Unnamed: 0,t,cpu", "column 1 has no name"),
    ] {
        let rows: String = (0..40).map(|row| format!("{row},{row},{row}\n")).collect();
        folder.write("w.csv", format!("{header}\n{rows}"));
        let (code, message) =
            folder.refusal(&["convert", "--dataset", "generic", "w.csv", "--tape", "w.jsonl", "--value-cols", "*"]);
        assert!(code == 12 && message.contains(expected), "{header}: {message}");
    }
    // The first `#` ends the name of a channel.
    let rows: String = (0..40).map(|row| format!("{row},a#b,{row},1\n{row},a,1,{row}\n")).collect();
    folder.write("w.csv", format!("t,series,c,b#c\n{rows}"));
    folder.ok(&["convert", "--dataset", "generic", "w.csv", "--tape", "w.jsonl", "--value-cols", "c,b#c"]);
    let text = folder.read("w.jsonl");
    let channels: std::collections::BTreeSet<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["channel"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(channels.into_iter().collect::<Vec<_>>(), ["\"a#b\"#b#c", "\"a#b\"#c", "a#b#c", "a#c"]);
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

/// Two servers with two metrics each, as residuals: a fault of a on both metrics, a blip of b, a stretch of b that nobody judges.
fn servers() -> Folder {
    let folder = Folder::new();
    let level = |host: &str, metric: &str, t: u32| match (host, metric) {
        ("a", "cpu") if (602..660).contains(&t) => 1.0,
        ("a", "disk") if (610..650).contains(&t) => 0.7,
        ("b", "cpu") if (1000..1030).contains(&t) || (2000..2100).contains(&t) => 0.5,
        _ => 0.0,
    };
    let mut rows = "t,value,channel\n".to_owned();
    for t in 0..3600 {
        for (host, metric) in [("a", "cpu"), ("a", "disk"), ("b", "cpu"), ("b", "disk")] {
            rows += &format!("{t},{},{host}#{metric}\n", level(host, metric, t));
        }
    }
    folder.write("t.csv", rows);
    let header = "motif,channel,t_start,t_end\n";
    folder.write("w.csv", format!("{header}plan_regression_onset,a,600,660\nplan_regression_onset,a,3000,3060\n"));
    folder.write("i.csv", format!("{header}plan_regression_onset,b,1990,2200\n"));
    folder
}

const SERVERS: &str = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\ntime_col = 't'\nvalue_col = 'value'\n\
                       channel_col = 'channel'\npre_residualized = true\n[evaluate]\nwindows = 'w.csv'\n";

/// The cells of the row of a table that begins with these.
fn row(table: &str, first: &[&str]) -> std::collections::BTreeMap<String, String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let found = reader.records().map(Result::unwrap).find(|row| row.iter().zip(first).all(|(cell, is)| cell == *is));
    let found = found.unwrap_or_else(|| panic!("no row {first:?} in\n{table}"));
    header.iter().zip(found.iter()).map(|(key, cell)| (key.to_owned(), cell.to_owned())).collect()
}

#[test]
fn an_experiment_scores_groups_and_each_of_their_windows() {
    let folder = servers();
    let group = "[evaluate.group]\nby = '#'\nignore = 'i.csv'\n";
    folder.write("experiments/one.toml", format!("{SERVERS}detectors = ['threshold']\n{group}"));
    folder.write("experiments/two.toml", format!("{SERVERS}{group}at_least = 2\n"));
    folder.write("experiments/bound.toml", format!("{SERVERS}{group}alarms_at_most = 0.25\n"));
    assert_eq!(folder.run(&["run"]).code, 11);
    let groups = folder.read("out/one/groups.csv");
    let cells = |first: &[&str], keys: [&str; 6]| {
        let row = row(&groups, first);
        keys.map(|key| row[key].clone())
    };
    let keys = ["windows", "detected", "hit", "hit_bounded", "false_alarms", "time_recall"];
    // Of b, what is not judged is no false alarm, and the blip is one.
    assert_eq!(cells(&["excursion", "a"], keys), ["2", "1", "0.5", "", "0", "0.483333"]);
    assert_eq!(cells(&["excursion", "b"], keys), ["0", "0", "", "", "1", ""]);
    assert_eq!(cells(&["excursion", "all"], keys), ["2", "1", "0.5", "0.5", "1", "0.483333"]);
    assert_eq!(cells(&["always", "all"], keys), ["2", "0", "0", "0", "0", "1"]);
    assert_eq!(cells(&["never", "all"], keys), ["2", "0", "0", "0", "0", "0"]);
    let all = row(&groups, &["excursion", "all"]);
    // An hour of a, and one of b less what is not judged, without the windows.
    let hours: f64 = (7200.0 - 210.0 - 120.0) / 3600.0;
    assert_eq!(all["false_alarms_per_hour"].parse::<f64>().unwrap(), (1e6 / hours).round() / 1e6);
    assert!(!all["j_low"].is_empty() && !all["hit_high"].is_empty(), "{all:?}");
    assert_eq!(row(&groups, &["always", "all"])["j"], "0");
    assert_eq!(row(&groups, &["threshold", "all"])["windows"], "2");

    let windows = folder.read("out/one/group-windows.csv");
    let found = row(&windows, &["excursion", "a", "600"]);
    let keys = ["detected", "share", "detection_delay_s", "start_error_s", "end_error_s", "length_error_s"];
    assert_eq!(keys.map(|key| found[key].as_str()), ["1", "0.966667", "7", "2", "0", "-2"]);
    let missed = row(&windows, &["excursion", "a", "3000"]);
    assert_eq!(missed["share"].parse::<f64>().unwrap(), 0.0);
    let keys = ["detected", "detection_delay_s", "start_error_s", "end_error_s", "length_error_s"];
    assert_eq!(keys.map(|key| missed[key].as_str()), ["0", "", "", "", ""]);

    // Both metrics of a at once, and never both of b.
    let two = folder.read("out/two/groups.csv");
    let all = row(&two, &["excursion", "all"]);
    assert_eq!((all["false_alarms"].as_str(), all["time_recall"].as_str()), ("0", "0.333333"));
    // The blip of b is weaker than the fault of a: without it the bound holds.
    let bound = folder.read("out/bound/groups.csv");
    assert_eq!(row(&bound, &["excursion", "all"])["hit_bounded"], "0.5");

    // What is not judged is part of the evaluation, and its bytes are hashed.
    folder.ok(&["accept"]);
    folder.write("i.csv", "motif,channel,t_start,t_end\nplan_regression_onset,b,1990,2201\n");
    let explained = folder.run(&["run", "one"]);
    assert_eq!(explained.code, 10);
    let explained = folder.run(&["explain", "one"]).stdout;
    assert!(explained.contains("group.ignore"), "{explained}");
}

#[test]
fn always_and_never_are_in_every_table_of_scores_once() {
    let folder = servers();
    folder.write("n.csv", "motif,channel,t_start,t_end\nplan_regression_onset,a#cpu,600,660\n");
    let series = SERVERS.replace("w.csv", "n.csv");
    folder.write("experiments/trace.toml", format!("{series}detectors = ['never']\nnab = true\n"));
    let generated = "[generate]\nkind = 'perturbed'\nseed = 1\n[replay]\nengine = 'excursion'\n[evaluate]\n";
    folder.write(
        "experiments/sweep.toml",
        format!("title = 's'\n{generated}sweep = {{ axis = 'scale', values = [1, 2] }}\n"),
    );
    folder.write("experiments/factor.toml", format!("title = 'f'\n{generated}sensitivity = [2]\n"));
    let found = SERVERS.replace("windows = 'w.csv'\n", "detectors = ['threshold']\n");
    folder.write("experiments/found.toml", found);
    assert_eq!(folder.run(&["run"]).code, 11);
    let rows = |table: &str, detector: &str| {
        let table = folder.read(table);
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let at = reader.headers().unwrap().iter().position(|key| key == "detector").unwrap();
        reader.records().map(Result::unwrap).filter(|row| &row[at] == detector).count()
    };
    for detector in ["excursion", "always", "never"] {
        for (table, expected) in [
            ("out/trace/scores.csv", 6),
            ("out/trace/nab.csv", 3),
            ("out/sweep/sweep.csv", 12),
            ("out/sweep/stability.csv", 6),
            ("out/factor/scores.csv", 6),
        ] {
            assert_eq!(rows(table, detector), expected, "{table} {detector}");
        }
    }
    // Where nobody knows the truth nothing is scored.
    assert_eq!((rows("out/found/found.csv", "threshold"), rows("out/found/found.csv", "always")), (5, 0));
    // They are part of the evaluation, as if the experiment had named them.
    let digests = folder.read("out/trace/digests.toml");
    assert!(digests.contains("detectors = \"never,always\""), "{digests}");
    let nab = folder.read("out/trace/nab.csv");
    assert_eq!(row(&nab, &["never", "standard"])["score"], "0");
}

#[test]
fn a_table_of_scores_shows_what_always_and_never_would_have() {
    let folder = servers();
    folder.write(
        "e.csv",
        "motif,channel,t_start,t_end\nplan_regression_onset,a,600,659\nplan_regression_onset,c,10,20\n",
    );
    let score = ["score", "--episodes", "e.csv", "--windows", "w.csv"];
    for extra in [&["--duration", "3600"][..], &[]] {
        let json = folder.ok(&[&score[..], extra, &["--json"]].concat()).json();
        let (always, never) = (&json["always"], &json["never"]);
        assert_eq!(
            (&always["matched"], &always["episodes"], &always["false_alarms"]),
            (&1.into(), &2.into(), &1.into())
        );
        assert_eq!((&never["f1"], &never["episodes"], &never["windows"]), (&0.0.into(), &0.into(), &2.into()));
        let text = folder.ok(&[&score[..], extra].concat()).stdout;
        assert!(text.contains("\nalways ") && text.contains("\nnever "), "{text}");
    }
}

/// What is detected at no more than so many false alarms an hour.
#[test]
fn detection_is_told_at_a_bounded_rate_of_false_alarms() {
    let folder = servers();
    folder.write("experiments/x.toml", SERVERS);
    folder.run(&["run"]);
    let score = ["score", "--episodes", "out/x/episodes.csv", "--windows", "w.csv", "--tape", "out/x/tape.jsonl"];
    let by_time =
        [&score[..], &["--by-time", "--group-by", "#", "--ignore", "i.csv", "--alarms-at-most", "0", "--json"]]
            .concat();
    let bounded = folder.ok(&by_time).json()["by_time"]["bounded"].clone();
    assert_eq!((&bounded["hit"], &bounded["false_alarms_per_hour"]), (&0.5.into(), &0.0.into()));
    // The weakest that is no weaker than the false alarm would be: that of the second metric, 0.7 of 0.2.
    assert!((bounded["threshold"].as_f64().unwrap() - 3.5).abs() < 1e-9, "{bounded}");
    for wrong in ["-1", "NaN", "x"] {
        let (code, message) =
            folder.refusal(&[&score[..], &["--by-time", &format!("--alarms-at-most={wrong}")]].concat());
        assert!(code == 2 && message.contains("not a number of false alarms an hour"), "{message}");
    }
    let bound = format!("{SERVERS}[evaluate.group]\nalarms_at_most = -1\n");
    let nab = SERVERS.replace("windows = 'w.csv'\n", "detectors = ['mad']\nnab = true\n");
    for (text, expected) in [
        (bound, "`alarms_at_most` is a number of false alarms an hour; give one from 0"),
        (nab, "the score of NAB needs `windows`; name them, or remove `nab`"),
    ] {
        folder.write("experiments/x.toml", text);
        let (code, message) = folder.refusal(&["run", "x"]);
        assert!(code == 2 && message.contains(expected), "{code} {message}");
    }
}

/// Experiments in a folder below are run when they are asked for, and their results belong to somebody.
#[test]
fn experiments_in_a_folder_below_are_not_of_all() {
    let folder = servers();
    let experiment = format!("{SERVERS}[evaluate.group]\nby = '#'\n");
    folder.write("experiments/here.toml", &experiment);
    folder.write("experiments/external/there.toml", &experiment);
    folder.run(&["run", "experiments/here.toml", "experiments/external/there.toml"]);
    folder.ok(&["accept", "experiments/here.toml", "experiments/external/there.toml"]);
    // `run` says "telltape accept there", so the name is enough.
    folder.ok(&["run", "there"]);
    folder.ok(&["accept", "there"]);
    let all = folder.ok(&["run"]).stdout;
    assert!(all.contains("here") && !all.contains("there"), "{all}");
    std::fs::remove_file(folder.join("experiments/external/there.toml")).unwrap();
    assert_eq!(folder.run(&["run"]).code, 11);
}
