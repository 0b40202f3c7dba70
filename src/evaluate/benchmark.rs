//! Many detectors over a suite of tapes whose faults are known, and the leaderboard that comes of it.

use std::cmp::Ordering;

use sha2::{Digest, Sha256};

use super::ordered::try_in_order;
use super::{
    ANY, Answered, ByTime, CommandError, Generator, GroupScore, ScoreInterval, Subject, Tally, TimeTally, Window,
    by_time, mean_intervals, pool, tally, together,
};
use crate::residual::{Math, Stream};

/// A suite, and who is held against it.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// The sets, in the order of the leaderboard.
    pub sets: Vec<BenchmarkSet>,
    /// Engines, detectors and commands.
    pub subjects: Vec<Subject>,
    /// Logarithms of generators and detectors.
    pub math: Math,
}

/// Tapes that are counted together.
#[derive(Clone, Debug)]
pub struct BenchmarkSet {
    /// Its name in the leaderboard.
    pub name: String,
    /// Its tapes, each with its windows.
    pub runs: Vec<BenchmarkRun>,
    /// How their channels are grouped.
    pub rules: ByTime,
}

/// A tape of a suite.
#[derive(Clone, Debug)]
pub enum BenchmarkRun {
    /// Made when it is needed.
    Generated {
        /// What makes it.
        generator: Generator,
        /// Its seed.
        seed: u64,
    },
    /// Read from a file.
    Recorded {
        /// Its samples.
        stream: Box<Stream>,
        /// Its faults; none where there is none.
        windows: Vec<Window>,
    },
}

/// What a benchmark gives.
#[derive(Clone, Debug)]
pub struct Leaderboard {
    /// What was run on.
    pub sets: Vec<SetSummary>,
    /// Set by set, the best first; behind them, under the name `all`, the mean over the sets, where there are several.
    pub standings: Vec<Standing>,
    /// What commands answered, run by run.
    pub answers: Vec<Answered>,
}

/// What a set is of.
#[derive(Clone, Debug)]
pub struct SetSummary {
    /// Its name.
    pub name: String,
    /// Tapes.
    pub runs: usize,
    /// Windows on them.
    pub windows: usize,
    /// Their length together, in hours.
    pub hours: f64,
    /// SHA-256 over the tapes and windows: scores with another one are not of the same set.
    pub sha256: String,
}

/// How one detector did on one set.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The set.
    pub set: String,
    /// The detector.
    pub detector: String,
    /// Tapes.
    pub runs: usize,
    /// By time, with intervals over runs.
    pub j: ScoreInterval,
    /// Share of the windows in which an episode was detected.
    pub hit: ScoreInterval,
    /// Episodes of a group on no window, an hour.
    pub false_alarms_per_hour: ScoreInterval,
    /// Share of the time in episodes that is in windows.
    pub precision: Option<f64>,
    /// Share of the time in windows that is in episodes.
    pub recall: Option<f64>,
    /// Of episodes and windows of the very channel; nothing where windows are of groups.
    pub f1: ScoreInterval,
    /// The same by range.
    pub range_f1: ScoreInterval,
    /// Median of the delays, seconds.
    pub delay_s: ScoreInterval,
}

/// The name of what stands for all sets.
pub const ALL_SETS: &str = "all";

/// What was made of one tape.
struct Ran {
    digest: String,
    windows: usize,
    is_exact: bool,
    /// Of each subject.
    found: Vec<(Vec<Tally>, TimeTally)>,
    answers: Vec<Answered>,
}

impl Benchmark {
    /// Runs everybody on everything, in parallel over tapes, with results by index; `ran` is told of each tape as it ends.
    ///
    /// # Errors
    /// When a command fails; of several the first in the order of sets and tapes.
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Result<Leaderboard, CommandError> {
        let jobs: Vec<(&BenchmarkSet, &BenchmarkRun)> =
            self.sets.iter().flat_map(|set| set.runs.iter().map(move |run| (set, run))).collect();
        let results = try_in_order(&jobs, |(set, run)| {
            let result = self.run_one(set, run)?;
            ran();
            Ok(result)
        })?;
        let mut rest = &results[..];
        let of_sets: Vec<(&BenchmarkSet, &[Ran])> = self
            .sets
            .iter()
            .map(|set| {
                let (of_set, behind) = rest.split_at(set.runs.len());
                rest = behind;
                (set, of_set)
            })
            .collect();
        let mut standings = Vec::new();
        for (set, runs) in &of_sets {
            standings.extend(in_order(self.each_subject(|index, name| stand(&set.name, name, runs, index))));
        }
        if of_sets.len() > 1 {
            standings.extend(in_order(self.each_subject(|index, name| stand_together(name, &of_sets, index))));
        }
        let sets = of_sets.iter().map(|(set, runs)| summarise(set, runs)).collect();
        let answers = results.iter().flat_map(|run| run.answers.clone()).collect();
        Ok(Leaderboard { sets, standings, answers })
    }

