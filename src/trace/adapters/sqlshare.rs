//! SQLShare as a CSV with user, runtime and time (Jain et al., SIGMOD 2016).

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::residual::{ChannelId, Class, formula};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::{KNOWN, RecentValues, RollingMedian, log_ratio};
use crate::trace::baseline::mix::{AdjacentMixes, ENOUGH_QUERIES, RecentMixes, bucket, by_rank, order_by_time};
use crate::trace::input::{Inputs, Trace};
use crate::trace::option::{OptionKind, OptionSpec};
use crate::trace::output::Output;
use crate::trace::read::{
    Cell, CellProblem, DELIMITER, Duration, Ids, Known, Names, Naming, RowFault, TIME_UNIT, TIME_ZONE, Times, Unknown,
    Values, read_table, repeated, repeated_ids, table,
};
use crate::trace::repeated::RepeatedKey;
use crate::trace::skeleton::{abbreviated, clauses, owned, published_skeleton, skeleton, start_of};
use crate::trace::statement;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Sqlshare;

static ABOUT: About = About {
    name: "sqlshare",
    title: "SQLShare with user, runtime and time",
    citation: Some("Jain et al., SIGMOD 2016"),
    format: "CSV: user_id, runtime_seconds, submitted_at, query_text",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[KEEP_REPEATS, DELIMITER, TIME_UNIT, TIME_ZONE],
    reference_label: None,
    is_recording: false,
};

const KEEP_REPEATS: OptionSpec = OptionSpec {
    flag: "keep-repeats",
    key: "keep_repeats",
    help: "Take rows without ids that are equal for statements that were run several times",
    kind: OptionKind::Switch,
};

impl Adapter for Sqlshare {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        use crate::trace::kinds_tests::What::{Amount, Name, Time};
        Some(vec![
            ("user_id", Name, |row| format!("u{}", row % 2)),
            ("runtime_seconds", Amount, |row| (1 + row % 3).to_string()),
            ("submitted_at", Time, |row| (1_400_000_000 + row * 60).to_string()),
            ("query_text", Name, |_| "select a from t".to_owned()),
        ])
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open_all(options.digest)?, options)
    }

    /// The published construction takes them so without being told.
    fn without_effect(&self, construction: Construction) -> &'static [OptionSpec] {
        if construction.is_reference() { &[KEEP_REPEATS] } else { &[] }
    }
}

/// Runtimes of a user's query that the published baseline is the mean of.
const WINDOW: usize = 32;

/// Length of a bucket of the workload mix.
const BUCKET_S: f64 = 86_400.0;

/// Added to both sides of a ratio of runtimes, so that a query of a few milliseconds is not judged on jitter.
const JITTER_S: f64 = 0.01;

table! {
    /// The queries.
    struct Queries {
        user: Names<Known> = required("user_id"),
        runtime_s: Values<Duration> = required("runtime_seconds"),
        submitted_s: Times = required("submitted_at"),
        skeleton: Names<Skeleton> = required("query_text"),
        clauses: Names<Clauses> = required("query_text"),
        text: Ids = required("query_text"),
        id: Ids = optional("query_id"),
    }
}

/// The text of a query; the published construction takes any for one.
fn query(cell: Cell<'_>, construction: Construction) -> Result<&str, RowFault> {
    let text = cell.name(construction)?;
    if !construction.is_reference() && statement::is_unknown(text) {
        return Err(cell.fault(CellProblem::Unknown(Unknown::of(text).unwrap_or(Unknown::NotAvailable))));
    }
    Ok(text)
}

/// The query without its literals.
struct Skeleton;

impl Naming for Skeleton {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        let text = query(cell, construction)?;
        Ok(match construction {
            Construction::Reference => published_skeleton(text).into(),
            Construction::Own(_) => skeleton(text).into(),
        })
    }
}

/// The clauses of the query.
struct Clauses;

impl Naming for Clauses {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        Ok(clauses(query(cell, construction)?).into())
    }
}

/// What residuals need of one user's query.
struct QueryHistory {
    channel: ChannelId,
    /// Of the published construction.
    window_s: RecentValues,
    /// Of ours.
    runtime_s: RollingMedian,
}

/// Queries in order of time, per user and skeleton.
///
/// `reference`: runtime against the mean of the last 32, channel `user#` and the first 64 bytes of the skeleton (fewer, where
/// the 64th would cut a character), and per user the divergence of the skeletons of a day from those of the day finished
/// before, stamped at its start.
///
/// `plain` (ours): ln of the runtime over the median of the last 24, once 5 are known; where the channel cuts the skeleton,
/// the first 8 digits of its SHA-256 follow, so that two skeletons are two channels; and per user the divergence of the sets
/// of clauses ([`clauses`]; hardly a skeleton comes twice) of a day with 20 queries or more from those of the user's last
/// such day, stamped at its end. The last day is left out: nothing tells that it is complete.
fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let reading = read_table::<Queries>(inputs, options)?;
    let rows = reading.table.runtime_s.len();
    let (mut output, table) = Output::new(options, reading, rows);

    let is_left = once(&mut output, &table, options)?;
    let first = table.submitted_s.iter().copied().fold(f64::INFINITY, f64::min);
    let t: Vec<f64> = table.submitted_s.iter().map(|submitted_s| submitted_s - first).collect();
    let order = order_by_time(&t);
    let mut queries: Vec<QueryHistory> = Vec::new();
    let mut indexes: HashMap<(ChannelId, ChannelId), usize> = HashMap::new();
    let mut phases = Phases::new(options, &table, &mut output);
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        if !is_left[row] {
            continue;
        }
        let (t, runtime_s) = (t[row], table.runtime_s[row]);
        let index = *indexes.entry((table.user[row], table.skeleton[row])).or_insert_with(|| {
            let (user, skeleton) = (table.user.of_row(row), table.skeleton.of_row(row));
            let channel = output.builder.channel(&channel_name(options.construction, user, skeleton));
            queries.push(QueryHistory {
                channel,
                window_s: RecentValues::default(),
                runtime_s: RollingMedian::default(),
            });
            queries.len() - 1
        });
        let query = &mut queries[index];
        let residual = match options.construction {
            Construction::Reference => Some(formula::latency(runtime_s, query.window_s.mean_or(runtime_s))),
            Construction::Own(_) => {
                query.runtime_s.after(KNOWN).map(|median| log_ratio(options.math, runtime_s, median, JITTER_S))
            }
        };
        let residual = residual.map(|residual| (t, Class::PlanRegression, residual, query.channel));
        if output.row(row, residual.as_slice())? {
            match options.construction {
                Construction::Reference => query.window_s.push(runtime_s, WINDOW),
                Construction::Own(_) => query.runtime_s.push(runtime_s),
            }
            phases.count(t, row, &mut output)?;
        }
    }
    Ok(output.finish())
}

