//! The engine `excursion` against a slow and obvious one, written from `docs/engines.md`, and what it promises.

use std::collections::BTreeMap;

use proptest::prelude::*;
use telltape::evaluate::Generator;
use telltape::motif::{
    self, Diagnostics, Engine, EngineKind, Episode, ExcursionDiagnostics, ExcursionGrammar, ExcursionParameters, Motif,
    OnlineEngine,
};
use telltape::residual::{Class, Math, Stream, StreamBuilder};

/// What an episode is made of, but for its name: start, end, confirmed, peak's time and size, mean, samples, open.
type Row = (f64, f64, f64, f64, f64, f64, u64, bool);

/// The usual interval of a channel that has had these between its instants.
fn usual(intervals: &[f64]) -> Option<f64> {
    let first = *intervals.first()?;
    Some(intervals.iter().fold(first, |usual, interval| usual + 0.25 * (interval - usual)))
}

/// A sample, with the time constants that its channel has there.
#[derive(Clone, Copy)]
struct Known {
    t: f64,
    value: f64,
    tau_s: f64,
    close_s: f64,
}

/// The time constants at a sample, of a channel that has had these intervals up to there: those of the grammar, or so many usual
/// intervals, if they are longer than a gap and the last one is within a quarter of them.
fn known(parameters: &ExcursionParameters, (t, value): (f64, f64), intervals: &[f64]) -> Known {
    let ExcursionParameters {
        tau_seconds,
        close_dwell_seconds,
        max_gap_seconds,
        tau_intervals,
        close_dwell_intervals,
        ..
    } = *parameters;
    let at_least = |seconds: f64, count: f64, usual: Option<f64>| {
        let (usual, last) = (usual.unwrap_or(0.0), intervals.last().copied().unwrap_or(0.0));
        let is_even = (last - usual).abs() <= 0.25 * usual;
        if usual > max_gap_seconds && is_even { seconds.max(count * usual) } else { seconds }
    };
    let before = &intervals[..intervals.len().saturating_sub(1)];
    let (tau_s, close_s) = (
        at_least(tau_seconds, tau_intervals, usual(before)),
        at_least(close_dwell_seconds, close_dwell_intervals - 0.001, usual(intervals)),
    );
    Known { t, value, tau_s, close_s }
}

/// The samples cut where nothing is known in between.
fn pieces(parameters: &ExcursionParameters, samples: &[(f64, f64)]) -> Vec<Vec<Known>> {
    let mut pieces: Vec<Vec<Known>> = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        let steps = |until: usize| samples[..until].windows(2).map(|pair| pair[1].0 - pair[0].0);
        let intervals: Vec<f64> = steps(index).filter(|interval| *interval > 0.0).collect();
        let until: Vec<f64> = steps(index + 1).filter(|interval| *interval > 0.0).collect();
        let known_sample = known(parameters, *sample, &until);
        let is_known = steps(index + 1).next_back().filter(|_| index > 0).is_some_and(|interval| {
            let usual = usual(&intervals).map_or(0.0, |usual| parameters.max_gap_intervals * usual);
            interval <= parameters.max_gap_seconds || interval <= usual
        });
        if is_known { pieces.last_mut().unwrap().push(known_sample) } else { pieces.push(vec![known_sample]) }
    }
    pieces
}

/// The smoothed residual at a sample of a piece: of each instant the value of the largest magnitude counts, as far as it has come.
fn smoothed(parameters: &ExcursionParameters, samples: &[Known]) -> f64 {
    let mut instants: Vec<(f64, f64, f64)> = Vec::new();
    for Known { t, value, tau_s, .. } in samples {
        let value = value.max(-parameters.clip_threshold).min(parameters.clip_threshold);
        match instants.last_mut() {
            Some((at, extreme, _)) if at == t => *extreme = if value.abs() > extreme.abs() { value } else { *extreme },
            _ => instants.push((*t, value, *tau_s)),
        }
    }
    // What is sampled rarely and evenly is judged by the slower of the two, all else by that of the grammar.
    let is_rare = instants.last().is_some_and(|(.., tau_s)| *tau_s > parameters.tau_seconds);
    instants.windows(2).fold(0.0, |smoothed, pair| {
        let dt = pair[1].0 - pair[0].0;
        let tau_s = if is_rare { pair[1].2 } else { parameters.tau_seconds };
        smoothed + dt / (tau_s + dt) * (pair[1].1 - smoothed)
    })
}

