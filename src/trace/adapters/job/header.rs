//! What runners of benchmarks call their columns.

use super::problem::JobProblem;
use crate::trace::read::{Columns, Header, HeaderProblem};
use crate::trace::{Options, TraceError};

use super::LATENCY_UNIT;

/// Names are compared in lower case.
const QUERIES: [&str; 13] = [
    "query_id",
    "query",
    "queryid",
    "query_name",
    "query_no",
    "query_num",
    "qid",
    "q",
    "name",
    "benchmark",
    "test",
    "statement",
    "template",
];
const ITERATIONS: [&str; 15] = [
    "iteration",
    "iter",
    "iteration_id",
    "iteration_no",
    "run",
    "run_id",
    "run_no",
    "run_number",
    "rep",
    "repeat",
    "repetition",
    "round",
    "trial",
    "execution",
    "attempt",
];
const ESTIMATES: [&str; 1] = ["est_rows"];
const ACTUALS: [&str; 1] = ["actual_rows"];
const PLANS: [&str; 1] = ["plan_hash"];

/// What a time is called, before or without its unit.
const TIMES: [&str; 16] = [
    "latency",
    "time",
    "runtime",
    "run_time",
    "duration",
    "elapsed",
    "elapsed_time",
    "execution_time",
    "exec_time",
    "execution",
    "exec",
    "query_time",
    "total_time",
    "wall_time",
    "real_time",
    "response_time",
];

/// Units by the ending of a name, with their milliseconds.
const UNITS: [(&str, f64); 17] = [
    ("s", 1e3),
    ("sec", 1e3),
    ("secs", 1e3),
    ("second", 1e3),
    ("seconds", 1e3),
    ("ms", 1.0),
    ("msec", 1.0),
    ("msecs", 1.0),
    ("millis", 1.0),
    ("milliseconds", 1.0),
    ("us", 1e-3),
    ("usec", 1e-3),
    ("usecs", 1e-3),
    ("micros", 1e-3),
    ("microseconds", 1e-3),
    ("\u{b5}s", 1e-3),
    ("\u{3bc}s", 1e-3),
];

/// The columns of a table of times.
pub(super) struct SelectedTimes {
    pub(super) columns: Columns,
    /// Milliseconds of the unit of its times.
    pub(super) unit_ms: f64,
    pub(super) notes: Vec<String>,
}

/// The milliseconds of a unit that is told.
pub(super) fn unit_ms(text: &str) -> Result<f64, String> {
    match text {
        "s" => Ok(1e3),
        "ms" => Ok(1.0),
        "us" | "\u{b5}s" => Ok(1e-3),
        _ => Err("a unit of time; it is s, ms or us".to_owned()),
    }
}

