//! The Join Order Benchmark (Leis et al., VLDB 2015), and any other benchmark of queries that are run several times.

mod entries;
mod explain;
mod files;
mod header;
mod names;
mod problem;
mod residuals;
mod runs;
mod table;

use std::path::Path;

pub use problem::{EntryProblem, ForeignPlan, JobProblem};

use crate::store::InputDigest;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::{self, Trace};
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::read::DELIMITER;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Job;

static ABOUT: About = About {
    name: "job",
    title: "Runs of the Join Order Benchmark",
    citation: Some("Leis et al., VLDB 2015"),
    format: "CSV: query_id, iteration, est_rows, actual_rows, latency_ms, plan_hash; a CSV of times alone; or plans as \
             `EXPLAIN (ANALYZE, FORMAT JSON)` writes them, in a file or a folder ([docs/adapters/job.md](docs/adapters/job.md))",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[LATENCY_UNIT, DELIMITER],
    reference_label: None,
    is_recording: false,
};

/// The unit of a column of times whose name does not say it.
const LATENCY_UNIT: OptionSpec = OptionSpec {
    flag: "latency-unit",
    key: "latency_unit",
    help: "Unit of the times of executions: s, ms or us [default: what the name of their column says]",
    kind: OptionKind::Text { value_name: "UNIT", check: |text| header::unit_ms(text).map(|_| ()) },
};

impl Adapter for Job {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Name, OptionalName};
        Some(vec![
            ("query_id", Name, |row| format!("q{}", row % 2)),
            ("iteration", Amount, |row| (row / 2).to_string()),
            ("est_rows", Amount, |_| "10".to_owned()),
            ("actual_rows", Amount, |row| (row + 1).to_string()),
            ("latency_ms", Amount, |row| (10 + row % 3).to_string()),
            ("plan_hash", OptionalName, |_| "p".to_owned()),
        ])
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        let reading = match trace.folder() {
            Some(folder) if files::has_plans_in(folder)? => explain::read_folder(folder, options)?,
            _ => {
                let mut inputs = trace.open_all(options.digest)?;
                if explain::is_json(inputs.peek(HEAD_BYTES)?) {
                    explain::read_file(inputs.single()?, options)?
                } else {
                    table::read(inputs, options)?
                }
            }
        };
        residuals::convert(reading, options)
    }

    fn digest_input(&self, path: &Path, _options: &Options) -> Result<InputDigest, TraceError> {
        if path.is_dir() && files::has_plans_in(path)? { files::digest(path) } else { input::digest(path) }
    }
}

/// Bytes that tell JSON from a table.
const HEAD_BYTES: usize = 4096;
