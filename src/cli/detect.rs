use std::path::PathBuf;

use super::generate::MathArgument;
use super::output::Output;
use super::tapes::each_tape;
use super::{Out, Outcome};
use crate::evaluate::Detector;
use crate::motif::Semantics;

/// Run another detector over tapes and write DIR/<tape>/episodes.csv of each, as `replay` does
#[derive(clap::Args)]
#[command(after_help = "\
Detectors: adwin, bocpd, pelt; adwin-reference, bocpd-reference, pelt-reference as published; threshold, mad, cusum;
  never, always, periodic, which a score must tell from the rest. See docs/detectors.md.
Example: telltape detect --detector adwin perturbed.jsonl --out adwin")]
pub(super) struct Detect {
    /// The detector
    #[arg(long, value_name = "NAME")]
    detector: Detector,
    /// Tapes; each needs its manifest TAPE.hash beside it
    #[arg(required = true, value_name = "TAPE")]
    tapes: Vec<PathBuf>,
    #[command(flatten)]
    math: MathArgument,
    #[command(flatten)]
    out: Out,
}

impl Detect {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let math = self.math.math();
        each_tape(&self.tapes, self.out.folder()?, None, output, |stream, _| {
            Ok((Semantics::Reference, self.detector.detect(stream, math)))
        })
    }
}
