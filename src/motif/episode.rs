use std::fmt;

use sha2::{Digest, Sha256};

use super::Motif;
use super::excursion::ExcursionDiagnostics;
use super::reference::ReferenceDiagnostics;

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
    /// What its engine knows besides.
    pub diagnostics: Diagnostics,
}

/// What an engine knows of an episode besides its channel, its times and its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Diagnostics {
    /// Of the engine `reference`.
    Reference(ReferenceDiagnostics),
    /// Of the engine `excursion`.
    Excursion(ExcursionDiagnostics),
}

impl Episode {
    /// Seconds; when the engine could report that there is an episode, its end aside.
    #[must_use]
    pub const fn t_detected(&self) -> f64 {
        match self.diagnostics {
            Diagnostics::Reference(_) => self.t_start,
            Diagnostics::Excursion(diagnostics) => diagnostics.t_confirmed,
        }
    }

    /// Whether it is the same episode as `replayed`, of a replay of the same samples.
    ///
    /// What an engine cannot know while samples still come is left out.
    #[must_use]
    pub fn is_replayed_as(&self, replayed: &Self) -> bool {
        let known = |episode: &Self| Self {
            diagnostics: match episode.diagnostics {
                Diagnostics::Reference(diagnostics) => {
                    Diagnostics::Reference(ReferenceDiagnostics { trust_sum: None, ..diagnostics })
                }
                Diagnostics::Excursion(_) => episode.diagnostics,
            },
            ..episode.clone()
        };
        known(self) == known(replayed)
    }
}

impl Diagnostics {
    /// The part of the fingerprint that differs between engines, little endian.
    ///
    /// Published fingerprints hash moving average and trust. Where an engine has neither, zeros keep their places, because its
    /// committed digests have them; so does a trust that is not known yet.
    fn bytes(&self) -> Vec<u8> {
        match *self {
            Self::Reference(ReferenceDiagnostics { ema_at_boundary, trust_sum }) => {
                [ema_at_boundary, trust_sum.unwrap_or_default()].map(f64::to_le_bytes).concat()
            }
            Self::Excursion(ExcursionDiagnostics { t_confirmed, t_peak, mean, samples, open }) => {
                let mut bytes = [0.0, 0.0, t_confirmed, t_peak, mean].map(f64::to_le_bytes).concat();
                bytes.extend(samples.to_le_bytes());
                bytes.push(u8::from(open));
                bytes
            }
        }
    }
}

/// What a person who watches reads of it.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(diagnostics) => write!(f, "ema {:.3}", diagnostics.ema_at_boundary),
            Self::Excursion(diagnostics) => {
                write!(f, "mean {:.3} over {} samples", diagnostics.mean, diagnostics.samples)
            }
        }
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
        hasher.update([episode.t_start, episode.t_end, episode.peak].map(f64::to_le_bytes).concat());
        hasher.update(episode.diagnostics.bytes());
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_episodes_have_the_digest_of_nothing() {
        assert_eq!(fingerprint(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_fingerprint_hashes_every_field_in_the_published_order() {
        let diagnostics = ReferenceDiagnostics { ema_at_boundary: 4.0, trust_sum: Some(5.0) };
        let episode = Episode {
            motif: Motif::CacheCollapse,
            channel: "c".to_owned(),
            t_start: 1.0,
            t_end: 2.0,
            peak: 3.0,
            diagnostics: Diagnostics::Reference(diagnostics),
        };
        let hashed = |numbers: &[f64], rest: &[u8]| {
            let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            hex::encode(Sha256::digest([&b"\x03c|"[..], &numbers, rest].concat()))
        };
        assert_eq!(fingerprint(std::slice::from_ref(&episode)), hashed(&[1.0, 2.0, 3.0, 4.0, 5.0], b""));
        let diagnostics = ExcursionDiagnostics { t_confirmed: 6.0, t_peak: 7.0, mean: 8.0, samples: 9, open: true };
        let excursion = Episode { diagnostics: Diagnostics::Excursion(diagnostics), ..episode };
        let rest = [&9_u64.to_le_bytes()[..], &[1]].concat();
        assert_eq!(fingerprint(&[excursion]), hashed(&[1.0, 2.0, 3.0, 0.0, 0.0, 6.0, 7.0, 8.0], &rest));
    }
}
