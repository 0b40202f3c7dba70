/// What is wrong with an `[evaluate.inject]`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectProblem {
    /// Nothing to inject.
    #[error("[evaluate.inject] needs `kinds` and `sizes`")]
    Nothing,
    /// Sizes that would not give finite residuals, or no fault.
    #[error("`sizes` are above 0, up to 1e9")]
    Size,
    /// A length that no fault can have.
    #[error("`samples` are the shortest and the longest fault: [10, 60]")]
    Samples,
    /// No fault, or too many.
    #[error("`faults` is from 1 to 1000")]
    Faults,
    /// No run, or too many.
    #[error("kinds times sizes times `count` of the seeds must be from 1 to {most}, and the last seed below 2^64")]
    Runs {
        /// Most runs.
        most: u64,
    },
}
