//! Tallies to scores, with intervals over runs, and their table.

use super::Tally;
use crate::evaluate::random::Pcg64;
use crate::motif::Motif;
use crate::store::TableColumns;

/// A score and the 95 % interval of it over runs; absent where nothing defines it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScoreInterval {
    /// Of all runs together.
    pub value: Option<f64>,
    /// The interval; absent with a single run.
    pub bounds: Option<(f64, f64)>,
}

/// How well one motif, or all of them together, did over some runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// `None` for all motifs.
    pub motif: Option<Motif>,
    /// Number of runs.
    pub runs: usize,
    /// The tallies of all runs, added up.
    pub tally: Tally,
    /// 2 × matched / (windows + episodes).
    pub f1: ScoreInterval,
    /// Harmonic mean of the two range-based scores.
    pub range_f1: ScoreInterval,
    /// Median of the delays, seconds.
    pub delay_s: ScoreInterval,
    /// Episodes on no window, per hour outside the windows.
    pub false_alarms_per_hour: ScoreInterval,
}

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;

/// Seed of the bootstrap: intervals are part of digests.
const SEED: u64 = 1;

/// Scores of runs, each of which is a tally a motif in the order of codes: the five motifs, then all together.
///
/// Intervals are percentiles of 1,000 resamples of whole runs (bootstrap; Efron, 1979), drawn with a fixed seed.
#[must_use]
pub fn pool(runs: &[Vec<Tally>]) -> Vec<Score> {
    let motifs = Motif::ALL.into_iter().map(Some).chain([None]);
    motifs.map(|motif| of_motif(runs, motif)).collect()
}

fn of_motif(runs: &[Vec<Tally>], motif: Option<Motif>) -> Score {
    let tallies: Vec<Tally> = runs
        .iter()
        .map(|run| match motif {
            Some(motif) => run[motif as usize].clone(),
            None => together(run),
        })
        .collect();
    let sample = Resample::new(&tallies);
    let [f1, range_f1, delay_s, false_alarms_per_hour] = intervals(tallies.len(), |times| sample.values(times));
    let tally = added(tallies.iter());
    Score { motif, runs: runs.len(), f1, range_f1, delay_s, false_alarms_per_hour, tally }
}

/// What `values` gives of all of so many runs, with its percentiles over resamples of them: it takes how often each run counts.
pub(super) fn intervals<const N: usize>(
    runs: usize,
    values: impl Fn(&[u32]) -> [Option<f64>; N],
) -> [ScoreInterval; N] {
    let mut resampled = [const { Vec::new() }; N];
    if runs > 1 {
        let mut random = Pcg64::new(SEED);
        for _ in 0..RESAMPLES {
            let mut times = vec![0_u32; runs];
            (0..runs).for_each(|_| times[random.below(runs)] += 1);
            for (all, value) in resampled.iter_mut().zip(values(&times)) {
                all.extend(value);
            }
        }
    }
    let whole = values(&vec![1; runs]);
    std::array::from_fn(|at| {
        let values: &mut Vec<f64> = &mut resampled[at];
        values.sort_by(f64::total_cmp);
        let rank = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let bounds = (!values.is_empty()).then(|| (rank(0.025), rank(0.975)));
        ScoreInterval { value: whole[at], bounds }
    })
}

/// The tallies of some runs, each of which can be counted several times.
struct Resample<'a> {
    tallies: &'a [Tally],
    /// All delays in ascending order, and the run of each.
    delays: Vec<(f64, usize)>,
}

impl<'a> Resample<'a> {
    fn new(tallies: &'a [Tally]) -> Self {
        let of_run = |(run, tally): (usize, &'a Tally)| tally.delays_s.iter().map(move |delay| (*delay, run));
        let mut delays: Vec<(f64, usize)> = tallies.iter().enumerate().flat_map(of_run).collect();
        delays.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { tallies, delays }
    }

    /// F1, range-based F1, median delay and false alarms an hour, with run `i` counted `times[i]` times.
    fn values(&self, times: &[u32]) -> [Option<f64>; 4] {
        let sum = |get: fn(&Tally) -> f64| -> f64 {
            self.tallies.iter().zip(times).map(|(tally, times)| get(tally) * f64::from(*times)).sum()
        };
        let windows = sum(|tally| tally.windows as f64);
        let episodes = sum(|tally| tally.episodes as f64);
        let f1 = ratio(2.0 * sum(|tally| tally.matched as f64), windows + episodes);
        let recall = ratio(sum(|tally| tally.range_recall), windows);
        let precision = ratio(sum(|tally| tally.range_precision), episodes);
        let alarms = ratio(sum(|tally| tally.false_alarms as f64) * 3600.0, sum(|tally| tally.quiet_s));
        [f1, harmonic(recall, precision), self.median_delay(times), alarms]
    }

    /// The lower median.
    fn median_delay(&self, times: &[u32]) -> Option<f64> {
        let count: u32 = self.delays.iter().map(|(_, run)| times[*run]).sum();
        let mut before = count.saturating_sub(1) / 2;
        let middle = self.delays.iter().find(|(_, run)| {
            let found = before < times[*run];
            before = before.saturating_sub(times[*run]);
            found
        });
        middle.map(|(delay, _)| *delay)
    }
}

fn added<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    let mut sum = Tally::default();
    tallies.for_each(|tally| sum.add(tally));
    sum
}

