use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::output::Output;
use super::tapes::each_tape;
use super::{Out, Outcome};
use crate::experiment::read_engine;
use crate::motif::{Engine, Episode, Semantics};

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
    #[command(flatten)]
    engine: EngineArguments,
    /// Formats of the episode table; csv is always written
    #[arg(long, value_enum, value_delimiter = ',', default_value = "csv")]
    format: Vec<Format>,
    #[command(flatten)]
    out: Out,
}

/// What computes the episodes.
#[derive(clap::Args)]
pub(super) struct EngineArguments {
    /// Parameters of the motifs, as TOML, YAML or JSON [default: the published ones]
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
    /// The engine
    #[arg(long, value_name = "NAME", default_value_t = Semantics::Reference)]
    semantics: Semantics,
}

impl EngineArguments {
    pub(super) fn engine(&self) -> Result<Engine, Failure> {
        Ok(match &self.grammar {
            Some(path) => read_engine(self.semantics, path)?,
            None => Engine::new(self.semantics),
        })
    }
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub(super) enum Format {
    Csv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Writes a table of episodes in this format; CSV is written by those who make them.
    pub(super) fn write(self, _semantics: Semantics, _episodes: &[Episode], _folder: &Path) -> Result<(), Failure> {
        match self {
            Self::Csv => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet => {
                let bytes =
                    crate::motif::parquet(_semantics, _episodes).map_err(|error| Failure::internal(&error.into()))?;
                let durability = crate::store::Durability::Whole;
                crate::store::write_whole(&_folder.join("episodes.parquet"), &bytes, durability)?;
                Ok(())
            }
        }
    }
}

impl Replay {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let engine = self.engine.engine()?;
        each_tape(&self.tapes, &self.out.out, engine.semantics(), output, |stream, folder| {
            let episodes = engine.replay(stream);
            self.format.iter().try_for_each(|format| format.write(engine.semantics(), &episodes, folder))?;
            Ok(episodes)
        })
    }
}
