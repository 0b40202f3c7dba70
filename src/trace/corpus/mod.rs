//! Full corpora from a URL or a path: whole, once, and gone on with only where it is proven to be the same thing.

mod part;
mod source;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use part::{PartialFile, Provenance};
use source::{CorpusSource, SourceAnswer};

use super::problem::FetchProblem;
use super::{Fetched, TraceError};
use crate::diagnostics::Place;
use crate::store::{FolderLock, LockError, Obstacle, StoreError, file_digest, sync_folder};

/// How a full corpus is fetched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FetchOptions {
    /// What it must hash to.
    pub sha256: Option<KnownDigest>,
    /// Bytes beyond which it is refused.
    pub max_bytes: u64,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long the server may say nothing, and how long another fetch of the same file is waited for.
    pub silence: Duration,
}

impl Default for FetchOptions {
    /// Any bytes, up to 256 GiB, from a server that is there within 15 seconds and never silent for 30.
    fn default() -> Self {
        Self { sha256: None, max_bytes: 256 << 30, connect: Duration::from_secs(15), silence: Duration::from_secs(30) }
    }
}

/// A SHA-256 that somebody has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDigest(String);

impl FromStr for KnownDigest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(format!("not a SHA-256: it has 64 hexadecimal digits, this has {} characters", text.chars().count()))
    }
}

/// What a fetch reports while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// So many bytes are there, of so many, if known.
    Bytes(u64, Option<u64>),
    /// Another process is fetching the same file, and is waited for.
    Waiting(&'a str),
}

/// How the names of files end that a fetch makes beside its target.
const OWN_ENDINGS: [&str; 4] = [".part", ".part.json", ".rejected", ".origin.json"];

