//! Experiments whose seeds are held apart: detectors tuned on some of them, and intervals held against the truth.

use crate::support::{Folder, PERTURBED};

#[test]
fn detectors_are_tuned_on_some_seeds_and_reported_on_others() {
    let tuned = "[evaluate]\nseeds = { first = 1, count = 2 }\ndetectors = ['threshold', 'cusum']\n\
                 [evaluate.tuned]\ntrain = { first = 3, count = 2 }\nfactors = [0.5, 1, 2]\n";
    let folder = Folder::project(&[("t", &format!("{PERTURBED}{tuned}"))]);
    assert_eq!(folder.run(&["run", "-j", "1"]).code, 11);
    let table = folder.read("out/t/tuned.csv");
    assert!(table.starts_with("detector,parameters,tuned,motif,runs,windows,"), "{table}");
    let all: Vec<Vec<&str>> =
        table.lines().map(|line| line.split(',').collect()).filter(|row: &Vec<&str>| row[3] == "all").collect();
    let names: Vec<(&str, &str)> = all.iter().map(|row| (row[0], row[2])).collect();
    let tuned = [("threshold", "false"), ("threshold", "true"), ("cusum", "false"), ("cusum", "true")];
    assert_eq!(names[1..5], tuned);
    assert_eq!([names[0], names[5], names[6]], ["reference", "always", "never"].map(|name| (name, "false")));
    assert!(all[2][1].starts_with("factor=") && all[4][1].starts_with("allowance=") && all[4][1].contains(" bound="));
    // As it is, everybody has the scores of the experiment.
    let scores = folder.read("out/t/scores.csv");
    for row in all.iter().filter(|row| row[2] == "false") {
        assert!(scores.contains(&format!("{},{}\n", row[0], row[3..].join(","))), "{row:?}: {scores}");
    }
    let digests = folder.read("out/t/digests.toml");
    assert!(
        digests.contains("\"tuned.train\" = \"3-4\"") && digests.contains("\"tuned.factors\" = \"0.5,1,2\""),
        "{digests}"
    );
    assert_eq!(folder.run(&["run", "-j", "4", "--no-cache"]).code, 11);
    assert_eq!(folder.read("out/t/digests.toml"), digests);
    assert!(folder.ok(&["report", "--json"]).stdout.contains("tuned-t.svg"));
}

#[test]
fn intervals_are_held_against_the_truth() {
    let coverage = "scale = 0.2\n[evaluate]\ndetectors = ['never']\n[evaluate.coverage]\nseeds = { first = 1, count = 9 }\nruns = [2, 4]\n";
    let folder = Folder::project(&[("c", &format!("{PERTURBED}{coverage}"))]);
    assert_eq!(folder.run(&["run"]).code, 11);
    let table = folder.read("out/c/coverage.csv");
    assert!(
        table.starts_with(
            "detector,motif,score,runs,truth,draws,covered,points,coverage,coverage_low,coverage_high\n\
             reference,plan_regression_onset,f1,2,"
        ),
        "{table}"
    );
    // Engine, `always` and `never`; two sizes of draws; six rows of motifs; four scores.
    assert_eq!(table.lines().count(), 1 + 3 * 2 * 6 * 4);
    // Without an episode F1 is 0 in every draw, and so is its truth.
    assert!(table.contains("\nnever,all,f1,2,0,4,4,4,1,0.510"), "{table}");
    assert!(table.contains("\nnever,all,detection_delay_s,4,,0,0,0,,,\n"), "{table}");
    let digests = folder.read("out/c/digests.toml");
    assert!(digests.contains("\"coverage.seeds\" = \"1-9\"") && digests.contains("\"coverage.runs\" = \"2,4\""));
    assert_eq!(folder.run(&["run", "-j", "4", "--no-cache"]).code, 11);
    assert_eq!(folder.read("out/c/digests.toml"), digests);
    assert!(folder.ok(&["report", "--json"]).stdout.contains("coverage-c.svg"));
}

