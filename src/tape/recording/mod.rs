//! Recordings: the raw counters of a live server, as JSONL in hashed and sealed parts. `docs/live.md` has the format.
//!
//! Of no database in particular: the header says what the views are. What their names mean is for [`crate::trace`] to know.

mod cell;
mod format_1;
mod header;
mod line;
mod manifest;
mod reader;
mod view;
mod writer;

pub use cell::RecordedCell;
pub use header::{RecordingHeader, ServerIdentity};
pub use line::{Body, Cost, Epoch, Poll, Record, RecordedRow, RowKey, ViewRows};
pub(super) use manifest::newer_format;
pub use manifest::{RecordingManifest, is_recording, part_on_disk};
pub(super) use reader::read_recording_from;
pub use reader::{RecordingDigest, RecordingLine, read_recording, read_recording_signed};
pub use view::{ViewDescription, ViewKind};
pub use writer::{PART_ENDING, RecordingWriter};

/// The version of the recording format that this program writes, kept in the first line of each part as `recording`.
///
/// Log of versions:
///
/// * 1 (telltape 0.1.0): a header line; then polls, gaps, changes of pace, and an end; rows of a view only where they
///   differ from the poll before, all of them in the first poll of a part and behind a gap. Of PostgreSQL only: the header has
///   the names of each view's columns, and the key is the first few of them.
/// * 2 (telltape 0.2.0): the header says which kind of server it is, and describes each view: its kind, its columns, its key,
///   and which columns are counters. `server.identifier` was `system_identifier`, `database_id` was `database_oid`, and a poll
///   has `totals` where it had `statements`.
///
/// A reader refuses a higher version than its own, and reads all lower ones. Columns and views may come and go without a new
/// version: the header describes them.
pub const RECORDING_FORMAT: u32 = 2;

/// Bytes of the longest line that is written and that is read: a poll of 5,000 statements has half a MiB.
pub const LONGEST_LINE: u64 = 64 << 20;
