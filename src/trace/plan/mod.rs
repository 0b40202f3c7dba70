//! Plans of PostgreSQL as `EXPLAIN (ANALYZE)` and `auto_explain` write them: which node was estimated worst.
//!
//! The rows that a node gave are no measure of its estimate where it was not read to its end: they are a *lower bound*
//! then. It contradicts an estimate that is smaller, and says nothing of one that is larger; `bounds.rs` has the rules.

mod bounds;
mod node;
mod text;

pub use bounds::Estimate;
use node::Node;

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
}

impl Plan {
    /// The plan in the text of an entry of `auto_explain`, as JSON or as text.
    #[must_use]
    pub fn of_log(text: &str) -> Option<Self> {
        let root = if text.trim_start().starts_with('{') {
            serde_json::from_str::<node::Explained>(text).ok()?.plan
        } else {
            text::parse(text)?
        };
        Some(Self { root })
    }

    /// The node whose estimate is proven most wrong; `None` if none was executed, or nothing is known of those that were.
    #[must_use]
    pub fn worst(&self, read: ReadBy) -> Option<Estimate> {
        let wrong = |Estimate { planned, actual, .. }: &Estimate| {
            let (planned, actual) = (planned.max(1.0), actual.max(1.0));
            (actual / planned).max(planned / actual)
        };
        let estimates = bounds::estimates(&self.root, read);
        estimates.into_iter().max_by(|a, b| wrong(a).total_cmp(&wrong(b)))
    }
}

#[cfg(test)]
mod tests;
