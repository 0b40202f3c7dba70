//! Plans in text: a line a node, and how far it is indented says below which one it is.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::node::Node;

/// A line that matters: a node, or what stands above a sub-select.
enum PlanLine {
    Node(usize, Box<Node>),
    Subplan(usize),
}

/// The plan in a text, if there is one.
pub(super) fn parse(text: &str) -> Option<Node> {
    let mut lines: Vec<PlanLine> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(node) = node(trimmed.strip_prefix("->").unwrap_or(trimmed).trim()) {
            lines.push(PlanLine::Node(indent, Box::new(node)));
        } else if let Some(PlanLine::Node(_, last)) = lines.last_mut() {
            if let Some(workers) = trimmed.strip_prefix("Workers Planned: ") {
                last.workers_planned = workers.trim().parse().unwrap_or_default();
            } else if trimmed.starts_with("Run Condition: ") {
                last.run_condition = Some(String::new());
            } else if trimmed.starts_with("Single Copy: true") {
                last.single_copy = true;
            } else if trimmed.starts_with("Heap Blocks: ") && trimmed.contains("lossy=") {
                last.lossy_blocks = 1.0;
            } else if ["InitPlan ", "SubPlan ", "CTE "].iter().any(|start| trimmed.starts_with(start)) {
                lines.push(PlanLine::Subplan(indent));
            }
        }
    }
    tree(&mut lines.into_iter().peekable())
}

/// The statement's text, which stands above the plan.
pub(super) fn statement(text: &str) -> &str {
    let Some(statement) = text.trim_start().strip_prefix("Query Text: ") else { return "" };
    let mut end = 0;
    for line in statement.split_inclusive('\n') {
        if end > 0 && (line.starts_with("Query Parameters: ") || node(line.trim()).is_some()) {
            break;
        }
        end += line.len();
    }
    statement[..end].trim_end()
}

/// The node that comes next, with all that is indented deeper.
fn tree(lines: &mut Peekable<IntoIter<PlanLine>>) -> Option<Node> {
    let PlanLine::Node(indent, mut node) = lines.next()? else { return None };
    let has_inner = node.kind.ends_with("Join") || matches!(node.kind.as_str(), "Nested Loop" | "SetOp");
    let mut subplan = None;
    let mut sources = 0;
    loop {
        match lines.peek() {
            Some(PlanLine::Subplan(at)) if *at > indent => {
                subplan = Some(*at);
                lines.next();
            }
            Some(PlanLine::Node(at, _)) if *at > indent => {
                subplan = subplan.filter(|above| at > above);
                let relationship = match subplan {
                    Some(_) => "SubPlan",
                    None if sources == 1 && has_inner => "Inner",
                    None => "Outer",
                };
                sources += usize::from(subplan.is_none());
                node.below.push(Node { relationship: relationship.to_owned(), ..tree(lines)? });
            }
            _ => return Some(*node),
        }
    }
}

/// The node of a line such as `Seq Scan on a  (cost=0.00..1.00 rows=5 width=4) (actual rows=7 loops=1)`.
fn node(line: &str) -> Option<Node> {
    let (head, rest) = line.split_once("  (cost=")?;
    let (planned, executed) = rest.split_once(')')?;
    let number = |text: &str, key: &str| -> Option<f64> {
        let (_, rest) = text.split_once(key)?;
        rest.split([' ', ')']).next()?.parse().ok()
    };
    let planned = number(planned, "rows=")?;
    let executed = executed.trim();
    let (actual, loops) = match executed.strip_prefix("(actual ") {
        Some(executed) => (number(executed, "rows="), number(executed, "loops=")),
        None => (None, None),
    };
    let (name, target) = head.split_once(" on ").unwrap_or((head, ""));
    let (name, index) = name.split_once(" using ").unwrap_or((name, ""));
    let name = name.strip_suffix(" Backward").unwrap_or(name);
    let parallel_aware = name.starts_with("Parallel ");
    let name = ["Parallel ", "Async ", "Partial ", "Finalize "]
        .iter()
        .fold(name, |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
    let (kind, join, strategy) = kind(name);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    // Both names of a relation are one here, and the index of a bitmap stands where relations do.
    let (relation, index) =
        if kind == "Bitmap Index Scan" { (None, text(target)) } else { (text(target), text(index)) };
    Some(Node {
        kind: kind.to_owned(),
        join: join.to_owned(),
        strategy: strategy.to_owned(),
        relation,
        index,
        planned,
        actual,
        loops,
        // Plans in text do not say it.
        inner_unique: true,
        parallel_aware,
        ..Node::default()
    })
}

/// Type, type of join and strategy of a node by its name in text.
fn kind(name: &str) -> (&str, &str, &str) {
    for (start, kind) in [("Nested Loop", "Nested Loop"), ("Hash", "Hash Join"), ("Merge", "Merge Join")] {
        let Some(rest) = name.strip_prefix(start).map(str::trim) else { continue };
        if rest.ends_with("Join") || kind == "Nested Loop" {
            let join = ["Right Semi", "Right Anti", "Semi", "Anti", "Left", "Right", "Full"];
            let join = join.into_iter().find(|join| rest.starts_with(join)).unwrap_or("Inner");
            return (kind, join, "");
        }
    }
    match name {
        "HashAggregate" => ("Aggregate", "", "Hashed"),
        "GroupAggregate" => ("Aggregate", "", "Sorted"),
        "MixedAggregate" => ("Aggregate", "", "Mixed"),
        "Aggregate" => ("Aggregate", "", "Plain"),
        "Insert" | "Update" | "Delete" | "Merge" => ("ModifyTable", "", ""),
        _ if name.starts_with("HashSetOp") => ("SetOp", "", "Hashed"),
        _ if name.starts_with("SetOp") => ("SetOp", "", "Sorted"),
        _ => (name, "", ""),
    }
}
