use std::path::Path;

use serde::Serialize;

use super::outcome::{EVALUATION, STAGES};
use super::{ExperimentError, Outcome};
use crate::store::{Key, LINE_ENDS_REMEDY, Place, file_digest, line_ends_rewritten};

/// What comparing a result with the expected one says.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Name of the stage.
    pub stage: &'static str,
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
pub(super) fn rows(actual: Option<&Outcome>, expected: Option<&Outcome>) -> Vec<StageRow> {
    let digest =
        |outcome: Option<&Outcome>, stage: &str| outcome.and_then(|outcome| outcome.stages.get(stage).cloned());
    STAGES
        .into_iter()
        .map(|stage| StageRow { stage, digest: digest(actual, stage), expected: digest(expected, stage) })
        // Most experiments evaluate nothing.
        .filter(|row| row.stage != EVALUATION || row.digest.is_some() || row.expected.is_some())
        .collect()
}

/// The verdict on a result.
pub(super) fn verdict(actual: &Outcome, expected: Option<&Outcome>) -> Verdict {
    let Some(expected) = expected else { return Verdict::NoExpected };
    // Counts are not hashed by a stage, yet a changed count is a changed result. The libm, the program, the name and what may be
    // empty are no result.
    let made_with = Outcome {
        libm: actual.libm.clone(),
        program: actual.program.clone(),
        experiment: actual.experiment.clone(),
        allow_empty: actual.allow_empty,
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
fn libm_explains(actual: &Outcome, expected: &Outcome) -> bool {
    let same = |stage: &str| actual.stages.get(stage) == expected.stages.get(stage);
    let asked = ["input", "options", "grammar", EVALUATION].into_iter().all(same)
        && (&actual.options, &actual.grammar, &actual.evaluation)
            == (&expected.options, &expected.grammar, &expected.evaluation);
    let replayed = ["stream", "episodes"].into_iter().all(same);
    asked && (!same("tape") || (replayed && !actual.evaluation.is_empty()))
}

/// Reads the expected result in `folder`, and checks that its tables are those that it names.
pub(super) fn expected(folder: &Path) -> Result<Option<Outcome>, ExperimentError> {
    expected_signed(folder, "", None)
}

/// The same, where with a key it has to be signed by it, as the result of `experiment`.
pub(super) fn expected_signed(
    folder: &Path,
    experiment: &str,
    key: Option<&Key>,
) -> Result<Option<Outcome>, ExperimentError> {
    let path = folder.join("expected.toml");
    let Some(expected) = Outcome::read_signed(&path, experiment, key)? else { return Ok(None) };
    check_tables(folder, &path, &expected)?;
    Ok(Some(expected))
}

/// An error if `outcome`, read from `path`, is of no samples, and its experiment does not say that this is right.
pub(super) fn check_samples(path: &Path, outcome: &Outcome) -> Result<(), ExperimentError> {
    if outcome.counts.samples > 0 || outcome.allow_empty {
        return Ok(());
    }
    let rows = outcome.counts.rows.as_ref().map_or_else(String::new, |rows| format!(": {}", rows.account()));
    let problem =
        format!("the result is of no sample{rows}; if that is right, set `allow_empty = true` in the experiment");
    Err(ExperimentError::Result { place: Place::file(path), problem })
}

/// An error unless the tables in `folder` are those that `outcome`, read from `path`, names.
pub(super) fn check_tables(folder: &Path, path: &Path, outcome: &Outcome) -> Result<(), ExperimentError> {
    for (name, recorded) in &outcome.tables {
        let table = folder.join(name);
        let actual = file_digest(&table)?.sha256;
        if actual != *recorded {
            let problem = if line_ends_rewritten(&table, recorded) {
                LINE_ENDS_REMEDY.to_owned()
            } else {
                let says = path.display();
                format!("its SHA-256 is {actual}, `{says}` says {recorded}; restore it, or run the experiment again")
            };
            return Err(ExperimentError::Result { place: Place::file(table), problem });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A result whose stages are all `1`, made with a libm.
    fn outcome(libm: &str, evaluates: bool) -> Outcome {
        let mut outcome = Outcome { libm: Some(libm.to_owned()), ..Outcome::default() };
        for stage in STAGES.into_iter().filter(|stage| evaluates || *stage != EVALUATION) {
            outcome.set(stage, "1".to_owned());
        }
        if evaluates {
            outcome.evaluation.insert("seeds".to_owned(), "1..3".to_owned());
        }
        outcome
    }

    #[test]
    fn a_run_is_skipped_only_where_a_libm_can_be_the_reason() {
        // What differs, whether there is an evaluation, and whether another libm excuses it.
        let cases: [(&[&str], bool, bool); 14] = [
            (&["tape", "stream", "episodes", "tables"], false, true),
            (&["tape"], false, true),
            (&["tables"], true, true),
            (&["tape", "stream", "episodes", "tables"], true, true),
            (&["input"], false, false),
            (&["input", "tape", "stream", "episodes", "tables"], false, false),
            (&["options", "tape", "stream"], false, false),
            (&["grammar", "episodes", "tables"], false, false),
            (&["grammar", "tape"], false, false),
            (&[EVALUATION, "tables"], true, false),
            (&[EVALUATION, "tape"], true, false),
            (&["stream"], false, false),
            (&["episodes", "tables"], true, false),
            (&["tables"], false, false),
        ];
        for (stages, evaluates, skipped) in cases {
            let expected = outcome("glibc 2.36 x86_64", evaluates);
            for (libm, elsewhere) in [("glibc 2.36 x86_64", false), ("glibc 2.40 x86_64", true)] {
                let mut actual = outcome(libm, evaluates);
                stages.iter().for_each(|stage| actual.set(stage, "2".to_owned()));
                let name = verdict(&actual, Some(&expected)).name();
                assert_eq!(name, if skipped && elsewhere { "skipped" } else { "differs" }, "{stages:?} {libm}");
            }
        }
        let elsewhere = outcome("glibc 2.40 x86_64", false);
        let expected = outcome("glibc 2.36 x86_64", false);
        assert_eq!(verdict(&elsewhere, Some(&expected)), Verdict::Same);
        // The texts count, too, not only their digests.
        let mut actual = elsewhere;
        actual.set("tape", "2".to_owned());
        actual.options.insert("seed".to_owned(), "7".to_owned());
        assert_eq!(verdict(&actual, Some(&expected)), Verdict::Differs);
        // Counts alone are decided by no libm.
        let mut actual = outcome("glibc 2.40 x86_64", false);
        actual.counts.samples = 1;
        assert_eq!(verdict(&actual, Some(&expected)), Verdict::Differs);
    }
}
