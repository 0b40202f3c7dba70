//! What is scored: a stretch of time in which somebody says that a channel was not as it should be.

use sha2::{Digest, Sha256};

use crate::motif::{Episode, Motif};
use crate::store::TableColumns;

/// A stretch of time on one channel that an engine, a detector or somebody's table reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The motif of the class of residuals.
    pub motif: Motif,
    /// Whose residuals.
    pub channel: String,
    /// Seconds; where it begins.
    pub t_start: f64,
    /// Seconds; where it ends.
    pub t_end: f64,
    /// Seconds; when it could be reported. `None` where nobody says: then it counts as reported at its start, which is the
    /// earliest that it can have been.
    pub t_detected: Option<f64>,
}

impl Span {
    /// When it was reported, or the earliest that it can have been.
    #[must_use]
    pub fn earliest_detection(&self) -> f64 {
        self.t_detected.unwrap_or(self.t_start)
    }

    /// Spans of these episodes.
    #[must_use]
    pub fn of_episodes(episodes: &[Episode]) -> Vec<Self> {
        episodes.iter().cloned().map(Self::from).collect()
    }
}

impl From<Episode> for Span {
    fn from(episode: Episode) -> Self {
        let t_detected = Some(episode.t_detected());
        let Episode { motif, channel, t_start, t_end, .. } = episode;
        Self { motif, channel, t_start, t_end, t_detected }
    }
}

/// The bytes of a table of spans: `motif,channel,t_start,t_end,t_detected`. An empty cell is a time that nobody says.
#[must_use]
pub fn spans_csv(spans: &[Span]) -> Vec<u8> {
    TableColumns::default()
        .text("motif", |span: &Span| span.motif.name())
        .text("channel", |span| &span.channel)
        .number("t_start", |span| span.t_start)
        .number("t_end", |span| span.t_end)
        .optional_number("t_detected", |span| span.t_detected)
        .csv(spans)
}

/// SHA-256 over, per span, motif code, channel, `|` and the times as IEEE bits, little endian; lowercase hex. A time that nobody
/// says is NaN.
#[must_use]
pub fn spans_fingerprint(spans: &[Span]) -> String {
    let mut hasher = Sha256::new();
    for span in spans {
        hasher.update([span.motif.class().code()]);
        hasher.update(span.channel.as_bytes());
        hasher.update(b"|");
        hasher.update([span.t_start, span.t_end, span.t_detected.unwrap_or(f64::NAN)].map(f64::to_le_bytes).concat());
    }
    hex::encode(hasher.finalize())
}
