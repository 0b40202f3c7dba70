//! The Cardinality Estimation Benchmark (Negi et al., VLDB 2021): true and estimated rows of every subplan.

mod problem;
mod sql;

use std::path::Path;

pub use problem::CebProblem;

use crate::diagnostics::Place;
use crate::residual::{Channels, Class, formula};
use crate::store::InputDigest;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::output::Output;
use crate::trace::read::{
    Cardinality, Column, DELIMITER, Known, Names, Reading, Sentinels, Unless, Values, read_table, repeated, table,
};
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Ceb;

static ABOUT: About = About {
    name: "ceb",
    title: "The Cardinality Estimation Benchmark",
    citation: Some("Negi et al., VLDB 2021"),
    format: "CSV: query_id, subplan_id, true_rows, est_rows; or the SQL of sub-plans with two bars, and a file of estimates \
             ([docs/adapters/ceb.md](docs/adapters/ceb.md))",
    constructions: &[Construction::Own("template"), Construction::Reference],
    options: &[ESTIMATES, TRUE_ROWS, DELIMITER],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Ceb {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Name};
        Some(vec![
            ("query_id", Name, |row| format!("q{row}")),
            ("subplan_id", Name, |_| "mi1_t".to_owned()),
            ("true_rows", Amount, |row| (row + 1).to_string()),
            ("est_rows", Amount, |_| "10".to_owned()),
        ])
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        let mut inputs = trace.open_all(options.digest)?;
        if sql::is_sql(inputs.peek(HEAD_BYTES)?) {
            return convert(sql::read(inputs.single()?, options)?, options);
        }
        for option in [&ESTIMATES, &TRUE_ROWS] {
            if options.values.text(option).is_some() {
                let problem = CebProblem::Table { flag: option.flag };
                return Err(TraceError::format(Place::file(inputs.path()), problem));
            }
        }
        convert(read_table::<Subplans>(inputs, options)?, options)
    }

    fn digest_input(&self, path: &Path, options: &Options) -> Result<InputDigest, TraceError> {
        sql::digest(path, options)
    }
}

/// Bytes that tell SQL from a table.
const HEAD_BYTES: usize = 64 << 10;

/// The estimates of sub-plans.
const ESTIMATES: OptionSpec = OptionSpec {
    flag: "estimates",
    key: "estimates",
    help: "File with an estimate for each line of SQL; relative to the folder of the trace",
    kind: OptionKind::Text { value_name: "FILE", check: |text| check_file(text) },
};

/// The true rows of sub-plans.
const TRUE_ROWS: OptionSpec = OptionSpec {
    flag: "true-rows",
    key: "true_rows",
    help: "File with the true rows for each line of SQL that does not have them; relative to the folder of the trace",
    kind: OptionKind::Text { value_name: "FILE", check: |text| check_file(text) },
};

fn check_file(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("the path of a file".to_owned()) } else { Ok(()) }
}

/// Rows that were counted, or not.
type Rows = Unless<Cardinality, NotCounted>;

/// What the benchmark's programs write where they did not count: a cross join, then a time-out, then another failure. The
/// numbers of earlier versions are in files that are still about.
struct NotCounted;

impl Sentinels for NotCounted {
    const NUMBERS: &'static [f64] = &[
        150_001_000_000.0,
        150_001_000_001.0,
        150_001_000_002.0,
        15_000_100_000.0,
        15_000_100_001.0,
        15_000_100_002.0,
        150_001_000.0,
        150_001_001.0,
        150_001_002.0,
    ];
}

table! {
    /// The subplans.
    struct Subplans {
        query: Names<Known> = required("query_id"),
        subplan: Names<Known> = required("subplan_id"),
        true_rows: Values<Rows> = required("true_rows"),
        est_rows: Values<Rows> = required("est_rows"),
    }
}

impl Subplans {
    /// Appends a sub-plan.
    fn push(&mut self, query: &str, subplan: &str, true_rows: f64, est_rows: f64) {
        self.query.push(query.into());
        self.subplan.push(subplan.into());
        self.true_rows.push(true_rows);
        self.est_rows.push(est_rows);
    }
}

fn convert(reading: Reading<Subplans>, options: &Options) -> Result<Conversion, TraceError> {
    let rows = reading.table.true_rows.len();
    let (mut output, table) = Output::new(options, reading, rows);
    match options.construction {
        Construction::Reference => reference(&mut output, &table, options)?,
        Construction::Own(_) => template(&mut output, &table, options)?,
    }
    Ok(output.finish())
}

