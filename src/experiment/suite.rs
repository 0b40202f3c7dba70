//! A suite of tapes with truth windows, which a benchmark runs detectors on: a TOML file, or a folder of tapes.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::file::{GeneratorKeys, Kind, generator};
use super::located::Located;
use super::{ExperimentError, FileProblem, SuiteProblem};
use crate::evaluate::{
    ALL_SETS, BenchmarkRun, BenchmarkSet, ByTime, CommandDetector, Grouping, Window, check_group_windows, read_windows,
};
use crate::residual::Stream;
use crate::store::{GlobError, glob, read_small_text};
use crate::tape;
use crate::trace::{self, Dataset, Options};

/// Most runs of a set.
const MOST_RUNS: u64 = 10_000;

/// A suite, read and checked.
#[derive(Clone, Debug)]
pub struct Suite {
    /// One line for people.
    pub title: String,
    /// What is there.
    pub sets: Vec<BenchmarkSet>,
    /// Optional sets that are not there.
    pub absent: Vec<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    title: String,
    #[serde(default)]
    #[schemars(with = "Vec<SetKeys>")]
    set: Vec<Spanned<SetKeys>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetKeys {
    /// Its name in the leaderboard.
    #[schemars(with = "String")]
    name: Spanned<String>,
    /// A generator, which knows its windows.
    generate: Option<GenerateKeys>,
    /// Seeds of the generator.
    #[schemars(with = "Option<SeedKeys>")]
    seeds: Option<Spanned<SeedKeys>>,
    /// Tapes, as a path or a glob, relative to the folder of the suite; the windows of `x.jsonl` are in `x.windows.csv`.
    #[schemars(with = "Option<String>")]
    tapes: Option<Spanned<String>>,
    /// The same of recordings of PostgreSQL.
    #[schemars(with = "Option<String>")]
    recordings: Option<Spanned<String>>,
    /// Whether there are faults on the tapes, with windows; yes if it is left out.
    #[schemars(with = "Option<bool>")]
    faults: Option<Spanned<bool>>,
    /// Whether the tapes may be absent.
    #[serde(default)]
    optional: bool,
    /// What stands between the name of a group and the rest of the name of a channel; without it all are one group.
    group_by: Option<String>,
    /// Channels of a group that must have an episode at a time; 1 if it is left out.
    at_least: Option<NonZeroUsize>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct GenerateKeys {
    kind: Kind,
    #[schemars(with = "Option<f64>")]
    scale: Option<Spanned<f64>>,
    #[schemars(with = "Option<String>")]
    dataset: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    noise: Option<Spanned<String>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeedKeys {
    first: u64,
    count: u64,
}

/// The JSON schema of a suite, for editors.
#[must_use]
pub fn suite_schema() -> schemars::Schema {
    schemars::schema_for!(SuiteFile)
}

impl Suite {
    /// Reads a suite: a TOML file, or a folder whose tapes are one set.
    ///
    /// # Errors
    /// When it cannot be read, is no suite, or a tape of it or its windows cannot be used.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        if path.is_dir() {
            return Self::of_folder(path);
        }
        let text = read_small_text(path).map_err(|error| FileProblem::UnreadableSuite(error).in_whole(path))?;
        Self::of_file(path, &text)
    }

    fn of_folder(folder: &Path) -> Result<Self, ExperimentError> {
        let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let name = name.filter(|name| CommandDetector::takes_name(name) && name != ALL_SETS);
        let name = name.unwrap_or_else(|| "tapes".to_owned());
        let files = matches(folder, "*.jsonl")?;
        if files.is_empty() {
            return Err(
                FileProblem::from(SuiteProblem::NothingThere { pattern: "*.jsonl".to_owned() }).in_whole(folder)
            );
        }
        let rules = rules(None, None);
        let runs = files.iter().map(|file| run(file, true, read_tape, &rules)).collect::<Result<_, _>>()?;
        let set = BenchmarkSet { name: name.clone(), runs, rules };
        Ok(Self { title: name, sets: vec![set], absent: Vec::new() })
    }

    fn of_file(path: &Path, text: &str) -> Result<Self, ExperimentError> {
        let fail = |problem: Located| problem.in_file(path, text);
        let file: SuiteFile = toml::from_str(text).map_err(|error| fail(Located::of_toml(error)))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut suite = Self { title: file.title, sets: Vec::new(), absent: Vec::new() };
        if file.set.is_empty() {
            return Err(fail(Located::whole(SuiteProblem::NoSets)));
        }
        let mut names: Vec<String> = Vec::new();
        for keys in file.set {
            let at = keys.span().start;
            let keys = keys.into_inner();
            let (name_at, name) = (keys.name.span().start, keys.name.get_ref().clone());
            if !CommandDetector::takes_name(&name) || name == ALL_SETS {
                return Err(fail(Located::at_byte(name_at, SuiteProblem::Name { name })));
            }
            if names.contains(&name) {
                return Err(fail(Located::at_byte(name_at, SuiteProblem::SameName { name })));
            }
            names.push(name.clone());
            let rules = rules(keys.group_by.clone(), keys.at_least);
            match runs(keys, at, folder, &rules).map_err(|problem| problem.into_error(&fail))? {
                Some(runs) => suite.sets.push(BenchmarkSet { name, runs, rules }),
                None => suite.absent.push(name),
            }
        }
        if suite.sets.is_empty() {
            return Err(fail(Located::whole(SuiteProblem::AllAbsent)));
        }
        Ok(suite)
    }
}

/// How a file of a set is read.
type ReadStream = fn(&Path) -> Result<Stream, ExperimentError>;

/// A problem with the file, or with what it names.
enum SetProblem {
    Here(Located),
    There(Box<ExperimentError>),
}

impl SetProblem {
    fn into_error(self, fail: &impl Fn(Located) -> ExperimentError) -> ExperimentError {
        match self {
            Self::Here(problem) => fail(problem),
            Self::There(error) => *error,
        }
    }
}

impl From<ExperimentError> for SetProblem {
    fn from(error: ExperimentError) -> Self {
        Self::There(Box::new(error))
    }
}

fn rules(separator: Option<String>, at_least: Option<NonZeroUsize>) -> ByTime {
    let at_least = at_least.map_or(1, NonZeroUsize::get);
    ByTime { grouping: Grouping { separator }, at_least, ignored: Vec::new(), clip: false }
}

/// The tapes of a set; `None` if it may be absent and is.
fn runs(keys: SetKeys, at: usize, folder: &Path, rules: &ByTime) -> Result<Option<Vec<BenchmarkRun>>, SetProblem> {
    let here = |at: usize, problem: SuiteProblem| SetProblem::Here(Located::at_byte(at, problem));
    let SetKeys { generate, seeds, tapes, recordings, faults, optional, .. } = keys;
    let has_faults = faults.as_ref().is_none_or(|faults| *faults.get_ref());
    let (pattern, read): (_, ReadStream) = match (generate, tapes, recordings) {
        (Some(generate), None, None) => {
            if let Some(faults) = faults {
                return Err(here(faults.span().start, SuiteProblem::FaultsOfGenerator));
            }
            let seeds = seeds.ok_or_else(|| here(at, SuiteProblem::NoSeeds))?;
            return generated(generate, seeds, at).map(Some).map_err(SetProblem::Here);
        }
        (None, Some(tapes), None) => (tapes, read_tape),
        (None, None, Some(recordings)) => (recordings, read_recording),
        _ => return Err(here(at, SuiteProblem::OneSource)),
    };
    if let Some(seeds) = seeds {
        return Err(here(seeds.span().start, SuiteProblem::SeedsOfTapes));
    }
    let files = matches(folder, pattern.get_ref())?;
    if files.is_empty() && optional {
        return Ok(None);
    }
    if files.is_empty() {
        let problem = SuiteProblem::NothingThere { pattern: pattern.get_ref().clone() };
        return Err(here(pattern.span().start, problem));
    }
    Ok(Some(files.iter().map(|file| run(file, has_faults, read, rules)).collect::<Result<_, _>>()?))
}

fn generated(generate: GenerateKeys, seeds: Spanned<SeedKeys>, at: usize) -> Result<Vec<BenchmarkRun>, Located> {
    let GenerateKeys { kind, scale, dataset, noise } = generate;
    let generator = generator(GeneratorKeys { kind, scale, dataset, noise }, at)?;
    let seeds_at = seeds.span().start;
    let SeedKeys { first, count } = seeds.into_inner();
    if !(1..=MOST_RUNS).contains(&count) || first.checked_add(count - 1).is_none() {
        return Err(Located::at_byte(seeds_at, SuiteProblem::Seeds { most: MOST_RUNS }));
    }
    Ok((first..=first + (count - 1)).map(|seed| BenchmarkRun::Generated { generator, seed }).collect())
}

/// The files of a pattern, in order.
fn matches(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, ExperimentError> {
    let found = glob(folder, pattern).map_err(|error| match error {
        GlobError::Store(error) => ExperimentError::Store(error),
        GlobError::Pattern { source, .. } => FileProblem::Pattern(source).in_whole(Path::new(pattern)),
    })?;
    Ok(found.into_iter().map(|path| folder.join(path)).collect())
}

fn run(file: &Path, has_faults: bool, read: ReadStream, rules: &ByTime) -> Result<BenchmarkRun, ExperimentError> {
    let stream = read(file)?;
    let windows = if has_faults { windows_of(file, &stream, rules)? } else { Vec::new() };
    Ok(BenchmarkRun::Recorded { stream: Box::new(stream), windows })
}

fn read_tape(path: &Path) -> Result<Stream, ExperimentError> {
    Ok(tape::read(path)?.stream)
}

fn read_recording(path: &Path) -> Result<Stream, ExperimentError> {
    Ok(trace::convert(path, &Options::new(Dataset::Postgres))?.stream)
}

/// The windows of a tape, which lie beside it, and are of its groups and its time.
fn windows_of(tape: &Path, stream: &Stream, rules: &ByTime) -> Result<Vec<Window>, ExperimentError> {
    let name = tape.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split_once(".jsonl").map_or(&*name, |(stem, _)| stem);
    let path = tape.with_file_name(format!("{stem}.windows.csv"));
    if !path.exists() {
        return Err(FileProblem::from(SuiteProblem::NoWindows { path }).in_whole(tape));
    }
    let windows = read_windows(&path)?.windows;
    check_group_windows(stream, &windows, rules).map_err(|problem| problem.in_file(&path))?;
    Ok(windows)
}
