//! Executions as `EXPLAIN (ANALYZE, FORMAT JSON)` writes them: one file, or a folder with a file for each query and iteration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::entries::{self, Entry};
use super::files;
use super::names::{self, NamedRun};
use super::problem::{EntryProblem, JobProblem};
use super::runs::BenchmarkRuns;
use crate::diagnostics::Place;
use crate::store::{Input, InputDigest, label};
use crate::tape::RowCounts;
use crate::trace::plan::{Plan, ReadBy, Release};
use crate::trace::read::{Lines, Reading};
use crate::trace::{Options, TraceError};

/// Whether a file that starts so is JSON and not a table.
pub(super) fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The executions of one file.
pub(super) fn read_file(mut input: Input<'_>, options: &Options) -> Result<Reading<BenchmarkRuns>, TraceError> {
    let path = input.path().to_path_buf();
    let bytes = input.read_to_end()?;
    let digest = input.finish()?;
    let stem = label(&path);
    let named = NamedRun { query: names::stem(&stem).unwrap_or(&stem).to_owned(), iteration: None, is_certain: false };
    let found = Found::read(&bytes, &path, &named);
    let mut reader = Reader::new(options.lenient);
    reader.take(found)?;
    reader.finish(path, Vec::new(), digest)
}

/// The executions of the files in a folder.
pub(super) fn read_folder(folder: &Path, options: &Options) -> Result<Reading<BenchmarkRuns>, TraceError> {
    let files = files::list(folder)?;
    let read = |path: &PathBuf| -> Result<(Found, (String, Option<InputDigest>)), TraceError> {
        let (whole, name) = (folder.join(path), files::slashed(path));
        let named = names::of_path(&name).map_err(|problem| TraceError::format(Place::file(&whole), problem))?;
        let mut input = Input::open(&whole, options.digest)?;
        let bytes = input.read_to_end()?;
        Ok((Found::read(&bytes, &whole, &named), (name, input.finish()?)))
    };
    let found: Vec<_> = files.plans.par_iter().map(read).collect();
    let mut reader = Reader::new(options.lenient);
    let mut digests = Vec::new();
    for found in found {
        let (found, (name, digest)) = found?;
        reader.take(found)?;
        digests.extend(digest.map(|digest| (name, digest)));
    }
    let mut notes = Vec::new();
    if let [first, ..] = &files.others[..] {
        let count = files.others.len();
        let plural = if count == 1 { "file that is" } else { "files that are" };
        notes.push(format!("{count} {plural} not .json or .jsonl, such as `{first}`: not looked at"));
    }
    let digest = options.digest.then(|| files::joined(&digests));
    reader.finish(folder.to_path_buf(), notes, digest)
}

/// An execution, or why it is none.
struct Execution {
    place: Place,
    query: String,
    iteration: Option<u64>,
    /// Whether something said which query and iteration it is.
    is_certain: bool,
    outcome: Result<Executed, JobProblem>,
}

/// What is kept of one.
struct Executed {
    rows: Option<(f64, f64)>,
    latency_ms: f64,
    shape: String,
    relations: BTreeSet<String>,
    release: Option<Release>,
}

/// The executions of one file.
struct Found(Vec<Execution>);

impl Found {
    fn read(bytes: &[u8], path: &Path, named: &NamedRun) -> Self {
        let none = |place: Place, problem: JobProblem| Execution {
            place,
            query: named.query.clone(),
            iteration: named.iteration,
            is_certain: named.is_certain,
            outcome: Err(problem),
        };
        let mut executions = Vec::new();
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        loop {
            let start = values.byte_offset() + bytes[values.byte_offset()..].len()
                - bytes[values.byte_offset()..].trim_ascii_start().len();
            let Some(value) = values.next() else { break };
            let line = memchr::memchr_iter(b'\n', &bytes[..start]).count() as u64 + 1;
            let place = Place::file(path).at_line(line);
            match value {
                Err(error) => {
                    let place = Place::file(path).at((error.line() as u64, error.column().max(1) as u64));
                    let text = error.to_string();
                    let text = text.split(" at line ").next().unwrap_or_default();
                    executions.push(none(place, EntryProblem::NotJson(text.to_owned()).into()));
                    break;
                }
                Ok(value) => match entries::of(value) {
                    Err(problem) => executions.push(none(place, problem.into())),
                    Ok(entries) => executions.extend(entries.into_iter().map(|entry| read_entry(entry, &place, named))),
                },
            }
        }
        // So a shell leaves it where the execution fails.
        if executions.is_empty() {
            executions.push(none(Place::file(path), JobProblem::Empty));
        }
        Self(executions)
    }
}

