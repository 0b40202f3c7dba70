use std::str::FromStr;

use serde::Serialize;

use crate::diagnostics::UnknownName;
use crate::residual::Class;

/// The five motifs, one to one with the classes and with their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Motif {
    /// Over [`Class::PlanRegression`].
    PlanRegressionOnset,
    /// Over [`Class::Cardinality`].
    CardinalityMismatchRegime,
    /// Over [`Class::Contention`].
    ContentionRamp,
    /// Over [`Class::CacheIo`].
    CacheCollapse,
    /// Over [`Class::WorkloadPhase`].
    WorkloadPhaseTransition,
}

impl Motif {
    /// All motifs in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::PlanRegressionOnset,
        Self::CardinalityMismatchRegime,
        Self::ContentionRamp,
        Self::CacheCollapse,
        Self::WorkloadPhaseTransition,
    ];

    /// The motif that reads the samples of a class.
    #[must_use]
    pub const fn of_class(class: Class) -> Self {
        Self::ALL[class.code() as usize]
    }

    /// The class whose samples it reads.
    #[must_use]
    pub const fn class(self) -> Class {
        Class::ALL[self as usize]
    }

    /// The name in tables and grammars.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlanRegressionOnset => "plan_regression_onset",
            Self::CardinalityMismatchRegime => "cardinality_mismatch_regime",
            Self::ContentionRamp => "contention_ramp",
            Self::CacheCollapse => "cache_collapse",
            Self::WorkloadPhaseTransition => "workload_phase_transition",
        }
    }
}

impl FromStr for Motif {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("motif", name, &Self::ALL, Self::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motifs_and_classes_share_their_codes() {
        for (code, motif) in (0..).zip(Motif::ALL) {
            assert_eq!(motif.class().code(), code);
            assert_eq!(Motif::of_class(motif.class()), motif);
        }
    }
}