/// Each subplan of each query is a channel, which holds one sample.
fn reference(output: &mut Output<'_>, table: &Subplans, options: &Options) -> Result<(), TraceError> {
    let ranks = table.query.names.ranks();
    let mut order: Vec<usize> = (0..table.true_rows.len()).collect();
    order.sort_by_key(|row| ranks[table.query[*row].index()]);
    let mut channels = Channels::default();
    let mut name = String::new();
    for row in order {
        let query = table.query[row];
        name.clear();
        name.push_str(table.query.of_row(row));
        name.push('#');
        name.push_str(table.subplan.of_row(row));
        let place = channels.intern(&name).index() % 100;
        // Sorted by name, queries first appear in the order of their ranks.
        let t = f64::from(ranks[query.index()]) + place as f64 * 0.01;
        let residual = formula::cardinality(options.math, table.est_rows[row], table.true_rows[row]);
        let channel = output.builder.channel(&name);
        if output.row(row, &[(t, Class::Cardinality, residual, channel)])? {
            output.count_clamped("est_rows", table.est_rows[row]);
            output.count_clamped("true_rows", table.true_rows[row]);
        }
    }
    Ok(())
}

/// Each template of a subplan is a channel: which tables it joins. In a file of the benchmark's aliases ([`uses_aliases`])
/// these are the aliases in order of name, without the number that tells two instances of a table apart (`mi1_it1_t` and
/// `it2_mi2_t` are both `it_mi_t`). In any other file it is the id as it stands: underscores are part of names, and
/// `store_sales_catalog_returns` does not join what `store_returns_catalog_sales` joins.
///
/// A query is a unit of time, in order of first appearance, and its subplans follow each other within it.
///
/// The residual is the error of the estimate itself and not its distance from earlier ones: the benchmark has no time, so
/// that "earlier" would be the order of the file, and the estimator does not change in it. Unlike a latency, an estimate
/// has a right value. The public sample has 76 queries and 222 templates, half of which occur 8 times or less; within one,
/// the residuals spread by 1.1 decades, so that a history of 5 would cost most of the samples and mean little.
fn template(output: &mut Output<'_>, table: &Subplans, options: &Options) -> Result<(), TraceError> {
    let rows = table.true_rows.len();
    let pairs = repeated(rows, |row| (table.query[row], table.subplan[row]));
    let is_left = output.once(rows, &pairs, "of a subplan that is twice in a query", |row| {
        let (query, subplan) = (table.query.of_row(row).to_owned(), table.subplan.of_row(row).to_owned());
        RepeatedKey::Subplan { subplan, query }
    })?;
    let subplans = &table.subplan.names;
    let uses_aliases = subplans.ids().all(|id| uses_aliases(subplans.name(id)));
    let template = |name: &str| if uses_aliases { template_of(name) } else { name.to_owned() };
    let templates: Vec<_> = subplans.ids().map(|id| output.builder.channel(&template(subplans.name(id)))).collect();
    let mut counts = vec![0_u32; table.query.names.len()];
    let rows = || (0..rows).filter(|row| is_left[*row]);
    rows().for_each(|row| counts[table.query[row].index()] += 1);
    let mut seen = vec![0_u32; table.query.names.len()];
    for row in rows() {
        let query = table.query[row].index();
        let t = query as f64 + f64::from(seen[query]) / f64::from(counts[query]);
        seen[query] += 1;
        let residual = formula::cardinality(options.math, table.est_rows[row], table.true_rows[row]);
        output.row(row, &[(t, Class::Cardinality, residual, templates[table.subplan[row].index()])])?;
    }
    Ok(())
}

/// The aliases of IMDb's tables in the queries of the benchmark.
const ALIASES: [&str; 21] = [
    "an", "at", "cc", "cct", "chn", "ci", "cn", "ct", "it", "k", "kt", "lt", "mc", "mi", "mii", "mk", "ml", "n", "pi",
    "rt", "t",
];

/// Those of tables that a query joins more than once: only these are numbered.
const NUMBERED: [&str; 5] = ["cct", "it", "mi", "mii", "pi"];

/// Whether a subplan's id is made of the benchmark's aliases, with `_` between them.
fn uses_aliases(subplan: &str) -> bool {
    subplan.split('_').all(|part| {
        let alias = without_number(part);
        ALIASES.contains(&alias) && (alias == part || NUMBERED.contains(&alias))
    })
}

fn without_number(alias: &str) -> &str {
    alias.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn template_of(subplan: &str) -> String {
    let mut aliases: Vec<&str> = subplan.split('_').map(without_number).collect();
    aliases.sort_unstable();
    aliases.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_the_sorted_tables() {
        for (subplan, expected) in [
            ("t", "t"),
            ("mi1_it1_t", "it_mi_t"),
            ("it2_mi2_t", "it_mi_t"),
            ("mi2_mi1", "mi_mi"),
            ("pi1_n_an", "an_n_pi"),
        ] {
            assert!(uses_aliases(subplan), "{subplan}");
            assert_eq!(template_of(subplan), expected, "{subplan}");
        }
    }

    #[test]
    fn names_of_tables_are_no_aliases() {
        for subplan in [
            "store_sales",
            "store_sales_catalog_returns",
            "movie_info_title",
            "t1_t2",
            "mi1_T",
            "mi1__t",
            "orders_2023",
            "sp7",
            "7",
            "",
        ] {
            assert!(!uses_aliases(subplan), "{subplan}");
        }
    }
}
