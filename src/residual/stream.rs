use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{ChannelId, Channels, Class};

/// One residual of a [`Stream`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Seconds since the start of the trace.
    pub t: f64,
    /// What the residual measures.
    pub class: Class,
    /// Actual minus expected; the unit depends on the class.
    pub value: f64,
    /// Whose residual it is.
    pub channel: Option<&'a str>,
}

/// The largest magnitude of a time or a residual. Far beyond anything measured, and so far below the largest double that no
/// sum, mean, square or smoothed value of an engine over any number of samples can overflow: episodes have neither NaN nor inf.
pub const LARGEST: f64 = 1e100;

/// A time or value that no stream takes: it would silence its channel for good, or overflow in an engine.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum OutOfRange {
    /// The time is NaN, infinite, or beyond [`LARGEST`].
    #[error("the time is {0:?}, which is {why}", why = why(*.0))]
    Time(f64),
    /// The residual is NaN, infinite, or beyond [`LARGEST`].
    #[error("the residual is {0:?}, which is {why}", why = why(*.0))]
    Value(f64),
}

impl OutOfRange {
    /// What keeps a stream from taking a sample, if anything does.
    #[must_use]
    pub fn find(t: f64, value: f64) -> Option<Self> {
        if !in_range(t) {
            return Some(Self::Time(t));
        }
        (!in_range(value)).then_some(Self::Value(value))
    }
}

/// Whether engines can compute with a number.
#[must_use]
pub fn in_range(number: f64) -> bool {
    number.abs() <= LARGEST
}

fn why(number: f64) -> &'static str {
    if number.is_finite() { "beyond ±1e100; arithmetic with it would overflow" } else { "not finite" }
}

/// The samples of one tape in order of time, samples of one time in order of arrival.
///
/// Columns of 21 bytes a sample, and each channel name once.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    source: String,
    t: Vec<f64>,
    value: Vec<f64>,
    class: Vec<Class>,
    channel: Vec<Option<ChannelId>>,
    channels: Channels,
}

impl Stream {
    /// The label of where the samples come from; part of the fingerprint.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.t.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// Times in seconds, ascending.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.t
    }

    /// The first and the last time; zeros if there is none.
    #[must_use]
    pub fn span(&self) -> (f64, f64) {
        (self.t.first().copied().unwrap_or_default(), self.t.last().copied().unwrap_or_default())
    }

    /// Residuals.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.value
    }

    /// Classes.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.class
    }

    /// Channels, as ids of [`Stream::channels`].
    #[must_use]
    pub fn channel_ids(&self) -> &[Option<ChannelId>] {
        &self.channel
    }

    /// The names of the channels.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Sample `index` in stream order.
    ///
    /// # Panics
    /// When `index` is not below [`Stream::len`].
    #[must_use]
    pub fn sample(&self, index: usize) -> Sample<'_> {
        Sample {
            t: self.t[index],
            class: self.class[index],
            value: self.value[index],
            channel: self.channel[index].map(|id| self.channels.name(id)),
        }
    }

    /// All samples in stream order.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample<'_>> + Clone {
        (0..self.len()).map(|index| self.sample(index))
    }

    /// How many different (class, channel) pairs have samples.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        self.channel_counts().iter().sum()
    }

    /// How many channels have samples of each class, in the order of [`Class::ALL`].
    #[must_use]
    pub fn channel_counts(&self) -> [usize; Class::ALL.len()] {
        let width = Class::ALL.len();
        let mut seen = vec![false; (self.channels.len() + 1) * width];
        for (class, channel) in self.class.iter().zip(&self.channel) {
            seen[channel.map_or(0, |id| id.index() + 1) * width + class.code() as usize] = true;
        }
        let mut counts = [0; Class::ALL.len()];
        for row in seen.chunks_exact(width) {
            counts.iter_mut().zip(row).for_each(|(count, seen)| *count += usize::from(*seen));
        }
        counts
    }

    /// The published fingerprint: SHA-256 over the source and, per sample, `t`, class code, value (IEEE bits, little
    /// endian), channel and `|`, in lowercase hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.source.as_bytes());
        let mut buffer = Vec::with_capacity(1 << 16);
        for sample in self.samples() {
            buffer.extend_from_slice(&sample.t.to_le_bytes());
            buffer.push(sample.class.code());
            buffer.extend_from_slice(&sample.value.to_le_bytes());
            buffer.extend_from_slice(sample.channel.unwrap_or_default().as_bytes());
            buffer.push(b'|');
            if buffer.len() >= (1 << 16) - 512 {
                hasher.update(&buffer);
                buffer.clear();
            }
        }
        hasher.update(&buffer);
        hex::encode(hasher.finalize())
    }
}

/// Collects samples in order of arrival; [`StreamBuilder::finish`] puts them in order of time.
#[derive(Debug, Default)]
pub struct StreamBuilder {
    stream: Stream,
}

impl StreamBuilder {
    /// An empty builder with room for `samples`.
    #[must_use]
    pub fn with_capacity(samples: usize) -> Self {
        let mut builder = Self::default();
        builder.stream.t.reserve(samples);
        builder.stream.value.reserve(samples);
        builder.stream.class.reserve(samples);
        builder.stream.channel.reserve(samples);
        builder
    }

    /// The id of a channel name, for [`StreamBuilder::push_id`].
    pub fn channel(&mut self, name: &str) -> ChannelId {
        self.stream.channels.intern(name)
    }

    /// The id of a channel that has been interned already.
    #[must_use]
    pub fn known_channel(&self, name: &[u8]) -> Option<ChannelId> {
        self.stream.channels.get(name)
    }

