use std::path::Path;

use super::{ExperimentError, FileProblem};
use crate::diagnostics::{Place, line_and_column};

/// A problem at a byte of the file, or with the file as a whole.
pub(super) struct Located {
    at: Option<usize>,
    problem: FileProblem,
}

impl Located {
    pub(super) fn at_byte(at: usize, problem: impl Into<FileProblem>) -> Self {
        Self { at: Some(at), problem: problem.into() }
    }

    pub(super) fn whole(problem: impl Into<FileProblem>) -> Self {
        Self { at: None, problem: problem.into() }
    }

    /// What the TOML reader says.
    pub(super) fn of_toml(error: toml::de::Error) -> Self {
        Self { at: error.span().map(|span| span.start), problem: FileProblem::Toml(Box::new(error)) }
    }

    /// The error of an experiment file with this text.
    pub(super) fn in_file(self, path: &Path, text: &str) -> ExperimentError {
        let place = Place::file(path);
        let place = match self.at {
            Some(at) => place.at(line_and_column(text, at)),
            None => place,
        };
        ExperimentError::File { place, problem: Box::new(self.problem) }
    }
}