fn read_entry(entry: Entry, place: &Place, named: &NamedRun) -> Execution {
    let outcome = Plan::of_explain(&entry.explained).map(|(plan, latency_ms)| Executed {
        rows: plan.worst(ReadBy::Whole).map(|worst| (worst.planned, worst.actual)),
        latency_ms,
        shape: plan.shape(),
        relations: plan.relations(),
        release: plan.release(),
    });
    let is_certain = entry.query.is_some() || named.is_certain;
    Execution {
        place: place.clone(),
        iteration: entry.iteration.or(if entry.query.is_none() { named.iteration } else { None }),
        query: entry.query.unwrap_or_else(|| named.query.clone()),
        is_certain,
        outcome: outcome.map_err(JobProblem::from),
    }
}

/// Puts executions together, in order.
struct Reader {
    lenient: bool,
    runs: BenchmarkRuns,
    rows: RowCounts,
    /// Where each query and iteration was read.
    places: BTreeMap<(String, u64), Place>,
    /// What the first execution of a query scanned, and where that was read.
    relations: BTreeMap<String, (BTreeSet<String>, Place)>,
    /// The release that the first plan shows, and where that was read.
    release: Option<(Release, Place)>,
    /// The next number for executions of a query that have none of their own.
    next: BTreeMap<String, u64>,
}

impl Reader {
    fn new(lenient: bool) -> Self {
        let (runs, rows, places, relations, release, next) = Default::default();
        Self { lenient, runs, rows, places, relations, release, next }
    }

    fn take(&mut self, Found(executions): Found) -> Result<(), TraceError> {
        executions.into_iter().try_for_each(|execution| self.take_one(execution))
    }

    fn take_one(&mut self, execution: Execution) -> Result<(), TraceError> {
        self.rows.read += 1;
        let Execution { place, query, iteration, is_certain, outcome } = execution;
        let executed = match outcome {
            Ok(executed) => executed,
            Err(problem) => return self.refuse(&place, problem),
        };
        if let Some(release) = executed.release {
            match &self.release {
                Some((first, there)) if *first != release => {
                    let (here, first) = (release.name(), first.name());
                    let problem = JobProblem::Releases { here, place: there.clone(), there: first };
                    return Err(TraceError::format(place, problem));
                }
                Some(_) => {}
                None => self.release = Some((release, place.clone())),
            }
        }
        if !is_certain {
            let (first, there) =
                self.relations.entry(query.clone()).or_insert_with(|| (executed.relations.clone(), place.clone()));
            if *first != executed.relations {
                let problem = JobProblem::OtherTables { query, place: there.clone() };
                return self.refuse(&place, problem);
            }
        }
        let next = self.next.entry(query.clone()).or_default();
        let iteration = iteration.unwrap_or(*next);
        *next = iteration.saturating_add(1).max(*next);
        if let Some(there) = self.places.get(&(query.clone(), iteration)) {
            let problem = JobProblem::IterationTwice { iteration, query, place: there.clone() };
            return self.refuse(&place, problem);
        }
        let runs = &mut self.runs;
        runs.query.push(runs.queries.intern(&query));
        runs.iteration.push(iteration);
        runs.rows.push(executed.rows);
        runs.latency_ms.push(executed.latency_ms);
        runs.plan.push(Some(runs.plans.intern(&executed.shape)));
        self.places.insert((query, iteration), place);
        self.rows.used += 1;
        Ok(())
    }

    fn refuse(&mut self, place: &Place, problem: JobProblem) -> Result<(), TraceError> {
        if self.lenient {
            self.rows.reject(problem.reason().to_owned());
            return Ok(());
        }
        Err(TraceError::skippable(place.clone(), problem))
    }

    fn finish(
        self,
        path: PathBuf,
        mut notes: Vec<String>,
        input: Option<InputDigest>,
    ) -> Result<Reading<BenchmarkRuns>, TraceError> {
        let queries = self.runs.queries.len();
        notes.push(format!(
            "read as plans of PostgreSQL: {} execution{} of {queries} quer{}",
            self.runs.len(),
            if self.runs.len() == 1 { "" } else { "s" },
            if queries == 1 { "y" } else { "ies" }
        ));
        Ok(Reading { table: self.runs, rows: self.rows, lines: Lines::default(), notes, input, path })
    }
}
