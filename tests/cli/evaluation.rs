//! Null traces, other detectors, scores of anybody's episodes, experiments that evaluate, and the report.

use serde_json::json;

use crate::support::{Folder, PERTURBED};

/// A tape of the perturbed stream, its episodes, and where its faults are.
fn perturbed() -> Folder {
    let folder = Folder::new();
    folder.ok(&["generate", "perturbed", "--seed", "42", "--tape", "p.jsonl"]);
    folder.ok(&["replay", "p.jsonl", "--out", "out"]);
    folder.write(
        "w.csv",
        "motif,channel,t_start,t_end\nplan_regression_onset,q42,200,280\ncardinality_mismatch_regime,q17,600,720\n\
         contention_ramp,row_lock,900,1020\ncontention_ramp,row_lock#chain,900,1020\ncache_collapse,tpcds,1200,1320\n\
         workload_phase_transition,tpcds,1500,1680\n",
    );
    folder
}

#[test]
fn noise_of_every_kind_is_generated_and_the_same_for_the_same_seed() {
    let folder = Folder::new();
    for kind in ["white", "autoregressive", "heavy-tailed", "bursty", "daily"] {
        let tape = |name: &str, seed: &str| {
            folder.ok(&["generate", "null", "--kind", kind, "--seed", seed, "--tape", name, "--json"]).json()
        };
        let (first, again, other) = (tape("a.jsonl", "7"), tape("b.jsonl", "7"), tape("c.jsonl", "8"));
        assert_eq!(first["sha256"], again["sha256"], "{kind}");
        assert_ne!(first["sha256"], other["sha256"], "{kind}");
        assert_eq!(first["sample_count"], if kind == "daily" { 21_600 } else { 9000 });
    }
    let refusal = folder.refusal(&["generate", "null", "--kind", "wite", "--seed", "1", "--tape", "x.jsonl"]);
    assert_eq!(refusal.0, 2);
    assert!(refusal.1.contains("did you mean `white`?"), "{}", refusal.1);
    let refusal = folder.refusal(&["generate", "null", "--kind", "white", "--seed", "one", "--tape", "x.jsonl"]);
    assert_eq!(refusal.0, 2);
    assert!(refusal.1.contains("invalid value 'one' for '--seed <N>'"), "{}", refusal.1);
    assert!(!folder.join("x.jsonl").exists());
}

#[test]
fn detectors_write_what_they_measure_and_no_more() {
    let folder = perturbed();
    let told = folder.ok(&["detect", "--detector", "always", "p.jsonl", "--out", "d", "--json"]).json();
    assert_eq!((&told[0]["episode_count"], &told[0]["episodes_csv"]), (&json!(202), &json!("d/p/episodes.csv")));
    let table = folder.read("d/p/episodes.csv");
    assert!(table.starts_with("motif,channel,t_start,t_end,t_detected\nplan_"), "{table}");
    // When a change point can be reported is not known.
    folder.ok(&["detect", "--detector", "adwin", "p.jsonl", "--out", "d"]);
    assert!(folder.read("d/p/episodes.csv").lines().skip(1).all(|line| line.ends_with(',')));
    let changed = ["detect", "--detector", "adwin", "--parameter", "delta=1e-9", "p.jsonl", "--out", "d2"];
    folder.ok(&changed);
    assert_ne!(folder.read("d2/p/episodes.csv"), folder.read("d/p/episodes.csv"));
    for (parameter, problem) in [
        ("delta=2", "--parameter delta: 2 is out of range: a number between 0 and 1, finite"),
        ("dleta=0.1", "--parameter dleta: unknown parameter `dleta`; did you mean `delta`? known: delta, side"),
        ("delta", "`delta` sets nothing; write KEY=VALUE"),
        ("delta=x", "`x` is not a number"),
    ] {
        let arguments = ["detect", "--detector", "adwin", "--parameter", parameter, "p.jsonl", "--out", "d3"];
        let (code, message) = folder.refusal(&arguments);
        assert!(code == 2 && message.contains(problem), "{parameter}: {code} {message}");
    }
    assert!(!folder.join("d3").exists());
    let help = folder.ok(&["detect", "--help"]).stdout;
    for detector in telltape::evaluate::DETECTORS {
        assert!(help.contains(&format!("  {:<16} {}", detector.name(), detector.title())), "{detector}: {help}");
    }
    let refusal = folder.refusal(&["detect", "--detector", "cusums", "p.jsonl", "--out", "d"]);
    assert_eq!(refusal.0, 2);
    assert!(refusal.1.contains("unknown detector `cusums`; did you mean `cusum`?"), "{}", refusal.1);
    assert_eq!(folder.refusal(&["detect", "--detector", "never", "absent.jsonl", "--out", "d"]).0, 12);
}

