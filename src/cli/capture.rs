use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::adapter_options::{AdapterArguments, Recordings};
use super::arguments::{duration, output_path, size};
use super::failure::Failure;
use super::output::{Output, Text, TextLine, Tone};
use super::replay::EngineArguments;
use super::watch::Watch;
use super::{Exit, Out, Outcome, signals};
use crate::capture::postgres::{CONCEALED_PASSWORD, Conninfo, PostgresServer, role_sql};
use crate::capture::{self, Capture, CaptureError, Captured, End, GoneReason, Preflight, Server};
use crate::diagnostics::counted;
use crate::experiment::{Project, default_engine};
use crate::motif::Engine;
use crate::pipeline::Follower;
use crate::store::{self, Shown};
use crate::trace::distil::Rules;
use crate::trace::{Dataset, Options};

/// Watch a live PostgreSQL server from outside, with a read-only role, and record its counters
#[derive(clap::Args)]
#[command(after_help = "\
The password comes from PGPASSWORD, a pgpass file, or the URL; it is never written anywhere. Ctrl-C and SIGTERM seal the
recording. `telltape convert --dataset postgres` makes a tape of it.

Examples:
  telltape capture --url postgres://observer@db/app --check
  telltape capture --url postgres://observer@db/app --recording run.jsonl --duration 10m
  telltape capture --url 'host=/run/postgresql user=observer dbname=app' --recording run.jsonl --rotate-bytes 100M
  telltape capture --url postgres://observer@db/app --recording run.jsonl --tape run.tape.jsonl --watch
  telltape capture --print-role | psql -d app")]
