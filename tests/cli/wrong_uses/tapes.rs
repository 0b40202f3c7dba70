//! Of tapes, and of what is made of them.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
    (
        "score --episodes good.csv --windows windows.csv --tape t.jsonl",
        12,
        "error: `windows.csv:2`: the window ends at 1, not after its start at 5",
    ),
    (
        "generate perturbed --seed 1 --scale 1e10 --tape x.jsonl",
        2,
        "error: invalid value '1e10' for '--scale <X>': not a number from 0 to 1e9",
    ),
    (
        "diff t.jsonl t.jsonl --ulps 1.5",
        2,
        "error: invalid value '1.5' for '--ulps <N>': invalid digit found in string",
    ),
];
