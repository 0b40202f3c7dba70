//! Any manifest beside a good tape: the tape is read as it is, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape_fuzz::{file, sha256};

const TAPE: &[u8] = b"{\"t\":0,\"class\":\"CacheIo\",\"value\":0.5,\"channel\":\"a\"}\n{\"t\":1,\"class\":\"CacheIo\",\"value\":0.25,\"channel\":null}\n";

fuzz_target!(|manifest: &[u8]| {
    let path = file("good.jsonl", TAPE);
    // `%` stands for the right hash, which no fuzzer would guess.
    let text = String::from_utf8_lossy(manifest).replace('%', &sha256(TAPE));
    std::fs::write(telltape::tape::manifest_path(&path), text).unwrap();
    if let Ok(tape) = telltape::tape::read(&path) {
        assert_eq!((tape.manifest.sha256, tape.stream.len()), (sha256(TAPE), 2));
    }
});
