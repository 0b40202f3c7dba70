use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Tone, printable};
use super::{Exit, Outcome};
use crate::tape::{self, Manifest};

/// Check tapes without replaying them: hash, count, order and well-formedness
#[derive(clap::Args)]
#[command(after_help = "Example: telltape verify out/*/tape.jsonl")]
pub(super) struct Verify {
    /// Tapes; each needs its manifest FILE.hash beside it
    #[arg(required = true, value_name = "FILE")]
    tapes: Vec<PathBuf>,
}

#[derive(Serialize)]
struct VerifiedJson<'a> {
    tape: String,
    ok: bool,
    sha256: Option<&'a str>,
    sample_count: Option<u64>,
    ordered: Option<bool>,
    error: Option<FailureJson<'a>>,
}

impl Verify {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let verified: Vec<Result<(Manifest, bool), Failure>> = self
            .tapes
            .par_iter()
            .map(|path| tape::read(path).map(|tape| (tape.manifest, tape.ordered)).map_err(Failure::from))
            .collect();
        let json: Vec<VerifiedJson<'_>> = self
            .tapes
            .iter()
            .zip(&verified)
            .map(|(path, result)| VerifiedJson {
                tape: path.display().to_string(),
                ok: result.is_ok(),
                sha256: result.as_ref().ok().map(|(manifest, _)| manifest.sha256.as_str()),
                sample_count: result.as_ref().ok().map(|(manifest, _)| manifest.sample_count),
                ordered: result.as_ref().ok().map(|(_, ordered)| *ordered),
                error: result.as_ref().err().map(Failure::json),
            })
            .collect();
        output.data(&json, || {
            let lines = self.tapes.iter().zip(&verified).filter_map(|(path, result)| {
                let (manifest, ordered) = result.as_ref().ok()?;
                let order = if *ordered { "" } else { ", not in order of time" };
                let ok = output.paint(Tone::Good, "ok");
                Some(format!(
                    "{ok} {} ({} samples from {}{order})\n",
                    path.display(),
                    manifest.sample_count,
                    printable(&manifest.source)
                ))
            });
            lines.collect()
        });
        let failures = verified.iter().filter_map(|result| result.as_ref().err());
        failures.clone().for_each(|failure| output.error(failure));
        Ok(Exit::worst(failures.map(|failure| failure.exit)))
    }
}
