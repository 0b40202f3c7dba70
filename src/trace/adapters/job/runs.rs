use crate::residual::{ChannelId, Channels};

/// Executions of queries, in the order in which they were read.
#[derive(Default)]
pub(super) struct BenchmarkRuns {
    pub(super) query: Vec<ChannelId>,
    pub(super) queries: Channels,
    pub(super) iteration: Vec<u64>,
    /// Estimated and actual rows, where both are known.
    pub(super) rows: Vec<Option<(f64, f64)>>,
    pub(super) latency_ms: Vec<f64>,
    pub(super) plan: Vec<Option<ChannelId>>,
    pub(super) plans: Channels,
}

impl BenchmarkRuns {
    pub(super) fn len(&self) -> usize {
        self.query.len()
    }
}
