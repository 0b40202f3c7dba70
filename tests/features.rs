//! What the core depends on, and what the documentation says of the features.

use std::path::Path;

fn manifest() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_core_has_few_dependencies() {
    let manifest = manifest();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let optional = |value: &toml::Value| value.get("optional").and_then(toml::Value::as_bool) == Some(true);
    let core: Vec<&String> = dependencies.iter().filter(|(_, value)| !optional(value)).map(|(name, _)| name).collect();
    assert!(core.len() <= 15, "{} dependencies without any feature: {core:?}", core.len());
}

#[test]
fn every_feature_is_documented() {
    let manifest = manifest();
    let documentation = [include_str!("../src/lib.rs"), include_str!("../README.md")];
    for feature in manifest["features"].as_table().unwrap().keys().filter(|feature| *feature != "default") {
        let row = format!("| `{feature}` | ");
        assert!(documentation[0].contains(&row), "src/lib.rs: {row}");
        assert!(documentation[1].contains(&row), "README.md: {row}");
    }
}
