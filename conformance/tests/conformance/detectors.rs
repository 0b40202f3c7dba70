//! The three published detectors and the published metrics.

use std::collections::HashMap;

use dsfb_database::baselines::{ChangePointDetector, adwin::Adwin, bocpd::Bocpd, pelt::Pelt, run_detector};
use dsfb_database::grammar::MotifClass;
use dsfb_database::metrics;
use dsfb_database::perturbation::tpcds_with_perturbations_scaled;
use proptest::prelude::*;
use telltape::evaluate::{Generator, Settings, Span, find_detector, published_scores};
use telltape::motif::Engine;
use telltape::residual::{Math, Stream};
use telltape_conformance::{bits, compare, oracle};

use crate::property::Property;
use crate::streams::shaped;

type Theirs = dsfb_database::grammar::Episode;

/// What both found.
type Both = (Vec<Span>, Vec<Theirs>);

/// Each detector's episodes by both; an episode without a channel is one of the empty name to us.
fn compare_detectors(ours: &Stream, theirs: &dsfb_database::residual::ResidualStream) -> Result<Vec<Both>, String> {
    let detectors: [(&str, Box<dyn ChangePointDetector>); 3] = [
        ("adwin-reference", Box::new(Adwin::default())),
        ("bocpd-reference", Box::new(Bocpd::default())),
        ("pelt-reference", Box::new(Pelt::default())),
    ];
    let mut found = Vec::new();
    for (name, oracle) in detectors {
        let detector = find_detector(name).map_err(|error| error.to_string())?;
        let ours = detector.find_spans(ours, &Settings::defaults(detector), Math::System);
        let theirs: Vec<Theirs> =
            MotifClass::ALL.into_iter().flat_map(|motif| run_detector(oracle.as_ref(), motif, theirs)).collect();
        let mut named = bits::their_episodes(&theirs);
        named.iter_mut().for_each(|episode| _ = episode.channel.get_or_insert_default());
        compare::same_items(&format!("{detector}: episode"), &bits::our_spans(&ours), &named)?;
        found.push((ours, theirs));
    }
    Ok(found)
}

#[test]
fn detectors_on_shaped_signals() {
    let property = Property { source: file!(), name: "detectors, shaped signals", cases: 1000 };
    let found = property.holds(&shaped(6, 120), |(_, rows), _| {
        let (ours, theirs) = (rows.stream("conformance"), oracle::stream("conformance", rows.samples()));
        Ok(compare_detectors(&ours, &theirs)?.iter().map(|(ours, _)| ours.len()).sum())
    });
    assert!(found > 3000, "only {found} episodes");
}

/// Of the engine and of all three detectors, on the windows that the reference says it has planted.
#[test]
fn metrics_on_perturbed_streams() {
    let property = Property { source: file!(), name: "metrics on perturbed streams", cases: 20 };
    let scale = prop::sample::select(&[0.0, 0.1, 0.35, 0.5, 1.0, 2.0][..]);
    let found = property.holds(&(any::<u64>(), scale), |(seed, scale), _| {
        let generator = Generator::Perturbed { scale };
        let ours = generator.stream(seed, Math::System);
        let (theirs, windows) = tpcds_with_perturbations_scaled(seed, scale);
        let engine = Span::of_episodes(&Engine::default().replay(&ours));
        let oracle = oracle::replay(&theirs, oracle::grammar(&Default::default()));
        let mut pairs = compare_detectors(&ours, &theirs)?;
        pairs.push((engine, oracle));
        let samples: HashMap<MotifClass, usize> = MotifClass::ALL
            .into_iter()
            .map(|motif| (motif, theirs.iter_class(motif.residual_class()).count()))
            .collect();
        let published = generator.published_windows().expect("a perturbed stream has windows");
        for (ours_found, theirs_found) in &pairs {
            let mine = published_scores(&ours, ours_found, &published);
            let expected = metrics::evaluate(theirs_found, &windows, &samples, theirs.duration());
            for (mine, expected) in mine.iter().zip(&expected) {
                compare::same(
                    "the counts",
                    &[mine.tp, mine.fp, mine.fn_].map(|n| n as u64),
                    &[expected.tp, expected.fp, expected.fn_],
                )?;
                let numbers = [
                    mine.precision,
                    mine.recall,
                    mine.f1,
                    mine.ttd_median_s,
                    mine.ttd_p95_s,
                    mine.false_alarm_per_hour,
                    mine.compression_ratio,
                ];
                let oracle = [
                    expected.precision,
                    expected.recall,
                    expected.f1,
                    expected.time_to_detection_median_s,
                    expected.time_to_detection_p95_s,
                    expected.false_alarm_rate_per_hour,
                    expected.episode_compression_ratio,
                ];
                compare::same("the numbers", &numbers.map(f64::to_bits), &oracle.map(f64::to_bits))?;
            }
        }
        Ok(pairs.iter().map(|(found, _)| found.len()).sum())
    });
    assert!(found > 400, "only {found} episodes");
}
