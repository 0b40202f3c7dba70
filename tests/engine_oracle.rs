//! The engine against a slow and obvious one, written from the definition: every input weighted, nothing skipped.

use std::collections::BTreeMap;

use proptest::prelude::*;
use telltape::evaluate::Generator;
use telltape::motif::{
    self, Diagnostics, Engine, EngineKind, Episode, Grammar, Motif, OnlineEngine, Parameters, ReferenceDiagnostics,
};
use telltape::residual::{Class, LARGEST, Math, Stream, StreamBuilder};

/// An observer with as many inputs as `latest` has numbers.
struct Observer {
    phi: f64,
    omega: f64,
    alpha: f64,
    ema: Vec<f64>,
    weight: Vec<f64>,
}

impl Observer {
    fn new(inputs: usize) -> Self {
        Self { phi: 0.0, omega: 0.0, alpha: 0.0, ema: vec![0.0; inputs], weight: vec![1.0; inputs] }
    }

    fn step(&mut self, parameters: &Parameters, latest: &[f64], dt: f64) {
        let predicted = self.phi + self.omega * dt;
        let slope = self.omega + self.alpha * dt;
        let mut raw = Vec::new();
        let mut innovations = Vec::new();
        for (input, y) in latest.iter().enumerate() {
            let innovation = y - predicted;
            self.ema[input] = parameters.rho * self.ema[input] + (1.0 - parameters.rho) * innovation.abs();
            raw.push(1.0 / (parameters.sigma0 + self.ema[input]));
            innovations.push(innovation);
        }
        let sum: f64 = raw.iter().sum();
        let mut correction = 0.0;
        for input in 0..latest.len() {
            self.weight[input] = if sum > 0.0 { raw[input] / sum } else { 1.0 / latest.len() as f64 };
            correction += self.weight[input] * innovations[input];
        }
        self.phi = predicted + 0.5 * correction;
        self.omega = slope + 0.1 * correction;
        self.alpha += 0.01 * correction;
    }
}

fn oracle(stream: &Stream, grammar: &Grammar) -> Vec<Episode> {
    let mut episodes = Vec::new();
    for motif in Motif::ALL {
        let parameters = grammar.parameters(motif);
        let mut channels: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for sample in stream.samples().filter(|sample| sample.class == motif.class()) {
            channels.entry(sample.channel.unwrap_or("_anonymous_")).or_default().push((sample.t, sample.value));
        }
        let mut fused = Observer::new(channels.len());
        let mut latest = vec![0.0; channels.len()];
        for (index, (name, samples)) in channels.iter().enumerate() {
            let mut single = Observer::new(1);
            let (mut open, mut quiet, mut peak) = (None, None, 0.0_f64);
            let mut previous = samples[0].0;
            let emit = |t_start, t_end, peak, single: &Observer, fused: &Observer| Episode {
                motif,
                channel: (*name).to_owned(),
                t_start,
                t_end,
                peak,
                diagnostics: Diagnostics::Reference(ReferenceDiagnostics {
                    ema_at_boundary: single.ema[0],
                    trust_sum: Some(fused.weight.iter().sum()),
                }),
            };
            for (t, value) in samples {
                let dt = (t - previous).clamp(1e-6, 1.0);
                previous = *t;
                single.step(parameters, &[*value], dt);
                latest[index] = *value;
                fused.step(parameters, &latest, dt);
                peak = peak.max(value.abs());
                let stable =
                    value.abs() < parameters.slew_threshold && single.ema[0].abs() < parameters.drift_threshold;
                match (open, quiet, stable) {
                    (None, _, false) => open = Some(*t),
                    (Some(_), _, false) => quiet = None,
                    (Some(_), None, true) => quiet = Some(*t),
                    (Some(start), Some(since), true) if t - since >= parameters.min_dwell_seconds => {
                        episodes.push(emit(start, *t, peak, &single, &fused));
                        (open, quiet, peak) = (None, None, 0.0);
                    }
                    _ => {}
                }
            }
            if let Some(start) = open.filter(|start| previous - start >= parameters.min_dwell_seconds) {
                episodes.push(emit(start, previous, peak, &single, &fused));
            }
        }
    }
    episodes.sort_by(|a, b| a.t_start.total_cmp(&b.t_start));
    episodes
}

