//! The generators: perturbed streams and exemplars of many seeds and scales.

use dsfb_database::perturbation::{tpcds_with_perturbations, tpcds_with_perturbations_scaled};
use proptest::prelude::*;
use telltape::evaluate::{Exemplar, Generator};
use telltape::motif::Grammar;
use telltape::residual::Math;
use telltape_conformance::{compare, oracle};

use crate::property::Property;

#[test]
fn perturbed_streams() {
    let scale = prop_oneof![
        2 => prop::sample::select(&[0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0][..]),
        1 => prop::sample::select(&[1.0 + 1e-13, 1.0 - 1e-11, -1.0, 0.0005, 0.0015, 1e-9, 10.0, 1e25][..]),
        2 => 0.0..3.0_f64,
    ];
    let property = Property { source: file!(), name: "perturbed streams", cases: 300 };
    let found = property.holds(&(any::<u64>(), scale), |(seed, scale), folder| {
        let ours = Generator::Perturbed { scale }.stream(seed, Math::System);
        let (theirs, _) = tpcds_with_perturbations_scaled(seed, scale);
        compare::streams(&ours, &theirs)?;
        compare::episodes(&ours, &theirs, &Grammar::default(), folder)
    });
    assert!(found > 100, "{found} episodes");
}

#[test]
fn the_published_stream_is_the_perturbed_one_at_scale_one() {
    for seed in [0, 1, 42, u64::MAX] {
        let ours = Generator::Perturbed { scale: 1.0 }.stream(seed, Math::System);
        compare::streams(&ours, &tpcds_with_perturbations(seed).0).unwrap();
    }
}

#[test]
fn exemplars() {
    let property = Property { source: file!(), name: "exemplars", cases: 400 };
    let dataset = prop::sample::select(&Exemplar::ALL[..]);
    let found = property.holds(&(any::<u64>(), dataset), |(seed, dataset), folder| {
        let ours = Generator::Exemplar { dataset }.stream(seed, Math::System);
        let theirs = oracle::exemplar(dataset, seed);
        compare::streams(&ours, &theirs)?;
        compare::episodes(&ours, &theirs, &Grammar::default(), folder)
    });
    assert!(found > 100, "{found} episodes");
}