#[test]
fn seeds_that_are_not_apart_are_refused_with_their_place() {
    let of = |rest: &str| {
        format!("{PERTURBED}[evaluate]\ndetectors = ['adwin']\nseeds = {{ first = 1, count = 5 }}\n{rest}\n")
    };
    let tuned = |train: &str, factors: &str| of(&format!("[evaluate.tuned]\ntrain = {train}\nfactors = {factors}"));
    let coverage = |seeds: &str, runs: &str| of(&format!("[evaluate.coverage]\nseeds = {seeds}\nruns = {runs}"));
    let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[evaluate]\ndetectors = ['never']\n";
    for (text, problem) in [
        (
            tuned("{ first = 5, count = 5 }", "[1]"),
            "`experiments/x.toml:9:9`: the seed 5 is one of [evaluate] `seeds`, too; tune on others than are reported",
        ),
        (tuned("{ first = 6, count = 0 }", "[1]"), "`count` is from 1 to 10000"),
        (
            tuned("{ first = 6, count = 5 }", "[]"),
            "`experiments/x.toml:10:11`: `factors` are one or more numbers from 0.001 to 1000",
        ),
        (tuned("{ first = 6, count = 5 }", "[nan]"), "`factors` are one or more numbers from 0.001 to 1000"),
        (
            coverage("{ first = 1, count = 8 }", "[1]"),
            "`experiments/x.toml:10:8`: `runs` are one or more numbers from 2 to half of `count` of the seeds, which is 4",
        ),
        (coverage("{ first = 1, count = 8 }", "[5]"), "half of `count` of the seeds, which is 4"),
        (coverage("{ first = 1, count = 8 }", "[]"), "half of `count` of the seeds, which is 4"),
        (coverage("{ first = 1, count = 8 }", "[0]"), "numbers from 2 to half of"),
        (coverage("{ first = 1, count = 2 }", "[1]"), "which is 1; give it 4 seeds at least"),
        (coverage("{ first = 18446744073709551615, count = 8 }", "[2]"), "the last seed below 2^64"),
        (coverage("{ first = 1, count = 20000 }", "[2]"), "`experiments/x.toml:9:9`: `count` is from 1 to 10000"),
        (coverage("{ first = 1, count = 8 }", "[2]\nsplit = 1"), "unknown key `split`"),
        (coverage("{ first = 1, count = 8 }", "[2.5]"), "x.toml:10:"),
        (
            tuned("{ first = 6, count = 5 }", "[1, 501]"),
            "`experiments/x.toml:10:11`: `delta` of `adwin` times 501: 1.002 is out of range: a number between 0 and 1",
        ),
        (
            tuned("{ first = 6, count = 9999 }", "[1, 2, 3, 4]"),
            "these factors make 16 candidates, on 9999 seeds each; 100000 runs are the most",
        ),
        (
            tuned("{ first = 6, count = 5 }", "[1]").replace("'adwin'", "'never'"),
            "`experiments/x.toml:8:1`: none of the detectors has parameters to tune; `telltape detect --help`",
        ),
        (
            tuned("{ first = 6, count = 5 }", "[1]").replace("'adwin'", "{ name = 'mine', command = ['cat'] }"),
            "none of the detectors has parameters to tune",
        ),
        (of("[evaluate.tuned]\nfactors = [1]"), "missing field `train`"),
        (
            format!("{trace}[evaluate.coverage]\nseeds = {{ first = 1, count = 8 }}\nruns = [2]\n"),
            "only generated streams have seeds to tune on, or to draw from",
        ),
        (
            format!("{trace}[evaluate.tuned]\ntrain = {{ first = 1, count = 8 }}\nfactors = [2]\n"),
            "only generated streams have seeds to tune on, or to draw from",
        ),
    ] {
        let (code, message) = Folder::project(&[("x", &text)]).refusal(&["run"]);
        assert!(code == 2 && message.contains(problem), "{text}: {code} {message}");
    }
}

/// Each tape that a command is asked about has its answer in the table: of the seeds that are reported once, though two tables
/// have them, and of those that are drawn from; what is tuned is tuned without it.
#[test]
fn commands_are_reported_and_every_answer_is_pinned() {
    let command = "[evaluate]\nseeds = { first = 1, count = 2 }\n\
                   detectors = ['threshold', { name = 'mine', command = ['true'] }]\n";
    let tuned = "[evaluate.tuned]\ntrain = { first = 3, count = 1 }\nfactors = [1]\n";
    let coverage = "[evaluate.coverage]\nseeds = { first = 2, count = 4 }\nruns = [2]\n";
    let inject = "[evaluate.inject]\nkinds = ['shift', 'ramp']\nsizes = [1]\nsamples = [2, 4]\nseeds = { first = 8, count = 1 }\n";
    let folder = Folder::project(&[("a", &format!("{PERTURBED}{command}{tuned}{coverage}{inject}"))]);
    assert_eq!(folder.run(&["run"]).code, 11);
    let answers = folder.read("out/a/answers.csv");
    let tapes: Vec<&str> =
        answers.lines().skip(1).map(|line| line.trim_start_matches("mine,").split(",0,").next().unwrap()).collect();
    // Reported, drawn from, then the tape of the experiment as it is, and with each kind of fault.
    assert_eq!(tapes, [",\"1\"", ",\"2\"", ",\"3\"", ",\"4\"", ",\"5\"", ",", "1,\"8\"", "1,\"8\""], "{answers}");
    assert!(folder.read("out/a/tuned.csv").contains("\nmine,,false,all,2,"));
    assert!(folder.read("out/a/coverage.csv").contains("\nmine,all,f1,2,0,2,2,2,1,"));
}
