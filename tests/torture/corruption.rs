use std::path::{Path, PathBuf};

use fastrand::Rng;
use serde_json::Value;
use sha2::{Digest, Sha256};
use telltape::evaluate::Generator;
use telltape::residual::Math;
use telltape::tape::recording::{RecordingLine, read_recording};
use telltape::tape::{TapeError, TapeWriter, manifest_path, read};
use telltape::trace::{Dataset, Options, convert};

use crate::share;

/// A file of lines with its manifest, and a folder for its corruptions.
struct Sealed {
    folder: tempfile::TempDir,
    text: Vec<u8>,
    manifest: String,
}

impl Sealed {
    fn path(&self) -> PathBuf {
        self.folder.path().join("x.jsonl")
    }

    fn write(&self, text: &[u8], manifest: &[u8]) {
        std::fs::write(self.path(), text).unwrap();
        std::fs::write(manifest_path(&self.path()), manifest).unwrap();
    }

    fn new(folder: tempfile::TempDir, path: &Path) -> Self {
        let text = std::fs::read(path).unwrap();
        let manifest = std::fs::read_to_string(manifest_path(path)).unwrap();
        Self { folder, text, manifest }
    }

    /// The manifest with the hash of another text, as a forger would.
    fn forged(&self, text: &[u8]) -> String {
        self.manifest.replace(&sha256(&self.text), &sha256(text))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The first samples of a perturbed stream.
fn tape() -> Sealed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    let stream = Generator::Perturbed { scale: 1.0 }.stream(42, Math::Portable);
    let mut builder = telltape::residual::StreamBuilder::with_capacity(40);
    for sample in stream.samples().step_by(97).take(40) {
        builder.push(sample.t, sample.class, sample.value, sample.channel.unwrap_or_default()).unwrap();
    }
    let mut writer = TapeWriter::create(&path, "torture").unwrap();
    writer.append_stream(&builder.finish("torture")).unwrap();
    writer.finalise(None).unwrap();
    Sealed::new(folder, &path)
}

/// The first lines of a pinned recording.
fn recording() -> Sealed {
    let folder = tempfile::tempdir().unwrap();
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live/pg17-table-lock.jsonl.gz");
    let mut text = String::new();
    let file = std::fs::File::open(pinned).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).unwrap();
    let half = folder.path().join("half.jsonl");
    std::fs::write(&half, text.split_inclusive('\n').take(9).collect::<String>()).unwrap();
    let path = folder.path().join("x.jsonl");
    telltape::tape::salvage(&half, &path).unwrap();
    Sealed::new(folder, &path)
}

