//! The engine while samples still come: episodes as they open and close, by the machines that replay uses.

use std::collections::BTreeMap;

use super::machine::{Emission, Machine};
use super::{Engine, Episode, Motif};
use crate::residual::Class;

/// The machines of all channels that have been seen.
///
/// What it gives is what [`Engine::replay`] gives for the same samples, but for `trust_sum`, which a channel that is seen later
/// changes, and which is 0 here.
pub struct LiveEngine {
    engine: Engine,
    machines: BTreeMap<(Motif, String), Machine>,
}

impl LiveEngine {
    /// No channel has been seen.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, machines: BTreeMap::new() }
    }

    /// Takes in a sample, in order of time within its channel; the episode that it closes, if any, is final.
    pub fn take(&mut self, t: f64, class: Class, value: f64, channel: &str) -> Option<Episode> {
        let motif = Motif::ALL.into_iter().find(|motif| motif.class() == class)?;
        let machine = self.machines.entry((motif, channel.to_owned())).or_default();
        machine.step(self.engine.grammar.of(motif), t, value).map(|emission| episode(motif, channel, emission))
    }

    /// The episodes that are open: provisional, until they close or the stream ends.
    pub fn open(&self) -> impl Iterator<Item = Episode> {
        self.machines
            .iter()
            .filter_map(|((motif, channel), machine)| machine.open().map(|emission| episode(*motif, channel, emission)))
    }

    /// The episodes that the end of the stream makes final.
    pub fn finish(&self) -> impl Iterator<Item = Episode> {
        self.machines.iter().filter_map(|((motif, channel), machine)| {
            machine.finish(self.engine.grammar.of(*motif)).map(|emission| episode(*motif, channel, emission))
        })
    }
}

fn episode(motif: Motif, channel: &str, emission: Emission) -> Episode {
    let Emission { t_start, t_end, peak, ema, .. } = emission;
    Episode { motif, channel: channel.to_owned(), t_start, t_end, peak, ema_at_boundary: ema, trust_sum: 0.0 }
}
