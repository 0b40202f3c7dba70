//! A detector that is a command: it gets the lines of a tape on stdin, and answers with a line of JSON an episode on stdout. The
//! contract is in `docs/own-detector.md`.

mod answer;
mod problem;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

pub use problem::{AnswerProblem, CommandError, CommandProblem};
pub use process::end_commands;

use super::Span;
use crate::residual::Stream;
use crate::tape::samples_jsonl;

/// A detector that is a command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandDetector {
    /// The name in experiment files and in tables.
    pub name: String,
    /// The program and its arguments; never empty. A program with a slash in it is relative to `folder`.
    pub command: Vec<String>,
    /// Where it runs.
    pub folder: PathBuf,
    /// How long it may take for one tape.
    pub timeout: Duration,
}

/// What a command answered to one tape.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Motif by motif in the order of codes, within one in order of start, then of channel.
    pub spans: Vec<Span>,
    /// SHA-256 of the very bytes that it wrote.
    pub sha256: String,
}

impl CommandDetector {
    /// How long a command may take for one tape if nobody says.
    pub const TIMEOUT_S: f64 = 60.0;

    /// The shortest and the longest time that it may be given.
    pub const TIMEOUTS_S: (f64, f64) = (0.1, 3600.0);

    /// Letters of the longest name.
    const LONGEST_NAME: usize = 40;

    /// Whether a detector can be called so: names are cells of tables and parts of keys.
    #[must_use]
    pub fn takes_name(name: &str) -> bool {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        name.len() <= Self::LONGEST_NAME
            && name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            && name.chars().all(is_part)
    }

    /// Runs the command on the samples of a stream.
    ///
    /// # Errors
    /// When it cannot be started, does not end well or in time, or answers with what is no episode of this stream.
    pub fn ask(&self, stream: &Stream) -> Result<Answer, CommandError> {
        let fail = |problem, stderr| CommandError { name: self.name.clone(), problem: Box::new(problem), stderr };
        let (problem, stderr) = match process::run(self, samples_jsonl(stream)) {
            Ok((output, stderr)) => match answer::read(&output, stream) {
                Ok(spans) => return Ok(Answer { spans, sha256: hex::encode(Sha256::digest(&output)) }),
                Err((line, problem)) => (CommandProblem::Answer { line, problem }, stderr),
            },
            Err(failed) => failed,
        };
        Err(fail(problem, stderr))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
