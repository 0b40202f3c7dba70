//! The definition of `excursion` as SQL, run by DuckDB on exported tapes, against the engine. `make test-sql` installs DuckDB.

use std::path::Path;
use std::process::Command;

use telltape::evaluate::{Degradation, Generator, Noise};
use telltape::motif::{Engine, EngineKind, Motif};
use telltape::residual::{Math, Stream};
use telltape::tape::TapeWriter;
use telltape::trace::{self, Dataset, Options};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn rows(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>().join(","),
        "motif,channel,t_start,t_end,t_confirmed,t_peak,peak,mean,direction,samples,open"
    );
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// How many episodes both find in a stream; they are the same, but that SQL adds up a mean in another order.
fn both_find(stream: &Stream) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("a.jsonl");
    let mut writer = TapeWriter::create(&tape, stream.source()).unwrap();
    writer.append_stream(stream).unwrap();
    writer.finalise(None).unwrap();
    let telltape = || Command::new(env!("CARGO_BIN_EXE_telltape"));
    let table = folder.path().join("a.parquet");
    run(telltape().arg("export").arg(&tape).arg("--table").arg(&table));
    run(telltape().arg("replay").arg(&tape).args(["--engine", "excursion", "--out"]).arg(folder.path()));
    let ours = rows(&std::fs::read_to_string(folder.path().join("a/episodes.csv")).unwrap());

    let python = std::env::var_os("DUCKDB_PYTHON").expect("make test-sql says which Python has DuckDB");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/duckdb/episodes.py");
    let theirs = rows(&run(Command::new(python).arg(script).arg(&table)));
    assert_eq!(theirs.len(), ours.len(), "{}", stream.source());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for (column, (our, their)) in ours.iter().zip(theirs).enumerate() {
            let same = match (our.parse::<f64>(), their.parse::<f64>()) {
                (Ok(our), Ok(their)) if column == 7 => (our - their).abs() <= 1e-12 * our.abs(),
                (Ok(our), Ok(their)) => our == their,
                _ => our.eq_ignore_ascii_case(their),
            };
            assert!(same, "{}, column {column}:\n{ours:?}\n{theirs:?}", stream.source());
        }
    }
    ours.len()
}

#[test]
#[ignore = "needs DuckDB: make test-sql"]
fn sql_finds_the_same_episodes_in_generated_streams() {
    let streams = |generator: Generator, seeds: std::ops::Range<u64>| {
        seeds.map(move |seed| generator.stream(seed, Math::Portable))
    };
    let perturbed: Vec<Stream> = streams(Generator::Perturbed { scale: 1.0 }, 1..4).collect();
    assert!(perturbed.iter().map(both_find).sum::<usize>() >= 18);
    // Ties, gaps, late samples and small faults.
    let small = Generator::Perturbed { scale: 0.2 }.stream(4, Math::Portable);
    for degradation in
        [Degradation::Missing(0.6), Degradation::Rate(7), Degradation::Jitter(5.0), Degradation::Reorder(30)]
    {
        assert!(both_find(&degradation.apply(&perturbed[0], 9)) > 3, "{degradation:?}");
        both_find(&degradation.apply(&small, 9));
    }
    for noise in Noise::ALL {
        for stream in streams(Generator::Null { noise }, 1..2).filter(|_| noise != Noise::Daily) {
            assert_eq!(both_find(&stream), 0, "{noise}");
        }
    }
}

#[test]
#[ignore = "needs DuckDB: make test-sql"]
fn sql_finds_the_same_episodes_in_recordings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live");
    for name in ["pg17-cache-flood", "pg18-row-locks", "pg15-workload-shift"] {
        let recording = root.join(format!("{name}.jsonl.gz"));
        let converted = trace::convert(&recording, &Options::new(Dataset::Postgres)).unwrap();
        assert!(both_find(&converted.stream) > 0, "{name}");
    }
}

/// Not ignored: the parameters in the query are the default ones.
#[test]
fn the_query_has_the_default_parameters() {
    let query = include_str!("../contrib/duckdb/excursion.sql");
    let engine = Engine::new(EngineKind::EXCURSION);
    for motif in Motif::ALL {
        let values: Vec<String> =
            engine.entries().filter(|(of, ..)| *of == motif).map(|(_, _, value)| value.to_string()).collect();
        let row = format!("('{}', '{}', {})", motif.class().name(), motif.name(), values.join(", "));
        assert!(query.contains(&row), "{row}");
    }
}
