use crate::store::Shown;

/// What is wrong with a detector that is a command, as an experiment file has it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DetectorFileProblem {
    /// The name of one that is built in.
    #[error("`{name}` is a detector that is built in; give yours another name")]
    BuiltIn {
        /// The name.
        name: String,
    },
    /// A name that tables cannot have.
    #[error("`{}` is no name of a detector: up to 40 letters, digits, `-`, `_` and `.`, the first a letter or digit", Shown::plain(.name))]
    Name {
        /// What was given.
        name: String,
    },
    /// Two commands of one name.
    #[error("two detectors are called `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// Nothing to run.
    #[error("`command` needs a program, and may have arguments: [\"python3\", \"mine.py\"]")]
    NoCommand,
    /// An argument that no program can be given.
    #[error("a part of `command` has a NUL in it")]
    NulInCommand,
    /// A time out of range.
    #[error("`timeout_s` is a number of seconds from {least} to {most}, not {given}")]
    Timeout {
        /// The shortest.
        least: f64,
        /// The longest.
        most: f64,
        /// What was given.
        given: f64,
    },
}
