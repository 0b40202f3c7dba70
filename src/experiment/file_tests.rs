use super::*;
use crate::evaluate::Axis;

fn read(text: &str) -> Result<Experiment, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, text).unwrap();
    Experiment::read(&path, folder.path())
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn every_key_is_read() {
    let all = r#"
        title = "t"
        [input]
        trace = "a.csv"
        dataset = "generic"
        [convert]
        construction = "reference"
        math = "system"
        lenient = true
        time_col = "t"
        value_col = "v"
        channel_col = "c"
        pre_residualized = true
        [replay]
        engine = "reference"
        grammar.cache_collapse.rho = 0.5
        [evaluate]
        windows = "w.csv"
        detectors = ["adwin"]
    "#;
    let experiment = read(all).unwrap();
    let mut grammar = crate::motif::Grammar::default();
    grammar.cache_collapse.rho = 0.5;
    assert_eq!(experiment.engine, crate::motif::Engine::from(grammar));
    assert!(
        matches!(experiment.source, SampleSource::Trace { ref options, .. } if options.lenient && options.canonical().contains(&("pre-residualized", "true".to_owned())))
    );
    let before = read(&all.replace("engine =", "semantics =")).unwrap();
    assert_eq!(before.engine, experiment.engine, "the key had another name before 0.2.0");
    let generated = r#"
        title = "t"
        [generate]
        kind = "perturbed"
        seed = 1
        scale = 1
        [evaluate]
        published = true
        seeds = { first = 1, count = 3 }
        sweep = { axis = "scale", values = [0, 1] }
        sensitivity = [0.5, 1]
        choice.tau_seconds = [9]
        choice.drift = [1.5]
        choice.clip = [2]
        choice.scales = [1]
        choice.noise_seeds = { first = 31, count = 2 }
        choice.recordings = [{ trace = "r.jsonl", windows = "w.csv" }]
    "#;
    let evaluation = read(generated).unwrap().evaluation.unwrap();
    assert_eq!((evaluation.seeds, evaluation.sweep), (vec![1, 2, 3], Some((Axis::Scale, vec![0.0, 1.0]))));
}

