//! Two results, tapes or tables beside each other: where they part, and why.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::chain::{Stage, find_causes};
use super::compare::{self, StageRow, Verdict};
use super::{Counts, ExperimentError, ExperimentOutcome, NotAlike, ResultProblem, result_file, verify_result};
use crate::store::StoreError;
use crate::tape;
pub use rows::{CellChange, GroupDifference, RowChange, TableDifference, Tolerance};
use rows::{RowForm, compare as compare_rows};

/// Where two results part.
#[derive(Debug)]
#[non_exhaustive]
pub struct Difference {
    /// The verdict on the second one, if the first one is what is expected.
    pub verdict: Verdict,
    /// The chain.
    pub stages: Vec<StageRow>,
    /// Why: the stages that differ of themselves, and not because of one before them.
    pub causes: Vec<Cause>,
    /// Keys of the options, the grammar and the counts whose values differ: stage, key, expected, actual.
    pub values: Vec<ValueChange>,
    /// Tables whose rows differ.
    pub tables: Vec<TableDifference>,
}

/// A stage that differs of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Cause {
    /// The stage.
    pub stage: Stage,
    /// What changed, in words.
    pub because: String,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ValueChange {
    /// `options`, `grammar`, `evaluation` or `counts`.
    pub of: &'static str,
    /// The key.
    pub key: String,
    /// The expected value.
    pub expected: Option<String>,
    /// The value of this run.
    pub actual: Option<String>,
}

impl Difference {
    /// The first stage that differs.
    #[must_use]
    pub fn first(&self) -> Option<&StageRow> {
        self.stages.iter().find(|row| !row.is_same())
    }

    /// Compares a result in a folder with the expected one in another.
    pub(super) fn compare_results(
        (expected_in, expected): (&Path, Option<&ExperimentOutcome>),
        (actual_in, actual): (&Path, &ExperimentOutcome),
        tolerance: Option<&Tolerance>,
    ) -> Result<Self, ExperimentError> {
        let stages = compare::compare_stages(Some(actual), expected);
        let mut difference = Self {
            verdict: compare::decide_verdict(actual, expected),
            causes: Vec::new(),
            stages,
            values: Vec::new(),
            tables: Vec::new(),
        };
        let Some(expected) = expected else { return Ok(difference) };
        difference.causes = causes(&difference.stages, expected, actual);
        let counts = (flatten_counts(&expected.counts), flatten_counts(&actual.counts));
        for (of, old, new) in [
            ("options", &expected.options, &actual.options),
            ("grammar", &expected.grammar, &actual.grammar),
            ("evaluation", &expected.evaluation, &actual.evaluation),
            ("counts", &counts.0, &counts.1),
        ] {
            difference.values.extend(changes(of, old, new));
        }
        let names: BTreeSet<&String> = expected.tables.keys().chain(actual.tables.keys()).collect();
        for name in names.into_iter().filter(|name| expected.tables.get(*name) != actual.tables.get(*name)) {
            let text = |there: bool, folder: &Path| if there { read(&folder.join(name)) } else { Ok(String::new()) };
            let old = text(expected.tables.contains_key(name), expected_in)?;
            let new = text(actual.tables.contains_key(name), actual_in)?;
            difference.tables.push(compare_rows(name, RowForm::Csv, (&old, &new), tolerance));
        }
        Ok(difference)
    }
}

/// The stages that differ although all that they are made from is the same.
fn causes(stages: &[StageRow], expected: &ExperimentOutcome, actual: &ExperimentOutcome) -> Vec<Cause> {
    let program =
        |outcome: &ExperimentOutcome| outcome.program.clone().unwrap_or_else(|| "an unknown version".to_owned());
    let code = |what: &str| {
        let (before, now) = (program(expected), program(actual));
        if before == now {
            format!("{what}, all of whose inputs are the same: the code has changed (both by telltape {now})")
        } else {
            format!("{what}, all of whose inputs are the same: telltape {now} instead of {before}")
        }
    };
    let keys = |of, old, new| {
        let changes: Vec<String> = changes(of, old, new).iter().map(ToString::to_string).collect();
        changes.join(", ")
    };
    let libm = match (&expected.libm, &actual.libm) {
        (Some(before), Some(now)) if before != now => Some(format!("the libm is {now} instead of {before}")),
        _ => None,
    };
    let libm_or_code = |stage: Stage, what| match &libm {
        Some(libm) if stage.is_decided_by_libm(!actual.evaluation.is_empty()) => libm.clone(),
        _ => code(what),
    };
    let differing = find_causes(|stage| stages.iter().any(|row| row.stage == stage && !row.is_same()));
    let because = |stage: Stage| match stage {
        Stage::Input => "the trace, or the generator, is another one".to_owned(),
        Stage::Options => keys("options", &expected.options, &actual.options),
        Stage::Grammar => keys("grammar", &expected.grammar, &actual.grammar),
        Stage::Evaluation => keys("evaluation", &expected.evaluation, &actual.evaluation),
        Stage::Tape => libm_or_code(stage, "the conversion"),
        Stage::Stream => code("the reading of the tape"),
        Stage::Episodes => code("the engine"),
        Stage::Tables => libm_or_code(stage, "the tables"),
    };
    differing.into_iter().map(|stage| Cause { stage, because: because(stage) }).collect()
}

impl std::fmt::Display for ValueChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(default)".to_owned());
        write!(f, "{}: {} → {}", self.key, value(&self.expected), value(&self.actual))
    }
}

fn read(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(StoreError::read(path))
}

