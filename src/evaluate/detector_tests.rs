use proptest::prelude::*;

use super::super::detectors::{adwin, adwin_reference, belief, bocpd, pelt, robust};
use super::*;
use crate::evaluate::{DETECTORS, find_detector};
use crate::residual::StreamBuilder;

fn stream(values: &[f64]) -> Stream {
    let mut builder = StreamBuilder::default();
    for (second, value) in values.iter().enumerate() {
        builder.push(second as f64, crate::residual::Class::CacheIo, *value, "a").unwrap();
    }
    builder.finish("test")
}

/// 150 quiet values, 60 of another level, 150 quiet ones, with a ripple that no clock would make.
fn step() -> Vec<f64> {
    (0..360_u32)
        .map(|second| {
            let ripple = f64::from(second * 7919 % 101) / 101.0 - 0.5;
            0.02 * ripple + if (150..210).contains(&second) { 0.4 } else { 0.0 }
        })
        .collect()
}

/// What a detector finds with its default parameters.
fn found(name: &str, stream: &Stream) -> Vec<Span> {
    let detector = find_detector(name).unwrap();
    detector.find_spans(stream, &Settings::defaults(detector), Math::Portable)
}

fn adwin_cuts(values: &[f64]) -> Vec<usize> {
    adwin::cuts(values, 0.002, 5, Math::Portable)
}

fn pelt_cuts(values: &[f64]) -> Vec<usize> {
    pelt::cuts(values, 5, 3.0, Math::Portable)
}

fn bocpd_changes(values: &[f64]) -> Vec<usize> {
    bocpd::changes(values, 0.01, Math::Portable)
}

#[test]
fn names_are_read_back_and_misspellings_get_a_suggestion() {
    for detector in DETECTORS {
        assert_eq!(find_detector(detector.name()).unwrap(), detector);
        assert_eq!(DETECTORS.iter().filter(|other| other.name() == detector.name()).count(), 1);
        assert!(!detector.title().is_empty(), "{detector}");
    }
    let message = find_detector("adwim").unwrap_err().to_string();
    assert!(
        message.starts_with("unknown detector `adwim`; did you mean `adwin`? known: adwin-reference,"),
        "{message}"
    );
}

#[test]
fn a_step_is_found_where_it_is() {
    let stream = stream(&step());
    for (detector, tolerance) in
        [("adwin", 3.0), ("bocpd", 0.0), ("pelt", 1.0), ("threshold", 0.0), ("mad", 0.0), ("cusum", 3.0)]
    {
        let found = found(detector, &stream);
        let starts: Vec<f64> = found.iter().map(|span| span.t_start).collect();
        assert!(!starts.is_empty() && (starts[0] - 150.0).abs() <= tolerance, "{detector}: {starts:?}");
        let changes = matches!(detector, "adwin" | "bocpd" | "pelt");
        assert_eq!(starts.len(), if changes { 2 } else { 1 }, "{detector}: {starts:?}");
        if changes {
            assert!((starts[1] - 210.0).abs() <= tolerance, "{detector}: {starts:?}");
            // A change point is found later than it is, and when is not said.
            assert_eq!(found[0].t_detected, None, "{detector}");
        } else {
            assert!((found[0].t_end - 210.0).abs() <= 20.0, "{detector}: {found:?}");
            assert_eq!(found[0].t_detected, Some(starts[0]), "{detector}");
        }
    }
}

#[test]
fn dummies_do_as_they_say() {
    let stream = stream(&step());
    let spans = |detector: &str| -> Vec<(f64, f64)> {
        found(detector, &stream).iter().map(|span| (span.t_start, span.t_end)).collect()
    };
    assert_eq!(spans("never"), []);
    assert_eq!(spans("always"), [(0.0, 359.0)]);
    assert_eq!(spans("periodic"), [(0.0, 30.0), (300.0, 330.0)]);
}

