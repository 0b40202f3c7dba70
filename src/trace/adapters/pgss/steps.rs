//! What ran between two snapshots of a statement, and where that is not known.

use super::polls::Polls;
use super::{Counters, Counting};
use crate::residual::ChannelId;

/// What ran up to a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CounterStep {
    /// The row at its start; none where counters count from the snapshot before.
    pub(super) before: Option<usize>,
    /// The row at its end.
    pub(super) row: usize,
    /// The snapshot at its end.
    pub(super) poll: usize,
    /// Whether it starts at the snapshot before.
    pub(super) is_adjacent: bool,
    pub(super) ran: u64,
    pub(super) total_ms: f64,
}

/// The steps of all keys.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// By key, in order of time.
    pub(super) of_key: Vec<Vec<CounterStep>>,
    /// By key: snapshots since the one before which it was first counted, and its calls.
    pub(super) new: Vec<Vec<(usize, u64)>>,
    /// Snapshots before which the counters were reset: most of them fell.
    pub(super) resets: Vec<usize>,
    /// Whether a snapshot may lack statements that ran.
    pub(super) is_selection: bool,
}

/// Counters that do not count from what they are taken to count from.
#[derive(Debug, PartialEq)]
pub(super) enum WrongCounting {
    /// Too many of them fall.
    Fall {
        fell: usize,
        steps: usize,
        /// The first row that is below the one before.
        row: usize,
        /// How many series there are, one row of each after the other, none of which falls.
        series: Option<usize>,
    },
    /// Calls grow, and their total time falls.
    Contradiction { before: usize, row: usize },
    /// They never fall.
    NeverFall { steps: usize, row: usize },
}

/// Two rows of one key, one after the other.
struct Pair {
    before: usize,
    row: usize,
    from: usize,
    to: usize,
    /// The server says that it began to count anew.
    is_marked: bool,
    fell: bool,
    /// Its calls grew.
    grew: bool,
}

impl Pair {
    fn is_adjacent(&self) -> bool {
        self.from + 1 == self.to
    }
}

impl Steps {
    /// The steps between snapshots; `told` is what the counters count from, if that was told.
    ///
    /// # Errors
    /// When they are not cumulative, and nothing was told, or they are, and were told to be per interval.
    pub(super) fn new(counters: &Counters, polls: &Polls, told: Option<Counting>) -> Result<Self, WrongCounting> {
        let pairs: Vec<Vec<Pair>> = polls.of_key.iter().map(|rows| pairs(counters, rows)).collect();
        if told == Some(Counting::PerInterval) {
            check_per_interval(&pairs)?;
            return Ok(Self::per_interval(counters, polls));
        }
        let resets = find_resets(&pairs, polls.times.len());
        if told.is_none() {
            check_cumulative(counters, polls, &pairs, &resets)?;
        }
        let mut steps = Self { is_selection: has_full_snapshots(polls), ..Self::default() };
        for (pairs, rows) in pairs.iter().zip(&polls.of_key) {
            let is_known = |pair: &&Pair| {
                !pair.is_marked && !pair.fell && !resets[pair.from + 1..=pair.to].iter().any(|reset| *reset)
            };
            let known = pairs.iter().filter(is_known).map(|pair| CounterStep {
                before: Some(pair.before),
                row: pair.row,
                poll: pair.to,
                is_adjacent: pair.is_adjacent(),
                ran: counters.calls[pair.row] - counters.calls[pair.before],
                total_ms: counters.total_ms[pair.row] - counters.total_ms[pair.before],
            });
            let known: Vec<CounterStep> = known.collect();
            // The view itself loses a statement only with its counters.
            steps.is_selection |= known.iter().any(|step| !step.is_adjacent);
            steps.of_key.push(known);
            let new = rows.iter().filter(|(row, poll)| is_new(counters, polls, *row, *poll));
            steps.new.push(new.map(|(row, poll)| (*poll, counters.calls[*row])).collect());
        }
        steps.resets = resets.iter().enumerate().filter_map(|(poll, reset)| reset.then_some(poll)).collect();
        Ok(steps)
    }

    fn per_interval(counters: &Counters, polls: &Polls) -> Self {
        let step = |(row, poll): &(usize, usize)| CounterStep {
            before: None,
            row: *row,
            poll: *poll,
            is_adjacent: true,
            ran: counters.calls[*row],
            total_ms: counters.total_ms[*row],
        };
        let of_key: Vec<Vec<CounterStep>> = polls.of_key.iter().map(|rows| rows.iter().map(step).collect()).collect();
        Self { new: vec![Vec::new(); of_key.len()], of_key, resets: Vec::new(), is_selection: true }
    }
}

/// Whether the server says that it began to count a statement after the snapshot before: then all of its calls are since.
fn is_new(counters: &Counters, polls: &Polls, row: usize, poll: usize) -> bool {
    let us = |t: f64| counters.t.us_since_1970(t);
    let Some(before) = poll.checked_sub(1) else { return false };
    match (counters.since_us[row], us(polls.times[before]), us(counters.t[row])) {
        (Some(since), Some(before), Some(now)) => since > before && since <= now,
        _ => false,
    }
}

