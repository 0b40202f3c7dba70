use std::path::{Path, PathBuf};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Text, TextLine, Tone};
use super::{Exit, Outcome};
use crate::diagnostics::counted;
use crate::experiment;
use crate::store::{Shown, VerifyingKey};
use crate::tape::recording::RecordingManifest;
use crate::tape::{self, Manifest, TapeError};

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
    #[command(flatten)]
    key: KeyArgument,
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

/// A key that vouches for what a command reads.
#[derive(clap::Args)]
pub(super) struct KeyArgument {
    /// A public key of minisign, which has to have signed what is read: the manifests FILE.hash, and of results
    /// expected.toml or digests.toml
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl KeyArgument {
    /// Reads it, if one was given.
    pub(super) fn read(&self) -> Result<Option<VerifyingKey>, Failure> {
        Ok(self.key.as_deref().map(VerifyingKey::read).transpose()?)
    }
}

/// What is what it says.
enum VerifiedInput {
    Tape(Box<Manifest>, bool),
    Recording(Vec<RecordingManifest>),
    Result(Box<experiment::ExperimentOutcome>),
}

fn verified(path: &Path, key: Option<&VerifyingKey>) -> Result<VerifiedInput, Failure> {
    if path.is_dir() {
        return Ok(VerifiedInput::Result(Box::new(experiment::verify_result_signed(path, key)?)));
    }
    Ok(match tape::verify(path, key)? {
        tape::Verified::Tape(tape) => VerifiedInput::Tape(Box::new(tape.manifest), tape.ordered),
        tape::Verified::Recording(read) => {
            let sum = |of: fn(&RecordingManifest) -> u64| read.manifests.iter().map(of).sum::<u64>();
            if sum(|manifest| manifest.polls) == 0 {
                let rows = format!(": {} and no poll", counted(sum(|manifest| manifest.gaps), "gap"));
                return Err(TapeError::Empty { tape: path.to_path_buf(), rows }.into());
            }
            VerifiedInput::Recording(read.manifests)
        }
    })
}

impl Verify {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let key = self.key.read()?;
        let verified: Vec<Result<VerifiedInput, Failure>> =
            self.tapes.par_iter().map(|path| verified(path, key.as_ref())).collect();
        let json: Vec<VerifiedJson<'_>> =
            self.tapes.iter().zip(&verified).map(|(path, result)| json(path, result)).collect();
        output.data(&json, || {
            let lines = self.tapes.iter().zip(&verified).filter_map(|(path, result)| {
                let text = text(result.as_ref().ok()?);
                Some(output.paint(Tone::Good, "ok").then(" ").then(TextLine::path(path)).then(format!(" ({text})")))
            });
            lines.collect::<Text>()
        });
        let failures = verified.iter().filter_map(|result| result.as_ref().err());
        failures.clone().for_each(|failure| output.error(failure));
        Ok(Exit::worst(failures.map(|failure| failure.exit)))
    }
}

fn json<'a>(path: &Path, result: &'a Result<VerifiedInput, Failure>) -> VerifiedJson<'a> {
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
        Ok(VerifiedInput::Tape(manifest, ordered)) => {
            json.sha256 = Some(&manifest.sha256);
            json.sample_count = Some(manifest.sample_count);
            json.ordered = Some(*ordered);
        }
        Ok(VerifiedInput::Recording(manifests)) => {
            json.sha256 = manifests.first().map(|manifest| manifest.sha256.as_str());
            json.polls = Some(manifests.iter().map(|manifest| manifest.polls).sum());
            json.gaps = Some(manifests.iter().map(|manifest| manifest.gaps).sum());
            json.parts = Some(manifests.len());
        }
        Ok(VerifiedInput::Result(outcome)) => json.sample_count = Some(outcome.counts.samples),
        Err(_) => {}
    }
    json
}

fn text(verified: &VerifiedInput) -> String {
    match verified {
        VerifiedInput::Tape(manifest, ordered) => {
            let order = if *ordered { "" } else { ", not in order of time" };
            format!("{} from {}{order}", counted(manifest.sample_count, "sample"), Shown::plain(&manifest.source))
        }
        VerifiedInput::Result(outcome) => {
            let samples = counted(outcome.counts.samples, "sample");
            format!("result of {samples}, {}", counted(outcome.tables.len(), "table"))
        }
        VerifiedInput::Recording(manifests) => {
            let polls: u64 = manifests.iter().map(|manifest| manifest.polls).sum();
            let gaps: u64 = manifests.iter().map(|manifest| manifest.gaps).sum();
            let end = manifests.last().map_or("", |manifest| &manifest.end);
            let (polls, gaps) = (counted(polls, "poll"), counted(gaps, "gap"));
            format!("recording of {polls}, {gaps}, {}; {}", counted(manifests.len(), "part"), Shown::plain(end))
        }
    }
}
