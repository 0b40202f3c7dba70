use std::path::Path;

use serde::Serialize;

use super::chain::{Stage, find_causes};
use super::{ExperimentError, ExperimentOutcome, ResultProblem};
use crate::store::{VerifyingKey, file_digest, line_ends_rewritten};

/// What comparing a result with the expected one says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every digest is the expected one.
    Same,
    /// Some digest is another.
    Differs,
    /// There is nothing to compare with.
    NoExpected,
    /// A platform-bound experiment met another libm than the expected result was made with, and differs in nothing but what
    /// a libm decides.
    Skipped {
        /// The libm of the expected result, and the one here.
        reason: String,
    },
    /// A live experiment saw what it should, within its limits.
    Met,
    /// A live experiment did not.
    Missed {
        /// Which limits.
        reason: String,
    },
}

impl Verdict {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::NoExpected => "no-expected",
            Self::Skipped { .. } => "skipped",
            Self::Met => "met",
            Self::Missed { .. } => "missed",
        }
    }
}

/// One stage of the chain: what it gave and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// Its digest in this run.
    pub digest: Option<String>,
    /// The expected digest.
    pub expected: Option<String>,
}

impl StageRow {
    /// Whether the stage is as expected.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.digest == self.expected
    }
}

/// Both results, stage by stage in the order of the chain.
pub(super) fn compare_stages(
    actual: Option<&ExperimentOutcome>,
    expected: Option<&ExperimentOutcome>,
) -> Vec<StageRow> {
    let digest = |outcome: Option<&ExperimentOutcome>, stage| {
        outcome.and_then(|outcome| outcome.digest(stage)).map(str::to_owned)
    };
    Stage::ALL
        .iter()
        .copied()
        .map(|stage| StageRow { stage, digest: digest(actual, stage), expected: digest(expected, stage) })
        // Most experiments evaluate nothing.
        .filter(|row| !row.stage.is_optional() || row.digest.is_some() || row.expected.is_some())
        .collect()
}

/// The verdict on a result.
pub(super) fn decide_verdict(actual: &ExperimentOutcome, expected: Option<&ExperimentOutcome>) -> Verdict {
    let Some(expected) = expected else { return Verdict::NoExpected };
    // Counts are not hashed by a stage, yet a changed count is a changed result. The libm, the program, the name, the notes and
    // what may be empty are no result.
    let made_with = ExperimentOutcome {
        libm: actual.libm.clone(),
        program: actual.program.clone(),
        experiment: actual.experiment.clone(),
        allow_empty: actual.allow_empty,
        notes: actual.notes.clone(),
        ..expected.clone()
    };
    if *actual == made_with {
        return Verdict::Same;
    }
    match (&expected.libm, &actual.libm) {
        (Some(there), Some(here)) if there != here && libm_explains(actual, expected) => {
            Verdict::Skipped { reason: format!("the expected result was made with {there}, this is {here}") }
        }
        _ => Verdict::Differs,
    }
}

/// Whether another libm may be why `actual` is not `expected`: it decides the samples and the tables of an evaluation, and
/// nothing else. What the experiment is made from and asks for is bytes and texts, and a tape gives the same episodes
/// everywhere.
fn libm_explains(actual: &ExperimentOutcome, expected: &ExperimentOutcome) -> bool {
    let is_asked_the_same = (&actual.options, &actual.grammar, &actual.evaluation)
        == (&expected.options, &expected.grammar, &expected.evaluation);
    let causes = find_causes(|stage| actual.digest(stage) != expected.digest(stage));
    let evaluates = !actual.evaluation.is_empty();
    // Of one tape there is one count of everything.
    let is_counted_the_same = causes.contains(&Stage::Tape) || actual.counts == expected.counts;
    is_asked_the_same
        && is_counted_the_same
        && !causes.is_empty()
        && causes.iter().all(|stage| stage.is_decided_by_libm(evaluates))
}

/// How the tables in `folder` come to be those of the result in `path` again. An accepted result is not written by a run.
fn remedy(folder: &Path, path: &Path) -> String {
    let name = folder.file_name().map_or("NAME".into(), |name| name.to_string_lossy());
    if path.ends_with(ExperimentOutcome::EXPECTED_FILE) {
        format!("restore it, or run `telltape run {name}` and then `telltape accept {name}`")
    } else {
        format!("run `telltape run {name}` again")
    }
}

/// Reads the expected result of `experiment` in `folder`, and checks that its tables are those that it names. With a key it has
/// to be signed by it.
pub(super) fn read_expected(
    experiment: &str,
    folder: &Path,
    key: Option<&VerifyingKey>,
) -> Result<Option<ExperimentOutcome>, ExperimentError> {
    let path = folder.join(ExperimentOutcome::EXPECTED_FILE);
    let Some(expected) = ExperimentOutcome::read_result_of(experiment, &path, key)? else { return Ok(None) };
    check_tables(folder, &path, &expected)?;
    Ok(Some(expected))
}

