use crate::motif::ParameterError;

/// What is wrong with seeds that are held apart from those of the experiment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeldOutProblem {
    /// A trace has no seeds.
    #[error("only generated streams have seeds to tune on, or to draw from")]
    Trace,
    /// No seed, or too many.
    #[error("`count` is from 1 to {most}, and the last seed below 2^64")]
    Seeds {
        /// Most seeds.
        most: u64,
    },
    /// Scores on what was tuned on are worth nothing.
    #[error("the seed {seed} is one of [evaluate] `seeds`, too; tune on others than are reported")]
    InBoth {
        /// The first of them.
        seed: u64,
    },
    /// No factor, or out of range.
    #[error("`factors` are one or more numbers from 0.001 to 1000")]
    Factors,
    /// Nobody has parameters.
    #[error("none of the detectors has parameters to tune; `telltape detect --help` lists those that have")]
    NothingToTune,
    /// More candidates than anybody waits for.
    #[error("these factors make {candidates} candidates, on {runs} seeds each; {most} runs are the most")]
    Candidates {
        /// Combinations of factors, of all detectors.
        candidates: u64,
        /// Seeds to tune on.
        runs: usize,
        /// Most runs.
        most: u64,
    },
    /// A factor that a parameter cannot have.
    #[error("`{key}` of `{detector}` times {factor}: {problem}")]
    Scaled {
        /// The detector.
        detector: &'static str,
        /// The parameter.
        key: &'static str,
        /// The factor.
        factor: f64,
        /// What is wrong with the product.
        problem: ParameterError,
    },
    /// Draws of one run have no interval, and of one draw nothing can be said.
    #[error(
        "`runs` are one or more numbers from 2 to half of `count` of the seeds, which is {}{}",
        .seeds / 2,
        if *.seeds < 4 { "; give it 4 seeds at least" } else { "" }
    )]
    Draws {
        /// All runs.
        seeds: usize,
    },
}
