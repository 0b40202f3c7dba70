//! What a recording says of the views that were polled.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What the rows of a view are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewKind {
    /// Rows that stand until they are given anew or are gone, told apart by their key.
    Counters,
    /// What is so at the time of the poll: each poll has all rows.
    #[default]
    State,
    /// What has happened since the poll before.
    Events,
}

/// A view as a recording describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewDescription {
    /// Its key in the polls.
    pub name: String,
    /// What its rows are.
    pub kind: ViewKind,
    /// Names of its columns, in the order of the cells.
    pub columns: Vec<String>,
    /// The columns that tell a row from the others, in the order of the cells of a [`RowKey`](super::RowKey).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// The columns that only grow, as long as the epoch stays the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<String>,
}

impl ViewDescription {
    /// Where a column stands in the rows, if there is one of that name.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// Where the key columns stand in the rows.
    #[must_use]
    pub fn key_positions(&self) -> Vec<usize> {
        self.key.iter().filter_map(|column| self.position(column)).collect()
    }

    /// Whether it contradicts itself.
    pub(super) fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let columns: BTreeSet<&String> = self.columns.iter().collect();
        if columns.len() < self.columns.len() {
            return Err(format!("view `{name}` has a column twice"));
        }
        if let Some(column) = self.key.iter().chain(&self.counters).find(|column| !columns.contains(column)) {
            return Err(format!("view `{name}` has no column `{column}`, which its description names"));
        }
        if self.kind == ViewKind::Counters && self.key.is_empty() {
            return Err(format!("view `{name}` has counters and no `key` that tells its rows apart"));
        }
        Ok(())
    }
}
