//! SQLShare as a CSV with user, runtime and time (Jain et al., SIGMOD 2016).

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use crate::residual::{ChannelId, Channels, Class, formula};
use crate::store::Input;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::{KNOWN, RollingMedian, Window, log_ratio};
use crate::trace::baseline::mix::{AdjacentMixes, ENOUGH_QUERIES, RecentMixes, bucket, by_rank, order_by_time};
use crate::trace::input::Trace;
use crate::trace::output::Output;
use crate::trace::read::csv::{Source, Table};
use crate::trace::read::row::{Fault, Row};
use crate::trace::skeleton::{clauses, skeleton};
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Sqlshare;

static ABOUT: About = About {
    name: "sqlshare",
    title: "SQLShare with user, runtime and time",
    citation: Some("Jain et al., SIGMOD 2016"),
    format: "CSV: user_id, runtime_seconds, submitted_at, query_text",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[],
    reference_label: None,
    is_recording: false,
};

impl Adapter for Sqlshare {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open(options.digest)?, options)
    }
}

const REQUIRED: [&str; 4] = ["user_id", "runtime_seconds", "submitted_at", "query_text"];
const USER: usize = 0;
const RUNTIME: usize = 1;
const SUBMITTED: usize = 2;
const TEXT: usize = 3;

/// Runtimes of a user's query that the published baseline is the mean of.
const WINDOW: usize = 32;

/// Length of a bucket of the workload mix.
const BUCKET_S: f64 = 86_400.0;

/// How many bytes of a skeleton a channel shows at most.
const SHOWN_BYTES: usize = 64;

/// Added to both sides of a ratio of runtimes, so that a query of a few milliseconds is not judged on jitter.
const JITTER_S: f64 = 0.01;

/// The queries as columns.
#[derive(Default)]
struct Queries {
    user: Vec<ChannelId>,
    runtime_s: Vec<f64>,
    submitted_s: Vec<f64>,
    skeleton: Vec<ChannelId>,
    clauses: Vec<ChannelId>,
    users: Channels,
    skeletons: Channels,
    clause_sets: Channels,
}

impl Table for Queries {
    type Context = Construction;

    fn row(&mut self, construction: &Construction, row: &Row<'_>) -> Result<(), Fault> {
        let runtime_s = match construction {
            Construction::Reference => row.finite(RUNTIME)?,
            Construction::Own(_) => row.duration(RUNTIME)?,
        };
        self.submitted_s.push(row.finite(SUBMITTED)?);
        self.runtime_s.push(runtime_s);
        self.user.push(self.users.intern(row.text(USER)));
        self.skeleton.push(self.skeletons.intern(&skeleton(row.text(TEXT))));
        self.clauses.push(self.clause_sets.intern(&clauses(row.text(TEXT))));
        Ok(())
    }

    fn append(&mut self, later: Self) {
        let users = self.users.absorb(&later.users);
        let skeletons = self.skeletons.absorb(&later.skeletons);
        let clause_sets = self.clause_sets.absorb(&later.clause_sets);
        self.user.extend(later.user.iter().map(|id| users[id.index()]));
        self.runtime_s.extend_from_slice(&later.runtime_s);
        self.submitted_s.extend_from_slice(&later.submitted_s);
        self.skeleton.extend(later.skeleton.iter().map(|id| skeletons[id.index()]));
        self.clauses.extend(later.clauses.iter().map(|id| clause_sets[id.index()]));
    }
}

/// What residuals need of one user's query.
struct Query {
    channel: ChannelId,
    /// Of the published construction.
    window_s: Window,
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
fn convert(input: Input<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let source = Source::new(input)?;
    let columns = source.header().select(&REQUIRED, &[])?;
    let reading = source.read::<Queries>(&columns, options.lenient, &options.construction)?;
    let rows = reading.table.user.len();
    let (mut output, table) = Output::new(options, reading, rows);

    let first = table.submitted_s.iter().copied().fold(f64::INFINITY, f64::min);
    let t: Vec<f64> = table.submitted_s.iter().map(|submitted_s| submitted_s - first).collect();
    let order = order_by_time(&t);
    let mut queries: Vec<Query> = Vec::new();
    let mut indexes: HashMap<(ChannelId, ChannelId), usize> = HashMap::new();
    let mut phases = Phases::new(options, &table, &mut output);
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        let (t, runtime_s) = (t[row], table.runtime_s[row]);
        let index = *indexes.entry((table.user[row], table.skeleton[row])).or_insert_with(|| {
            let (user, skeleton) = (table.users.name(table.user[row]), table.skeletons.name(table.skeleton[row]));
            let channel = output.builder.channel(&channel_name(options.construction, user, skeleton));
            queries.push(Query { channel, window_s: Window::default(), runtime_s: RollingMedian::default() });
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

fn channel_name(construction: Construction, user: &str, skeleton: &str) -> String {
    let end = (0..=skeleton.len().min(SHOWN_BYTES)).rev().find(|end| skeleton.is_char_boundary(*end));
    let shown = &skeleton[..end.unwrap_or(0)];
    if construction == Construction::Reference || shown.len() == skeleton.len() {
        return format!("{user}#{shown}");
    }
    let hash = hex::encode(Sha256::digest(skeleton.as_bytes()));
    format!("{user}#{shown}#{}", &hash[..8])
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
        let user_ranks = table.users.ranks();
        let channels: Vec<_> = table.users.ids().map(|id| output.builder.channel(table.users.name(id))).collect();
        Self {
            channels: by_rank(&user_ranks).into_iter().map(|index| channels[index]).collect(),
            key_ranks: match options.construction {
                Construction::Reference => table.skeletons.ranks(),
                Construction::Own(_) => table.clause_sets.ranks(),
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
}
