//! The executions in a JSON text: one as EXPLAIN writes it, a list of them, or one a line, perhaps with the names of their queries.

use serde_json::Value;

use super::problem::{EntryProblem, ForeignPlan};
use crate::trace::read::shown;

/// One execution, which is still to be read.
pub(super) struct Entry {
    pub(super) query: Option<String>,
    pub(super) iteration: Option<u64>,
    /// What should have a `Plan`.
    pub(super) explained: Value,
}

/// What is above it.
#[derive(Clone, Default)]
struct NamesAbove {
    query: Option<String>,
    iteration: Option<u64>,
}

const QUERIES: [&str; 6] = ["query", "query_id", "query_name", "queryName", "name", "id"];
const ITERATIONS: [&str; 6] = ["iteration", "iter", "run", "rep", "repetition", "round"];

/// Keys behind which a plan stands: the column of EXPLAIN, and what programs call it.
const WRAPPERS: [&str; 10] =
    ["QUERY PLAN", "plan", "plans", "explain", "explain_json", "query_plan", "output", "result", "runs", "executions"];

/// Lists in lists in lists; deeper is something else.
const DEEPEST: usize = 6;

/// The executions in a value, in order; an error says what it is instead.
pub(super) fn of(value: Value) -> Result<Vec<Entry>, EntryProblem> {
    let mut entries = Vec::new();
    walk(value, &NamesAbove::default(), 0, &mut entries)?;
    Ok(entries)
}

fn walk(value: Value, names: &NamesAbove, depth: usize, entries: &mut Vec<Entry>) -> Result<(), EntryProblem> {
    if depth > DEEPEST {
        return Err(EntryProblem::Deep);
    }
    match value {
        Value::Array(values) => values.into_iter().try_for_each(|value| walk(value, names, depth + 1, entries)),
        // Programs that take the column for a text.
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) => walk(value, names, depth + 1, entries),
            _ => Err(EntryProblem::Text(shown(&text))),
        },
        Value::Object(mut object) => {
            let query = QUERIES.iter().find_map(|key| text(object.get(*key)?));
            let iteration = ITERATIONS.iter().find_map(|key| object.get(*key).map(|value| (*key, number(value))));
            let iteration = match iteration {
                Some((key, None)) => {
                    return Err(EntryProblem::Iteration { key, value: object[key].to_string() });
                }
                Some((_, number)) => number,
                None => None,
            };
            let names =
                NamesAbove { query: query.or_else(|| names.query.clone()), iteration: iteration.or(names.iteration) };
            if object.contains_key("Plan") {
                entries.push(Entry { query: names.query, iteration: names.iteration, explained: object.into() });
                return Ok(());
            }
            match WRAPPERS.iter().find_map(|key| object.remove(*key)) {
                Some(wrapped) => walk(wrapped, &names, depth + 1, entries),
                None => Err(stranger(&object)),
            }
        }
        other => Err(EntryProblem::Value(other.to_string())),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What an object without a plan is.
fn stranger(object: &serde_json::Map<String, Value>) -> EntryProblem {
    let has = |key: &str| object.contains_key(key);
    EntryProblem::Foreign(if has("query_block") || has("query_plan") {
        ForeignPlan::MySql
    } else if has("latency") && has("children") {
        ForeignPlan::DuckDb { time: "in `latency`" }
    } else if has("operator") && has("query") {
        ForeignPlan::DuckDb { time: "in `query.total_time`" }
    } else if has("operator_type") || has("operator_name") || has("children") || has("extra_info") {
        ForeignPlan::DuckDb { time: "in what EXPLAIN (ANALYZE, FORMAT JSON) writes there as a whole" }
    } else if has("resourceSpans") {
        ForeignPlan::Otlp
    } else if has("Node Type") {
        ForeignPlan::Node
    } else {
        return EntryProblem::Object(object.keys().take(8).map(|key| shown(key)).collect());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type QueryAndIteration = (Option<String>, Option<u64>);

    fn names(text: &str) -> Result<Vec<QueryAndIteration>, EntryProblem> {
        let entries = of(serde_json::from_str(text).unwrap())?;
        Ok(entries.into_iter().map(|entry| (entry.query, entry.iteration)).collect())
    }

    #[test]
    fn plans_are_found_in_whatever_is_around_them() {
        let named = |query: &str, iteration| (Some(query.to_owned()), Some(iteration));
        for (text, expected) in [
            (r#"[{"Plan":{}}]"#, vec![(None, None)]),
            (r#"{"Plan":{}}"#, vec![(None, None)]),
            (r#"[[{"Plan":{}}],[{"Plan":{}}]]"#, vec![(None, None); 2]),
            (r#"{"query":"1a","iteration":2,"QUERY PLAN":[{"Plan":{}}]}"#, vec![named("1a", 2)]),
            (r#"{"query_id":7,"run":"2","plan":"[{\"Plan\":{}}]"}"#, vec![named("7", 2)]),
            (
                r#"{"query":"1a","runs":[{"run":1,"Plan":{}},{"run":2,"Plan":{}}]}"#,
                vec![named("1a", 1), named("1a", 2)],
            ),
        ] {
            assert_eq!(names(text), Ok(expected), "{text}");
        }
        for (text, problem) in [
            (r#"{"query_block":{}}"#, "a plan of MySQL"),
            (r#"{"children":[],"latency":0.1,"query_name":""}"#, "a plan of DuckDB"),
            (r#"{"children":[],"latency":0.1,"query_name":""}"#, "whose seconds are in `latency`"),
            (r#"{"operator":[],"query":{"total_time":0.1},"io":{}}"#, "`query.total_time`"),
            (r#"[{"name":"LIMIT","children":[],"extra_info":{}}]"#, "FORMAT JSON) writes there as a whole"),
            (r#"{"children":[],"operator_type":"x"}"#, "columns query, iteration and latency_s"),
            (r#"{"Node Type":"Limit"}"#, "a node without"),
            (r#"{"a":1}"#, "the keys `a` has no `Plan`"),
            (r#"{"iteration":"x","Plan":{}}"#, "not the number of an iteration"),
            (r#"["x"]"#, "the text `x` is not a plan"),
            ("[1]", "`1` is not a plan"),
            ("[[[[[[[[[1]]]]]]]]]", "at this depth"),
        ] {
            let error = names(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
