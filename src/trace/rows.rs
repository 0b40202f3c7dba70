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