/// Which rows are no other one again. A user may well run a statement twice at a time, but hardly for as long to the digit;
/// where times are whole seconds, the file does not tell which of both it is.
fn once(output: &mut Output<'_>, table: &Queries, options: &Options) -> Result<Vec<bool>, TraceError> {
    let rows = table.runtime_s.len();
    let pairs = repeated_ids(&table.id);
    let id = |_| RepeatedKey::Id { column: "query_id" };
    let mut is_left = output.once(rows, &pairs, "of a query that is there twice", id)?;
    let pairs = match options.construction {
        Construction::Own(_) if !table.id.is_known() && !options.values.switch(&KEEP_REPEATS) => {
            repeated(rows, |row| {
                let numbers = [table.submitted_s[row], table.runtime_s[row]].map(f64::to_bits);
                (table.user[row], table.text.of_row(row), numbers)
            })
        }
        _ => Vec::new(),
    };
    let other = output.once(rows, &pairs, "of a row that is there twice", |_| RepeatedKey::WholeRow)?;
    is_left.iter_mut().zip(other).for_each(|(is_left, other)| *is_left &= other);
    Ok(is_left)
}

fn channel_name(construction: Construction, user: &str, skeleton: &str) -> String {
    match construction {
        Construction::Reference => format!("{user}#{}", start_of(skeleton)),
        Construction::Own(_) => owned(user, &abbreviated(skeleton)),
    }
}

/// What users ask, day by day.
struct Phases<'a> {
    options: &'a Options,
    table: &'a Queries,
    user_ranks: Vec<u32>,
    /// By rank.
    channels: Vec<ChannelId>,
    key_ranks: Vec<u32>,
    current: i64,
    adjacent: AdjacentMixes,
    recent: RecentMixes,
}

impl<'a> Phases<'a> {
    fn new(options: &'a Options, table: &'a Queries, output: &mut Output<'_>) -> Self {
        let users = &table.user.names;
        let user_ranks = users.ranks();
        let channels: Vec<_> = users.ids().map(|id| output.builder.channel(users.name(id))).collect();
        Self {
            channels: by_rank(&user_ranks).into_iter().map(|index| channels[index]).collect(),
            key_ranks: match options.construction {
                Construction::Reference => table.skeleton.names.ranks(),
                Construction::Own(_) => table.clauses.names.ranks(),
            },
            options,
            table,
            user_ranks,
            current: 0,
            adjacent: AdjacentMixes::default(),
            recent: RecentMixes::of_at_least(ENOUGH_QUERIES),
        }
    }

    fn count(&mut self, t: f64, row: usize, output: &mut Output<'_>) -> Result<(), TraceError> {
        let bucket = bucket(t, BUCKET_S);
        let user = self.user_ranks[self.table.user[row].index()];
        if bucket != self.current {
            let (divergences, stamped) = match self.options.construction {
                Construction::Reference => (self.adjacent.finish(self.options.math), self.current as f64),
                Construction::Own(_) => (self.recent.finish(self.options.math), self.current as f64 + 1.0),
            };
            for (user, divergence) in divergences {
                let channel = self.channels[user as usize];
                output.push(stamped * BUCKET_S, Class::WorkloadPhase, divergence, channel)?;
            }
            self.current = bucket;
        }
        match self.options.construction {
            Construction::Reference => self.adjacent.count(user, self.key_ranks[self.table.skeleton[row].index()]),
            Construction::Own(_) => self.recent.count(user, self.key_ranks[self.table.clauses[row].index()]),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skeleton_is_cut_at_a_character_and_ours_says_which_one_it_was() {
        let skeleton = format!("{}é and more", "x".repeat(63));
        assert_eq!(channel_name(Construction::Reference, "u", &skeleton), format!("u#{}", "x".repeat(63)));
        assert_eq!(channel_name(Construction::Own("plain"), "u", &skeleton), format!("u#{}#a50e1ffe", "x".repeat(63)));
        assert_eq!(channel_name(Construction::Own("plain"), "u", &"x".repeat(64)), format!("u#{}", "x".repeat(64)));
    }

    #[test]
    fn no_user_and_query_have_the_channel_of_others() {
        let own = |user, query| channel_name(Construction::Own("plain"), user, query);
        assert_eq!(own("a#b", "c"), "\"a#b\"#c");
        assert_eq!(own("a", "b#c"), "a#b#c");
        assert_eq!(own("\"a", "b"), "\"\"\"a\"#b");
        assert_eq!(channel_name(Construction::Reference, "a#b", "c"), "a#b#c");
    }
}
