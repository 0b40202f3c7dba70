//! Capturing a live PostgreSQL server from outside: a read-only connection, polls, a governor, a recording.
//!
//! What the recording means is for [`crate::trace`] to say; here it is only read and written down. `docs/live.md` has the whole.

mod cells;
mod connection;
mod conninfo;
mod error;
mod follow;
mod governor;
mod guard;
mod password;
mod plans;
mod poll;
mod preflight;
mod queries;
mod recorder;
mod refusal;
mod require_auth;
mod socket;
mod tls;
mod unwinding;

pub use connection::{NoAnswer, Observer};
pub use conninfo::{CONCEALED_PASSWORD, Conninfo, Environment, SslMode};
pub use error::CaptureError;
pub use follow::{Activity, Followed, Follower};
pub use plans::PlanLog;
pub use preflight::{Finding, Preflight, role_sql};
pub use queries::{Question, Versions, columns};
pub use recorder::{Capture, Captured, End, MAX_ANSWER, Stop, Target, Written, capture};
