//! `telltape` turns SQL workload traces into hashed tapes of residuals, replays the tapes through a motif
//! engine, and tells whether the result is still the one that was committed.
//!
//! ```text
//! trace ──convert──▶ tape ──replay──▶ episodes ──digest──▶ result ──compare──▶ verdict
//! ```
//!
//! The modules are the stages of that pipeline; each may use only those named after it here:
//! [`report`], [`pipeline`], [`experiment`], [`live`], [`capture`], [`evaluate`], [`trace`], [`motif`], [`tape`], [`residual`], [`store`].
//! [`capture`] makes traces, of a live server; [`live`] starts throw-away ones.
//! The command line of the binary lives in [`cli`].

pub mod capture;
pub mod cli;
pub mod evaluate;
pub mod experiment;
pub mod live;
pub mod motif;
pub mod pipeline;
pub mod report;
pub mod residual;
pub mod store;
pub mod tape;
pub mod trace;
