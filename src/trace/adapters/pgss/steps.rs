//! What ran between two snapshots of a statement, and where that is not known.

use super::polls::Polls;
use super::{Counters, Counting};

/// What ran up to a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
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
    pub(super) of_key: Vec<Vec<Step>>,
    /// Snapshots before which the counters were reset: most of them fell.
    pub(super) resets: Vec<usize>,
    /// Whether a snapshot may lack statements that ran.
    pub(super) is_selection: bool,
}

/// Counters of which too many fall.
#[derive(Debug, PartialEq)]
pub(super) struct NotCumulative {
    pub(super) fell: usize,
    pub(super) steps: usize,
    /// The first row that is below the one before.
    pub(super) row: usize,
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
    /// When it was not, and the counters are not cumulative.
    pub(super) fn new(counters: &Counters, polls: &Polls, told: Option<Counting>) -> Result<Self, NotCumulative> {
        if told == Some(Counting::PerInterval) {
            return Ok(Self::per_interval(counters, polls));
        }
        let pairs: Vec<Vec<Pair>> = polls.of_key.iter().map(|rows| pairs(counters, rows)).collect();
        let resets = find_resets(&pairs, polls.times.len());
        if told.is_none() {
            check(&pairs, &resets)?;
        }
        let mut steps = Self { is_selection: has_full_snapshots(polls), ..Self::default() };
        for pairs in &pairs {
            let is_known = |pair: &&Pair| {
                !pair.is_marked && !pair.fell && !resets[pair.from + 1..=pair.to].iter().any(|reset| *reset)
            };
            let known = pairs.iter().filter(is_known).map(|pair| Step {
                before: Some(pair.before),
                row: pair.row,
                poll: pair.to,
                is_adjacent: pair.is_adjacent(),
                ran: counters.calls[pair.row] - counters.calls[pair.before],
                total_ms: counters.total_ms[pair.row] - counters.total_ms[pair.before],
            });
            let known: Vec<Step> = known.collect();
            // The view itself loses a statement only with its counters.
            steps.is_selection |= known.iter().any(|step| !step.is_adjacent);
            steps.of_key.push(known);
        }
        steps.resets = resets.iter().enumerate().filter_map(|(poll, reset)| reset.then_some(poll)).collect();
        Ok(steps)
    }

    fn per_interval(counters: &Counters, polls: &Polls) -> Self {
        let step = |(row, poll): &(usize, usize)| Step {
            before: None,
            row: *row,
            poll: *poll,
            is_adjacent: true,
            ran: counters.calls[*row],
            total_ms: counters.total_ms[*row],
        };
        let of_key = polls.of_key.iter().map(|rows| rows.iter().map(step).collect()).collect();
        Self { of_key, resets: Vec::new(), is_selection: true }
    }
}

fn pairs(counters: &Counters, rows: &[(usize, usize)]) -> Vec<Pair> {
    let pair = |pair: &[(usize, usize)]| {
        let ((before, from), (row, to)) = (pair[0], pair[1]);
        Pair {
            before,
            row,
            from,
            to,
            is_marked: counters.since[before] != counters.since[row] || counters.reset[before] != counters.reset[row],
            fell: counters.calls[row] < counters.calls[before] || counters.total_ms[row] < counters.total_ms[before],
        }
    };
    rows.windows(2).map(pair).collect()
}

/// The snapshots up to which more than half of the counters fell: the others were reset, too, and have grown beyond what they
/// were.
fn find_resets(pairs: &[Vec<Pair>], polls: usize) -> Vec<bool> {
    let mut steps = vec![(0, 0); polls];
    for pair in pairs.iter().flatten().filter(|pair| pair.is_adjacent() && !pair.is_marked) {
        steps[pair.to].0 += usize::from(pair.fell);
        steps[pair.to].1 += 1;
    }
    steps.into_iter().map(|(fell, all)| fell * 2 > all).collect()
}

/// Whether counters are cumulative: of steps outside of resets fewer than a quarter fall, and there is no reset up to a third
/// of the snapshots or more. One that falls is a statement that was evicted and came back, and one reset is a reset.
fn check(pairs: &[Vec<Pair>], resets: &[bool]) -> Result<(), NotCumulative> {
    let steps = || pairs.iter().flatten().filter(|pair| pair.is_adjacent() && !pair.is_marked);
    let outside = || steps().filter(|pair| !resets[pair.to]);
    let (fell, all) = (outside().filter(|pair| pair.fell).count(), outside().count());
    let reset_count = resets.iter().filter(|reset| **reset).count();
    let too_many = fell >= 2 && fell * 4 >= all;
    let too_often = reset_count >= 2 && reset_count * 3 >= resets.len() - 1;
    if !too_many && !too_often {
        return Ok(());
    }
    let row = steps().filter(|pair| pair.fell).map(|pair| pair.row).min().unwrap_or_default();
    Err(NotCumulative { fell: steps().filter(|pair| pair.fell).count(), steps: steps().count(), row })
}

/// Whether all snapshots have the same number of statements, and not the same ones: the first so many of more.
fn has_full_snapshots(polls: &Polls) -> bool {
    let keys = polls.of_key.iter().filter(|rows| !rows.is_empty()).count();
    polls.rows.len() > 2 && polls.rows.iter().all(|rows| *rows == polls.rows[0] && *rows < keys)
}
