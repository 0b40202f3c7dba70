//! The command line: one file per subcommand; arguments in, one library call, text or JSON out.

mod accept;
mod adapter_options;
mod arguments;
mod benchmark;
mod cache;
#[cfg(feature = "capture")]
mod capture;
mod convert;
mod data;
mod detect;
mod diff;
mod difference;
mod doctor;
mod explain;
mod export;
mod failure;
#[cfg(feature = "fetch")]
mod fetch;
mod foreign;
mod fuse;
mod generate;
mod inject;
mod inspect;
mod junit;
mod output;
mod plan;
mod replay;
#[cfg(feature = "report")]
mod report;
mod run;
mod salvage;
mod schema;
mod score;
mod score_by_time;
mod selected;
mod shard;
mod shell;
mod signals;
mod tapes;
mod text;
mod verify;
#[cfg(feature = "capture")]
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use failure::Failure;
use output::{Color, Output};

use crate::diagnostics::{EXIT_CODES, Exit};
use crate::experiment::{Project, Setting};

/// Turns SQL workload traces into hashed tapes, replays the tapes through a motif engine, and tells whether the result
/// is still the one that was committed.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct Common {
    /// Print data as JSON on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing on stderr but errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Number of threads; the bytes of every output are the same for any number [default: one a core]
    #[arg(long, short, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// When to colour the text; NO_COLOR counts as never
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// Where outputs go.
#[derive(clap::Args)]
struct Out {
    /// Folder for outputs
    #[arg(long = "out", value_name = "DIR", default_value = "out")]
    unchecked: PathBuf,
}

impl Out {
    /// The folder, which is never one of accepted results.
    fn folder(&self) -> Result<&Path, Failure> {
        Project::here(&self.unchecked).check_output()?;
        Ok(&self.unchecked)
    }

    /// The project here, with its outputs in the folder.
    fn project(&self) -> Result<Project, Failure> {
        Ok(Project::here(self.folder()?))
    }
}

/// Keys of the experiments that are other ones for once.
#[derive(clap::Args)]
struct KeySettings {
    /// Set a key of the experiments to another value; the digests tell, as if it stood in the file
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
}

#[derive(Subcommand)]
enum Command {
    Run(run::RunCommand),
    Accept(accept::Accept),
    Explain(explain::Explain),
    Diff(diff::Diff),
    Plan(plan::PlanCommand),
    Inspect(inspect::InspectCommand),
    Convert(convert::ConvertCommand),
    Verify(verify::Verify),
    Salvage(salvage::SalvageCommand),
    Replay(replay::ReplayCommand),
    Generate(generate::GenerateCommand),
    Detect(detect::Detect),
    Export(export::Export),
    Score(Box<score::ScoreCommand>),
    Fuse(fuse::FuseCommand),
    Benchmark(benchmark::BenchmarkCommand),
    #[cfg(feature = "report")]
    Report(report::ReportCommand),
    Shard(shard::ShardCommand),
    #[cfg(feature = "capture")]
    Capture(Box<capture::CaptureCommand>),
    Data(data::Data),
    Cache(cache::CacheCommand),
    Doctor(doctor::Doctor),
    Schema(schema::SchemaCommand),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// What every subcommand gives: the exit code of what it printed, or the failure of the command as a whole.
type Outcome = Result<Exit, Failure>;

/// Parses the arguments, runs the subcommand, and gives its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let Arguments { command, common } = arguments;
    let output = Output::new(common.json, common.quiet, common.color);
    let outcome = match signals::listen().and_then(|()| threads(common.jobs)) {
        Ok(()) => dispatch(command, &output),
        Err(error) => Err(Failure::internal(&error)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.fail(&failure);
            failure.exit.into()
        }
    }
}

fn dispatch(command: Command, output: &Output) -> Outcome {
    match command {
        Command::Run(run) => run.execute(output),
        Command::Accept(accept) => accept.execute(output),
        Command::Explain(explain) => explain.execute(output),
        Command::Diff(diff) => diff.execute(output),
        Command::Plan(plan) => plan.execute(output),
        Command::Inspect(inspect) => inspect.execute(output),
        Command::Convert(convert) => convert.execute(output),
        Command::Verify(verify) => verify.execute(output),
        Command::Salvage(salvage) => salvage.execute(output),
        Command::Replay(replay) => replay.execute(output),
        Command::Generate(generate) => generate.execute(output),
        Command::Detect(detect) => detect.execute(output),
        Command::Export(export) => export.execute(output),
        Command::Score(score) => score.execute(output),
        Command::Fuse(fuse) => fuse.execute(output),
        Command::Benchmark(benchmark) => benchmark.execute(output),
        Command::Shard(shard) => shard.execute(output),
        #[cfg(feature = "report")]
        Command::Report(report) => report.execute(output),
        #[cfg(feature = "capture")]
        Command::Capture(capture) => capture.execute(output),
        Command::Data(data) => data.execute(output),
        Command::Cache(cache) => cache.execute(output),
        Command::Doctor(doctor) => doctor.execute(output),
        Command::Schema(schema) => schema.execute(output),
        Command::Completions(completions) => completions.execute(output),
        Command::Man(man) => man.execute(output),
    }
}

fn threads(jobs: Option<u16>) -> anyhow::Result<()> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, usize::from));
    builder.build_global().context("cannot start the threads")
}

/// Help and version go to stdout with exit code 0; bad usage is exit code 2, also as JSON where that was asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
        let message = error.render().to_string();
        let lines: Vec<&str> = message
            .lines()
            .map(str::trim)
            .take_while(|line| !line.starts_with("Usage:"))
            .filter(|line| !line.is_empty())
            .collect();
        let message = lines.join(" ");
        let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(&message));
        output::print_failure_as_json(&failure);
    }
    let printed = output::print_usage(error);
    if error.use_stderr() {
        // Nothing can be done about a closed stderr.
        return Exit::Usage.into();
    }
    printed.map_or_else(|error| output::stdout_failed(&error), |()| Exit::Ok).into()
}