/// An error if `outcome`, read from `path`, is of no samples, and its experiment does not say that this is right.
pub(super) fn check_samples(path: &Path, outcome: &ExperimentOutcome) -> Result<(), ExperimentError> {
    if outcome.counts.samples > 0 || outcome.allow_empty {
        return Ok(());
    }
    let rows = outcome.counts.rows.as_ref().map_or_else(String::new, |rows| format!(": {}", rows.account()));
    Err(ResultProblem::NoSamples { rows }.with_path(path))
}

/// An error unless the tables in `folder` are those that `outcome`, read from `path`, names.
pub(super) fn check_tables(folder: &Path, path: &Path, outcome: &ExperimentOutcome) -> Result<(), ExperimentError> {
    for (name, recorded) in &outcome.tables {
        let table = folder.join(name);
        let actual = file_digest(&table)?.sha256;
        if actual != *recorded {
            let problem = if line_ends_rewritten(&table, recorded) {
                ResultProblem::LineEnds
            } else {
                ResultProblem::OtherTable {
                    actual,
                    recorded: recorded.clone(),
                    by: path.to_path_buf(),
                    remedy: remedy(folder, path),
                }
            };
            return Err(problem.with_path(&table));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A result whose stages are all `1`, made with a libm.
    fn outcome(libm: &str, evaluates: bool) -> ExperimentOutcome {
        let mut outcome = ExperimentOutcome { libm: Some(libm.to_owned()), ..ExperimentOutcome::default() };
        for stage in Stage::ALL.iter().filter(|stage| evaluates || **stage != Stage::Evaluation) {
            outcome.set(*stage, "1".to_owned());
        }
        if evaluates {
            outcome.evaluation.insert("seeds".to_owned(), "1..3".to_owned());
        }
        outcome
    }

    #[test]
    fn a_run_is_skipped_only_where_a_libm_can_be_the_reason() {
        use Stage::{Episodes, Evaluation, Grammar, Input, Options, Stream, Tables, Tape};
        // What differs, whether there is an evaluation, and whether another libm excuses it.
        let cases: [(&[Stage], bool, bool); 14] = [
            (&[Tape, Stream, Episodes, Tables], false, true),
            (&[Tape], false, true),
            (&[Tables], true, true),
            (&[Tape, Stream, Episodes, Tables], true, true),
            (&[Input], false, false),
            (&[Input, Tape, Stream, Episodes, Tables], false, false),
            (&[Options, Tape, Stream], false, false),
            (&[Grammar, Episodes, Tables], false, false),
            (&[Grammar, Tape], false, false),
            (&[Evaluation, Tables], true, false),
            (&[Evaluation, Tape], true, false),
            (&[Stream], false, false),
            (&[Episodes, Tables], true, false),
            (&[Tables], false, false),
        ];
        for (stages, evaluates, skipped) in cases {
            let expected = outcome("glibc 2.36 x86_64", evaluates);
            for (libm, elsewhere) in [("glibc 2.36 x86_64", false), ("glibc 2.40 x86_64", true)] {
                let mut actual = outcome(libm, evaluates);
                stages.iter().for_each(|stage| actual.set(*stage, "2".to_owned()));
                let name = decide_verdict(&actual, Some(&expected)).name();
                assert_eq!(name, if skipped && elsewhere { "skipped" } else { "differs" }, "{stages:?} {libm}");
            }
        }
        let elsewhere = outcome("glibc 2.40 x86_64", false);
        let expected = outcome("glibc 2.36 x86_64", false);
        assert_eq!(decide_verdict(&elsewhere, Some(&expected)), Verdict::Same);
        // The texts count, too, not only their digests.
        let mut actual = elsewhere;
        actual.set(Stage::Tape, "2".to_owned());
        actual.options.insert("seed".to_owned(), "7".to_owned());
        assert_eq!(decide_verdict(&actual, Some(&expected)), Verdict::Differs);
        // Counts alone are decided by no libm.
        for evaluates in [false, true] {
            let mut actual = outcome("glibc 2.40 x86_64", evaluates);
            actual.counts.samples = 1;
            let expected = outcome("glibc 2.36 x86_64", evaluates);
            assert_eq!(decide_verdict(&actual, Some(&expected)), Verdict::Differs);
            // Nor with the tables of an evaluation, which one decides.
            actual.set(Stage::Tables, "2".to_owned());
            assert_eq!(decide_verdict(&actual, Some(&expected)), Verdict::Differs);
        }
    }
}
