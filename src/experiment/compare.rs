use std::path::Path;

use serde::Serialize;

use super::outcome::{EVALUATION, STAGES};
use super::{ExperimentError, Outcome};
use crate::store::{Key, Place, file_digest};

/// What comparing a result with the expected one says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every digest is the expected one.
    Same,
    /// Some digest is another.
    Differs,
    /// There is nothing to compare with.
    NoExpected,
    /// A platform-bound experiment met another libm than the expected result was made with, and differs.
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
    // Counts are not hashed by a stage, yet a changed count is a changed result. The libm, the program and the name are no result.
    let made_with = Outcome {
        libm: actual.libm.clone(),
        program: actual.program.clone(),
        experiment: actual.experiment.clone(),
        ..expected.clone()
    };
    if *actual == made_with {
        return Verdict::Same;
    }
    match (&expected.libm, &actual.libm) {
        (Some(there), Some(here)) if there != here => {
            Verdict::Skipped { reason: format!("the expected result was made with {there}, this is {here}") }
        }
        _ => Verdict::Differs,
    }
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

/// An error unless the tables in `folder` are those that `outcome`, read from `path`, names.
pub(super) fn check_tables(folder: &Path, path: &Path, outcome: &Outcome) -> Result<(), ExperimentError> {
    for (name, recorded) in &outcome.tables {
        let table = folder.join(name);
        let actual = file_digest(&table)?.sha256;
        if actual != *recorded {
            let problem = format!(
                "its SHA-256 is {actual}, `{}` says {recorded}; restore it, or run the experiment again",
                path.display()
            );
            return Err(ExperimentError::Result { place: Place::file(table), problem });
        }
    }
    Ok(())
}
