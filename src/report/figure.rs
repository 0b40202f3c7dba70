use std::path::Path;

use crate::experiment::{ExperimentError, ResultProblem};
use crate::store::{Shown, is_hidden};

/// Width of every figure in pixels.
pub(super) const WIDTH: u32 = 860;

/// A figure of the report.
#[derive(Debug)]
pub struct Figure {
    /// Which; its file and its anchor go by it.
    pub name: String,
    /// The section that it belongs to.
    pub(super) section: Section,
    /// What it shows, in a sentence.
    pub(super) caption: String,
    /// What it came from: a name and a digest.
    pub(super) sources: Vec<(String, String)>,
    /// The drawing.
    pub svg: String,
}

impl Figure {
    /// Its file name.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.svg", self.name)
    }
}

/// Sections of the report that have figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Found,
    Scores,
    Sweeps,
    Noise,
    Distributions,
}

pub(super) fn drawn(name: &str, svg: Result<String, Box<dyn std::error::Error>>) -> Result<String, ExperimentError> {
    // Whatever name a drawing has in it passes here; the markup has its line feeds.
    let visible = |svg: String| -> String {
        let line = |line: &str| Shown::plain(line).at_most(usize::MAX).to_string() + "\n";
        if svg.chars().any(|letter| letter != '\n' && is_hidden(letter)) {
            svg.lines().map(line).collect()
        } else {
            svg
        }
    };
    svg.map(visible)
        .map_err(|error| ResultProblem::Figure(error.to_string()).with_path(Path::new(&format!("{name}.svg"))))
}
