use std::path::PathBuf;

use crate::store::LINE_ENDS_REMEDY;
use crate::trace::Dataset;

/// What is wrong with a result, or with what it is held against.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResultProblem {
    /// The text is not one of a result, in the words of the parser.
    #[error("not a result of an experiment: {0}")]
    Malformed(String),
    /// The seal of a run's result is not that of its text.
    #[error("it has been changed since telltape wrote it; run the experiment again")]
    Changed,
    /// The bytes are not text.
    #[error("it is not UTF-8; run the shard again")]
    NotText,
    /// The name of a table becomes a path.
    #[error("`{0}` is not the name of a table")]
    TableName(String),
    /// The result is of nothing; behind a colon what became of the rows.
    #[error("the result is of no sample{rows}; if that is right, set `allow_empty = true` in the experiment")]
    NoSamples {
        /// What became of the rows, behind a colon; empty if that is not known.
        rows: String,
    },
    /// A table has other bytes.
    #[error("its SHA-256 is {actual}, `{}` says {recorded}; {remedy}", .by.display())]
    OtherTable {
        /// What the bytes give.
        actual: String,
        /// What is recorded.
        recorded: String,
        /// The file that records it.
        by: PathBuf,
        /// How the table comes to be that of the result again.
        remedy: String,
    },
    /// A table was rewritten with other ends of lines.
    #[error("{LINE_ENDS_REMEDY}")]
    LineEnds,
    /// The tape of a run has other bytes than were written.
    #[error("its SHA-256 is {actual}, and {written} was written a moment ago")]
    Overwritten {
        /// What the bytes give.
        actual: String,
        /// What was written.
        written: String,
    },
    /// The tape has changed since the run.
    #[error("it has changed since the run; run the experiment again")]
    OtherTape,
    /// What a shard gave has changed since.
    #[error("it is not what its marker says; run the shard again")]
    OtherThanMarker,
    /// The folder is not that of a result.
    #[error("there is no `expected.toml` or `digests.toml` in it; give the folder of one result")]
    NotThere,
    /// The result names another experiment than the one in whose place it stands.
    #[error(
        "it is the result of the experiment `{named}`, and stands in the place of that of `{experiment}`; put the right one \
         there, or run `telltape run {experiment}` and then `telltape accept {experiment}`"
    )]
    OtherExperiment {
        /// The experiment that it names.
        named: String,
        /// The experiment in whose place it stands.
        experiment: String,
    },
    /// The catalogue and the experiment disagree.
    #[error("`{name}` is in the format `{adapter}`, the experiment says `{expected}`")]
    OtherFormat {
        /// The entry of the catalogue.
        name: String,
        /// The format of the entry.
        adapter: Dataset,
        /// That of the experiment.
        expected: Dataset,
    },
    /// Two things of different kinds cannot be compared.
    #[error("{0}; give two results folders, two tapes or two tables")]
    NotAlike(#[from] NotAlike),
    /// A table without a header says nothing that could be compared.
    #[error("it is empty: a table has a header; make it again")]
    NoHeader,
    /// There is nothing to report on.
    #[error("none of the experiments has a result as it stands now{why}; run `telltape run {names}` first")]
    NothingToReport {
        /// What is wrong with the results that there are, each behind a semicolon.
        why: String,
        /// The experiments.
        names: String,
    },
    /// A figure cannot be drawn, in the words of the library that draws it.
    #[error("the figure cannot be drawn: {0}")]
    Figure(String),
}

/// Why two things cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAlike {
    /// One is a folder.
    #[error("is a folder, and `{}` is a file", file.display())]
    FolderAndFile {
        /// The other one.
        file: PathBuf,
    },
    /// Their endings differ.
    #[error("is not of the same kind as the other")]
    OtherKind,
    /// A folder with nothing to compare.
    #[error("has no results, tables or tapes in it")]
    NothingInIt,
}