/// Copies a full corpus from `from`, a URL or a path, into `folder`, and goes on where an earlier try stopped, if what
/// is there now is proven to be what was there then.
///
/// # Errors
/// When it cannot be reached, read or written, is too large, is another file than the one that is there already, or its
/// SHA-256 is not the given one. Nothing that was fetched is removed: a part stays, and is set aside when it is wrong.
pub fn fetch_corpus(
    from: &str,
    folder: &Path,
    options: &FetchOptions,
    report: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<Fetched, TraceError> {
    let source = CorpusSource::parse(from)?;
    let bare = source.shown.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let name = bare.rsplit('/').next().unwrap_or_default();
    let is_own = OWN_ENDINGS.iter().any(|ending| name.ends_with(ending));
    if matches!(name, "" | "." | "..") || is_own || name.contains(|letter: char| letter.is_control() || letter == '\\')
    {
        return Err(source.problem(FetchProblem::NoName));
    }
    std::fs::create_dir_all(folder).map_err(StoreError::write(folder))?;
    let path = folder.join(name);
    let _lock = lock(&path, &folder.join(format!(".{name}.lock")), options.silence, report)?;
    let origin = path.with_file_name(format!("{name}.origin.json"));
    if path.symlink_metadata().is_ok() {
        return there(&source, &path, &origin, options.sha256.as_ref());
    }
    let mut part = PartialFile::find(&path, &source)?;
    let answer = source.open(part.resume(options.sha256.is_some()), options)?;
    if let Some(bytes) = answer.known.total.filter(|total| *total > options.max_bytes) {
        return Err(source.problem(FetchProblem::TooLarge { bytes, allowed: options.max_bytes }));
    }
    let kept = part.begin(&answer, &source)?;
    copy(&source, answer, &mut part, options, report)?;
    part.sync()?;
    let actual = file_digest(&part.path)?.sha256;
    if let Some(KnownDigest(expected)) = &options.sha256
        && *expected != actual
    {
        let kept = part.reject(&path)?;
        return Err(source.problem(FetchProblem::OtherDigest { actual, expected: expected.clone(), kept }));
    }
    part.provenance(&source, Some(&actual)).write(&origin)?;
    // Nobody else fetches it, but somebody may have put a file there.
    if path.symlink_metadata().is_ok() {
        return Err(Obstacle::Appeared { kept: part.path.clone() }.with_path(&path).into());
    }
    std::fs::rename(&part.path, &path).map_err(StoreError::write(&path))?;
    sync_folder(&path)?;
    part.forget()?;
    Ok(Fetched { file: path, new: true, sha256: actual, verified: options.sha256.is_some(), set_aside: kept })
}

/// The right to fetch a file; another fetch of it is waited for, but not for ever.
fn lock(
    path: &Path,
    lock: &Path,
    patience: Duration,
    report: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<FolderLock, TraceError> {
    let begin = Instant::now();
    let mut said = false;
    loop {
        match FolderLock::take_file(path, lock) {
            Err(LockError::Busy { process, .. }) if begin.elapsed() < patience => {
                if !said {
                    report(FetchEvent::Waiting(&process));
                    said = true;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            taken => return Ok(taken?),
        }
    }
}

/// What is in the place already: the file that is asked for, or an error that says what it is.
fn there(
    source: &CorpusSource,
    path: &Path,
    origin: &Path,
    expected: Option<&KnownDigest>,
) -> Result<Fetched, TraceError> {
    let problem = |problem| TraceError::Fetch { place: Place::file(path), problem: Box::new(problem) };
    let actual = file_digest(path)?.sha256;
    let fetched =
        |verified| Fetched { file: path.to_path_buf(), new: false, sha256: actual.clone(), verified, set_aside: None };
    if let Some(KnownDigest(expected)) = expected {
        if *expected == actual {
            return Ok(fetched(true));
        }
        return Err(problem(FetchProblem::OtherIsThere { actual, expected: expected.clone() }));
    }
    match Provenance::read(origin) {
        None => Err(problem(FetchProblem::UnknownOrigin)),
        Some(known) if !known.is_of(source) => {
            Err(problem(FetchProblem::OtherOrigin { known: known.from, asked: source.shown.clone() }))
        }
        Some(known) if known.sha256.as_ref() != Some(&actual) => Err(problem(FetchProblem::Changed)),
        Some(_) => Ok(fetched(false)),
    }
}

fn copy(
    source: &CorpusSource,
    mut answer: SourceAnswer,
    part: &mut PartialFile,
    options: &FetchOptions,
    report: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), TraceError> {
    let total = answer.known.total;
    let most = total.unwrap_or(u64::MAX).min(options.max_bytes);
    loop {
        report(FetchEvent::Bytes(part.done, total));
        let block = source.next(&mut answer)?;
        if block.is_empty() {
            break;
        }
        if part.done + block.len() as u64 > most {
            return Err(source.problem(match total {
                Some(total) if total <= options.max_bytes => FetchProblem::MoreThanSaid(total),
                _ => FetchProblem::MoreThanAllowed(options.max_bytes),
            }));
        }
        part.append(&block)?;
    }
    match total {
        Some(total) if part.done != total => Err(source.problem(FetchProblem::Ended { done: part.done, total })),
        _ => Ok(()),
    }
}

/// Renames a file that is in the place of `target` or of its part, so that it is kept: `NAME.rejected`, `NAME.2.rejected` …
pub(super) fn set_aside(file: &Path, target: &Path) -> Result<PathBuf, StoreError> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let names = (1_u64..).map(|count| match count {
        1 => format!("{name}.rejected"),
        _ => format!("{name}.{count}.rejected"),
    });
    for name in names {
        let kept = target.with_file_name(name);
        if kept.symlink_metadata().is_err() {
            std::fs::rename(file, &kept).map_err(StoreError::write(&kept))?;
            return Ok(kept);
        }
    }
    unreachable!("a folder does not have 2^64 files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_taken_without_case_and_refused_when_they_are_none() {
        let small = "ab".repeat(32);
        assert_eq!(small.to_uppercase().parse(), Ok(KnownDigest(small.clone())));
        assert_eq!(format!(" {small}\n").parse(), Ok(KnownDigest(small.clone())));
        for bad in ["", "0abc", &small[1..], &format!("{small}0"), &small.replace('a', "g"), &"ä".repeat(32)] {
            assert!(bad.parse::<KnownDigest>().is_err(), "{bad}");
        }
    }
}
