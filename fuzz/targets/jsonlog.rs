//! A log of auto_explain that grows by two pieces and is then rotated: any split gives the same rows.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use telltape::capture::postgres::{Own, PlanLog};
use telltape_fuzz::file;

fuzz_target!(|bytes: &[u8]| {
    let Some((split, text)) = bytes.split_first() else { return };
    let split = text.len() * usize::from(*split) / 255;
    let rows = |pieces: &[&[u8]]| {
        let path = file("log.json", b"");
        let own = Own { user: "observer".to_owned(), application_name: "telltape".to_owned() };
        let mut log = PlanLog::open(&path, own).unwrap();
        let mut rows = Vec::new();
        for piece in pieces {
            std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(piece).unwrap();
            rows.extend(log.read().unwrap());
        }
        format!("{rows:?}")
    };
    assert_eq!(rows(&[text]), rows(&[&text[..split], &text[split..]]));
});