/// Times in steps that tie, crawl and jump; values around the thresholds.
fn streams() -> impl Strategy<Value = Stream> {
    let name = prop_oneof![
        Just(None),
        (0..6_u8).prop_map(|number| Some(format!("c{number}"))),
        Just(Some("_anonymous_".to_owned()))
    ];
    let value = prop_oneof![3 => -0.2..0.2, 2 => -1.2..1.2, 1 => Just(0.0), 1 => -50.0..50.0];
    let step = prop_oneof![2 => Just(1.0), 1 => Just(0.0), 2 => 0.0..3.0, 1 => 10.0..500.0];
    let sample = (step, 0..5_usize, value, name);
    prop::collection::vec(sample, 0..400).prop_map(|samples| {
        let mut builder = StreamBuilder::default();
        let mut t = 0.0;
        for (step, class, value, name) in samples {
            t += step;
            let channel = name.map(|name| builder.channel(&name));
            builder.push_id(t, Class::ALL[class], value, channel).unwrap();
        }
        builder.finish("generated")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn episodes_are_those_of_the_definition(
        stream in streams(),
        motif in 0..5_usize,
        rho in prop_oneof![4 => 0.0..0.99, 1 => Just(0.0)],
        sigma0 in 0.001..1.0,
        dwell in 0.0..40.0,
    ) {
        let mut grammar = Grammar::default();
        for (key, value) in [("rho", rho), ("sigma0", sigma0), ("min_dwell_seconds", dwell)] {
            grammar.set(Motif::ALL[motif].name(), key, value).unwrap();
        }
        let expected = oracle(&stream, &grammar);
        let engine = Engine::from(grammar);
        let actual = engine.replay(&stream);
        prop_assert_eq!(String::from_utf8(motif::csv(EngineKind::REFERENCE, &actual)).unwrap(), String::from_utf8(motif::csv(EngineKind::REFERENCE, &expected)).unwrap());
        prop_assert_eq!(motif::fingerprint(&actual), motif::fingerprint(&expected));
    }
}

/// As the episodes are while samples still come.
fn forget_trust(episodes: &mut [Episode]) {
    for episode in episodes {
        let Diagnostics::Reference(diagnostics) = &mut episode.diagnostics else { panic!("{episode:?}") };
        assert!(diagnostics.trust_sum.take().is_some());
    }
}

/// The samples of a stream, in another order where their times are equal: by a rank of their channels.
fn interleaved(stream: &Stream, ranks: &[u64; 8]) -> Stream {
    let rank = |sample: &telltape::residual::Sample<'_>| {
        // No channel and one of this name are one.
        let name = sample.channel.unwrap_or("_anonymous_");
        ranks[name.bytes().map(usize::from).sum::<usize>() % ranks.len()]
    };
    let mut samples: Vec<_> = stream.samples().collect();
    samples.sort_by(|a, b| a.t.total_cmp(&b.t).then(rank(a).cmp(&rank(b))));
    stream_of(&samples, samples.len())
}

/// A stream of these samples, put together from two pieces.
fn stream_of(samples: &[telltape::residual::Sample<'_>], split: usize) -> Stream {
    let mut pieces = [StreamBuilder::default(), StreamBuilder::default()];
    for (index, sample) in samples.iter().enumerate() {
        let piece = &mut pieces[usize::from(index >= split)];
        let channel = sample.channel.map(|name| piece.channel(name));
        piece.push_id(sample.t, sample.class, sample.value, channel).unwrap();
    }
    let [mut first, second] = pieces;
    first.append(second);
    first.finish("generated")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_split_and_no_number_of_threads_changes_an_episode(stream in streams(), split in 0.0..1.0) {
        let engine = Engine::default();
        let expected = motif::fingerprint(&engine.replay(&stream));
        let samples: Vec<_> = stream.samples().collect();
        let pieces = stream_of(&samples, (samples.len() as f64 * split) as usize);
        prop_assert_eq!(&motif::fingerprint(&engine.replay(&pieces)), &expected);
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&motif::fingerprint(&pool.install(|| engine.replay(&stream))), &expected);
        }
    }

    /// Which of two channels comes first at one time is told to the observer that all of a class share, and to no other: only
    /// `trust_sum` may see it, in its rounding.
    #[test]
    fn no_interleaving_of_channels_changes_an_episode_but_for_its_trust(stream in streams(), ranks in any::<[u64; 8]>()) {
        let engine = Engine::default();
        let rows = |stream: &Stream| {
            let mut episodes = engine.replay(stream);
            forget_trust(&mut episodes);
            episodes.sort_by(|a, b| (a.motif, &a.channel).cmp(&(b.motif, &b.channel)).then(a.t_start.total_cmp(&b.t_start)));
            episodes
        };
        prop_assert_eq!(rows(&interleaved(&stream, &ranks)), rows(&stream));
    }
}

