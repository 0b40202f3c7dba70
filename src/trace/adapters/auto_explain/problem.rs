use std::fmt;

use crate::diagnostics::Place;

/// What is wrong with a log as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AutoExplainProblem {
    /// Its format has no prefixes.
    #[error("this is a {format}; --log-line-prefix is for logs in the format stderr")]
    NoPrefixes {
        /// Its format.
        format: &'static str,
    },
    /// A line of another format than the first one.
    #[error(
        "this line is of a jsonlog, and the first one of the log is not; a log has one format, so take the other lines out, such \
         as with `grep '^{{' FILE > log.json`"
    )]
    OfJsonlog,
    /// Times of several zones, between which nobody knows what lies.
    #[error(
        "the time has {here} here and {there} in {place}; what lies between is not known, so convert the logs of each by \
         themselves (log_timezone = 'UTC' never changes)"
    )]
    Zones {
        /// What the entry has.
        here: LogZone,
        /// What an earlier one has.
        there: LogZone,
        /// Where that is.
        place: Place,
    },
}

/// What says of a time in a log how far it is from UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogZone {
    /// An offset, or UTC.
    Offset,
    /// Nothing.
    Missing,
    /// The name of a zone.
    Named(String),
}

impl LogZone {
    /// That of a moment.
    pub(super) fn of(zone: Option<&str>) -> Self {
        match zone {
            None => Self::Offset,
            Some("") => Self::Missing,
            Some(zone) => Self::Named(zone.to_owned()),
        }
    }
}

impl fmt::Display for LogZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset => f.write_str("an offset or UTC"),
            Self::Missing => f.write_str("no zone"),
            Self::Named(zone) => write!(f, "the zone `{zone}`"),
        }
    }
}
