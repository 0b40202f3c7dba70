//! Of experiments, and of the command line itself.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
    ("report nosuch", 2, "error: unknown experiment `nosuch`; known: p, q"),
    ("completions tcsh", 2, "error: invalid value 'tcsh' for '<SHELL>'"),
    ("run pp", 2, "error: unknown experiment `pp`; did you mean `p`? known: p, q"),
    ("run --no-cash p", 2, "error: unexpected argument '--no-cash' found"),
];
