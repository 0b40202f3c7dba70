//! Strategies for streams: shaped signals around the thresholds, and samples without any shape.

use proptest::prelude::*;
use telltape::motif::{Grammar, Parameters};
use telltape::residual::{Class, LARGEST, Sample, Stream, StreamBuilder};

/// Samples in order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Rows(pub(crate) Vec<(f64, Class, f64, Option<String>)>);

impl Rows {
    pub(crate) fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        let rows = self.0.iter();
        rows.map(|(t, class, value, channel)| Sample {
            t: *t,
            class: *class,
            value: *value,
            channel: channel.as_deref(),
        })
    }

    pub(crate) fn stream(&self, source: &str) -> Stream {
        let mut builder = StreamBuilder::default();
        for sample in self.samples() {
            let channel = sample.channel.map(|name| builder.channel(name));
            builder.push_id(sample.t, sample.class, sample.value, channel).expect("finite samples");
        }
        builder.finish(source)
    }
}

pub(crate) fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(&Class::ALL[..])
}

/// Names that meet (none, the anonymous one, the empty one), that sort awkwardly, and that need quoting.
pub(crate) fn channel() -> impl Strategy<Value = Option<String>> {
    const NAMES: [&str; 14] = [
        "",
        "_anonymous_",
        "q1",
        "q10",
        "q2",
        "a,b",
        "say \"x\"",
        "two\nlines",
        "cr\rhere",
        " blank ",
        "日本",
        "é",
        "|",
        "#",
    ];
    prop_oneof![
        2 => Just(None),
        6 => prop::sample::select(&NAMES[..]).prop_map(|name| Some(name.to_owned())),
        2 => "[a-z]{1,3}".prop_map(Some),
        1 => any::<String>().prop_map(Some),
    ]
}

/// Finite numbers of all magnitudes and digits.
pub(crate) fn any_number() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![
        4 => -2.0..2.0_f64,
        2 => -1e6..1e6_f64,
        2 => (-1_000_000_i64..1_000_000, 0..8_i32).prop_map(|(digits, places)| digits as f64 / 10_f64.powi(places)),
        2 => POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
        1 => prop::sample::select(&[0.0, -0.0, 1e15, 1e16, 1e-5, 1e-6, 5e-324, f64::MAX, f64::MIN_POSITIVE][..]),
    ]
}

/// Those that are not beyond what a tape of ours holds (`documented.rs`).
pub(crate) fn number() -> impl Strategy<Value = f64> {
    any_number().prop_map(|number| number.clamp(-LARGEST, LARGEST))
}

/// Samples without any shape.
pub(crate) fn shapeless(most: usize) -> impl Strategy<Value = Rows> {
    let time = prop_oneof![3 => (-20..200_i32).prop_map(f64::from), 2 => -1e3..1e5_f64, 1 => number()];
    let value = prop_oneof![1 => Just(0.0), 3 => -2.0..2.0_f64, 1 => number()];
    prop::collection::vec((time, class(), value, channel()), 0..most).prop_map(Rows)
}

/// A piece of a channel's signal; values are in units of a threshold of the motif.
#[derive(Clone, Debug)]
struct Piece {
    shape: Shape,
    samples: usize,
    interval: f64,
    level: f64,
    of_slew: bool,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Constant,
    Ramp,
    Noise,
    /// A spike every few samples, zero between them.
    Spikes,
    /// Signs that alternate: an innovation that never settles.
    Alternating,
    /// The threshold itself and its neighbours.
    Edge,
}

#[derive(Clone, Debug)]
struct Signal {
    class: Class,
    channel: Option<String>,
    start: f64,
    pieces: Vec<Piece>,
}

fn piece(longest: usize) -> impl Strategy<Value = Piece> {
    use Shape::{Alternating, Constant, Edge, Noise, Ramp, Spikes};
    let interval = prop_oneof![
        4 => prop::sample::select(&[0.0, 1e-7, 1e-6, 0.01, 0.25, 1.0, 2.0, 5.0, 30.0, 3600.0][..]),
        1 => 0.0..3.0_f64,
        1 => Just(1.0_f64.next_up()),
    ];
    let level = prop_oneof![
        3 => prop::sample::select(&[0.0, 1.0, -1.0, 0.5, 1.5, 4.0][..]),
        3 => -2.0..2.0_f64,
    ];
    let shape = prop::sample::select(&[Constant, Ramp, Noise, Spikes, Alternating, Edge][..]);
    (shape, 0..longest, interval, level, any::<bool>()).prop_map(|(shape, samples, interval, level, of_slew)| Piece {
        shape,
        samples,
        interval,
        level,
        of_slew,
    })
}

