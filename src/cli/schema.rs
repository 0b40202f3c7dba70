//! JSON schemas of everything that `--json` prints, and of the experiment file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::arguments::output_path;
#[cfg(feature = "capture")]
use super::capture;
use super::failure::FailureJson;
use super::output::{Output, Text};
#[cfg(feature = "report")]
use super::report;
use super::{
    Exit, Outcome, accept, benchmark, convert, data, diff, difference, doctor, export, fuse, inspect, plan, run,
    salvage, score, shard, tapes, verify,
};
use crate::experiment;
use crate::store::{Durability, OutputKind, write_over};
#[cfg(feature = "fetch")]
use crate::trace::Fetched;

/// Write the JSON schemas of every --json output, and of the experiment file for editors
#[derive(clap::Args)]
#[command(after_help = "\
docs/schemas/ has them. An editor with a language server for TOML uses the one of the experiment file by a first line
such as: #:schema ../docs/schemas/experiment-file.json

Example: telltape schema docs/schemas")]
pub(super) struct SchemaCommand {
    /// The folder to write them to
    #[arg(value_parser = output_path())]
    folder: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct SchemasJson {
    schemas: Vec<String>,
}

/// What a command prints: its data, or the error that ended it.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Document<T> {
    Data(T),
    Failed { error: FailureJson<'static> },
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<Document<T>>()
}

/// Each by the name of its file.
fn schemas() -> BTreeMap<&'static str, Schema> {
    BTreeMap::from([
        ("accept", schema_of::<Vec<accept::AcceptedJson<'_>>>()),
        ("cache-gc", schema_of::<experiment::Collected>()),
        ("benchmark", schema_of::<benchmark::BenchmarkJson<'_>>()),
        ("benchmark-suite", experiment::suite_schema()),
        #[cfg(feature = "capture")]
        ("capture", schema_of::<capture::CapturedJson>()),
        #[cfg(feature = "capture")]
        ("capture-check", schema_of::<capture::CheckJson<'_>>()),
        #[cfg(feature = "capture")]
        ("capture-print-role", schema_of::<capture::RoleJson>()),
        ("convert", schema_of::<convert::TapeJson>()),
        #[cfg(feature = "fetch")]
        ("data-fetch", schema_of::<Vec<Fetched>>()),
        ("data-list", schema_of::<Vec<data::ListedJson<'_>>>()),
        ("data-verify", schema_of::<Vec<data::DataVerifiedJson<'_>>>()),
        ("detect", schema_of::<Vec<tapes::ReplayedJson<'_>>>()),
        ("diff", schema_of::<Vec<diff::ComparedJson<'_>>>()),
        ("doctor", schema_of::<Vec<doctor::DoctorCheckJson>>()),
        ("experiment-file", experiment::file_schema()),
        ("export", schema_of::<export::ExportedJson>()),
        ("explain", schema_of::<Vec<difference::DifferenceJson<'_>>>()),
        ("fuse", schema_of::<fuse::FusedJson>()),
        ("generate", schema_of::<convert::TapeJson>()),
        ("inspect", schema_of::<inspect::InspectedJson<'_>>()),
        ("plan", schema_of::<Vec<plan::PlannedJson<'_>>>()),
        ("replay", schema_of::<Vec<tapes::ReplayedJson<'_>>>()),
        #[cfg(feature = "report")]
        ("report", schema_of::<report::ReportJson<'_>>()),
        ("run", schema_of::<Vec<run::ExperimentReportJson<'_>>>()),
        ("salvage", schema_of::<salvage::SalvagedJson>()),
        ("schema", schema_of::<SchemasJson>()),
        ("score", schema_of::<score::ScoresJson>()),
        ("shard-plan", schema_of::<shard::PlannedShardsJson<'_>>()),
        ("shard-run", schema_of::<shard::ShardRunJson<'_>>()),
        ("verify", schema_of::<Vec<verify::VerifiedJson<'_>>>()),
    ])
}

impl SchemaCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let mut written = Vec::new();
        for (name, schema) in schemas() {
            let path = self.folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).expect("a schema has string keys") + "\n";
            write_over(&path, text.as_bytes(), Durability::Atomic, OutputKind::marked(text.as_bytes(), "\"$schema\""))?;
            written.push(path.display().to_string());
        }
        let json = SchemasJson { schemas: written };
        output.data(&json, || json.schemas.iter().collect::<Text>());
        Ok(Exit::Ok)
    }
}
