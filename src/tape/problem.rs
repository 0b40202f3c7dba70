use std::path::PathBuf;

use crate::diagnostics::problem_of_parser;
use crate::residual::OutOfRange;

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
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
    /// Its first line that is not blank is not whole.
    #[error("{}", LineProblem::NoEnd)]
    NoEnd,
    /// Its first line is not a sample.
    #[error("line {line}: {problem}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with a line of a tape or of a recording.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// The bytes are not text.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// Other JSON than a sample, or none; in the words of the parser.
    #[error("the line is not a sample: {0}")]
    NotSample(String),
    /// A sample that no stream takes.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// Other JSON than a line of a recording, or none; in the words of the parser.
    #[error("not a line of a recording: {0}")]
    NotRecording(String),
    /// The file is empty.
    #[error("there is no header")]
    NoHeader,
    /// A part of another recording, or not the next one.
    #[error("part {part} of recording `{id}` stands where part {expected} of `{expected_id}` should")]
    OtherPart {
        /// Its number.
        part: u32,
        /// Its recording.
        id: String,
        /// The number that is next.
        expected: u32,
        /// The recording of the parts before.
        expected_id: String,
    },
    /// A poll has a view that no header describes.
    #[error("view `{view}` is not described in the header")]
    UnknownView {
        /// The view.
        view: String,
    },
    /// A row has more or fewer cells than its view has columns.
    #[error("a row of view `{view}` has {cells} cells, and the view has {columns} columns")]
    RowWidth {
        /// The view.
        view: String,
        /// Cells of the row.
        cells: usize,
        /// Columns of the view.
        columns: usize,
    },
    /// A key has more or fewer cells than its view has key columns.
    #[error("a key of view `{view}` has {cells} cells, and the view has {columns} key columns")]
    KeyWidth {
        /// The view.
        view: String,
        /// Cells of the key.
        cells: usize,
        /// Key columns of the view.
        columns: usize,
    },
    /// The clock of a recording is never set.
    #[error("the time is before that of the line above")]
    TimeFalls,
    /// Longer than any line that is written.
    #[error("the line is too long")]
    TooLong,
    /// The file ends within it.
    #[error("the line has no end")]
    NoEnd,
}
