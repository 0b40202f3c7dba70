use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of the rows of a trace: `read = used + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows (records, queries, spans) in the file.
    pub read: u64,
    /// Rows that took part in the residuals.
    pub used: u64,
    /// Rows that did not, by reason.
    pub rejected: BTreeMap<String, u64>,
}

impl RowCounts {
    /// Counts a row that cannot be read.
    pub(super) fn reject(&mut self, reason: String) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Takes `rows` that could be read out of those that are used.
    pub(super) fn withdraw(&mut self, rows: u64, reason: &str) {
        if rows > 0 {
            self.used -= rows;
            *self.rejected.entry(reason.to_owned()).or_default() += rows;
        }
    }

    /// Adds the counts of other rows.
    pub(super) fn append(&mut self, other: Self) {
        self.read += other.read;
        self.used += other.used;
        for (reason, rows) in other.rejected {
            *self.rejected.entry(reason).or_default() += rows;
        }
    }
}
