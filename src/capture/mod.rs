//! Capturing a live server from outside: a read-only connection, polls, a governor, a recording.
//!
//! What the recording means is for [`crate::trace`] to say; here it is only read and written down. `docs/live.md` has the whole.

mod error;
mod follow;
mod governor;
mod poll;
pub mod postgres;
mod recorder;
mod unwinding;

pub use error::CaptureError;
pub use follow::{Activity, Followed, Follower};
pub use recorder::{Capture, Captured, End, Written, capture};
