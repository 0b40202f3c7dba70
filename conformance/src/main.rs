//! The reference implementation as a program, for whole-process comparisons: cargo builds no programs of a dependency.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use dsfb_database::grammar::{Episode, MotifGrammar, replay};
use dsfb_database::live::tape::load_and_verify;
use dsfb_database::report::write_episodes_csv;
use dsfb_database::residual::ResidualStream;
use telltape::trace::Dataset;
use telltape_conformance::oracle::{self, GenericColumns};

/// Runs the published reference implementation (a black box) on tapes and traces.
#[derive(Parser)]
#[command(version)]
enum Arguments {
    /// Load a tape, run the engine, and write DIR/episodes.csv
    Replay {
        /// The tape; its manifest stands beside it
        tape: PathBuf,
        /// Where episodes.csv is written
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Parameters of the motifs, as JSON, read by the reference [default: the published ones]
        #[arg(long, value_name = "FILE")]
        grammar: Option<PathBuf>,
    },
    /// Load a trace with the adapter of a data set and run the engine
    Convert {
        /// The data set
        dataset: Dataset,
        /// The trace
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    match arguments {
        Arguments::Replay { tape, out, grammar } => {
            let grammar = grammar.map_or(Ok(MotifGrammar::default()), |path| read_grammar(&path))?;
            let (stream, _) = load_and_verify(&tape).map_err(|error| format!("{error:#}"))?;
            let episodes = oracle::replay(&stream, grammar);
            std::fs::create_dir_all(&out).map_err(|error| format!("`{}`: {error}", out.display()))?;
            write_episodes_csv(&out.join("episodes.csv"), &episodes).map_err(|error| format!("{error:#}"))?;
            print(&stream, &episodes);
        }
        Arguments::Convert { dataset, file } => {
            let stream = oracle::convert(dataset, &file, &GenericColumns::default())?;
            let episodes = oracle::replay(&stream, MotifGrammar::default());
            print(&stream, &episodes);
        }
    }
    Ok(())
}

fn read_grammar(path: &Path) -> Result<MotifGrammar, String> {
    let problem = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| problem(&error))?;
    serde_json::from_str(&text).map_err(|error| problem(&error))
}

fn print(stream: &ResidualStream, episodes: &[Episode]) {
    println!("sample_count = {}", stream.len());
    println!("stream_fingerprint = {}", oracle::fingerprint(stream));
    println!("episode_count = {}", episodes.len());
    println!("episodes_fingerprint = {}", replay::fingerprint_hex(episodes));
}
