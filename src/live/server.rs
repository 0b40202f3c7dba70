//! A PostgreSQL server that is there for one experiment.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{LiveError, ProgramProblem, ServerProblem};

/// How long a server may take to come up or to go down.
const PATIENCE: Duration = Duration::from_secs(60);

/// Programs that a folder must have to be one of a server.
const PROGRAMS: [&str; 4] = ["postgres", "initdb", "psql", "pgbench"];

/// The folder with the programs of a server: `PG_BIN`, else one on `PATH`, else the newest of Debian's.
///
/// # Errors
/// When there is none; the message says where it was looked for.
pub fn find_server() -> Result<PathBuf, LiveError> {
    let complete = |folder: &Path| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    if let Some(folder) = std::env::var_os("PG_BIN").map(PathBuf::from) {
        let none = || LiveError::NoServer { tried: format!("PG_BIN=`{}`", folder.display()) };
        return complete(&folder).then(|| folder.clone()).ok_or_else(none);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A link on PATH stands for the folder that it points into.
    let on_path = std::env::split_paths(&path)
        .filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok()?.parent().map(Path::to_path_buf));
    let mut debian: Vec<PathBuf> = glob::glob("/usr/lib/postgresql/*/bin").into_iter().flatten().flatten().collect();
    debian.sort();
    let found = on_path.chain(debian.into_iter().rev()).find(|folder| complete(folder));
    found.ok_or_else(|| LiveError::NoServer { tried: "the folders on PATH and /usr/lib/postgresql/*/bin".to_owned() })
}

/// How a server goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It ends its sessions, and writes everything.
    Fast,
    /// As if the power failed.
    Immediate,
}

/// A running server. Dropped, it is stopped and its folder removed; so it is, by its own shell, when this program is killed.
pub struct ThrowAwayServer {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
    /// The shell that holds the server, and the pipe by which it is told to end it.
    running: Option<(Child, ChildStdin)>,
}

/// Starts the server, and waits for a word on how to end it. When the pipe closes instead, the one who should have said it is
/// gone, and nobody else will clean up.
const HOLDER: &str = r#"
"$1" -D "$2/data" >>"$2/log" 2>&1 &
server=$!
if read -r signal; then kill -"$signal" $server; wait $server
else kill -QUIT $server; wait $server; rm -rf "$2"; fi
"#;

impl ThrowAwayServer {
    /// Makes a server with the programs in `bin` and starts it: its sockets are in its folder and on the loopback. `settings` are
    /// lines of its configuration.
    ///
    /// # Errors
    /// When it cannot be made or does not come up.
    pub fn start(bin: &Path, settings: &[(String, String)]) -> Result<Self, LiveError> {
        let fail = |problem| LiveError::Server { bin: bin.to_path_buf(), problem, log: String::new() };
        let folder = tempfile::Builder::new()
            .prefix("telltape-pg.")
            .tempdir()
            .map_err(|error| fail(ServerProblem::NoFolder(error)))?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| fail(ServerProblem::NoPort(error)))?
            .port();
        let mut server = Self { bin: bin.to_path_buf(), folder, port, running: None };
        if let Some((uid, gid)) = unprivileged() {
            own(server.folder(), uid, gid).map_err(|error| fail(ServerProblem::NotUnprivileged(error)))?;
        }
        let data = server.folder().join("data");
        let made = as_unprivileged(&mut Command::new(bin.join("initdb")))
            .current_dir(server.folder())
            .args(["-U", "postgres", "--locale=C", "-E", "UTF8", "--no-sync", "-A", "trust", "-D"])
            .arg(&data)
            .output()
            .map_err(|error| fail(ServerProblem::NoInitdb(error)))?;
        if !made.status.success() {
            return Err(fail(ServerProblem::Initdb(String::from_utf8_lossy(&made.stderr).trim().to_owned())));
        }
        let mut configuration = format!(
            "port = {port}\nunix_socket_directories = '{}'\nlisten_addresses = '127.0.0.1'\n\
             shared_preload_libraries = 'pg_stat_statements,auto_explain'\nlogging_collector = off\n\
             log_checkpoints = off\nshared_buffers = 128MB\nmax_wal_size = 256MB\ntrack_io_timing = on\n",
            server.folder().display()
        );
        for (name, value) in settings {
            configuration.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        }
        let file = data.join("postgresql.conf");
        let mut file =
            File::options().append(true).open(&file).map_err(|error| fail(ServerProblem::NotConfigured(error)))?;
        file.write_all(configuration.as_bytes()).map_err(|error| fail(ServerProblem::NotConfigured(error)))?;
        server.launch()?;
        Ok(server)
    }

    /// Starts it again after [`ThrowAwayServer::stop`].
    ///
    /// # Errors
    /// When it does not come up.
    pub fn launch(&mut self) -> Result<(), LiveError> {
        let mut command = Command::new("sh");
        command.args(["-c", HOLDER, "sh"]).arg(self.bin.join("postgres")).arg(self.folder()).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir(self.folder());
        // Ctrl-C in a terminal is for us, not for the server.
        own_group(&mut command);
        let mut child =
            as_unprivileged(&mut command).spawn().map_err(|error| self.fail(ServerProblem::NotStarted(error)))?;
        let pipe = child.stdin.take().expect("it was asked for");
        self.running = Some((child, pipe));
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.psql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            let ended = self.running.as_mut().is_some_and(|(child, _)| !matches!(child.try_wait(), Ok(None)));
            if ended {
                return Err(self.fail(ServerProblem::Ended));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.fail(ServerProblem::NoAnswer))
    }

    /// Stops it; [`ThrowAwayServer::launch`] starts it again.
    pub fn stop(&mut self, how: Shutdown) {
        let Some((mut child, mut pipe)) = self.running.take() else { return };
        let signal = match how {
            Shutdown::Fast => "INT\n",
            Shutdown::Immediate => "QUIT\n",
        };
        // If the shell is gone, so is the server.
        let _ = pipe.write_all(signal.as_bytes());
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // A shell that still waits ends with its pipe.
        drop(pipe);
        let _ = child.wait();
    }

    /// Its folder, which is also that of its socket.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its port on the loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection string by its socket.
    #[must_use]
    pub fn conninfo(&self, role: &str, database: &str) -> String {
        format!("host={} port={} user={role} dbname={database}", self.folder().display(), self.port)
    }

    /// One of its programs, with where it is to connect as the superuser.
    pub(super) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env("PGHOST", self.folder()).env("PGPORT", self.port.to_string()).env("PGUSER", "postgres");
        command.env("PGAPPNAME", name).env_remove("PGPASSWORD").env_remove("PGDATABASE").env_remove("PGOPTIONS");
        command.stdin(Stdio::null());
        command
    }

    /// Gives a file or folder to the user that the server runs as.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn adopt(&self, path: &Path) -> Result<(), LiveError> {
        match unprivileged() {
            Some((uid, gid)) => own(path, uid, gid)
                .map_err(|error| self.fail(ServerProblem::NotGiven { path: path.to_path_buf(), error })),
            None => Ok(()),
        }
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// Runs SQL as the superuser and gives what it prints, cells by `|`, rows by line.
    ///
    /// # Errors
    /// When psql says so.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, LiveError> {
        let mut command = self.program("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        output("psql", &mut command)
    }

    /// An error unless it answers.
    pub(super) fn answers(&self) -> Result<(), LiveError> {
        self.psql("postgres", "SELECT 1").map(drop).map_err(|_| self.fail(ServerProblem::Gone))
    }

    fn fail(&self, problem: ServerProblem) -> LiveError {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        let log = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        LiveError::Server { bin: self.bin.clone(), problem, log }
    }
}