#[test]
fn the_old_name_of_a_construction_means_the_same_and_is_hashed_alike() {
    let canonical = |key: &str| {
        let text = format!("title = 't'\n[input]\ndata = 'ceb'\n[convert]\n{key} = 'reference'\n");
        match read(&text).unwrap().source {
            SampleSource::Catalogue { options, .. } => options.canonical(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(canonical("channel"), canonical("construction"));
    assert!(canonical("construction").contains(&("channel", "reference".to_owned())));
    let both = "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nchannel = 'reference'\nconstruction = 'template'\n";
    let error = read(both).unwrap_err();
    assert!(error.ends_with("`channel` is the old name of `construction`; give one of them"), "{error}");
}

#[test]
fn generators_are_read_with_their_defaults() {
    let experiment = read("title = 't'\n[generate]\nkind = 'perturbed'\nseed = 42\n").unwrap();
    assert!(matches!(
        experiment.source,
        SampleSource::Generated { generator: Generator::Perturbed { scale: 1.0 }, seed: 42, math: Math::Portable }
    ));
    let experiment =
        read("title = 't'\n[generate]\nkind = 'exemplar'\nseed = 1\ndataset = 'ceb'\nmath = 'system'\n").unwrap();
    assert!(matches!(experiment.source, SampleSource::Generated { math: Math::System, .. }));
}

#[test]
fn what_an_experiment_cannot_be_is_refused_at_its_place() {
    let generate = "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 1\n";
    let cases = [
        (
            "title = 't'\n[inptu]\ndata = 'ceb'\n",
            "`x.toml:2:2`: unknown key `inptu`; did you mean `input`? known: title, allow_empty, input, convert, generate, replay, evaluate",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nkonstruction = 'x'\n",
            "`x.toml:5:1`: unknown key `konstruction`; did you mean `construction`? known: construction, math, lenient, delimiter, time_unit, time_zone, keep_repeats, estimates, true_rows, latency_unit, time_col, counters, value_col, value_cols, channel_col, class, side, missing, one_series, pre_residualized, baseline, season, rules, log_line_prefix",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nconstruction = 'profile'\n",
            "`x.toml:5:16`: unknown construction `profile` of `ceb`; known: template, reference",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nmath = 'fast'\n",
            "`x.toml:5:8`: unknown value `fast`; known: portable, system",
        ),
        (
            "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'snowst'\n",
            "`x.toml:4:11`: unknown data set `snowst`; did you mean `snowset`? known: snowset, sqlshare, sqlshare-text, ceb, job, tpcds, pgss, redset, generic, otel, auto-explain, postgres",
        ),
        (
            "title = 't'\n[input]\ntrace = 'x.csv'\n",
            "`x.toml:2:1`: [input] needs `data` (a name of the catalogue), or `trace` and `dataset`",
        ),
        ("title = 't'\n", "`x.toml`: an experiment needs [input] (a trace) or [generate] (a generator)"),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\ntime_col = 't'\n",
            "`x.toml:5:12`: `time_col` is an option of `pgss` and `generic`, not of `ceb`",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert.rules]\npool_s = 3\n",
            "`x.toml:4:1`: `rules` is an option of `generic` and `postgres`, not of `ceb`",
        ),
        (
            "title = 't'\n[input]\ntrace = 'r.jsonl'\ndataset = 'postgres'\n[convert.rules]\npool_s = -3\n",
            "`x.toml:6:10`: -3 is out of range: 0 <= pool_s <= 3600",
        ),
        (
            "title = 't'\n[input]\ntrace = 'r.jsonl'\ndataset = 'postgres'\n[convert]\nconstruction = 'reference'\n",
            "`x.toml:6:16`: unknown construction `reference` of `postgres`; known: plain",
        ),
        ("[generate]\nkind = 'perturbed'\nseed = 1\n", "`x.toml:1:1`: missing field `title`"),
        (
            "title = 't'\n[generate]\nkind = 'perturbed'\nseed = -1\n",
            "`x.toml:4:8`: invalid value: integer `-1`, expected u64",
        ),
        (
            "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 1\nscale = nan\n",
            "`x.toml:5:9`: the scale must be a number from 0 to 1e9",
        ),
        (
            "title = 't'\n[generate]\nkind = 'exemplar'\nseed = 1\ndataset = 'otel'\n",
            "`x.toml:5:11`: unknown exemplar `otel`; known: snowset, sqlshare, sqlshare-text, ceb, job, tpcds",
        ),
        (
            "title = 't'\n[generate]\nkind = 'null'\nseed = 1\nnoise = 'wite'\n",
            "`x.toml:5:9`: unknown noise `wite`; did you mean `white`? known: white, autoregressive, heavy-tailed, bursty, daily",
        ),
        ("title = 't'\n[generate]\nkind = 'null'\nseed = 1\n", "`x.toml:2:1`: a null trace needs a `noise`"),
        (&format!("{generate}noise = 'white'\n"), "`x.toml:5:9`: a perturbed stream has no `noise`; remove it"),
        (
            &format!("{generate}[evaluate]\ndetectors = ['adwim']\n"),
            "`x.toml:6:14`: unknown detector `adwim`; did you mean `adwin`? known: reference, \
             excursion, adwin-reference, bocpd-reference, pelt-reference, adwin, bocpd, pelt, threshold, mad, cusum, never, always, periodic",
        ),
        (
            &format!("{generate}[evaluate]\ndetectors = ['reference']\n"),
            "`x.toml:6:14`: `reference` is the engine of the experiment, which is scored first",
        ),
        (
            &format!("{generate}[evaluate]\nsensitivity = [0.5, 1.5]\n"),
            "`x.toml:6:15`: `rho` times 1.5: 1.35 is out of range: 0 <= rho < 1, finite",
        ),
        (
            &format!("{generate}[evaluate]\nsensitivity = [0]\n"),
            "`x.toml:6:15`: a factor is a number from 0.01 to 100, not 0",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[evaluate]\nwindows = 'w.csv'\nsensitivity = [1]\n",
            "`x.toml:6:15`: only generated streams tell how sensitive an engine is",
        ),
        (
            &format!("{generate}[evaluate]\nsweep = {{ axis = 'rho', values = [2] }}\n"),
            "`x.toml:6:35`: times `rho`, 1.8 is out of range: 0 <= rho < 1, finite",
        ),
        (
            &format!(
                "{generate}[evaluate.choice]\ntau_seconds = []\ndrift = [1]\nclip = [1]\nscales = [1]\n\
                 noise_seeds = {{ first = 1, count = 1 }}\n"
            ),
            "`x.toml:5:1`: `tau_seconds`, `drift` and `clip` need numbers from 0.01 to 1000",
        ),
        (
            &format!("{generate}[evaluate]\nwindows = 'w.csv'\n"),
            "`x.toml:6:11`: a generator knows its windows; remove `windows`",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[evaluate]\n",
            "`x.toml:4:1`: a trace is scored against `windows`, a CSV with motif, channel, t_start, t_end, or compared with \
             `detectors`",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[evaluate]\nwindows = 'w.csv'\nseeds = { first = 1, count = 2 }\n",
            "`x.toml:6:9`: a trace has no seeds; remove `seeds`",
        ),
        (
            &format!("{generate}[evaluate]\nseeds = {{ first = 1, count = 0 }}\n"),
            "`x.toml:6:9`: `count` times the points of a sweep must be from 1 to 100000",
        ),
        (
            &format!("{generate}[evaluate]\nseeds = {{ first = 1, count = 'x' }}\n"),
            "`x.toml:6:30`: invalid type: string \"x\", expected u64",
        ),
        (
            &format!("{generate}[evaluate.sweep]\naxis = 'scal'\nvalues = [1]\n"),
            "`x.toml:6:8`: unknown axis `scal`; did you mean `scale`? known: scale, threshold, rate, missing, reorder, jitter, rho, sigma0, \
             drift_threshold, slew_threshold, min_dwell_seconds, tau_seconds, release_threshold, clip_threshold, \
             open_dwell_seconds, close_dwell_seconds, max_gap_seconds, max_gap_intervals, tau_intervals, close_dwell_intervals",
        ),
        (
            &format!("{generate}[evaluate.sweep]\naxis = 'missing'\nvalues = [0, 1]\n"),
            "`x.toml:7:14`: `missing` is a number from 0 to below 1",
        ),
        (
            &format!("{generate}[evaluate.sweep]\naxis = 'rate'\nvalues = []\n"),
            "`x.toml:5:1`: a sweep needs `values`, one point each",
        ),
        (
            "title = 't'\n[generate]\nkind = 'null'\nseed = 1\nnoise = 'white'\n[evaluate]\npublished = true\n",
            "`x.toml:7:13`: the published scores are of the perturbed stream only",
        ),
        (
            "title = 't'\n[generate]\nkind = 'null'\nseed = 1\nnoise = 'white'\n[evaluate.sweep]\naxis = 'scale'\nvalues = [1]\n",
            "`x.toml:7:8`: only the perturbed stream has a scale",
        ),
        (&format!("{generate}[convert]\n"), "`x.toml:5:1`: generated samples are not converted; remove [convert]"),
        (
            &format!("{generate}[replay]\nengine = 'best'\n"),
            "`x.toml:6:10`: unknown engine `best`; known: reference, excursion",
        ),
        (
            &format!("{generate}[replay.grammar.cache_collapse]\nrho = 7\n"),
            "`x.toml:6:1`: 7 is out of range: 0 <= rho < 1, finite",
        ),
        (
            &format!("{generate}[replay.grammar.cache_collapse]\nrho = 0.5\nroh = 0.5\n"),
            "`x.toml:7:1`: unknown parameter `roh`; did you mean `rho`? known: rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds",
        ),
        (
            &format!("{generate}[replay.grammar.cache_colapse]\nrho = 0.5\n"),
            "`x.toml:6:1`: unknown motif `cache_colapse`; did you mean `cache_collapse`? known: plan_regression_onset, cardinality_mismatch_regime, contention_ramp, cache_collapse, workload_phase_transition",
        ),
        ("title = ", "`x.toml:1:9`: string values must be quoted, expected literal string"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}
