//! The default parameters of `excursion` are those that the committed experiment picks.

use std::path::Path;

use telltape::motif::{Engine, EngineKind, Motif};

#[test]
fn the_default_parameters_are_the_chosen_ones() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/excursion-choice/choice.csv");
    let mut reader = csv::Reader::from_path(table).unwrap();
    let column = |headers: &csv::StringRecord, name: &str| headers.iter().position(|header| header == name).unwrap();
    let headers = reader.headers().unwrap().clone();
    let chosen: Vec<csv::StringRecord> = reader
        .records()
        .map(Result::unwrap)
        .filter(|record| &record[column(&headers, "verdict")] == "chosen")
        .collect();
    assert_eq!(chosen.len(), Motif::ALL.len());
    let engine = Engine::new(EngineKind::EXCURSION);
    for (motif, row) in Motif::ALL.into_iter().zip(chosen) {
        assert_eq!(&row[column(&headers, "motif")], motif.name());
        for key in ["tau_seconds", "drift_threshold", "clip_threshold"] {
            let (.., value) = engine.entries().find(|(of, name, _)| *of == motif && *name == key).unwrap();
            assert_eq!(row[column(&headers, key)].parse::<f64>().unwrap(), value, "{}.{key}", motif.name());
        }
    }
}