#[test]
fn parameters_are_set_by_name_within_their_ranges_and_have_a_say() {
    let alternating: Vec<f64> = (0..360).map(|second| if second % 2 == 0 { 0.0 } else { 0.2 }).collect();
    let (stream, alternating) = (stream(&step()), stream(&alternating));
    for detector in DETECTORS {
        let mut settings = Settings::defaults(detector);
        assert!(settings.set("nothing", 1.0).is_err(), "{detector}");
        for parameter in detector.parameters() {
            let key = parameter.range.key;
            assert_eq!(parameter.range.check(parameter.default), Ok(parameter.default), "{detector}.{key}");
            for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                assert!(settings.set(key, wrong).is_err(), "{detector}.{key} = {wrong}");
            }
            assert_eq!(settings.number(key), parameter.default);
        }
    }
    for (name, key, value) in [
        ("adwin", "delta", 1e-30),
        ("adwin", "side", 170.0),
        ("bocpd", "hazard", 1e-300),
        ("pelt", "segment", 200.0),
        ("pelt", "penalty", 1e9),
        ("mad", "window", 1.0),
        ("mad", "deviations", 1e9),
        ("cusum", "allowance", 1e9),
        ("cusum", "bound", 1e9),
        ("threshold", "factor", 1e9),
        ("periodic", "every_s", 60.0),
        ("periodic", "length_s", 1.0),
    ] {
        let detector = find_detector(name).unwrap();
        let mut settings = Settings::defaults(detector);
        settings.set(key, value).unwrap();
        let has_a_say = [&stream, &alternating]
            .into_iter()
            .any(|stream| detector.find_spans(stream, &settings, Math::Portable) != found(name, stream));
        assert!(has_a_say, "{name}.{key} = {value}");
    }
    let all: usize = DETECTORS.iter().map(|detector| detector.parameters().len()).sum();
    assert_eq!(all, 12, "a parameter that is not in the table above may have no say");
}

#[test]
fn a_tape_of_few_samples_over_ages_has_few_periods() {
    let mut builder = StreamBuilder::default();
    for t in [0.0, 1e12, 1.7e12] {
        builder.push(t, crate::residual::Class::CacheIo, 1.0, "a").unwrap();
    }
    let found = found("periodic", &builder.finish("test"));
    let starts: Vec<f64> = found.iter().map(|span| span.t_start).collect();
    assert_eq!(starts, [0.0, 999_999_999_900.0, 1_699_999_999_800.0]);
}

/// Of the series less one residual, whose square leaves no digits to what is summed behind it.
#[test]
fn rounding_beside_one_huge_residual_is_no_change() {
    for size in [1e3, 1e6, 1e9, 1e12] {
        for place in [0, 180, 359] {
            let mut values: Vec<f64> =
                (0..360_u32).map(|second| f64::from(second * 7919 % 101) / 101.0 - 0.5).collect();
            values[place] = size;
            let cuts = pelt_cuts(&values);
            assert!(cuts.len() <= 2 && cuts.iter().all(|cut| cut.abs_diff(place) <= 5), "{size} at {place}: {cuts:?}");
        }
    }
}

