//! PostgreSQL: how it is reached and by whom, what it is asked, and what it lacks.

mod cells;
mod connection;
mod conninfo;
mod guard;
mod password;
mod plans;
mod preflight;
mod queries;
mod refusal;
mod require_auth;
mod socket;
mod tls;

pub use connection::{QueryError, ReadOnlyClient};
pub use conninfo::{CONCEALED_PASSWORD, Conninfo, Environment, SslMode};
use password::Pgpass;
pub(super) use plans::COLUMNS as PLAN_COLUMNS;
pub use plans::PlanLog;
pub use preflight::{Finding, Preflight, role_sql};
pub use queries::{Query, Versions, columns};
use socket::Access;

use super::CaptureError;
use super::poll::Poller;
use crate::tape::recording::{LONGEST_LINE, View};

/// A server that a capture can ask: where, as whom, and by which TLS.
#[derive(Clone)]
pub struct PostgresServer {
    access: Access,
}

/// Bytes that an answer of a server may have, if nothing else is asked for: as many as a line of a recording.
pub const MAX_ANSWER: u64 = LONGEST_LINE;

impl PostgresServer {
    /// Reads a connection string, with the environment and the pgpass file behind it.
    ///
    /// # Errors
    /// When it is none, or the files that it names cannot be used.
    pub fn new(url: &str, environment: Environment<'_>) -> Result<Self, CaptureError> {
        let info = Conninfo::new(url, environment)?;
        let pgpass = Pgpass::read(&info, environment)?;
        let tls = tls::connector(&info, environment)?;
        Ok(Self { access: Access { info, tls, pgpass, max_answer: MAX_ANSWER } })
    }

    /// The same with another bound on the bytes of an answer.
    #[must_use]
    pub fn with_max_answer(mut self, bytes: u64) -> Self {
        self.access.max_answer = bytes;
        self
    }

    /// What is not as it should be, but stops nothing: lines of the pgpass file that cannot be read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.access.pgpass.warnings
    }

    /// Role, host and database.
    #[must_use]
    pub fn place(&self) -> String {
        self.access.info.place()
    }

    /// Connects, asks what the server is, and reads every view once, as a poll does.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn check(&self) -> Result<Preflight, CaptureError> {
        let (mut client, mut preflight) = self.preflight().await?;
        if preflight.is_ready() {
            let failed = match Poller::new(&preflight).poll(&mut client).await {
                Ok(poll) => poll.failed.into_iter().map(|(view, reason)| (view.name(), reason)).collect(),
                Err(lost) => vec![(lost.view.map_or("server", View::name), lost.error.reason().to_owned())],
            };
            preflight.findings.extend(failed.into_iter().map(|(view, reason)| Finding::unreadable(view, &reason)));
        }
        Ok(preflight)
    }

    /// Connects and asks what the server is.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn preflight(&self) -> Result<(ReadOnlyClient, Preflight), CaptureError> {
        let mut client = ReadOnlyClient::connect(&self.access).await?;
        let preflight = Preflight::ask(&mut client).await.map_err(|error| CaptureError::Refused {
            place: self.place(),
            problem: error.reason().to_owned(),
            remedy: "see the server's log".to_owned(),
        })?;
        Ok((client, preflight))
    }
}
