//! Recordings: what is refused, what is salvaged, and the ones that are committed.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use telltape::residual::Math;
use telltape::tape::recording::{Line, Seal, is_recording, read_recording};
use telltape::tape::{self, Kind, TapeError};
use telltape::trace::{self, Dataset, Options};

fn live() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live")
}

/// The text of a committed recording, in a folder, with its manifest.
fn copy(folder: &Path) -> (PathBuf, Vec<u8>) {
    let packed = fs::read(live().join("pg17-table-lock.jsonl.gz")).unwrap();
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut text).unwrap();
    let path = folder.join("run.jsonl");
    fs::write(&path, &text).unwrap();
    fs::copy(live().join("pg17-table-lock.jsonl.hash"), folder.join("run.jsonl.hash")).unwrap();
    (path, text)
}

fn read(path: &Path) -> Result<usize, TapeError> {
    let mut lines = 0;
    read_recording(path, |_, _| {
        lines += 1;
        Ok(())
    })
    .map(|_| lines)
}

#[test]
fn what_is_committed_is_whole_and_small_and_tells_no_text() {
    let mut recordings = 0;
    for entry in fs::read_dir(live()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "gz") {
            continue;
        }
        assert!(is_recording(&path), "{}", path.display());
        assert!(fs::metadata(&path).unwrap().len() <= 300 << 10, "{}", path.display());
        let mut polls = 0;
        read_recording::<TapeError>(&path, |_, line| {
            polls += usize::from(matches!(line, Line::Record(_)));
            Ok(())
        })
        .unwrap();
        assert!(polls >= 70, "{}", path.display());
        recordings += 1;
    }
    assert!(recordings >= 11, "{recordings}");
}

#[test]
fn a_compressed_recording_is_the_same_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = copy(folder.path());
    let options = Options { math: Math::Portable, ..Options::new(Dataset::Postgres) };
    let plain = trace::convert(&path, &options).unwrap();
    let packed = trace::convert(&live().join("pg17-table-lock.jsonl.gz"), &options).unwrap();
    assert_eq!(plain.rows, packed.rows);
    assert_eq!(plain.stream.values(), packed.stream.values());
    assert_eq!(packed.stream.source(), "postgres:plain@pg17-table-lock.jsonl");
}

#[test]
fn what_is_not_what_was_sealed_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, text) = copy(folder.path());
    assert_eq!(read(&path).unwrap(), text.iter().filter(|byte| **byte == b'\n').count());
    let refused = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        read(&path).unwrap_err().to_string()
    };
    // Wherever a bit flips, and wherever the file ends: the hash comes first.
    for at in (0..text.len()).step_by(997) {
        let mut flipped = text.clone();
        flipped[at] ^= 4;
        assert!(refused(&flipped).contains("has changed since it was sealed"), "{at}");
        assert!(refused(&text[..at]).contains("has changed since it was sealed"), "{at}");
    }
    // With the hash made anew, what it says is looked at.
    let resealed = |text: &str| {
        fs::write(&path, text).unwrap();
        let manifest = Seal::path(&path);
        let mut seal: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        seal["sha256"] =
            hex::encode(sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), text))).into();
        fs::write(&manifest, seal.to_string()).unwrap();
        read(&path).unwrap_err().to_string()
    };
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let swapped = [&lines[..5], &[lines[6], lines[5]], &lines[7..]].concat();
    for (text, problem) in [
        (joined(&swapped), "run.jsonl:7`: the time is before that of the line above"),
        (joined(&lines[1..]), "run.jsonl:1:"),
        (joined(&lines[..lines.len() - 2]), "the manifest says polls = 71, the tape has 70"),
        (text.replacen("\"recording\":1", "\"recording\":9", 1), "is of tape format 9, this program reads"),
        (text.replacen("\"poll\":3", "\"pole\":3", 1), "unknown field `pole`"),
        (text.trim_end().to_owned(), "the line has no end"),
        (String::new(), "there is no header"),
        ("[".repeat(200) + "\n", "run.jsonl:1:"),
    ] {
        let error = resealed(&text);
        assert!(error.contains(problem), "{problem}: {error}");
    }
    fs::remove_file(Seal::path(&path)).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("telltape salvage"));
}

#[test]
fn hostile_manifests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = copy(folder.path());
    let manifest = Seal::path(&path);
    let good: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    for next in ["../run.jsonl", "/etc/passwd", "a\\b", ".hidden", ""] {
        let mut seal = good.clone();
        seal["continued_in"] = next.into();
        fs::write(&manifest, seal.to_string()).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("is not the name of a part"), "{error}");
    }
    // A part that goes on in itself is not read for ever.
    let mut seal = good.clone();
    seal["continued_in"] = "run.jsonl".into();
    fs::write(&manifest, seal.to_string()).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("stands where part 2 of"));
}

#[test]
fn whatever_is_left_of_a_recording_its_whole_lines_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (path, text) = copy(folder.path());
    fs::remove_file(Seal::path(&path)).unwrap();
    let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for (number, at) in (first..text.len()).step_by(4999).enumerate() {
        let part = folder.path().join("run.jsonl.part");
        fs::write(&part, &text[..at]).unwrap();
        let out = folder.path().join(format!("saved-{number}.jsonl"));
        let salvaged = tape::salvage(&part, &out).unwrap();
        let whole = text[..at].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!(salvaged.kind, Kind::Recording);
        assert_eq!(salvaged.lost_bytes, (at - whole) as u64);
        assert_eq!(salvaged.problem.is_some(), at > whole);
        assert_eq!(fs::read(&out).unwrap(), &text[..whole]);
        assert_eq!(read(&out).unwrap() as u64, salvaged.lines);
        assert!(
            tape::salvage(&out, &folder.path().join("again.jsonl"))
                .unwrap_err()
                .to_string()
                .contains("it is sealed by")
        );
    }
    let part = folder.path().join("nothing.part");
    fs::write(&part, &text[..first - 1]).unwrap();
    assert!(tape::salvage(&part, &folder.path().join("x")).unwrap_err().to_string().contains("no whole line"));
}

#[test]
fn a_tape_without_manifest_is_salvaged_too() {
    let folder = tempfile::tempdir().unwrap();
    let tape_path = folder.path().join("t.jsonl");
    let line = "{\"t\":1,\"class\":\"CacheIo\",\"value\":0.5,\"channel\":\"a\"}\n";
    fs::write(&tape_path, format!("{line}{line}{}", &line[..20])).unwrap();
    let out = folder.path().join("saved.jsonl");
    let salvaged = tape::salvage(&tape_path, &out).unwrap();
    assert_eq!((salvaged.kind, salvaged.lines, salvaged.lost_bytes), (Kind::Tape, 2, 20));
    let read = tape::read(&out).unwrap();
    assert_eq!((read.stream.len(), read.stream.source()), (2, "salvaged@t.jsonl"));
}
