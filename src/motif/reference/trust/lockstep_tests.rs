use proptest::prelude::*;

use super::super::scalar;
use super::*;
use crate::motif::runs::Runs;
use crate::motif::{Grammar, Motif};
use crate::residual::{Class, Stream, StreamBuilder};

/// Up to 200 channels a class, so that repeated additions are jumped over as well as carried out; quiet and loud values.
fn streams() -> impl Strategy<Value = (Stream, f64)> {
    let value = prop_oneof![4 => -0.02..0.02, 2 => -2.0..2.0, 1 => Just(0.0), 1 => -1e6..1e6];
    let sample = (0..4_usize, 0..200_u16, value, prop_oneof![Just(1.0), Just(0.0), 0.0..2.0]);
    let loudest = prop_oneof![5 => Just(1.0), 1 => Just(1e80), 1 => Just(1e90), 1 => Just(1e94)];
    (prop::collection::vec(sample, 1..1500), loudest, 1..200_u16).prop_map(|(samples, loudest, channels)| {
        let mut builder = StreamBuilder::default();
        let mut t = 0.0;
        for (index, (class, channel, value, step)) in samples.into_iter().enumerate() {
            t += step;
            let value = if index % 97 == 5 { value * loudest } else { value };
            builder.push(t, Class::ALL[class], value, &format!("c{}", channel % channels)).unwrap();
        }
        (builder.finish("generated"), loudest)
    })
}

/// Every seventh sample, and the last.
fn places(runs: &Runs<'_>) -> Vec<(usize, usize)> {
    let all = (0..runs.len()).flat_map(|channel| (0..runs.of_channel(channel).0.len()).map(move |at| (channel, at)));
    let all: Vec<_> = all.collect();
    let chosen = all.iter().enumerate().filter(|(index, _)| index % 7 == 0 || index + 1 == all.len());
    chosen.map(|(_, place)| *place).collect()
}

fn bits(sums: &[Vec<f64>]) -> Vec<Vec<u64>> {
    let bits = |sum: &f64| if sum.is_nan() { u64::MAX } else { sum.to_bits() };
    sums.iter().map(|sums| sums.iter().map(bits).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn lanes_equal_the_plain_observer(
        (stream, loudest) in streams(),
        sigma0 in prop_oneof![Just(0.05), 1e-6..10.0, Just(1e-300)],
        rho in prop_oneof![0.0..1.0, Just(0.0), Just(5e-324)],
    ) {
        let mut grammar = Grammar::default();
        grammar.set("contention_ramp", "sigma0", sigma0).unwrap();
        grammar.set("plan_regression_onset", "rho", rho).unwrap();
        let runs: Vec<_> = Motif::ALL[..LANES].iter().map(|motif| Runs::new(&stream, motif.class())).collect();
        let places: Vec<_> = runs.iter().map(places).collect();
        let wanted: Vec<_> = (0..LANES)
            .filter(|index| !places[*index].is_empty())
            .map(|index| WantedTrust { parameters: grammar.parameters(Motif::ALL[index]), runs: &runs[index], places: &places[index] })
            .collect();
        let plain: Vec<_> = wanted.iter().map(scalar::trust_sums).collect();
        // Beyond the limit there are none, and the plain ones are taken.
        if let Some(sums) = trust_sums(&wanted) {
            prop_assert_eq!(bits(&sums), bits(&plain));
        }
        if loudest <= 1e80 && sigma0 > 1e-80 && rho > 0.0 {
            for level in Level::ALL.iter().filter(|level| level.is_there()) {
                let mut group = Group::new(&wanted);
                level.run(&mut group);
                let sums: Vec<_> = group.cursors.into_iter().map(|cursor| cursor.sums).collect();
                prop_assert_eq!(bits(&sums), bits(&plain), "{:?}", level);
            }
        }
    }
}
