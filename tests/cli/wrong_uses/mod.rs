//! Wrong uses, each with what it is told: where, what, and what next. One line, and the exit code of the contract.
//!
//! They are tables of ours and no files for `trycmd` or `snapbox`. All of them are run in one project, in which nothing may be
//! written, and each a second time with `--json`, whose exit code must be the same; a tool that runs each transcript in a folder
//! of its own checks neither. Names of data sets are filled in from the list of adapters, so that a new one changes no case. The
//! transcripts of the README need data that is fetched by name and hash, and the same holds of them (`tests/readme.rs`).

mod experiments;
mod tapes;
mod traces;

use telltape::trace::{Dataset, OptionKind, OptionSpec};

use crate::support::{Folder, PERTURBED};

const JOB: &str = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n";

/// A project with everything wrong in it.
fn project() -> Folder {
    let folder = Folder::project(&[("p", PERTURBED), ("q", PERTURBED)]);
    let experiment = |name: &str, text: &str| folder.write(&format!("wrong/{name}.toml"), text);
    experiment("empty", "");
    experiment("no-toml", "title = ");
    experiment("unknown-key", "title = 't'\n[generate]\nkind = 'perturbed'\nseeed = 1\n");
    experiment("no-seed", "title = 't'\n[generate]\nkind = 'perturbed'\n");
    experiment("kind", "title = 't'\n[generate]\nkind = 'disturbed'\nseed = 1\n");
    experiment("scale", "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 1\nscale = -1\n");
    experiment("both", "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 1\n[input]\ndata = 'ceb'\n");
    experiment("neither", "title = 't'\n");
    experiment("dataset", "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'jobs'\n");
    experiment("no-dataset", "title = 't'\n[input]\ntrace = 'x.csv'\n");
    experiment(
        "construction",
        "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'job'\n[convert]\nconstruction = 'corpus'\n",
    );
    experiment("channel", "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'job'\n[convert]\nchannel = 'corpus'\n");
    experiment("option", "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'job'\n[convert]\ntime_col = 't'\n");
    experiment(
        "rule",
        "title = 't'\n[input]\ntrace = 'x.jsonl'\ndataset = 'postgres'\n[convert.rules]\nsignifcance = 1\n",
    );
    experiment("motif", &format!("{PERTURBED}[replay.grammar.cache_colapse]\nrho = 0.5\n"));
    experiment("parameter", &format!("{PERTURBED}[replay.grammar.cache_collapse]\nroh = 0.5\n"));
    experiment("range", &format!("{PERTURBED}[replay.grammar.cache_collapse]\nrho = 1.5\n"));
    experiment("engine", &format!("{PERTURBED}[replay]\nengine = 'referense'\n"));
    experiment("detector", &format!("{PERTURBED}[evaluate]\ndetectors = ['adwinn']\n"));
    experiment("sweep", &format!("{PERTURBED}[evaluate]\nsweep = {{ axis = 'scales', values = [1] }}\n"));
    experiment("seeds", &format!("{PERTURBED}[evaluate]\nseeds = {{ first = 1, count = 0 }}\n"));
    experiment("no-trace", "title = 't'\n[input]\ntrace = 'none.csv'\ndataset = 'job'\n");
    experiment("catalogue", "title = 't'\n[input]\ndata = 'cebb'\ndataset = 'ceb'\n");
    experiment("live", "title = 't'\n[fault]\nkind = 'none'\n");
    folder.write("job.csv", format!("{JOB}q,0,1,1,2.5,p\n"));
    folder.write("short.csv", format!("{JOB}q,0,1\n"));
    folder.write("number.csv", format!("{JOB}q,0,1,1,fast,p\n"));
    folder.write("header.csv", "query,iteration\nq,0\n");
    folder.write("empty.csv", "");
    folder.write("binary.csv", [JOB.as_bytes(), b"\xff\xfe,0,1,1,1,p\n"].concat());
    folder.write("not.csv.gz", format!("{JOB}q,0,1,1,2.5,p\n"));
    folder.write("spans.json", "{\"a\": 1}");
    folder.write("windows.csv", "motif,channel,t_start,t_end\ncache_collapse,a,5,1\n");
    folder.write("good.csv", "motif,channel,t_start,t_end\ncache_collapse,a,1,5\n");
    folder.write("columns.csv", "motif,channel\n");
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    let (tape, manifest) = (folder.read("t.jsonl"), folder.read("t.jsonl.hash"));
    let changed = |name: &str, text: &str, manifest: &str| {
        folder.write(name, text);
        folder.write(&format!("{name}.hash"), manifest);
    };
    changed("edited.jsonl", &tape.replacen("\"t\":0", "\"t\":1", 1), &manifest);
    changed("count.jsonl", &tape, &manifest.replace("\"sample_count\": ", "\"sample_count\": 1"));
    changed("manifest.jsonl", &tape, "{\"sha256\":");
    changed("newer.jsonl", &tape, &manifest.replace("\"format\": 1", "\"format\": 99"));
    folder.write("bare.jsonl", &tape);
    folder.write("twice/t.jsonl", &tape);
    folder.write("twice/t.jsonl.hash", &manifest);
    folder.write("g.ini", "");
    folder.write("g.toml", "[cache_collapse]\ndrift_threshold = 0.5\n");
    folder.write("key.pub", "no key\n");
    folder.write("results/gone/expected.toml", "");
    folder
}

/// Arguments, exit code, message, where `DATA-SETS` stands for their names.
type Case = (&'static str, i32, &'static str);

#[test]
fn each_wrong_use_is_told_in_one_line_with_its_exit_code() {
    let cases = [experiments::CASES, traces::CASES, tapes::CASES].concat();
    assert!(cases.len() >= 100, "{}", cases.len());
    let folder = project();
    let before = folder.files();
    let datasets = Dataset::ALL.map(Dataset::name).join(", ");
    for (arguments, code, message) in cases {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let message = message.replace("DATA-SETS", &datasets);
        let ended = folder.run(&arguments);
        // The command line's own refusals are followed by the usage.
        let told = ended.stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
        assert_eq!((ended.code, told), (code, message.as_str()), "{arguments:?}");
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        let json = folder.run(&[arguments.as_slice(), &["--json"]].concat());
        assert_eq!(json.code, code, "{arguments:?} --json");
        assert!(serde_json::from_str::<serde_json::Value>(&json.stdout).is_ok(), "{arguments:?}: {}", json.stdout);
    }
    let left: Vec<String> = folder.files().into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(left, Vec::<String>::new(), "nothing is written by a wrong use");
}

/// An option of one data set is no option of another, whichever the adapters declare.
#[test]
fn an_option_of_another_data_set_is_refused_by_name() {
    let folder = project();
    let mut refused = 0;
    for option in OptionSpec::all() {
        let owners = option.datasets();
        for dataset in Dataset::ALL.into_iter().filter(|dataset| !owners.contains(dataset)) {
            let flag = format!("--{}", option.flag);
            let mut arguments = vec!["convert", "--dataset", dataset.name(), "job.csv", "--tape", "x.jsonl", &flag];
            match option.kind {
                OptionKind::Text { .. } | OptionKind::Word { .. } => arguments.push("x"),
                OptionKind::Numbers { example, .. } => arguments.push(example),
                OptionKind::Switch => {}
            }
            let ended = folder.run(&arguments);
            let start = format!("error: `{flag}` is an option of `");
            assert!(ended.code == 2 && ended.stderr.starts_with(&start), "{arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(&format!("not of `{dataset}`")), "{}", ended.stderr);
            refused += 1;
        }
    }
    assert!(refused >= 40, "{refused}");
}
