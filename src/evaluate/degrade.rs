use super::random::Pcg64;
use crate::residual::{Sample, Stream, StreamBuilder};

/// What a recorder may do to a stream: an observer that is worth something stays right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Degradation {
    /// Only every n-th sample of each class and channel, from the first.
    Rate(u32),
    /// Each sample is lost with this probability, below 1.
    Missing(f64),
    /// Samples arrive up to this many places later than they were taken, and with the time at which they arrive: as from
    /// a recorder that stamps what it receives.
    Reorder(u32),
    /// Times are off by up to this many seconds, either way.
    Jitter(f64),
}

impl Degradation {
    /// The stream as that recorder would have it, with the same label.
    #[must_use]
    pub fn apply(self, stream: &Stream, seed: u64) -> Stream {
        let mut random = Pcg64::new(seed);
        let mut builder = StreamBuilder::with_capacity(stream.len());
        let mut push = |t: f64, sample: &Sample<'_>| {
            let id = sample.channel.map(|channel| builder.channel(channel));
            builder
                .push_id(t, sample.class, sample.value, id)
                .expect("a stream's numbers are finite, and so are small changes");
        };
        match self {
            Self::Rate(n) => {
                let mut seen = std::collections::BTreeMap::new();
                for sample in stream.samples() {
                    let count = seen.entry((sample.class, sample.channel)).or_insert(0_u32);
                    if *count % n.max(1) == 0 {
                        push(sample.t, &sample);
                    }
                    *count += 1;
                }
            }
            Self::Missing(share) => {
                for sample in stream.samples() {
                    if !random.chance(share) {
                        push(sample.t, &sample);
                    }
                }
            }
            Self::Reorder(places) => {
                // Each sample is given a place up to `places` behind its own; those of one place keep their order.
                let mut order: Vec<(usize, usize)> =
                    (0..stream.len()).map(|index| (index + random.below(places as usize + 1), index)).collect();
                order.sort_unstable();
                for ((_, index), t) in order.into_iter().zip(stream.times()) {
                    push(*t, &stream.sample(index));
                }
            }
            Self::Jitter(seconds) => {
                for sample in stream.samples() {
                    let off = if seconds > 0.0 { random.uniform(-seconds, seconds) } else { 0.0 };
                    push(sample.t + off, &sample);
                }
            }
        }
        builder.finish(stream.source())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::perturbed;
    use crate::residual::Math;

    #[test]
    fn nothing_changes_at_none_of_it_and_it_grows() {
        let stream = perturbed(3, 1.0, Math::Portable);
        let same = [Degradation::Rate(1), Degradation::Missing(0.0), Degradation::Reorder(0), Degradation::Jitter(0.0)];
        for degradation in same {
            assert_eq!(degradation.apply(&stream, 1).fingerprint(), stream.fingerprint(), "{degradation:?}");
        }
        let half = Degradation::Missing(0.5).apply(&stream, 1).len();
        assert!((stream.len() * 9 / 20..stream.len() * 11 / 20).contains(&half), "{half}");
        let third = Degradation::Rate(3).apply(&stream, 1);
        let tpcds = |stream: &Stream| stream.samples().filter(|sample| sample.channel == Some("row_lock")).count();
        assert_eq!((tpcds(&stream), tpcds(&third)), (120, 40));
    }

    #[test]
    fn reordering_and_jitter_move_samples_by_as_much_as_they_say() {
        let stream = perturbed(3, 1.0, Math::Portable);
        let values = |stream: &Stream| {
            let mut bits: Vec<u64> = stream.values().iter().map(|value| value.to_bits()).collect();
            bits.sort_unstable();
            bits
        };
        for degradation in [Degradation::Reorder(5), Degradation::Jitter(0.8)] {
            let degraded = degradation.apply(&stream, 9);
            assert_ne!(degraded.fingerprint(), stream.fingerprint());
            assert_eq!(values(&degraded), values(&stream), "{degradation:?}");
            assert_eq!(degraded.fingerprint(), degradation.apply(&stream, 9).fingerprint());
            assert_ne!(degraded.fingerprint(), degradation.apply(&stream, 10).fingerprint());
        }
        // The lock's waits grow second by second, so that each tells its own time.
        let times = |stream: &Stream| -> Vec<(f64, f64)> {
            stream.samples().filter(|s| s.channel == Some("row_lock")).map(|s| (s.value, s.t)).collect()
        };
        let before = times(&stream);
        for (value, t) in times(&Degradation::Jitter(0.8).apply(&stream, 9)) {
            let (_, taken) = before.iter().find(|(other, _)| *other == value).unwrap();
            assert!((t - taken).abs() <= 0.8);
        }
    }
}
