//! What one data set alone asks of its files: the families of all of them, each beside its adapter.

/// What is wrong with the content of a trace of one data set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterProblem {}
