//! The published digests: streams, tapes and episodes of `tests/vectors`, to the last bit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use telltape::evaluate::{
    Generator, STRESS_SCALES, Settings, Span, agreement, find_detector, published_scores, stability,
};
use telltape::motif::{self, Diagnostics, Engine, EngineKind, Episode, ReferenceDiagnostics};
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
    assert_eq!(
        String::from_utf8_lossy(&motif::csv(EngineKind::REFERENCE, &episodes)),
        String::from_utf8_lossy(&expected),
        "{name}"
    );
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
        let options = Options::new(name.parse().unwrap())
            .with_construction(Construction::Reference)
            .with_math(Math::System)
            .with_digest();
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
    for construction in Dataset::Job.about().constructions.iter().copied() {
        let options = Options::new(Dataset::Job).with_construction(construction).with_digest();
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

fn bits(value: &Value) -> u64 {
    u64::from_str_radix(value["bits"].as_str().unwrap(), 16).unwrap()
}

/// Compares published metrics, to the last bit.
fn check_metrics(case: &Value, stream: &Stream, spans: &[Span]) {
    let windows = Generator::Perturbed { scale: 1.0 }.published_windows().unwrap();
    let scores = published_scores(stream, spans, &windows);
    let expected = case["extra"]["metrics"].as_array().unwrap();
    assert_eq!(scores.len(), expected.len());
    for (score, expected) in scores.iter().zip(expected) {
        let name = format!("{} {}", case["case"], score.motif.name());
        assert_eq!(expected["motif"], score.motif.name());
        for (key, count) in [("tp", score.tp), ("fp", score.fp), ("fn", score.fn_)] {
            assert_eq!(expected[key], count, "{name} {key}");
        }
        for (key, number) in [
            ("precision", score.precision),
            ("recall", score.recall),
            ("f1", score.f1),
            ("ttd_median_s", score.ttd_median_s),
            ("ttd_p95_s", score.ttd_p95_s),
            ("false_alarm_rate_per_hour", score.false_alarm_per_hour),
            ("episode_compression_ratio", score.compression_ratio),
        ] {
            assert_eq!(number.to_bits(), bits(&expected[key]), "{name} {key}: {number}");
        }
    }
}

#[test]
fn p5_metrics_of_the_engine() {
    let stream = Generator::Perturbed { scale: 1.0 }.stream(42, Math::System);
    let spans = Span::of_episodes(&Engine::default().replay(&stream));
    let cases = cases("P5_metrics_P1");
    check_metrics(&cases[0], &stream, &spans);
    let expected = cases[0]["extra"]["cross_signal_agreement"].as_array().unwrap();
    for ((motif, agreement), expected) in agreement(&spans).into_iter().zip(expected) {
        assert_eq!((expected["motif"].as_str(), bits(&expected["value"])), (Some(motif.name()), agreement.to_bits()));
    }
}

#[test]
fn p5_stress_sweep() {
    let case = &cases("P5_stress_sweep")[0];
    let mut curves: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    let table = case["extra"]["table"].as_array().unwrap();
    assert_eq!(table.len(), STRESS_SCALES.len());
    for (scale, expected) in STRESS_SCALES.into_iter().zip(table) {
        let generator = Generator::Perturbed { scale };
        let stream = generator.stream(42, Math::System);
        let episodes = Span::of_episodes(&Engine::default().replay(&stream));
        assert_eq!((expected["scale"].as_f64(), &expected["source"]), (Some(scale), &Value::from(stream.source())));
        assert_eq!(expected["episode_count"], episodes.len());
        for score in published_scores(&stream, &episodes, &generator.published_windows().unwrap()) {
            let name = score.motif.name();
            assert_eq!(score.f1.to_bits(), bits(&expected["f1"][name]), "{scale} {name}");
            let delay = &expected["ttd_median_s"][name];
            assert_eq!(delay.is_null(), score.tp == 0, "{scale} {name}");
            if !delay.is_null() {
                assert_eq!(score.ttd_median_s.to_bits(), bits(delay), "{scale} {name}");
            }
            curves.entry(name).or_default().push((scale, score.f1));
        }
    }
    for (name, curve) in curves {
        assert_eq!(stability(&curve).to_bits(), bits(&case["extra"]["stability_auc"][name]), "{name}");
    }
}

/// A span as the published program writes it: what a detector does not measure is 0, and its trust 1.
fn published(span: &Span) -> Episode {
    let Span { motif, channel, t_start, t_end, .. } = span.clone();
    let diagnostics = ReferenceDiagnostics { ema_at_boundary: 0.0, trust_sum: Some(1.0) };
    Episode { motif, channel, t_start, t_end, peak: 0.0, diagnostics: Diagnostics::Reference(diagnostics) }
}

#[test]
fn p5_detectors_and_their_metrics() {
    let stream = Generator::Perturbed { scale: 1.0 }.stream(42, Math::System);
    let mut compared = 0;
    for case in cases("P5_baseline_") {
        let name = case["adapter"]["detector"].as_str().unwrap();
        let detector = find_detector(&format!("{name}-reference")).unwrap();
        let mut spans = detector.find_spans(&stream, &Settings::defaults(detector), Math::System);
        if let Some(motif) = case["adapter"]["motif"].as_str() {
            spans.retain(|span| span.motif.name() == motif);
            let episodes: Vec<Episode> = spans.iter().map(published).collect();
            let expected = std::fs::read(vectors().join(case["extra"]["episodes_csv"].as_str().unwrap())).unwrap();
            let table = motif::csv(EngineKind::REFERENCE, &episodes);
            assert_eq!(String::from_utf8_lossy(&table), String::from_utf8_lossy(&expected), "{}", case["case"]);
        } else {
            check_metrics(&case, &stream, &spans);
        }
        let episodes: Vec<Episode> = spans.iter().map(published).collect();
        assert_eq!(motif::fingerprint(&episodes), case["episodes_fingerprint"], "{}", case["case"]);
        compared += 1;
    }
    assert_eq!(compared, 18);
}
