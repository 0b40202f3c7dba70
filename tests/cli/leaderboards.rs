//! Benchmarks: all detectors over a suite of tapes, and the leaderboard.

use crate::support::Folder;

/// A suite of generated tapes with faults and without.
const SUITE: &str = "title = 'small'\n\
    [[set]]\nname = 'planted'\ngenerate = { kind = 'perturbed' }\nseeds = { first = 1, count = 2 }\n\
    [[set]]\nname = 'noise'\ngenerate = { kind = 'null', noise = 'white' }\nseeds = { first = 1, count = 1 }\n";

/// All that is built in, but for what the tests need.
fn without(kept: &[&str]) -> Vec<String> {
    let engines = ["reference", "excursion"].map(str::to_owned);
    let names = telltape::evaluate::DETECTORS.iter().map(|detector| detector.name().to_owned()).chain(engines);
    let left_out = names.filter(|name| !["always", "never"].contains(&name.as_str()) && !kept.contains(&name.as_str()));
    left_out.flat_map(|name| ["--without".to_owned(), name]).collect()
}

fn benchmark(folder: &Folder, kept: &[&str], arguments: &[&str]) -> crate::support::Ran {
    let mut command = folder.command();
    command.arg("benchmark").args(arguments).args(without(kept));
    crate::support::ran(command.output().unwrap())
}

fn rows(folder: &Folder, set: &str) -> Vec<Vec<String>> {
    let table = folder.read("lb/leaderboard.csv");
    let rows = table.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    rows.filter(|row| row[0] == set).collect()
}

