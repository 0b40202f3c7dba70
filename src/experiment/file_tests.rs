use super::*;

fn read(text: &str) -> Result<Experiment, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, text).unwrap();
    Experiment::read(&path, folder.path())
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn every_key_is_known_for_suggestions() {
    let all = r#"
        title = "t"
        [input]
        trace = "a.csv"
        dataset = "generic"
        [convert]
        channel = "reference"
        math = "system"
        lenient = true
        time_col = "t"
        value_col = "v"
        channel_col = "c"
        pre_residualized = true
        [replay]
        semantics = "reference"
        grammar.cache_collapse.rho = 0.5
    "#;
    let experiment = read(all).unwrap();
    assert_eq!(experiment.engine.grammar.cache_collapse.rho, 0.5);
    assert!(
        matches!(experiment.source, Source::Trace { ref options, .. } if options.lenient && options.generic.pre_residualized)
    );
    fn keys(table: &toml::Table, found: &mut Vec<String>) {
        for (key, value) in table {
            found.push(key.clone());
            if let toml::Value::Table(inner) = value
                && key != "grammar"
            {
                keys(inner, found);
            }
        }
    }
    let mut found = ["data", "generate", "kind", "seed", "scale", "grammar_file"].map(str::to_owned).to_vec();
    keys(&toml::from_str(all).unwrap(), &mut found);
    found.sort();
    let mut known = KEYS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn generators_are_read_with_their_defaults() {
    let experiment = read("title = 't'\n[generate]\nkind = 'perturbed'\nseed = 42\n").unwrap();
    assert!(matches!(
        experiment.source,
        Source::Generated { generator: Generator::Perturbed { scale: 1.0 }, seed: 42, math: Math::Portable }
    ));
    let experiment =
        read("title = 't'\n[generate]\nkind = 'exemplar'\nseed = 1\ndataset = 'ceb'\nmath = 'system'\n").unwrap();
    assert!(matches!(experiment.source, Source::Generated { math: Math::System, .. }));
}

#[test]
fn what_an_experiment_cannot_be_is_refused_at_its_place() {
    let generate = "title = 't'\n[generate]\nkind = 'perturbed'\nseed = 1\n";
    let cases = [
        (
            "title = 't'\n[inptu]\ndata = 'ceb'\n",
            "`x.toml:2:2`: unknown field `inptu`, expected one of `title`, `input`, `convert`, `generate`, `replay`; did you mean `input`?",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nchanel = 'x'\n",
            "`x.toml:5:1`: unknown field `chanel`, expected one of `channel`, `math`, `lenient`, `time_col`, `value_col`, `channel_col`, `pre_residualized`; did you mean `channel`?",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nchannel = 'profile'\n",
            "`x.toml:5:11`: data set `ceb` has no construction `profile`; it has `reference` and `template`",
        ),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\nmath = 'fast'\n",
            "`x.toml:5:8`: unknown variant `fast`, expected `portable` or `system`",
        ),
        (
            "title = 't'\n[input]\ntrace = 'x.csv'\ndataset = 'snowst'\n",
            "`x.toml:4:11`: unknown data set `snowst`; did you mean `snowset`?; known: snowset, sqlshare, sqlshare-text, ceb, job, tpcds, pgss, generic, otel",
        ),
        (
            "title = 't'\n[input]\ntrace = 'x.csv'\n",
            "`x.toml:2:1`: [input] needs `data` (a name of the catalogue), or `trace` and `dataset`",
        ),
        ("title = 't'\n", "`x.toml`: an experiment needs [input] (a trace) or [generate] (a generator)"),
        (
            "title = 't'\n[input]\ndata = 'ceb'\n[convert]\ntime_col = 't'\n",
            "`x.toml:2:1`: `time_col`, `value_col`, `channel_col` and `pre_residualized` are for `generic`",
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
            "`x.toml:5:11`: there is no exemplar of `otel`; there are: snowset, sqlshare, sqlshare-text, ceb, job, tpcds",
        ),
        (&format!("{generate}[convert]\n"), "`x.toml:5:1`: generated samples are not converted; remove [convert]"),
        (
            &format!("{generate}[replay]\nsemantics = 'best'\n"),
            "`x.toml:6:13`: unknown semantics `best`; known: reference",
        ),
        (
            &format!("{generate}[replay.grammar.cache_collapse]\nrho = 7\n"),
            "`x.toml:6:1`: 7 is out of range: 0 <= rho < 1, finite",
        ),
        (
            &format!("{generate}[replay.grammar.cache_collapse]\nrho = 0.5\nroh = 0.5\n"),
            "`x.toml:7:1`: unknown parameter `roh`; known: rho, sigma0, drift_threshold, slew_threshold, min_dwell_seconds; did you mean `rho`?",
        ),
        (
            &format!("{generate}[replay.grammar.cache_colapse]\nrho = 0.5\n"),
            "`x.toml:6:1`: unknown motif `cache_colapse`; known: plan_regression_onset, cardinality_mismatch_regime, contention_ramp, cache_collapse, workload_phase_transition; did you mean `cache_collapse`?",
        ),
        ("title = ", "`x.toml:1:9`: string values must be quoted, expected literal string"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}
