//! The one connection to the server. It can run the queries of the closed list, and nothing else.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Statement};

use super::cells::cells;
use super::guard::Guard;
use super::queries::{Query, Versions};
use super::refusal::text;
use super::socket::{Access, Connected};
use crate::capture::{CaptureError, UnsafeAnswer};
use crate::tape::recording::RecordedRow;
use crate::trace::log::OWN_COMMENT;

/// How long a query may take on the server.
const STATEMENT_TIMEOUT_MS: u32 = 5_000;

/// How long an answer may take on the way, too. A cut network says nothing at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// What the session is told when it begins: nothing can be written, nothing waits long for a lock, names mean those of the
/// catalogue, and plans are made once. No statement is needed for it.
fn options() -> String {
    format!(
        "-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=100 \
         -c search_path=pg_catalog -c idle_in_transaction_session_timeout=10000 -c DateStyle=ISO -c jit=off"
    )
}

/// A read-only session.
///
/// It cannot run anything but a [`Query`]:
///
/// ```compile_fail
/// async fn write(client: telltape::capture::postgres::ReadOnlyClient) {
///     client.client.execute("DROP TABLE accounts", &[]).await.unwrap();
/// }
/// ```
///
/// ```compile_fail
/// async fn write(mut client: telltape::capture::postgres::ReadOnlyClient) {
///     client.run("SELECT pg_stat_statements_reset()").await.unwrap();
/// }
/// ```
pub struct ReadOnlyClient {
    client: Client,
    driver: JoinHandle<()>,
    guard: Arc<Guard>,
    /// What the server said when it ended the session, which may have been between two queries.
    last_words: Arc<Mutex<Option<String>>>,
    versions: Versions,
    prepared: HashMap<Query, Option<Statement>>,
}

impl Drop for ReadOnlyClient {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why a query has no answer; each in the words of the server, of the network or of the guard, which a recording keeps.
#[derive(Debug)]
pub enum QueryError {
    /// The server says no to this query; others may be answered.
    Refused(String),
    /// The connection is of no use any more.
    Lost(String),
    /// The answer has more bytes than one may have, and the connection was closed over it.
    TooLarge(String),
}

impl QueryError {
    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Refused(reason) | Self::Lost(reason) | Self::TooLarge(reason) => reason,
        }
    }
}

impl ReadOnlyClient {
    /// Logs in.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; the message says what helps.
    pub(super) async fn connect(access: &Access) -> Result<Self, CaptureError> {
        let options = format!("{} {}", access.info.options, options());
        let Connected { client, driver, guard } = access.connect(&options).await?;
        let last_words = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&last_words);
        let driver = tokio::spawn(async move {
            if let Err(error) = driver.await {
                *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(text(&error));
            }
        });
        Ok(Self { client, driver, guard, last_words, versions: Versions::default(), prepared: HashMap::new() })
    }

    /// Sets the versions that the queries are for; what has been prepared for others is forgotten.
    pub fn set_versions(&mut self, versions: Versions) {
        self.prepared.clear();
        self.versions = versions;
    }

    /// Runs a query. There are no rows where this server has nothing of the kind.
    ///
    /// # Errors
    /// When there is no answer in time, it is too large or not what it should be, or the server refuses.
    pub async fn run(&mut self, query: Query) -> Result<Vec<RecordedRow>, QueryError> {
        self.guard.begin();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.answer(query)).await;
        if let Some(refusal @ UnsafeAnswer::TooLarge { .. }) = self.guard.refusal() {
            return Err(QueryError::TooLarge(refusal.to_string()));
        }
        match answer {
            Ok(Ok(answer)) => answer.map_err(QueryError::Refused),
            Ok(Err(error)) if self.client.is_closed() || error.is_closed() => {
                let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Err(QueryError::Lost(words.unwrap_or_else(|| text(&error))))
            }
            Ok(Err(error)) => match error.code() {
                // The session ends with these: the server goes down, or somebody ended it.
                Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::IDLE_SESSION_TIMEOUT)
                | None => Err(QueryError::Lost(text(&error))),
                Some(_) => Err(QueryError::Refused(text(&error))),
            },
            Err(_) => Err(QueryError::Lost(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
        }
    }

    /// The rows, one after the other, so that there is never more than the answer and its cells; or what is wrong with one.
    async fn answer(&mut self, query: Query) -> Result<Result<Vec<RecordedRow>, String>, tokio_postgres::Error> {
        if !self.prepared.contains_key(&query) {
            let statement = match query.text(&self.versions) {
                // By which a log of the server tells it from the statements of others.
                Some(text) => Some(self.client.prepare(&format!("{OWN_COMMENT} {text}")).await?),
                None => None,
            };
            self.prepared.insert(query, statement);
        }
        let Some(statement) = &self.prepared[&query] else { return Ok(Ok(Vec::new())) };
        let parameters: [i64; 0] = [];
        let mut rows = pin!(self.client.query_raw(statement, parameters).await?);
        let mut found = Vec::new();
        let mut wrong = None;
        while let Some(row) = rows.as_mut().try_next().await? {
            match cells(&row) {
                Ok(cells) => found.push(cells),
                // The rest is read all the same: the next query comes behind it.
                Err(problem) => drop(wrong.get_or_insert(format!("row {}: {problem}", found.len() + 1))),
            }
        }
        Ok(wrong.map_or(Ok(found), Err))
    }
}