/// Some corruption of a text of lines.
fn corrupt(text: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = text.to_vec();
    let at = random.usize(..bytes.len());
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (random.usize(..lines.len()), random.usize(..lines.len()));
    match random.u8(..10) {
        0 => bytes[at] ^= 1 << random.u8(..8),
        1 => bytes.truncate(at),
        2 => bytes.insert(at, random.u8(..)),
        3 => drop(bytes.remove(at)),
        4 => {
            lines.swap(one, other);
            bytes = lines.concat();
        }
        5 => {
            lines.insert(other, lines[one]);
            bytes = lines.concat();
        }
        6 => {
            lines.remove(one);
            bytes = lines.concat();
        }
        7 => {
            // A number becomes another one.
            let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            bytes[digits[random.usize(..digits.len())]] = b'0' + random.u8(..10);
        }
        8 => {
            let evil: [&[u8]; 8] =
                [b"NaN", b"1e999", b"-0", b"\0", b"\xff\xfe", b"\"\\ud800\"", b"[[[[[[[[", b"18446744073709551616"];
            let evil = evil[random.usize(..evil.len())];
            bytes.splice(at..at, evil.iter().copied());
        }
        _ => {
            let end = (at + random.usize(1..200)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
    bytes
}

/// A sample: time, class, value and channel, the numbers as bits.
type Row = (u64, String, u64, Option<String>);

/// The samples of a text as serde_json reads them, if it does.
fn slowly(text: &[u8]) -> Option<Vec<Row>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut samples = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let value: Value = serde_json::from_str(line).ok()?;
        let field = |index: usize, key: &str| if value.is_array() { value.get(index) } else { value.get(key) };
        let channel = field(3, "channel").and_then(|channel| channel.as_str().map(str::to_owned));
        let class = field(1, "class")?.as_str()?.to_owned();
        samples.push((field(0, "t")?.as_f64()?, class, field(2, "value")?.as_f64()?, channel));
    }
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(samples.into_iter().map(|(t, class, value, channel)| (t.to_bits(), class, value.to_bits(), channel)).collect())
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn corrupt_tapes_are_refused_or_read_as_they_are() {
    let tape = tape();
    let mut random = Rng::with_seed(60);
    let total = (60_000.0 * share()) as u32;
    let (mut refused, mut read_right) = (0, 0);
    for trial in 0..total {
        let text = corrupt(&tape.text, &mut random);
        let forged = random.bool();
        let manifest = if forged { tape.forged(&text) } else { tape.manifest.clone() };
        // A forger who knows what he does puts the count right, too.
        let count = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        let manifest = if random.bool() {
            manifest.replace("\"sample_count\":40", &format!("\"sample_count\":{count}"))
        } else {
            manifest
        };
        tape.write(&text, manifest.as_bytes());
        match read(&tape.path()) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
                assert!(
                    forged || text == tape.text || matches!(error, TapeError::HashMismatch { .. }),
                    "{trial}: {error}"
                );
            }
            Ok(found) => {
                read_right += 1;
                let mut samples: Vec<_> = found
                    .stream
                    .samples()
                    .map(|sample| {
                        let class = format!("{:?}", sample.class);
                        ((sample.t + 0.0).to_bits(), class, sample.value.to_bits(), sample.channel.map(str::to_owned))
                    })
                    .collect();
                let mut slow = slowly(&text)
                    .unwrap_or_else(|| panic!("{trial}: serde_json refuses {}", String::from_utf8_lossy(&text)));
                // Equal times may come in any order that is the lines'.
                samples.sort();
                slow.sort();
                assert_eq!(samples, slow, "{trial}");
            }
        }
    }
    println!("{total} corrupt tapes: {refused} refused, {read_right} read as they are");
    assert!(read_right > 0 && refused > read_right);
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn corrupt_manifests_are_refused_or_say_the_truth() {
    let tape = tape();
    let original = {
        tape.write(&tape.text, tape.manifest.as_bytes());
        read(&tape.path()).unwrap().stream
    };
    let mut random = Rng::with_seed(61);
    let total = (20_000.0 * share()) as u32;
    let mut refused = 0;
    for trial in 0..total {
        let manifest = match random.u8(..6) {
            0 => {
                let keys = ["sha256", "sample_count", "first_t", "last_t", "source", "format", "rows", "crate_version"];
                let values = [
                    "null",
                    "-1",
                    "18446744073709551615",
                    "1e308",
                    "1e999",
                    "NaN",
                    "\"../../etc/passwd\"",
                    "[]",
                    "{}",
                    "true",
                    "\"\"",
                    &"[".repeat(5000),
                    &format!("\"{}\"", "f".repeat(64)),
                ];
                let mut value: Value = serde_json::from_str(&tape.manifest).unwrap();
                value[keys[random.usize(..keys.len())]] = Value::from("%%");
                value.to_string().replace("\"%%\"", values[random.usize(..values.len())]).into_bytes()
            }
            _ => corrupt(tape.manifest.as_bytes(), &mut random),
        };
        tape.write(&tape.text, &manifest);
        match read(&tape.path()) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            // Its source is what it says, and nothing else hangs on it.
            Ok(found) => assert!(found.stream.samples().eq(original.samples()), "{trial}"),
        }
    }
    println!("{total} corrupt manifests: {refused} refused");
    assert!(refused * 2 > total);
}

#[test]
#[ignore = "make torture; a sample in make test"]
fn corrupt_recordings_are_refused_or_read_as_they_are() {
    let recording = recording();
    let mut random = Rng::with_seed(62);
    let total = (20_000.0 * share()) as u32;
    let (mut refused, mut taken) = (0, 0);
    for trial in 0..total {
        let (text, manifest) = match random.u8(..4) {
            0 => (recording.text.clone(), corrupt(recording.manifest.as_bytes(), &mut random)),
            1 => (corrupt(&recording.text, &mut random), recording.manifest.clone().into_bytes()),
            _ => {
                let text = corrupt(&recording.text, &mut random);
                let forged = recording.forged(&text).into_bytes();
                (text, forged)
            }
        };
        recording.write(&text, &manifest);
        let mut records = 0;
        let read = read_recording::<TapeError>(&recording.path(), |_, line| {
            records += usize::from(matches!(line, RecordingLine::Record(_)));
            Ok(())
        });
        match read {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            Ok(read) => {
                taken += 1;
                assert_eq!(read.manifests[0].sha256, sha256(&text), "{trial}");
                let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
                assert_eq!(records + 1, lines, "{trial}");
                let converted = convert(&recording.path(), &Options::new(Dataset::Postgres));
                if let Ok(converted) = converted {
                    assert!(converted.stream.samples().all(|sample| sample.value.is_finite() && sample.t.is_finite()));
                }
            }
        }
        // Salvaging never invents a line.
        if trial % 8 == 0
            && let Ok(salvaged) =
                telltape::tape::salvage(&recording.path(), &recording.folder.path().join("saved.jsonl"))
        {
            let saved = std::fs::read(recording.folder.path().join("saved.jsonl")).unwrap();
            assert!(salvaged.lines as usize <= text.split(|byte| *byte == b'\n').count() + 1, "{trial}");
            assert!(text.starts_with(&saved[..saved.len().min(40)]), "{trial}");
        }
    }
    println!("{total} corrupt recordings: {refused} refused, {taken} read as they are");
    assert!(taken > 0 && refused > 0);
}
