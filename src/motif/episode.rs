use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Semantics;
use crate::residual::Class;
use crate::store::Columns;
#[cfg(feature = "parquet")]
use crate::store::ParquetError;

/// The five motifs, one to one with the classes and with their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Motif {
    /// Over [`Class::PlanRegression`].
    PlanRegressionOnset,
    /// Over [`Class::Cardinality`].
    CardinalityMismatchRegime,
    /// Over [`Class::Contention`].
    ContentionRamp,
    /// Over [`Class::CacheIo`].
    CacheCollapse,
    /// Over [`Class::WorkloadPhase`].
    WorkloadPhaseTransition,
}

impl Motif {
    /// All motifs in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::PlanRegressionOnset,
        Self::CardinalityMismatchRegime,
        Self::ContentionRamp,
        Self::CacheCollapse,
        Self::WorkloadPhaseTransition,
    ];

    /// The class whose samples it reads.
    #[must_use]
    pub const fn class(self) -> Class {
        Class::ALL[self as usize]
    }

    /// The name in tables and grammars.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlanRegressionOnset => "plan_regression_onset",
            Self::CardinalityMismatchRegime => "cardinality_mismatch_regime",
            Self::ContentionRamp => "contention_ramp",
            Self::CacheCollapse => "cache_collapse",
            Self::WorkloadPhaseTransition => "workload_phase_transition",
        }
    }
}

/// What a motif emits: a structural observation about one channel, neither a cause nor a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Which motif.
    pub motif: Motif,
    /// Whose residuals; samples without a channel share `_anonymous_`.
    pub channel: String,
    /// Seconds; the sample that opened it.
    pub t_start: f64,
    /// Seconds; under `reference` the sample that confirmed the recovery.
    pub t_end: f64,
    /// Largest magnitude; under `reference` since the previous emission on the channel.
    pub peak: f64,
    /// Moving average of the innovation's magnitude at the sample that closed it.
    pub ema_at_boundary: f64,
    /// Sum of the fused observer's weights at that sample: 1 but for rounding.
    pub trust_sum: f64,
    /// What `excursion` knows more, in place of the two before, which are 0 there.
    pub details: Option<Details>,
}

impl Episode {
    /// When the engine could tell that there is one, its end aside.
    #[must_use]
    pub fn t_told(&self) -> f64 {
        self.details.map_or(self.t_start, |details| details.t_confirmed)
    }
}

/// What an episode of `excursion` knows besides its channel, its times and its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Details {
    /// Time of the sample by which it was certain.
    pub t_confirmed: f64,
    /// Time of the first sample of the largest magnitude.
    pub t_peak: f64,
    /// Mean residual from start to end.
    pub mean: f64,
    /// Samples from start to end.
    pub samples: u64,
    /// The stream ended before the episode did.
    pub open: bool,
}

impl Details {
    /// `up` or `down`: the sign of the mean.
    #[must_use]
    pub const fn direction(&self) -> &'static str {
        if self.mean < 0.0 { "down" } else { "up" }
    }
}

/// The published fingerprint: SHA-256 over, per episode, motif code, channel, `|` and the five numbers as IEEE bits,
/// little endian; lowercase hex. Episodes of `excursion` add their own columns in the same way.
#[must_use]
pub fn fingerprint(episodes: &[Episode]) -> String {
    let mut hasher = Sha256::new();
    for episode in episodes {
        hasher.update([episode.motif.class().code()]);
        hasher.update(episode.channel.as_bytes());
        hasher.update(b"|");
        for number in numbers(episode) {
            hasher.update(number.to_le_bytes());
        }
        if let Some(Details { t_confirmed, t_peak, mean, samples, open }) = episode.details {
            hasher.update(t_confirmed.to_le_bytes());
            hasher.update(t_peak.to_le_bytes());
            hasher.update(mean.to_le_bytes());
            hasher.update(samples.to_le_bytes());
            hasher.update([u8::from(open)]);
        }
    }
    hex::encode(hasher.finalize())
}

/// The columns of an `episodes.csv`.
#[must_use]
pub fn columns(semantics: Semantics) -> Columns<'static, Episode> {
    let columns = Columns::default()
        .text("motif", |episode: &Episode| episode.motif.name())
        .text("channel", |episode| &episode.channel)
        .number("t_start", |episode| episode.t_start)
        .number("t_end", |episode| episode.t_end);
    match semantics {
        Semantics::Reference => columns
            .number("peak", |episode| episode.peak)
            .number("ema_at_boundary", |episode| episode.ema_at_boundary)
            .number("trust_sum", |episode| episode.trust_sum),
        Semantics::Excursion => columns
            .number("t_confirmed", |episode| details(episode).t_confirmed)
            .number("t_peak", |episode| details(episode).t_peak)
            .number("peak", |episode| episode.peak)
            .number("mean", |episode| details(episode).mean)
            .text("direction", |episode| details(episode).direction())
            .count("samples", |episode| details(episode).samples)
            .flag("open", |episode| details(episode).open),
    }
}

fn details(episode: &Episode) -> Details {
    episode.details.expect("episodes of `excursion` have details")
}

/// The bytes of an `episodes.csv`.
#[must_use]
pub fn csv(semantics: Semantics, episodes: &[Episode]) -> Vec<u8> {
    columns(semantics).csv(episodes)
}

/// The bytes of an `episodes.parquet`: the columns of [`csv()`].
///
/// # Errors
/// When polars refuses, which it has no reason to.
#[cfg(feature = "parquet")]
pub fn parquet(semantics: Semantics, episodes: &[Episode]) -> Result<Vec<u8>, ParquetError> {
    columns(semantics).parquet(episodes)
}

fn numbers(episode: &Episode) -> [f64; 5] {
    [episode.t_start, episode.t_end, episode.peak, episode.ema_at_boundary, episode.trust_sum]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motifs_and_classes_share_their_codes() {
        for (code, motif) in (0..).zip(Motif::ALL) {
            assert_eq!(motif.class().code(), code);
        }
    }

    #[test]
    fn a_table_quotes_what_needs_it_and_reads_back() {
        let channels = ["q1", "", "a,b", "say \"x\"", "two\nlines", "cr\rhere", " blank ", "日本"];
        let episodes: Vec<Episode> = channels
            .iter()
            .map(|channel| Episode {
                motif: Motif::CacheCollapse,
                channel: (*channel).to_owned(),
                t_start: 5.0,
                t_end: 1e16,
                peak: 0.1,
                ema_at_boundary: -0.0,
                trust_sum: 0.9999999999999999,
                details: None,
            })
            .collect();
        let text = csv(Semantics::Reference, &episodes);
        assert!(text.starts_with(
            b"motif,channel,t_start,t_end,peak,ema_at_boundary,trust_sum\n\
              cache_collapse,q1,5,10000000000000000,0.1,-0,0.9999999999999999\n"
        ));
        let mut reader = ::csv::Reader::from_reader(text.as_slice());
        let read: Vec<String> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
        assert_eq!(read, channels);
    }

    #[test]
    fn no_episodes_have_the_digest_of_nothing() {
        assert_eq!(fingerprint(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
