//! What other programs export, as they wrote it: `tests/exports/`, made by `scripts/export-postgres.sh`, `scripts/export-duckdb.py`
//! and `scripts/export-opentelemetry.py`.

use std::path::Path;

use crate::support::Folder;

/// Samples per class, and rows read, used and rejected, of a conversion without any option but those given.
fn converted(dataset: &str, export: &str, extra: &[&str]) -> (Vec<String>, [u64; 3]) {
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports").join(export);
    let folder = Folder::new();
    let path = export.display().to_string();
    let ran = folder.ok(&[&["convert", "--dataset", dataset, &path, "--tape", "t.jsonl", "--json"], extra].concat());
    let rows = &ran.json()["rows"];
    let rejected =
        rows["rejected"].as_object().map_or(0, |reasons| reasons.values().filter_map(|count| count.as_u64()).sum());
    let samples = folder.read("t.jsonl").lines().map(str::to_owned).collect();
    (samples, [rows["read"].as_u64().unwrap(), rows["used"].as_u64().unwrap(), rejected])
}

fn count(samples: &[String], class: &str) -> usize {
    samples.iter().filter(|line| line.contains(class)).count()
}

#[test]
fn exports_of_postgresql_15_17_and_18_convert_without_an_edit() {
    for version in [15, 17, 18] {
        let (samples, rows) = converted("pgss", &format!("postgres/pgss-{version}.csv"), &[]);
        assert_eq!(rows, [31, 31, 0], "{version}");
        assert_eq!((count(&samples, "PlanRegression"), count(&samples, "WorkloadPhase")), (15, 6), "{version}");

        let log =
            |format: &str| converted("auto-explain", &format!("postgres/auto-explain-{version}.{format}.gz"), &[]);
        let (jsonlog, rows) = log("json");
        assert_eq!(rows, [35, 24, 11], "{version}");
        assert_eq!((count(&jsonlog, "PlanRegression"), count(&jsonlog, "Cardinality")), (9, 9), "{version}");
        assert_eq!(log("csv"), (jsonlog, rows), "{version}");
        assert_eq!(log("log").1, rows, "{version}");

        let (samples, rows) = converted("job", &format!("postgres/plans-{version}"), &[]);
        assert_eq!(rows, [4, 4, 0], "{version}");
        assert_eq!((count(&samples, "PlanRegression"), count(&samples, "Cardinality")), (2, 2), "{version}");
    }
}

#[test]
#[cfg(feature = "parquet")]
fn exports_of_duckdb_convert_without_an_edit() {
    let generic = |export: &str, extra: &[&str]| {
        converted("generic", &format!("duckdb/{export}"), &[&["--construction", "plain"], extra].concat())
    };
    // Times without an offset are asked for.
    let (expected, rows) = generic("zoned.csv", &[]);
    assert_eq!((rows, expected.len()), ([80, 80, 0], 74));
    // Three times the usual, for twenty seconds of two channels.
    let far = |samples: &[String]| samples.iter().filter(|line| line.contains("\"value\":2.0")).count();
    assert_eq!(far(&expected), 20);
    assert_eq!(generic("zoned.parquet", &[]), (expected.clone(), rows));
    for export in ["runs.csv", "runs.tsv", "runs.csv.gz", "runs.parquet"] {
        assert_eq!(generic(export, &["--time-zone", "UTC"]), (expected.clone(), rows), "{export}");
    }
    let (expected, rows) = converted("redset", "duckdb/queries.csv", &[]);
    assert_eq!(rows, [40, 32, 8]);
    assert_eq!(converted("redset", "duckdb/queries.parquet", &[]), (expected, rows));
}

/// One program, whose spans two exporters sent: durations of nanoseconds and of microseconds.
#[test]
fn exports_of_opentelemetry_convert_without_an_edit() {
    let [otlp, zipkin] =
        ["otlp.bin", "zipkin.json"].map(|export| converted("otel", &format!("opentelemetry/{export}"), &[]));
    // One statement that makes the table, and one that is run twenty times, the first five of which are its baseline.
    assert_eq!(otlp.1, [41, 21, 20]);
    assert_eq!(zipkin.1, otlp.1);
    assert_eq!((count(&otlp.0, "PlanRegression"), count(&zipkin.0, "PlanRegression")), (15, 15));
    let channel = |line: &String| line.contains("\"select count(*) from t where a > ?\"");
    assert!(otlp.0.iter().chain(&zipkin.0).all(channel), "{otlp:?}");
}

/// Its plans are profiles of another shape.
#[test]
fn a_plan_of_duckdb_is_named() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/duckdb/plan.json").display().to_string();
    let (code, message) = Folder::new().refusal(&["convert", "--dataset", "job", &plan, "--tape", "t.jsonl"]);
    assert!(
        code == 12 && message.contains("this is a plan of DuckDB; plans are read as PostgreSQL writes them"),
        "{message}"
    );
}
