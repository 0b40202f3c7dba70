use std::path::PathBuf;

use clap::Subcommand;

use super::Outcome;
use super::arguments::{MathArgument, output_path};
use super::convert;
use super::inject::InjectArguments;
use super::output::Output;
use crate::evaluate::{Exemplar, Generator, Noise};

/// Generate a tape whose faults are known
#[derive(clap::Args)]
pub(super) struct GenerateCommand {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// Half an hour of TPC-DS with five planted faults
    #[command(after_help = "Example: telltape generate perturbed --seed 42 --tape perturbed.jsonl")]
    Perturbed {
        /// Seed of the noise
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        seed: u64,
        /// Size of the faults; 1 is the published one
        #[arg(long, value_name = "X", default_value_t = 1.0, allow_negative_numbers = true, value_parser = scale)]
        scale: f64,
        #[command(flatten)]
        common: Common,
    },
    /// A stylised trace of one data set with one planted fault
    #[command(after_help = "Data sets: snowset, sqlshare, sqlshare-text, ceb, job, tpcds.\n\
        Example: telltape generate exemplar --dataset ceb --seed 42 --tape ceb.jsonl")]
    Exemplar {
        /// The data set
        #[arg(long, value_name = "NAME")]
        dataset: Exemplar,
        /// Seed of the noise
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        seed: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Noise without any fault
    #[command(after_help = "Kinds: white, autoregressive, heavy-tailed, bursty, daily.\n\
        Example: telltape generate null --kind bursty --seed 1 --tape bursty.jsonl")]
    Null {
        /// The kind of noise
        #[arg(long, value_name = "NAME")]
        kind: Noise,
        /// Its seed
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        seed: u64,
        #[command(flatten)]
        common: Common,
    },
    Inject(InjectArguments),
}

#[derive(clap::Args)]
struct Common {
    /// The tape to write; its manifest is written beside it
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    tape: PathBuf,
    #[command(flatten)]
    math: MathArgument,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if Generator::takes_scale(scale) => Ok(scale),
        _ => Err(format!("not a number from 0 to {:e}", Generator::LARGEST_SCALE)),
    }
}

impl GenerateCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let (generator, seed, common) = match self.kind {
            Kind::Perturbed { seed, scale, common } => (Generator::Perturbed { scale }, seed, common),
            Kind::Exemplar { dataset, seed, common } => (Generator::Exemplar { dataset }, seed, common),
            Kind::Null { kind, seed, common } => (Generator::Null { noise: kind }, seed, common),
            Kind::Inject(inject) => return inject.execute(output),
        };
        let stream = generator.stream(seed, common.math.math());
        convert::write(&common.tape, &stream, None, Vec::new(), output)
    }
}
