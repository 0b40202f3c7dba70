//! Our construction: each statement's mean latency against its own past, and the mix of what ran against the interval before.

use std::collections::{BTreeMap, BTreeSet};

use super::header::{self, SelectedCounters};
use super::polls::Polls;
use super::problem::PgssProblem;
use super::steps::{CounterStep, Steps, WrongCounting};
use super::{Counters, Counting, JOINT, MIX, Reader, Snapshots, count_rounded};
use crate::residual::Class;
use crate::residual::divergence::jensen_shannon;
use crate::trace::baseline::history::{RollingMedian, log_ratio};
use crate::trace::baseline::mix::Mix;
use crate::trace::input::Inputs;
use crate::trace::output::Output;
use crate::trace::read::Source;
use crate::trace::repeated::RepeatedKey;
use crate::trace::{Conversion, Options, TraceError};

/// Intervals of a statement that must be known: snapshots are few, and an interval's mean is steadier than one execution.
const KNOWN: usize = 3;

/// Added to both sides of a ratio of mean latencies, which may be 0.
const JITTER_MS: f64 = 0.01;

/// ln of an interval's mean latency over the median of the statement's last 24 intervals, once 3 are known, stamped at the
/// interval's end, and the divergence of what ran in an interval from the interval before.
///
/// A statement's first snapshot only primes its counters, and one before which they were reset primes them again. A statement
/// that is missing from a snapshot is unknown there, and its next interval is the longer one. What is unknown is in no mix that
/// is compared with that interval; where the server says that it began to count within it, its calls are known.
pub(super) fn convert(inputs: Inputs<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let mut source = Source::open(inputs)?;
    let selected = source.select(options, |header| header::select(header, options))?;
    let reader = Reader { construction: options.construction, levels: selected.levels.clone() };
    let reading = source.read::<Snapshots>(&selected.columns, options, &reader)?;
    let (read, rows) = (reading.rows.read, reading.table.keys.len());
    let (mut output, table) = Output::new(options, reading, rows);
    if read < 2 {
        return Err(output.file_error(PgssProblem::FewRows));
    }
    let queries = &table.counters.query.names;
    match count_rounded(queries.ids().map(|id| queries.name(id))) {
        0 => {}
        1 => {
            output.notes.push("the one large identifier looks rounded; if it is, export the column as text".to_owned())
        }
        _ => {
            return Err(output.file_error(PgssProblem::Rounded));
        }
    }
    let polls = find_polls(&mut output, &table, &selected)?;
    let told = Counting::told(options);
    check_snapshots(&output, &polls, &selected.key, told)?;
    let steps = Steps::new(&table.counters, &polls, told)
        .map_err(|problem| wrong_counting(&output, &table.counters, &problem))?;
    note_counting(&mut output, &polls, &steps, told);
    let names = channel_names(&table, &polls, &selected.key);
    latencies(&mut output, &polls, &steps, &names, options)?;
    mixes(&mut output, &polls, &steps, &names, told, options)?;
    Ok(output.finish())
}

/// The snapshots, in which every key is once.
fn find_polls(output: &mut Output<'_>, table: &Snapshots, selected: &SelectedCounters) -> Result<Polls, TraceError> {
    let (t, keys) = (&table.counters.t, table.names.len());
    let key = |row: usize| table.keys[row].index();
    let polls = Polls::new(0..table.keys.len(), t, key, keys);
    let has_twice = output.has_twice(polls.twice.iter().copied(), |row| {
        let query = table.counters.query.of_row(row).to_owned();
        RepeatedKey::Snapshot { query, t: t[row], finer: selected.finer.clone(), missing: selected.missing.clone() }
    })?;
    if !has_twice {
        return Ok(polls);
    }
    // Which row of the other snapshots is which of the two is not known either.
    let mut is_twice = vec![false; keys];
    polls.twice.iter().for_each(|(_, row)| is_twice[key(*row)] = true);
    let (kept, dropped): (Vec<usize>, Vec<usize>) = (0..table.keys.len()).partition(|row| !is_twice[key(*row)]);
    output.withdraw(&dropped, "of a query that occurs twice in a snapshot");
    Ok(Polls::new(kept.into_iter(), t, key, keys))
}

/// Checks that something can be compared with a snapshot before.
fn check_snapshots(
    output: &Output<'_>,
    polls: &Polls,
    key: &[String],
    told: Option<Counting>,
) -> Result<(), TraceError> {
    if polls.times.len() == 1 {
        return Err(output.file_error(PgssProblem::OneSnapshot));
    }
    let has_steps = || polls.of_key.iter().any(|rows| rows.len() > 1);
    if told == Some(Counting::PerInterval) || polls.times.is_empty() || has_steps() {
        return Ok(());
    }
    Err(output.file_error(PgssProblem::NothingInTwo { key: key.to_vec() }))
}

fn wrong_counting(output: &Output<'_>, counters: &Counters, problem: &WrongCounting) -> TraceError {
    let (row, problem) = match *problem {
        WrongCounting::Fall { fell, steps, row, series: None } => (row, PgssProblem::Fall { fell, steps }),
        WrongCounting::Fall { row, series: Some(servers), .. } => (row, PgssProblem::Servers { servers }),
        WrongCounting::Contradiction { before, row } => {
            let (since, rows) = (output.at(before), [before, row]);
            let (calls, total_ms) = (rows.map(|row| counters.calls[row]), rows.map(|row| counters.total_ms[row]));
            (row, PgssProblem::Contradiction { since, calls, total_ms })
        }
        WrongCounting::NeverFall { steps, row } => (row, PgssProblem::NeverFall { steps }),
    };
    output.row_error(row, problem)
}

