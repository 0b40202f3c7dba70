//! Text from outside is nothing but text, whatever it is called and wherever it is shown.

use std::path::Path;

use crate::support::{Folder, Ran};

/// Names as an attacker would choose them: they move the cursor, turn the direction of text, hide, or are markup.
const HOSTILE: [&str; 12] = [
    "esc\u{1b}[2J",
    "osc\u{1b}]0;owned\u{7}",
    "csi\u{9b}31m",
    "del\u{7f}",
    "two\nok lines",
    "cr\rx",
    "rtl\u{202e}evil",
    "isolate\u{2066}x\u{2069}",
    "alm\u{61c}x",
    "zero\u{200b}width\u{feff}\u{ad}\u{2060}",
    "sep\u{2028}x\u{2029}",
    "tag\u{e0041}<img src=x>@everyone#1`",
];

/// Characters that no output may have: those of the table above, and their kinds.
fn is_hidden(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
}

fn check(ran: &Ran, what: &str) {
    for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let hidden: Vec<char> = text.chars().filter(|letter| is_hidden(*letter)).collect();
        assert!(hidden.is_empty(), "{what}, {stream}: {hidden:?} in {text}");
        assert!(
            !text.lines().any(|line| line.starts_with("ok lines")),
            "{what}, {stream}: a name ends its line: {text}"
        );
    }
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
}

const HOSTILE_TRACE: &str = "[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\ntime_col = 't'\nvalue_col = 'value'\n\
    channel_col = 'channel'\npre_residualized = true\n[replay]\nengine = 'reference'\n";

/// A generic trace in which every channel has an episode.
fn trace(channels: &[String], value: &str) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["t", "value", "channel"]).unwrap();
    for t in ["0", "6"] {
        channels.iter().for_each(|channel| rows.write_record([t, value, channel]).unwrap());
    }
    rows.into_inner().unwrap()
}

#[test]
fn no_command_gives_a_terminal_a_hidden_character_of_a_name() {
    for name in HOSTILE {
        // A file name has neither of these.
        let file = name.replace('/', "_");
        let title = toml::Value::from(name);
        let folder = Folder::project(&[(&file, &format!("title = {title}\n{HOSTILE_TRACE}"))]);
        folder.write("t.csv", trace(&[name.to_owned(), format!("b{name}")], "1.0"));
        let tape = format!("{file}.jsonl");
        let run = |arguments: &[&str]| {
            let ran = folder.run(arguments);
            check(&ran, &format!("{arguments:?}"));
            ran
        };
        assert_eq!(run(&["run"]).code, 11, "{name:?}");
        assert_eq!(run(&["run", &file, "--json", "--junit", "j.xml"]).code, 11);
        assert!(!folder.read("j.xml").chars().any(is_hidden), "{}", folder.read("j.xml"));
        assert_eq!(run(&["explain", &file]).code, 11);
        assert_eq!(run(&["explain", &file, "--markdown"]).code, 11);
        assert_eq!(run(&["accept", &file]).code, 0);
        folder.write("t.csv", trace(&[name.to_owned(), format!("b{name}")], "2.0"));
        assert_eq!(run(&["run", &file]).code, 10);
        for options in [["--json"], ["--markdown"], ["--color=always"]] {
            let arguments = [&["explain", &file][..], &options].concat();
            let ran = folder.run(&arguments);
            assert_eq!(ran.code, 10);
            let plain = ran.stdout.replace("\u{1b}[31m", "").replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
            check(&Ran { stdout: plain, ..ran }, &format!("{arguments:?}"));
        }
        assert_eq!(run(&["diff", "results", "out"]).code, 10);
        assert_eq!(run(&["diff", "results", "out", "--json"]).code, 10);
        assert_eq!(run(&["plan"]).code, 0);
        assert_eq!(run(&["plan", &file, "--json"]).code, 0);
        assert_eq!(run(&["report"]).code, 0);
        let page = folder.read("out/report.html");
        assert!(!page.chars().any(is_hidden) && !page.contains("<img src=x>"), "{name:?}");
        let convert =
            ["convert", "--dataset", "generic", "t.csv", "--time-col=t", "--value-col=value", "--channel-col=channel"];
        assert_eq!(run(&[&convert[..], &["--pre-residualized", "--tape", &tape]].concat()).code, 0);
        for arguments in [
            &["verify", &tape][..],
            &["replay", &tape, "--out", "o"],
            &["detect", "--detector", "threshold", &tape, "--out", "d"],
            &["export", &tape, "--table", &format!("{file}.csv")],
            &["shard", "plan", &tape, "--plan", &format!("{file}.json")],
        ] {
            assert_eq!(run(arguments).code, 0, "{arguments:?}");
            assert_eq!(run(&[arguments, &["--json"]].concat()).code, 0, "{arguments:?}");
        }
        // And where they are wrong.
        for arguments in [
            &["run", name][..],
            &["verify", &format!("none{name}")],
            &[name],
            &["run", &format!("--{name}")],
            &["data", "verify", name],
            &["convert", name, "--dataset", name, "--tape", "x"],
            &["capture", "--check", "--url", name],
        ] {
            let code = folder.run(arguments).code;
            assert!(code != 0 || arguments[0] == "run", "{arguments:?}");
            run(arguments);
            run(&[arguments, &["--json"]].concat());
        }
    }
}