    /// The name of a channel of this builder.
    #[must_use]
    pub fn channel_name(&self, id: ChannelId) -> &str {
        self.stream.channels.name(id)
    }

    /// Appends a sample of the named channel.
    ///
    /// # Errors
    /// When `t` or `value` is not finite or beyond [`LARGEST`]; nothing is appended then.
    pub fn push(&mut self, t: f64, class: Class, value: f64, channel: &str) -> Result<(), OutOfRange> {
        let channel = self.channel(channel);
        self.push_id(t, class, value, Some(channel))
    }

    /// Appends a sample whose channel is an id from [`StreamBuilder::channel`] of this builder.
    ///
    /// # Errors
    /// When `t` or `value` is not finite or beyond [`LARGEST`]; nothing is appended then.
    pub fn push_id(&mut self, t: f64, class: Class, value: f64, channel: Option<ChannelId>) -> Result<(), OutOfRange> {
        if let Some(fault) = OutOfRange::find(t, value) {
            return Err(fault);
        }
        self.stream.t.push(t);
        self.stream.class.push(class);
        self.stream.value.push(value);
        self.stream.channel.push(channel);
        Ok(())
    }

    /// Appends all samples of another builder after those of this one.
    pub fn append(&mut self, other: Self) {
        let ids = self.stream.channels.absorb(&other.stream.channels);
        let other = other.stream;
        self.stream.t.extend_from_slice(&other.t);
        self.stream.value.extend_from_slice(&other.value);
        self.stream.class.extend_from_slice(&other.class);
        self.stream.channel.extend(other.channel.iter().map(|id| id.map(|id| ids[id.index()])));
    }

    /// Number of samples so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stream.len()
    }

    /// Whether there are no samples yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stream.is_empty()
    }

    /// Whether the samples came in order of time.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.stream.t.is_sorted()
    }

    /// The stream, stably sorted by time and labelled `source`.
    #[must_use]
    pub fn finish(self, source: impl Into<String>) -> Stream {
        let mut stream = self.stream;
        stream.source = source.into();
        if !stream.t.is_sorted() {
            sort_by_time(&mut stream);
        }
        stream
    }
}

/// Stable sort of all columns by time. The order of a stable sort is unique, so doing it in parallel changes nothing.
fn sort_by_time(stream: &mut Stream) {
    let t = &stream.t;
    let count = u32::try_from(t.len()).expect("a stream holds fewer than 2^32 samples");
    let mut order: Vec<u32> = (0..count).collect();
    // -0.0 and 0.0 are the same time: partial_cmp calls them equal, total_cmp would not.
    order.par_sort_by(|a, b| t[*a as usize].partial_cmp(&t[*b as usize]).expect("a builder takes finite times only"));
    fn gather<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
        *column = order.iter().map(|index| column[*index as usize]).collect();
    }
    gather(&mut stream.t, &order);
    gather(&mut stream.value, &order);
    gather(&mut stream.class, &order);
    gather(&mut stream.channel, &order);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(samples: &[(f64, &str)]) -> Stream {
        let mut builder = StreamBuilder::default();
        for (index, (t, channel)) in samples.iter().enumerate() {
            builder.push(*t, Class::CacheIo, index as f64, channel).unwrap();
        }
        builder.finish("test")
    }

    #[test]
    fn ties_keep_the_order_of_arrival_and_signed_zeros_tie() {
        let stream = stream(&[(2.0, "a"), (0.0, "b"), (-0.0, "c"), (2.0, "d"), (1.0, "e")]);
        let order: Vec<_> = stream.samples().map(|sample| sample.channel.unwrap()).collect();
        assert_eq!(order, ["b", "c", "e", "a", "d"]);
    }

    #[test]
    fn what_no_engine_can_compute_with_is_refused_and_not_appended() {
        let mut builder = StreamBuilder::default();
        for (t, value, problem) in [
            (f64::NAN, 0.0, "the time is NaN, which is not finite"),
            (0.0, f64::INFINITY, "the residual is inf, which is not finite"),
            (-1e308, 0.0, "the time is -1e308, which is beyond ±1e100; arithmetic with it would overflow"),
            (0.0, 1.1e100, "the residual is 1.1e100, which is beyond ±1e100; arithmetic with it would overflow"),
        ] {
            assert_eq!(builder.push(t, Class::CacheIo, value, "a").unwrap_err().to_string(), problem);
        }
        assert!(builder.is_empty());
        builder.push(-LARGEST, Class::CacheIo, LARGEST, "a").unwrap();
    }

    #[test]
    fn appending_in_pieces_equals_appending_at_once() {
        let samples = [(2.0, "a"), (0.0, "b"), (1.0, "a"), (0.0, "c"), (3.0, "b")];
        let whole = stream(&samples);
        let mut builder = StreamBuilder::default();
        for (index, piece) in samples.chunks(2).enumerate() {
            let mut part = StreamBuilder::default();
            for (offset, (t, channel)) in piece.iter().enumerate() {
                part.push(*t, Class::CacheIo, (index * 2 + offset) as f64, channel).unwrap();
            }
            builder.append(part);
        }
        assert_eq!(builder.finish("test").fingerprint(), whole.fingerprint());
    }

    #[test]
    fn a_channel_is_counted_once_a_class() {
        let mut builder = StreamBuilder::default();
        for (class, channel) in [(Class::CacheIo, "a"), (Class::CacheIo, "a"), (Class::Contention, "a")] {
            builder.push(0.0, class, 0.0, channel).unwrap();
        }
        builder.push_id(0.0, Class::Contention, 0.0, None).unwrap();
        assert_eq!(builder.finish("").channel_count(), 3);
    }
}
