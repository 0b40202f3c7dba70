//! Whether a plan of experiments is one of the experiments as they stand now, and what its shards gave is what is judged.

use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};
use toml::Table;

use super::problem::{Change, Named};
use super::{Done, ShardError, ShardPlan, ShardUnit};
use crate::experiment::parameters::read_parameters;
use crate::experiment::{Experiment, ExperimentError, ExperimentOutcome, Project, ResultProblem};
use crate::store::{StoreError, read_small};
use crate::tape::TapeError;
use crate::trace::TraceError;

/// What has changed since the plan was made, by its experiment. An input or windows that are not here are not looked at: they
/// may be where the shards ran, which held them against the plan.
pub(super) fn changes(plan: &ShardPlan, project: &Project) -> Result<Vec<Named<Change>>, ShardError> {
    let mut changes = Vec::new();
    for unit in plan.shards.iter().flat_map(|shard| &shard.units) {
        let Some(planned) = &unit.experiment else { continue };
        changes.extend(change(unit, planned, project)?.map(|what| Named { name: unit.name.clone(), what }));
    }
    Ok(changes)
}

fn change(unit: &ShardUnit, planned: &str, project: &Project) -> Result<Option<Change>, ExperimentError> {
    let path = project.root().join(unit.file.as_deref().unwrap_or(Path::new("")));
    if !path.is_file() {
        return Ok(Some(Change::Gone(path)));
    }
    let text = Experiment::text(&path)?;
    // Comments and blanks decide nothing.
    if text != planned && toml::from_str::<Table>(&text).ok() != toml::from_str::<Table>(planned).ok() {
        return Ok(Some(Change::File(path)));
    }
    let experiment = match Experiment::parse(&path, &text, project.root()) {
        Err(ExperimentError::Grammar(_)) => return Ok(Some(Change::Named)),
        experiment => experiment?,
    };
    let parameters = if_here(read_parameters(project, &experiment))?;
    if parameters.is_some_and(|parameters| parameters.stages != unit.digests) {
        return Ok(Some(Change::Named));
    }
    let input = if_here(experiment.source.hash_input(project))?;
    Ok(input.is_some_and(|input| input != unit.sha256).then_some(Change::Input))
}

/// What could be read; nothing where a file is not on this machine.
fn if_here<T>(read: Result<T, ExperimentError>) -> Result<Option<T>, ExperimentError> {
    match read {
        Err(error) if is_missing(&error) => Ok(None),
        read => read.map(Some),
    }
}

fn is_missing(error: &ExperimentError) -> bool {
    let missing =
        |error: &StoreError| matches!(error, StoreError::Read { source, .. } if source.kind() == ErrorKind::NotFound);
    match error {
        ExperimentError::NoData { .. } => true,
        ExperimentError::Trace(TraceError::Recording(TapeError::Unsealed { recording, .. })) => !recording.exists(),
        ExperimentError::Trace(TraceError::Store(error) | TraceError::Recording(TapeError::Store(error)))
        | ExperimentError::Windows(crate::store::TableError::Store(error))
        | ExperimentError::Store(error) => missing(error),
        _ => false,
    }
}

/// The outcome that a shard gave, by its file: read once, and the one that the marker speaks of.
pub(super) fn merged_outcome(folder: &Path, name: &str, done: &Done) -> Result<ExperimentOutcome, ShardError> {
    let path = folder.join(name);
    let bytes = read_small(&path).map_err(StoreError::read(&path))?;
    if done.outputs.get(name) != Some(&hex::encode(Sha256::digest(&bytes))) {
        return Err(ResultProblem::OtherThanMarker.with_path(&path).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| ResultProblem::NotText.with_path(&path))?;
    Ok(ExperimentOutcome::parse(&path, &text)?)
}
