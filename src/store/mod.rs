//! Files: whole or not at all, hashed while they are written or read.

mod atomic_file;
mod blocks;
mod error;
mod gate;
mod input;
mod inside;
mod line_ends;
mod lock;
mod program;
mod remove;
mod scratch;
mod seal;
mod signature;
mod small;
mod sweep;
mod table;
mod table_error;
mod text;
#[cfg(feature = "experiment")]
mod wildcard;

pub use atomic_file::{AtomicFile, Durability, abandon_staged, sync_folder, write_over, write_whole};
pub use blocks::{BLOCK_BYTES, Blocks};
pub use error::{Obstacle, StoreError};
pub use gate::{EPISODES, OutputKind, RECORDING, TAPE, begins_as_recording, check, open_in_place, remove_if};
pub use input::{Input, InputDigest, file_digest, label};
pub use inside::is_inside;
pub use line_ends::{LINE_ENDS_REMEDY, line_ends_rewritten};
pub use lock::{FolderLock, LockError};
pub use program::program_digest;
pub use remove::remove_file;
pub use scratch::Scratch;
pub use seal::{Seal, open_seal, sealed};
pub use signature::{SignatureError, UnsignedReason, VerifyingKey};
pub use small::{read_small, read_small_text};
#[cfg(feature = "parquet")]
pub use table::ParquetError;
pub use table::{CsvRow, CsvTable, TableColumns, write_number};
pub use table_error::{TableError, TableProblem};
pub use text::{Shown, is_hidden, visible_json};
#[cfg(feature = "experiment")]
pub use wildcard::{GlobError, glob, is_glob};
