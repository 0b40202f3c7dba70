use serde::de::DeserializeOwned;

use super::*;
use crate::motif::{ExcursionGrammar, Grammar};

fn parse<G: DeserializeOwned>(text: &str, ending: &str, path: &Path) -> Result<G, GrammarFileError> {
    super::parse(PhantomData::<G>, text, ending, path)
}

fn text(ending: &str) -> String {
    let grammar = Grammar::default();
    match ending {
        "toml" => toml::to_string(&grammar).unwrap(),
        "json" => serde_json::to_string_pretty(&grammar).unwrap(),
        _ => serde_yaml_ng::to_string(&grammar).unwrap(),
    }
}

#[test]
fn a_grammar_reads_back_from_every_format() {
    for ending in ["toml", "yaml", "yml", "json"] {
        assert_eq!(parse::<Grammar>(&text(ending), ending, Path::new("g")).unwrap(), Grammar::default(), "{ending}");
    }
    assert!(matches!(parse::<Grammar>("", "ini", Path::new("g")), Err(GrammarFileError::Ending { .. })));
}

#[test]
fn each_engine_has_keys_of_its_own() {
    let text = toml::to_string(&ExcursionGrammar::default()).unwrap();
    assert_eq!(parse::<ExcursionGrammar>(&text, "toml", Path::new("g")).unwrap(), ExcursionGrammar::default());
    assert!(parse::<Grammar>(&text, "toml", Path::new("g")).unwrap_err().to_string().contains("unknown key"));
    let wrong = text.replacen("tau_seconds = 9.0", "tau_seconds = 0", 1);
    let error = parse::<ExcursionGrammar>(&wrong, "toml", Path::new("g")).unwrap_err().to_string();
    assert!(error.contains("0 is out of range: tau_seconds > 0, finite"), "{error}");
}

#[test]
fn integers_and_exponents_are_numbers() {
    for ending in ["toml", "yaml", "json"] {
        let changed = text(ending).replacen("30.0", "1e9", 1).replacen("0.5", "1", 1);
        let grammar = parse::<Grammar>(&changed, ending, Path::new("g")).unwrap();
        assert_eq!(grammar.workload_phase_transition.min_dwell_seconds, 1e9, "{ending}");
    }
}

#[test]
fn values_out_of_range_are_refused_with_the_range_and_the_line() {
    let cases = [
        ("rho = 0.9", "rho = 7", "7 is out of range: 0 <= rho < 1, finite"),
        ("rho = 0.9", "rho = 1.0", "1 is out of range: 0 <= rho < 1, finite"),
        ("rho = 0.9", "rho = nan", "NaN is out of range: 0 <= rho < 1, finite"),
        ("sigma0 = 0.05", "sigma0 = 0", "0 is out of range: sigma0 > 0 (at least 1e-308), finite"),
        ("drift_threshold = 0.2", "drift_threshold = -0.2", "-0.2 is out of range: drift_threshold > 0, finite"),
        ("slew_threshold = 0.5", "slew_threshold = inf", "inf is out of range: slew_threshold > 0, finite"),
        ("min_dwell_seconds = 5.0", "min_dwell_seconds = -1", "-1 is out of range: min_dwell_seconds >= 0, finite"),
    ];
    for (old, new, expected) in cases {
        let original = text("toml");
        let changed = original.replacen(old, new, 1);
        assert_ne!(changed, original, "{old}");
        let wanted_line = changed.lines().position(|line| line.contains(new)).unwrap() as u64 + 1;
        match parse::<Grammar>(&changed, "toml", Path::new("g")).unwrap_err() {
            GrammarFileError::Malformed { problem, place } => {
                assert_eq!((problem.to_string().as_str(), place.line), (expected, Some(wanted_line)), "{new}");
            }
            other => panic!("{other}"),
        }
    }
    for ending in ["yaml", "json"] {
        let changed = text(ending).replacen("0.9", "7", 1);
        let error = parse::<Grammar>(&changed, ending, Path::new("g")).unwrap_err();
        assert!(error.to_string().contains("7 is out of range: 0 <= rho < 1"), "{error}");
        assert!(error.place().unwrap().line.is_some(), "{error:?}");
    }
}

#[test]
fn unknown_and_missing_keys_are_refused() {
    for ending in ["toml", "yaml", "json"] {
        let unknown = text(ending).replacen("rho", "roh", 1);
        let error = parse::<Grammar>(&unknown, ending, Path::new("g")).unwrap_err().to_string();
        assert!(error.contains("unknown key `roh`; did you mean `rho`? known: rho,"), "{error}");
    }
    let missing = text("toml").replacen("rho = 0.9\n", "", 1);
    assert!(
        parse::<Grammar>(&missing, "toml", Path::new("g")).unwrap_err().to_string().contains("missing field `rho`")
    );
}

#[test]
fn the_engine_is_that_of_the_parameters_and_not_of_a_word_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read_engine(None, &path).map(|engine| engine.kind()).map_err(|error| error.to_string())
    };
    let (reference, excursion) = (text("toml"), toml::to_string(&ExcursionGrammar::default()).unwrap());
    let yaml = serde_yaml_ng::to_string(&ExcursionGrammar::default()).unwrap();
    for (name, text, expected) in [
        ("a.toml", reference.clone(), EngineKind::REFERENCE),
        ("b.toml", format!("# no tau_seconds here\n{reference}"), EngineKind::REFERENCE),
        ("c.toml", excursion.clone(), EngineKind::EXCURSION),
        ("d.toml", format!("# instead of rho and sigma0\n{excursion}"), EngineKind::EXCURSION),
        ("e.toml", excursion.replace("tau_seconds", "\"tau_s\\u0065conds\""), EngineKind::EXCURSION),
        ("f.yaml", yaml, EngineKind::EXCURSION),
        ("g.json", serde_json::to_string(&ExcursionGrammar::default()).unwrap(), EngineKind::EXCURSION),
    ] {
        assert_eq!(kind(name, &text), Ok(expected), "{name}");
    }
    // One key of the other engine is a mistake in this grammar, and not another grammar.
    let mixed = kind("h.toml", &reference.replacen("rho = 0.9\n", "tau_seconds = 9.0\n", 1)).unwrap_err();
    assert!(mixed.contains("unknown key `tau_seconds`"), "{mixed}");
    let mixed = kind("i.toml", &excursion.replacen("tau_seconds = 9.0\n", "rho = 0.9\n", 1)).unwrap_err();
    assert!(mixed.contains("unknown key `rho`"), "{mixed}");
    let broken = kind("j.json", "{").unwrap_err();
    assert!(broken.contains("not a grammar"), "{broken}");
}