#[test]
fn episodes_of_anybody_are_scored() {
    let folder = perturbed();
    let arguments = [
        "score",
        "--episodes",
        "out/p/episodes.csv",
        "--windows",
        "w.csv",
        "--tape",
        "p.jsonl",
        "--published",
        "--json",
    ];
    let scores = folder.ok(&arguments).json();
    let all = &scores["scores"][5];
    assert_eq!(
        (&all["motif"], &all["f1"], &all["matched"], &all["false_alarms"]),
        (&json!("all"), &json!(1.0), &json!(6), &json!(0))
    );
    let plan = &scores["scores"][0];
    assert!(plan["range_f1"].as_f64().unwrap() < 0.2, "an episode of 1,524 s for a fault of 80 s: {plan}");
    assert_eq!(scores["published"][0]["f1"], 1.0);

    folder.write("foreign.csv", "channel,motif,t_end,t_start,note\nq42,plan_regression_onset,281.5,203,mine\n");
    let foreign = folder.ok(&["score", "--episodes", "foreign.csv", "--windows", "w.csv", "--json"]).json();
    assert_eq!((&foreign["scores"][0]["detection_delay_s"], &foreign["scores"][0]["f1"]), (&json!(3.0), &json!(1.0)));
    assert_eq!(foreign["scores"][0]["false_alarms_per_hour"], json!(null));

    folder.write("none.csv", "motif,channel,t_start,t_end\n");
    let none =
        folder.ok(&["score", "--episodes", "none.csv", "--windows", "w.csv", "--duration", "1800", "--json"]).json();
    assert_eq!((&none["scores"][5]["f1"], &none["scores"][5]["precision"]), (&json!(0.0), &json!(null)));
    assert!(
        folder.ok(&["score", "--episodes", "none.csv", "--windows", "w.csv"]).stdout.contains("plan_regression_onset")
    );
}

