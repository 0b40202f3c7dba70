use std::fmt;
use std::io;

use crate::diagnostics::{Diagnose, FailureKind, Place, UnknownName, with_causes};
use crate::motif::Motif;
use crate::store::Shown;

/// A detector that is a command gave no episodes that can be used.
#[derive(Debug)]
pub struct CommandError {
    /// The name of the detector.
    pub name: String,
    /// What went wrong.
    pub problem: Box<CommandProblem>,
    /// The last lines that it wrote to stderr.
    pub stderr: Vec<String>,
}

/// What went wrong with a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandProblem {
    /// The program does not exist.
    #[error("there is no program `{}`", Shown::plain(.program))]
    NoProgram {
        /// As it was given.
        program: String,
    },
    /// The program cannot be started.
    #[error("it cannot be started")]
    NotStarted(#[source] io::Error),
    /// A pipe broke.
    #[error("it cannot be talked to")]
    Pipe(#[source] io::Error),
    /// It did not end.
    #[error("it did not end within {seconds} s, and was killed; `timeout_s` gives it longer")]
    TimedOut {
        /// How long it had.
        seconds: f64,
    },
    /// Something that has left its process group holds its output.
    #[error("it has ended, but what it started keeps its output open")]
    StaysOpen,
    /// It wrote without end.
    #[error("it wrote more than {} MiB, and was killed", .bytes >> 20)]
    TooMuch {
        /// Most bytes of an answer.
        bytes: usize,
    },
    /// It said that it failed.
    #[error("it ended with exit code {code}, and not with 0")]
    Exit {
        /// What it ended with.
        code: i32,
    },
    /// It was killed.
    #[error("it was ended by signal {signal}")]
    Signal {
        /// Which.
        signal: i32,
    },
    /// A line of its answer is no episode of the tape.
    #[error("line {line} of its output: {problem}")]
    Answer {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: AnswerProblem,
    },
}

/// What is wrong with a line of an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerProblem {
    /// It is no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It is no JSON, or not the object that it should be.
    #[error("{problem} in `{}`", Shown::plain(.text).at_most(120))]
    Malformed {
        /// What the parser says.
        problem: String,
        /// The line.
        text: String,
    },
    /// A time is not finite.
    #[error("NaN and Infinity are no times in `{}`", Shown::plain(.text).at_most(120))]
    NotFinite {
        /// The line.
        text: String,
    },
    /// No motif or class of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Motif and class both.
    #[error("an episode has `motif` or `class`, not both")]
    MotifAndClass,
    /// The channel has samples of several classes.
    #[error("`{}` has samples of {}; say with `motif` which is meant", Shown::plain(.channel), names(.motifs))]
    SeveralMotifs {
        /// The channel.
        channel: String,
        /// Those of its classes.
        motifs: Vec<Motif>,
    },
    /// The channel has no samples of that class.
    #[error("`{}` has no samples of {}, but of {}", Shown::plain(.channel), .motif.name(), names(.motifs))]
    OtherMotif {
        /// The channel.
        channel: String,
        /// The one that was said.
        motif: Motif,
        /// Those of its classes.
        motifs: Vec<Motif>,
    },
    /// It ends before it begins.
    #[error("the episode ends at {end}, before its start at {start}")]
    EndBeforeStart {
        /// Seconds.
        start: f64,
        /// Seconds.
        end: f64,
    },
    /// It is detected before it begins.
    #[error("the episode is detected at {detected}, before its start at {start}")]
    DetectedBeforeStart {
        /// Seconds.
        start: f64,
        /// Seconds.
        detected: f64,
    },
    /// It lies outside of the tape.
    #[error("the {what} at {t} is outside of the tape, which is from {first} to {last} seconds")]
    Outside {
        /// Start, end or detection.
        what: &'static str,
        /// Seconds.
        t: f64,
        /// The first time of the tape.
        first: f64,
        /// The last one.
        last: f64,
    },
    /// Another episode of the channel is there at the time.
    #[error("the episode overlaps the one in line {line}, of the same motif and channel; join them")]
    Overlap {
        /// The line of the other one.
        line: usize,
    },
}

fn names(motifs: &[Motif]) -> String {
    motifs.iter().map(|motif| motif.name()).collect::<Vec<_>>().join(" and ")
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the detector `{}`: {}", self.name, with_causes(&*self.problem))?;
        for (at, line) in self.stderr.iter().enumerate() {
            write!(f, "{}`{}`", if at == 0 { "; its stderr ends with " } else { ", " }, Shown::plain(line))?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {}

impl Diagnose for CommandError {
    fn kind(&self) -> FailureKind {
        FailureKind::Detector
    }

    fn place(&self) -> Option<Place> {
        None
    }
}
