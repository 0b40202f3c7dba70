//! Experiments that score one engine with several parameters: pairs of thresholds, and ablation.

use crate::support::{Folder, PERTURBED};

fn rows<'a>(table: &'a str, motif: &str, column: usize) -> Vec<Vec<&'a str>> {
    let rows = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>());
    rows.filter(|row| row[column] == motif).collect()
}

#[test]
fn pairs_of_factors_trade_recall_for_precision() {
    let pairs = "[evaluate]\nseeds = { first = 1, count = 2 }\n[evaluate.pairs]\nkeys = ['drift_threshold', 'slew_threshold']\n\
                 factors = [[0.05, 1, 50], [0.05, 1, 50]]\n";
    let folder = Folder::project(&[("p", &format!("{PERTURBED}{pairs}"))]);
    assert_eq!(folder.run(&["run", "-j", "1"]).code, 11);
    let table = folder.read("out/p/pairs.csv");
    assert!(table.starts_with("drift_threshold,slew_threshold,motif,runs,windows,"), "{table}");
    let all = rows(&table, "all", 2);
    let pairs: Vec<(&str, &str)> = all.iter().map(|row| (row[0], row[1])).collect();
    let expected = ["0.05", "1", "50"].map(|first| ["0.05", "1", "50"].map(|second| (first, second))).concat();
    assert_eq!(pairs, expected);
    let number = |row: &[&str], column: usize| row[column].parse::<f64>().unwrap_or_default();
    let (loose, usual, strict) = (&all[0], &all[4], &all[8]);
    // Precision and recall are the columns behind the counts.
    assert_eq!((number(usual, 9), number(usual, 10)), (1.0, 1.0), "{table}");
    assert!(number(loose, 9) < 0.9 && number(strict, 10) < 0.9, "{table}");
    let digests = folder.read("out/p/digests.toml");
    for option in ["\"pairs.drift_threshold\" = \"0.05,1,50\"", "\"pairs.slew_threshold\" = \"0.05,1,50\""] {
        assert!(digests.contains(option), "{digests}");
    }
    // The pair of ones is the engine as it is.
    let scores = folder.read("out/p/scores.csv");
    assert_eq!(rows(&scores, "all", 1)[0][2..], usual[3..]);
    assert_eq!(folder.run(&["run", "-j", "4", "--no-cache"]).code, 11);
    assert_eq!(folder.read("out/p/digests.toml"), digests);
    assert!(folder.ok(&["report", "--json"]).stdout.contains("pairs-p.svg"));
}

#[test]
fn an_engine_is_scored_without_each_of_its_parts() {
    let null = "title = 'n'\n[generate]\nkind = 'null'\nnoise = 'autoregressive'\nseed = 1\n";
    let ablation = "[replay]\nengine = 'excursion'\n[evaluate]\nseeds = { first = 1, count = 2 }\nablation = true\n";
    let folder = Folder::project(&[("a", &format!("{PERTURBED}{ablation}")), ("n", &format!("{null}{ablation}"))]);
    assert_eq!(folder.run(&["run"]).code, 11);
    let table = folder.read("out/a/ablation.csv");
    assert!(table.starts_with("without,motif,runs,windows,"), "{table}");
    let all = rows(&table, "all", 1);
    let without: Vec<&str> = all.iter().map(|row| row[0]).collect();
    assert_eq!(without, telltape::evaluate::ABLATIONS.map(|ablation| ablation.without));
    let scores = folder.read("out/a/scores.csv");
    assert_eq!(rows(&scores, "all", 1)[0][2..], all[0][2..]);
    assert!(all[1..].iter().any(|row| row[2..] != all[0][2..]), "{table}");
    // Without evidence noise is full of episodes.
    let alarms = |without: &str| -> f64 {
        let table = folder.read("out/n/ablation.csv");
        let all = rows(&table, "all", 1);
        all.iter().find(|row| row[0] == without).unwrap()[4].parse().unwrap()
    };
    assert_eq!(alarms("nothing"), 0.0);
    assert!(alarms("drift_threshold") > 10.0);
    let figures = folder.ok(&["report", "--json"]).stdout;
    assert!(figures.contains("ablation-a.svg") && figures.contains("ablation-n.svg"), "{figures}");
}

#[test]
fn pairs_and_ablations_that_cannot_be_are_refused_with_their_place() {
    let trace = "title = 't'\n[input]\ntrace = 't.csv'\ndataset = 'generic'\n";
    let pairs =
        |keys: &str, factors: &str| format!("{PERTURBED}[evaluate.pairs]\nkeys = {keys}\nfactors = {factors}\n");
    for (text, problem) in [
        (
            pairs("['drift_threshold', 'slwe_threshold']", "[[1], [1]]"),
            "`experiments/x.toml:6:8`: unknown parameter `slwe_threshold`; did you mean `slew_threshold`?",
        ),
        (
            pairs("['slew_threshold', 'slew_threshold']", "[[1], [1]]"),
            "`keys` are two parameters, and not `slew_threshold` twice",
        ),
        (
            pairs("['drift_threshold', 'slew_threshold']", "[[1], []]"),
            "`experiments/x.toml:7:11`: `factors` needs a list for each of `keys`, none of them empty",
        ),
        (pairs("['drift_threshold', 'slew_threshold']", "[[1], [0]]"), "a factor is a number from 0.01 to 100, not 0"),
        (pairs("['drift_threshold']", "[[1], [0]]"), "invalid length 1"),
        (
            format!(
                "{trace}[evaluate]\ndetectors = ['never']\n[evaluate.pairs]\nkeys = ['tau_seconds', 'drift_threshold']\nfactors = [[1], [1]]\n"
            ),
            "pairs and ablations are of generated streams",
        ),
        (
            format!("{trace}[evaluate]\ndetectors = ['never']\nablation = true\n"),
            "`experiments/x.toml:7:12`: pairs and ablations are of generated streams",
        ),
        (
            format!("{PERTURBED}[evaluate]\nablation = true\n"),
            "only `excursion` has an ablation; set [replay] engine = \"excursion\"",
        ),
    ] {
        let (code, message) = Folder::project(&[("x", &text)]).refusal(&["run"]);
        assert!(code == 2 && message.contains(problem), "{text}: {code} {message}");
    }
}