#[test]
fn what_cannot_be_scored_is_refused_with_its_place() {
    let folder = perturbed();
    let header = "motif,channel,t_start,t_end\n";
    folder.write("e.csv", format!("{header}cache_collapse,tpcds,1,2\n"));
    for (windows, extra, code, message) in [
        (
            format!("{header}cache_collapse,tpcds,5000,5100\n"),
            &["--tape", "p.jsonl"][..],
            12,
            "`x.csv`: the window of `tpcds` from 5000 to 5100 is outside the trace, which is from 0 to 1799 seconds",
        ),
        (
            format!("{header}contention_ramp,rowlock,900,1000\n"),
            &["--tape", "p.jsonl"],
            12,
            "`x.csv`: unknown channel `rowlock` of the motif `contention_ramp` in the tape; did you mean `row_lock`? known: \
             row_lock, row_lock#chain",
        ),
        (
            format!("{header}cache_collapse,nobody,900,1000\n"),
            &["--tape", "p.jsonl", "--by-time", "--group-by", "_"],
            12,
            "`x.csv`: unknown group `nobody` in the tape; GROUPS",
        ),
        (
            format!("{header}cache_collapse,tpcds,900,1000\n"),
            &["--tape", "p.jsonl", "--by-time", "--group-by", "#", "--at-least", "9"],
            12,
            "`x.csv`: 9 channels of a group must have an episode at a time, and no group of the tape has more than 2 (`row_lock`)",
        ),
        (
            format!("{header}cache_colapse,a,1,2\n"),
            &[],
            12,
            "`x.csv:2`: unknown motif `cache_colapse`; did you mean `cache_collapse`? known: plan_regression_onset, \
             cardinality_mismatch_regime, contention_ramp, cache_collapse, workload_phase_transition",
        ),
        (
            format!("{header}cache_collapse,a,1,3\ncache_collapse,a,2,4\n"),
            &[],
            12,
            "`x.csv:3`: the window overlaps the one in line 2, of the same motif and channel; join them",
        ),
        (
            format!("{header}cache_collapse,a,3,3\n"),
            &[],
            12,
            "`x.csv:2`: the window ends at 3, not after its start at 3",
        ),
        (header.to_owned(), &[], 12, "`x.csv`: there is no window in it, so nothing can be scored"),
        (
            "motif,channel,t_start\n".to_owned(),
            &[],
            12,
            "`x.csv`: the column `t_end` is missing; the header has: motif, channel, t_start",
        ),
    ] {
        folder.write("x.csv", windows);
        let arguments = [&["score", "--episodes", "e.csv", "--windows", "x.csv"][..], extra].concat();
        let (found, text) = folder.refusal(&arguments);
        // Groups of queries are many.
        let start = message.trim_end_matches("GROUPS");
        assert!(found == code && (text == message || start.len() < message.len() && text.starts_with(start)), "{text}");
    }
    folder.write("others.csv", format!("{header}cache_collapse,other#x,1,2\n"));
    folder.write("x.csv", format!("{header}cache_collapse,tpcds,900,1000\n"));
    let by_time = ["score", "--windows", "x.csv", "--tape", "p.jsonl", "--by-time", "--group-by", "#"];
    let (code, text) = folder.refusal(&[&by_time[..], &["--episodes", "others.csv"]].concat());
    assert!(code == 12 && text.starts_with("`others.csv`: unknown group `other#x` in the tape; "), "{text}");
    folder.write("ignored.csv", format!("{header}cache_collapse,other,1,2\n"));
    let (code, text) = folder.refusal(&[&by_time[..], &["--episodes", "e.csv", "--ignore", "ignored.csv"]].concat());
    assert!(code == 12 && text.starts_with("`ignored.csv`: unknown group `other` in the tape; "), "{text}");
    folder.write("bad.csv", "motif,start,end\ncache_collapse,1,2\n");
    assert_eq!(
        folder.refusal(&["score", "--episodes", "bad.csv", "--windows", "w.csv"]),
        (12, "`bad.csv`: the column `channel` is missing; the header has: motif, start, end".to_owned())
    );
    folder.write("backwards.csv", format!("{header}cache_collapse,a,5,4\n"));
    assert_eq!(
        folder.refusal(&["score", "--episodes", "backwards.csv", "--windows", "w.csv"]),
        (12, "`backwards.csv:2`: the episode ends at 4, before its start at 5".to_owned())
    );
    let usage = folder.refusal(&["score", "--episodes", "e.csv", "--windows", "w.csv", "--published"]);
    assert_eq!(usage.0, 2, "{}", usage.1);
    assert_eq!(folder.refusal(&["score", "--episodes", "absent.csv", "--windows", "w.csv"]).0, 12);
    let usage = folder.refusal(&["score", "--episodes", "e.csv", "--windows", "w.csv", "--duration", "-1"]);
    assert_eq!(usage.0, 2, "{}", usage.1);
}

#[test]
fn an_evaluation_is_a_stage_of_the_chain_and_its_tables_are_compared() {
    let scored = format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 2 }}\ndetectors = ['never']\n");
    let folder = Folder::project(&[("plain", PERTURBED), ("scored", &scored)]);
    let stages = |name: &str| -> Vec<String> {
        let told = folder.run(&["run", name, "--json"]).json();
        told[0]["stages"].as_array().unwrap().iter().map(|row| row["stage"].as_str().unwrap().to_owned()).collect()
    };
    let with = ["input", "options", "tape", "stream", "grammar", "episodes", "evaluation", "tables"];
    assert_eq!(stages("scored"), with);
    assert_eq!(stages("plain"), with.into_iter().filter(|stage| *stage != "evaluation").collect::<Vec<_>>());
    folder.ok(&["accept"]);
    folder.ok(&["run"]);
    // The engine, `never`, and `always`, which stands in every table of scores.
    assert_eq!(folder.read("results/scored/scores.csv").lines().count(), 1 + 3 * 6);

    // Another seed: the evaluation differs, and nothing before it.
    folder.write("experiments/scored.toml", scored.replace("count = 2", "count = 3"));
    let differs = folder.run(&["run", "scored"]);
    assert_eq!(differs.code, 10);
    assert!(differs.stdout.contains("evaluation"), "{}", differs.stdout);
    let explained = folder.run(&["explain", "scored"]).stdout;
    assert!(explained.starts_with("scored: differs from stage `evaluation` on (evaluation, tables)"), "{explained}");
    assert!(explained.contains("1-2") && explained.contains("1-3"), "{explained}");
}

