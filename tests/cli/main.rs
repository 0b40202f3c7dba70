//! The real binary in clean folders: what it does, and how it refuses.

mod auto_explain;
mod benchmarks;
mod connections;
mod convert;
mod data;
mod determinism;
mod evaluation;
mod experiments;
mod fake_server;
mod fetching;
mod formats;
mod generic;
mod inspect;
mod job;
mod otel;
mod outputs;
mod ownership;
mod pgss;
mod redset;
mod shards;
mod support;
mod tapes;
mod text;
mod trust;
mod verdicts;
mod wrong_uses;
