use std::path::{Path, PathBuf};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Tone, printable};
use super::{Exit, Outcome};
use crate::experiment::{self, result_file};
use crate::store::Key;
use crate::tape::recording::{Seal, is_recording, read_recording};
use crate::tape::{self, Manifest, TapeError, manifest_path};

/// Check tapes, recordings and results without replaying them: hash, count, order, well-formedness, and who signed them
#[derive(clap::Args)]
#[command(after_help = "\
A recording is followed through its parts; of a folder of one result the tables are checked. What is signed is the manifest
(FILE.hash) or the result (expected.toml, digests.toml): minisign -S -m FILE.hash

Examples:
  telltape verify out/*/tape.jsonl
  telltape verify run.jsonl
  telltape verify results/ceb --key minisign.pub")]
pub(super) struct Verify {
    /// Tapes and recordings, each with its manifest FILE.hash beside it, and folders of results
    #[arg(required = true, value_name = "FILE")]
    tapes: Vec<PathBuf>,
    /// A public key of minisign, which has to have signed each of them
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct VerifiedJson<'a> {
    tape: String,
    ok: bool,
    sha256: Option<&'a str>,
    sample_count: Option<u64>,
    ordered: Option<bool>,
    /// Of a recording, in place of the two above.
    #[serde(skip_serializing_if = "Option::is_none")]
    polls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gaps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<usize>,
    error: Option<FailureJson<'a>>,
}

/// What a file is that is what its manifest says.
enum Verified {
    Tape(Manifest, bool),
    Recording(Vec<Seal>),
    Result(Box<experiment::Outcome>),
}

fn verified(path: &Path, key: Option<&Key>) -> Result<Verified, Failure> {
    let signed = |file: &Path| key.map_or(Ok(()), |key| key.verify(file));
    if path.is_dir() {
        let outcome = experiment::verify_result(path)?;
        result_file(path).map_or(Ok(()), |file| signed(&file))?;
        return Ok(Verified::Result(Box::new(outcome)));
    }
    if is_recording(path) {
        let read = read_recording(path, |_, _| Ok::<(), TapeError>(()))?;
        signed(&Seal::path(path))?;
        for part in read.seals.iter().filter_map(|seal| seal.continued_in.as_ref()) {
            signed(&Seal::path(&path.with_file_name(part)))?;
        }
        return Ok(Verified::Recording(read.seals));
    }
    signed(&manifest_path(path))?;
    let tape = tape::read(path)?;
    Ok(Verified::Tape(tape.manifest, tape.ordered))
}

impl Verify {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let key = self.key.as_deref().map(Key::read).transpose()?;
        let verified: Vec<Result<Verified, Failure>> =
            self.tapes.par_iter().map(|path| verified(path, key.as_ref())).collect();
        let json: Vec<VerifiedJson<'_>> =
            self.tapes.iter().zip(&verified).map(|(path, result)| json(path, result)).collect();
        output.data(&json, || {
            let lines = self.tapes.iter().zip(&verified).filter_map(|(path, result)| {
                let text = text(result.as_ref().ok()?);
                Some(format!("{} {} ({text})\n", output.paint(Tone::Good, "ok"), path.display()))
            });
            lines.collect()
        });
        let failures = verified.iter().filter_map(|result| result.as_ref().err());
        failures.clone().for_each(|failure| output.error(failure));
        Ok(Exit::worst(failures.map(|failure| failure.exit)))
    }
}

fn json<'a>(path: &Path, result: &'a Result<Verified, Failure>) -> VerifiedJson<'a> {
    let mut json = VerifiedJson {
        tape: path.display().to_string(),
        ok: result.is_ok(),
        sha256: None,
        sample_count: None,
        ordered: None,
        polls: None,
        gaps: None,
        parts: None,
        error: result.as_ref().err().map(Failure::json),
    };
    match result {
        Ok(Verified::Tape(manifest, ordered)) => {
            json.sha256 = Some(&manifest.sha256);
            json.sample_count = Some(manifest.sample_count);
            json.ordered = Some(*ordered);
        }
        Ok(Verified::Recording(seals)) => {
            json.sha256 = seals.first().map(|seal| seal.sha256.as_str());
            json.polls = Some(seals.iter().map(|seal| seal.polls).sum());
            json.gaps = Some(seals.iter().map(|seal| seal.gaps).sum());
            json.parts = Some(seals.len());
        }
        Ok(Verified::Result(outcome)) => json.sample_count = Some(outcome.counts.samples),
        Err(_) => {}
    }
    json
}

fn text(verified: &Verified) -> String {
    match verified {
        Verified::Tape(manifest, ordered) => {
            let order = if *ordered { "" } else { ", not in order of time" };
            format!("{} samples from {}{order}", manifest.sample_count, printable(&manifest.source))
        }
        Verified::Result(outcome) => {
            format!("result of {} samples, {} tables", outcome.counts.samples, outcome.tables.len())
        }
        Verified::Recording(seals) => {
            let polls: u64 = seals.iter().map(|seal| seal.polls).sum();
            let gaps: u64 = seals.iter().map(|seal| seal.gaps).sum();
            let end = seals.last().map_or("", |seal| &seal.end);
            format!("recording of {polls} polls, {gaps} gaps, {} parts; {}", seals.len(), printable(end))
        }
    }
}