#[test]
fn scores_of_a_trace_are_against_its_windows() {
    let folder = Folder::project(&[(
        "trace",
        "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\ntime_col = 't'\nvalue_col = 'v'\npre_residualized = true\n\
         [evaluate]\nwindows = 'w.csv'\ndetectors = ['threshold']\n",
    )]);
    let rows: String = (0..100).map(|t| format!("{t},{}\n", if (40..60).contains(&t) { 2 } else { 0 })).collect();
    folder.write("t.csv", format!("t,v\n{rows}"));
    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,generic,40,60\n");
    assert_eq!(folder.run(&["run"]).code, 11);
    let scores = folder.read("out/trace/scores.csv");
    let threshold: Vec<&str> =
        scores.lines().find(|line| line.starts_with("threshold,plan_")).unwrap().split(',').collect();
    assert_eq!((threshold[2], threshold[10]), ("1", "1"), "{scores}");
    folder.ok(&["accept"]);
    folder.write("w.csv", "motif,channel,t_start,t_end\nplan_regression_onset,generic,41,60\n");
    assert_eq!(folder.run(&["run"]).code, 10);
    folder.write("w.csv", "motif,channel,t_start,t_end\n");
    let (code, message) = folder.refusal(&["run"]);
    assert_eq!((code, message.as_str()), (12, "trace: `w.csv`: there is no window in it, so nothing can be scored"));
    // Dates, of which the experiment says where they count from.
    let experiment = folder.read("experiments/trace.toml");
    let dated = experiment.replace("windows =", "origin = '2024-03-01T11:00:00Z'\nwindows =");
    let dates = "2024-03-01T11:00:40Z,2024-03-01 11:01:00+00:00";
    folder.write("w.csv", format!("motif,channel,t_start,t_end\nplan_regression_onset,generic,{dates}\n"));
    let (code, message) = folder.refusal(&["run"]);
    assert!(code == 12 && message.contains("(in an experiment `origin`) says where the times"), "{message}");
    folder.write("experiments/trace.toml", &dated);
    assert_eq!(folder.run(&["run"]).code, 10);
    assert_eq!(folder.read("out/trace/scores.csv"), scores);
    assert!(folder.read("out/trace/digests.toml").contains("origin = \"1709290800\""));
    for wrong in [dated.replace("2024-03-01T11", "2024-13-01T11"), dated.replace("windows = 'w.csv'\n", "")] {
        folder.write("experiments/trace.toml", wrong);
        let (code, message) = folder.refusal(&["run"]);
        assert!(
            code == 2 && message.contains("`experiments/trace.toml:10:10`: `origin` is the date of t = 0"),
            "{message}"
        );
    }
    folder.write("experiments/trace.toml", experiment);
    // What no sample can meet is not missed by everybody, but refused.
    let group = folder.read("experiments/trace.toml") + "[evaluate.group]\nby = '#'\n";
    for (experiment, window, problem) in [
        (
            "",
            "genric,40,60",
            "unknown channel `genric` of the motif `plan_regression_onset` in the tape; did you mean `generic`?",
        ),
        (
            "",
            "generic,400,600",
            "the window of `generic` from 400 to 600 is outside the trace, which is from 0 to 99 seconds",
        ),
        ("at_least = 1", "host,40,60", "unknown group `host` in the tape; known: generic"),
        ("at_least = 2", "generic,40,60", "2 channels of a group must have an episode at a time, and no group"),
        ("ignore = 'i.csv'", "generic,40,60", "unknown group `other` in the tape; known: generic"),
    ] {
        if !experiment.is_empty() {
            folder.write("experiments/trace.toml", format!("{group}{experiment}\n"));
        }
        folder.write("i.csv", "motif,channel,t_start,t_end\nplan_regression_onset,other,1,2\n");
        folder.write("w.csv", format!("motif,channel,t_start,t_end\nplan_regression_onset,{window}\n"));
        let (code, message) = folder.refusal(&["run"]);
        let file = if experiment.starts_with("ignore") { "i.csv" } else { "w.csv" };
        assert!(code == 12 && message.starts_with(&format!("trace: `{file}`: {problem}")), "{message}");
    }
}