/// The episodes of a channel. Each step looks at all of the past again.
fn oracle(parameters: &ExcursionParameters, samples: &[(f64, f64)]) -> Vec<Row> {
    let pieces = pieces(parameters, samples);
    let mut rows = Vec::new();
    for (number, samples) in pieces.iter().enumerate() {
        let is_out = |index: &usize| samples[*index].value.abs() >= parameters.release_threshold;
        let mut excursions: Vec<Vec<usize>> = Vec::new();
        let over = |last: usize, until: usize| {
            (last..until).any(|index| !is_out(&index) && samples[index].t - samples[last].t >= samples[index].close_s)
        };
        for index in (0..samples.len()).filter(is_out) {
            match excursions.last_mut() {
                Some(excursion) if !over(excursion[excursion.len() - 1], index) => excursion.push(index),
                _ => excursions.push(vec![index]),
            }
        }
        for excursion in excursions {
            let (first, last) = (excursion[0], excursion[excursion.len() - 1]);
            let t_start = samples[first].t;
            let confirmed = excursion.iter().find(|index| {
                samples[**index].t - t_start >= parameters.open_dwell_seconds
                    && smoothed(parameters, &samples[..=**index]).abs() >= parameters.drift_threshold
            });
            let Some(confirmed) = confirmed else { continue };
            let inside = &samples[first..=last];
            let mut peak = inside[0];
            for sample in inside {
                if sample.value.abs() > peak.value.abs() {
                    peak = *sample;
                }
            }
            // In the order in which a machine that does not know the end adds up: silence is added when it has ended.
            let (mut sum, mut silence) = (inside[0].value, 0.0);
            for (offset, Known { value, .. }) in inside.iter().enumerate().skip(1) {
                if is_out(&(first + offset)) {
                    sum += silence + value;
                    silence = 0.0;
                } else {
                    silence += value;
                }
            }
            let open = number + 1 == pieces.len() && !over(last, samples.len());
            let mean = sum / inside.len() as f64;
            let times = (t_start, samples[last].t, samples[*confirmed].t);
            rows.push((times.0, times.1, times.2, peak.t, peak.value.abs(), mean, inside.len() as u64, open));
        }
    }
    rows
}

fn rows(episodes: &[Episode], channel: &str) -> Vec<Row> {
    let of_channel = episodes.iter().filter(|episode| episode.channel == channel);
    of_channel
        .map(|episode| {
            let Diagnostics::Excursion(diagnostics) = episode.diagnostics else { panic!("{episode:?}") };
            let ExcursionDiagnostics { t_confirmed, t_peak, mean, samples, open } = diagnostics;
            (episode.t_start, episode.t_end, t_confirmed, t_peak, episode.peak, mean, samples, open)
        })
        .collect()
}

fn stream(samples: &[(f64, f64, &str)]) -> Stream {
    let mut builder = StreamBuilder::default();
    for (t, value, channel) in samples {
        builder.push(*t, Class::PlanRegression, *value, channel).unwrap();
    }
    builder.finish("generated")
}

fn engine(parameters: ExcursionParameters) -> Engine {
    Engine::from(ExcursionGrammar { plan_regression_onset: parameters, ..ExcursionGrammar::default() })
}

fn parameters() -> impl Strategy<Value = ExcursionParameters> {
    let dwell = || prop_oneof![Just(0.0), 0.0..8.0];
    let intervals = || prop_oneof![Just(0.0), 0.0..8.0];
    let of_intervals = (intervals(), intervals(), intervals());
    (0.5..20.0, 0.05..0.6, 0.02..0.6, 0.05..1.5, dwell(), dwell(), 1.0..40.0, of_intervals).prop_map(
        |(tau, drift, release, clip, open, close, gap, intervals)| ExcursionParameters {
            tau_seconds: tau,
            drift_threshold: drift,
            release_threshold: release,
            clip_threshold: clip,
            open_dwell_seconds: open,
            close_dwell_seconds: close,
            max_gap_seconds: gap,
            max_gap_intervals: intervals.0,
            tau_intervals: intervals.1,
            close_dwell_intervals: intervals.2,
        },
    )
}

