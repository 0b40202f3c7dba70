//! Tape to episodes.

use super::super::{Experiment, ExperimentError, ExperimentOutcome, ResultProblem};
use super::{Files, Stage, TAPE_FILE, Workspace};
use crate::motif::{self, Episode};
use crate::residual::Stream;
use crate::store::{Durability, write_whole};
use crate::tape;

/// The table that every experiment has.
pub(in crate::experiment) const EPISODES_FILE: &str = "episodes.csv";

pub(super) fn describe(experiment: &Experiment) -> String {
    format!("replay under `{}`", experiment.engine.kind())
}

pub(super) fn run(work: &Workspace<'_>, outcome: &mut ExperimentOutcome) -> Result<Files, ExperimentError> {
    let (stream, episodes) = work.replay_tape(outcome)?;
    outcome.set(Stage::Stream, stream.fingerprint());
    outcome.set(Stage::Episodes, motif::fingerprint(episodes));
    outcome.counts.samples = stream.len() as u64;
    outcome.counts.channels = stream.channel_count() as u64;
    outcome.counts.count_episodes(episodes);
    let table = motif::csv(work.experiment.engine.kind(), episodes);
    let sha256 = write_whole(&work.folder.join(EPISODES_FILE), &table, Durability::Atomic)?;
    Ok(Files::from([(EPISODES_FILE.to_owned(), sha256)]))
}

impl Workspace<'_> {
    /// The samples of the tape and their episodes. What is replayed is what stands on the tape, not what was in memory.
    pub(super) fn replay_tape(&self, outcome: &ExperimentOutcome) -> Result<&(Stream, Vec<Episode>), ExperimentError> {
        if let Some(replayed) = self.replayed.get() {
            return Ok(replayed);
        }
        let path = self.folder.join(TAPE_FILE);
        let tape::Tape { stream, manifest, .. } = tape::read(&path)?;
        let written = outcome.digest(Stage::Tape).unwrap_or_default();
        if manifest.sha256 != written {
            let problem = ResultProblem::Overwritten { actual: manifest.sha256, written: written.to_owned() };
            return Err(problem.with_path(&path));
        }
        let episodes = self.experiment.engine.replay(&stream);
        Ok(self.replayed.get_or_init(|| (stream, episodes)))
    }
}
