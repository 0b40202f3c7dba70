//! A grammar of each engine in TOML, YAML and JSON: refused, or one that the engine takes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::experiment::read_engine;
use telltape::motif::EngineKind;
use telltape_fuzz::file;

fuzz_target!(|bytes: &[u8]| {
    for ending in ["toml", "yaml", "json"] {
        let path = file(&format!("grammar.{ending}"), bytes);
        for kind in EngineKind::all() {
            if let Ok(engine) = read_engine(Some(kind), &path) {
                assert!(!engine.canonical().is_empty());
            }
        }
    }
});
