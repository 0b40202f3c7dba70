//! Recordings: what is refused, what is salvaged, and the ones that are committed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use telltape::residual::Math;
use telltape::tape::recording::{
    Body, Cost, Epoch, Poll, Record, RecordedCell, RecordingHeader, RecordingLine, RecordingManifest, RecordingWriter,
    ServerIdentity, ViewDescription, ViewKind, ViewRows, is_recording, read_recording,
};
use telltape::tape::{self, SalvageKind, TapeError};
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
            polls += usize::from(matches!(line, RecordingLine::Record(_)));
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
    let options = Options::new(Dataset::Postgres).with_math(Math::Portable);
    let plain = trace::convert(&path, &options).unwrap();
    let packed = trace::convert(&live().join("pg17-table-lock.jsonl.gz"), &options).unwrap();
    assert_eq!(plain.rows, packed.rows);
    assert_eq!(plain.stream.values(), packed.stream.values());
    assert_eq!(packed.stream.source(), "postgres:plain@pg17-table-lock.jsonl");
}

/// Seals `text` as the recording at `path`, with the counts of the manifest beside it.
fn seal_again(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    let manifest = RecordingManifest::path(path);
    let mut sealed: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    sealed["sha256"] =
        hex::encode(sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), text))).into();
    fs::write(&manifest, sealed.to_string()).unwrap();
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Of a server that telltape knows nothing of: what is written and read needs no database.
fn other_header() -> RecordingHeader {
    RecordingHeader {
        id: "00000000000000aa".to_owned(),
        program: "0.2.0".to_owned(),
        interval_s: 0.5,
        role: "observer".to_owned(),
        grants: owned(&["monitoring"]),
        database: "shop".to_owned(),
        server: ServerIdentity {
            kind: "Broker".to_owned(),
            version: "4.1".to_owned(),
            version_num: 4_001,
            identifier: None,
        },
        settings: BTreeMap::from([("stats".to_owned(), "on".to_owned())]),
        views: vec![
            ViewDescription {
                name: "queues".to_owned(),
                kind: ViewKind::Counters,
                columns: owned(&["queue", "delivered", "depth"]),
                key: owned(&["queue"]),
                counters: owned(&["delivered"]),
            },
            ViewDescription {
                name: "alarms".to_owned(),
                kind: ViewKind::Events,
                columns: owned(&["kind"]),
                ..ViewDescription::default()
            },
        ],
        ..RecordingHeader::default()
    }
}

#[test]
fn the_bytes_of_format_2_are_these() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut writer = RecordingWriter::create(&path, other_header()).unwrap();
    let queue = |name: &str, delivered: i64| {
        vec![RecordedCell::Text(name.to_owned()), RecordedCell::Int(delivered), RecordedCell::Float(0.5)]
    };
    let poll = Poll {
        poll: 0,
        epoch: Epoch { start: 100.25, marks: BTreeMap::from([("reset".to_owned(), RecordedCell::Null)]) },
        cost: Cost { server_ms: None, cpu_ms: 0.125, elapsed_ms: 2.5 },
        totals: BTreeMap::from([("queues".to_owned(), 3)]),
        views: BTreeMap::from([
            ("alarms".to_owned(), ViewRows { rows: vec![vec![RecordedCell::Bool(true)]], ..ViewRows::default() }),
            ("queues".to_owned(), ViewRows { full: true, rows: vec![queue("a", 1), queue("b\"", -2)], gone: vec![] }),
        ]),
        failed: BTreeMap::new(),
    };
    let gone = ViewRows { full: false, rows: vec![], gone: vec![vec![RecordedCell::Text("a".to_owned())]] };
    let next = Poll {
        poll: 1,
        views: BTreeMap::from([("queues".to_owned(), gone)]),
        failed: BTreeMap::from([("alarms".to_owned(), "no".to_owned())]),
        ..poll.clone()
    };
    let bodies = [
        Body::Poll(Box::new(poll)),
        Body::Poll(Box::new(next)),
        Body::Gap { gap: "cut".to_owned() },
        Body::Pace { pace_s: 1.0, reason: "dear".to_owned() },
    ];
    for (second, body) in (0..).zip(bodies) {
        writer.append(&Record { t: f64::from(second), wall: 1e9 + f64::from(second), body }).unwrap();
    }
    let manifest = writer.seal(4.0, 1e9 + 4.0, "enough").unwrap();
    let expected = [
        r#"{"recording":2,"id":"00000000000000aa","part":1,"program":"0.2.0","interval_s":0.5,"role":"observer","grants":["monitoring"],"database":"shop","database_id":null,"server":{"kind":"Broker","version":"4.1","version_num":4001,"identifier":null},"extensions":{},"settings":{"stats":"on"},"views":[{"name":"queues","kind":"counters","columns":["queue","delivered","depth"],"key":["queue"],"counters":["delivered"]},{"name":"alarms","kind":"events","columns":["kind"]}]}"#,
        r#"{"t":0.0,"wall":1000000000.0,"poll":0,"epoch":{"start":100.25,"reset":null},"cost":{"cpu_ms":0.125,"elapsed_ms":2.5},"totals":{"queues":3},"views":{"alarms":{"rows":[[true]]},"queues":{"full":true,"rows":[["a",1,0.5],["b\"",-2,0.5]]}}}"#,
        r#"{"t":1.0,"wall":1000000001.0,"poll":1,"epoch":{"start":100.25,"reset":null},"cost":{"cpu_ms":0.125,"elapsed_ms":2.5},"totals":{"queues":3},"views":{"queues":{"rows":[],"gone":[["a"]]}},"failed":{"alarms":"no"}}"#,
        r#"{"t":2.0,"wall":1000000002.0,"gap":"cut"}"#,
        r#"{"t":3.0,"wall":1000000003.0,"pace_s":1.0,"reason":"dear"}"#,
        r#"{"t":4.0,"wall":1000000004.0,"end":"enough"}"#,
    ];
    assert_eq!(fs::read_to_string(&path).unwrap(), expected.join("\n") + "\n");
    assert_eq!((manifest.recording, manifest.polls, manifest.gaps), (2, 2, 1));
    assert_eq!(read(&path).unwrap(), 6);
}