impl Drop for ThrowAwayServer {
    fn drop(&mut self) {
        self.stop(Shutdown::Immediate);
    }
}

/// Runs a program to its end and gives what it printed.
pub(super) fn output(name: &str, command: &mut Command) -> Result<String, LiveError> {
    let fail = |problem| LiveError::Program { program: name.to_owned(), problem };
    let output = command.output().map_err(|error| fail(error.into()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(fail(ProgramProblem::Said(said)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// A session that stays open: what is begun in it goes on until it is dropped.
pub(super) struct OpenSession {
    child: Child,
    input: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl OpenSession {
    /// Opens a session as the superuser.
    pub(super) fn open(server: &ThrowAwayServer, database: &str) -> Result<Self, LiveError> {
        let mut command = server.program("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(psql_failed)?;
        let input = child.stdin.take().expect("it was asked for");
        let answers = BufReader::new(child.stdout.take().expect("it was asked for"));
        Ok(Self { child, input, answers })
    }

    /// Whether it is still open.
    pub(super) fn is_open(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs statements, and comes back when the last one has been executed.
    pub(super) fn run(&mut self, sql: &str) -> Result<(), LiveError> {
        const DONE: &str = "telltape-done";
        writeln!(self.input, "{sql}\n\\echo {DONE}").map_err(psql_failed)?;
        let mut line = String::new();
        loop {
            line.clear();
            match self.answers.read_line(&mut line) {
                Ok(0) => return Err(psql_failed(ProgramProblem::Statement(sql.to_owned()))),
                Ok(_) if line.trim_end() == DONE => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(psql_failed(error)),
            }
        }
    }
}

fn psql_failed(problem: impl Into<ProgramProblem>) -> LiveError {
    LiveError::Program { program: "psql".to_owned(), problem: problem.into() }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The user and group that a server runs as when we are root, which it refuses to be.
#[cfg(unix)]
fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"].into_iter().find_map(|wanted| {
        let fields: Vec<&str> =
            users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == wanted)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    })
}

#[cfg(unix)]
fn own(path: &Path, uid: u32, gid: u32) -> std::io::Result<()> {
    std::os::unix::fs::chown(path, Some(uid), Some(gid))
}

#[cfg(unix)]
fn as_unprivileged(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    match unprivileged() {
        Some((uid, gid)) => command.uid(uid).gid(gid),
        None => command,
    }
}

#[cfg(unix)]
pub(super) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn unprivileged() -> Option<(u32, u32)> {
    None
}

#[cfg(not(unix))]
fn own(_: &Path, _: u32, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn as_unprivileged(command: &mut Command) -> &mut Command {
    command
}

#[cfg(not(unix))]
pub(super) fn own_group(_: &mut Command) {}
