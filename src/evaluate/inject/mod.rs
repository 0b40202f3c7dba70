//! Faults injected into the residuals of any tape: of a kind and a size, at a place that the seed draws. Definitions:
//! `docs/inject.md`.

mod kind;
mod trial;

use std::collections::BTreeMap;

pub use kind::FaultKind;
pub use trial::{InjectPoint, InjectTrial, InjectTrialError, Injected};

use super::Window;
use super::random::Pcg64;
use crate::motif::{Grammar, Motif};
use crate::residual::{ChannelId, Stream, StreamBuilder};

/// What is injected into each run; with a seed it decides every byte.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// How residuals change.
    pub kind: FaultKind,
    /// By how much, in published slew thresholds of the motif.
    pub size: f64,
    /// The shortest and the longest fault, in samples of its channel.
    pub samples: (usize, usize),
    /// Faults in a run, each on another channel.
    pub faults: usize,
    /// Where faults may be; empty is all.
    pub motifs: Vec<Motif>,
}

/// A tape that faults cannot be injected into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "channels with at least {samples} samples each and no window: {found}, for faults: {needed}; each fault is on a channel of \
     its own, and one of up to n samples needs a channel of 4 n"
)]
pub struct InjectError {
    /// Faults, so channels.
    pub needed: usize,
    /// Samples that a channel needs.
    pub samples: usize,
    /// Channels that have them.
    pub found: usize,
}

/// Share of the samples of a channel before which nothing is injected: detectors learn from them what is usual.
const QUIET: usize = 4;

/// The samples of one class of one channel, by their places in the stream.
type Series = (Motif, Option<ChannelId>, Vec<usize>);

/// A fault as it was drawn.
struct Fault {
    /// Places in the stream of its samples.
    places: Vec<usize>,
    window: Window,
}

impl Injection {
    /// The largest size, which keeps residuals finite.
    pub const LARGEST_SIZE: f64 = 1e9;

    /// Whether faults can be so large.
    #[must_use]
    pub fn takes_size(size: f64) -> bool {
        size > 0.0 && size <= Self::LARGEST_SIZE
    }

    /// The tape with faults in it, and where they are. `truth` are windows of faults that are there already: their channels are left
    /// alone.
    ///
    /// Kinds and sizes do not decide where faults are: for one seed they are comparable.
    ///
    /// # Errors
    /// When too few channels have samples enough.
    pub fn apply(&self, carrier: &Stream, truth: &[Window], seed: u64) -> Result<(Stream, Vec<Window>), InjectError> {
        let candidates = self.candidates(carrier, truth);
        if candidates.len() < self.faults {
            let (needed, found) = (self.faults, candidates.len());
            return Err(InjectError { needed, samples: QUIET * self.samples.1, found });
        }
        let mut random = Pcg64::new(seed);
        let faults = self.draw(carrier, candidates, &mut random);
        let mut added: BTreeMap<usize, f64> = BTreeMap::new();
        for Fault { places, window } in &faults {
            let unit = self.size * Grammar::default().parameters(window.motif).slew_threshold;
            for (at, place) in places.iter().enumerate() {
                added.insert(*place, unit * self.kind.share(at, places.len(), &mut random));
            }
        }
        let mut builder = StreamBuilder::with_capacity(carrier.len());
        for (place, sample) in carrier.samples().enumerate() {
            let channel = sample.channel.map(|channel| builder.channel(channel));
            let value = sample.value + added.get(&place).copied().unwrap_or_default();
            builder.push_id(sample.t, sample.class, value, channel).expect("a bounded size on a bounded residual");
        }
        let label = format!("{}[{}]", carrier.source(), self.label(seed));
        Ok((builder.finish(label), faults.into_iter().map(|fault| fault.window).collect()))
    }

    /// What it says behind the label of the carrier.
    fn label(&self, seed: u64) -> String {
        let Self { kind, size, samples: (least, most), faults, .. } = self;
        format!("inject {kind} {size} samples {least}-{most} faults {faults} seed {seed}")
    }

    /// The channels that faults may be on, in the order of motifs and names.
    fn candidates(&self, carrier: &Stream, truth: &[Window]) -> Vec<Series> {
        let mut series: BTreeMap<(Motif, &str), Series> = BTreeMap::new();
        for (place, (sample, id)) in carrier.samples().zip(carrier.channel_ids()).enumerate() {
            let key = (Motif::of_class(sample.class), sample.channel.unwrap_or_default());
            series.entry(key).or_insert_with(|| (key.0, *id, Vec::new())).2.push(place);
        }
        let is_free = |motif: Motif, channel: &str| {
            (self.motifs.is_empty() || self.motifs.contains(&motif))
                && !truth.iter().any(|window| window.channel == channel || window.channel == super::ANY)
        };
        let long_enough = |places: &[usize]| places.len() >= QUIET * self.samples.1;
        series
            .into_iter()
            .filter(|((motif, channel), (_, _, places))| is_free(*motif, channel) && long_enough(places))
            .map(|(_, series)| series)
            .collect()
    }

    fn draw(&self, carrier: &Stream, mut candidates: Vec<Series>, random: &mut Pcg64) -> Vec<Fault> {
        let times = carrier.times();
        let mut faults = Vec::with_capacity(self.faults);
        for _ in 0..self.faults {
            let (motif, id, places) = candidates.remove(random.below(candidates.len()));
            let (least, most) = self.samples;
            let length = least + random.below(most - least + 1);
            let quiet = places.len() / QUIET;
            // Behind the fault there is a sample that ends it.
            let mut start = quiet + random.below(places.len() - length - quiet);
            let t = |at: usize| times[places[at]];
            // Samples of one time are in the window, or they are not.
            while start > 0 && t(start - 1) == t(start) {
                start -= 1;
            }
            let end = (start + length..places.len()).find(|at| t(*at) > t(at - 1));
            let t_end = end.map_or(t(places.len() - 1) + 1.0, t);
            let channel = id.map_or("", |id| carrier.channels().name(id));
            let window = Window::new(motif, channel, t(start), t_end);
            faults.push(Fault { places: places[start..end.unwrap_or(places.len())].to_vec(), window });
        }
        faults
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
