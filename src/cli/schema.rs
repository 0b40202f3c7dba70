//! JSON schemas of everything that `--json` prints, and of the experiment file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

#[cfg(feature = "capture")]
use super::capture;
use super::failure::FailureJson;
use super::output::{Output, Text};
#[cfg(feature = "report")]
use super::report;
use super::{
    Exit, Outcome, accept, convert, data, diff, difference, doctor, export, fuse, plan, run, salvage, score, shard,
    tapes, verify,
};
use crate::experiment;
use crate::store::{Durability, Kind, write_over};
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

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<Document<T>>()
}

/// Each by the name of its file.
fn schemas() -> BTreeMap<&'static str, Schema> {
    BTreeMap::from([
        ("accept", of::<Vec<accept::AcceptedJson<'_>>>()),
        ("cache-gc", of::<experiment::Collected>()),
        #[cfg(feature = "capture")]
        ("capture", of::<capture::CapturedJson>()),
        #[cfg(feature = "capture")]
        ("capture-check", of::<capture::CheckJson<'_>>()),
        #[cfg(feature = "capture")]
        ("capture-print-role", of::<capture::RoleJson>()),
        ("convert", of::<convert::TapeJson>()),
        #[cfg(feature = "fetch")]
        ("data-fetch", of::<Vec<Fetched>>()),
        ("data-list", of::<Vec<data::ListedJson<'_>>>()),
        ("data-verify", of::<Vec<data::VerifiedJson<'_>>>()),
        ("detect", of::<Vec<tapes::ReplayedJson<'_>>>()),
        ("diff", of::<Vec<diff::ComparedJson<'_>>>()),
        ("doctor", of::<Vec<doctor::CheckJson>>()),
        ("experiment-file", experiment::file_schema()),
        ("export", of::<export::ExportedJson>()),
        ("explain", of::<Vec<difference::DifferenceJson<'_>>>()),
        ("fuse", of::<fuse::FusedJson>()),
        ("generate", of::<convert::TapeJson>()),
        ("plan", of::<Vec<plan::PlannedJson<'_>>>()),
        ("replay", of::<Vec<tapes::ReplayedJson<'_>>>()),
        #[cfg(feature = "report")]
        ("report", of::<report::ReportJson<'_>>()),
        ("run", of::<Vec<run::ReportJson<'_>>>()),
        ("salvage", of::<salvage::SalvagedJson>()),
        ("schema", of::<SchemasJson>()),
        ("score", of::<score::ScoresJson>()),
        ("shard-plan", of::<shard::PlannedShardsJson<'_>>()),
        ("shard-run", of::<shard::ShardRunJson<'_>>()),
        ("verify", of::<Vec<verify::VerifiedJson<'_>>>()),
    ])
}

impl SchemaCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let mut written = Vec::new();
        for (name, schema) in schemas() {
            let path = self.folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).expect("a schema has string keys") + "\n";
            write_over(&path, text.as_bytes(), Durability::Whole, Kind::marked(text.as_bytes(), "\"$schema\""))?;
            written.push(path.display().to_string());
        }
        let json = SchemasJson { schemas: written };
        output.data(&json, || json.schemas.iter().collect::<Text>());
        Ok(Exit::Ok)
    }
}
