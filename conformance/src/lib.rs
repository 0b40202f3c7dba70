//! Compares `telltape` with the published reference implementation, bit for bit.
//!
//! The reference package is a black box here: it is called, and what it gives is compared. This crate holds the thin
//! adapters between its types and ours; the comparisons themselves are the tests. All of them use the platform's
//! logarithms (`math = "system"`), because the reference does.

pub mod bits;
pub mod compare;
pub mod oracle;
pub mod samples;
