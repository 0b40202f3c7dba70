use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::output::Output;
use super::tapes::{Reported, each_tape};
use super::verify::KeyArgument;
use super::{Out, Outcome};
use crate::experiment::{default_engine, read_engine};
use crate::motif::{self, Engine, EngineKind, Episode};
use crate::trace::is_own;

/// Replay tapes through the motif engine and write DIR/<tape>/episodes.csv of each
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape replay snowset.jsonl ceb.jsonl --out episodes
  telltape replay ceb.jsonl --grammar strict.toml --format csv,parquet")]
pub(super) struct ReplayCommand {
    /// Tapes; each needs its manifest TAPE.hash beside it
    #[arg(required = true, value_name = "TAPE")]
    tapes: Vec<PathBuf>,
    #[command(flatten)]
    engine: EngineArguments,
    /// Formats of the episode table; csv is always written
    #[arg(long, value_enum, value_delimiter = ',', default_value = "csv")]
    format: Vec<EpisodeFormat>,
    #[command(flatten)]
    key: KeyArgument,
    #[command(flatten)]
    out: Out,
}

/// What computes the episodes.
#[derive(clap::Args)]
pub(super) struct EngineArguments {
    /// Parameters of the motifs, as TOML, YAML or JSON [default: those of the engine]
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
    /// The engine, reference or excursion [default: that of the grammar's keys; else excursion for recordings and
    /// constructions of our own, reference for all else]
    #[arg(long, alias = "semantics", value_name = "NAME")]
    engine: Option<EngineKind>,
}

impl EngineArguments {
    /// The engine, if the arguments say which.
    pub(super) fn engine(&self) -> Result<Option<Engine>, Failure> {
        Ok(match (&self.grammar, self.engine) {
            (Some(path), kind) => Some(read_engine(kind, path)?),
            (None, kind) => kind.map(Engine::new),
        })
    }
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub(super) enum EpisodeFormat {
    Csv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl EpisodeFormat {
    /// Writes a table of episodes in this format; CSV is written by those who make them.
    pub(super) fn write(self, _engine: EngineKind, _episodes: &[Episode], _folder: &Path) -> Result<(), Failure> {
        match self {
            Self::Csv => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet => {
                let bytes = motif::parquet(_engine, _episodes).map_err(|error| Failure::internal(&error.into()))?;
                let durability = crate::store::Durability::Atomic;
                let path = _folder.join("episodes.parquet");
                crate::store::write_over(&path, &bytes, durability, crate::store::OutputKind::Like(b"PAR1"))?;
                Ok(())
            }
        }
    }
}

impl ReplayCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let engine = self.engine.engine()?;
        let key = self.key.read()?;
        each_tape(&self.tapes, self.out.folder()?, key.as_ref(), output, |stream, folder| {
            let engine = engine.unwrap_or_else(|| Engine::new(default_engine(is_own(stream.source()))));
            let episodes = engine.replay(stream);
            self.format.iter().try_for_each(|format| format.write(engine.kind(), &episodes, folder))?;
            Ok(Reported {
                count: episodes.len() as u64,
                fingerprint: motif::fingerprint(&episodes),
                csv: motif::csv(engine.kind(), &episodes),
            })
        })
    }
}
