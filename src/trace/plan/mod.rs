//! Plans of PostgreSQL as `EXPLAIN (ANALYZE)` and `auto_explain` write them: which node was estimated worst.
//!
//! The rows that a node gave are no measure of its estimate where it was not read to its end: they are a *lower bound*
//! then. It contradicts an estimate that is smaller, and says nothing of one that is larger; `bounds.rs` has the rules.

mod bounds;
mod explain;
mod node;
mod problem;
mod shape;
mod text;

pub use bounds::RowEstimate;
pub(crate) use explain::Release;
use node::Node;
pub use problem::{LoggedPlanProblem, NotAnExecution, PlanNumber};

/// How far a plan was read by whoever executed the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy {
    /// By a client that took all rows.
    Whole,
    /// By a cursor or a function, which may have stopped anywhere.
    Perhaps,
}

/// A plan that was executed.
#[derive(Debug)]
pub struct Plan {
    root: Node,
    execution_ms: Option<f64>,
}

impl Plan {
    /// The plan in the text of an entry of `auto_explain`, as JSON or as text, and the text of its statement.
    ///
    /// # Errors
    /// Why it is no plan.
    pub(crate) fn of_log(text: &str) -> Result<(Self, String), LoggedPlanProblem> {
        let (plan, statement) = if text.trim_start().starts_with('{') {
            let explained: node::Explained =
                serde_json::from_str(text).map_err(|error| LoggedPlanProblem::Json(error.to_string()))?;
            (Self { root: explained.plan, execution_ms: explained.execution_ms }, explained.text)
        } else {
            let root = text::parse(text).ok_or(LoggedPlanProblem::NoNode)?;
            (Self { root, execution_ms: None }, text::statement(text).to_owned())
        };
        plan.check_numbers()?;
        Ok((plan, statement))
    }

    /// The node whose estimate is proven most wrong; `None` if none was executed, or nothing is known of those that were.
    #[must_use]
    pub fn worst(&self, read: ReadBy) -> Option<RowEstimate> {
        let wrong = |RowEstimate { planned, actual, .. }: &RowEstimate| {
            let (planned, actual) = (planned.max(1.0), actual.max(1.0));
            (actual / planned).max(planned / actual)
        };
        let estimates = bounds::estimates(&self.root, read);
        estimates.into_iter().max_by(|a, b| wrong(a).total_cmp(&wrong(b)))
    }
}

#[cfg(test)]
mod tests;