/// Finds the columns of a table.
///
/// # Errors
/// When one is missing, two could be the same, or nothing says the unit of the times.
pub(super) fn select(header: &Header, options: &Options) -> Result<SelectedTimes, TraceError> {
    let names: Vec<String> = header.names().iter().map(|name| name.trim().to_lowercase()).collect();
    let find = |known: &[&str], what: &str| -> Result<Option<usize>, TraceError> {
        let found: Vec<usize> = (0..names.len()).filter(|field| known.contains(&names[*field].as_str())).collect();
        match found[..] {
            [] => Ok(None),
            [field] => Ok(Some(field)),
            // The published name is certain.
            [first, ..] if names[first] == known[0] && !found[1..].iter().any(|field| names[*field] == known[0]) => {
                Ok(Some(first))
            }
            [first, second, ..] => Err(two(header, first, second, what)),
        }
    };
    let query = find(&QUERIES, "the query")?;
    let iteration = find(&ITERATIONS, "the iteration")?;
    let (est, actual) = (find(&ESTIMATES, "the estimate")?, find(&ACTUALS, "the actual rows")?);
    let latency = times(&names);
    let latency = match latency[..] {
        [] => None,
        [one] => Some(one),
        [first, ..] if names[first.0] == "latency_ms" => Some(first),
        [first, second, ..] => return Err(two(header, first.0, second.0, "the time of an execution")),
    };
    let required = ["query_id", "iteration", "latency_ms"];
    let (Some(query), Some(iteration), Some((latency, unit))) = (query, iteration, latency) else {
        let is_there = [query.is_some(), iteration.is_some(), latency.is_some()];
        let missing = required.into_iter().zip(is_there).filter(|(_, is_there)| !is_there);
        return Err(header.lacks(&missing.map(|(name, _)| name).collect::<Vec<_>>()));
    };
    if est.is_some() != actual.is_some() {
        return Err(header.lacks(&[if est.is_some() { "actual_rows" } else { "est_rows" }]));
    }
    let told = options.values.text(&LATENCY_UNIT).and_then(|text| unit_ms(text).ok());
    let shown = &header.names()[latency];
    let Some(unit_ms) = told.or(unit) else {
        return Err(header.problem(JobProblem::Unit { column: shown.clone() }));
    };
    let mut notes = Vec::new();
    if est.is_none() {
        notes.push("there are no columns `est_rows` and `actual_rows`: the residuals are of times alone".to_owned());
    }
    if names[latency] != "latency_ms" {
        notes.push(format!(
            "`{}` is the query, `{}` the iteration, `{shown}` its time in {}",
            header.names()[query],
            header.names()[iteration],
            unit_name(unit_ms)
        ));
    }
    let mut columns = Columns::default();
    for field in [query, iteration, latency] {
        columns.add(header, field);
    }
    for (name, field) in [("est_rows", est), ("actual_rows", actual), ("plan_hash", find(&PLANS, "the plan")?)] {
        match field {
            Some(field) => columns.add(header, field),
            None => columns.add_absent(name),
        }
    }
    if est.is_none() {
        notes.extend(header.unread(&columns).map(|names| format!("not looked at: {names}")));
    }
    Ok(SelectedTimes { columns, unit_ms, notes })
}

fn unit_name(unit_ms: f64) -> &'static str {
    match unit_ms {
        1e3 => "seconds",
        1.0 => "milliseconds",
        _ => "microseconds",
    }
}

/// The columns that are times of executions, each with the milliseconds of its unit if its name says it.
fn times(names: &[String]) -> Vec<(usize, Option<f64>)> {
    // DuckDB's runner writes `name`, `run`, `timing`; a time is in seconds there.
    let is_duckdb = ["name", "run", "timing"].iter().all(|column| names.iter().any(|name| name == column));
    let mut found: Vec<(usize, Option<f64>)> = Vec::new();
    for (field, name) in names.iter().enumerate() {
        let unit = UNITS.iter().find_map(|(unit, ms)| {
            let rest = name.strip_suffix(unit)?;
            let stem = rest.trim_end_matches(['_', ' ', '(', '[', '-', '.']);
            let is_time = TIMES.contains(&stem) || stem.is_empty();
            // `times` is `time` and an s, and no unit.
            (is_time && (stem.is_empty() || stem.len() < rest.len())).then_some(*ms)
        });
        let bracketed = name.strip_suffix([')', ']']).and_then(|open| {
            let (stem, unit) = open.rsplit_once(['(', '['])?;
            let ms = UNITS.iter().find(|(known, _)| *known == unit.trim())?.1;
            TIMES.contains(&stem.trim_end_matches(['_', ' '])).then_some(ms)
        });
        if let Some(ms) = unit.or(bracketed) {
            found.push((field, Some(ms)));
        } else if is_duckdb && name == "timing" {
            found.push((field, Some(1e3)));
        } else if TIMES.contains(&name.as_str()) && name != "execution" {
            found.push((field, None));
        }
    }
    found.sort_by_key(|(field, _)| names[*field] != "latency_ms");
    found
}

fn two(header: &Header, first: usize, second: usize, what: &str) -> TraceError {
    const ADVICE: &str =
        "remove one of them, or call the right one by its published name (query_id, iteration, latency_ms)";
    let (first, second) = (header.numbered(first), header.numbered(second));
    header.problem(HeaderProblem::Ambiguous { first, second, what: what.to_owned(), advice: ADVICE })
}
