//! What must not break the program: kills and failing disks at every change of a file, corrupt files, hostile files.
//! `make torture` runs all of it, `make test` a sample.

mod bounds;
mod corruption;
mod crash;
mod reads;
#[path = "../cli/support.rs"]
mod support;

/// How much of everything is done: 1 is all.
fn share() -> f64 {
    std::env::var("TORTURE_SHARE").map_or(0.02, |share| share.parse().expect("TORTURE_SHARE is a number"))
}
