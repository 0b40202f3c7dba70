//! What each parameter of `excursion` is there for: the engine without it.

use super::{Score, score_columns};
use crate::motif::{Engine, EngineKind, Motif};
use crate::store::TableColumns;

/// A part of the engine that is taken out.
#[derive(Clone, Copy, Debug)]
pub struct Ablation {
    /// The parameter; `nothing` for the engine as it is.
    pub without: &'static str,
    /// The value at which the parameter does nothing.
    value: Neutral,
}

/// Where a parameter does nothing.
#[derive(Clone, Copy, Debug)]
enum Neutral {
    AsItIs,
    At(f64),
    /// At the value of another parameter.
    Like(&'static str),
}

/// The engine as it is, then without each of its parts.
pub const ABLATIONS: [Ablation; 11] = [
    Ablation { without: "nothing", value: Neutral::AsItIs },
    // No smoothing: a residual counts as it is.
    Ablation { without: "tau_seconds", value: Neutral::At(1e-9) },
    // No evidence: whatever is out for the dwell is an episode.
    Ablation { without: "drift_threshold", value: Neutral::At(1e-12) },
    // No hysteresis: out is what the smoothed residual has to reach.
    Ablation { without: "release_threshold", value: Neutral::Like("drift_threshold") },
    // One residual may count for all.
    Ablation { without: "clip_threshold", value: Neutral::At(1e12) },
    // A blip may be an episode.
    Ablation { without: "open_dwell_seconds", value: Neutral::At(0.0) },
    // A pause is an end.
    Ablation { without: "close_dwell_seconds", value: Neutral::At(0.0) },
    // No gaps, however long.
    Ablation { without: "max_gap_seconds", value: Neutral::At(1e12) },
    // Time constants in seconds alone, however rarely a channel is sampled.
    Ablation { without: "tau_intervals", value: Neutral::At(0.0) },
    Ablation { without: "close_dwell_intervals", value: Neutral::At(0.0) },
    // Gaps by seconds alone.
    Ablation { without: "max_gap_intervals", value: Neutral::At(0.0) },
];

impl Ablation {
    /// The engine without it.
    #[must_use]
    pub fn apply(&self, engine: &Engine) -> Engine {
        let mut without = *engine;
        for motif in Motif::ALL {
            let of = |wanted: &str| engine.entries().find(|(other, key, _)| *other == motif && *key == wanted);
            let value = match self.value {
                Neutral::AsItIs => continue,
                Neutral::At(value) => value,
                Neutral::Like(other) => of(other).expect("a key of this engine").2,
            };
            without.set(motif.name(), self.without, value).expect("a value in the range of the parameter");
        }
        without
    }

    /// Whether an engine has these parts.
    #[must_use]
    pub fn is_of(engine: &Engine) -> bool {
        engine.kind() == EngineKind::EXCURSION
    }
}

/// The table of ablations: `without` and the columns of scores.
#[must_use]
pub fn ablation_csv(scores: &[Vec<Score>]) -> Vec<u8> {
    let rows = ABLATIONS.iter().zip(scores);
    let rows = rows.flat_map(|(ablation, scores)| scores.iter().map(move |score| (ablation.without, score)));
    TableColumns::default()
        .text("without", |(without, _): &(&'static str, &Score)| *without)
        .and(score_columns(), |(_, score)| score)
        .csv(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_excursion_has_its_ablation_and_each_is_another_engine() {
        let engine = Engine::new(EngineKind::EXCURSION);
        let keys: Vec<&str> = ABLATIONS[1..].iter().map(|ablation| ablation.without).collect();
        let mut missing = engine.keys();
        missing.retain(|key| !keys.contains(key));
        assert_eq!((missing.len(), keys.len()), (0, engine.keys().len()), "{missing:?}");
        assert_eq!(ABLATIONS[0].apply(&engine), engine);
        for ablation in &ABLATIONS[1..] {
            let without = ablation.apply(&engine);
            let changed: Vec<&str> = engine
                .entries()
                .zip(without.entries())
                .filter(|((_, _, before), (_, _, after))| before != after)
                .map(|((_, key, _), _)| key)
                .collect();
            assert_eq!(changed, vec![ablation.without; 5]);
        }
    }
}
