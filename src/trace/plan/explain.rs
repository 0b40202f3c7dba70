//! What `EXPLAIN (ANALYZE, FORMAT JSON)` says of one execution.

use serde::Deserialize;
use serde_json::Value;

use super::Plan;
use super::node::Explained;
use super::problem::{NotAnExecution, PlanNumber};
use crate::residual::in_range;

/// Which releases of PostgreSQL write a plan like this one, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// 18 or newer.
    From18,
    /// 14 to 17.
    From14,
}

impl Release {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::From18 => "18 or newer",
            Self::From14 => "14 to 17",
        }
    }
}

impl Plan {
    /// The execution in what `EXPLAIN (ANALYZE, FORMAT JSON)` wrote of one statement, and how many milliseconds it took.
    ///
    /// # Errors
    /// When it is no plan, was not executed, or has numbers that are none.
    pub(crate) fn of_explain(explained: &Value) -> Result<(Self, f64), NotAnExecution> {
        let explained = Explained::deserialize(explained).map_err(|error| NotAnExecution::Other(error.to_string()))?;
        let plan = Self { root: explained.plan, execution_ms: explained.execution_ms };
        plan.check_numbers()?;
        if !plan.is_analyzed() {
            return Err(NotAnExecution::NotAnalyzed);
        }
        let execution_ms = plan.execution_ms.ok_or(NotAnExecution::NoTime)?;
        Ok((plan, execution_ms))
    }

    /// Checks that every number is one that residuals may be made of.
    pub(super) fn check_numbers(&self) -> Result<(), PlanNumber> {
        let check = |what: &'static str, value: f64| match in_range(value) && value >= 0.0 {
            true => Ok(()),
            false => Err(PlanNumber { what, value }),
        };
        check("`Execution Time`", self.execution_ms.unwrap_or_default())?;
        for node in self.root.walk() {
            check("`Plan Rows`", node.planned)?;
            check("`Actual Rows`", node.actual.unwrap_or_default())?;
            check("`Actual Loops`", node.loops.unwrap_or_default())?;
        }
        Ok(())
    }

    /// Whether rows were counted, as they are while a statement is executed under ANALYZE.
    pub(crate) fn is_analyzed(&self) -> bool {
        self.root.actual.is_some() && self.root.loops.is_some()
    }

    /// Which releases write such a plan, if it shows.
    pub(crate) fn release(&self) -> Option<Release> {
        match (self.root.disabled, self.root.async_capable) {
            (Some(_), _) => Some(Release::From18),
            (None, Some(_)) => Some(Release::From14),
            (None, None) => None,
        }
    }
}
