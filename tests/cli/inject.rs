//! Faults injected into tapes: from the command line, and in experiments.

use crate::support::{Folder, PERTURBED};

const ARGUMENTS: [&str; 14] = [
    "generate",
    "inject",
    "--carrier",
    "c.jsonl",
    "--kind",
    "shift",
    "--size",
    "3",
    "--samples",
    "20..40",
    "--faults",
    "2",
    "--seed",
    "1",
];

fn carrier() -> Folder {
    let folder = Folder::new();
    folder.ok(&["generate", "null", "--kind", "white", "--seed", "7", "--tape", "c.jsonl"]);
    folder
}

#[test]
fn a_tape_with_faults_comes_with_their_windows_and_is_found() {
    let folder = carrier();
    let with = |more: &[&str]| folder.run(&[&ARGUMENTS[..], more].concat());
    let made = with(&["--tape", "a.jsonl", "--windows", "a.windows.csv", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let again = with(&["--tape", "b.jsonl", "--windows", "b.windows.csv", "--json"]);
    assert_eq!(made.json()["sha256"], again.json()["sha256"]);
    assert_eq!(folder.read("a.windows.csv"), folder.read("b.windows.csv"));
    let windows = folder.read("a.windows.csv");
    assert!(windows.starts_with("motif,channel,t_start,t_end\n") && windows.lines().count() == 3, "{windows}");
    let changed = folder.read("a.jsonl");
    let lines = || {
        changed.lines().zip(
            std::fs::read_to_string(folder.join("c.jsonl")).unwrap().lines().map(str::to_owned).collect::<Vec<_>>(),
        )
    };
    let changed = lines().filter(|(after, before)| after != before).count();
    assert!((40..=80).contains(&changed), "{changed}");
    folder.ok(&["replay", "--engine", "excursion", "a.jsonl", "--out", "out"]);
    let scored =
        ["score", "--episodes", "out/a/episodes.csv", "--windows", "a.windows.csv", "--tape", "a.jsonl", "--json"];
    assert_eq!(folder.ok(&scored).json()["scores"][5]["recall"], 1.0);
    // A benchmark takes it as it is.
    folder.write("suite/x", "");
    for (from, to) in [("a.jsonl", "a.jsonl"), ("a.jsonl.hash", "a.jsonl.hash"), ("a.windows.csv", "a.windows.csv")] {
        std::fs::copy(folder.join(from), folder.join(&format!("suite/{to}"))).unwrap();
    }
    let ran = folder.ok(&["benchmark", "suite", "--without", "bocpd", "--without", "bocpd-reference", "--out", "lb"]);
    assert!(ran.stdout.contains("suite  excursion"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_injected_is_refused_and_nothing_is_written() {
    let folder = carrier();
    let tape = ["--tape", "x.jsonl", "--windows", "x.csv"];
    for (at, value, problem) in [
        (5, "shfit", "unknown kind of fault `shfit`; did you mean `shift`?"),
        (7, "0", "not a size above 0, up to 1e9"),
        (7, "inf", "not a size above 0, up to 1e9"),
        (9, "20", "write the shortest and the longest, as 10..60"),
        (9, "40..20", "write the shortest and the longest, as 10..60"),
        (9, "0..20", "write the shortest and the longest, as 10..60"),
        (9, "20..400", "with at least 1600 samples each and no window: 0, for faults: "),
        (11, "0", "invalid value '0' for '--faults <N>'"),
        (
            11,
            "16",
            "channels with at least 160 samples each and no window: 15, for faults: 16; each fault is on a channel of its own",
        ),
        (13, "one", "invalid value 'one' for '--seed <N>'"),
    ] {
        let mut arguments = ARGUMENTS;
        arguments[at] = value;
        let (code, message) = folder.refusal(&[&arguments[..], &tape].concat());
        assert!(code == 2 && message.contains(problem), "{value}: {code} {message}");
    }
    let mut absent = ARGUMENTS;
    absent[3] = "absent.jsonl";
    assert_eq!(folder.refusal(&[&absent[..], &tape].concat()).0, 12);
    assert!(!folder.join("x.jsonl").exists() && !folder.join("x.csv").exists());
}

const INJECT: &str = "[evaluate]\ndetectors = ['threshold', 'always', 'never']\n[evaluate.inject]\nkinds = ['shift', 'ramp']\n\
                      sizes = [0.1, 3]\nsamples = [20, 40]\nfaults = 2\nseeds = { first = 1, count = 3 }\n";

#[test]
fn an_experiment_scores_everybody_on_every_kind_and_size() {
    let generated =
        "title = 'g'\n[generate]\nkind = 'null'\nnoise = 'white'\nseed = 7\n[replay]\nengine = 'excursion'\n";
    let rows: String = (0..900).map(|t| format!("{t},a,{}\n{t},b,{}\n", 50 + t * 7 % 11, 20 + t * 5 % 7)).collect();
    let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\ntime_col = 't'\nvalue_col = 'v'\nchannel_col = 'c'\n";
    let folder = Folder::project(&[("g", &format!("{generated}{INJECT}")), ("t", &format!("{trace}{INJECT}"))]);
    folder.write("t.csv", format!("t,c,v\n{rows}"));
    assert_eq!(folder.run(&["run", "-j", "1"]).code, 11);
    let table = |name: &str| folder.read(&format!("out/{name}"));
    let injected = table("g/injected.csv");
    assert!(injected.starts_with("kind,size,detector,motif,runs,windows,episodes,"), "{injected}");
    // As it is, and two kinds by two sizes; four detectors; five motifs and all.
    assert_eq!(injected.lines().count(), 1 + 5 * 4 * 6);
    let recall = |table: &str, start: &str| -> f64 {
        let row = table.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {table}"));
        row.split(',').nth(11).unwrap().parse().unwrap()
    };
    assert_eq!(recall(&injected, "shift,3,excursion,all,3,6,"), 1.0);
    assert!(recall(&injected, "shift,0.1,threshold,all,3,6,") < 1.0, "{injected}");
    assert_eq!((recall(&injected, "ramp,3,always,all,3,6,"), recall(&injected, "ramp,3,never,all,3,6,")), (1.0, 0.0));
    assert!(injected.contains("\nnone,0,excursion,all,1,0,"), "{injected}");
    let windows = table("g/injected-windows.csv");
    assert!(
        windows.starts_with("seed,motif,channel,t_start,t_end\n\"1\",") && windows.lines().count() == 7,
        "{windows}"
    );
    assert!(recall(&table("t/injected.csv"), "shift,3,excursion,all,3,6,") > 0.5);
    // A trace whose truth nobody knows is told of as it always was.
    assert!(table("t/found.csv").contains("threshold,plan_regression_onset,"));
    let digests = table("g/digests.toml");
    for option in [
        "\"inject.kinds\" = \"shift,ramp\"",
        "\"inject.sizes\" = \"0.1,3\"",
        "\"inject.samples\" = \"20-40\"",
        "\"inject.faults\" = \"2\"",
        "\"inject.seeds\" = \"1-3\"",
    ] {
        assert!(digests.contains(option), "{option}: {digests}");
    }
    assert_eq!(folder.run(&["run", "-j", "3", "--no-cache"]).code, 11);
    assert_eq!(table("g/digests.toml"), digests);
    let figures = folder.ok(&["report", "--json"]).stdout;
    assert!(figures.contains("inject-g.svg") && figures.contains("inject-t.svg"), "{figures}");
}

#[test]
fn injections_that_cannot_be_are_refused_with_their_place() {
    let experiment = |inject: &str| Folder::project(&[("x", &format!("{PERTURBED}[evaluate.inject]\n{inject}\n"))]);
    let good = [("kinds", "['shift']"), ("sizes", "[1]"), ("samples", "[5, 9]"), ("seeds", "{ first = 1, count = 2 }")];
    let text = |key: &str, value: &str| {
        let lines = good.iter().map(|(name, usual)| format!("{name} = {}\n", if *name == key { value } else { usual }));
        let more = if good.iter().any(|(name, _)| *name == key) { String::new() } else { format!("{key} = {value}\n") };
        lines.collect::<String>() + &more
    };
    for (key, value, code, problem) in [
        ("kinds", "['shfit']", 2, "`experiments/x.toml:6:10`: unknown kind of fault `shfit`; did you mean `shift`?"),
        ("kinds", "[]", 2, "[evaluate.inject] needs `kinds` and `sizes`"),
        ("sizes", "[]", 2, "[evaluate.inject] needs `kinds` and `sizes`"),
        ("sizes", "[1, 0]", 2, "`experiments/x.toml:7:9`: `sizes` are above 0, up to 1e9"),
        ("sizes", "[nan]", 2, "`sizes` are above 0, up to 1e9"),
        ("samples", "[9, 5]", 2, "`samples` are the shortest and the longest fault: [10, 60]"),
        ("samples", "[0, 5]", 2, "`samples` are the shortest and the longest fault: [10, 60]"),
        ("samples", "[5]", 2, "invalid length 1"),
        ("seeds", "{ first = 1, count = 0 }", 2, "must be from 1 to 100000"),
        ("seeds", "{ first = 9223372036854775807, count = 200000 }", 2, "must be from 1 to 100000"),
        ("faults", "0", 2, "`faults` is from 1 to 1000"),
        ("motifs", "['cache']", 2, "unknown motif `cache`"),
        ("knids", "1", 2, "unknown key `knids`; did you mean `kinds`?"),
        ("faults", "999", 2, "channels with at least 36 samples each and no window: "),
    ] {
        let (found, message) = experiment(&text(key, value)).refusal(&["run"]);
        assert!(found == code && message.contains(problem), "{key} = {value}: {found} {message}");
    }
}
