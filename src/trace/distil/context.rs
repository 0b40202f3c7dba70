//! What all channels have in common while a poll is distilled.

use std::collections::BTreeMap;

use super::Rules;
use crate::residual::{Class, Math};
use crate::tape::RowCounts;

/// Takes a residual: time in seconds since the capture began, class, value, channel.
pub(super) type Emit<'a> = dyn FnMut(f64, Class, f64, &str) + 'a;

/// A poll that is being distilled.
pub(super) struct PollContext<'a> {
    /// When it was, in seconds since the capture began.
    pub(super) t: f64,
    pub(super) rules: &'a Rules,
    pub(super) math: Math,
    pub(super) names: &'a DatabaseNames,
    /// What becomes of its rows.
    pub(super) counts: &'a mut RowCounts,
    /// Where its residuals go.
    pub(super) residuals: &'a mut Emit<'a>,
}

impl PollContext<'_> {
    /// Gives a residual of this poll away.
    pub(super) fn emit(&mut self, class: Class, value: f64, channel: &str) {
        (self.residuals)(self.t, class, value, channel);
    }
}

/// Names of databases by oid.
pub(super) struct DatabaseNames(BTreeMap<i64, String>);

impl DatabaseNames {
    pub(super) fn new(database: Option<(i64, String)>) -> Self {
        Self(database.into_iter().collect())
    }

    pub(super) fn insert(&mut self, dbid: i64, name: &str) {
        self.0.insert(dbid, name.to_owned());
    }

    pub(super) fn database(&self, dbid: i64) -> String {
        self.0.get(&dbid).cloned().unwrap_or_else(|| dbid.to_string())
    }

    pub(super) fn statement(&self, (dbid, queryid): (i64, i64)) -> String {
        format!("{}/{queryid}", self.database(dbid))
    }
}