fn pairs(counters: &Counters, rows: &[(usize, usize)]) -> Vec<Pair> {
    let mut is_marked = vec![false; rows.len()];
    mark(&mut is_marked, rows.iter().map(|(row, _)| counters.since[*row]));
    mark(&mut is_marked, rows.iter().map(|(row, _)| counters.reset[*row]));
    let pair = |(pair, is_marked): (&[(usize, usize)], &bool)| {
        let ((before, from), (row, to)) = (pair[0], pair[1]);
        Pair {
            before,
            row,
            from,
            to,
            is_marked: *is_marked,
            fell: counters.calls[row] < counters.calls[before] || counters.total_ms[row] < counters.total_ms[before],
            grew: counters.calls[row] > counters.calls[before],
        }
    };
    rows.windows(2).zip(&is_marked).map(pair).collect()
}

/// Marks the pairs of rows, by the first one, between which the server began to count anew: what it says changed. Where a row
/// does not say it, that was before it or after it.
fn mark(is_marked: &mut [bool], says: impl Iterator<Item = Option<ChannelId>>) {
    let mut last: Option<(usize, ChannelId)> = None;
    for (at, says) in says.enumerate() {
        let Some(says) = says else { continue };
        if let Some((since, other)) = last
            && other != says
        {
            is_marked[since..at].fill(true);
        }
        last = Some((at, says));
    }
}

/// The snapshots up to which more than half of the counters fell: the others were reset, too, and have grown beyond what they
/// were.
fn find_resets(pairs: &[Vec<Pair>], polls: usize) -> Vec<bool> {
    let mut steps = vec![(0, 0); polls];
    for pair in unmarked(pairs) {
        steps[pair.to].0 += usize::from(pair.fell);
        steps[pair.to].1 += 1;
    }
    steps.into_iter().map(|(fell, all)| fell * 2 > all).collect()
}

/// The pairs of adjacent snapshots between which no server says that it began to count anew.
fn unmarked(pairs: &[Vec<Pair>]) -> impl Iterator<Item = &Pair> + Clone {
    pairs.iter().flatten().filter(|pair| pair.is_adjacent() && !pair.is_marked)
}

/// Whether counters are cumulative: of steps outside of resets fewer than a quarter fall, and there is no reset up to a third
/// of the snapshots or more. One that falls is a statement that was evicted and came back, and one reset is a reset.
///
/// After a reset, calls start from 0 together with their time: it does not explain that calls grow while their time falls. One
/// statement of many may have come back so, but not a tenth of a snapshot.
fn check_cumulative(
    counters: &Counters,
    polls: &Polls,
    pairs: &[Vec<Pair>],
    resets: &[bool],
) -> Result<(), WrongCounting> {
    let mut at_poll = vec![(0, 0, 0, None::<&Pair>); polls.times.len()];
    for pair in unmarked(pairs) {
        let (all, fell, contradict, first) = &mut at_poll[pair.to];
        *all += 1;
        *fell += usize::from(pair.fell);
        if pair.fell && pair.grew {
            *contradict += 1;
            first.get_or_insert(pair);
        }
    }
    let contradicts = |(all, fell, contradict, _): &&(usize, usize, usize, Option<&Pair>)| {
        contradict * 10 >= *all && contradict * 2 >= *fell
    };
    let contradiction = at_poll.iter().filter(contradicts).find_map(|(.., first)| *first);
    let outside = || unmarked(pairs).filter(|pair| !resets[pair.to]);
    let (fell, all) = (outside().filter(|pair| pair.fell).count(), outside().count());
    let reset_count = resets.iter().filter(|reset| **reset).count();
    let too_many = fell >= 2 && fell * 4 >= all;
    let too_often = reset_count >= 2 && reset_count * 3 >= resets.len() - 1;
    let series = series(counters, polls);
    match contradiction {
        Some(pair) if series.is_none() => {
            return Err(WrongCounting::Contradiction { before: pair.before, row: pair.row });
        }
        None if !too_many && !too_often => return Ok(()),
        _ => {}
    }
    let falls = || unmarked(pairs).filter(|pair| pair.fell);
    let row = falls().map(|pair| pair.row).min().unwrap_or_default();
    Err(WrongCounting::Fall { fell: falls().count(), steps: unmarked(pairs).count(), row, series })
}

/// How many series, none of which falls, the rows of each key may be: every second row continues the one before the last.
fn series(counters: &Counters, polls: &Polls) -> Option<usize> {
    (2..=4).find(|series| {
        let continued = || polls.of_key.iter().flat_map(|rows| rows.windows(series + 1));
        let falls = |rows: &&[(usize, usize)]| {
            let ((before, _), (row, _)) = (rows[0], rows[*series]);
            counters.calls[row] < counters.calls[before] || counters.total_ms[row] < counters.total_ms[before]
        };
        continued().count() >= 3 && !continued().any(|rows| falls(&rows))
    })
}

/// Counts per interval fall now and then; those of which none does, and most grow, are totals.
fn check_per_interval(pairs: &[Vec<Pair>]) -> Result<(), WrongCounting> {
    /// Steps that must grow.
    const GROWN: usize = 3;
    let (steps, grown) = (unmarked(pairs).count(), unmarked(pairs).filter(|pair| pair.grew).count());
    if unmarked(pairs).any(|pair| pair.fell) || grown < GROWN || grown * 2 < steps {
        return Ok(());
    }
    let row = unmarked(pairs).map(|pair| pair.row).min().unwrap_or_default();
    Err(WrongCounting::NeverFall { steps, row })
}

/// Whether all snapshots have the same number of statements, and not the same ones: the first so many of more.
fn has_full_snapshots(polls: &Polls) -> bool {
    let keys = polls.of_key.iter().filter(|rows| !rows.is_empty()).count();
    polls.rows.len() > 2 && polls.rows.iter().all(|rows| *rows == polls.rows[0] && *rows < keys)
}
