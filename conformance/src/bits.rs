//! Samples and episodes as comparable bits, the same types for both sides.

use std::fmt;

use dsfb_database::residual::{ResidualSample, ResidualStream};
use telltape::evaluate::Span;
use telltape::motif;
use telltape::residual::{Class, Stream};

use crate::oracle;

/// A number as its bits, so that −0 and 0 differ; shown as the number and its bits.
///
/// All NaN are one: IEEE 754 leaves their sign and payload to the machine and the compiler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits(u64);

impl From<f64> for Bits {
    fn from(number: f64) -> Self {
        Self(if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() })
    }
}

impl Bits {
    /// Whether the number is NaN.
    #[must_use]
    pub fn is_nan(self) -> bool {
        f64::from_bits(self.0).is_nan()
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:016x}", f64::from_bits(self.0), self.0)
    }
}

/// One sample.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// Seconds.
    pub t: Bits,
    /// Code of the class.
    pub class: u8,
    /// Whose residual it is.
    pub channel: Option<String>,
    /// The residual.
    pub value: Bits,
}

/// One episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Name of the motif.
    pub motif: &'static str,
    /// Its channel.
    pub channel: Option<String>,
    /// Start, end, peak, moving average and trust.
    pub numbers: [Bits; 5],
}

/// The samples of our stream.
#[must_use]
pub fn our_samples(stream: &Stream) -> Vec<Sample> {
    let samples = stream.samples().map(|sample| Sample {
        t: sample.t.into(),
        class: sample.class.code(),
        channel: sample.channel.map(str::to_owned),
        value: sample.value.into(),
    });
    samples.collect()
}

/// The samples of a stream of the reference.
#[must_use]
pub fn their_samples(stream: &ResidualStream) -> Vec<Sample> {
    let samples = stream.samples.iter().map(|sample| Sample {
        t: sample.t.into(),
        class: oracle::code(sample.class),
        channel: sample.channel.clone(),
        value: sample.value.into(),
    });
    samples.collect()
}

/// Puts the samples that one flush of buckets gives into byte order of their channels, where ours are.
///
/// The reference emits them in the order of a hash map, which changes from process to process (defect A2). They are
/// neighbours, of one time, and of the only class that comes from buckets.
pub fn order_flushes(stream: &mut ResidualStream) {
    let phase = |sample: &ResidualSample| oracle::code(sample.class) == Class::WorkloadPhase.code();
    for flush in stream.samples.chunk_by_mut(|a, b| a.t == b.t && phase(a) && phase(b)) {
        flush.sort_by(|a, b| a.channel.cmp(&b.channel));
    }
}

/// Our episodes.
#[must_use]
pub fn our_episodes(episodes: &[motif::Episode]) -> Vec<Episode> {
    let episodes = episodes.iter().map(|episode| {
        let motif::Diagnostics::Reference(diagnostics) = episode.diagnostics else {
            panic!("the reference is compared with the engine of its name: {episode:?}")
        };
        let trust_sum = diagnostics.trust_sum.expect("a replay knows the trust of its episodes");
        Episode {
            motif: episode.motif.name(),
            channel: Some(episode.channel.clone()),
            numbers: [episode.t_start, episode.t_end, episode.peak, diagnostics.ema_at_boundary, trust_sum]
                .map(Bits::from),
        }
    });
    episodes.collect()
}

/// Our spans as the reference has them: what a detector does not measure is 0, and its trust 1.
#[must_use]
pub fn our_spans(spans: &[Span]) -> Vec<Episode> {
    let episodes = spans.iter().map(|span| Episode {
        motif: span.motif.name(),
        channel: Some(span.channel.clone()),
        numbers: [span.t_start, span.t_end, 0.0, 0.0, 1.0].map(Bits::from),
    });
    episodes.collect()
}

/// Episodes of the reference.
#[must_use]
pub fn their_episodes(episodes: &[dsfb_database::grammar::Episode]) -> Vec<Episode> {
    let episodes = episodes.iter().map(|episode| Episode {
        motif: motif::Motif::ALL[usize::from(oracle::code(episode.motif.residual_class()))].name(),
        channel: episode.channel.clone(),
        numbers: [episode.t_start, episode.t_end, episode.peak, episode.ema_at_boundary, episode.trust_sum]
            .map(Bits::from),
    });
    episodes.collect()
}