#[test]
fn a_row_that_is_not_as_the_header_describes_its_view_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, text) = copy(folder.path());
    let text = String::from_utf8(text).unwrap();
    for (from, to, problem) in [
        (
            "\"databases\":{\"full\":true,\"rows\":[[",
            "\"databases\":{\"full\":true,\"rows\":[[1,",
            "a row of view `databases` has 12 cells, and the view has 11 columns",
        ),
        ("\"views\":{\"statements\"", "\"views\":{\"statement\"", "view `statement` is not described in the header"),
        ("{\"statements\":[", "{\"statement\":[", "there is no view `statement` in format 1"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        seal_again(&path, &changed);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains("run.jsonl:"), "{problem}: {error}");
    }
}

/// A recording of format 1 as a program that writes format 2 would have written it.
fn as_format_2(text: &str) -> String {
    let mut lines = text.lines();
    let header: RecordingHeader = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut text = serde_json::to_string(&RecordingHeader { recording: 2, ..header }).unwrap() + "\n";
    for line in lines {
        let record: Record = serde_json::from_str(line).unwrap();
        text += &(serde_json::to_string(&record).unwrap() + "\n");
    }
    text
}

#[test]
fn a_recording_of_format_1_is_distilled_as_the_same_one_of_format_2() {
    let folder = tempfile::tempdir().unwrap();
    let (path, text) = copy(folder.path());
    let options = Options::new(Dataset::Postgres).with_math(Math::Portable);
    let old = trace::convert(&path, &options).unwrap();
    let text = as_format_2(&String::from_utf8(text).unwrap());
    for (there, count) in
        [("\"recording\":2", 1), ("\"database_oid\"", 0), ("\"columns\":{", 0), ("\"totals\":{\"statements\":", 71)]
    {
        assert_eq!(text.matches(there).count(), count, "{there}");
    }
    seal_again(&path, &text);
    let new = trace::convert(&path, &options).unwrap();
    assert_eq!(new.rows, old.rows);
    assert_eq!((new.stream.values(), new.stream.len()), (old.stream.values(), old.stream.len()));
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
        seal_again(&path, text);
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
        (
            text.replacen("\"recording\":1", "\"recording\":9", 1),
            "is of recording format 9, this program reads formats up to 2",
        ),
        (text.replacen("\"poll\":3", "\"pole\":3", 1), "unknown key `pole`"),
        (text.trim_end().to_owned(), "the line has no end"),
        (String::new(), "there is no header"),
        ("[".repeat(200) + "\n", "run.jsonl:1:"),
    ] {
        let error = resealed(&text);
        assert!(error.contains(problem), "{problem}: {error}");
    }
    fs::remove_file(RecordingManifest::path(&path)).unwrap();
    assert!(read(&path).unwrap_err().to_string().contains("telltape salvage"));
}

#[test]
fn a_recording_that_cannot_be_sealed_keeps_the_name_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let writer = RecordingWriter::create(&path, other_header()).unwrap();
    // As a full disk does, a folder in its place keeps the manifest from being written.
    let manifest = RecordingManifest::path(&path);
    fs::create_dir(&manifest).unwrap();
    let error = writer.seal(1.0, 2.0, "x").unwrap_err();
    assert!(matches!(error, TapeError::NotSealed { .. }), "{error:?}");
    let part = folder.path().join("run.jsonl.part");
    assert!(error.to_string().contains(&format!("`telltape salvage {} --out FILE`", part.display())), "{error}");
    assert!(part.exists() && !path.exists());
    fs::remove_dir(&manifest).unwrap();
    tape::salvage(&part, &path).unwrap();
    read(&path).unwrap();
    // Nor is there a name to begin under while a compressed one has it.
    fs::rename(&path, folder.path().join("run.jsonl.gz")).unwrap();
    fs::remove_file(&part).unwrap();
    let error = RecordingWriter::create(&path, other_header()).err().unwrap();
    assert!(matches!(error, TapeError::RecordingExists { .. }), "{error:?}");
}

#[test]
fn a_recording_without_its_manifest_is_salvaged_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = copy(folder.path());
    fs::remove_file(RecordingManifest::path(&path)).unwrap();
    let error = tape::verify(&path, None).err().unwrap();
    assert!(matches!(error, TapeError::Unsealed { .. }), "{error:?}");
    let error = tape::read(&path).err().unwrap();
    assert!(error.to_string().contains("telltape salvage"), "{error}");
}

#[test]
fn hostile_manifests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = copy(folder.path());
    let manifest = RecordingManifest::path(&path);
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
    fs::remove_file(RecordingManifest::path(&path)).unwrap();
    let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for (number, at) in (first..text.len()).step_by(4999).enumerate() {
        let part = folder.path().join("run.jsonl.part");
        fs::write(&part, &text[..at]).unwrap();
        let out = folder.path().join(format!("saved-{number}.jsonl"));
        let salvaged = tape::salvage(&part, &out).unwrap();
        let whole = text[..at].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!(salvaged.kind, SalvageKind::Recording);
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
    assert_eq!((salvaged.kind, salvaged.lines, salvaged.lost_bytes), (SalvageKind::Tape, 2, 20));
    let read = tape::read(&out).unwrap();
    assert_eq!((read.stream.len(), read.stream.source()), (2, "salvaged@t.jsonl"));
}
