//! A recording of any lines, rightly sealed, and what it is distilled to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::trace::{Dataset, Options, convert};
use telltape_fuzz::{file, sha256};

fuzz_target!(|bytes: &[u8]| {
    let path = file("run.jsonl", bytes);
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let count = |key: &str| lines.iter().filter(|line| String::from_utf8_lossy(line).contains(key)).count();
    let manifest = format!(
        r#"{{"sha256":"{}","recording":1,"polls":{},"gaps":{},"first_t":null,"last_t":null,"crate_version":"0","end":"fuzz"}}"#,
        sha256(bytes),
        count("\"poll\""),
        count("\"gap\""),
    );
    std::fs::write(telltape::tape::manifest_path(&path), manifest).unwrap();
    if let Ok(conversion) = convert(&path, &Options::new(Dataset::Postgres)) {
        assert!(conversion.stream.samples().all(|sample| sample.t.is_finite() && sample.value.is_finite()));
    }
    let _ = telltape::tape::salvage(&path, &telltape_fuzz::folder().join("saved.jsonl"));
});