#[test]
fn the_report_shows_what_each_parameter_does_to_faults_and_to_noise() {
    let factors = "engine = 'excursion'\n[evaluate]\nsensitivity = [0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5]\n";
    let noise = format!("title = 'n'\n[generate]\nkind = 'null'\nnoise = 'white'\nseed = 1\n[replay]\n{factors}");
    let folder = Folder::project(&[("faults", &format!("{PERTURBED}[replay]\n{factors}")), ("noise", &noise)]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["report"]);
    for (name, titles) in [
        ("faults", vec!["Range-based F1", "Time to detection, seconds"]),
        ("noise", vec!["False alarms an hour over 15 channels"]),
    ] {
        let svg = folder.read(&format!("out/figures/sensitivity-{name}.svg"));
        for text in titles.into_iter().chain(["tau_seconds", "max_gap_intervals", "× 1.2"]) {
            assert!(svg.contains(text), "{name}: {text}");
        }
        // There are six colours.
        assert!(!svg.contains("× 1.5"), "{name}");
    }
    // In the caption of each, and in its label for those who do not see it.
    assert_eq!(folder.read("out/report.html").matches("In the table only: 1 more.").count(), 4);
}

#[test]
fn the_report_has_the_same_bytes_for_any_number_of_threads_and_needs_a_run() {
    let folder = Folder::project(&[("perturbed", PERTURBED), ("other", &PERTURBED.replace("42", "43"))]);
    let (code, message) = folder.refusal(&["report"]);
    assert_eq!(code, 12);
    assert!(message.contains("run `telltape run other perturbed` first"), "{message}");
    assert_eq!(folder.run(&["run", "perturbed"]).code, 11);
    let told = folder.ok(&["report", "--json"]).json();
    assert_eq!((&told["experiments"], &told["missing"]), (&json!(1), &json!(["other"])));
    let digests = folder.read("out/figures/digests.toml");
    assert_eq!(folder.ok(&["report", "--json", "--jobs", "1"]).json(), told);
    assert_eq!(folder.read("out/figures/digests.toml"), digests);
    let html = folder.read("out/report.html");
    // The namespace of SVG is a name, not a place.
    assert_eq!(html.replace("http://www.w3.org/2000/svg", "").matches("http").count(), 0);
    assert!(!html.contains(folder.path().to_str().unwrap()));
    assert!(html.contains("Same, as far as compared") && html.contains("Not run: other."));

    // Nor is what an experiment was before it was changed.
    folder.write("experiments/perturbed.toml", PERTURBED.replace("42", "44"));
    let (code, message) = folder.refusal(&["report", "perturbed"]);
    assert_eq!(code, 12);
    assert!(message.starts_with("none of the experiments has a result as it stands now"), "{message}");
    folder.write("experiments/perturbed.toml", PERTURBED);

    // A result that is not what it says is not reported.
    folder.write("out/perturbed/episodes.csv", "motif,channel,t_start,t_end\n");
    assert_eq!(folder.refusal(&["report", "perturbed"]).0, 12);
}

#[test]
fn the_report_shows_the_first_divergence() {
    let folder = Folder::project(&[("perturbed", PERTURBED)]);
    folder.run(&["run"]);
    folder.ok(&["accept"]);
    folder.write("experiments/perturbed.toml", PERTURBED.replace("42", "43"));
    assert_eq!(folder.run(&["run"]).code, 10);
    folder.ok(&["report"]);
    let html = folder.read("out/report.html");
    assert!(
        html.contains("First divergence: experiment <strong>perturbed</strong>, stage <strong>input</strong>."),
        "no divergence"
    );
}
