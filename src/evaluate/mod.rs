//! Streams whose faults are known, scores of what is found in them, and other detectors to compare with.

mod ablation;
mod answered;
mod axis;
mod benchmark;
mod choice;
mod command;
mod coverage;
mod degrade;
mod detector;
mod detectors;
mod exemplar;
mod found;
mod group;
mod inject;
mod leaderboard;
mod null;
mod ordered;
mod perturbed;
mod random;
mod score;
mod span;
mod stretch;
mod subject;
mod sweep;
mod table;
mod truth;
mod tuned;
mod variants;
mod window;

pub use ablation::{ABLATIONS, Ablation, ablation_csv};
pub use answered::{Answered, answers_csv};
pub use axis::Axis;
pub use benchmark::{ALL_SETS, Benchmark, BenchmarkRun, BenchmarkSet, Leaderboard, SetSummary, Standing};
pub use choice::{Candidate, Grid, Trial};
pub use command::{Answer, AnswerProblem, CommandDetector, CommandError, CommandProblem, end_commands};
pub use coverage::{Coverage, Covered, coverage_csv};
pub use degrade::Degradation;
pub use detector::{Detection, Detector, Parameter, Series, Settings};
pub use detectors::{BOUNDS, DETECTORS, find_detector};
pub use exemplar::{Exemplar, exemplar};
pub use found::found_csv;
pub use group::{ANY, GroupEpisode, Grouping, fuse, group_episodes_csv};
pub use inject::{FaultKind, InjectError, InjectPoint, InjectTrial, InjectTrialError, Injected, Injection};
pub use null::{Noise, null};
pub use perturbed::perturbed;
pub use score::{
    Bounded, ByTime, GroupRow, GroupScore, NAB_PROFILES, NabProfile, NabSeries, PublishedScore, STRESS_SCALES, Score,
    ScoreInterval, Tally, TimeTally, Together, WindowScore, agreement, bounded, by_time, group_scores_csv,
    group_windows_csv, nab_csv, nab_score, nab_series, pool, published_csv, published_scores, score_columns,
    scores_csv, stability, tally, together,
};
pub use span::{Span, spans_csv, spans_fingerprint};
pub use subject::{Finding, Subject};
pub use sweep::{Point, Sweep, sweep_csv};
pub use table::read_spans;
pub use truth::{check_group_windows, check_groups, check_window_times, check_windows};
pub use tuned::{Tuned, Tuning, settings_grid, tuned_csv};
pub use variants::{Pairs, Variants};
pub use window::{Window, Windows, read_windows, read_windows_from, windows_csv};

use score::mean_intervals;

use crate::residual::{Class, Math, Stream, StreamBuilder, formula};

/// What to generate; with the seed and the logarithms it decides every byte of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Generator {
    /// Half an hour of TPC-DS with five planted faults of `scale` times their published size.
    Perturbed {
        /// 1 is the published size, 0 plants nothing but noise.
        scale: f64,
    },
    /// A stylised trace of one data set with one planted fault.
    Exemplar {
        /// Which one.
        dataset: Exemplar,
    },
    /// Noise without any fault.
    Null {
        /// Which kind.
        noise: Noise,
    },
}

impl Generator {
    /// The largest size of faults: far beyond it, residuals are not finite any more.
    pub const LARGEST_SCALE: f64 = 1e9;

    /// Whether faults of `scale` times their published size can be planted.
    #[must_use]
    pub fn takes_scale(scale: f64) -> bool {
        (0.0..=Self::LARGEST_SCALE).contains(&scale)
    }

    /// The stream for `seed`.
    #[must_use]
    pub fn stream(self, seed: u64, math: Math) -> Stream {
        match self {
            Self::Perturbed { scale } => perturbed(seed, scale, math),
            Self::Exemplar { dataset } => exemplar(dataset, seed, math),
            Self::Null { noise } => null(noise, seed, math),
        }
    }
}

/// Pushes residuals of known-finite generated numbers.
struct Emitter {
    math: Math,
    samples: StreamBuilder,
}

impl Emitter {
    fn new(math: Math) -> Self {
        Self { math, samples: StreamBuilder::default() }
    }

    fn push(&mut self, t: f64, class: Class, value: f64, channel: &str) {
        self.samples.push(t, class, value, channel).expect("generators make finite numbers from finite parameters");
    }

    fn latency(&mut self, t: f64, channel: &str, latency: f64, baseline: f64) {
        self.push(t, Class::PlanRegression, formula::latency(latency, baseline), channel);
    }

    fn cardinality(&mut self, t: f64, channel: &str, estimated: f64, actual: f64) {
        self.push(t, Class::Cardinality, formula::cardinality(self.math, estimated, actual), channel);
    }

    fn hit_ratio(&mut self, t: f64, channel: &str, expected: f64, observed: f64) {
        self.push(t, Class::CacheIo, formula::hit_ratio(expected, observed), channel);
    }

    fn phase(&mut self, t: f64, channel: &str, divergence: f64) {
        self.push(t, Class::WorkloadPhase, divergence, channel);
    }
}
