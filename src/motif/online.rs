//! An engine while samples still come: episodes as they open and close, by the machines that replay uses.

use std::collections::BTreeMap;

use super::machine::{Emission, Machine};
use super::values::GrammarValues;
use super::{Engine, Episode, Motif, PerMotif};
use crate::residual::Class;

/// The machines of all channels that have been seen.
///
/// What it gives is what [`Engine::replay`] gives for the same samples, but for what an engine cannot know before the end: the
/// trust of `reference`, which a channel that is seen later changes.
pub struct OnlineEngine {
    channels: Box<dyn Online>,
}

impl OnlineEngine {
    /// No channel has been seen.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        Self { channels: (engine.kind().entry().online)(engine.grammar()) }
    }

    /// Takes in a sample, in order of time within its channel; the episode that it closes, if any, is final.
    pub fn take(&mut self, t: f64, class: Class, value: f64, channel: &str) -> Option<Episode> {
        self.channels.take(t, Motif::of_class(class), value, channel)
    }

    /// The episodes that are open: provisional, until they close or the stream ends.
    #[must_use]
    pub fn open(&self) -> Vec<Episode> {
        self.channels.open()
    }

    /// The episodes that the end of the stream makes final.
    #[must_use]
    pub fn finish(&self) -> Vec<Episode> {
        self.channels.finish()
    }
}

/// The channels of one engine.
pub(super) trait Online: Send + Sync {
    fn take(&mut self, t: f64, motif: Motif, value: f64, channel: &str) -> Option<Episode>;

    fn open(&self) -> Vec<Episode>;

    fn finish(&self) -> Vec<Episode>;
}

/// The channels of the engine with this machine.
struct OnlineChannels<M: Machine> {
    grammar: PerMotif<M::Parameters>,
    machines: BTreeMap<(Motif, String), M>,
}

/// What an engine with this machine does while samples still come.
pub(super) fn channels<M: Machine + 'static>(grammar: &GrammarValues) -> Box<dyn Online> {
    Box::new(OnlineChannels::<M> { grammar: grammar.typed(), machines: BTreeMap::new() })
}

impl<M: Machine> OnlineChannels<M> {
    /// What `emission` gives for each machine, as episodes.
    fn episodes(&self, emission: impl Fn(&M, &M::Parameters) -> Option<M::Emission>) -> Vec<Episode> {
        let emitted = self.machines.iter().filter_map(|((motif, channel), machine)| {
            emission(machine, self.grammar.parameters(*motif)).map(|emission| emission.into_episode(*motif, channel))
        });
        emitted.collect()
    }
}

impl<M: Machine> Online for OnlineChannels<M> {
    fn take(&mut self, t: f64, motif: Motif, value: f64, channel: &str) -> Option<Episode> {
        let machine = self.machines.entry((motif, channel.to_owned())).or_default();
        machine.step(self.grammar.parameters(motif), t, value).map(|emission| emission.into_episode(motif, channel))
    }

    fn open(&self) -> Vec<Episode> {
        self.episodes(|machine, _| machine.open())
    }

    fn finish(&self) -> Vec<Episode> {
        self.episodes(M::finish)
    }
}
