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
mod session;
mod socket;
mod tls;
mod views;

use std::path::Path;

pub use connection::{QueryError, ReadOnlyClient};
pub use conninfo::{CONCEALED_PASSWORD, Conninfo, Environment, SslMode};
use password::Pgpass;
// For the fuzz targets.
#[doc(hidden)]
pub use plans::{Own, PlanLog};
pub use preflight::role_sql;
pub use queries::{Query, Versions, columns};
use session::Session;
use socket::Access;
pub use views::View;

use super::{CaptureError, Lost, PollReading, Preflight, Server, Unread};
use crate::tape::recording::LONGEST_LINE;

/// Bytes that an answer of a server may have, if nothing else is asked for: as many as a line of a recording.
pub const MAX_ANSWER: u64 = LONGEST_LINE;

/// A PostgreSQL server: where it is, as whom it is reached, and by which TLS.
pub struct PostgresServer {
    access: Access,
    plans: Option<PlanLog>,
    session: Option<Session>,
}

impl PostgresServer {
    /// Reads a connection string, with the environment and the pgpass file behind it.
    ///
    /// # Errors
    /// When it is none, or the files that it names cannot be used.
    pub fn new(url: &str, environment: Environment<'_>) -> Result<Self, CaptureError> {
        let info = Conninfo::new(url, environment)?;
        let pgpass = Pgpass::read(&info, environment)?;
        let tls = tls::connector(&info, environment)?;
        let access = Access { info, tls, pgpass, max_answer: MAX_ANSWER };
        Ok(Self { access, plans: None, session: None })
    }

    /// The same with another bound on the bytes of an answer.
    #[must_use]
    pub fn with_max_answer(mut self, bytes: u64) -> Self {
        self.access.max_answer = bytes;
        self
    }

    /// The same with the log of `auto_explain` at `log`, whose plans are one more view.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn with_plans(mut self, log: &Path) -> Result<Self, CaptureError> {
        let info = &self.access.info;
        let own = plans::Own { user: info.user().to_owned(), application_name: info.application_name.clone() };
        self.plans = Some(PlanLog::open(log, own)?);
        Ok(self)
    }

    /// What is not as it should be, but stops nothing: lines of the pgpass file that cannot be read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.access.pgpass.warnings
    }
}

impl Server for PostgresServer {
    fn place(&self) -> String {
        self.access.info.place()
    }

    async fn preflight(&mut self) -> Result<Preflight, CaptureError> {
        // The old connection is closed before there is a new one: the role may have few.
        self.session = None;
        let (session, mut preflight) = Session::begin(&self.access).await?;
        self.session = Some(session);
        preflight.views.extend(self.plans.is_some().then(plans::describe));
        Ok(preflight)
    }

    async fn poll(&mut self, views: &[&str]) -> Result<PollReading, Lost> {
        let Some(session) = &mut self.session else {
            return Err(Lost { view: None, reason: "there is no connection".to_owned(), too_large: false });
        };
        let mut reading = match session.poll(views).await {
            Ok(reading) => reading,
            Err(lost) => {
                self.session = None;
                return Err(lost);
            }
        };
        if let Some(log) = self.plans.as_mut().filter(|_| views.contains(&plans::PLANS)) {
            reading.views.insert(plans::PLANS.to_owned(), log.read().map_err(Unread::NotNow));
        }
        Ok(reading)
    }
}