#[test]
fn everybody_has_a_row_in_each_set_and_the_bytes_are_the_same() {
    let folder = Folder::new();
    folder.write("suite.toml", SUITE);
    folder.write("mine.sh", "grep -m1 -o '\"channel\":\"q42\"' >/dev/null && echo '{\"channel\": \"q42\", \"class\": \"PlanRegression\", \"start\": 200, \"end\": 279}'\nexit 0\n");
    let arguments = ["suite.toml", "--detector", "mine=sh ./mine.sh", "--out", "lb"];
    let mut all = folder.command();
    all.args(["benchmark", "-j", "1"]).args(arguments);
    let ran = crate::support::ran(all.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (table, page, answers) =
        (folder.read("lb/leaderboard.csv"), folder.read("lb/leaderboard.md"), folder.read("lb/answers.csv"));
    assert!(table.starts_with("set,detector,runs,j,j_low,j_high,hit,"), "{table}");
    let count = telltape::evaluate::DETECTORS.len() + 3;
    for set in ["planted", "noise", "all"] {
        assert_eq!(rows(&folder, set).len(), count, "{set}: {table}");
    }
    assert_eq!(answers.lines().count(), 4, "{answers}");
    let number = |row: &[String], column: usize| row[column].parse::<f64>().unwrap();
    let planted = rows(&folder, "planted");
    let of = |name: &str| planted.iter().find(|row| row[1] == name).unwrap();
    // Nothing is for nothing, and ours is no last one.
    assert_eq!((of("always")[3].as_str(), of("never")[3].as_str()), ("0", "0"));
    assert!(number(of("excursion"), 3) > 0.8, "{table}");
    // One fault of five, and all of it but a little.
    assert!(number(of("mine"), 3) > 0.05 && number(of("mine"), 6) > 0.1, "{table}");
    let j: Vec<f64> = planted.iter().map(|row| number(row, 3)).collect();
    assert!(j.is_sorted_by(|a, b| a >= b), "{j:?}");
    assert!(rows(&folder, "noise").iter().all(|row| row[3].is_empty()), "{table}");
    // The interval is over runs, and of one run there is none.
    assert!(!of("excursion")[4].is_empty() && rows(&folder, "noise")[0][10].is_empty());
    for text in [
        "# Leaderboard\n\n`small`\n",
        "| `planted` | 2 | 12 | 1.00 | `",
        "## The mean over the sets",
        "| `always` | 0.000 ",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let mut again = folder.command();
    again.args(["benchmark", "-j", "4", "--json"]).args(arguments);
    let again = crate::support::ran(again.output().unwrap());
    assert_eq!(again.json()["standings"].as_array().unwrap().len(), 3 * count);
    let bytes = (folder.read("lb/leaderboard.csv"), folder.read("lb/leaderboard.md"), folder.read("lb/answers.csv"));
    assert_eq!(bytes, (table, page, answers));
}

#[test]
fn tapes_are_read_with_the_windows_beside_them_and_skipped_loudly_where_they_may_be_absent() {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "3", "--tape", "tapes/a.jsonl"]);
    folder.ok(&["generate", "null", "--kind", "white", "--seed", "3", "--tape", "quiet/n.jsonl"]);
    folder.write("tapes/a.windows.csv", "motif,channel,t_start,t_end\nplan_regression_onset,*,200,280\n");
    let suite = "title = 't'\n[[set]]\nname = 'mine'\ntapes = 'tapes/*.jsonl'\nat_least = 1\n\
                 [[set]]\nname = 'quiet'\ntapes = 'quiet/n.jsonl'\nfaults = false\n\
                 [[set]]\nname = 'theirs'\ntapes = 'external/*.jsonl'\noptional = true\n";
    folder.write("suite.toml", suite);
    let ran = benchmark(&folder, &["threshold"], &["suite.toml", "--out", "lb"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("SKIPPED: the set `theirs` is not there"), "{}", ran.stderr);
    let page = folder.read("lb/leaderboard.md");
    assert!(page.contains("| `theirs` | not there |"), "{page}");
    let mine = rows(&folder, "mine");
    let threshold = mine.iter().find(|row| row[1] == "threshold").unwrap();
    // A window of any channel is on none, so that there is no F1 of it.
    assert!(threshold[6] == "1" && threshold[14].is_empty(), "{threshold:?}");
    // A folder is a set.
    let ran = benchmark(&folder, &["threshold"], &["tapes", "--out", "lb"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(rows(&folder, "tapes").len(), 3);
    assert_eq!(rows(&folder, "all").len(), 0);
}

#[test]
fn a_suite_or_a_detector_that_cannot_be_used_writes_nothing() {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "3", "--tape", "tapes/a.jsonl"]);
    let set = |rest: &str| format!("title = 't'\n[[set]]\nname = 'x'\n{rest}\n");
    let generated = "generate = { kind = 'perturbed' }\nseeds = { first = 1, count = 1 }";
    for (suite, code, problem) in [
        ("title = 't'\n".to_owned(), 2, "a suite needs a [[set]]"),
        (set("").to_owned(), 2, "`s.toml:2:1`: a set needs one of `generate`, `tapes` and `recordings`"),
        (set(&format!("{generated}\ntapes = 'x'")), 2, "a set needs one of `generate`, `tapes` and `recordings`"),
        (set("generate = { kind = 'perturbed' }"), 2, "`generate` needs `seeds`"),
        (set("generate = { kind = 'null' }\nseeds = { first = 1, count = 1 }"), 2, "a null trace needs a `noise`"),
        (set("generate = { kind = 'perturbed' }\nseeds = { first = 1, count = 0 }"), 2, "`count` is from 1 to 10000"),
        (set(&format!("{generated}\nfaults = false")), 2, "a generator knows its faults; remove `faults`"),
        (set("tapes = 'tapes/a.jsonl'\nseeds = { first = 1, count = 1 }"), 2, "tapes that are there have no seeds"),
        (
            set("tapes = 'none/*.jsonl'"),
            2,
            "`s.toml:4:9`: `none/*.jsonl` matches no file; `optional = true` lets a set be absent",
        ),
        (set("tapes = 'none/*.jsonl'\noptional = true"), 2, "no set of the suite is there, so nothing can be compared"),
        (set("tapes = '***'"), 2, "not a glob"),
        (set("tape = 'x'"), 2, "unknown key `tape`; did you mean `tapes`?"),
        (format!("{}[[set]]\nname = 'x'\n", set(generated)), 2, "two sets are called `x`"),
        ("title = 't'\n[[set]]\nname = 'all'\n".to_owned(), 2, "`all` is no name of a set"),
        (
            set("tapes = 'tapes/a.jsonl'"),
            2,
            "its windows are not there: `tapes/a.windows.csv`; a set without faults says `faults = false`",
        ),
        (set("recordings = 'tapes/a.jsonl'\nfaults = false"), 12, "a.jsonl"),
        (set("tapes = 's.toml'\nfaults = false"), 12, "s.toml"),
    ] {
        folder.write("s.toml", &suite);
        let (found, message) = benchmark(&folder, &[], &["s.toml", "--out", "lb"]).refusal();
        assert!(found == code && message.contains(problem), "{suite}: {found} {message}");
    }
    folder.write("tapes/a.windows.csv", "motif,channel,t_start,t_end\nplan_regression_onset,q42,5000,5001\n");
    let (code, message) = benchmark(&folder, &[], &["tapes", "--out", "lb"]).refusal();
    assert!(code == 12 && message.contains("the window of `q42` from 5000 to 5001 is outside the trace"), "{message}");
    folder.write("empty/x", "");
    let (code, message) = benchmark(&folder, &[], &["empty", "--out", "lb"]).refusal();
    assert!(code == 2 && message.contains("`*.jsonl` matches no file"), "{message}");

    folder.write("s.toml", set(generated));
    for (arguments, code, problem) in [
        (&["--detector", "mine"][..], 2, "`mine` names no detector; write NAME=COMMAND"),
        (&["--detector", "adwin=cat"], 2, "`adwin` is a detector that is built in"),
        (&["--detector", "a b=cat"], 2, "`a b` is no name of a detector"),
        (&["--detector", "mine="], 2, "the command of `mine` is empty"),
        (&["--detector", "mine=cat '"], 2, "`cat '` has a quote that does not end"),
        (&["--detector", "mine=true", "--detector", "mine=true"], 2, "two detectors are called `mine`"),
        (&["--detector", "mine=true", "--timeout", "0"], 2, "not a number of seconds from 0.1 to 3600"),
        (&["--without", "always"], 2, "`always` is a row of every leaderboard"),
        (&["--without", "adwni"], 2, "unknown detector `adwni`; did you mean `adwin`?"),
        (&["--detector", "mine=false"], 12, "the detector `mine`: it ended with exit code 1, and not with 0"),
        (&["--detector", "mine=no-such-program"], 12, "the detector `mine`: there is no program `no-such-program`"),
        (&["--detector", "mine=sleep 100", "--timeout", "0.3"], 12, "it did not end within 0.3 s"),
    ] {
        let all: Vec<&str> = ["s.toml", "--out", "lb"].iter().chain(arguments).copied().collect();
        let (found, message) = benchmark(&folder, &[], &all).refusal();
        assert!(found == code && message.contains(problem), "{arguments:?}: {found} {message}");
    }
    assert!(!folder.join("lb").exists());
    let (code, message) = benchmark(&folder, &[], &["absent.toml", "--out", "lb"]).refusal();
    assert_eq!(code, 2);
    assert!(
        message.starts_with("`absent.toml`: the suite (a TOML file, or a folder of tapes) cannot be read: "),
        "{message}"
    );
}
