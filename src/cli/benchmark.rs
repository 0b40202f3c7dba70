use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::arguments::output_path;
use super::failure::Failure;
use super::output::{Output, Text, TextLine, table};
use super::{Exit, Outcome};
use crate::evaluate::{
    Benchmark, CommandDetector, DETECTORS, Detector, Leaderboard, ScoreInterval, Standing, Subject, answers_csv,
};
use crate::experiment::Suite;
use crate::motif::{Engine, EngineKind};
use crate::residual::Math;
use crate::store::{Durability, FolderLock, OutputKind, write_over};

/// Rows of every leaderboard: what any score must tell from the rest.
const DUMMIES: [&str; 2] = ["always", "never"];

/// Run all detectors over a suite of tapes whose faults are known, and write a leaderboard
#[derive(clap::Args)]
#[command(after_help = "\
SUITE is a TOML file with sets of tapes (generated, recorded, of others), or a folder of tapes, each `x.jsonl` with its windows in
`x.windows.csv`. Engines and detectors that are built in have their default parameters. A command gets a tape on stdin and answers
with a line of JSON an episode: docs/own-detector.md. DIR/leaderboard.csv and DIR/leaderboard.md have the same bytes for the
same suite and detectors; docs/benchmark.md says what is in them.

Example: telltape benchmark data/benchmark.toml --detector 'mine=python3 mine.py' --out leaderboard")]
pub(super) struct BenchmarkCommand {
    /// A TOML file, or a folder of tapes
    #[arg(value_name = "SUITE")]
    suite: PathBuf,
    /// A detector that is a command, which runs in this folder
    #[arg(long = "detector", value_name = "NAME=COMMAND", value_parser = command)]
    detectors: Vec<(String, Vec<String>)>,
    /// Seconds that a command may take for one tape
    #[arg(long, value_name = "SECONDS", default_value_t = CommandDetector::TIMEOUT_S, value_parser = timeout)]
    timeout: f64,
    /// Leave out an engine or a detector that is built in, such as one that is slow on long tapes
    #[arg(long, value_name = "NAME", value_parser = left_out)]
    without: Vec<String>,
    /// Folder for the leaderboard
    #[arg(long, value_name = "DIR", default_value = "out/benchmark", value_parser = output_path())]
    out: PathBuf,
}

fn command(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, command) =
        text.split_once('=').ok_or_else(|| format!("`{text}` names no detector; write NAME=COMMAND"))?;
    if name.parse::<Subject>().is_ok() {
        return Err(format!("`{name}` is a detector that is built in; give yours another name"));
    }
    if !CommandDetector::takes_name(name) {
        return Err(format!("`{name}` is no name of a detector: up to 40 letters, digits, `-`, `_` and `.`"));
    }
    let parts = shlex::split(command).ok_or_else(|| format!("`{command}` has a quote that does not end"))?;
    if parts.first().is_none_or(String::is_empty) {
        return Err(format!("the command of `{name}` is empty"));
    }
    Ok((name.to_owned(), parts))
}

fn timeout(text: &str) -> Result<f64, String> {
    let (least, most) = CommandDetector::TIMEOUTS_S;
    match text.parse::<f64>() {
        Ok(seconds) if (least..=most).contains(&seconds) => Ok(seconds),
        _ => Err(format!("not a number of seconds from {least} to {most}")),
    }
}

fn left_out(name: &str) -> Result<String, String> {
    name.parse::<Subject>().map_err(|error| error.to_string())?;
    if DUMMIES.contains(&name) { Err(format!("`{name}` is a row of every leaderboard")) } else { Ok(name.to_owned()) }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct BenchmarkJson<'a> {
    leaderboard_csv: String,
    leaderboard_md: String,
    sets: Vec<SetJson<'a>>,
    /// Optional sets that are not there.
    absent: &'a [String],
    /// Set by set, the best first.
    standings: Vec<StandingJson<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct SetJson<'a> {
    name: &'a str,
    runs: usize,
    faults: usize,
    sha256: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct StandingJson<'a> {
    set: &'a str,
    detector: &'a str,
    j: Option<f64>,
    hit: Option<f64>,
    false_alarms_per_hour: Option<f64>,
    range_f1: Option<f64>,
}

