//! What a throw-away server has to do: pgbench, and a small report beside it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::LiveError;
use super::server::{ThrowAwayServer, output, own_group};

/// The database of the load.
pub const DATABASE: &str = "bench";

/// The role that a capture connects as.
pub const OBSERVER: &str = "observer";

/// How much is asked of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// pgbench's scale: 100,000 accounts each.
    pub scale: u32,
    /// Sessions.
    pub clients: u32,
    /// Transactions a second, of which one in ten is the report.
    pub rate: u32,
}

impl Default for Load {
    fn default() -> Self {
        Self { scale: 5, clients: 4, rate: 200 }
    }
}

/// Orders of which 20 are pending, and the customers of those. Statistics that say 20 when there are 2,000 make the plan, a
/// nested loop, a bad one. Autovacuum must not mend them.
const ORDERS: &str =
    "CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, customer int NOT NULL, amount int NOT NULL, \
    note text NOT NULL) WITH (autovacuum_enabled = off);
    INSERT INTO orders SELECT i, CASE WHEN i % 10000 = 0 THEN 'pending' WHEN i % 3 = 0 THEN 'open' ELSE 'done' END, \
    (i * 7919::bigint) % 50000, i % 1000, repeat('x', 60) FROM generate_series(1, 200000) i;
    CREATE INDEX orders_status ON orders (status);
    CREATE INDEX orders_customer ON orders (customer);
    VACUUM ANALYZE orders;";

const REPORT: &str = "SELECT count(*), sum(b.amount) FROM orders a JOIN orders b ON b.customer = a.customer WHERE a.status = 'pending';\n";

/// Another mix of statements than the usual one.
const OTHER: &str = "\\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
SELECT count(*) FROM pgbench_accounts WHERE aid BETWEEN :aid AND :aid + 20;
SELECT tbalance FROM pgbench_tellers WHERE tid = 1 + :aid % 50;
SELECT sum(bbalance) FROM pgbench_branches;\n";

/// Nothing but a connection.
const KNOCK: &str = "SELECT 1;\n";

impl Load {
    /// Makes the database, the roles and the tables.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn prepare(&self, server: &ThrowAwayServer) -> Result<(), LiveError> {
        server.psql("postgres", &format!("CREATE ROLE app LOGIN; CREATE ROLE {OBSERVER} LOGIN"))?;
        server.psql("postgres", &format!("CREATE DATABASE {DATABASE} OWNER app"))?;
        server.psql(DATABASE, &format!("CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_prewarm; GRANT pg_read_all_stats TO {OBSERVER}"))?;
        let scale = self.scale.to_string();
        output("pgbench", server.program("pgbench").args(["-U", "app", "-i", "-q", "-s", &scale, DATABASE]))?;
        for statement in ORDERS.split(";\n") {
            server.psql(DATABASE, statement.trim())?;
        }
        server.psql(DATABASE, "GRANT SELECT ON orders TO app")?;
        // In the buffers, as it would be on a server that has run for a while.
        server.psql(
            DATABASE,
            "SELECT pg_prewarm(c.oid) FROM pg_class c WHERE relname ~ '^(pgbench|orders)' AND relkind IN ('r', 'i')",
        )?;
        server.psql("postgres", "CHECKPOINT")?;
        Ok(())
    }

    /// Starts the usual load.
    ///
    /// # Errors
    /// When pgbench does not start.
    pub fn start(&self, server: &ThrowAwayServer) -> Result<Bench, LiveError> {
        let report = script(server, "report.sql", REPORT)?;
        self.bench(server, "load", self.rate, &["-b", "tpcb-like@9", "-f", &format!("{}@1", report.display())])
    }

    /// Starts another load.
    pub(super) fn start_other(&self, server: &ThrowAwayServer) -> Result<Bench, LiveError> {
        let other = script(server, "other.sql", OTHER)?;
        self.bench(server, "other", self.rate, &["-f", &other.display().to_string()])
    }

    /// Starts a storm of connections.
    pub(super) fn start_storm(&self, server: &ThrowAwayServer) -> Result<Bench, LiveError> {
        let knock = script(server, "knock.sql", KNOCK)?;
        self.bench(server, "storm", 80, &["-C", "-f", &knock.display().to_string()])
    }

    fn bench(&self, server: &ThrowAwayServer, name: &str, rate: u32, what: &[&str]) -> Result<Bench, LiveError> {
        let fail = |error: std::io::Error| LiveError::Program { program: "pgbench".to_owned(), problem: error.into() };
        let log = server.folder().join(format!("{name}.log"));
        let messages = File::create(&log).map_err(fail)?;
        let mut command = server.program("pgbench");
        command.args(["-U", "app", "-n", "-j", "1", "-T", "100000", "--latency-limit", "1000"]);
        command.args([
            "-c",
            &self.clients.to_string(),
            "-R",
            &rate.to_string(),
            "-D",
            &format!("scale={}", self.scale),
        ]);
        command.args(what).arg(DATABASE).stdout(Stdio::null()).stderr(messages);
        own_group(&mut command);
        Ok(Bench { child: command.spawn().map_err(fail)?, log })
    }
}

fn script(server: &ThrowAwayServer, name: &str, text: &str) -> Result<PathBuf, LiveError> {
    let path = server.folder().join(name);
    crate::store::write_whole(&path, text.as_bytes(), crate::store::Durability::Atomic)?;
    Ok(path)
}

/// A running pgbench; dropped, it ends.
pub struct Bench {
    child: Child,
    /// What it says on stderr: nothing, as long as all is well.
    log: PathBuf,
}

impl Bench {
    /// Whether it is still running: it ends by itself when its server goes away.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// An error unless it is running with all its sessions: what is measured without a load is no evidence of anything.
    pub(super) fn check(&mut self, server: &ThrowAwayServer) -> Result<(), LiveError> {
        let running = self.is_running();
        let quiet = std::fs::metadata(&self.log).is_ok_and(|log| log.len() == 0);
        if running && quiet {
            return Ok(());
        }
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        // It goes on without a session that was ended.
        let aborted = said.lines().find(|line| line.contains("aborted"));
        if running && aborted.is_none() {
            return Ok(());
        }
        server.answers()?;
        let problem = aborted.or(said.lines().last()).map_or_else(String::new, |line| format!(": {line}"));
        Err(LiveError::Load { running, problem })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
