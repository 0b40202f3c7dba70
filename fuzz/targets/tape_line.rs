//! A line of a tape is read as serde_json reads it, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape_fuzz::{round_trip, tape};

fuzz_target!(|line: &[u8]| {
    if line.contains(&b'\n') {
        return;
    }
    let path = tape(line);
    if let Ok(read) = telltape::tape::read(&path)
        && let Some(sample) = read.stream.samples().next()
    {
        let value: serde_json::Value = serde_json::from_slice(line).expect("what is read is JSON");
        let (t, residual) = match &value {
            serde_json::Value::Array(fields) => (fields[0].as_f64(), fields[2].as_f64()),
            other => (other["t"].as_f64(), other["value"].as_f64()),
        };
        assert_eq!((t, residual), (Some(sample.t), Some(sample.value)));
    }
    round_trip(&path);
});