/// The range-based F1 of some runs over all motifs, without its interval.
pub(in crate::evaluate) fn range_f1(runs: &[Vec<Tally>]) -> Option<f64> {
    let tallies: Vec<Tally> = runs.iter().map(|run| together(run)).collect();
    let [_, range_f1, _, _] = Resample::new(&tallies).values(&vec![1; tallies.len()]);
    range_f1
}

/// All motifs of a run together: they watch the same hours, which count once.
fn together(run: &[Tally]) -> Tally {
    let mut sum = added(run.iter());
    sum.quiet_s /= run.len() as f64;
    sum
}

/// Precision, recall and their like: absent where there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// 0 where there are windows but no episodes, or episodes but no windows; absent where there is neither.
fn harmonic(recall: Option<f64>, precision: Option<f64>) -> Option<f64> {
    match (recall, precision) {
        (None, None) => None,
        (Some(recall), Some(precision)) if recall + precision > 0.0 => {
            Some(2.0 * recall * precision / (recall + precision))
        }
        _ => Some(0.0),
    }
}

/// The lower median.
fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

impl Score {
    /// The name of the motif, or `all`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.motif.map_or("all", Motif::name)
    }

    /// Share of the episodes that took a window.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.tally.matched as f64, self.tally.episodes as f64)
    }

    /// Share of the windows that were taken.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.tally.matched as f64, self.tally.windows as f64)
    }
}

/// The columns of a table of scores after those that say what is scored. What is not defined is an empty cell; numbers have up
/// to six decimals, which is more than they mean.
#[must_use]
pub fn score_columns<'a>() -> TableColumns<'a, Score> {
    let columns = TableColumns::default()
        .text("motif", |score: &Score| score.name())
        .count("runs", |score| score.runs as u64)
        .count("windows", |score| score.tally.windows as u64)
        .count("episodes", |score| score.tally.episodes as u64)
        .count("true_positives", |score| score.tally.matched as u64)
        .count("false_positives", |score| (score.tally.episodes - score.tally.matched) as u64)
        .count("false_negatives", |score| (score.tally.windows - score.tally.matched) as u64)
        .rounded("precision", 1e6, Score::precision)
        .rounded("recall", 1e6, Score::recall);
    let columns = interval(columns, ["f1", "f1_low", "f1_high"], |score| score.f1)
        .rounded("range_precision", 1e6, |score| ratio(score.tally.range_precision, score.tally.episodes as f64))
        .rounded("range_recall", 1e6, |score| ratio(score.tally.range_recall, score.tally.windows as f64));
    let columns = interval(columns, ["range_f1", "range_f1_low", "range_f1_high"], |score| score.range_f1);
    let delay = ["detection_delay_s", "detection_delay_s_low", "detection_delay_s_high"];
    let columns = interval(columns, delay, |score| score.delay_s)
        .rounded("start_error_s", 1e6, |score| median(&score.tally.start_errors_s))
        .rounded("end_error_s", 1e6, |score| median(&score.tally.end_errors_s))
        .rounded("duration_error_s", 1e6, |score| median(&score.tally.duration_errors_s));
    let alarms = ["false_alarms_per_hour", "false_alarms_per_hour_low", "false_alarms_per_hour_high"];
    interval(columns, alarms, |score| score.false_alarms_per_hour)
}

/// A value and its bounds.
fn interval<'a>(
    columns: TableColumns<'a, Score>,
    [value, low, high]: [&'static str; 3],
    get: fn(&Score) -> ScoreInterval,
) -> TableColumns<'a, Score> {
    columns
        .rounded(value, 1e6, move |score| get(score).value)
        .rounded(low, 1e6, move |score| get(score).bounds.map(|(low, _)| low))
        .rounded(high, 1e6, move |score| get(score).bounds.map(|(_, high)| high))
}

/// A table of scores of several detectors.
#[must_use]
pub fn scores_csv(detectors: &[(String, Vec<Score>)]) -> Vec<u8> {
    let rows = detectors.iter().flat_map(|(detector, scores)| scores.iter().map(move |score| (detector, score)));
    let columns = TableColumns::default().text("detector", |(detector, _): &(&String, &Score)| detector);
    columns.and(score_columns(), |(_, score)| score).csv(rows)
}
