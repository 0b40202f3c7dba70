//! The engine `excursion`: an episode is the time in which a residual really was out of its bounds (`docs/engines.md`).

mod machine;
mod parameters;

pub(super) use machine::{Machine, emissions};
pub use parameters::{ExcursionGrammar, ExcursionParameters};
