use std::path::PathBuf;

use crate::diagnostics::problem_of_parser;

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// Other JSON, or none.
    #[error("{}", problem_of_parser(&.0.to_string(), .0.line(), .0.column()))]
    Json(serde_json::Error),
    /// Sums of rows that are none.
    #[error("rows read are not rows used and rejected together")]
    Rows,
    /// Sums of uses that are none.
    #[error("rows used are not those of all uses together")]
    Uses,
    /// A version that never was.
    #[error("there is no format 0")]
    FormatZero,
    /// The name becomes a path: a manifest must not reach out of its folder.
    #[error("`{0}` is not the name of a part")]
    PartName(String),
}

/// Why nothing of a file is salvaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SalvageProblem {
    /// The output is the input.
    #[error("what is saved would overwrite it; give another --out")]
    Overwrites,
    /// It is whole, or should be.
    #[error("it is sealed by `{}`; `telltape verify` says whether it is whole", .manifest.display())]
    Sealed {
        /// Its manifest.
        manifest: PathBuf,
    },
    /// It grows.
    #[error("a capture is writing it; end that with Ctrl-C or SIGTERM, and it is sealed")]
    UnderWay,
    /// Not even the first line is whole.
    #[error("there is no whole line in it")]
    NoLine,
    /// Its first line is not a sample.
    #[error("{0}")]
    Line(String),
}