#[test]
fn final_rows_are_those_of_replay_but_for_trust() {
    for seed in 0..20 {
        let stream = Generator::Perturbed { scale: 1.0 }.stream(seed, Math::Portable);
        let engine = Engine::default();
        let mut online = OnlineEngine::new(&engine);
        let mut rows: Vec<Episode> = Vec::new();
        for sample in stream.samples() {
            rows.extend(online.take(sample.t, sample.class, sample.value, sample.channel.unwrap_or_default()));
        }
        rows.extend(online.finish());
        let mut replayed = engine.replay(&stream);
        assert!(rows.iter().all(|row| replayed.iter().any(|episode| row.is_replayed_as(episode))));
        forget_trust(&mut replayed);
        let order = |rows: &mut Vec<Episode>| {
            rows.sort_by(|a, b| {
                a.t_start.total_cmp(&b.t_start).then_with(|| (a.motif, &a.channel).cmp(&(b.motif, &b.channel)))
            });
        };
        order(&mut rows);
        order(&mut replayed);
        assert!(!rows.is_empty());
        assert_eq!(rows, replayed, "{seed}");
    }
}

/// Finite samples of any size, at times that tie, crawl, jump, and lie at the ends of what a tape takes.
fn hostile_streams() -> impl Strategy<Value = Stream> {
    let magnitude =
        prop_oneof![Just(0.0), Just(LARGEST), Just(1e-320), Just(f64::MIN_POSITIVE), -1e3..1e3, -1e99..1e99];
    let value = (magnitude, any::<bool>()).prop_map(|(value, negative)| if negative { -value } else { value });
    let time = prop_oneof![4 => -1e3..1e3, 2 => (0..40_u8).prop_map(f64::from), 1 => -1e100..1e100, 1 => Just(LARGEST), 1 => Just(-LARGEST)];
    prop::collection::vec((time, 0..5_usize, value, 0..4_u8), 0..200).prop_map(|samples| {
        let mut builder = StreamBuilder::default();
        for (t, class, value, name) in samples {
            builder.push(t, Class::ALL[class], value, &format!("c{name}")).unwrap();
        }
        builder.finish("generated")
    })
}

fn assert_finite(engine: &Engine, stream: &Stream) -> usize {
    let episodes = engine.replay(stream);
    for episode in &episodes {
        let shared = [episode.t_start, episode.t_end, episode.peak];
        let own = match episode.diagnostics {
            Diagnostics::Reference(own) => vec![own.ema_at_boundary, own.trust_sum.unwrap()],
            Diagnostics::Excursion(own) => vec![own.t_confirmed, own.t_peak, own.mean],
            other => panic!("an engine without an oracle: {other:?}"),
        };
        assert!(shared.iter().chain(&own).all(|number| number.is_finite()), "{episode:?}");
    }
    episodes.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_finite_tape_has_an_episode_that_is_not(stream in hostile_streams(), sigma0 in prop_oneof![Just(0.05), Just(1e-308)]) {
        let mut grammar = Grammar::default();
        for motif in Motif::ALL {
            grammar.set(motif.name(), "sigma0", sigma0).unwrap();
        }
        assert_finite(&Engine::from(grammar), &stream);
        assert_finite(&Engine::new(EngineKind::EXCURSION), &stream);
    }
}

/// The published observer swings wider and wider at such steps, and has no number left in the end.
#[test]
fn an_unstable_observer_gives_finite_episodes() {
    let mut builder = StreamBuilder::default();
    for index in 0..500_000_u32 {
        let value = if index % 1000 < 500 { LARGEST } else { -1.0 };
        builder.push(f64::from(index) * 0.01, Class::PlanRegression, value, "a").unwrap();
    }
    let stream = builder.finish("steady");
    for kind in EngineKind::all() {
        assert!(assert_finite(&Engine::new(kind), &stream) > 0, "{kind}");
    }
}
