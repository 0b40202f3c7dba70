//! Lines and manifests that no writer writes: whatever one reader takes the other takes, as the same samples.

use std::path::Path;

use dsfb_database::live::tape::load_and_verify;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use telltape::tape::{self, manifest_path};
use telltape_conformance::compare;

use crate::property::Property;
use crate::spelling::{junk, line, spelled_line};

/// Writes a tape of `text` with a manifest that is right about it.
fn seal(text: &[u8], sample_count: usize, folder: &Path) -> std::io::Result<std::path::PathBuf> {
    let path = folder.join("tape.jsonl");
    std::fs::write(&path, text)?;
    let manifest = format!(
        r#"{{"source":"lines","crate_version":"0","sample_count":{sample_count},"sha256":"{}","x":[]}}"#,
        sha256(text)
    );
    std::fs::write(manifest_path(&path), manifest)?;
    Ok(path)
}

fn sha256(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Both readers on one tape: the number of samples if both take it, 0 if both refuse it, 1 if only ours does, because of a number
/// beyond what its tapes hold (`documented.rs`).
fn read_both(path: &Path) -> Result<usize, String> {
    match (tape::read_even_empty(path), load_and_verify(path)) {
        (Ok(ours), Ok((theirs, _))) => {
            compare::streams(&ours.stream, &theirs)?;
            Ok(ours.stream.len().max(1))
        }
        (Err(_), Err(_)) => Ok(0),
        (Err(error), Ok((theirs, _))) if compare::is_beyond(&theirs) && error.to_string().contains("beyond ±1e100") => {
            Ok(1)
        }
        (Ok(_), Err(error)) => Err(format!("only ours reads it; theirs: {error:#}")),
        (Err(error), Ok(_)) => Err(format!("only theirs reads it; ours: {error}")),
    }
}

fn samples_in(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n').filter(|line| !matches!(*line, b"" | b"\r")).count()
}

#[test]
fn awkward_but_legal_lines_are_the_same_samples() {
    let ending = prop::sample::select(&["\n", "\r\n", "\n\n", "\n\r\n", "\r\n\n\n"][..]);
    let lines = prop::collection::vec((spelled_line(), ending), 1..12);
    let property = Property { source: file!(), name: "awkward lines", cases: 8000 };
    let found = property.holds(&(lines, any::<bool>()), |(lines, open_end), folder| {
        let mut text: String = lines.iter().map(|(line, ending)| format!("{line}{ending}")).collect();
        if open_end {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let path = seal(text.as_bytes(), lines.len(), folder).map_err(|error| error.to_string())?;
        match read_both(&path)? {
            0 => Err("both refuse it".to_owned()),
            samples => Ok(samples),
        }
    });
    assert!(found > 6000, "{found} samples");
}

#[test]
fn broken_lines_are_refused_by_both_or_neither() {
    let edit = (any::<prop::sample::Index>(), 0..4_usize, junk());
    let inputs = (prop::collection::vec(prop_oneof![line(), spelled_line()], 1..3), prop::collection::vec(edit, 1..3));
    let property = Property { source: file!(), name: "broken lines", cases: 20_000 };
    let found = property.holds(&inputs, |(lines, edits), folder| {
        let mut text: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
        for (at, removed, inserted) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, inserted);
        }
        let path = seal(&text, samples_in(&text), folder).map_err(|error| error.to_string())?;
        read_both(&path).map(|samples| samples.min(1))
    });
    assert!(found > 300, "{found} tapes were read");
}

#[test]
fn manifests_are_taken_by_both_or_neither() {
    let text = "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.5,\"channel\":null}\n{\"t\":-0.0,\"class\":\"CacheIo\",\"value\":0.5}\n";
    let right = format!("\"{}\"", sha256(text.as_bytes()));
    let any_of = |choices: &[&str]| {
        let choices: Vec<String> = choices.iter().map(|choice| (*choice).to_owned()).collect();
        prop::sample::select(choices)
    };
    // The first choices are right; telltape also checks the times, so wrong ones are not among them.
    let keys = (
        any_of(&[&right, &right, &right, &right, "\"\"", "null"]),
        any_of(&["2", "2", "2", "2", "2", "2.0", "2e0", "-2", "\"2\"", "3", "null", "18446744073709551618"]),
        prop::option::of(any_of(&["0.0", "-0.0", "0", "null", "0e5", "\"0\""])),
        prop::option::of(any_of(&["1.0", "1", "null", "10E-1", "[]"])),
        any_of(&["\"0.1.1\"", "\"\"", "\"x\"", "\"\\u00e9\"", "0"]),
        any_of(&["\"s\"", "\"\"", "\"a\\nb\"", "\"日本\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "null"]),
        prop::option::of(any_of(&["null", "{\"sha256\":1}", "[1,", "1e999"])),
    );
    let order = Just([0, 1, 2, 3, 4, 5, 6, 6]).prop_shuffle();
    let property = Property { source: file!(), name: "manifests", cases: 2000 };
    let found = property.holds(&(keys, order), |(keys, order), folder| {
        let values = [Some(keys.0), Some(keys.1), keys.2, keys.3, Some(keys.4), Some(keys.5), keys.6]
            .map(Option::unwrap_or_default);
        let names = ["sha256", "sample_count", "first_t", "last_t", "crate_version", "source", "unknown"];
        let pairs: Vec<String> = order
            .into_iter()
            .filter(|index| !values[*index].is_empty())
            .map(|index| format!("\"{}\" :\t{}", names[index], values[index]))
            .collect();
        let path = seal(text.as_bytes(), 2, folder).map_err(|error| error.to_string())?;
        let manifest = format!(" {{{}}}\r\n", pairs.join(",\n"));
        std::fs::write(manifest_path(&path), manifest).map_err(|error| error.to_string())?;
        read_both(&path).map(|samples| samples.min(1))
    });
    assert!(found > 100, "{found} manifests were taken");
}
