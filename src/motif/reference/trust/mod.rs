//! The trust of an emission: the sum of the fused observer's weights, exact to the last bit.
//!
//! One observer with as many inputs as the class has channels follows the channels one after another; its weights
//! influence no detection and sum to 1 but for rounding, yet that rounding is part of the published fingerprint. The
//! pass costs samples × channels, so it runs only for classes in which an episode closes, and only as far as the last
//! close. [`scalar`] is the plain one, for numbers of any magnitude; [`lockstep`] is the fast one.

mod division;
mod lockstep;
mod scalar;
mod simd;
mod summation;

use rayon::prelude::*;
use simd::LANES;

use super::Parameters;
use crate::motif::runs::Runs;

/// What is wanted of one class: the trust after each sample in `places`, (channel, sample of it) pairs in ascending order.
#[derive(Clone, Copy)]
pub(super) struct WantedTrust<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) runs: &'a Runs<'a>,
    pub(super) places: &'a [(usize, usize)],
}

impl WantedTrust<'_> {
    /// About how many inputs the fused observer has to look at.
    fn cost(&self) -> usize {
        let channels = self.places.last().map_or(0, |(channel, _)| channel + 1);
        let share = channels as f64 / self.runs.len().max(1) as f64;
        (self.runs.samples() as f64 * share * channels as f64) as usize
    }
}

/// The trusts of each class, classes grouped so that each thread has a group.
pub(super) fn trusts(wanted: &[WantedTrust<'_>]) -> Vec<Vec<f64>> {
    let threads = rayon::current_num_threads();
    // Lanes cost nothing next to each other, so the largest classes go together.
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(wanted[*index].cost()));
    let lanes = wanted.len().div_ceil(threads).clamp(1, LANES);
    let groups: Vec<Vec<Vec<f64>>> = order
        .par_chunks(lanes)
        .map(|indices| {
            let group: Vec<WantedTrust<'_>> = indices.iter().map(|index| wanted[*index]).collect();
            lockstep::trust_sums(&group).unwrap_or_else(|| group.iter().map(scalar::trust_sums).collect())
        })
        .collect();
    let mut trusts = vec![Vec::new(); wanted.len()];
    for (index, sums) in order.into_iter().zip(groups.into_iter().flatten()) {
        trusts[index] = sums;
    }
    trusts
}
