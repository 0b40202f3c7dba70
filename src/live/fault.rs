//! Faults that are injected into a throw-away server, and taken out again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::LiveError;
use super::load::{Bench, DATABASE, Load};
use super::server::{OpenSession, ThrowAwayServer};
use crate::diagnostics::UnknownName;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// Nothing: what is found then is false.
    None,
    /// The primary key of `pgbench_accounts` is dropped, and made again at the end.
    DroppedPrimaryKey,
    /// An idle transaction holds `pgbench_accounts` in ACCESS EXCLUSIVE mode.
    TableLock,
    /// An idle transaction holds three of the five branches.
    RowLocks,
    /// A session reads a table of 391 MB over and over.
    CacheFlood,
    /// A hundred times as many orders are pending as the statistics say.
    StaleStatistics,
    /// Other statements take the place of the usual ones.
    WorkloadShift,
    /// A checkpoint follows the other.
    CheckpointStorm,
    /// `VACUUM FULL pgbench_accounts`, over and over.
    VacuumFull,
    /// An idle transaction with an old snapshot keeps dead rows from being removed.
    LongIdleTransaction,
    /// Eighty new connections a second.
    ConnectionStorm,
}

impl InjectedFault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::None,
        Self::DroppedPrimaryKey,
        Self::TableLock,
        Self::RowLocks,
        Self::CacheFlood,
        Self::StaleStatistics,
        Self::WorkloadShift,
        Self::CheckpointStorm,
        Self::VacuumFull,
        Self::LongIdleTransaction,
        Self::ConnectionStorm,
    ];

    /// Its name in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::DroppedPrimaryKey => "dropped-primary-key",
            Self::TableLock => "table-lock",
            Self::RowLocks => "row-locks",
            Self::CacheFlood => "cache-flood",
            Self::StaleStatistics => "stale-statistics",
            Self::WorkloadShift => "workload-shift",
            Self::CheckpointStorm => "checkpoint-storm",
            Self::VacuumFull => "vacuum-full",
            Self::LongIdleTransaction => "long-idle-transaction",
            Self::ConnectionStorm => "connection-storm",
        }
    }

    /// Makes what the fault needs, before the load begins.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn prepare(self, server: &ThrowAwayServer) -> Result<(), LiveError> {
        if self == Self::CacheFlood {
            // A row fills a block: without PLAIN, it would be compressed to nothing.
            let filler = "CREATE UNLOGGED TABLE filler (body text) WITH (autovacuum_enabled = off);
                ALTER TABLE filler ALTER body SET STORAGE PLAIN;
                INSERT INTO filler SELECT repeat('x', 7900) FROM generate_series(1, 50000)";
            for statement in filler.split(";\n") {
                server.psql(DATABASE, statement.trim())?;
            }
        }
        Ok(())
    }

    /// Injects it; `usual` is the load that is running.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn inject(
        self,
        server: &Arc<ThrowAwayServer>,
        load: &Load,
        usual: &mut Option<Bench>,
    ) -> Result<ActiveFault, LiveError> {
        let hold_session = |sql: &str| -> Result<FaultGuard, LiveError> {
            let mut session = OpenSession::open(server, DATABASE)?;
            session.run(sql)?;
            Ok(FaultGuard::Session(session))
        };
        let guard = match self {
            Self::None => FaultGuard::Nothing,
            Self::DroppedPrimaryKey => {
                server.psql(DATABASE, "ALTER TABLE pgbench_accounts DROP CONSTRAINT pgbench_accounts_pkey")?;
                FaultGuard::Nothing
            }
            Self::TableLock => hold_session("BEGIN; LOCK TABLE pgbench_accounts IN ACCESS EXCLUSIVE MODE;")?,
            Self::RowLocks => hold_session("BEGIN; SELECT bid FROM pgbench_branches WHERE bid <= 3 FOR UPDATE;")?,
            Self::LongIdleTransaction => {
                hold_session("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pgbench_branches;")?
            }
            Self::StaleStatistics => {
                server.psql(DATABASE, "UPDATE orders SET status = 'pending' WHERE id % 100 = 7")?;
                FaultGuard::Nothing
            }
            Self::WorkloadShift => {
                *usual = None;
                FaultGuard::Bench(load.start_other(server)?)
            }
            Self::ConnectionStorm => FaultGuard::Bench(load.start_storm(server)?),
            Self::CacheFlood => FaultGuard::Loop(Loop::start(server, "SELECT pg_prewarm('filler')", Duration::ZERO)?),
            Self::CheckpointStorm => FaultGuard::Loop(Loop::start(server, "CHECKPOINT", Duration::from_millis(200))?),
            Self::VacuumFull => {
                FaultGuard::Loop(Loop::start(server, "VACUUM FULL pgbench_accounts", Duration::from_millis(50))?)
            }
        };
        Ok(ActiveFault { fault: self, guard })
    }
}

