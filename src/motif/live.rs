//! The engine while samples still come: episodes as they open and close, by the machines that replay uses.

use std::collections::BTreeMap;

use super::machine::{Emission, Machine};
use super::{Engine, Episode, Motif, excursion};
use crate::residual::Class;

/// The machines of all channels that have been seen.
///
/// What it gives is what [`Engine::replay`] gives for the same samples, but for `trust_sum`, which a channel that is seen later
/// changes, and which is 0 here.
pub struct LiveEngine {
    engine: Engine,
    machines: BTreeMap<(Motif, String), AnyMachine>,
}

/// A channel under one of the engines.
enum AnyMachine {
    Reference(Machine),
    Excursion(excursion::Machine),
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
        let machine = self.machines.entry((motif, channel.to_owned())).or_insert_with(|| match self.engine {
            Engine::Reference(_) => AnyMachine::Reference(Machine::default()),
            Engine::Excursion(_) => AnyMachine::Excursion(excursion::Machine::default()),
        });
        match (machine, &self.engine) {
            (AnyMachine::Reference(machine), Engine::Reference(grammar)) => {
                machine.step(grammar.of(motif), t, value).map(|emission| episode(motif, channel, emission))
            }
            (AnyMachine::Excursion(machine), Engine::Excursion(grammar)) => {
                machine.step(grammar.of(motif), t, value).map(|emission| emission.into_episode(motif, channel))
            }
            _ => unreachable!("all machines are of the engine"),
        }
    }

    /// The episodes that are open: provisional, until they close or the stream ends.
    pub fn open(&self) -> impl Iterator<Item = Episode> {
        self.machines.iter().filter_map(|((motif, channel), machine)| match machine {
            AnyMachine::Reference(machine) => machine.open().map(|emission| episode(*motif, channel, emission)),
            AnyMachine::Excursion(machine) => machine.open().map(|emission| emission.into_episode(*motif, channel)),
        })
    }

    /// The episodes that the end of the stream makes final.
    pub fn finish(&self) -> impl Iterator<Item = Episode> {
        self.machines.iter().filter_map(|((motif, channel), machine)| match (machine, &self.engine) {
            (AnyMachine::Reference(machine), Engine::Reference(grammar)) => {
                machine.finish(grammar.of(*motif)).map(|emission| episode(*motif, channel, emission))
            }
            (AnyMachine::Excursion(machine), _) => {
                machine.open().map(|emission| emission.into_episode(*motif, channel))
            }
            _ => unreachable!("all machines are of the engine"),
        })
    }
}

fn episode(motif: Motif, channel: &str, emission: Emission) -> Episode {
    let Emission { t_start, t_end, peak, ema, .. } = emission;
    let (channel, ema_at_boundary) = (channel.to_owned(), ema);
    Episode { motif, channel, t_start, t_end, peak, ema_at_boundary, trust_sum: 0.0, details: None }
}
