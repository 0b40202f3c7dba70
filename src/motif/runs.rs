//! The samples of one class as one contiguous run a channel, channels in byte order of their names.

use crate::residual::{Class, Stream};

/// The channel that samples without one belong to.
const ANONYMOUS: &str = "_anonymous_";

/// Runs of one class.
pub(super) struct Runs<'a> {
    names: Vec<&'a str>,
    /// Where each run ends; it starts where the one before ends.
    ends: Vec<usize>,
    t: Vec<f64>,
    values: Vec<f64>,
}

impl<'a> Runs<'a> {
    /// Groups the samples of `class` by one counting pass; within a channel they keep the order of the stream.
    pub(super) fn new(stream: &'a Stream, class: Class) -> Self {
        let channels = stream.channels();
        // Samples without a channel join the channel of that name if the stream has one.
        let anonymous = channels.get(ANONYMOUS.as_bytes()).map_or(channels.len(), |id| id.index());
        let names = channels.ids().map(|id| channels.name(id)).chain(std::iter::once(ANONYMOUS));
        let of_class = || {
            let samples = stream.classes().iter().zip(stream.channel_ids()).enumerate();
            samples
                .filter(|(_, (found, _))| **found == class)
                .map(|(index, (_, channel))| (index, channel.map_or(anonymous, |id| id.index())))
        };
        let mut cursor = vec![0_usize; channels.len() + 1];
        for (_, slot) in of_class() {
            cursor[slot] += 1;
        }
        let mut slots: Vec<(&str, usize)> = names.zip(0..).filter(|(_, slot)| cursor[*slot] > 0).collect();
        slots.sort_unstable();
        let mut ends = Vec::with_capacity(slots.len());
        let mut total = 0;
        for (_, slot) in &slots {
            let count = std::mem::replace(&mut cursor[*slot], total);
            total += count;
            ends.push(total);
        }
        let (mut t, mut values) = (vec![0.0; total], vec![0.0; total]);
        for (index, slot) in of_class() {
            let place = cursor[slot];
            cursor[slot] += 1;
            t[place] = stream.times()[index];
            values[place] = stream.values()[index];
        }
        Self { names: slots.into_iter().map(|(name, _)| name).collect(), ends, t, values }
    }

    /// Number of channels.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, channel: usize) -> &'a str {
        self.names[channel]
    }

    /// Number of samples.
    pub(super) fn samples(&self) -> usize {
        self.t.len()
    }

    /// The largest magnitude of a residual; 0 if there are none.
    pub(super) fn largest_magnitude(&self) -> f64 {
        self.values.iter().fold(0.0, |largest, value| value.abs().max(largest))
    }

    /// Times and values of a channel.
    pub(super) fn of_channel(&self, channel: usize) -> (&[f64], &[f64]) {
        let start = if channel == 0 { 0 } else { self.ends[channel - 1] };
        let range = start..self.ends[channel];
        (&self.t[range.clone()], &self.values[range])
    }
}
