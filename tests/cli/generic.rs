//! Any CSV as people have it, with the residuals that follow by hand.

use crate::support::Folder;

fn values(folder: &Folder, tape: &str) -> Vec<(f64, f64)> {
    let lines = folder.read(tape);
    let samples = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let samples = samples.filter(|sample| sample.get("value").is_some());
    samples.map(|sample| (sample["t"].as_f64().unwrap(), sample["value"].as_f64().unwrap())).collect()
}

fn refusal(folder: &Folder, input: &str, extra: &[&str]) -> String {
    let before = folder.files();
    let (code, message) =
        folder.refusal(&[&["convert", "--dataset", "generic", input, "--tape", "t.jsonl"], extra].concat());
    assert_eq!((code, folder.files()), (12, before), "{message}");
    message
}

#[test]
fn two_series_in_one_file_are_asked_for_and_read() {
    let folder = Folder::new();
    let mut text = "name,timestamp,value,instance,job\n".to_owned();
    for poll in 0..20 {
        let t = 1_714_557_600 + 15 * poll;
        text += &format!("activity,{t},10,db-1:9187,pg\nactivity,{t},1000,db-2:9187,pg\n");
    }
    folder.write("x.csv", &text);
    assert_eq!(
        refusal(&folder, "x.csv", &[]),
        "`x.csv:3`: two values at t = 1714557600: line 2 and line 3; which column tells the series apart? Pass --channel-col \
         instance, or --one-series if a series has several values at a time (--lenient counts such rows and goes on)"
    );
    assert!(refusal(&folder, "x.csv", &["--lenient"]).contains("which column tells the series apart?"));
    let convert = ["convert", "--dataset", "generic", "--construction", "plain", "x.csv", "--tape", "t.jsonl"];
    folder.ok(&[&convert[..], &["--channel-col", "instance"]].concat());
    let found = values(&folder, "t.jsonl");
    assert!(found.len() == 34 && found.iter().all(|(_, value)| *value == 0.0), "{found:?}");
    folder.ok(&[&convert[..], &["--one-series"]].concat());
    // Text that changes is asked for also when no time is there twice.
    let text: String =
        text.lines().enumerate().filter(|(line, _)| line % 3 != 2).map(|(_, line)| format!("{line}\n")).collect();
    let text: Vec<&str> = text.lines().collect();
    let unique: Vec<String> =
        text.iter().enumerate().map(|(line, text)| text.replace(",17145", &format!(",{line}"))).collect();
    std::fs::remove_file(folder.join("t.jsonl")).unwrap();
    std::fs::remove_file(folder.join("t.jsonl.hash")).unwrap();
    folder.write("x.csv", unique.join("\n"));
    let message = refusal(&folder, "x.csv", &["--time-unit", "s"]);
    assert!(
        message.starts_with("`x.csv:1`: `instance` is not used; which column tells the series apart?"),
        "{message}"
    );
}

/// A number may be the name of a series, too.
#[test]
fn series_are_told_apart_by_numbers_and_dates_too() {
    let folder = Folder::new();
    let two = |header: &str, names: [&str; 2], late: i64| {
        let rows = (0..20).map(|poll| {
            let (t, [one, other]) = (1_714_557_600 + 15 * poll, names);
            format!("{t},10,{one}\n{},1000,{other}\n", t + late)
        });
        folder.write("x.csv", format!("{header}\n{}", rows.collect::<String>()));
    };
    let dates = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"];
    for (column, names) in [("shard", ["1", "2"]), ("rows", ["7", "9"]), ("backend_start", dates)] {
        two(&format!("timestamp,value,{column}"), names, 0);
        let expected = format!("which column tells the series apart? Pass --channel-col {column}, or --one-series");
        for extra in [&[][..], &["--lenient"]] {
            let message = refusal(&folder, "x.csv", extra);
            assert!(message.contains(&expected), "{column}: {message}");
        }
    }
    // A time that is never there twice, too, where the column is called like a name.
    for column in ["shard", "warehouseId", "db_id"] {
        two(&format!("timestamp,value,{column}"), ["1", "2"], 1);
        let message = refusal(&folder, "x.csv", &[]);
        assert!(
            message.contains(&format!("`{column}` is not used; which column tells the series apart?")),
            "{message}"
        );
    }
    // What is called like a measurement is named.
    two("timestamp,value,rows", ["1", "2"], 1);
    let convert = ["convert", "--dataset", "generic", "x.csv", "--tape", "t.jsonl"];
    let said = folder.ok(&convert).stdout;
    assert!(said.contains("not used: `rows`; pass --channel-col if one of them tells series apart"), "{said}");
    // The number of a row tells nothing apart.
    let rows: String = (0..20).map(|row| format!("{},10,{}\n", 1_714_557_600 + 15 * row, row + 1)).collect();
    folder.write("x.csv", format!("timestamp,value,id\n{rows}"));
    folder.ok(&convert);
}

#[test]
fn milliseconds_are_not_seconds() {
    let folder = Folder::new();
    let mut text = "\u{feff}\"Time\",\"p95\"\n".to_owned();
    for row in 0..40_i64 {
        let value = if row / 2 == 10 { 30.0 } else { 12.5 };
        text += &format!("{},{value}\n", 1_714_557_600_000 + 1000 * row);
    }
    folder.write("x.csv", text);
    folder.ok(&["convert", "--dataset", "generic", "--construction", "plain", "x.csv", "--tape", "t.jsonl"]);
    let found = values(&folder, "t.jsonl");
    let expected: Vec<(f64, f64)> =
        (3..40).map(|row| (f64::from(row), if row / 2 == 10 { 1.4 } else { 0.0 })).collect();
    assert_eq!(found, expected);
}

/// Relative to what is next to nothing, everything would be a change without bounds.
#[test]
fn residuals_near_zero_have_a_floor() {
    let folder = Folder::new();
    let run = |series: &[&str]| {
        let rows: Vec<String> = series.iter().enumerate().map(|(t, value)| format!("{t},{value}\n")).collect();
        folder.write("x.csv", format!("t,value\n{}", rows.concat()));
        folder.ok(&["convert", "--dataset", "generic", "--construction", "plain", "x.csv", "--tape", "t.jsonl"]);
        values(&folder, "t.jsonl").into_iter().map(|(_, value)| value).collect::<Vec<f64>>()
    };
    assert_eq!(run(&["0", "0", "0", "0", "8", "0"]), [0.0, 1000.0, 0.0]);
    assert_eq!(run(&["1e-300", "0", "0", "4"]), [1000.0]);
    // Noise around 0 is relative to its size.
    assert_eq!(run(&["-1", "1", "-1", "1", "-1", "1"]), [2.0, -1.0, 2.0]);
    // A series that keeps its sign is relative to its median, as ever.
    assert_eq!(run(&["10", "10", "10", "1000", "-5"]), [99.0, -1.5]);
    assert_eq!(run(&["-4", "-2", "-2", "-3"]), [-0.5]);
}
