use serde::Deserialize;

/// What is read of a statement that was explained.
#[derive(Debug, Deserialize)]
pub(super) struct Explained {
    #[serde(rename = "Plan")]
    pub(super) plan: Node,
    /// In milliseconds, without the planning; before PostgreSQL 9.4 it had another name. A log has it elsewhere.
    #[serde(rename = "Execution Time", alias = "Total Runtime")]
    pub(super) execution_ms: Option<f64>,
    /// The statement's text, which a log has.
    #[serde(rename = "Query Text", default)]
    pub(super) text: String,
}

/// What is read of a node of a plan.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Node {
    #[serde(rename = "Node Type", default)]
    pub(super) kind: String,
    /// `Outer`, `Inner`, `InitPlan`, `SubPlan`, `Member` or `Subquery`.
    #[serde(rename = "Parent Relationship", default)]
    pub(super) relationship: String,
    #[serde(rename = "Join Type", default)]
    pub(super) join: String,
    /// Of aggregates and set operations: `Plain`, `Sorted`, `Hashed` or `Mixed`.
    #[serde(rename = "Strategy", default)]
    pub(super) strategy: String,
    /// What is scanned: a table, a function, a common table expression.
    #[serde(rename = "Relation Name", alias = "Function Name", alias = "CTE Name", alias = "Tuplestore Name")]
    pub(super) relation: Option<String>,
    #[serde(rename = "Alias")]
    pub(super) alias: Option<String>,
    #[serde(rename = "Index Name")]
    pub(super) index: Option<String>,
    #[serde(rename = "Plan Rows")]
    pub(super) planned: f64,
    /// On average over the loops.
    #[serde(rename = "Actual Rows")]
    pub(super) actual: Option<f64>,
    #[serde(rename = "Actual Loops")]
    pub(super) loops: Option<f64>,
    /// Whether a nested loop stops at the first match of its inner side.
    #[serde(rename = "Inner Unique", default)]
    pub(super) inner_unique: bool,
    #[serde(rename = "Parallel Aware", default)]
    pub(super) parallel_aware: bool,
    #[serde(rename = "Workers Planned", default)]
    pub(super) workers_planned: f64,
    #[serde(rename = "Single Copy", default)]
    pub(super) single_copy: bool,
    /// Of window functions: when no more rows are needed.
    #[serde(rename = "Run Condition")]
    pub(super) run_condition: Option<String>,
    #[serde(rename = "Lossy Heap Blocks", default)]
    pub(super) lossy_blocks: f64,
    /// Every node has it since PostgreSQL 18.
    #[serde(rename = "Disabled")]
    pub(super) disabled: Option<bool>,
    /// Every node has it since PostgreSQL 14.
    #[serde(rename = "Async Capable")]
    pub(super) async_capable: Option<bool>,
    #[serde(rename = "Plans", default)]
    pub(super) below: Vec<Node>,
}

impl Node {
    pub(super) fn is_executed(&self) -> bool {
        self.loops.is_some_and(|loops| loops > 0.0)
    }

    pub(super) fn is_inner(&self) -> bool {
        self.relationship == "Inner"
    }

    /// Whether it is a sub-select of an expression or a common table expression, not a source of rows of its parent.
    pub(super) fn is_subplan(&self) -> bool {
        matches!(self.relationship.as_str(), "InitPlan" | "SubPlan")
    }

    /// This node and all below it, from the top.
    pub(super) fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            let node = left.pop()?;
            left.extend(node.below.iter().rev());
            Some(node)
        })
    }

    /// What it scans and what the statement calls that, if it scans something.
    pub(super) fn target(&self) -> Option<String> {
        match (&self.relation, &self.alias) {
            (Some(relation), Some(alias)) if relation != alias => Some(format!("{relation} {alias}")),
            (Some(name), _) | (None, Some(name)) => Some(name.clone()),
            (None, None) => None,
        }
    }

    /// Whether each process below a `Gather` has a part of its rows, so that the estimate is of one process.
    pub(super) fn is_partial(&self) -> bool {
        let mut sources = self.below.iter().filter(|below| !below.is_subplan() && !below.is_inner());
        match self.kind.as_str() {
            // Its groups are those of one process already.
            "Aggregate" => false,
            _ => self.parallel_aware || sources.any(Self::is_partial),
        }
    }
}