/// Bayesian online change point detection with no run length let go, in logarithms, as its paper has it.
fn bocpd_by_definition(values: &[f64]) -> Vec<usize> {
    let math = Math::Portable;
    let Some((centre, scale)) = robust::beginning(values) else { return Vec::new() };
    // By run length: ln P(run), then mean, kappa, alpha and beta of the normal-gamma belief.
    let prior = (0.0_f64, 1.0, 1.0, 1.0);
    let mut runs = vec![(0.0_f64, prior)];
    let mut before = 0;
    let mut changes = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let x = (value - centre) / scale;
        let joint: Vec<f64> = runs
            .iter()
            .map(|(ln_p, (mu, kappa, alpha, beta))| {
                let (degrees, square): (f64, f64) = (2.0 * alpha, beta * (kappa + 1.0) / (alpha * kappa));
                let gammas = belief::ln_gamma((degrees + 1.0) / 2.0, math) - belief::ln_gamma(degrees / 2.0, math);
                ln_p + gammas
                    - 0.5 * math.ln(degrees * std::f64::consts::PI * square)
                    - (degrees + 1.0) / 2.0 * math.ln(1.0 + (x - mu) * (x - mu) / (degrees * square))
            })
            .collect();
        let largest = joint.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let evidence = largest + math.ln(joint.iter().map(|ln_p| math.exp(ln_p - largest)).sum());
        let grown = runs.iter().zip(&joint).map(|((_, (mu, kappa, alpha, beta)), ln_p)| {
            let spread = kappa * (x - mu) * (x - mu) / (2.0 * (kappa + 1.0));
            let belief = ((kappa * mu + x) / (kappa + 1.0), kappa + 1.0, alpha + 0.5, beta + spread);
            (ln_p - evidence + math.ln(0.99), belief)
        });
        runs = std::iter::once((math.ln(0.01), prior)).chain(grown).collect();
        let likely = (1..runs.len()).max_by(|a, b| runs[*a].0.total_cmp(&runs[*b].0)).unwrap();
        if likely * 2 < before && before - likely >= 5 {
            changes.push(index + 1 - likely);
        }
        before = likely;
    }
    changes.sort_unstable();
    changes.dedup();
    changes
}

/// Levels so far from the prior, in units of the beginning, that a run at one of them is less likely than a millionth at first.
#[test]
fn bocpd_finds_changes_far_from_its_prior() {
    let levels = [0.987, 0.706, -0.6, -0.419, -0.467, -0.666];
    let values: Vec<f64> = levels.iter().flat_map(|level| std::iter::repeat_n(*level, 216)).collect();
    let found = bocpd_changes(&values);
    assert_eq!(found, bocpd_by_definition(&values));
    assert_eq!(found, [216, 432, 648, 1080]);
}

/// What costs the cube of the length: every mean from its definition.
fn adwin_by_definition(values: &[f64]) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0;
    for end in 1..=values.len() {
        let count = end - start;
        if values.len() < 10 || count < 10 {
            continue;
        }
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (mut best, mut at) = (0.0, None);
        for cut in start + 5..=end - 5 {
            let difference = (mean(&values[start..cut]) - mean(&values[cut..end])).abs();
            if difference > best {
                (best, at) = (difference, Some(cut));
            }
        }
        let Some(cut) = at else { continue };
        let window = &values[start..end];
        let high = window.iter().fold(f64::NEG_INFINITY, |high, value| high.max(*value));
        let low = window.iter().fold(f64::INFINITY, |low, value| low.min(*value));
        let (n0, n1) = ((cut - start) as f64, (end - cut) as f64);
        let m = ((2.0 * n0) * n1) / (n0 + n1);
        let range = (high - low).max(f64::EPSILON);
        if best > (((range * range) / (2.0 * m)) * Math::Portable.ln(2.0 / (0.002 / count as f64))).sqrt() {
            cuts.push(cut);
            start = cut;
        }
    }
    cuts
}

/// The least cost of any cutting, by trying for each end all starts; no pruning.
fn least_cost(values: &[f64], penalty: f64, cuts: Option<&[usize]>) -> f64 {
    let cost = |part: &[f64]| {
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        part.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
    };
    if let Some(cuts) = cuts {
        let ends: Vec<usize> = [0].iter().chain(cuts).chain([&values.len()]).copied().collect();
        return ends.windows(2).map(|pair| cost(&values[pair[0]..pair[1]])).sum::<f64>() + penalty * cuts.len() as f64;
    }
    let mut least = vec![f64::INFINITY; values.len() + 1];
    least[0] = -penalty;
    for to in 5..=values.len() {
        for from in 0..=to - 5 {
            least[to] = least[to].min(least[from] + cost(&values[from..to]) + penalty);
        }
    }
    least[values.len()]
}

