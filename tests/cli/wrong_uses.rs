//! Wrong uses, each with what it is told: where, what, and what next. One line, and the exit code of the contract.

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

const CASES: &[Case] = &[
    ("rum", 2, "error: unrecognized subcommand 'rum'"),
    ("run nosuch", 2, "error: unknown experiment `nosuch`; known: p, q"),
    ("run quite*", 2, "error: `quite*` matches no experiment; known: p, q"),
    ("run [", 2, "error: `[`: not a glob: Pattern syntax error near position 0: invalid range pattern"),
    ("run wrong/empty.toml", 2, "error: `wrong/empty.toml:1:1`: missing field `title`"),
    (
        "run wrong/no-toml.toml",
        2,
        "error: `wrong/no-toml.toml:1:9`: string values must be quoted, expected literal string",
    ),
    (
        "run wrong/unknown-key.toml",
        2,
        "error: `wrong/unknown-key.toml:4:1`: unknown key `seeed`; did you mean `seed`? known: kind, seed, scale, dataset, noise, math",
    ),
    ("run wrong/no-seed.toml", 2, "error: `wrong/no-seed.toml:2:1`: missing field `seed`"),
    (
        "run wrong/kind.toml",
        2,
        "error: `wrong/kind.toml:3:8`: unknown value `disturbed`; did you mean `perturbed`? known: perturbed, exemplar, null",
    ),
    ("run wrong/scale.toml", 2, "error: `wrong/scale.toml:5:9`: the scale must be a number from 0 to 1e9"),
    ("run wrong/both.toml", 2, "error: `wrong/both.toml:2:1`: an experiment has [input] or [generate], not both"),
    (
        "run wrong/neither.toml",
        2,
        "error: `wrong/neither.toml`: an experiment needs [input] (a trace) or [generate] (a generator)",
    ),
    (
        "run wrong/dataset.toml",
        2,
        "error: `wrong/dataset.toml:4:11`: unknown data set `jobs`; did you mean `job`? known: DATA-SETS",
    ),
    (
        "run wrong/no-dataset.toml",
        2,
        "error: `wrong/no-dataset.toml:2:1`: [input] needs `data` (a name of the catalogue), or `trace` and `dataset`",
    ),
    (
        "run wrong/construction.toml",
        2,
        "error: `wrong/construction.toml:6:16`: unknown construction `corpus` of `job`; known: plain, reference",
    ),
    (
        "run wrong/channel.toml",
        2,
        "error: `wrong/channel.toml:6:11`: unknown construction `corpus` of `job`; known: plain, reference",
    ),
    (
        "run wrong/option.toml",
        2,
        "error: `wrong/option.toml:6:12`: `time_col` is an option of `pgss` and `generic`, not of `job`",
    ),
    (
        "run wrong/rule.toml",
        2,
        "error: `wrong/rule.toml:6:15`: unknown rule `signifcance`; did you mean `significance`? known: adopt_s, cache_blocks, cache_floor, cache_hold, chain_s, checkpoint_s, history_s, idle_floor, idle_guard_s, known_s, limit, mix_calls, mix_hold, plan_calls, plan_excess, plan_hold, pool_s, quiet_s, rows_excess, rows_hold, session_guard, session_hold, significance, wait_floor",
    ),
    (
        "run wrong/motif.toml",
        2,
        "error: `wrong/motif.toml:6:1`: unknown motif `cache_colapse`; did you mean `cache_collapse`? known: plan_regression_onset, cardinality_mismatch_regime, contention_ramp, cache_collapse, workload_phase_transition",
    ),
    (
        "run wrong/parameter.toml",
        2,
        "error: `wrong/parameter.toml:6:1`: unknown parameter `roh`; did you mean `rho`? known: rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds",
    ),
    ("run wrong/range.toml", 2, "error: `wrong/range.toml:6:1`: 1.5 is out of range: 0 <= rho < 1, finite"),
    (
        "run wrong/engine.toml",
        2,
        "error: `wrong/engine.toml:6:10`: unknown engine `referense`; did you mean `reference`? known: reference, excursion",
    ),
    (
        "run wrong/detector.toml",
        2,
        "error: `wrong/detector.toml:6:14`: unknown detector `adwinn`; did you mean `adwin`? known: reference, excursion, adwin-reference, bocpd-reference, pelt-reference, adwin, bocpd, pelt, threshold, mad, cusum, never, always, periodic",
    ),
    (
        "run wrong/sweep.toml",
        2,
        "error: `wrong/sweep.toml:6:18`: unknown axis `scales`; did you mean `scale`? known: scale, threshold, rate, missing, reorder, jitter, rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds, tau_seconds, release_threshold, clip_threshold, open_dwell_seconds, close_dwell_seconds, max_gap_seconds, max_gap_intervals, tau_intervals, close_dwell_intervals",
    ),
    (
        "run wrong/seeds.toml",
        2,
        "error: `wrong/seeds.toml:6:9`: `count` times the points of a sweep must be from 1 to 100000",
    ),
    ("run wrong/no-trace.toml", 12, "error: no-trace: cannot read `none.csv`: No such file or directory (os error 2)"),
    (
        "run wrong/catalogue.toml",
        12,
        "error: catalogue: `data/datasets.toml`: unknown data set `cebb` in the catalogue; none is known",
    ),
    (
        "run wrong/nowhere.toml",
        2,
        "error: `wrong/nowhere.toml`: the experiment cannot be read: No such file or directory (os error 2)",
    ),
    ("run p --jobs 0", 2, "error: invalid value '0' for '--jobs <N>': 0 is not in 1..=512"),
    ("run p --jobs many", 2, "error: invalid value 'many' for '--jobs <N>': invalid digit found in string"),
    ("run p --color sometimes", 2, "error: invalid value 'sometimes' for '--color <COLOR>'"),
    (
        "run p --set seed",
        2,
        "error: invalid value 'seed' for '--set <KEY=VALUE>': `seed` sets nothing; write KEY=VALUE",
    ),
    ("run p --set title.x=1", 2, "error: `experiments/p.toml`: --set title.x: `title` is no table"),
    (
        "run p --set generate.seeed=1",
        2,
        "error: `experiments/p.toml`: with --set: unknown key `seeed`; did you mean `seed`? known: kind, seed, scale, dataset, noise, math",
    ),
    (
        "run p --set generate.seed=x",
        2,
        r#"error: `experiments/p.toml`: with --set: invalid type: string "x", expected u64"#,
    ),
    ("run p --out job.csv", 1, "error: cannot write `job.csv`: File exists (os error 17)"),
    ("run p --jason", 2, "error: unexpected argument '--jason' found"),
    ("accept p", 12, "error: `out/p/digests.toml`: there is no result; run `telltape run p` first"),
    ("accept nosuch", 2, "error: unknown experiment `nosuch`; known: p, q"),
    ("explain p", 12, "error: `out/p/digests.toml`: there is no result; run `telltape run p` first"),
    (
        "explain wrong/live.toml",
        2,
        "error: `wrong/live.toml`: this is a live experiment: it has limits and no digests, and only `telltape run` takes it",
    ),
    (
        "plan wrong/nowhere.toml",
        2,
        "error: `wrong/nowhere.toml`: the experiment cannot be read: No such file or directory (os error 2)",
    ),
    ("diff job.csv nowhere.csv", 12, "error: cannot read `nowhere.csv`: No such file or directory (os error 2)"),
    (
        "diff job.csv t.jsonl",
        12,
        "error: `t.jsonl`: is not of the same kind as the other; give two results folders, two tapes or two tables",
    ),
    (
        "diff wrong t.jsonl",
        12,
        "error: `wrong`: is a folder, and `t.jsonl` is a file; give two results folders, two tapes or two tables",
    ),
    (
        "diff t.jsonl edited.jsonl",
        12,
        "error: `edited.jsonl` has changed since it was sealed: its SHA-256 is 5d17df6487408305b8f5fe2f8ed688072c5520894c96740c43664c788d3c1ee1, the manifest says 874c2d979ff010ce6c8e8229edf69fd4f1c031d6a162298a70549f2517813468; restore the tape or make it again",
    ),
    (
        "diff job.csv number.csv --atol -1",
        2,
        "error: invalid value '-1' for '--atol <X>': a tolerance is a number from 0 on, such as 1e-9",
    ),
    (
        "convert --dataset jobs job.csv --tape x.jsonl",
        2,
        "error: invalid value 'jobs' for '--dataset <NAME>': unknown data set `jobs`; did you mean `job`? known: DATA-SETS",
    ),
    (
        "convert --dataset job nowhere.csv --tape x.jsonl",
        12,
        "error: cannot read `nowhere.csv`: No such file or directory (os error 2)",
    ),
    (
        "convert --dataset job short.csv --tape x.jsonl",
        12,
        "error: `short.csv:2`: the row has 3 fields, but the header has 6; look for a missing quote or an extra comma (--lenient counts such rows and goes on)",
    ),
    (
        "convert --dataset job number.csv --tape x.jsonl",
        12,
        "error: `number.csv:2:9`: `latency_ms` is `fast`, not a number; write it like `12.5` or `1e-3` (--lenient counts such rows and goes on)",
    ),
    (
        "convert --dataset job header.csv --tape x.jsonl",
        12,
        "error: `header.csv:1`: the header has no column `latency_ms`; it has `query`, `iteration`",
    ),
    (
        "convert --dataset job empty.csv --tape x.jsonl",
        12,
        "error: `empty.csv:1`: the file is empty; its first line should name the columns",
    ),
    (
        "convert --dataset job binary.csv --tape x.jsonl",
        12,
        "error: `binary.csv:2`: the row is not UTF-8; convert the file to UTF-8 (--lenient counts such rows and goes on)",
    ),
    ("convert --dataset job not.csv.gz --tape x.jsonl", 12, "error: cannot read `not.csv.gz`: invalid gzip header"),
    (
        "convert --dataset job wrong --tape x.jsonl",
        12,
        "error: `wrong/both.toml:1`: the header has no columns `query_id`, `iteration`, `latency_ms`; \
         it has `title = 't'`",
    ),
    (
        "convert --dataset job job.csv --tape job.csv",
        2,
        "error: the tape or its manifest would overwrite the trace; give another --tape",
    ),
    (
        "convert --dataset job job.csv --construction corpus --tape x.jsonl",
        2,
        "error: unknown construction `corpus` of `job`; known: plain, reference",
    ),
    (
        "convert --dataset job job.csv --channel corpus --tape x.jsonl",
        2,
        "error: unknown construction `corpus` of `job`; known: plain, reference",
    ),
    (
        "convert --dataset otel spans.json --tape x.jsonl",
        12,
        "error: `spans.json:1:1`: the first object has the keys `a`, of no format that is known; this data set reads OTLP JSON (`resourceSpans`), one object or one a line, OTLP protobuf, Jaeger's JSON (`data` with `spans`), Zipkin's JSON (version 2) and a JSON array of objects with `t_start_ns`, `t_end_ns` and `statement_hash`",
    ),
    (
        "convert --dataset postgres job.csv --tape x.jsonl",
        12,
        "error: `job.csv` is not sealed: there is no manifest at `job.csv.hash`; seal what there is with `telltape salvage job.csv --out FILE`",
    ),
    (
        "convert --dataset generic job.csv --time-col when --tape x.jsonl",
        12,
        "error: `job.csv:1`: the header has no column `when`; it has `query_id`, `iteration`, `est_rows`, `actual_rows`, `latency_ms`, `plan_hash`",
    ),
    (
        "convert --dataset postgres job.csv --rule speed=1 --tape x.jsonl",
        2,
        "error: unknown rule `speed`; known: adopt_s, cache_blocks, cache_floor, cache_hold, chain_s, checkpoint_s, history_s, idle_floor, idle_guard_s, known_s, limit, mix_calls, mix_hold, plan_calls, plan_excess, plan_hold, pool_s, quiet_s, rows_excess, rows_hold, session_guard, session_hold, significance, wait_floor",
    ),
    (
        "convert --dataset postgres job.csv --rule pool_s --tape x.jsonl",
        2,
        "error: `pool_s` is not NAME=NUMBER; write --rule pool_s=5",
    ),
    ("convert job.csv", 2, "error: the following required arguments were not provided:"),
    ("convert --dataset job job.csv", 2, "error: the following required arguments were not provided:"),
    ("verify nowhere.jsonl", 12, "error: cannot read `nowhere.jsonl`: No such file or directory (os error 2)"),
    (
        "verify bare.jsonl",
        12,
        "error: `bare.jsonl` has no manifest: expected it at `bare.jsonl.hash`; convert or generate the tape again, or fetch its manifest",
    ),
    (
        "verify edited.jsonl",
        12,
        "error: `edited.jsonl` has changed since it was sealed: its SHA-256 is 5d17df6487408305b8f5fe2f8ed688072c5520894c96740c43664c788d3c1ee1, the manifest says 874c2d979ff010ce6c8e8229edf69fd4f1c031d6a162298a70549f2517813468; restore the tape or make it again",
    ),
    (
        "verify count.jsonl",
        12,
        "error: `count.jsonl`: the manifest says sample_count = 1331, the tape has 331; restore the manifest or make the tape again",
    ),
    (
        "verify manifest.jsonl",
        12,
        "error: `manifest.jsonl.hash:1:10`: not a manifest of a tape: EOF while parsing a value; convert or generate the tape again",
    ),
    (
        "verify newer.jsonl",
        12,
        "error: `newer.jsonl` is of tape format 99, this program reads formats up to 1; use a newer telltape",
    ),
    (
        "verify wrong",
        12,
        "error: `wrong`: there is no `expected.toml` or `digests.toml` in it; give the folder of one result",
    ),
    (
        "verify t.jsonl --key key.pub",
        2,
        "error: `key.pub` is not a public key of minisign: Invalid encoding in minisign data",
    ),
    (
        "verify t.jsonl --key nowhere.pub",
        12,
        "error: cannot read `nowhere.pub`: No such file or directory (os error 2)",
    ),
    ("verify", 2, "error: the following required arguments were not provided:"),
    (
        "salvage nowhere.jsonl --out x.jsonl",
        12,
        "error: cannot read `nowhere.jsonl`: No such file or directory (os error 2)",
    ),
    (
        "salvage job.csv --out x.jsonl",
        12,
        "error: nothing to salvage in `job.csv`: line 1: the line is not a sample: expected value",
    ),
    ("salvage empty.csv --out x.jsonl", 12, "error: nothing to salvage in `empty.csv`: there is no whole line in it"),
    (
        "replay t.jsonl twice/t.jsonl --out o",
        2,
        "error: `t.jsonl` and `twice/t.jsonl` would both be written to `o/t`; take them one at a time with another --out",
    ),
    (
        "replay t.jsonl --grammar g.ini --out o",
        2,
        "error: `g.ini`: unknown ending of a grammar `ini`; known: toml, yaml, yml, json",
    ),
    (
        "replay t.jsonl --grammar g.toml --out o",
        2,
        "error: `g.toml`: not a grammar: its keys are those of several engines, `reference` and `excursion`; name one with --engine",
    ),
    (
        "replay t.jsonl --grammar nowhere.toml --out o",
        12,
        "error: cannot read `nowhere.toml`: No such file or directory (os error 2)",
    ),
    (
        "replay t.jsonl --engine referense --out o",
        2,
        "error: invalid value 'referense' for '--engine <NAME>': unknown engine `referense`; did you mean `reference`? known: reference, excursion",
    ),
    ("replay t.jsonl --format json --out o", 2, "error: invalid value 'json' for '--format <FORMAT>'"),
    ("generate perturbed --tape x.jsonl", 2, "error: the following required arguments were not provided:"),
    (
        "generate perturbed --seed -1 --tape x.jsonl",
        2,
        "error: invalid value '-1' for '--seed <N>': invalid digit found in string",
    ),
    (
        "generate perturbed --seed 1 --scale -1 --tape x.jsonl",
        2,
        "error: invalid value '-1' for '--scale <X>': not a number from 0 to 1e9",
    ),
    (
        "generate exemplar --dataset jobs --seed 1 --tape x.jsonl",
        2,
        "error: invalid value 'jobs' for '--dataset <NAME>': unknown exemplar `jobs`; did you mean `job`? known: snowset, sqlshare, sqlshare-text, ceb, job, tpcds",
    ),
    (
        "generate null --kind pink --seed 1 --tape x.jsonl",
        2,
        "error: invalid value 'pink' for '--kind <NAME>': unknown noise `pink`; known: white, autoregressive, heavy-tailed, bursty, daily",
    ),
    (
        "detect --detector adwinn t.jsonl --out o",
        2,
        "error: invalid value 'adwinn' for '--detector <NAME>': unknown detector `adwinn`; did you mean `adwin`? known: adwin-reference, bocpd-reference, pelt-reference, adwin, bocpd, pelt, threshold, mad, cusum, never, always, periodic",
    ),
    ("export t.jsonl --table t.xlsx", 2, "error: unknown ending of a table `xlsx`; known: csv, parquet"),
    (
        "export nowhere.jsonl --table t.csv",
        12,
        "error: cannot read `nowhere.jsonl`: No such file or directory (os error 2)",
    ),
    (
        "score --episodes nowhere.csv --windows good.csv --tape t.jsonl",
        12,
        "error: cannot read `nowhere.csv`: No such file or directory (os error 2)",
    ),
    (
        "score --episodes columns.csv --windows good.csv --tape t.jsonl",
        12,
        "error: `columns.csv`: the column `t_start` is missing; the header has: motif, channel",
    ),
    (
        "score --episodes job.csv --windows job.csv --tape t.jsonl",
        12,
        "error: `job.csv`: the column `motif` is missing; the header has: query_id, iteration, est_rows, actual_rows, latency_ms, plan_hash",
    ),
    ("capture --url postgres://u@h/d", 2, "error: the following required arguments were not provided:"),
    (
        "capture --url mysql://u@h/d --check",
        2,
        "error: not a connection string: its scheme is not `postgres` or `postgresql`, and a capture reads no other server; write postgres://ROLE@HOST:PORT/DATABASE or 'host=… port=… user=… dbname=…', with % and two hexadecimal digits for letters like @ : / in a URL",
    ),
    ("capture --url postgres://u@h:port/d --check", 2, "error: a port is not a number from 1 to 65535"),
    (
        "capture --url postgres://u@h/d?sslmode=prefer --check",
        2,
        "error: sslmode `prefer` may fall back to clear text in silence, and is not taken; known: disable, require, verify-ca, verify-full",
    ),
    (
        "capture --url postgres://u@h/d --recording x.jsonl --interval fast",
        2,
        "error: invalid value 'fast' for '--interval <TIME>': expected number at 0; write 90, 250ms, 10m or 8h",
    ),
    (
        "capture --url postgres://u@h/d --recording x.jsonl --budget 200%",
        2,
        "error: invalid value '200%' for '--budget <SHARE>': a share is above 0 and at most 100%",
    ),
    (
        "capture --url postgres://u@h/d --recording x.jsonl --watch",
        2,
        "error: the following required arguments were not provided:",
    ),
    (
        "capture --url postgres://u@h/d --recording x.jsonl --tape x.jsonl",
        2,
        "error: the tape would overwrite the recording; give another --tape",
    ),
    ("capture --url host=/nowhere --check", 2, "error: no role is given; write postgres://ROLE@HOST/DATABASE"),
    ("data fetch nosuch", 2, "error: unknown data set `nosuch` in the catalogue; none is known"),
    ("data list --from x", 2, "error: unexpected argument '--from' found"),
    ("data fetch --from x", 2, "error: --from takes the full corpus of one data set; name it"),
    ("report nosuch", 2, "error: unknown experiment `nosuch`; known: p, q"),
    ("completions tcsh", 2, "error: invalid value 'tcsh' for '<SHELL>'"),
    (
        "score --episodes good.csv --windows windows.csv --tape t.jsonl",
        12,
        "error: `windows.csv:2`: the window ends at 1, not after its start at 5",
    ),
    ("run pp", 2, "error: unknown experiment `pp`; did you mean `p`? known: p, q"),
    (
        "convert --dataset sqlshare-texts job.csv --tape x.jsonl",
        2,
        "error: invalid value 'sqlshare-texts' for '--dataset <NAME>': unknown data set `sqlshare-texts`; did you mean `sqlshare-text`? known: DATA-SETS",
    ),
    (
        "generate perturbed --seed 1 --scale 1e10 --tape x.jsonl",
        2,
        "error: invalid value '1e10' for '--scale <X>': not a number from 0 to 1e9",
    ),
    ("run --no-cash p", 2, "error: unexpected argument '--no-cash' found"),
    (
        "diff t.jsonl t.jsonl --ulps 1.5",
        2,
        "error: invalid value '1.5' for '--ulps <N>': invalid digit found in string",
    ),
];

#[test]
fn each_wrong_use_is_told_in_one_line_with_its_exit_code() {
    assert!(CASES.len() >= 60, "{}", CASES.len());
    let folder = project();
    let before = folder.files();
    let datasets = Dataset::ALL.map(Dataset::name).join(", ");
    for (arguments, code, message) in CASES {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let message = message.replace("DATA-SETS", &datasets);
        let ended = folder.run(&arguments);
        // The command line's own refusals are followed by the usage.
        let told = ended.stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
        assert_eq!((ended.code, told), (*code, message.as_str()), "{arguments:?}");
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        let json = folder.run(&[arguments.as_slice(), &["--json"]].concat());
        assert_eq!(json.code, *code, "{arguments:?} --json");
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
