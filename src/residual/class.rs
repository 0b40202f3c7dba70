use serde::{Deserialize, Serialize};

/// What a residual measures. The discriminant is the code that fingerprints hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Class {
    /// Latency against a baseline, or the fact that a plan changed.
    PlanRegression = 0,
    /// log10 of actual over estimated rows.
    Cardinality = 1,
    /// Seconds of waiting, or the depth of a chain of waiters.
    Contention = 2,
    /// Expected minus observed cache hit ratio.
    CacheIo = 3,
    /// Divergence between two mixes of queries, in bits (0 to 1).
    WorkloadPhase = 4,
}

impl Class {
    /// All classes in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::PlanRegression, Self::Cardinality, Self::Contention, Self::CacheIo, Self::WorkloadPhase];

    /// The byte that fingerprints hash (0 to 4).
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The name that tapes spell.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlanRegression => "PlanRegression",
            Self::Cardinality => "Cardinality",
            Self::Contention => "Contention",
            Self::CacheIo => "CacheIo",
            Self::WorkloadPhase => "WorkloadPhase",
        }
    }
}