/// Levels, each of up to so many values with no noise, some, or much.
fn values(longest: usize) -> impl Strategy<Value = Vec<f64>> {
    let stretch = (-1.0..1.0, 1..longest, prop_oneof![Just(0.0), Just(0.01), Just(0.3)]);
    prop::collection::vec(stretch, 1..6).prop_flat_map(|stretches| {
        let lengths: usize = stretches.iter().map(|(_, length, _)| length).sum();
        prop::collection::vec(-1.0..1.0, lengths).prop_map(move |noise| {
            let levels =
                stretches.iter().flat_map(|(level, length, loud)| std::iter::repeat_n((*level, *loud), *length));
            levels.zip(noise).map(|((level, loud), noise): ((f64, f64), f64)| level + loud * noise).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn adwin_in_quadratic_time_is_adwin(values in values(40)) {
        prop_assert_eq!(adwin_reference::cuts(&values, Math::Portable), adwin_by_definition(&values));
    }

    #[test]
    fn a_change_is_one_whatever_the_level(values in values(40), shift in -64..64_i32) {
        // Sixty-fourths: their sums and differences with whole numbers are exact, so that no rounding moves a tie.
        let steps: Vec<f64> = values.iter().map(|value| (value * 64.0).round() / 64.0).collect();
        let shifted: Vec<f64> = steps.iter().map(|value| value + f64::from(shift)).collect();
        for (name, find) in [("adwin", adwin_cuts as fn(&[f64]) -> Vec<usize>), ("pelt", pelt_cuts)] {
            prop_assert_eq!(find(&steps), find(&shifted), "{}", name);
        }
    }

    #[test]
    fn what_is_found_in_a_channel_depends_on_no_other(first in values(40), second in values(40)) {
        let both = |turned: bool| {
            let mut builder = StreamBuilder::default();
            let named = [("a", &first), ("b", &second)];
            for (name, values) in if turned { [named[1], named[0]] } else { named } {
                for (second, value) in values.iter().enumerate() {
                    builder.push(second as f64, crate::residual::Class::CacheIo, *value, name).unwrap();
                }
            }
            builder.finish("test")
        };
        for detector in DETECTORS.map(|detector| detector.name()) {
            let spans = found(detector, &both(false));
            prop_assert_eq!(&spans, &found(detector, &both(true)), "{}", detector);
            let alone: Vec<Span> = spans.into_iter().filter(|span| span.channel == "a").collect();
            prop_assert_eq!(alone, found(detector, &stream(&first)), "{}", detector);
        }
    }

    #[test]
    fn no_cutting_costs_less_than_that_of_pelt(values in values(40), penalty in prop_oneof![1e-4..1e-2, 0.01..3.0]) {
        let cuts = pelt::cheapest(&values, 5, penalty);
        prop_assume!(values.len() >= 5);
        let (found, least) = (least_cost(&values, penalty, Some(&cuts)), least_cost(&values, penalty, None));
        prop_assert!(found <= least + 1e-9 * (1.0 + least.abs()), "{found} {least} {cuts:?}");
    }

    #[test]
    fn a_constant_is_no_change(level in -1e3..1e3, length in 1..300_usize) {
        let stream = stream(&vec![level; length]);
        for detector in ["adwin", "bocpd", "pelt", "mad", "cusum"] {
            prop_assert_eq!(found(detector, &stream), [], "{}", detector);
        }
    }
}

proptest! {
    // Few, since the definition costs the square of a length that has to be beyond what is kept anyway.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn bocpd_loses_nothing_by_what_it_lets_go(values in values(250), unit in prop_oneof![Just(1.0), 0.05..5.0]) {
        let values: Vec<f64> = values.iter().map(|value| value * unit).collect();
        prop_assert_eq!(bocpd_changes(&values), bocpd_by_definition(&values));
    }
}
