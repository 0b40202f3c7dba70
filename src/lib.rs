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
//! # Convert a trace from memory
//!
//! Every data set of [`trace::ADAPTERS`] is read from whatever gives bytes; a file is only one of them.
//!
//! ```
//! use telltape::trace::{self, Dataset, Options};
//!
//! // A query that takes 100 ms, and four times as long from the 60th second on.
//! let mut csv = String::from("time,latency_ms,channel\n");
//! for second in 0..120 {
//!     csv += &format!("{second},{},q42\n", if second < 60 { 100 } else { 400 });
//! }
//! let options = Options::new(Dataset::Generic);
//! let converted = trace::convert_reader(csv.as_bytes(), "latencies.csv", &options)?;
//! assert_eq!((converted.rows.read, converted.rows.used), (120, 120));
//! assert!(!converted.stream.is_empty());
//!
//! // What cannot be read is an error with its place, and no shorter stream.
//! let error = trace::convert_reader(&b"time,latency_ms\n0,fast\n"[..], "latencies.csv", &options).unwrap_err();
//! assert!(error.to_string().starts_with("`latencies.csv:2"), "{error}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bring your own samples, and write a tape
//!
//! ```
//! use telltape::residual::{Class, StreamBuilder, formula};
//! use telltape::tape::TapeWriter;
//!
//! let mut samples = StreamBuilder::default();
//! for second in 0..120 {
//!     let latency_ms = if second < 60 { 100.0 } else { 400.0 };
//!     samples.push(f64::from(second), Class::PlanRegression, formula::latency(latency_ms, 100.0), "q42")?;
//! }
//! let stream = samples.finish("my workload");
//!
//! // Whole or not at all, with a manifest beside it.
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("run.jsonl");
//! let mut writer = TapeWriter::create(&path, stream.source())?;
//! writer.append_stream(&stream)?;
//! let manifest = writer.finalise(None)?;
//! assert_eq!(manifest.sample_count, 120);
//! assert!(folder.path().join("run.jsonl.hash").is_file());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Read and verify a tape
//!
//! Reading verifies: a tape that is not what its manifest says is an error, never a shorter stream.
//!
//! ```
//! use telltape::diagnostics::{Diagnose, FailureKind};
//! use telltape::tape;
//! # use telltape::residual::{Class, StreamBuilder};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("run.jsonl");
//! # let mut samples = StreamBuilder::default();
//! # samples.push(0.0, Class::Contention, 0.5, "lock")?;
//! # let stream = samples.finish("my workload");
//! # let mut writer = tape::TapeWriter::create(&path, stream.source())?;
//! # writer.append_stream(&stream)?;
//! # writer.finalise(None)?;
//!
//! let read = tape::read(&path)?;
//! assert_eq!(read.stream.fingerprint(), stream.fingerprint());
//!
//! // One byte more, and it is no tape any more.
//! let mut bytes = std::fs::read(&path)?;
//! bytes.push(b'\n');
//! std::fs::write(&path, bytes)?;
//! let error = tape::read(&path).unwrap_err();
//! assert_eq!(error.kind(), FailureKind::Hash);
//! assert_eq!(error.place().unwrap().file, path);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Replay
//!
//! The same samples and grammar give the same episodes, everywhere.
//!
//! ```
//! use telltape::motif::{self, Engine, EngineKind};
//! use telltape::residual::{Class, StreamBuilder};
//!
//! let mut samples = StreamBuilder::default();
//! for second in 0..120 {
//!     let residual = if second < 60 { 0.0 } else { 1.4 };
//!     samples.push(f64::from(second), Class::PlanRegression, residual, "q42")?;
//! }
//! let stream = samples.finish("my workload");
//! let mut engine = Engine::new(EngineKind::EXCURSION);
//! engine.set("plan_regression_onset", "drift_threshold", 0.5)?;
//! let episodes = engine.replay(&stream);
//! assert_eq!(episodes.len(), 1);
//! assert_eq!((episodes[0].channel.as_str(), episodes[0].t_start), ("q42", 60.0));
//! assert_eq!(motif::fingerprint(&episodes), motif::fingerprint(&engine.replay(&stream)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Write your own detector
//!
//! A [`Detector`](evaluate::Detector) sees one channel at a time; the same scores tell how good it is and how good an engine is.
//!
//! ```
//! use telltape::evaluate::{self, Detection, Detector, Generator, Parameter, Series, Settings};
//! use telltape::residual::Math;
//!
//! /// Fires while a residual is far from 0.
//! struct Far;
//!
//! impl Detector for Far {
//!     fn name(&self) -> &'static str {
//!         "far"
//!     }
//!
//!     fn title(&self) -> &'static str {
//!         "residuals that are far from 0"
//!     }
//!
//!     fn parameters(&self) -> &'static [Parameter] {
//!         static PARAMETERS: [Parameter; 1] = [Parameter::above_zero("far", 0.5, "the least that is far")];
//!         &PARAMETERS
//!     }
//!
//!     fn detect(&self, series: &Series<'_>, settings: &Settings) -> Vec<Detection> {
//!         let is_far = |value: &f64| value.abs() >= settings.number("far");
//!         let mut found = Vec::new();
//!         let mut at = 0;
//!         for run in series.values.chunk_by(|a, b| is_far(a) == is_far(b)) {
//!             if is_far(&run[0]) {
//!                 found.push(Detection::at_once(series.t[at], series.t[at + run.len() - 1]));
//!             }
//!             at += run.len();
//!         }
//!         found
//!     }
//! }
//!
//! // A stream in which five faults are planted, one of which shows on two channels; what is found is held against them.
//! let generator = Generator::Perturbed { scale: 1.0 };
//! let stream = generator.stream(42, Math::Portable);
//! let spans = Far.find_spans(&stream, &Settings::defaults(&Far), Math::Portable);
//! let scores = evaluate::pool(&[evaluate::tally(&spans, &generator.windows(), stream.span())]);
//! let of_all = scores.last().unwrap();
//! assert_eq!(of_all.tally.windows, 6);
//! assert!(of_all.tally.matched > 0);
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