pub(super) struct CaptureCommand {
    /// The server: postgres://ROLE@HOST:PORT/DATABASE or 'host=… user=… dbname=…' [default: PGHOST, PGUSER …]
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    url: String,
    /// The recording to write; its manifest is written beside it
    #[arg(long, value_name = "FILE", required_unless_present_any = ["check", "print_role"], value_parser = output_path())]
    recording: Option<PathBuf>,
    /// Distil the recording to this tape while it is written, and replay it at the end: DIR/<tape>/episodes.csv
    #[arg(long, value_name = "FILE", requires = "recording", value_parser = output_path())]
    tape: Option<PathBuf>,
    /// Show rates, open and closed episodes while they come
    #[arg(long, requires = "tape")]
    watch: bool,
    #[command(flatten)]
    distil: AdapterArguments<Recordings>,
    #[command(flatten)]
    engine: EngineArguments,
    #[command(flatten)]
    out: Out,
    /// Seconds between polls, such as 1 or 250ms
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
    /// How long, such as 90, 10m or 8h [default: until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// End when the recording has so many bytes, such as 500M
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_bytes: Option<u64>,
    /// Begin a new part when one has so many bytes
    #[arg(long, value_name = "SIZE", value_parser = size)]
    rotate_bytes: Option<u64>,
    /// Bytes that one answer of the server may have; beyond it the connection is closed, and a gap is written
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size)]
    max_answer: u64,
    /// Share of one core that the capture may cost, the server's side included; beyond it polls become fewer
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = share)]
    budget: f64,
    /// How long the server may be away
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    give_up: Duration,
    /// Follow this jsonlog file of the server, with plans of auto_explain in it
    #[arg(long, value_name = "LOG")]
    auto_explain: Option<PathBuf>,
    /// Capture as a superuser, too
    #[arg(long)]
    allow_superuser: bool,
    /// Only tell what the server and the role lack, with the SQL that mends it
    #[arg(long, conflicts_with_all = ["recording", "print_role"])]
    check: bool,
    /// Only print the SQL that makes a role for it
    #[arg(long, conflicts_with_all = ["recording"])]
    print_role: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct CheckJson<'a> {
    server: &'a str,
    version: &'a str,
    role: &'a str,
    database: &'a str,
    ready: bool,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FindingJson<'a> {
    fatal: bool,
    problem: &'a str,
    remedy: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct CapturedJson {
    recording: String,
    sha256: String,
    parts: u32,
    polls: u64,
    gaps: u64,
    end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tape: Option<FollowedJson>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FollowedJson {
    tape: String,
    sha256: String,
    sample_count: u64,
    episode_count: usize,
    episodes_csv: String,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct RoleJson {
    sql: String,
}

impl CaptureCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        if self.print_role {
            return self.role(output);
        }
        conceal_password(&self.url)?;
        let environment = |name: &str| std::env::var(name).ok();
        let mut server = PostgresServer::new(&self.url, &environment)?.with_max_answer(self.max_answer);
        if let Some(log) = &self.auto_explain {
            server = server.with_plans(log)?;
        }
        for warning in server.warnings() {
            output.note(format!("warning: {warning}"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::internal(&anyhow::Error::from(error)))?;
        match self.recording.clone() {
            None => check(&runtime, &mut server, output),
            Some(recording) => self.record(&runtime, recording, &mut server, output),
        }
    }

    fn role(&self, output: &Output) -> Outcome {
        let environment = |name: &str| std::env::var(name).ok();
        let info = if self.url.is_empty() { None } else { Some(Conninfo::new(&self.url, &environment)?) };
        let role = info.as_ref().map_or("observer", Conninfo::user).to_owned();
        let database = info.as_ref().map_or("postgres", Conninfo::database).to_owned();
        let sql = role_sql(&role, &database);
        let json = RoleJson { sql };
        output.data(&json, || json.sql.lines().collect::<Text>());
        Ok(Exit::Ok)
    }

    fn record(
        self,
        runtime: &tokio::runtime::Runtime,
        recording: PathBuf,
        server: &mut PostgresServer,
        output: &Output,
    ) -> Outcome {
        let mut options = Options::new(Dataset::Postgres);
        self.distil.set(&mut options)?;
        if self.tape.as_ref().is_some_and(|tape| *tape == recording) {
            return Err(Failure::usage("the tape would overwrite the recording; give another --tape"));
        }
        let out = self.out.folder()?;
        let settings = Capture {
            recording: recording.clone(),
            interval: self.interval,
            duration: self.duration,
            max_bytes: self.max_bytes,
            rotate_bytes: self.rotate_bytes,
            budget: self.budget,
            give_up: self.give_up,
            superuser: self.allow_superuser,
        };
        let mut follower = match &self.tape {
            Some(tape) => {
                let engine = self.engine.engine()?.unwrap_or_else(|| Engine::new(default_engine(true)));
                // A capture of days must not find at its end that it cannot write this.
                store::check(&table_of(tape, out)?, store::EPISODES)?;
                Some(Follower::new(&recording, tape, Rules::from(&options), engine)?)
            }
            None => None,
        };
        let mut watch = self.watch.then(|| Watch::new(output));
        let stop = signals::ask_first();
        let captured = runtime.block_on(capture::capture(&settings, server, &stop, &mut |written| {
            let Some(follower) = &mut follower else { return Ok(()) };
            let closed = follower.take(&written)?;
            if let Some(watch) = &mut watch {
                watch.show(&written, &closed, follower);
            }
            Ok(())
        }));
        if let Some(watch) = &watch {
            watch.end();
        }
        let Captured { end, manifest, polls, gaps, parts } = captured?;
        let tape = match (follower, &self.tape) {
            (Some(mut follower), Some(path)) => {
                let last = follower.last();
                if let Some(watch) = &watch {
                    watch.finals(&last);
                }
                Some(followed(follower, path, out)?)
            }
            _ => None,
        };
        let json = CapturedJson {
            recording: recording.display().to_string(),
            sha256: manifest.sha256,
            parts,
            polls,
            gaps,
            end: end.to_string(),
            tape,
        };
        output.data(&json, || json.text());
        match end {
            End::Duration | End::MaxBytes if polls == 0 => {
                Err(CaptureError::Gone { place: server.place(), reason: GoneReason::NoPoll }.into())
            }
            End::Duration | End::MaxBytes => Ok(Exit::Ok),
            End::Interrupted => Ok(Exit::Interrupted),
            End::Gone(reason) => Err(CaptureError::Gone { place: server.place(), reason }.into()),
        }
    }
}

impl CapturedJson {
    fn text(&self) -> Text {
        let Self { recording, parts, polls, gaps, end, tape, .. } = self;
        let (polls, gaps, parts) = (counted(*polls, "poll"), counted(*gaps, "gap"), counted(*parts, "part"));
        let mut text = Text::from(format!("{recording}: {polls}, {gaps}, {parts}; {end}"));
        if let Some(FollowedJson { tape, sample_count, episode_count, episodes_csv, .. }) = tape {
            let (samples, episodes) = (counted(*sample_count, "sample"), counted(*episode_count, "episode"));
            text.push(format!("{tape}: {samples}, {episodes} in {episodes_csv}"));
        }
        text
    }
}

/// Where the episodes of a tape go.
fn table_of(tape: &Path, out: &Path) -> Result<PathBuf, Failure> {
    let name = tape.file_name().unwrap_or_default().to_string_lossy();
    let folder = Project::here(out).output_of(name.strip_suffix(".jsonl").unwrap_or(&name))?;
    Ok(folder.join("episodes.csv"))
}

/// Seals the tape beside the recording, and replays it.
fn followed(follower: Follower, tape: &Path, out: &Path) -> Result<FollowedJson, Failure> {
    let table = table_of(tape, out)?;
    let followed = follower.seal(&table)?;
    if followed.disagreements > 0 {
        let text = format!(
            "reported otherwise than replayed: {}; this is a defect of telltape",
            counted(followed.disagreements, "episode")
        );
        return Err(Failure::internal(&anyhow::Error::msg(text)));
    }
    Ok(FollowedJson {
        tape: tape.display().to_string(),
        sha256: followed.manifest.sha256,
        sample_count: followed.manifest.sample_count,
        episode_count: followed.episodes.len(),
        episodes_csv: table.display().to_string(),
    })
}

fn check(runtime: &tokio::runtime::Runtime, server: &mut PostgresServer, output: &Output) -> Outcome {
    let preflight = runtime.block_on(capture::check(server))?;
    let place = server.place();
    let json = CheckJson {
        server: &place,
        version: &preflight.server.version,
        role: &preflight.role,
        database: &preflight.database,
        ready: preflight.is_ready(),
        findings: preflight
            .findings
            .iter()
            .map(|finding| FindingJson { fatal: finding.fatal, problem: &finding.problem, remedy: &finding.remedy })
            .collect(),
    };
    output.data(&json, || text(&place, &preflight, output));
    Ok(if preflight.is_ready() { Exit::Ok } else { Exit::Incomplete })
}

fn text(place: &str, preflight: &Preflight, output: &Output) -> Text {
    let verdict =
        if preflight.is_ready() { output.paint(Tone::Good, "ready") } else { output.paint(Tone::Bad, "not ready") };
    let line =
        format!("{}: {} {}, ", Shown::plain(place), preflight.server.kind, Shown::plain(&preflight.server.version));
    let mut text = Text::from(TextLine::from(line).then(verdict));
    for finding in &preflight.findings {
        let kind = if finding.fatal { "missing" } else { "advice" };
        text.push(format!("  {kind}: {}", finding.problem));
        text.push(format!("    {}", finding.remedy));
    }
    text
}

/// Begins the program anew with the password in its environment: a list of processes shows arguments to everybody.
#[cfg(unix)]
fn conceal_password(url: &str) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let Some((concealed, password)) = Conninfo::without_password(url) else { return Ok(()) };
    if std::env::var_os(CONCEALED_PASSWORD).is_some() {
        return Err(Failure::usage("the password could not be taken out of --url; set PGPASSWORD instead"));
    }
    let program = std::env::current_exe().map_err(|error| Failure::internal(&error.into()))?;
    let mut arguments = arguments_as_started().into_iter().map(|argument| match argument.to_str() {
        Some(text) if text == url => concealed.clone().into(),
        Some(text) if text.strip_prefix("--url=") == Some(url) => format!("--url={concealed}").into(),
        _ => argument,
    });
    let mut again = std::process::Command::new(&program);
    again.arg0(arguments.next().unwrap_or(program.into()));
    let error = again.args(arguments).env(CONCEALED_PASSWORD, password).exec();
    Err(Failure::internal(&anyhow::Error::from(error).context("cannot take the password out of the arguments")))
}

/// The words that the running file was started with, its name first. Where that is the dynamic loader or an emulator, they are its
/// own arguments, the program's path, and only then ours.
#[cfg(unix)]
fn arguments_as_started() -> Vec<std::ffi::OsString> {
    use std::os::unix::ffi::OsStringExt;
    match std::fs::read("/proc/self/cmdline") {
        Ok(text) if !text.is_empty() => {
            let text = text.strip_suffix(b"\0").unwrap_or(&text);
            text.split(|byte| *byte == 0).map(|word| OsStringExt::from_vec(word.to_vec())).collect()
        }
        _ => std::env::args_os().collect(),
    }
}

#[cfg(not(unix))]
fn conceal_password(_: &str) -> Result<(), Failure> {
    Ok(())
}

/// A share such as `1%` or `0.01`.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
    let share: f64 = number.trim().parse().map_err(|_| "not a share; write 1% or 0.01".to_owned())?;
    let share = share * unit;
    if share > 0.0 && share <= 1.0 { Ok(share) } else { Err("a share is above 0 and at most 100%".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_with_their_units() {
        assert_eq!(share("1%").unwrap(), 0.01);
        for text in ["", "0", "101%", "nan", "-1%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
