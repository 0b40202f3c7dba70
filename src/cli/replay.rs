use std::path::PathBuf;

use super::output::Output;
use super::tapes::each_tape;
use super::{Out, Outcome};
use crate::experiment::read_grammar;
use crate::motif::{Engine, Grammar, Semantics};

/// Replay tapes through the motif engine and write DIR/<tape>/episodes.csv of each
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape replay snowset.jsonl ceb.jsonl --out episodes
  telltape replay ceb.jsonl --grammar strict.toml --format csv,parquet")]
pub(super) struct Replay {
    /// Tapes; each needs its manifest TAPE.hash beside it
    #[arg(required = true, value_name = "TAPE")]
    tapes: Vec<PathBuf>,
    /// Parameters of the motifs, as TOML, YAML or JSON [default: the published ones]
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
    /// The engine
    #[arg(long, value_name = "NAME", default_value_t = Semantics::Reference)]
    semantics: Semantics,
    /// Formats of the episode table; csv is always written
    #[arg(long, value_enum, value_delimiter = ',', default_value = "csv")]
    format: Vec<Format>,
    #[command(flatten)]
    out: Out,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
    Csv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Replay {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let grammar = match &self.grammar {
            Some(path) => read_grammar(path)?,
            None => Grammar::default(),
        };
        let engine = Engine { semantics: self.semantics, grammar };
        each_tape(&self.tapes, &self.out.out, output, |stream, _folder| {
            let episodes = engine.replay(stream);
            #[cfg(feature = "parquet")]
            if self.format.contains(&Format::Parquet) {
                let bytes = crate::motif::parquet(&episodes)
                    .map_err(|error| super::failure::Failure::internal(&error.into()))?;
                let durability = crate::store::Durability::Whole;
                crate::store::write_whole(&_folder.join("episodes.parquet"), &bytes, durability)?;
            }
            Ok(episodes)
        })
    }
}