    fn each_subject(&self, stand: impl Fn(usize, &str) -> Standing) -> Vec<Standing> {
        self.subjects.iter().enumerate().map(|(index, subject)| stand(index, subject.name())).collect()
    }

    fn run_one(&self, set: &BenchmarkSet, run: &BenchmarkRun) -> Result<Ran, CommandError> {
        let generated;
        let (stream, windows, seed) = match run {
            BenchmarkRun::Generated { generator, seed } => {
                generated = generator.stream(*seed, self.math);
                (&generated, generator.windows(), Some(*seed))
            }
            BenchmarkRun::Recorded { stream, windows } => (&**stream, windows.clone(), None),
        };
        let mut ran = Ran {
            digest: digest(stream, &windows),
            windows: windows.len(),
            // A window of a group is on no channel.
            is_exact: set.rules.grouping.separator.is_none() && windows.iter().all(|window| window.channel != ANY),
            found: Vec::new(),
            answers: Vec::new(),
        };
        for subject in &self.subjects {
            let found = subject.find(stream, self.math)?;
            let groups = by_time(stream, &found.spans, &windows, &set.rules);
            let by_time = TimeTally::sum(groups.iter().map(|group| &group.tally));
            ran.found.push((tally(&found.spans, &windows, stream.span()), by_time));
            ran.answers.extend(found.answered(subject.name(), None, seed));
        }
        Ok(ran)
    }
}

/// SHA-256 over the fingerprint of a stream and the windows on it.
fn digest(stream: &Stream, windows: &[Window]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(stream.fingerprint());
    for Window { motif, channel, t_start, t_end } in windows {
        hasher.update(format!("\n{}|{channel}|", motif.name()));
        hasher.update([t_start, t_end].map(|t| t.to_le_bytes()).concat());
    }
    hex::encode(hasher.finalize())
}

fn summarise(set: &BenchmarkSet, runs: &[Ran]) -> SetSummary {
    let mut hasher = Sha256::new();
    runs.iter().for_each(|run| hasher.update(&run.digest));
    // Whoever was run, the time is the same.
    let times = runs.iter().filter_map(|run| run.found.first()).map(|(_, tally)| tally.fault_s + tally.other_s);
    SetSummary {
        name: set.name.clone(),
        runs: runs.len(),
        windows: runs.iter().map(|run| run.windows).sum(),
        hours: times.sum::<f64>() / 3600.0,
        sha256: hex::encode(hasher.finalize()),
    }
}

fn stand(set: &str, detector: &str, runs: &[Ran], subject: usize) -> Standing {
    // A run is what is drawn again for the intervals, whatever groups there are in it.
    let of_run =
        |run: &Ran| GroupScore { group: String::new(), tally: run.found[subject].1.clone(), windows: Vec::new() };
    let scores: Vec<GroupScore> = runs.iter().map(of_run).collect();
    let by_time = together(&scores);
    let sum = TimeTally::sum(scores.iter().map(|score| &score.tally));
    let tallies: Vec<Vec<Tally>> = runs.iter().map(|run| run.found[subject].0.clone()).collect();
    let exact = pool(&tallies).pop().filter(|_| runs.iter().all(|run| run.is_exact));
    let of_exact = |get: fn(&super::Score) -> ScoreInterval| exact.as_ref().map_or_else(ScoreInterval::default, get);
    Standing {
        set: set.to_owned(),
        detector: detector.to_owned(),
        runs: runs.len(),
        j: by_time.j,
        hit: by_time.hit,
        false_alarms_per_hour: by_time.false_alarms_per_hour,
        precision: sum.precision(),
        recall: sum.recall(),
        f1: of_exact(|score| score.f1),
        range_f1: of_exact(|score| score.range_f1),
        delay_s: of_exact(|score| score.delay_s),
    }
}

/// The mean over the sets in which something is defined, whatever their sizes.
fn stand_together(detector: &str, sets: &[(&BenchmarkSet, &[Ran])], subject: usize) -> Standing {
    let sets: Vec<Vec<&TimeTally>> =
        sets.iter().map(|(_, runs)| runs.iter().map(|run| &run.found[subject].1).collect()).collect();
    let [j, hit, false_alarms_per_hour] =
        mean_intervals(&sets, |tally| [tally.j(), tally.hit(), tally.false_alarms_per_hour()]);
    Standing {
        set: ALL_SETS.to_owned(),
        detector: detector.to_owned(),
        runs: sets.iter().map(Vec::len).sum(),
        j,
        hit,
        false_alarms_per_hour,
        precision: None,
        recall: None,
        f1: ScoreInterval::default(),
        range_f1: ScoreInterval::default(),
        delay_s: ScoreInterval::default(),
    }
}

/// The best first: by J, where there are faults, then by false alarms, then by name.
fn in_order(mut standings: Vec<Standing>) -> Vec<Standing> {
    let descending = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let ascending = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    standings.sort_by(|a, b| -> Ordering {
        descending(a.j.value, b.j.value)
            .then_with(|| ascending(a.false_alarms_per_hour.value, b.false_alarms_per_hour.value))
            .then_with(|| a.detector.cmp(&b.detector))
    });
    standings
}
