//! A grammar in TOML, YAML and JSON: refused, or one that the engine takes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::experiment::read_grammar;
use telltape_fuzz::file;

fuzz_target!(|bytes: &[u8]| {
    for ending in ["toml", "yaml", "json"] {
        if let Ok(grammar) = read_grammar(&file(&format!("grammar.{ending}"), bytes)) {
            assert!(!grammar.canonical().is_empty());
        }
    }
});
