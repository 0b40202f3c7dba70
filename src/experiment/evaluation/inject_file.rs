//! `[evaluate.inject]`, checked.

use serde::Deserialize;
use toml::Spanned;

use super::seeds::Seeds;
use crate::evaluate::{FaultKind, InjectTrial, Injection, Subject};
use crate::experiment::InjectProblem;
use crate::experiment::located::Located;
use crate::motif::Motif;
use crate::residual::Math;

/// Most runs: kinds times sizes times seeds.
const MOST_RUNS: u64 = 100_000;

/// Faults that are injected into the tape of the experiment.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InjectKeys {
    /// How residuals change: shift, ramp, pulses, noise.
    #[schemars(with = "Vec<String>")]
    kinds: Vec<Spanned<String>>,
    /// By how much, in published slew thresholds of the motif.
    #[schemars(with = "Vec<f64>")]
    sizes: Spanned<Vec<f64>>,
    /// The shortest and the longest fault, in samples of its channel.
    #[schemars(with = "[usize; 2]")]
    samples: Spanned<[usize; 2]>,
    /// Faults in a run, each on another channel; 1 if it is left out.
    #[schemars(with = "Option<usize>")]
    faults: Option<Spanned<usize>>,
    /// The motifs on whose channels they may be; all if it is left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    motifs: Vec<Spanned<String>>,
    /// One run each, for every kind and size.
    #[schemars(with = "Seeds")]
    seeds: Spanned<Seeds>,
}

impl InjectKeys {
    pub(super) fn check(self, at: usize, subjects: &[Subject], math: Math) -> Result<InjectTrial, Located> {
        let fail = |at: usize, problem: InjectProblem| Err(Located::at_byte(at, problem));
        let Self { kinds, sizes, samples, faults, motifs, seeds } = self;
        fn parsed<T: std::str::FromStr<Err = crate::diagnostics::UnknownName>>(
            names: &[Spanned<String>],
        ) -> Result<Vec<T>, Located> {
            let parse = |name: &Spanned<String>| {
                name.get_ref().parse().map_err(|unknown| Located::at_byte(name.span().start, unknown))
            };
            names.iter().map(parse).collect()
        }
        let kinds: Vec<FaultKind> = parsed(&kinds)?;
        let motifs: Vec<Motif> = parsed(&motifs)?;
        let (sizes_at, sizes) = (sizes.span().start, sizes.into_inner());
        if kinds.is_empty() || sizes.is_empty() {
            return fail(at, InjectProblem::Nothing);
        }
        if !sizes.iter().all(|size| Injection::takes_size(*size)) {
            return fail(sizes_at, InjectProblem::Size);
        }
        let (samples_at, [least, most]) = (samples.span().start, samples.into_inner());
        if !(1..=most).contains(&least) || most > 1_000_000 {
            return fail(samples_at, InjectProblem::Samples);
        }
        let faults = match faults {
            Some(faults) if !(1..=1000).contains(faults.get_ref()) => {
                return fail(faults.span().start, InjectProblem::Faults);
            }
            faults => faults.map_or(1, Spanned::into_inner),
        };
        let (seeds_at, most_seeds) = (seeds.span().start, MOST_RUNS / (kinds.len() * sizes.len()) as u64);
        let Some(seeds) = seeds.into_inner().all(most_seeds) else {
            return fail(seeds_at, InjectProblem::Runs { most: MOST_RUNS });
        };
        let injection = Injection { kind: kinds[0], size: sizes[0], samples: (least, most), faults, motifs };
        Ok(InjectTrial { injection, kinds, sizes, seeds, subjects: subjects.to_vec(), math })
    }
}
