use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::arguments::output_path;
use super::failure::Failure;
use super::output::Output;
use super::{Exit, Outcome};
use crate::diagnostics::{UnknownName, counted};
use crate::store::{Durability, OutputKind, write_over};
use crate::tape;

/// Write the samples of a tape as a CSV or Parquet table, for SQL and data frames
#[derive(clap::Args)]
#[command(after_help = "\
Columns: n (place in the tape), t (seconds), class, channel, value.
Example: telltape export perturbed.jsonl --table perturbed.parquet")]
pub(super) struct Export {
    /// The tape; it needs its manifest TAPE.hash beside it
    tape: PathBuf,
    /// The table; its ending, .csv or .parquet, is its format
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    table: PathBuf,
    /// Write a CSV that is safe to open in a spreadsheet: the name of a channel that begins as a formula does gets a '
    #[arg(long)]
    spreadsheet: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ExportedJson {
    table: String,
    rows: u64,
    tape_sha256: String,
}

impl Export {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let ending = self.table.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let known = if cfg!(feature = "parquet") { &["csv", "parquet"][..] } else { &["csv"] };
        if !known.contains(&ending.as_str()) {
            return Err(UnknownName::new("ending of a table", &ending, known).into());
        }
        if self.spreadsheet && ending != "csv" {
            return Err(Failure::usage("--spreadsheet is for a table that ends in .csv"));
        }
        let tape = tape::read(&self.tape)?;
        let bytes = match ending.as_str() {
            #[cfg(feature = "parquet")]
            "parquet" => tape::samples_parquet(&tape.stream).map_err(|error| Failure::internal(&error.into()))?,
            _ if self.spreadsheet => tape::samples_spreadsheet(&tape.stream),
            _ => tape::samples_csv(&tape.stream),
        };
        let kind = if ending == "parquet" { OutputKind::Like(b"PAR1") } else { OutputKind::table(&bytes) };
        write_over(&self.table, &bytes, Durability::Atomic, kind)?;
        let json = ExportedJson {
            table: self.table.display().to_string(),
            rows: tape.stream.len() as u64,
            tape_sha256: tape.manifest.sha256,
        };
        output.data(&json, || format!("{}: {}", json.table, counted(json.rows, "row")));
        Ok(Exit::Ok)
    }
}
