use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use telltape::live::{Bench, DATABASE, Load, OBSERVER, ThrowAwayServer, find_server};
use telltape::tape::TapeError;
use telltape::tape::recording::{Body, Poll, Record, RecordingLine, read_recording};
use tempfile::TempDir;

/// A clean folder that the binary runs in.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<str>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_ref()).unwrap();
    }

    /// The binary, as a user without any setting of PostgreSQL's has it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_telltape"));
        command.current_dir(self.0.path()).args(arguments).env("HOME", self.0.path());
        for name in
            ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "CI"]
        {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).end()
    }

    pub(crate) fn run_with(&self, arguments: &[&str], (name, value): (&str, &str)) -> Ran {
        Running::start(self.command(arguments).env(name, value)).end()
    }
}

/// A server with the load's tables, and a clean folder for outputs.
pub(crate) struct Scene {
    pub(crate) server: ThrowAwayServer,
    pub(crate) folder: Folder,
}

/// A password that is looked for everywhere.
pub(crate) const PASSWORD: &str = "hunter2-p@ss:w/rd";

/// As it stands in a URL.
pub(crate) const PASSWORD_IN_URL: &str = "hunter2-p%40ss%3Aw%2Frd";

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let server = ThrowAwayServer::start(&find_server().unwrap(), &settings).unwrap();
        Load { scale: 1, ..Load::default() }.prepare(&server).unwrap();
        Self { server, folder: Folder::new() }
    }

    pub(crate) fn load(&self) -> Bench {
        Load { scale: 1, rate: 100, ..Load::default() }.start(&self.server).unwrap()
    }

    /// From now on the observer needs its password over TCP, and may come with or without TLS.
    pub(crate) fn ask_for_password(&self) {
        self.sql(&format!("ALTER ROLE {OBSERVER} PASSWORD '{PASSWORD}'"));
        let hba = self.server.folder().join("data/pg_hba.conf");
        let rules = std::fs::read_to_string(&hba).unwrap();
        std::fs::write(&hba, format!("host all {OBSERVER} 127.0.0.1/32 scram-sha-256\n{rules}")).unwrap();
        self.sql("SELECT pg_reload_conf()");
        // The postmaster takes it in when it comes to it.
        std::thread::sleep(Duration::from_millis(300));
    }

    /// Begins a capture of `url` into `run.jsonl`.
    pub(crate) fn begin_capture_of(&self, url: &str, more: &[&str]) -> Running {
        Running::start(&mut self.command(&[&["capture", "--url", url, "--recording", "run.jsonl"], more].concat()))
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.psql(DATABASE, sql).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        self.server.conninfo(OBSERVER, DATABASE)
    }

    /// A URL over TCP, with these credentials and parameters.
    pub(crate) fn tcp(&self, credentials: &str, parameters: &str) -> String {
        format!("postgres://{credentials}@127.0.0.1:{}/{DATABASE}?{parameters}", self.server.port())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.folder.command(arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.folder.run(arguments)
    }

    /// Starts a capture with `arguments` beside the usual ones, and waits until it has made some polls.
    pub(crate) fn capture(&self, arguments: &[&str]) -> Running {
        let url = self.url();
        let usual = ["capture", "--url", &url, "--recording", "run.jsonl", "--interval", "200ms"];
        let running = Running::start(&mut self.command(&[&usual, arguments].concat()));
        self.until_polls(3);
        running
    }

    /// Waits until the recording that is being written has so many polls.
    pub(crate) fn until_polls(&self, polls: usize) {
        self.until(|text| text.matches("\"poll\":").count() >= polls);
    }

    /// Waits until the recording that is being written says so.
    pub(crate) fn until(&self, says: impl Fn(&str) -> bool) {
        let began = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.path("run.jsonl.part")).unwrap_or_default();
            if says(&text) {
                return;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the recording ends with {}",
                &text[text.len().saturating_sub(2000)..]
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The lines of the sealed recording behind its header, after `verify` has passed it.
    pub(crate) fn records(&self, name: &str) -> Vec<Record> {
        let verified = self.run(&["verify", name]);
        assert_eq!(verified.code, 0, "{}", verified.stderr);
        records(&self.path(name))
    }
}

pub(crate) fn records(path: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    read_recording::<TapeError>(path, |_, line| {
        if let RecordingLine::Record(record) = line {
            records.push(*record);
        }
        Ok(())
    })
    .unwrap();
    records
}

pub(crate) fn polls(records: &[Record]) -> Vec<&Poll> {
    records
        .iter()
        .filter_map(|record| match &record.body {
            Body::Poll(poll) => Some(poll.as_ref()),
            _ => None,
        })
        .collect()
}

pub(crate) fn gaps(records: &[Record]) -> Vec<&str> {
    records
        .iter()
        .filter_map(|record| match &record.body {
            Body::Gap { gap } => Some(gap.as_str()),
            _ => None,
        })
        .collect()
}

/// A run of the binary that has not ended.
pub(crate) struct Running(Child);

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Waits for the end, two minutes at most: what runs longest takes half a minute on a machine of its own.
    pub(crate) fn end(mut self) -> Ran {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > Duration::from_secs(120) {
                self.0.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut ran = Ran { code: status.code().unwrap_or(-1), stdout: String::new(), stderr: String::new() };
        self.0.stdout.take().unwrap().read_to_string(&mut ran.stdout).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut ran.stderr).unwrap();
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran
    }
}
