//! How well episodes tell where faults were planted: the published metrics, and ones that can fail.

mod honest;
mod pool;
mod published;

pub use honest::{Tally, tally};
pub use pool::{Interval, Score, pool, score_columns, scores_csv};
pub use published::{PublishedScore, STRESS_SCALES, agreement, published_csv, published_scores, stability};

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
