use crate::store::TableColumns;

/// What a command answered to one tape, as it is pinned: all else that it decides follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The name of the detector.
    pub detector: String,
    /// The point of a sweep.
    pub value: Option<f64>,
    /// The seed of a generated tape.
    pub seed: Option<u64>,
    /// Episodes in the answer.
    pub episodes: usize,
    /// SHA-256 of the answer.
    pub sha256: String,
}

/// The table of answers: `detector,value,seed,episodes,answer_sha256`. Of a trace, value and seed are empty.
#[must_use]
pub fn answers_csv(answers: &[Answered]) -> Vec<u8> {
    TableColumns::default()
        .text("detector", |answered: &Answered| &answered.detector)
        .optional_number("value", |answered| answered.value)
        .quoted("seed", |answered| answered.seed.map(|seed| seed.to_string().into()))
        .count("episodes", |answered| answered.episodes as u64)
        .text("answer_sha256", |answered| &answered.sha256)
        .csv(answers)
}