fn signal(longest: usize) -> impl Strategy<Value = Signal> {
    let start = prop_oneof![
        4 => Just(0.0),
        1 => prop::sample::select(&[-0.0, -50.0, 1e-9, 1.7e9, -1e12][..]),
        2 => -100.0..1000.0_f64,
    ];
    (class(), channel(), start, prop::collection::vec(piece(longest), 0..6))
        .prop_map(|(class, channel, start, pieces)| Signal { class, channel, start, pieces })
}

/// A grammar and signals around its thresholds, arriving in any order.
pub(crate) fn shaped(channels: usize, longest: usize) -> impl Strategy<Value = (Grammar, Rows)> {
    let arrival = prop_oneof![Just(Arrival::ByChannel), Just(Arrival::ByTime), Just(Arrival::Shuffled)];
    let signals = prop::collection::vec(signal(longest), 0..channels);
    (grammar(), signals, arrival, any::<u64>()).prop_map(|(grammar, signals, arrival, seed)| {
        let mut noise = Noise(seed);
        let mut rows = Vec::new();
        for signal in &signals {
            expand(signal, &grammar, &mut noise, &mut rows);
        }
        match arrival {
            Arrival::ByChannel => {}
            Arrival::ByTime => rows.sort_by(|a, b| a.0.total_cmp(&b.0)),
            Arrival::Shuffled => {
                for index in (1..rows.len()).rev() {
                    rows.swap(index, (noise.next() * (index + 1) as f64) as usize);
                }
            }
        }
        (grammar, Rows(rows))
    })
}

#[derive(Clone, Copy, Debug)]
enum Arrival {
    ByChannel,
    ByTime,
    Shuffled,
}

fn expand(signal: &Signal, grammar: &Grammar, noise: &mut Noise, rows: &mut Vec<(f64, Class, f64, Option<String>)>) {
    let parameters = grammar.parameters(telltape::motif::Motif::ALL[usize::from(signal.class.code())]);
    let mut t = signal.start;
    for piece in &signal.pieces {
        let threshold = if piece.of_slew { parameters.slew_threshold } else { parameters.drift_threshold };
        let level = threshold * piece.level;
        for index in 0..piece.samples {
            let value = match piece.shape {
                Shape::Constant => level,
                Shape::Ramp => level * (index as f64 / piece.samples as f64),
                Shape::Noise => level * (2.0 * noise.next() - 1.0),
                Shape::Spikes if noise.next() < 0.1 => level * 2.0,
                Shape::Spikes => 0.0,
                Shape::Alternating if index % 2 == 0 => level,
                Shape::Alternating => -level,
                Shape::Edge => [threshold, threshold.next_up(), threshold.next_down(), 0.0][index % 4],
            };
            rows.push((t, signal.class, value, signal.channel.clone()));
            t += piece.interval;
        }
    }
}

/// The published grammar, or one of any valid numbers.
pub(crate) fn grammar() -> impl Strategy<Value = Grammar> {
    let any_grammar = (parameters(), parameters(), parameters(), parameters(), parameters()).prop_map(
        |(plan, card, wait, io, phase)| Grammar {
            plan_regression_onset: plan,
            cardinality_mismatch_regime: card,
            contention_ramp: wait,
            cache_collapse: io,
            workload_phase_transition: phase,
        },
    );
    prop_oneof![Just(Grammar::default()), any_grammar]
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let rho = prop_oneof![Just(0.0), Just(1.0_f64.next_down()), 0.0..1.0_f64, 0.8..1.0_f64];
    let scale = || {
        prop_oneof![
            6 => (-4..3_i32, 1.0..10.0_f64).prop_map(|(power, digits)| digits * 10_f64.powi(power)),
            1 => Just(1e-300),
            1 => Just(1e80),
        ]
    };
    let dwell = prop_oneof![Just(0.0), Just(5.0), Just(1e-6), 0.0..40.0_f64, Just(1e9)];
    (rho, scale(), scale(), scale(), dwell).prop_map(|(rho, sigma0, drift, slew, dwell)| Parameters {
        rho,
        sigma0,
        drift_threshold: drift,
        slew_threshold: slew,
        min_dwell_seconds: dwell,
    })
}

/// Numbers in [0, 1) that depend on the seed only.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
