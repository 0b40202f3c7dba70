//! Which numbers of rows can be held against an estimate.
//!
//! | node | what is known of it | because |
//! | --- | --- | --- |
//! | never executed (no loops) | nothing | nobody asked |
//! | below `Limit` | lower bound | it stops when it has enough |
//! | inner side of a semi or anti join, or of `Inner Unique`, by nested loop | lower bound | it stops at the first match |
//! | outer side of a merge join (but `Left`, `Full`, `Anti`) | lower bound | it stops at the end of the other side |
//! | inner side of a merge join | nothing | rows are read again for equal keys, and it may stop early |
//! | outer side of a hash join whose hash table is empty | lower bound | nothing can match |
//! | sub-selects (`SubPlan`, `InitPlan`, common table expressions) | lower bound | `EXISTS`, `ANY` stop early |
//! | below `WindowAgg` with a run condition; inner side of a sorted `SetOp` | lower bound | they stop early |
//! | all of it, if it was read by a cursor or in a function | lower bound | they may stop anywhere |
//! | below `Sort`, `Hash`, `ModifyTable`, plain and hashed `Aggregate`, hashed `SetOp`, bitmaps | known | read to the end |
//! | other nodes (`Append`, `MergeAppend`, `Materialize`, `Memoize` …) | as their parent | they are read as far as it |
//! | `ModifyTable`, `BitmapAnd`, `BitmapOr` | nothing | they count no rows |
//! | `Gather` above partial aggregates | nothing | its rows are those of as many processes as there were |
//! | bitmaps of a scan with lossy blocks | nothing | they count pages |
//!
//! Rows are those of a loop, and so is the estimate. Below `Gather`, the estimate of a node whose rows the processes share is
//! that of one process, by the planner's divisor (each worker is 1, and the leader what it has left: 1 - 0.3 for each of them);
//! then all rows are compared, however many workers there were in the end.

use super::ReadBy;
use super::node::Node;

/// Rows of a node that can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowEstimate {
    /// Which node it is, counted from the top of the plan.
    pub node: usize,
    /// What the planner expected.
    pub planned: f64,
    /// What there was, or (only if it is more than planned) what there was at least.
    pub actual: f64,
}

/// What the rows that a node gave are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowsGiven {
    Known,
    AtLeast,
    Unknown,
}

/// Processes that share the rows of the nodes below a `Gather`.
#[derive(Clone, Copy)]
struct Gather {
    divisor: f64,
    loops: f64,
}

/// Part of its time that a leader spends for each worker, by the planner (`get_parallel_divisor`).
const LEADER_SHARE: f64 = 0.3;

/// The nodes of a plan whose rows say something about their estimate, from the top.
pub(super) fn estimates(root: &Node, read: ReadBy) -> Vec<RowEstimate> {
    let mut walk = Walk { estimates: Vec::new(), nodes: 0 };
    let rows = match read {
        ReadBy::Whole => RowsGiven::Known,
        ReadBy::Perhaps => RowsGiven::AtLeast,
    };
    walk.visit(root, rows, None);
    walk.estimates
}

struct Walk {
    estimates: Vec<RowEstimate>,
    nodes: usize,
}

impl Walk {
    fn visit(&mut self, node: &Node, rows: RowsGiven, gather: Option<Gather>) {
        let at = self.nodes;
        self.nodes += 1;
        let counts_rows = match node.kind.as_str() {
            "ModifyTable" | "BitmapAnd" | "BitmapOr" => false,
            "Gather" | "Gather Merge" => node.single_copy || node.is_partial(),
            _ => true,
        };
        if counts_rows && let Some((planned, actual)) = compared(node, gather) {
            let says = match rows {
                RowsGiven::Known => true,
                RowsGiven::AtLeast => actual > planned,
                RowsGiven::Unknown => false,
            };
            if says {
                self.estimates.push(RowEstimate { node: at, planned, actual });
            }
        }
        let gather = match node.kind.as_str() {
            "Gather" | "Gather Merge" => gather_of(node),
            _ => gather,
        };
        for below in &node.below {
            self.visit(below, rows_below(node, below, rows), gather);
        }
    }
}

/// Planned and actual rows of a loop, or of all processes below a `Gather`.
fn compared(node: &Node, gather: Option<Gather>) -> Option<(f64, f64)> {
    let (actual, loops) = (node.actual?, node.loops.filter(|loops| *loops > 0.0)?);
    Some(match gather {
        Some(Gather { divisor, loops: gathered }) if node.is_partial() => {
            (node.planned * divisor, actual * loops / gathered)
        }
        _ => (node.planned, actual),
    })
}

fn gather_of(node: &Node) -> Option<Gather> {
    let (workers, loops) = (node.workers_planned, node.loops?);
    let divisor = workers + (1.0 - LEADER_SHARE * workers).max(0.0);
    (!node.single_copy && loops > 0.0).then_some(Gather { divisor, loops })
}

/// What the rows of a node are that `node`, whose own rows are `rows`, read from.
fn rows_below(node: &Node, below: &Node, rows: RowsGiven) -> RowsGiven {
    let passed = if rows == RowsGiven::Unknown && node.kind != "Result" { RowsGiven::AtLeast } else { rows };
    // It goes on without a match on the other side.
    let fills_outer = matches!(node.join.as_str(), "Left" | "Full" | "Anti");
    let is_blocking = matches!(node.strategy.as_str(), "Plain" | "Hashed");
    match node.kind.as_str() {
        _ if below.is_subplan() => RowsGiven::AtLeast,
        "Limit" => RowsGiven::AtLeast,
        "WindowAgg" if node.run_condition.is_some() => RowsGiven::AtLeast,
        "Bitmap Heap Scan" if node.lossy_blocks > 0.0 => RowsGiven::Unknown,
        "BitmapAnd" | "BitmapOr" if rows == RowsGiven::Unknown => RowsGiven::Unknown,
        "Sort" | "Hash" | "ModifyTable" | "Bitmap Heap Scan" | "BitmapAnd" | "BitmapOr" => RowsGiven::Known,
        "Aggregate" | "SetOp" if is_blocking => RowsGiven::Known,
        "SetOp" if below.is_inner() => RowsGiven::AtLeast,
        "Nested Loop" if below.is_inner() => {
            let stops = node.inner_unique || matches!(node.join.as_str(), "Semi" | "Anti");
            if stops { RowsGiven::AtLeast } else { passed }
        }
        "Merge Join" if below.is_inner() => RowsGiven::Unknown,
        "Merge Join" if !fills_outer => RowsGiven::AtLeast,
        "Hash Join" if below.is_inner() => RowsGiven::Known,
        "Hash Join" if !fills_outer => {
            let is_empty = |side: &Node| side.is_inner() && side.is_executed() && side.actual == Some(0.0);
            if node.below.iter().any(is_empty) { RowsGiven::AtLeast } else { passed }
        }
        _ => passed,
    }
}
