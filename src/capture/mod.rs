//! Capturing a live server from outside: a read-only connection, polls, a governor, a recording.
//!
//! What all servers have in common is here; [`Server`] is what they differ in, and [`postgres`] the one that is known. What the
//! recording means is for [`crate::trace`] to know; here it is only read and written down. `docs/live.md` has the whole.

mod backoff;
mod deltas;
mod error;
mod finding;
mod governor;
mod poller;
pub mod postgres;
mod recorder;
#[cfg(test)]
mod recorder_tests;
mod refusal;
mod server;
mod unwinding;
mod usage;

pub use error::{CaptureError, Refusal};
pub use finding::PreflightFinding;
pub use recorder::{Capture, Captured, End, Written, capture, check};
pub use refusal::{GoneReason, RefusalReason, UnsafeAnswer};
pub use server::{Lost, PollReading, Preflight, Server, Unread};
pub use usage::{ServiceLineProblem, StringProblem, UsageProblem, ValueProblem};