impl BenchmarkCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let subjects = self.subjects()?;
        let suite = Suite::read(&self.suite)?;
        for name in &suite.absent {
            output.note(format!("SKIPPED: the set `{name}` is not there"));
        }
        let runs: usize = suite.sets.iter().map(|set| set.runs.len()).sum();
        let bar = output.bar(Some(runs as u64), "{pos}/{len} tapes {wide_bar} {eta}");
        let benchmark = Benchmark { sets: suite.sets, subjects, math: Math::default() };
        let ended = benchmark.run(&|| bar.inc(1));
        bar.finish_and_clear();
        let leaderboard = ended?;
        let _lock = FolderLock::take(&self.out)?;
        let (csv, page) = (leaderboard.csv(), leaderboard.markdown(&suite.title, &suite.absent).into_bytes());
        let write = |name: &str, bytes: &[u8], mark: &str| {
            let path = self.out.join(name);
            write_over(&path, bytes, Durability::Atomic, OutputKind::marked(bytes, mark))?;
            Ok::<_, Failure>(path.display().to_string())
        };
        if !leaderboard.answers.is_empty() {
            write("answers.csv", &answers_csv(&leaderboard.answers), "detector,value,seed,episodes")?;
        }
        let json = BenchmarkJson {
            leaderboard_csv: write("leaderboard.csv", &csv, "set,detector,runs,j")?,
            leaderboard_md: write("leaderboard.md", &page, "# Leaderboard")?,
            sets: leaderboard.sets.iter().map(set).collect(),
            absent: &suite.absent,
            standings: leaderboard.standings.iter().map(standing).collect(),
        };
        output.data(&json, || text(&leaderboard));
        Ok(Exit::Ok)
    }

    /// Engines and detectors that are built in, and the commands.
    fn subjects(&self) -> Result<Vec<Subject>, Failure> {
        let engines = EngineKind::all().map(|kind| Subject::Engine(Box::new(Engine::new(kind))));
        let detectors = DETECTORS.iter().map(|detector: &&'static dyn Detector| Subject::Detector(*detector));
        let mut subjects: Vec<Subject> = engines.chain(detectors).collect();
        subjects.retain(|subject| !self.without.iter().any(|name| name == subject.name()));
        for (name, command) in &self.detectors {
            if subjects.iter().any(|subject| subject.name() == name) {
                return Err(Failure::usage(format!("two detectors are called `{name}`")));
            }
            subjects.push(Subject::Command(Box::new(CommandDetector {
                name: name.clone(),
                command: command.clone(),
                folder: PathBuf::new(),
                timeout: Duration::from_secs_f64(self.timeout),
            })));
        }
        Ok(subjects)
    }
}

fn set(set: &crate::evaluate::SetSummary) -> SetJson<'_> {
    SetJson { name: &set.name, runs: set.runs, faults: set.windows, sha256: &set.sha256 }
}

fn standing(standing: &Standing) -> StandingJson<'_> {
    StandingJson {
        set: &standing.set,
        detector: &standing.detector,
        j: standing.j.value,
        hit: standing.hit.value,
        false_alarms_per_hour: standing.false_alarms_per_hour.value,
        range_f1: standing.range_f1.value,
    }
}

fn text(leaderboard: &Leaderboard) -> Text {
    let number = |ScoreInterval { value, bounds }: ScoreInterval| -> TextLine {
        match (value, bounds) {
            (None, _) => "-".into(),
            (Some(value), None) => format!("{value:.3}").into(),
            (Some(value), Some((low, high))) => format!("{value:.3} ({low:.3} to {high:.3})").into(),
        }
    };
    let row = |standing: &Standing| {
        let numbers = [standing.j, standing.hit, standing.false_alarms_per_hour, standing.range_f1].map(number);
        let names = [standing.set.as_str(), standing.detector.as_str()].map(TextLine::from);
        names.into_iter().chain(numbers).collect()
    };
    let rows: Vec<Vec<TextLine>> = leaderboard.standings.iter().map(row).collect();
    let headers = ["set", "detector", "J", "hit", "false alarms an hour", "range F1"];
    table(&headers, &[false, false, true, true, true, true], &rows)
}