impl fmt::Display for InjectedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for InjectedFault {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("fault", name, &Self::ALL, Self::name)
    }
}

/// A fault that is in effect.
pub struct ActiveFault {
    fault: InjectedFault,
    guard: FaultGuard,
}

/// What keeps a fault going; dropped, it ends.
enum FaultGuard {
    Nothing,
    Session(OpenSession),
    Bench(Bench),
    Loop(Loop),
}

impl ActiveFault {
    /// An error unless the fault is still there.
    pub(super) fn check(&mut self, server: &ThrowAwayServer) -> Result<(), LiveError> {
        let there = match &mut self.guard {
            FaultGuard::Nothing => true,
            FaultGuard::Session(session) => session.is_open(),
            FaultGuard::Bench(bench) => bench.is_running(),
            FaultGuard::Loop(running) => !running.thread.is_finished(),
        };
        if there {
            return Ok(());
        }
        server.answers()?;
        Err(LiveError::Fault { fault: self.fault.name() })
    }

    /// Takes it out, and starts the usual load again where the fault had ended it.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn end(self, server: &Arc<ThrowAwayServer>, load: &Load, usual: &mut Option<Bench>) -> Result<(), LiveError> {
        let Self { fault, guard } = self;
        match guard {
            FaultGuard::Loop(running) => running.end()?,
            guard => drop(guard),
        }
        match fault {
            InjectedFault::DroppedPrimaryKey => {
                server.psql(DATABASE, "ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)")?;
            }
            InjectedFault::StaleStatistics => {
                server.psql(
                    DATABASE,
                    "UPDATE orders SET status = CASE WHEN id % 3 = 0 THEN 'open' ELSE 'done' END WHERE id % 100 = 7",
                )?;
                server.psql(DATABASE, "VACUUM ANALYZE orders")?;
            }
            InjectedFault::WorkloadShift => *usual = Some(load.start(server)?),
            _ => {}
        }
        Ok(())
    }
}

/// One statement over and over, in one session.
struct Loop {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), LiveError>>,
}

impl Loop {
    fn start(server: &ThrowAwayServer, sql: &'static str, pause: Duration) -> Result<Self, LiveError> {
        let mut session = OpenSession::open(server, DATABASE)?;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                session.run(&format!("{sql};"))?;
                std::thread::sleep(pause);
            }
            Ok(())
        });
        Ok(Self { stop, thread })
    }

    /// Ends it after the statement that is running.
    fn end(self) -> Result<(), LiveError> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_that_reads_back() {
        for fault in InjectedFault::ALL {
            assert_eq!(fault.name().parse::<InjectedFault>().unwrap(), fault);
        }
        let error = "tablelock".parse::<InjectedFault>().unwrap_err().to_string();
        assert!(error.starts_with("unknown fault `tablelock`; did you mean `table-lock`? known: none, "), "{error}");
    }
}
