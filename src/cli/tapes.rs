//! What `replay` and `detect` share: episodes of each of several tapes, written and told in the same form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Text, TextLine, table};
use super::{Exit, Outcome};
use crate::experiment::Project;
use crate::experiment::shard::MergedTape;
use crate::motif;
use crate::residual::Stream;
use crate::store::{Durability, EPISODES, FolderLock, VerifyingKey, write_over};
use crate::tape;

/// What an engine or a detector reports of one tape.
pub(super) struct Reported {
    /// How many episodes.
    pub(super) count: u64,
    /// Their fingerprint.
    pub(super) fingerprint: String,
    /// The bytes of their table.
    pub(super) csv: Vec<u8>,
}

struct Replayed {
    sha256: String,
    sample_count: u64,
    channel_count: u64,
    episode_count: u64,
    episodes_fingerprint: String,
    episodes_csv_sha256: String,
    episodes_csv: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ReplayedJson<'a> {
    tape: String,
    sha256: Option<&'a str>,
    sample_count: Option<u64>,
    channel_count: Option<u64>,
    episode_count: Option<u64>,
    episodes_fingerprint: Option<&'a str>,
    episodes_csv_sha256: Option<&'a str>,
    episodes_csv: Option<String>,
    error: Option<FailureJson<'a>>,
}

/// Writes `OUT/<tape>/episodes.csv` of each tape, in parallel, and tells what came of each.
///
/// `find` gives what is reported of a stream, and may write further tables of it into the tape's folder.
pub(super) fn each_tape(
    tapes: &[PathBuf],
    out: &Path,
    key: Option<&VerifyingKey>,
    output: &Output,
    find: impl Fn(&Stream, &Path) -> Result<Reported, Failure> + Sync,
) -> Outcome {
    let folders = folders(tapes, out)?;
    let _lock = FolderLock::take(out)?;
    let bar = output.bar(Some(tapes.len() as u64), "{pos}/{len} tapes {wide_bar} {per_sec} {eta}");
    let replayed: Vec<Result<Replayed, Failure>> = tapes
        .par_iter()
        .zip(&folders)
        .map(|(tape, folder)| {
            let result = replay_tape(tape, folder, key, &find);
            bar.inc(1);
            result
        })
        .collect();
    bar.finish_and_clear();
    report_replayed(tapes, &replayed, output)
}

/// Tells of tapes that were replayed in shards.
pub(super) fn tell_merged(merged: &[MergedTape], output: &Output) -> Outcome {
    let tapes: Vec<PathBuf> = merged.iter().map(|tape| tape.input.clone()).collect();
    let replayed: Vec<Result<Replayed, Failure>> = merged
        .iter()
        .map(|tape| {
            Ok(Replayed {
                sha256: tape.sha256.clone(),
                sample_count: tape.samples,
                channel_count: tape.channels,
                episode_count: tape.episodes.len() as u64,
                episodes_fingerprint: motif::fingerprint(&tape.episodes),
                episodes_csv_sha256: tape.csv_sha256.clone(),
                episodes_csv: tape.csv.clone(),
            })
        })
        .collect();
    report_replayed(&tapes, &replayed, output)
}

fn report_replayed(tapes: &[PathBuf], replayed: &[Result<Replayed, Failure>], output: &Output) -> Outcome {
    let json: Vec<ReplayedJson<'_>> = tapes.iter().zip(replayed).map(|(tape, result)| json(tape, result)).collect();
    output.data(&json, || text(tapes, replayed));
    let failures = replayed.iter().filter_map(|result| result.as_ref().err());
    failures.clone().for_each(|failure| output.error(failure));
    Ok(Exit::worst(failures.map(|failure| failure.exit)))
}

fn replay_tape(
    path: &Path,
    folder: &Path,
    key: Option<&VerifyingKey>,
    find: &(impl Fn(&Stream, &Path) -> Result<Reported, Failure> + Sync),
) -> Result<Replayed, Failure> {
    let tape = tape::read_signed(path, key)?;
    let reported = find(&tape.stream, folder)?;
    let episodes_csv = folder.join("episodes.csv");
    let episodes_csv_sha256 = write_over(&episodes_csv, &reported.csv, Durability::Atomic, EPISODES)?;
    Ok(Replayed {
        sha256: tape.manifest.sha256,
        sample_count: tape.stream.len() as u64,
        channel_count: tape.stream.channel_count() as u64,
        episode_count: reported.count,
        episodes_fingerprint: reported.fingerprint,
        episodes_csv_sha256,
        episodes_csv,
    })
}

/// Where the outputs of each tape go; two tapes of one name would overwrite each other.
fn folders(tapes: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut owners: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut folders = Vec::with_capacity(tapes.len());
    for tape in tapes {
        let name = tape.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".jsonl").unwrap_or(&name);
        if stem.is_empty() || stem.starts_with('.') {
            return Err(Failure::usage(format!(
                "`{}` gives no name for a folder of results; rename it",
                tape.display()
            )));
        }
        let folder = Project::here(out).output_of(stem)?;
        if let Some(other) = owners.insert(folder.clone(), tape) {
            return Err(Failure::usage(format!(
                "`{}` and `{}` would both be written to `{}`; take them one at a time with another --out",
                other.display(),
                tape.display(),
                folder.display()
            )));
        }
        folders.push(folder);
    }
    Ok(folders)
}

fn json<'a>(tape: &Path, result: &'a Result<Replayed, Failure>) -> ReplayedJson<'a> {
    let good = result.as_ref().ok();
    ReplayedJson {
        tape: tape.display().to_string(),
        sha256: good.map(|replayed| replayed.sha256.as_str()),
        sample_count: good.map(|replayed| replayed.sample_count),
        channel_count: good.map(|replayed| replayed.channel_count),
        episode_count: good.map(|replayed| replayed.episode_count),
        episodes_fingerprint: good.map(|replayed| replayed.episodes_fingerprint.as_str()),
        episodes_csv_sha256: good.map(|replayed| replayed.episodes_csv_sha256.as_str()),
        episodes_csv: good.map(|replayed| replayed.episodes_csv.display().to_string()),
        error: result.as_ref().err().map(Failure::json),
    }
}

fn text(tapes: &[PathBuf], replayed: &[Result<Replayed, Failure>]) -> Text {
    let good = tapes.iter().zip(replayed).filter_map(|(tape, result)| Some((tape, result.as_ref().ok()?)));
    let rows: Vec<Vec<TextLine>> = good
        .map(|(tape, replayed)| {
            vec![
                TextLine::path(tape),
                replayed.sample_count.to_string().into(),
                replayed.channel_count.to_string().into(),
                replayed.episode_count.to_string().into(),
                (&replayed.episodes_fingerprint).into(),
                TextLine::path(&replayed.episodes_csv),
            ]
        })
        .collect();
    let headers = ["tape", "samples", "channels", "episodes", "episodes fingerprint", "table"];
    if rows.is_empty() { Text::default() } else { table(&headers, &[false, true, true, true, false, false], &rows) }
}
