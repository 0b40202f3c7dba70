use super::*;
use crate::evaluate::{ANY, Noise, null};
use crate::residual::Math;

fn injection(kind: FaultKind, size: f64) -> Injection {
    Injection { kind, size, samples: (10, 20), faults: 3, motifs: Vec::new() }
}

fn carrier() -> Stream {
    null(Noise::White, 7, Math::Portable)
}

/// What an injection added to each sample of the carrier.
fn added(stream: &Stream) -> Vec<f64> {
    stream.values().iter().zip(carrier().values()).map(|(value, before)| value - before).collect()
}

#[test]
fn exactly_the_samples_of_the_windows_change_by_what_the_kind_says() {
    for kind in FaultKind::ALL {
        let (stream, windows) = injection(kind, 2.0).apply(&carrier(), &[], 5).unwrap();
        assert_eq!(windows.len(), 3);
        for window in &windows {
            let unit = 2.0 * Grammar::default().parameters(window.motif).slew_threshold;
            let is_in = |t: f64| window.t_start <= t && t < window.t_end;
            let of_window = stream.samples().zip(added(&stream)).filter(|(sample, _)| {
                Motif::of_class(sample.class) == window.motif
                    && sample.channel == Some(&*window.channel)
                    && is_in(sample.t)
            });
            let shares: Vec<f64> = of_window.map(|(_, added)| (added / unit * 1e6).round() / 1e6).collect();
            let count = shares.len();
            assert!((10..=20).contains(&count), "{kind}: {count}");
            let expected = |at: usize| match kind {
                FaultKind::Shift => 1.0,
                FaultKind::Ramp => ((at + 1) as f64 / count as f64 * 1e6).round() / 1e6,
                FaultKind::Pulses => [1.0, 0.0][at / 3 % 2],
                FaultKind::Noise => shares[at].signum(),
            };
            assert_eq!(shares, (0..count).map(expected).collect::<Vec<f64>>(), "{kind}");
            if kind == FaultKind::Noise {
                assert!(shares.contains(&1.0) && shares.contains(&-1.0), "{shares:?}");
            }
            // Nothing is where detectors learn what is usual.
            assert!(window.t_start >= 150.0, "{window:?}");
        }
        let changed = added(&stream).iter().filter(|added| **added != 0.0).count();
        let inside: f64 = windows.iter().map(Window::duration).sum();
        assert!(changed <= inside as usize && changed >= inside as usize / 2, "{kind}: {changed} of {inside}");
    }
}

#[test]
fn the_seed_decides_place_channel_and_length_and_nothing_else_does() {
    let windows = |kind, size, seed| injection(kind, size).apply(&carrier(), &[], seed).unwrap().1;
    let of = windows(FaultKind::Shift, 1.0, 1);
    assert_eq!(windows(FaultKind::Noise, 7.0, 1), of);
    let seeds: Vec<Vec<Window>> = (1..40).map(|seed| windows(FaultKind::Shift, 1.0, seed)).collect();
    let all = || seeds.iter().flatten();
    let count = |of: &dyn Fn(&Window) -> String| all().map(of).collect::<std::collections::BTreeSet<_>>().len();
    assert!(count(&|window| format!("{:?}{}", window.motif, window.channel)) == 15);
    assert!(count(&|window| window.t_start.to_string()) > 80);
    assert_eq!(count(&|window| window.duration().to_string()), 11);
    for run in &seeds {
        let mut series: Vec<_> = run.iter().map(|window| (window.motif, window.channel.clone())).collect();
        series.sort();
        series.dedup();
        assert_eq!(series.len(), 3, "each fault is on another channel");
    }
    let label = injection(FaultKind::Ramp, 0.5).apply(&carrier(), &[], 9).unwrap().0.source().to_owned();
    assert_eq!(label, "null-white-seed7[inject ramp 0.5 samples 10-20 faults 3 seed 9]");
}

#[test]
fn channels_with_faults_of_their_own_are_left_alone_and_too_few_are_an_error() {
    let truth = |channel: &str| [Window::new(Motif::CacheCollapse, channel, 0.0, 1.0)];
    for seed in 0..20 {
        let (_, windows) = injection(FaultKind::Shift, 1.0).apply(&carrier(), &truth("noise-2"), seed).unwrap();
        assert!(windows.iter().all(|window| window.channel != "noise-2"));
    }
    let mut of_one = injection(FaultKind::Shift, 1.0);
    of_one.motifs = vec![Motif::ContentionRamp];
    assert!(of_one.apply(&carrier(), &[], 1).unwrap().1.iter().all(|window| window.motif == Motif::ContentionRamp));
    of_one.faults = 4;
    let error = of_one.apply(&carrier(), &[], 1).unwrap_err();
    assert_eq!(error, InjectError { needed: 4, samples: 80, found: 3 });
    assert_eq!(injection(FaultKind::Shift, 1.0).apply(&carrier(), &truth(ANY), 1).unwrap_err().found, 0);
    let mut long = injection(FaultKind::Shift, 1.0);
    long.samples = (10, 151);
    assert_eq!(long.apply(&carrier(), &[], 1).unwrap_err().samples, 604);
}

#[test]
fn samples_of_one_time_are_in_a_window_together() {
    let mut builder = StreamBuilder::default();
    for at in 0..400 {
        builder.push(f64::from(at / 4), crate::residual::Class::CacheIo, 0.0, "a").unwrap();
    }
    let carrier = builder.finish("ties".to_owned());
    let one = Injection { faults: 1, ..injection(FaultKind::Shift, 1.0) };
    for seed in 0..50 {
        let (stream, windows) = one.apply(&carrier, &[], seed).unwrap();
        let is_in = |t: f64| windows[0].t_start <= t && t < windows[0].t_end;
        assert!(stream.samples().all(|sample| is_in(sample.t) == (sample.value != 0.0)), "{seed}");
        assert!(windows[0].duration() >= 3.0);
    }
}
