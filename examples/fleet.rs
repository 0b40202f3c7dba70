//! A fleet of tapes for trying clusters out: `fleet DIR COUNT`, each of 1,000 to 50,000 samples (log-uniform), seeded by its number.

use std::path::Path;

use rayon::prelude::*;
use telltape::residual::{Class, StreamBuilder};
use telltape::tape::TapeWriter;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, count] = arguments.as_slice() else { panic!("fleet DIR COUNT") };
    let count: u64 = count.parse().expect("COUNT is a number");
    (0..count).into_par_iter().for_each(|number| tape(Path::new(folder), number));
}

/// Noise on a dozen channels a class, with a fault of some hundred samples in one of three tapes.
fn tape(folder: &Path, number: u64) {
    let mut random = fastrand::Rng::with_seed(number);
    let samples = (1000.0 * pxfm::f_pow(50.0, random.f64())) as u64;
    let fault = number.is_multiple_of(3).then(|| random.u64(..samples));
    let mut builder = StreamBuilder::with_capacity(samples as usize);
    let channels: Vec<_> = (0..12).map(|channel| builder.channel(&format!("q{channel}"))).collect();
    for sample in 0..samples {
        let class = Class::ALL[random.usize(..Class::ALL.len())];
        let channel = random.usize(..channels.len());
        let faulty = channel == 0 && fault.is_some_and(|fault| (fault..fault + 500).contains(&sample));
        // Six decimals, as measured residuals have.
        let value = ((random.f64() - 0.5) * 0.05 * 1e6).round() / 1e6 + if faulty { 1.0 } else { 0.0 };
        builder.push_id(sample as f64 * 0.5, class, value, Some(channels[channel])).expect("numbers are finite");
    }
    let mut writer = TapeWriter::create(&folder.join(format!("t{number:05}.jsonl")), "fleet").expect("a tape");
    writer.append_stream(&builder.finish("fleet")).expect("a tape");
    writer.finalise(None).expect("a tape");
}
