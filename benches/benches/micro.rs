//! Micro-benchmarks of the parts: decode (with its hash), observer, trust pass, convert. `cargo bench -p telltape-bench`.

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use telltape::motif::{Engine, EngineKind, Grammar, Motif};
use telltape::residual::{Class, Stream, StreamBuilder};
use telltape::tape::{self, TapeWriter};
use telltape::trace::{self, Dataset, Options};

const SAMPLES: usize = 100_000;

/// Quiet noise in five classes of `channels` channels.
fn stream(channels: usize) -> Stream {
    let mut state = 42_u64;
    let mut builder = StreamBuilder::with_capacity(SAMPLES);
    for index in 0..SAMPLES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = (state >> 11) as f64 / (1_u64 << 53) as f64 * 0.02 - 0.01;
        let channel = builder.channel(&format!("channel-{:04}", index / 5 % channels));
        builder.push_id(index as f64 * 0.01, Class::ALL[index % 5], value, Some(channel)).expect("finite");
    }
    builder.finish("micro")
}

/// A grammar under which every residual opens an episode, so that the trust pass runs to the end.
fn loud() -> Engine {
    let mut grammar = Grammar::default();
    for motif in Motif::ALL {
        grammar.set(motif.name(), "slew_threshold", 1e-12).expect("in range");
    }
    Engine::from(grammar)
}

fn benchmarks(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tape.jsonl");
    let tape_of = |stream: &Stream| {
        let mut writer = TapeWriter::create(&path, "micro").expect("writable");
        writer.append_stream(stream).expect("writable");
        writer.finalise(None).expect("writable");
    };
    let quiet = stream(50);
    tape_of(&quiet);
    let mut group = criterion.benchmark_group("samples");
    group.throughput(Throughput::Elements(SAMPLES as u64)).sample_size(20);
    group.bench_function("decode and hash", |bencher| bencher.iter(|| tape::read(&path).expect("sealed")));
    group.bench_function("encode, hash and seal", |bencher| bencher.iter(|| tape_of(&quiet)));
    group.bench_function("observer, 5 x 50 channels", |bencher| bencher.iter(|| Engine::default().replay(&quiet)));
    // The quiet stream has no episode, so that the line above is `reference` without its trust pass.
    let excursion = Engine::new(EngineKind::EXCURSION);
    group.bench_function("excursion, 5 x 50 channels", |bencher| bencher.iter(|| excursion.replay(&quiet)));
    for channels in [50, 500] {
        let stream = stream(channels);
        group.bench_function(format!("observer and trust, 5 x {channels} channels"), |bencher| {
            bencher.iter_batched(loud, |engine| engine.replay(&stream), BatchSize::SmallInput);
        });
    }
    group.finish();

    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/cache/dsfb-database-0.1.1/snowset_sample.csv");
    assert!(sample.is_file(), "run `make data` first");
    let mut group = criterion.benchmark_group("convert, Snowset sample");
    group.throughput(Throughput::Elements(5000));
    for construction in Dataset::Snowset.about().constructions.iter().copied() {
        let options = Options::new(Dataset::Snowset).with_construction(construction);
        group.bench_function(construction.name(), |bencher| {
            bencher.iter(|| trace::convert(&sample, &options).expect("the sample converts"));
        });
    }
    group.finish();
}

criterion_group!(micro, benchmarks);
criterion_main!(micro);
