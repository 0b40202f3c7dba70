//! Of traces, where they are fetched from, and the servers that they are recorded from.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
    (
        "convert --dataset sqlshare-texts job.csv --tape x.jsonl",
        2,
        "error: invalid value 'sqlshare-texts' for '--dataset <NAME>': unknown data set `sqlshare-texts`; did you mean `sqlshare-text`? known: DATA-SETS",
    ),
];
