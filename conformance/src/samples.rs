//! The traces that ship inside the reference package.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use telltape::trace::Dataset;

/// The bundled files and which data set each is a sample of.
pub const FILES: [(Dataset, &str); 6] = [
    (Dataset::Snowset, "snowset_sample.csv"),
    (Dataset::SqlshareText, "queries.txt"),
    (Dataset::Ceb, "ceb_sample.csv"),
    (Dataset::Job, "job_trace_sample.csv"),
    (Dataset::Pgss, "pg_stat_statements_sample.csv"),
    (Dataset::Generic, "generic_sample.csv"),
];

/// The folder of the bundled files, as cargo unpacked the package.
///
/// # Errors
/// When cargo does not know.
pub fn folder() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest])
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}\n{}", String::from_utf8_lossy(&output.stderr)))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let oracle = packages.iter().find(|package| package["name"] == "dsfb-database" && package["version"] == "0.1.1");
    let manifest = oracle.and_then(|package| package["manifest_path"].as_str()).ok_or("the package is not locked")?;
    Ok(PathBuf::from(manifest).with_file_name("examples").join("data"))
}
