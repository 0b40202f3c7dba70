use crate::store::{LockError, Place, StoreError};
use crate::tape::{RowCounts, TapeError};

/// A trace that cannot be converted.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read at all.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] TapeError),
    /// Another program is at it.
    #[error(transparent)]
    Busy(#[from] LockError),
    /// Something in the file is not what its format says.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What, and what would be right.
        problem: String,
    },
    /// Nothing is left of the trace: whatever is said of it would be said of nothing.
    #[error(
        "{place} leaves no sample: {}{}; give a longer trace, or check the data set, the columns and the construction; an \
         experiment for which this is right says `allow_empty = true`",
        .rows.account(),
        .why.as_ref().map_or_else(String::new, |why| format!("; {why}"))
    )]
    Empty {
        /// The trace.
        place: Place,
        /// What became of its rows.
        rows: Box<RowCounts>,
        /// Why none of them gave a sample, if the adapter can tell.
        why: Option<String>,
    },
}

impl TraceError {
    /// Where, if it is about the contents of a file.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Store(error) => Place::file(error.path()),
            Self::Recording(error) => error.place(),
            Self::Busy(LockError::Busy { folder, .. }) => Place::file(folder),
            Self::Busy(LockError::Store(error)) => Place::file(error.path()),
            Self::Malformed { place, .. } | Self::Empty { place, .. } => place.clone(),
        }
    }
}
