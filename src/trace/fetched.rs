use std::path::PathBuf;

use serde::Serialize;

/// A file that a fetch was asked for and that is in its place now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Fetched {
    /// Where.
    pub file: PathBuf,
    /// Whether it was put there just now.
    pub new: bool,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Whether that was compared with a known one.
    pub verified: bool,
    /// What was in its place, or in that of its part, and is kept under another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<PathBuf>,
}