fn changes(of: &'static str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<ValueChange> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let pairs = keys.into_iter().map(|key| (key, old.get(key), new.get(key)));
    pairs
        .filter(|(_, expected, actual)| expected != actual)
        .map(|(key, expected, actual)| ValueChange {
            of,
            key: key.clone(),
            expected: expected.cloned(),
            actual: actual.cloned(),
        })
        .collect()
}

/// Counts under dotted keys.
fn flatten_counts(counts: &Counts) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::from([
        ("samples".to_owned(), counts.samples.to_string()),
        ("channels".to_owned(), counts.channels.to_string()),
    ]);
    flat.extend(counts.episodes.iter().map(|(motif, count)| (format!("episodes.{motif}"), count.to_string())));
    if let Some(rows) = &counts.rows {
        flat.insert("rows.read".to_owned(), rows.read.to_string());
        flat.insert("rows.used".to_owned(), rows.used.to_string());
        flat.extend(rows.clamped.iter().map(|(why, count)| (format!("rows.clamped.{why}"), count.to_string())));
        flat.extend(rows.rejected.iter().map(|(why, count)| (format!("rows.rejected.{why}"), count.to_string())));
    }
    flat
}

/// What `telltape diff` compares.
#[derive(Debug)]
#[non_exhaustive]
pub enum Compared {
    /// Results of one name in both.
    Results(String, Difference),
    /// Tables, or tapes, of one name in both.
    Rows(TableDifference),
    /// What only one of them has.
    Only {
        /// The name.
        name: String,
        /// Whether the second one has it.
        added: bool,
    },
}

impl Compared {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_same(&self) -> bool {
        match self {
            Self::Results(_, difference) => difference.verdict == Verdict::Same,
            Self::Rows(rows) => rows.removed == 0 && rows.added == 0,
            Self::Only { .. } => false,
        }
    }
}

/// Compares two results, folders of results, tapes or tables.
///
/// # Errors
/// When one of them is none of these, or not what its digests say.
pub fn diff(a: &Path, b: &Path, tolerance: Option<&Tolerance>) -> Result<Vec<Compared>, ExperimentError> {
    let kind = |path: &Path| std::fs::metadata(path).map(|found| found.is_dir()).map_err(StoreError::read(path));
    match (kind(a)?, kind(b)?) {
        (true, true) => folders(a, b, tolerance),
        (false, false) => Ok(vec![files(a, b, tolerance)?]),
        (folder, _) => {
            let (folder, file) = if folder { (a, b) } else { (b, a) };
            Err(not_alike(folder, NotAlike::FolderAndFile { file: file.to_path_buf() }))
        }
    }
}

fn not_alike(path: &Path, problem: NotAlike) -> ExperimentError {
    ResultProblem::from(problem).with_path(path)
}

fn files(a: &Path, b: &Path, tolerance: Option<&Tolerance>) -> Result<Compared, ExperimentError> {
    let ending = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let form = match (ending(a).as_str(), ending(b).as_str()) {
        ("csv", "csv") => RowForm::Csv,
        ("jsonl", "jsonl") => RowForm::Tape,
        _ => return Err(not_alike(b, NotAlike::OtherKind)),
    };
    if form == RowForm::Tape {
        // What its manifest does not vouch for is compared with nothing.
        for path in [a, b] {
            tape::read(path)?;
        }
    }
    let name = b.file_name().unwrap_or_default().to_string_lossy();
    let texts = (read(a)?, read(b)?);
    // Of a tape the manifest says whether it may be empty.
    for (path, text) in [(a, &texts.0), (b, &texts.1)] {
        if form == RowForm::Csv && text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Err(ResultProblem::NoHeader.with_path(path));
        }
    }
    Ok(Compared::Rows(compare_rows(&name, form, (&texts.0, &texts.1), tolerance)))
}

fn folders(a: &Path, b: &Path, tolerance: Option<&Tolerance>) -> Result<Vec<Compared>, ExperimentError> {
    if result_file(a).is_some() && result_file(b).is_some() {
        let name = b.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(vec![Compared::Results(name, results(a, b, tolerance)?)]);
    }
    // Folders of results, or of episode tables as `replay` writes them.
    let (old, new) = (inside(a)?, inside(b)?);
    let names: BTreeSet<&String> = old.iter().chain(&new).collect();
    if names.is_empty() {
        return Err(not_alike(a, NotAlike::NothingInIt));
    }
    let mut compared = Vec::new();
    for name in names {
        match (old.contains(name), new.contains(name)) {
            (true, true) if a.join(name).is_dir() => compared.extend(folders(&a.join(name), &b.join(name), tolerance)?),
            (true, true) => compared.push(files(&a.join(name), &b.join(name), tolerance)?),
            (_, added) => compared.push(Compared::Only { name: name.clone(), added }),
        }
    }
    Ok(compared)
}

/// What of a folder can be compared: tables, tapes, and folders with such in them.
fn inside(folder: &Path) -> Result<BTreeSet<String>, StoreError> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(StoreError::read(folder))? {
        let path = entry.map_err(StoreError::read(folder))?.path();
        let ending = path.extension().unwrap_or_default();
        let counts = if path.is_dir() { !inside(&path)?.is_empty() } else { ending == "csv" || ending == "jsonl" };
        if counts {
            names.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn results(a: &Path, b: &Path, tolerance: Option<&Tolerance>) -> Result<Difference, ExperimentError> {
    let (expected, actual) = (verify_result(a)?, verify_result(b)?);
    Difference::compare_results((a, Some(&expected)), (b, &actual), tolerance)
}
