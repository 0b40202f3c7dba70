//! Figures and the one-file HTML report of what the last run found.

mod chart;
mod data;
mod figure;
mod figures;
mod html;
mod sensitivity;
mod trials;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::experiment::{Experiment, ExperimentError, Project};
use crate::store::{Durability, OutputKind, write_over};

pub use figure::Figure;

/// What was written.
#[derive(Debug)]
pub struct Report {
    /// The HTML file.
    pub html: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// SHA-256 of it.
    pub sha256: String,
    /// Experiments that have a result, and so are in it.
    pub experiments: usize,
    /// Those that have not been run.
    pub missing: Vec<String>,
    /// Those whose results are of something else than stands here now, and so are not in it.
    pub stale: Vec<Stale>,
    /// Names of the figures.
    pub figures: Vec<String>,
}

/// An experiment whose last result is not one of it as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Stale {
    /// Its name.
    pub name: String,
    /// What has changed.
    pub problem: String,
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.problem)
    }
}

/// Writes `report.html` and `figures/*.svg` under `out` from the last results of the experiments.
///
/// The same results give the same bytes: nothing of the machine, the time or the threads is in them.
///
/// # Errors
/// When no experiment has a result, a result is not what it says, or a file cannot be written.
pub fn report(project: &Project, experiments: &[Experiment], out: &Path) -> Result<Report, ExperimentError> {
    let data::Gathered { results, missing, stale } = data::gather(project, experiments)?;
    let figures = figures::all(&results)?;
    let folder = out.join("figures");
    let mut digests = String::from("# SHA-256 of each figure. Advisory: no verdict depends on them.\n");
    for figure in &figures {
        let sha256 = write_over(
            &folder.join(figure.file()),
            figure.svg.as_bytes(),
            Durability::Atomic,
            OutputKind::Like(b"<svg "),
        )?;
        digests += &format!("{} = \"{sha256}\"\n", toml::Value::from(figure.file()));
    }
    write_over(
        &folder.join("digests.toml"),
        digests.as_bytes(),
        Durability::Atomic,
        OutputKind::table(digests.as_bytes()),
    )?;
    let html = html::page(&results, (&missing, &stale), &figures);
    let path = out.join("report.html");
    let kind = OutputKind::marked(html.as_bytes(), "<title>telltape report</title>");
    write_over(&path, html.as_bytes(), Durability::Atomic, kind)?;
    Ok(Report {
        html: path,
        bytes: html.len(),
        sha256: hex::encode(Sha256::digest(html.as_bytes())),
        experiments: results.len(),
        missing,
        stale,
        figures: figures.iter().map(Figure::file).collect(),
    })
}
