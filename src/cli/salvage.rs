use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::arguments::output_path;
use super::output::Output;
use super::{Exit, Outcome};
use crate::diagnostics::counted;
use crate::store::Shown;
use crate::tape::{self, SalvageKind};

/// Seal the whole lines of a tape or recording whose program was killed
#[derive(clap::Args)]
#[command(after_help = "Example: telltape salvage run.jsonl.part --out run.jsonl")]
pub(super) struct SalvageCommand {
    /// The unsealed file; a capture that is killed leaves RECORDING.part
    file: PathBuf,
    /// What is saved; its manifest is written beside it
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    out: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct SalvagedJson {
    file: String,
    kind: &'static str,
    sha256: String,
    lines: u64,
    lost_bytes: u64,
    problem: Option<String>,
}

impl SalvageCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let salvaged = tape::salvage(&self.file, &self.out)?;
        let json = SalvagedJson {
            file: self.out.display().to_string(),
            kind: match salvaged.kind {
                SalvageKind::Tape => "tape",
                SalvageKind::Recording => "recording",
            },
            sha256: salvaged.sha256,
            lines: salvaged.lines,
            lost_bytes: salvaged.lost_bytes,
            problem: salvaged.problem,
        };
        output.data(&json, || {
            let lost = match &json.problem {
                Some(problem) => format!("{} lost: {}", counted(json.lost_bytes, "byte"), Shown::plain(problem)),
                None => "nothing lost".to_owned(),
            };
            format!("{}: {} of {}, {lost}", json.file, json.kind, counted(json.lines, "line"))
        });
        Ok(Exit::Ok)
    }
}
