//! The motif engine: episodes bit for bit, their fingerprint and table, and the stream's fingerprint.

use proptest::prelude::*;
use telltape::motif::Grammar;
use telltape_conformance::{compare, oracle};

use crate::property::Property;
use crate::streams::{Rows, shaped, shapeless};

fn compare_all(grammar: &Grammar, rows: &Rows, folder: &std::path::Path) -> Result<usize, String> {
    let (ours, theirs) = (rows.stream("conformance"), oracle::stream("conformance", rows.samples()));
    compare::streams(&ours, &theirs)?;
    compare::episodes(&ours, &theirs, grammar, folder)
}

fn run(property: &Property, inputs: &impl Strategy<Value = (Grammar, Rows)>, least: usize) {
    let found = property.holds(inputs, |(grammar, rows), folder| compare_all(&grammar, &rows, folder));
    assert!(found >= least, "only {found} episodes in {} cases", property.cases);
}

#[test]
fn signals_around_the_thresholds() {
    let property = Property { source: file!(), name: "few channels, shaped signals", cases: 10_000 };
    run(&property, &shaped(8, 60), 3000);
}

#[test]
fn many_channels() {
    let property = Property { source: file!(), name: "many channels, shaped signals", cases: 1000 };
    run(&property, &shaped(150, 25), 3000);
}

#[test]
fn long_signals() {
    let property = Property { source: file!(), name: "long signals", cases: 1000 };
    run(&property, &shaped(6, 700), 1000);
}

#[test]
fn samples_without_any_shape() {
    let property = Property { source: file!(), name: "shapeless samples", cases: 10_000 };
    let inputs = (crate::streams::grammar(), shapeless(80));
    run(&property, &inputs, 3000);
}
