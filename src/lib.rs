//! `telltape` turns SQL workload traces into hashed tapes of residuals, replays the tapes through a motif
//! engine, and reports whether the result is still the one that was committed.
//!
//! ```text
//! trace ──convert──▶ tape ──replay──▶ episodes ──digest──▶ result ──compare──▶ verdict
//! ```
//!
//! A *residual* is observed minus expected; a *tape* is a JSONL file of residuals with a SHA-256 manifest beside it; an
//! *episode* is a stretch of one channel's residuals in which an engine sees a fault.
//!
//! # From your own samples to a tape and its episodes
//!
//! ```
//! use telltape::motif::Engine;
//! use telltape::residual::{Class, StreamBuilder};
//! use telltape::tape::{self, TapeWriter};
//!
//! // A query that takes 100 ms, and four times as long from the 60th second on.
//! let mut samples = StreamBuilder::default();
//! for second in 0..120 {
//!     let latency_ms = if second < 60 { 100.0 } else { 400.0 };
//!     let residual = telltape::residual::formula::latency(latency_ms, 100.0);
//!     samples.push(f64::from(second), Class::PlanRegression, residual, "q42")?;
//! }
//! let stream = samples.finish("my workload");
//!
//! // On disk: whole or not at all, with a manifest beside it.
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("run.jsonl");
//! let mut writer = TapeWriter::create(&path, stream.source())?;
//! writer.append_stream(&stream)?;
//! let manifest = writer.finalise(None)?;
//!
//! // Reading verifies: a tape that is not what its manifest says is an error, never a shorter stream.
//! let read = tape::read(&path)?;
//! assert_eq!(read.manifest.sha256, manifest.sha256);
//! assert_eq!(read.stream.fingerprint(), stream.fingerprint());
//!
//! // The same tape and grammar give the same episodes, everywhere.
//! let episodes = Engine::default().replay(&read.stream);
//! assert_eq!(episodes.len(), 1);
//! assert_eq!((episodes[0].channel.as_str(), episodes[0].t_start), ("q42", 60.0));
//!
//! // One byte more, and it is no tape any more.
//! let mut bytes = std::fs::read(&path)?;
//! bytes.push(b'\n');
//! std::fs::write(&path, bytes)?;
//! assert!(tape::read(&path).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it brings |
//! | --- | --- |
//! | none | the core: [`diagnostics`], [`residual`], [`store`], [`tape`], [`motif`], [`trace`], [`evaluate`] |
//! | `cli` | the binary `telltape`; implies `experiment` |
//! | `capture` | recordings of live PostgreSQL servers: `capture`, `live`, `pipeline` |
//! | `report` | figures and the HTML report: `report`; implies `experiment` |
//! | `fetch` | data sets over the network and out of packages |
//! | `parquet` | tables as Parquet |
//! | `protobuf` | spans in OTLP protobuf |
//! | `experiment` | experiments, shards, expected results: `experiment`; implies the four below |
//! | `catalogue` | the catalogue of data sets |
//! | `compression` | inputs compressed by gzip or zstd |
//! | `signatures` | manifests that are signed by minisign |
//! | `schemas` | JSON schemas of what is printed as JSON |
//!
//! The first five are on by default; `default-features = false` leaves the core.
//!
//! # Modules
//!
//! They are the stages of the pipeline; each uses only those below it: `report`, `pipeline`, `experiment`, `live`, `capture`,
//! [`evaluate`], [`trace`], [`motif`], [`tape`], [`residual`], [`store`], [`diagnostics`].

#[cfg(feature = "capture")]
pub mod capture;
#[cfg(feature = "cli")]
mod cli;
pub mod diagnostics;
pub mod evaluate;
#[cfg(feature = "experiment")]
pub mod experiment;
#[cfg(feature = "capture")]
pub mod live;
pub mod motif;
#[cfg(feature = "capture")]
pub mod pipeline;
#[cfg(feature = "report")]
pub mod report;
pub mod residual;
pub mod store;
pub mod tape;
pub mod trace;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What the binary does: parses the arguments, runs the subcommand, gives its exit code.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::main as cli_main;
