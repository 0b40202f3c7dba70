//! One run of a command: fed, read, bounded in time and in bytes, and never left behind.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{CommandDetector, CommandProblem};

/// Most bytes of an answer: a hundred thousand episodes and more.
const MOST_OUTPUT: usize = 16 << 20;

/// Lines of stderr that are kept, and bytes of each.
const STDERR_LINES: usize = 5;
const STDERR_LINE: u64 = 1 << 12;

/// How long a pipe may stay open when all that could write to it has ended.
const GRACE: Duration = Duration::from_secs(5);

/// The times between two looks at whether a command has ended.
const SHORTEST_NAP: Duration = Duration::from_millis(1);
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// The process groups of the commands that run now.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Kills all commands that run now, with their children, and lets none start any more: before the program ends on a signal, which
/// is not theirs.
pub fn end_commands() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for group in running.iter().copied().filter_map(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
    std::mem::forget(running);
}

/// What the threads at the pipes tell.
enum Told {
    Fed(io::Result<()>),
    Output(io::Result<Vec<u8>>),
    Stderr(Vec<String>),
}

/// A command that runs. Dropped, it is killed with its children.
struct Running {
    child: Child,
    group: Pid,
    is_over: bool,
}

impl Running {
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        let group = Pid::from_child(&child);
        running.insert(group.as_raw_pid());
        Ok(Self { child, group, is_over: false })
    }

    /// Whether it has ended. Its number stays its own until it is waited for.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.group), options), Ok(None))
    }

    /// Kills what is left of it. Behind this its number may be that of another process.
    fn end(&mut self) -> io::Result<ExitStatus> {
        let _ = kill_process_group(self.group, Signal::KILL);
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.group.as_raw_pid());
        self.is_over = true;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.end();
        }
    }
}

/// What went wrong, and the last lines of stderr.
type Failed = (CommandProblem, Vec<String>);

/// Runs a command on some input: what it wrote to stdout, and the last lines of its stderr.
pub(super) fn run(detector: &CommandDetector, input: Vec<u8>) -> Result<(Vec<u8>, Vec<String>), Failed> {
    let deadline = Instant::now() + detector.timeout;
    let mut running =
        Running::start(&mut prepare(detector)).map_err(|error| (not_started(detector, error), Vec::new()))?;
    let (tell, told) = channel();
    let pipes = (running.child.stdin.take(), running.child.stdout.take(), running.child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else { unreachable!("all three are piped") };
    // They end when their pipe does, which is killed for; nobody waits for them longer than that.
    spawn(&tell, move || Told::Fed(feed(stdin, &input)));
    spawn(&tell, move || Told::Output(read_bounded(stdout)));
    spawn(&tell, move || Told::Stderr(last_lines(stderr)));
    drop(tell);
    let mut heard = Heard { output: None, stderr: None, problem: None };
    let mut nap = SHORTEST_NAP;
    while heard.problem.is_none() && !running.has_ended() {
        if Instant::now() >= deadline {
            heard.problem = Some(CommandProblem::TimedOut { seconds: detector.timeout.as_secs_f64() });
            break;
        }
        // What closes its output is about to end.
        nap = if heard.listen(&told, nap) { SHORTEST_NAP } else { (nap * 2).min(LONGEST_NAP) };
    }
    let status = running.end();
    let end = Instant::now() + GRACE;
    while (heard.output.is_none() || heard.stderr.is_none()) && Instant::now() < end {
        heard.listen(&told, LONGEST_NAP);
    }
    let stderr = heard.stderr.unwrap_or_default();
    let problem = match (heard.problem, status) {
        (Some(problem), _) => Some(problem),
        (None, Err(error)) => Some(CommandProblem::Pipe(error)),
        (None, Ok(status)) => match (status.code(), status.signal()) {
            (Some(0), _) => None,
            (Some(code), _) => Some(CommandProblem::Exit { code }),
            (None, signal) => Some(CommandProblem::Signal { signal: signal.unwrap_or_default() }),
        },
    };
    match (problem, heard.output) {
        (Some(problem), _) => Err((problem, stderr)),
        (None, Some(output)) => Ok((output, stderr)),
        (None, None) => Err((CommandProblem::StaysOpen, stderr)),
    }
}

/// What has been heard of a command.
struct Heard {
    output: Option<Vec<u8>>,
    stderr: Option<Vec<String>>,
    problem: Option<CommandProblem>,
}

impl Heard {
    /// Waits for what a thread tells, so long at most; whether one told something.
    fn listen(&mut self, told: &Receiver<Told>, nap: Duration) -> bool {
        let heard = told.recv_timeout(nap);
        let has_heard = heard.is_ok();
        match heard {
            Ok(Told::Output(Ok(output))) if output.len() > MOST_OUTPUT => {
                self.problem = Some(CommandProblem::TooMuch { bytes: MOST_OUTPUT });
                self.output = Some(Vec::new());
            }
            Ok(Told::Output(Ok(output))) => self.output = Some(output),
            Ok(Told::Output(Err(error)) | Told::Fed(Err(error))) => self.problem = Some(CommandProblem::Pipe(error)),
            Ok(Told::Stderr(lines)) => self.stderr = Some(lines),
            Ok(Told::Fed(Ok(()))) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(nap),
        }
        has_heard
    }
}

fn spawn(tell: &Sender<Told>, work: impl FnOnce() -> Told + Send + 'static) {
    let tell = tell.clone();
    // Nobody may be listening any more.
    thread::spawn(move || drop(tell.send(work())));
}

/// The process: its own group, so that its children can be told, and no environment but `PATH`.
fn prepare(detector: &CommandDetector) -> Command {
    // An absolute path may have no name for the current folder; joined to a name it has one.
    let folder = std::path::absolute(detector.folder.join(".")).unwrap_or_else(|_| detector.folder.clone());
    let (program, arguments) = detector.command.split_first().expect("a command has a program");
    let program = if program.contains('/') { folder.join(program) } else { Path::new(program).to_path_buf() };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear().process_group(0);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn not_started(detector: &CommandDetector, error: io::Error) -> CommandProblem {
    match error.kind() {
        ErrorKind::NotFound => CommandProblem::NoProgram { program: detector.command[0].clone() },
        _ => CommandProblem::NotStarted(error),
    }
}

/// A command that does not read what it is told is free to.
fn feed(mut stdin: ChildStdin, input: &[u8]) -> io::Result<()> {
    match stdin.write_all(input) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        fed => fed,
    }
}

/// One byte more than an answer may have tells that it is too long.
fn read_bounded(stdout: ChildStdout) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    stdout.take(MOST_OUTPUT as u64 + 1).read_to_end(&mut output)?;
    Ok(output)
}

/// The last lines that are not empty; all of it is read, so that it blocks nobody.
fn last_lines(stderr: ChildStderr) -> Vec<String> {
    let mut reader = BufReader::new(stderr);
    let mut lines = VecDeque::new();
    let mut line = Vec::new();
    while matches!(reader.by_ref().take(STDERR_LINE).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !text.is_empty() {
            lines.push_back(text);
        }
        if lines.len() > STDERR_LINES {
            lines.pop_front();
        }
        line.clear();
    }
    lines.into()
}
