use std::path::PathBuf;

use super::arguments::MathArgument;
use super::failure::Failure;
use super::output::Output;
use super::tapes::{Reported, each_tape};
use super::{Out, Outcome};
use crate::evaluate::{DETECTORS, Detector, Settings, find_detector, spans_csv, spans_fingerprint};

/// Run another detector over tapes and write DIR/<tape>/episodes.csv of each
#[derive(clap::Args)]
#[command(after_help = after_help())]
pub(super) struct Detect {
    /// The detector
    #[arg(long, value_name = "NAME", value_parser = find_detector)]
    detector: &'static dyn Detector,
    /// Set a parameter of the detector, such as delta=0.01
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    parameters: Vec<(String, f64)>,
    /// Tapes; each needs its manifest TAPE.hash beside it
    #[arg(required = true, value_name = "TAPE")]
    tapes: Vec<PathBuf>,
    #[command(flatten)]
    math: MathArgument,
    #[command(flatten)]
    out: Out,
}

/// The detectors with their parameters.
fn after_help() -> String {
    let mut text = "Detectors, and their parameters with their defaults:\n".to_owned();
    for detector in DETECTORS {
        let of = |of: &crate::evaluate::Parameter| format!("{}={}", of.range.key, of.default);
        let parameters: Vec<String> = detector.parameters().iter().map(of).collect();
        let parameters = if parameters.is_empty() { String::new() } else { format!(" [{}]", parameters.join(", ")) };
        text.push_str(&format!("  {:<16} {}{parameters}\n", detector.name(), detector.title()));
    }
    text.push_str("The table has motif, channel, t_start, t_end and t_detected, which is empty for change points: when they can be\n");
    text.push_str("reported is not known. Definitions and sources: docs/detectors.md.\n\n");
    text.push_str("Example: telltape detect --detector adwin --parameter delta=0.01 perturbed.jsonl --out adwin");
    text
}

fn parameter(text: &str) -> Result<(String, f64), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` sets nothing; write KEY=VALUE"))?;
    let value = value.trim().parse().map_err(|_| format!("`{}` is not a number", value.trim()))?;
    Ok((key.trim().to_owned(), value))
}

impl Detect {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let math = self.math.math();
        let mut settings = Settings::defaults(self.detector);
        for (key, value) in &self.parameters {
            let refused = |error| Failure::usage(format!("--parameter {key}: {error}"));
            settings.set(key, *value).map_err(refused)?;
        }
        each_tape(&self.tapes, self.out.folder()?, None, output, |stream, _| {
            let spans = self.detector.find_spans(stream, &settings, math);
            let (count, fingerprint) = (spans.len() as u64, spans_fingerprint(&spans));
            Ok(Reported { count, fingerprint, csv: spans_csv(&spans) })
        })
    }
}
