//! `[evaluate.tuned]` and `[evaluate.coverage]`, checked.

use serde::Deserialize;
use toml::Spanned;

use super::held_out::{CoverageEvaluation, TunedEvaluation};
use super::seeds::Seeds;
use crate::evaluate::{Subject, settings_grid};
use crate::experiment::HeldOutProblem;
use crate::experiment::located::Located;

/// Most runs of which coverage is measured, and of candidates while detectors are tuned.
const MOST_RUNS: u64 = 10_000;
const MOST_CANDIDATE_RUNS: u64 = 100_000;

/// Detectors are tuned on some seeds, and reported on those of the experiment.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TunedKeys {
    /// Seeds to tune on; none of them is one of the experiment.
    #[schemars(with = "Seeds")]
    train: Spanned<Seeds>,
    /// Factors on each parameter of each detector, every one with every other.
    #[schemars(with = "Vec<f64>")]
    factors: Spanned<Vec<f64>>,
}

/// How often the intervals of scores have the truth in them.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CoverageKeys {
    /// All runs: the truth is what they give together.
    #[schemars(with = "Seeds")]
    seeds: Spanned<Seeds>,
    /// How many runs a draw has; one table row each.
    #[schemars(with = "Vec<usize>")]
    runs: Spanned<Vec<usize>>,
}

/// Seeds, and where they stand.
fn seeds_of(seeds: Spanned<Seeds>) -> Result<(usize, Vec<u64>), Located> {
    let at = seeds.span().start;
    let seeds = seeds.into_inner().all(MOST_RUNS);
    let seeds = seeds.ok_or_else(|| Located::at_byte(at, HeldOutProblem::Seeds { most: MOST_RUNS }))?;
    Ok((at, seeds))
}

impl TunedKeys {
    /// Checks them against the seeds that are reported, and whoever is on them; `at` is where they stand.
    pub(super) fn check(self, at: usize, reported: &[u64], subjects: &[Subject]) -> Result<TunedEvaluation, Located> {
        let fail = |at: usize, problem: HeldOutProblem| Err(Located::at_byte(at, problem));
        let (train_at, train) = seeds_of(self.train)?;
        if let Some(seed) = train.iter().find(|seed| reported.binary_search(seed).is_ok()) {
            return fail(train_at, HeldOutProblem::InBoth { seed: *seed });
        }
        let (factors_at, factors) = (self.factors.span().start, self.factors.into_inner());
        if factors.is_empty() || !factors.iter().all(|factor| (0.001..=1000.0).contains(factor)) {
            return fail(factors_at, HeldOutProblem::Factors);
        }
        let mut candidates = 0_u64;
        for subject in subjects {
            let Subject::Detector(detector) = subject else { continue };
            let parameters = detector.parameters().len() as u32;
            if parameters > 0 {
                candidates = candidates.saturating_add((factors.len() as u64).saturating_pow(parameters));
            }
        }
        if candidates == 0 {
            return fail(at, HeldOutProblem::NothingToTune);
        }
        if candidates.saturating_mul(train.len() as u64) > MOST_CANDIDATE_RUNS {
            let runs = train.len();
            return fail(factors_at, HeldOutProblem::Candidates { candidates, runs, most: MOST_CANDIDATE_RUNS });
        }
        for subject in subjects {
            let Subject::Detector(detector) = subject else { continue };
            if let Err((key, factor, problem)) = settings_grid(*detector, &factors) {
                let detector = detector.name();
                return fail(factors_at, HeldOutProblem::Scaled { detector, key, factor, problem });
            }
        }
        Ok(TunedEvaluation { train, factors })
    }
}

impl CoverageKeys {
    pub(super) fn check(self) -> Result<CoverageEvaluation, Located> {
        let ((_, seeds), at) = (seeds_of(self.seeds)?, self.runs.span().start);
        let runs = self.runs.into_inner();
        if runs.is_empty() || !runs.iter().all(|runs| (2..=seeds.len() / 2).contains(runs)) {
            return Err(Located::at_byte(at, HeldOutProblem::Draws { seeds: seeds.len() }));
        }
        Ok(CoverageEvaluation { seeds, runs })
    }
}
