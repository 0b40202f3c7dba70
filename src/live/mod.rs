//! Experiments on a real server: a throw-away one is started, loaded, given a fault, captured, and removed.

mod error;
mod fault;
mod load;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use error::{LiveError, ProgramProblem, ServerProblem};
pub use fault::{ActiveFault, InjectedFault};
pub use load::{Bench, DATABASE, Load, OBSERVER};
pub use server::{Shutdown, ThrowAwayServer, find_server};

use tokio_util::sync::CancellationToken;

use crate::capture::postgres::PostgresServer;
use crate::capture::{self, Capture, Captured};

/// A live experiment: what to do to which server, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// Lines of the server's configuration.
    pub settings: Vec<(String, String)>,
    /// The load.
    pub load: Load,
    /// The fault.
    pub fault: InjectedFault,
    /// Seconds from the beginning of the capture to the fault.
    pub begin_s: f64,
    /// Seconds from the beginning of the capture to the end of the fault.
    pub end_s: f64,
    /// Seconds of the capture.
    pub seconds: f64,
    /// Seconds between polls.
    pub interval_s: f64,
}

/// What came of a live experiment.
#[derive(Debug)]
#[non_exhaustive]
pub struct LiveRun {
    /// What the capture says.
    pub captured: Captured,
    /// When the fault took effect and when it was over, seconds since 1970; none without a fault.
    pub fault: Option<(f64, f64)>,
    /// Query identifiers of the statements that were asked for.
    pub statements: Vec<i64>,
}

/// Seconds that the load runs before the capture begins.
const WARM_UP: Duration = Duration::from_secs(4);

impl Live {
    /// Runs the experiment with the server of `bin`: the recording will stand at `recording`. `statements` are patterns of
    /// LIKE; the query identifier of each is looked up by the superuser, since the observer sees no text.
    ///
    /// # Errors
    /// When the server, the load, the fault or the capture fails, or `stop` asks for the end.
    pub fn run(
        &self,
        bin: &Path,
        recording: &Path,
        statements: &[String],
        stop: &CancellationToken,
    ) -> Result<LiveRun, LiveError> {
        let server = Arc::new(ThrowAwayServer::start(bin, &self.settings)?);
        self.load.prepare(&server)?;
        self.fault.prepare(&server)?;
        let mut usual = Some(self.load.start(&server)?);
        wait(WARM_UP, stop, || check(&server, &mut usual))?;
        let mut observed = PostgresServer::new(&server.conninfo(OBSERVER, DATABASE), &|_| None)?;
        let settings = Capture {
            interval: Duration::from_secs_f64(self.interval_s),
            duration: Some(Duration::from_secs_f64(self.seconds)),
            budget: 0.05,
            give_up: Duration::from_secs(30),
            ..Capture::new(recording)
        };
        // The capture has a thread of its own, and ends by itself or when this one fails.
        let ours = CancellationToken::new();
        let theirs = ours.clone();
        let capturing = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
            runtime.block_on(capture::capture(&settings, &mut observed, &theirs, &mut |_| Ok(())))
        });
        let injected = self.inject_fault(&server, &mut usual, stop);
        if injected.is_err() {
            ours.cancel();
        }
        let captured = capturing.join().expect("a capture does not panic");
        let fault = injected?;
        check(&server, &mut usual)?;
        let statements = statements.iter().map(|pattern| identifier(&server, pattern)).collect::<Result<_, _>>()?;
        Ok(LiveRun { captured: captured?, fault, statements })
    }

    /// Injects the fault at its time and takes it out again: when it took effect, and when it was over.
    fn inject_fault(
        &self,
        server: &Arc<ThrowAwayServer>,
        usual: &mut Option<Bench>,
        stop: &CancellationToken,
    ) -> Result<Option<(f64, f64)>, LiveError> {
        let began = std::time::Instant::now();
        let until = |seconds: f64| Duration::from_secs_f64(seconds).saturating_sub(began.elapsed());
        wait(until(self.begin_s), stop, || check(server, usual))?;
        let begin = now();
        let mut fault = self.fault.inject(server, &self.load, usual)?;
        wait(until(self.end_s), stop, || fault.check(server).and_then(|()| check(server, usual)))?;
        fault.end(server, &self.load, usual)?;
        let end = now();
        wait(until(self.seconds), stop, || check(server, usual))?;
        Ok((self.fault != InjectedFault::None).then_some((begin, end)))
    }
}

/// The identifier of the most called statement whose text is like `pattern`.
fn identifier(server: &ThrowAwayServer, pattern: &str) -> Result<i64, LiveError> {
    let pattern = pattern.replace('\'', "''");
    let sql = format!(
        "SELECT queryid FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE rolname = 'app' AND query LIKE '{pattern}' \
         ORDER BY calls DESC LIMIT 1"
    );
    let text = server.psql(DATABASE, &sql)?;
    text.parse()
        .map_err(|_| LiveError::Program { program: "psql".to_owned(), problem: ProgramProblem::NoStatement(pattern) })
}

/// An error unless the usual load runs, if it should.
fn check(server: &ThrowAwayServer, usual: &mut Option<Bench>) -> Result<(), LiveError> {
    usual.as_mut().map_or(Ok(()), |bench| bench.check(server))
}

/// Waits, unless somebody asks for the end or `check` finds that it is of no use.
fn wait(
    pause: Duration,
    stop: &CancellationToken,
    mut check: impl FnMut() -> Result<(), LiveError>,
) -> Result<(), LiveError> {
    let began = std::time::Instant::now();
    while began.elapsed() < pause {
        if stop.is_cancelled() {
            return Err(LiveError::Interrupted);
        }
        check()?;
        std::thread::sleep((pause - began.elapsed()).min(Duration::from_millis(50)));
    }
    Ok(())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
