//! How well episodes tell where faults were planted: the published metrics, and ones that can fail.

mod bounded;
mod honest;
mod mean;
mod nab;
mod pool;
mod published;
mod time;
mod time_tables;

pub use bounded::{Bounded, bounded};
pub use honest::{Tally, tally};
pub(super) use mean::mean_intervals;
pub use nab::{NAB_PROFILES, NabProfile, NabSeries, nab_csv, nab_score, nab_series};
pub(super) use pool::range_f1;
pub use pool::{Score, ScoreInterval, pool, score_columns, scores_csv};
pub use published::{PublishedScore, STRESS_SCALES, agreement, published_csv, published_scores, stability};
pub use time::{ByTime, GroupScore, TimeTally, Together, WindowScore, by_time, together};
pub use time_tables::{GroupRow, group_scores_csv, group_windows_csv};

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
