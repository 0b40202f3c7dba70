//! What stays the same while a statement is executed by the same plan.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Plan;
use super::node::Node;

/// Bytes of the hash of a shape.
const HASH_BYTES: usize = 8;

impl Plan {
    /// A hash of the plan's shape: which nodes of which type, strategy and type of join stand below which, and what they scan by
    /// which index. Neither costs, rows and times nor conditions and the number of workers are part of it.
    #[must_use]
    pub fn shape(&self) -> String {
        let mut text = String::new();
        write(&self.root, &mut text);
        hex::encode(&Sha256::digest(text)[..HASH_BYTES])
    }

    /// What is scanned, each with its alias: the same for all plans of one statement.
    pub(crate) fn relations(&self) -> BTreeSet<String> {
        self.root.walk().filter_map(Node::target).collect()
    }
}

/// Writes a node and what is below it: names are in quotes, so that no two trees are one text.
fn write(node: &Node, text: &mut String) {
    let side = match node.relationship.as_str() {
        _ if node.is_subplan() => "sub",
        "Inner" => "inner",
        _ => "",
    };
    let parallel = if node.parallel_aware { "parallel" } else { "" };
    let (target, index) = (node.target().unwrap_or_default(), node.index.as_deref().unwrap_or_default());
    *text += &format!("{side} {parallel} {:?} {} {} {target:?} {index:?}(", node.kind, node.join, node.strategy);
    node.below.iter().for_each(|below| write(below, text));
    text.push(')');
}
