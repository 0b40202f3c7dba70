//! Logs of PostgreSQL: their entries, in any of the three formats that the server writes, and the plans of `auto_explain` in them.
//!
//! The adapter `auto-explain` reads whole files by it, and a capture follows a jsonlog by it.

mod csvlog;
mod entry;
mod jsonlog;
mod moment;
mod prefix;
mod problem;
mod stderr;

#[cfg(feature = "capture")]
pub(crate) use entry::OWN_COMMENT;
pub(crate) use entry::{LogEntry, Logged};
pub(crate) use moment::Moment;
pub(crate) use prefix::{LOG_LINE_PREFIX, Prefix};
pub use problem::LogProblem;

use crate::diagnostics::Place;

/// An entry on its way, or what is wrong with it, and where it starts.
pub(crate) type FoundEntry = (Place, Result<LogEntry, LogProblem>);

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Csv,
    Stderr,
}

impl LogFormat {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "jsonlog",
            Self::Csv => "csvlog",
            Self::Stderr => "stderr",
        }
    }

    /// That of a log, by its first line.
    pub(crate) fn find(text: &[u8]) -> Self {
        let text = text.trim_ascii_start();
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match line.first() {
            Some(b'{') => Self::Json,
            _ if csvlog::is_csvlog(line) => Self::Csv,
            _ => Self::Stderr,
        }
    }

    /// Whether a text is an entry in this format, and nothing else.
    pub(crate) fn is_entry(self, text: &[u8]) -> bool {
        let entries = self.entries(text, std::path::Path::new(""), &Prefix::Found);
        matches!(&entries[..], [(_, Ok(entry))] if !entry.time.is_empty() && !entry.message.is_empty())
    }

    /// All entries of a log, in order.
    pub(crate) fn entries(self, text: &[u8], file: &std::path::Path, prefix: &Prefix) -> Vec<FoundEntry> {
        match self {
            Self::Json => jsonlog::entries(text, file),
            Self::Csv => csvlog::entries(text, file),
            Self::Stderr => stderr::entries(text, file, prefix),
        }
    }
}

/// The entry in a line of a jsonlog, if it is one.
#[cfg(feature = "capture")]
pub(crate) fn jsonlog_entry(line: &[u8]) -> Option<LogEntry> {
    jsonlog::entry(line).ok()
}

#[cfg(test)]
mod tests;
