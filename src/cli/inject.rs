use std::path::PathBuf;

use super::arguments::output_path;
use super::failure::Failure;
use super::output::Output;
use super::{Outcome, convert};
use crate::evaluate::{FaultKind, Injection, windows_csv};
use crate::motif::Motif;
use crate::store::{Durability, OutputKind, check, write_over};
use crate::tape::{self, TapeWriter};

/// Any tape with faults injected into its residuals
#[derive(clap::Args)]
#[command(after_help = "\
Kinds: shift, ramp, pulses, noise. The seed draws channels, lengths and starts; docs/inject.md has the definitions.
Example: telltape generate inject --carrier a.jsonl --kind shift --size 1 --samples 10..60 --faults 3 --seed 1 --tape b.jsonl \
--windows b.windows.csv")]
pub(super) struct InjectArguments {
    /// The tape that faults are injected into
    #[arg(long, value_name = "TAPE")]
    carrier: PathBuf,
    /// How residuals change
    #[arg(long, value_name = "NAME")]
    kind: FaultKind,
    /// By how much, in published slew thresholds of the motif
    #[arg(long, value_name = "X", default_value_t = 1.0, allow_negative_numbers = true, value_parser = size)]
    size: f64,
    /// The shortest and the longest fault, in samples of its channel
    #[arg(long, value_name = "N..M", value_parser = samples)]
    samples: (usize, usize),
    /// Faults, each on another channel
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    faults: u16,
    /// A motif on whose channels faults may be; all if none is given
    #[arg(long = "motif", value_name = "NAME")]
    motifs: Vec<Motif>,
    /// What draws the places
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: u64,
    /// The tape to write; its manifest is written beside it
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    tape: PathBuf,
    /// The table of windows to write
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    windows: PathBuf,
}

fn size(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(size) if Injection::takes_size(size) => Ok(size),
        _ => Err("not a size above 0, up to 1e9".to_owned()),
    }
}

fn samples(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once("..").and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
    let is_range = |(least, most): &(usize, usize)| (1..=*most).contains(least) && *most <= 1_000_000;
    parsed.filter(is_range).ok_or_else(|| "write the shortest and the longest, as 10..60".to_owned())
}

impl InjectArguments {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let Self { carrier, kind, size, samples, faults, motifs, seed, tape, windows } = self;
        // Nothing is written where one of the two cannot be.
        TapeWriter::check(&tape)?;
        let head = windows_csv(&[]);
        check(&windows, OutputKind::table(&head))?;
        let stream = tape::read(&carrier)?.stream;
        let injection = Injection { kind, size, samples, faults: faults.into(), motifs };
        let injected = injection.apply(&stream, &[], seed);
        let (stream, truth) = injected.map_err(|error| Failure::usage(error.to_string()))?;
        write_over(&windows, &windows_csv(&truth), Durability::Atomic, OutputKind::table(&head))?;
        convert::write(&tape, &stream, None, Vec::new(), output)
    }
}
