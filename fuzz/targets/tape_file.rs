//! A tape of any bytes, rightly sealed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape_fuzz::{round_trip, tape};

fuzz_target!(|bytes: &[u8]| {
    let path = tape(bytes);
    round_trip(&path);
    // Whatever it is, the engine and the salvage take it.
    if let Ok(tape) = telltape::tape::read(&path) {
        let _ = telltape::motif::Engine::default().replay(&tape.stream);
    }
    let _ = telltape::tape::salvage(&path, &telltape_fuzz::folder().join("saved.jsonl"));
});