/// Times that tie, crawl and jump; values in spells around the thresholds.
fn samples() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let step = prop_oneof![4 => Just(1.0), 1 => Just(0.0), 2 => 0.0..3.0, 1 => 5.0..100.0];
    let value = prop_oneof![3 => -0.1..0.1, 2 => -1.2..1.2, 1 => Just(0.0), 2 => 0.2..1.5];
    let spell = (value, prop::collection::vec((step, -0.05..0.05), 1..20));
    prop::collection::vec(spell, 0..30).prop_map(|spells| {
        let mut t = 0.0;
        let mut samples = Vec::new();
        for (level, steps) in spells {
            for (step, noise) in steps {
                t += step;
                samples.push((t, level + noise));
            }
        }
        samples
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn episodes_are_those_of_the_definition(samples in samples(), parameters in parameters()) {
        let named: Vec<_> = samples.iter().map(|(t, value)| (*t, *value, "a")).collect();
        let episodes = engine(parameters).replay(&stream(&named));
        prop_assert_eq!(rows(&episodes, "a"), oracle(&parameters, &samples));
    }

    #[test]
    fn time_shifted_or_scaled_with_its_parameters_shifts_or_scales_the_episodes(
        samples in samples(), parameters in parameters(), shift in -1000_i32..1000, doublings in -3_i32..4,
    ) {
        // Powers of two and whole numbers of seconds that are exact in every sum.
        let factor = 2.0_f64.powi(doublings);
        let exact: Vec<(f64, f64)> = samples.iter().map(|(t, value)| ((t * 64.0).round() / 64.0, *value)).collect();
        let moved: Vec<_> = exact.iter().map(|(t, value)| (t * factor + f64::from(shift), *value, "a")).collect();
        let plain: Vec<_> = exact.iter().map(|(t, value)| (*t, *value, "a")).collect();
        let mut scaled = parameters;
        for seconds in [&mut scaled.tau_seconds, &mut scaled.open_dwell_seconds, &mut scaled.close_dwell_seconds, &mut scaled.max_gap_seconds] {
            *seconds *= factor;
        }
        let expected: Vec<Row> = rows(&engine(parameters).replay(&stream(&plain)), "a")
            .into_iter()
            .map(|(start, end, confirmed, at, peak, mean, count, open)| {
                let moved = |t: f64| t * factor + f64::from(shift);
                (moved(start), moved(end), moved(confirmed), moved(at), peak, mean, count, open)
            })
            .collect();
        prop_assert_eq!(rows(&engine(scaled).replay(&stream(&moved)), "a"), expected);
    }

    /// Batches, threads, and other channels in between.
    #[test]
    fn no_split_no_thread_and_no_other_channel_changes_an_episode(
        samples in samples(), other in samples(), split in 0.0..1.0, first in any::<bool>(),
    ) {
        let engine = Engine::new(EngineKind::EXCURSION);
        let alone: Vec<_> = samples.iter().map(|(t, value)| (*t, *value, "a")).collect();
        let expected = rows(&engine.replay(&stream(&alone)), "a");
        let mut both: Vec<_> = alone.iter().copied().chain(other.iter().map(|(t, value)| (*t, *value, "b"))).collect();
        both.sort_by(|x, y| x.0.total_cmp(&y.0).then(if first { x.2.cmp(y.2) } else { y.2.cmp(x.2) }));
        let whole = stream(&both);
        let fingerprint = motif::fingerprint(&engine.replay(&whole));
        prop_assert_eq!(&rows(&engine.replay(&whole), "a"), &expected);
        let at = (both.len() as f64 * split) as usize;
        let mut pieces = StreamBuilder::default();
        let mut later = StreamBuilder::default();
        for (index, (t, value, channel)) in both.iter().enumerate() {
            let piece = if index < at { &mut pieces } else { &mut later };
            piece.push(*t, Class::PlanRegression, *value, channel).unwrap();
        }
        pieces.append(later);
        prop_assert_eq!(&motif::fingerprint(&engine.replay(&pieces.finish("generated"))), &fingerprint);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        prop_assert_eq!(&motif::fingerprint(&pool.install(|| engine.replay(&whole))), &fingerprint);
    }
}

/// An 80 s fault, a blip, and an offset, sampled at other rates: the same episodes within one interval.
#[test]
fn the_sampling_rate_changes_an_episode_by_an_interval_at_most() {
    let signal = |t: f64| match t {
        t if (100.0..180.0).contains(&t) => 0.8,
        t if (300.0..300.9).contains(&t) => 2.0,
        t if (400.0..520.0).contains(&t) => 0.5,
        _ => 0.0,
    };
    for rate in [0.5, 1.0, 2.0, 5.0, 10.0] {
        let samples: Vec<_> =
            (0..(700.0 * rate) as usize).map(|index| index as f64 / rate).map(|t| (t, signal(t), "a")).collect();
        let found = rows(&Engine::new(EngineKind::EXCURSION).replay(&stream(&samples)), "a");
        let spans: Vec<(f64, f64)> = found.iter().map(|row| (row.0, row.1)).collect();
        assert_eq!(spans.len(), 2, "{rate} Hz: {spans:?}");
        let interval = 1.0 / rate + 1e-9;
        for ((start, end), (planted, over)) in spans.iter().zip([(100.0, 180.0), (400.0, 520.0)]) {
            assert!((start - planted).abs() <= interval, "{rate} Hz: {start}");
            assert!((end - over).abs() <= interval, "{rate} Hz: {end}");
        }
    }
}

#[test]
fn online_rows_are_those_of_replay() {
    for seed in 0..20 {
        let stream = Generator::Perturbed { scale: 1.0 }.stream(seed, Math::Portable);
        let engine = Engine::new(EngineKind::EXCURSION);
        let mut online = OnlineEngine::new(&engine);
        let mut found: Vec<Episode> = Vec::new();
        for sample in stream.samples() {
            found.extend(online.take(sample.t, sample.class, sample.value, sample.channel.unwrap_or_default()));
        }
        found.extend(online.finish());
        let by_channel = |episodes: &[Episode]| {
            let mut channels: BTreeMap<(Motif, String), Vec<Episode>> = BTreeMap::new();
            for episode in episodes {
                channels.entry((episode.motif, episode.channel.clone())).or_default().push(episode.clone());
            }
            channels
        };
        assert!(!found.is_empty());
        assert_eq!(by_channel(&found), by_channel(&engine.replay(&stream)), "{seed}");
    }
}
