//! The real binary against real, throw-away PostgreSQL servers. `make test-live` runs it.

mod accidents;
mod experiments;
mod exports;
mod follow;
mod refusals;
mod support;
mod tls;
