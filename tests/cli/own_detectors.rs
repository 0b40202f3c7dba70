//! Detectors that are commands: in experiments, cached, and used wrongly.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Folder, PERTURBED};

/// The example of the documentation.
fn example() -> String {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/own-detector.md")).unwrap();
    let (_, rest) = document.split_once("```python\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// A project with an experiment that scores a command on two seeds.
fn project(detector: &str) -> Folder {
    Folder::project(&[(
        "own",
        &format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 2 }}\ndetectors = [{detector}]\n"),
    )])
}

const MINE: &str = r#""threshold", { name = "mine", command = ["python3", "mine.py"], timeout_s = 60 }"#;

#[test]
fn the_example_of_the_documentation_is_scored_beside_the_others() {
    let folder = project(MINE);
    let script = example();
    assert!(script.lines().filter(|line| !line.is_empty()).count() <= 15, "{script}");
    folder.write("experiments/mine.py", &script);
    assert_eq!(folder.run(&["run", "-j", "1"]).code, 11);
    let scores = folder.read("out/own/scores.csv");
    let row = |detector: &str| {
        let start = format!("{detector},all,");
        let row = scores.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{scores}"));
        row.split(',').take(6).collect::<Vec<_>>().join(",")
    };
    assert!(row("mine").starts_with("mine,all,2,12,"), "{scores}");
    let recall: f64 =
        scores.lines().find(|line| line.starts_with("mine,all,")).unwrap().split(',').nth(9).unwrap().parse().unwrap();
    assert!(recall > 0.5, "{scores}");
    let answers = folder.read("out/own/answers.csv");
    assert!(answers.starts_with("detector,value,seed,episodes,answer_sha256\nmine,,\"1\","), "{answers}");
    assert_eq!(answers.lines().count(), 3);
    let digests = folder.read("out/own/digests.toml");
    folder.ok(&["accept", "own"]);
    assert_eq!(folder.run(&["run", "-j", "4", "--no-cache"]).code, 0);
    assert_eq!(folder.read("out/own/digests.toml"), digests);
    assert!(digests.contains(r#""detector.mine.command" = '["python3","mine.py"]'"#), "{digests}");
    assert!(digests.contains(r#""detector.mine.file.mine.py" = ""#), "{digests}");
    // The same scores, and yet another answer: nothing else tells that the script has changed what it says.
    folder.write("experiments/mine.py", script.replace("json.dumps(", "json.dumps(sort_keys=True, obj="));
    let planned = folder.ok(&["plan", "own"]).stdout;
    assert!(planned.contains("the evaluation has changed"), "{planned}");
    assert_eq!(folder.run(&["run"]).code, 10);
    assert_eq!(folder.read("out/own/scores.csv"), scores);
    assert_ne!(folder.read("out/own/answers.csv"), answers);
}

#[test]
fn points_of_a_sweep_and_traces_are_told_to_commands_too() {
    let sweep = format!(
        "{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 2 }}\nsweep = {{ axis = \"scale\", values = [0, 1] }}\n\
         detectors = [{{ name = \"mine\", command = [\"./mine\"], files = [\"list\"] }}]\n"
    );
    let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n[convert]\none_series = true\ntime_col = 't'\n\
                 value_col = 'v'\n[evaluate]\ndetectors = [{ name = \"mine\", command = [\"cat\", \"list\"] }]\n";
    let folder = Folder::project(&[("sweep", &sweep), ("trace", trace)]);
    let rows: String = (0..200).map(|t| format!("{t},{}\n", 5 + t % 3)).collect();
    folder.write("t.csv", format!("t,v\n{rows}"));
    folder.write("experiments/mine", "#!/bin/sh\ncat list\n");
    let executable = std::process::Command::new("chmod").arg("+x").arg(folder.join("experiments/mine")).status();
    assert!(executable.unwrap().success());
    folder.write(
        "experiments/list",
        "{\"channel\": \"q42\", \"class\": \"PlanRegression\", \"start\": 200, \"end\": 280}\n",
    );
    assert_eq!(folder.run(&["run", "sweep"]).code, 11);
    let answers = folder.read("out/sweep/answers.csv");
    let starts: Vec<&str> = answers.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0).collect();
    assert_eq!(starts, ["mine,0,\"1\",1", "mine,0,\"2\",1", "mine,1,\"1\",1", "mine,1,\"2\",1"]);
    let digests = folder.read("out/sweep/digests.toml");
    assert!(
        digests.contains("\"detector.mine.file../mine\"") && digests.contains("detector.mine.file.list"),
        "{digests}"
    );
    // Its further file decides what it answers.
    folder.write("experiments/list", "");
    assert_eq!(folder.run(&["run", "sweep"]).code, 11);
    assert!(folder.read("out/sweep/answers.csv").contains("mine,1,\"2\",0,"));
    std::fs::remove_file(folder.join("experiments/list")).unwrap();
    let (code, message) = folder.refusal(&["run", "sweep"]);
    assert!(code == 12 && message.contains("experiments/list"), "{code} {message}");

    let channel = {
        folder.ok(&[
            "convert",
            "--dataset",
            "generic",
            "t.csv",
            "--one-series",
            "--time-col",
            "t",
            "--value-col",
            "v",
            "--tape",
            "t.jsonl",
        ]);
        let tape = folder.read("t.jsonl");
        let last: serde_json::Value = serde_json::from_str(tape.lines().last().unwrap()).unwrap();
        last["channel"].as_str().unwrap().to_owned()
    };
    folder.write("experiments/list", format!("{{\"channel\": \"{channel}\", \"start\": 150, \"end\": 160}}\n"));
    assert_eq!(folder.run(&["run", "trace"]).code, 11);
    let found = folder.read("out/trace/found.csv");
    assert!(found.contains("mine,plan_regression_onset,1,1,10,10"), "{found}");
    assert!(folder.read("out/trace/answers.csv").contains("mine,,,1,"));
}

#[test]
fn detectors_that_cannot_be_are_refused_with_their_place() {
    for (detector, problem) in [
        (
            r#"{ name = "adwin", command = ["x"] }"#,
            "own.toml:7:23`: `adwin` is a detector that is built in; give yours another name",
        ),
        (r#"{ name = "excursion", command = ["x"] }"#, "`excursion` is a detector that is built in"),
        (r#"{ name = "a b", command = ["x"] }"#, "`a b` is no name of a detector: up to 40 letters"),
        (r#"{ name = "mine", command = [] }"#, "`command` needs a program, and may have arguments"),
        (r#"{ name = "mine", command = [""] }"#, "`command` needs a program, and may have arguments"),
        (r#"{ name = "mine", command = ["a\u0000"] }"#, "a part of `command` has a NUL in it"),
        (
            r#"{ name = "mine", command = ["x"], timeout_s = 0 }"#,
            "`timeout_s` is a number of seconds from 0.1 to 3600, not 0",
        ),
        (
            r#"{ name = "mine", command = ["x"], timeout_s = nan }"#,
            "`timeout_s` is a number of seconds from 0.1 to 3600, not NaN",
        ),
        (r#"{ name = "mine", command = ["x"], timeout = 3 }"#, "unknown key `timeout`; did you mean `timeout_s`?"),
        (r#"{ name = "mine" }"#, "missing field `command`"),
        (r#"{ name = "mine", command = "x" }"#, "invalid type: string \"x\", expected a sequence"),
        ("3", "expected the name of a detector, or a table with its `name` and its `command`"),
        (
            r#"{ name = "mine", command = ["x"] }, { name = "mine", command = ["y"] }"#,
            "two detectors are called `mine`",
        ),
    ] {
        let (code, message) = project(detector).refusal(&["run"]);
        assert!(code == 2 && message.contains(problem), "{detector}: {code} {message}");
    }
}

#[test]
fn a_command_that_cannot_answer_is_the_verdict_failed_and_never_same() {
    let good = "printf '{\"channel\": \"q42\", \"class\": \"PlanRegression\", \"start\": 200, \"end\": 280}\\n'";
    let folder = project(r#"{ name = "mine", command = ["sh", "mine.sh"], timeout_s = 3 }"#);
    folder.write("experiments/mine.sh", good);
    folder.run(&["run"]);
    folder.ok(&["accept", "own"]);
    assert_eq!(folder.run(&["run"]).code, 0);
    for (script, problem) in [
        ("exit 3", "the detector `mine`: it ended with exit code 3, and not with 0"),
        ("echo no model >&2; exit 1", "it ended with exit code 1, and not with 0; its stderr ends with `no model`"),
        ("sleep 100", "it did not end within 3 s, and was killed; `timeout_s` gives it longer"),
        ("yes", "it wrote more than 16 MiB, and was killed"),
        (
            "echo '{\"channel\": \"q42\", \"class\": \"PlanRegression\", \"start\": 200, \"end\": NaN}'",
            "line 1 of its output: NaN and Infinity are no times",
        ),
        (
            "echo '{\"channel\": \"q42x\", \"start\": 200, \"end\": 280}'",
            "line 1 of its output: unknown channel `q42x`; did you mean",
        ),
        (
            "echo '{\"channel\": \"q42\", \"class\": \"PlanRegression\", \"start\": 200, \"end\": 9280}'",
            "line 1 of its output: the end at 9280 is outside of the tape",
        ),
        (
            &format!("{good}; {good}"),
            "line 2 of its output: the episode overlaps the one in line 1, of the same motif and channel; join them",
        ),
    ] {
        folder.write("experiments/mine.sh", script);
        let told = folder.run(&["run", "--json"]);
        assert_eq!(told.code, 12, "{script}: {}", told.stdout);
        let json = told.json();
        let experiment = &json[0];
        assert_eq!(experiment["verdict"], "failed", "{script}");
        let error = &experiment["error"];
        assert_eq!(error["kind"], "detector", "{script}");
        assert!(error["message"].as_str().unwrap().contains(problem), "{script}: {error}");
        assert_eq!(folder.run(&["accept", "own"]).code, 12, "{script}");
    }
    folder.write("experiments/mine.sh", good);
    assert_eq!(folder.run(&["run"]).code, 0);
}

#[test]
fn ctrl_c_ends_the_command_and_its_children() {
    let folder = project(r#"{ name = "mine", command = ["sh", "mine.sh"] }"#);
    folder.write("experiments/mine.sh", "sleep 1000 &\necho $! > pid.new\nmv pid.new pid\nwait\n");
    let mut running =
        folder.command().args(["run", "-j", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !folder.join("experiments/pid").exists() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupt = std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let pid = folder.read("experiments/pid");
    let is_alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while is_alive() {
        assert!(began.elapsed() < Duration::from_secs(120), "the child of the command is left");
        std::thread::sleep(Duration::from_millis(20));
    }
}
