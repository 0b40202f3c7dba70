//! The published digests: streams, tapes and episodes of `tests/vectors`, to the last bit.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use telltape::evaluate::Generator;
use telltape::motif::{self, Engine};
use telltape::residual::{Math, Stream};
use telltape::tape::{self, TapeWriter};
use telltape::trace::{self, Catalogue, Construction, Dataset, Options};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn cases(prefix: &str) -> Vec<Value> {
    let text = std::fs::read(vectors().join("vectors.json")).unwrap();
    let all: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let found: Vec<Value> = all.into_iter().filter(|case| case["case"].as_str().unwrap().starts_with(prefix)).collect();
    assert!(!found.is_empty(), "no vector starts with {prefix}");
    found
}

/// SHA-256 over the samples as fingerprints hash them, sorted: what is left of a stream without its order.
fn multiset(stream: &Stream) -> String {
    let mut samples: Vec<Vec<u8>> = stream
        .samples()
        .map(|sample| {
            let channel = sample.channel.unwrap_or_default().as_bytes();
            [&sample.t.to_le_bytes()[..], &[sample.class.code()], &sample.value.to_le_bytes(), channel, b"|"].concat()
        })
        .collect();
    samples.sort();
    hex::encode(Sha256::digest(samples.concat()))
}

/// Stream fingerprint (where the published program has a definite one), episodes and their table.
fn check(case: &Value, stream: &Stream) {
    let name = case["case"].as_str().unwrap();
    assert_eq!(stream.source(), case["source"], "{name}");
    assert_eq!(stream.len() as u64, case["sample_count"], "{name}");
    if let Some(expected) = case["stream_fingerprint"].as_str() {
        assert_eq!(stream.fingerprint(), expected, "{name}");
    }
    assert_eq!(multiset(stream), case["sample_multiset_sha256"], "{name}");
    let episodes = Engine::default().replay(stream);
    let expected = std::fs::read(vectors().join(format!("episodes/{name}.csv"))).unwrap();
    assert_eq!(String::from_utf8_lossy(&motif::csv(&episodes)), String::from_utf8_lossy(&expected), "{name}");
    assert_eq!(motif::fingerprint(&episodes), case["episodes_fingerprint"], "{name}");
}

#[test]
fn p1_and_p2_generators() {
    for case in [cases("P1_perturbed"), cases("P2_")].concat() {
        let seed = case["input"]["seed"].as_u64().unwrap();
        let generator = match case["input"]["dataset"].as_str() {
            Some(dataset) => Generator::Exemplar { dataset: dataset.parse().unwrap() },
            None => Generator::Perturbed { scale: case["input"]["scale"].as_f64().unwrap() },
        };
        check(&case, &generator.stream(seed, Math::System));
    }
}

#[test]
fn p1_and_p4_tapes() {
    for case in [cases("P1_tape"), cases("P4_")].concat() {
        let path = vectors().join(case["input"]["tape"].as_str().unwrap());
        let read = tape::read(&path).unwrap();
        assert_eq!(read.manifest.sha256, case["input"]["tape_sha256"]);
        check(&case, &read.stream);
    }
}

#[test]
fn p3_samples() {
    let catalogue = Catalogue::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap();
    for case in cases("P3_") {
        let name = case["adapter"]["name"].as_str().unwrap();
        let entry = catalogue.get(name).unwrap();
        let path = catalogue.path(entry);
        assert!(path.is_file(), "`{}` is not there; get it with `make data`", path.display());
        let options = Options {
            construction: Construction::Reference,
            math: Math::System,
            digest: true,
            ..Options::new(name.parse().unwrap())
        };
        let converted = trace::convert(&path, &options).unwrap();
        assert_eq!(converted.input.unwrap().sha256, case["input"]["sha256"], "{name}");
        let rejected: u64 = converted.rows.rejected.values().sum();
        assert_eq!((converted.rows.read, converted.rows.used + rejected), (entry.rows, entry.rows), "{name}");
        check(&case, &converted.stream);
    }
}

#[test]
fn a_compressed_trace_gives_the_same_residuals() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap();
    let plain = catalogue.path(catalogue.get("job").unwrap());
    let text = std::fs::read(&plain).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gz, &text).unwrap();
    let name = plain.file_name().unwrap().to_str().unwrap();
    let compressed = [("gz", gz.finish().unwrap()), ("zst", zstd::encode_all(text.as_slice(), 0).unwrap())];
    for construction in [Construction::Reference, Construction::Own] {
        let options = Options { construction, digest: true, ..Options::new(Dataset::Job) };
        let expected = trace::convert(&plain, &options).unwrap();
        for (ending, bytes) in &compressed {
            let path = folder.path().join(format!("{name}.{ending}"));
            std::fs::write(&path, bytes).unwrap();
            let converted = trace::convert(&path, &options).unwrap();
            assert_eq!(converted.stream.fingerprint(), expected.stream.fingerprint());
            assert_ne!(converted.input, expected.input);
        }
    }
}

#[test]
fn our_tape_of_the_perturbed_stream_has_the_published_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tape.jsonl");
    let stream = Generator::Perturbed { scale: 1.0 }.stream(42, Math::System);
    let mut writer = TapeWriter::create(&path, stream.source()).unwrap();
    writer.append_stream(&stream).unwrap();
    let manifest = writer.finalise(None).unwrap();
    assert_eq!(manifest.sha256, cases("P1_perturbed")[0]["extra"]["tape_sha256"]);
    let published = vectors().join("tapes/p1_tpcds_perturbed_seed42.jsonl");
    assert!(std::fs::read(&path).unwrap() == std::fs::read(published).unwrap());
    assert_eq!(tape::read(&path).unwrap().stream.fingerprint(), stream.fingerprint());
}
