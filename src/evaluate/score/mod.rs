//! How well episodes tell where faults were planted: the published metrics, and ones that can fail.

mod honest;
mod mean;
mod nab;
mod pool;
mod published;
mod time;

pub use honest::{Tally, tally};
pub(super) use mean::mean_intervals;
pub use nab::{NAB_PROFILES, NabProfile, NabSeries, nab_score};
pub use pool::{Score, ScoreInterval, pool, score_columns, scores_csv};
pub use published::{PublishedScore, STRESS_SCALES, agreement, published_csv, published_scores, stability};
pub use time::{ByTime, GroupScore, TimeTally, Together, WindowScore, by_time, group_scores_csv, together};

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
