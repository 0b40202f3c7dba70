//! `[evaluate.pairs]`, checked.

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostics::UnknownName;
use crate::evaluate::{Axis, Pairs};
use crate::experiment::EvaluationProblem;
use crate::experiment::located::Located;
use crate::motif::Engine;

/// Factors on two parameters of the engine, every one with every other.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairKeys {
    /// The parameters.
    #[schemars(with = "[String; 2]")]
    keys: Spanned<[String; 2]>,
    /// The factors on each.
    #[schemars(with = "[Vec<f64>; 2]")]
    factors: Spanned<[Vec<f64>; 2]>,
}

impl PairKeys {
    pub(super) fn check(self, engine: &Engine) -> Result<Pairs, Located> {
        let (keys_at, [one, other]) = (self.keys.span().start, self.keys.into_inner());
        let (factors_at, factors) = (self.factors.span().start, self.factors.into_inner());
        let find = |name: &String| {
            let known = engine.keys();
            UnknownName::find("parameter", name, &known, |key| key)
                .map_err(|unknown| Located::at_byte(keys_at, unknown))
        };
        let keys = [find(&one)?, find(&other)?];
        if keys[0] == keys[1] {
            return Err(Located::at_byte(keys_at, EvaluationProblem::SamePair { key: keys[0] }));
        }
        if factors.iter().any(Vec::is_empty) {
            return Err(Located::at_byte(factors_at, EvaluationProblem::NoFactors));
        }
        for (key, factors) in keys.into_iter().zip(&factors) {
            for factor in factors {
                if let Some(range) = Axis::Parameter(key).refuses(*factor) {
                    return Err(Located::at_byte(factors_at, EvaluationProblem::Factor { factor: *factor, range }));
                }
                let scaled = engine.scaled(|other| other == key, *factor);
                let fail = |problem| EvaluationProblem::ScaledFactor { key, factor: *factor, problem };
                scaled.map_err(|problem| Located::at_byte(factors_at, fail(problem)))?;
            }
        }
        Ok(Pairs { keys, factors })
    }
}
