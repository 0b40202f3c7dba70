//! Tapes: JSONL files of samples with a SHA-256 manifest beside them, the unit of reproducibility.

mod decimal;
mod decode;
mod error;
mod format;
mod line;
mod manifest;
mod problem;
mod reader;
pub mod recording;
mod salvage;
mod table;
mod verify;
mod writer;

pub use error::TapeError;
pub use format::{FORMAT, MANIFEST_ENDING, manifest_path};
pub use manifest::{Manifest, RowCounts, Use};
pub use problem::{LineProblem, ManifestProblem, SalvageProblem};
pub use reader::{Tape, read, read_even_empty, read_signed};
pub use salvage::{SalvageKind, Salvaged, salvage};
#[cfg(feature = "parquet")]
pub use table::samples_parquet;
pub use table::{samples_csv, samples_jsonl, samples_spreadsheet};
pub use verify::{Verified, verify};
pub use writer::TapeWriter;
