//! Ours, the reference and the limit, side by side in one run: interleaved repetitions of whole processes, medians and
//! ratios. Machines are shared and noisy, so only ratios within one run mean something.
//!
//! `make bench` builds everything and runs this in the root of the project; it writes `out/bench.md` and `out/bench.json`.

mod cases;
mod inputs;
mod measure;
mod otlp;
mod polars_read;
mod report;

use std::path::Path;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // The program is its own stop-watch and its own limit, each as a process of its own.
        ["measure", command @ ..] => measure::child(command),
        ["polars", file] => polars_read::six_columns(Path::new(file)),
        ["polars-all", file] => polars_read::all_columns(Path::new(file)),
        [] => all(5, ""),
        ["--repetitions", count] => all(count.parse().context("--repetitions takes a number")?, ""),
        ["--only", part] => all(3, part),
        ["--only", part, "--repetitions", count] => all(count.parse().context("--repetitions takes a number")?, part),
        _ => bail!("usage: telltape-bench [--only PART] [--repetitions N]"),
    }
}

fn all(repetitions: usize, only: &str) -> Result<()> {
    let folder = Path::new("target/bench");
    std::fs::create_dir_all(folder)?;
    let programs = cases::Programs::find()?;
    let mut results = Vec::new();
    for case in cases::all(folder, &programs) {
        if case.name.contains(only) {
            eprintln!("{}", case.name);
            results.push(measure::run(&case, repetitions)?);
        }
    }
    report::write(&results, repetitions)
}
