//! Recordings: the raw counters of a live server, as JSONL in hashed and sealed parts. `docs/live.md` has the format.

mod line;
mod reader;
mod seal;
mod writer;

pub use line::{Body, Cell, Columns, Cost, Epoch, Header, Key, Poll, Record, ServerIdentity, View, ViewRows};
pub(super) use reader::read_recording_from;
pub use reader::{Line, RecordingDigest, read_recording, read_recording_signed};
pub use seal::{Seal, is_recording, part_on_disk};
pub use writer::{PART_ENDING, RecordingWriter};

/// The version of the recording format that this program writes, kept in the first line of each part as `recording`.
///
/// Log of versions:
///
/// * 1 (telltape 0.1.0): a header line; then polls, gaps, changes of pace, and an end; rows of a view only where they
///   differ from the poll before, all of them in the first poll of a part and behind a gap.
///
/// A reader refuses a higher version than its own. Columns and views may come and go without a new version: the header names
/// them.
pub const RECORDING_FORMAT: u32 = 1;

/// Bytes of the longest line that is written and that is read: a poll of 5,000 statements has half a MiB.
pub const LONGEST_LINE: u64 = 64 << 20;