/// Says what was recognised.
fn note_counting(output: &mut Output<'_>, polls: &Polls, steps: &Steps, told: Option<Counting>) {
    if polls.spread_s > 0.0 {
        output.notes.push(format!("rows up to {:.3} s apart are one snapshot", polls.spread_s));
    }
    if !steps.resets.is_empty() {
        let times = steps.resets.iter().take(3).map(|poll| format!("{}", polls.times[*poll] - polls.times[0]));
        let (count, times) = (steps.resets.len(), times.collect::<Vec<_>>().join(", "));
        let more = if count > 3 { ", …" } else { "" };
        output.notes.push(format!("most counters fall up to {count} of the snapshots (t = {times}{more}): resets"));
    }
    if steps.is_selection && told != Some(Counting::PerInterval) {
        output.notes.push(
            "snapshots have some of the statements only: what a missing one did is unknown, and the mix is that of \
             statements that are known in both intervals"
                .to_owned(),
        );
    }
}

/// The channel of each key that has rows: the statement's identifier, and if several keys have it the columns that tell them
/// apart.
fn channel_names(table: &Snapshots, polls: &Polls, columns: &[String]) -> BTreeMap<String, usize> {
    let mut of_query: BTreeMap<&str, Vec<(usize, Vec<&str>)>> = BTreeMap::new();
    for (key, id) in table.names.ids().enumerate().filter(|(key, _)| !polls.of_key[*key].is_empty()) {
        let mut parts = table.names.name(id).split(JOINT);
        let query = parts.next().unwrap_or_default();
        of_query.entry(query).or_default().push((key, parts.collect()));
    }
    let mut names = BTreeMap::new();
    for (query, keys) in of_query {
        let varies = |part: usize| keys.iter().any(|(_, parts)| parts[part] != keys[0].1[part]);
        let telling: Vec<usize> = (0..columns.len()).filter(|part| varies(*part)).collect();
        for (key, parts) in &keys {
            let parts = telling.iter().map(|part| format!(" {}={}", columns[*part], parts[*part]));
            names.insert(parts.fold(query.to_owned(), |name, part| name + &part), *key);
        }
    }
    names
}

fn latencies(
    output: &mut Output<'_>,
    polls: &Polls,
    steps: &Steps,
    names: &BTreeMap<String, usize>,
    options: &Options,
) -> Result<(), TraceError> {
    for (name, key) in names {
        let channel = output.builder.channel(name);
        let mut history = RollingMedian::default();
        for CounterStep { before, row, poll, ran, total_ms, .. } in
            steps.of_key[*key].iter().filter(|step| step.ran > 0)
        {
            let mean_ms = total_ms / *ran as f64;
            let slower = history.after(KNOWN).map(|median| log_ratio(options.math, mean_ms, median, JITTER_MS));
            let t = polls.times[*poll] - polls.times[0];
            let residual = slower.map(|slower| (t, Class::PlanRegression, slower, channel));
            before.iter().for_each(|before| output.feeds(*before));
            if output.row(*row, residual.as_slice())? {
                history.push(mean_ms);
            }
        }
    }
    Ok(())
}

/// What is known of what ran up to a snapshot since the one before, by rank of the channel's name.
#[derive(Clone, Default)]
struct Interval {
    ran: Mix,
    /// Statements that are in this snapshot or the one before, and of which it is not known how often they ran since.
    unknown: Vec<u32>,
}

fn mixes(
    output: &mut Output<'_>,
    polls: &Polls,
    steps: &Steps,
    names: &BTreeMap<String, usize>,
    told: Option<Counting>,
    options: &Options,
) -> Result<(), TraceError> {
    let mut intervals = vec![Interval::default(); polls.times.len()];
    for (rank, key) in (0..).zip(names.values()) {
        let known = steps.of_key[*key].iter().filter(|step| step.is_adjacent).map(|step| (step.poll, step.ran));
        let mut known: BTreeMap<usize, u64> = known.collect();
        // What began to run within an interval has run as often as it says; of what was merely not there, nobody knows.
        for (poll, calls) in &steps.new[*key] {
            known.entry(*poll).or_insert(*calls);
        }
        let is_there: BTreeSet<usize> = polls.of_key[*key].iter().map(|(_, poll)| *poll).collect();
        let ends = is_there.iter().flat_map(|poll| [*poll, poll + 1]).filter(|end| *end < intervals.len());
        for end in ends.collect::<BTreeSet<usize>>() {
            match known.get(&end) {
                Some(ran) => intervals[end].ran.push((rank, *ran)),
                None => intervals[end].unknown.push(rank),
            }
        }
    }
    let channel = output.builder.channel(MIX);
    let first = if told == Some(Counting::PerInterval) { 0 } else { 1 };
    for poll in first + 1..polls.times.len() {
        let (earlier, later) = (&intervals[poll - 1], &intervals[poll]);
        let (earlier, later) = (comparable(earlier, later, steps), comparable(later, earlier, steps));
        if !earlier.is_empty() && !later.is_empty() {
            let divergence = jensen_shannon(options.math, &earlier, &later);
            output.push(polls.times[poll] - polls.times[0], Class::WorkloadPhase, divergence, channel)?;
        }
    }
    Ok(())
}

/// What ran in an interval of the statements of which that is known in another one, too. In a whole view, what was never there
/// did not run.
fn comparable(of: &Interval, with: &Interval, steps: &Steps) -> Mix {
    let has = |mix: &Mix, rank: &u32| mix.binary_search_by_key(rank, |(rank, _)| *rank).is_ok();
    let is_known = |rank: &u32| {
        if steps.is_selection { has(&with.ran, rank) } else { with.unknown.binary_search(rank).is_err() }
    };
    of.ran.iter().filter(|(rank, ran)| *ran > 0 && is_known(rank)).copied().collect()
}