#[test]
fn markdown_has_values_of_files_in_code_only() {
    let folder = Folder::project(&[("m", &format!("title = 'm'\n{HOSTILE_TRACE}"))]);
    folder.write("t.csv", trace(&["a".to_owned()], "1.0"));
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    let hostile = "<img src=x> @everyone #1 [a](http://evil.invalid) ``` ";
    let expected = folder.read("results/m/expected.toml");
    let other = |line: &str| match line.split_once(" = ") {
        Some(("channel-col" | "options", _)) => format!("{} = '{hostile}'\n", line.split_once(" = ").unwrap().0),
        _ => format!("{line}\n"),
    };
    folder.write("results/m/expected.toml", expected.lines().map(other).collect::<String>());
    assert_eq!(folder.run(&["run"]).code, 10);
    let markdown = folder.run(&["explain", "--markdown"]).stdout;
    let mut in_code = false;
    let mut outside = String::new();
    for line in markdown.lines() {
        match line {
            "```diff" => in_code = true,
            "```" => in_code = false,
            line if in_code => assert!(!line.trim_start().starts_with('`'), "{line}"),
            line => outside += line,
        }
    }
    assert!(!in_code && markdown.contains("<img src=x> @everyone"), "{markdown}");
    assert!(!outside.contains("img") && !outside.contains('@'), "{outside}");
}

#[test]
fn the_page_stays_below_five_megabytes_and_says_what_it_leaves_out() {
    let folder = Folder::project(&[("many", &format!("title = 'many'\n{HOSTILE_TRACE}"))]);
    let channels: Vec<String> = (0..20_000).map(|index| format!("{index:05}{}", "x".repeat(395))).collect();
    folder.write("t.csv", trace(&channels, "1.0"));
    assert_eq!(folder.run(&["run"]).code, 11);
    let bytes = folder.ok(&["report", "--json"]).json()["bytes"].as_u64().unwrap();
    assert!(bytes <= 5_000_000, "{bytes}");
    let page = folder.read("out/report.html");
    assert_eq!(page.len() as u64, bytes);
    assert!(page.contains("Left out, so that the page stays below 5 MB: ") && page.contains("of the shorter episodes"));
    assert!(page.contains("…(100 more)…"), "long names are cut and say so");
    // Few channels: nothing is left out.
    folder.write("t.csv", trace(&channels[..10], "1.0"));
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["report"]);
    assert!(!folder.read("out/report.html").contains("Left out"));
}

#[test]
fn a_table_for_a_spreadsheet_has_no_formulas_and_every_other_table_has_the_names_as_they_are() {
    let folder = Folder::new();
    let channels = ["=1+1", "+1+1", "-2+3", "@SUM(1,1)", "q-1"].map(str::to_owned);
    folder.write("t.csv", trace(&channels, "-1.0"));
    let convert =
        ["convert", "--dataset", "generic", "t.csv", "--time-col=t", "--value-col=value", "--channel-col=channel"];
    folder.ok(&[&convert[..], &["--pre-residualized", "--tape", "t.jsonl"]].concat());
    let column = |arguments: &[&str]| -> Vec<(String, String)> {
        folder.ok(&[&["export", "t.jsonl", "--table", "x.csv"], arguments].concat());
        let mut rows = csv::Reader::from_path(folder.join("x.csv")).unwrap();
        rows.records().take(5).map(|row| row.unwrap()).map(|row| (row[3].to_owned(), row[4].to_owned())).collect()
    };
    // In order of their names, and numbers as tables spell them.
    let value = |channel: &str| (channel.to_owned(), "-1".to_owned());
    let plain = column(&[]);
    assert_eq!(plain, ["+1+1", "-2+3", "=1+1", "@SUM(1,1)", "q-1"].map(value));
    let escaped = column(&["--spreadsheet"]);
    assert_eq!(escaped, ["'+1+1", "'-2+3", "'=1+1", "'@SUM(1,1)", "q-1"].map(value));
}

/// Printing functions take only what has passed the gate; this holds them to be the only ones that print.
#[test]
fn nothing_prints_past_the_gate() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("cli/output.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
                for (number, line) in code.enumerate() {
                    let code = line.split("//").next().unwrap_or_default();
                    let prints =
                        ["print!(", "println!(", "eprint!(", "eprintln!(", "io::stdout()", "io::stderr()", ".println("];
                    if prints.iter().any(|print| code.contains(print)) && !code.contains("is_terminal()") {
                        found.push(format!("{}:{}: {line}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
