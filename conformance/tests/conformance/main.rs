//! Generated streams, tapes and traces through both implementations; everything that comes out has to be equal.
//!
//! Every property prints its seed. `PROPTEST_RNG_SEED=<seed>` repeats a run, `CONFORMANCE_FACTOR=10` makes it ten times
//! as long; what once failed is kept in `proptest-regressions/` and tried first.

mod bundled;
mod cells;
mod csv_text;
mod detectors;
mod documented;
mod engine;
mod free_forms;
mod generators;
mod process;
mod property;
mod spelling;
mod streams;
mod tape_exchange;
mod tape_lines;
mod times;
mod traces;
