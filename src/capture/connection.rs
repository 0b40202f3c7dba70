//! The one connection to the server. It can be asked the questions of the closed list, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::CaptureError;
use super::conninfo::{Conninfo, SslMode};
use super::queries::{Question, Versions};
use crate::tape::recording::Cell;

/// How long a question may take on the server.
const STATEMENT_TIMEOUT_MS: u32 = 5_000;

/// How long an answer may take on the way, too. A cut network says nothing at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the session is told when it begins: nothing can be written, nothing waits long for a lock, names mean those of the
/// catalogue, and plans are made once. No statement is needed for it.
fn options() -> String {
    format!(
        "-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=100 \
         -c search_path=pg_catalog -c idle_in_transaction_session_timeout=10000 -c DateStyle=ISO -c jit=off"
    )
}

/// A read-only session of the observer.
///
/// It cannot be asked for anything but a [`Question`]:
///
/// ```compile_fail
/// async fn write(observer: telltape::capture::Observer) {
///     observer.client.execute("DROP TABLE accounts", &[]).await.unwrap();
/// }
/// ```
///
/// ```compile_fail
/// async fn write(mut observer: telltape::capture::Observer) {
///     observer.ask("SELECT pg_stat_statements_reset()").await.unwrap();
/// }
/// ```
pub struct Observer {
    client: Client,
    driver: JoinHandle<()>,
    /// What the server said when it ended the session, which may have been between two questions.
    last_words: Arc<Mutex<Option<String>>>,
    versions: Versions,
    prepared: HashMap<Question, Option<Statement>>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// The server says no to this question; others may be answered.
    Refused(String),
    /// The connection is of no use any more.
    Lost(String),
}

impl NoAnswer {
    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Refused(reason) | Self::Lost(reason) => reason,
        }
    }
}

impl Observer {
    /// Logs in.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; the message says what helps.
    pub async fn connect(info: &Conninfo, tls: &MakeRustlsConnect) -> Result<Self, CaptureError> {
        let mut config = info.config.clone();
        let options = config.get_options().map_or_else(options, |given| format!("{given} {}", options()));
        config
            .options(options)
            .application_name("telltape")
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(ANSWER_TIMEOUT)
            .keepalives_idle(Duration::from_secs(10));
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, config.connect(tls.clone()));
        let (client, connection) = match connecting.await {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => return Err(refusal(info, &error)),
            Err(_) => {
                return Err(CaptureError::Refused {
                    place: info.place(),
                    problem: format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
                    remedy: "is the host right, and does a firewall let it through?".to_owned(),
                });
            }
        };
        let last_words = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&last_words);
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(text(&error));
            }
        });
        Ok(Self { client, driver, last_words, versions: Versions::default(), prepared: HashMap::new() })
    }

    /// Tells which versions the questions are for; what has been prepared for others is forgotten.
    pub fn set_versions(&mut self, versions: Versions) {
        self.prepared.clear();
        self.versions = versions;
    }

    /// Which versions the questions are for.
    #[must_use]
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Asks a question. There are no rows where this server has nothing of the kind.
    ///
    /// # Errors
    /// When there is no answer in time, or the server refuses.
    pub async fn ask(&mut self, question: Question) -> Result<Vec<Vec<Cell>>, NoAnswer> {
        match tokio::time::timeout(ANSWER_TIMEOUT, self.answer(question)).await {
            Ok(Ok(rows)) => Ok(rows.iter().map(cells).collect()),
            Ok(Err(error)) if self.client.is_closed() || error.is_closed() => {
                let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Err(NoAnswer::Lost(words.unwrap_or_else(|| text(&error))))
            }
            Ok(Err(error)) => match error.code() {
                // The session ends with these: the server goes down, or somebody ended it.
                Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::IDLE_SESSION_TIMEOUT)
                | None => Err(NoAnswer::Lost(text(&error))),
                Some(_) => Err(NoAnswer::Refused(text(&error))),
            },
            Err(_) => Err(NoAnswer::Lost(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
        }
    }

    async fn answer(&mut self, question: Question) -> Result<Vec<Row>, tokio_postgres::Error> {
        if !self.prepared.contains_key(&question) {
            let statement = match question.text(&self.versions) {
                Some(text) => Some(self.client.prepare(&text).await?),
                None => None,
            };
            self.prepared.insert(question, statement);
        }
        match &self.prepared[&question] {
            Some(statement) => self.client.query(statement, &[]).await,
            None => Ok(Vec::new()),
        }
    }
}

/// The cells of a row, by the types that the questions ask for.
fn cells(row: &Row) -> Vec<Cell> {
    let cell = |(index, column): (usize, &tokio_postgres::Column)| match *column.type_() {
        Type::BOOL => row.get::<_, Option<bool>>(index).map_or(Cell::Null, Cell::Bool),
        Type::INT2 => row.get::<_, Option<i16>>(index).map_or(Cell::Null, |value| Cell::Int(value.into())),
        Type::INT4 => row.get::<_, Option<i32>>(index).map_or(Cell::Null, |value| Cell::Int(value.into())),
        Type::INT8 => row.get::<_, Option<i64>>(index).map_or(Cell::Null, Cell::Int),
        Type::FLOAT8 => row.get::<_, Option<f64>>(index).map_or(Cell::Null, Cell::float),
        Type::TEXT | Type::NAME | Type::VARCHAR => {
            row.get::<_, Option<&str>>(index).map_or(Cell::Null, |text| Cell::Text(text.to_owned()))
        }
        _ => Cell::Null,
    };
    row.columns().iter().enumerate().map(cell).collect()
}

/// What the server or the system says, without repeating which call failed.
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

const PASSWORD_REMEDY: &str = "set PGPASSWORD, or add a line to the pgpass file (docs/live.md)";

/// Whether the client refused to go on, because the server asks for what it has not been given: a password.
fn is_about_configuration(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_none()
        && std::error::Error::source(error).is_some_and(|cause| !cause.is::<std::io::Error>())
        && tls_error(error).is_none()
        && !error.to_string().contains("TLS")
}

/// The error of a connection that did not come about, with what helps.
fn refusal(info: &Conninfo, error: &tokio_postgres::Error) -> CaptureError {
    let user = info.config.get_user().unwrap_or_default();
    let remedy = match error.code() {
        Some(&SqlState::INVALID_PASSWORD) => PASSWORD_REMEDY.to_owned(),
        Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            format!(
                "does the role exist, and does pg_hba.conf let `{user}` in from here with this sslmode? `telltape capture --print-role` makes the role"
            )
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "give a database that is there".to_owned(),
        Some(&SqlState::TOO_MANY_CONNECTIONS) => "wait, or raise max_connections".to_owned(),
        Some(&SqlState::CANNOT_CONNECT_NOW) => "wait until the server has started".to_owned(),
        Some(_) => "see the server's log".to_owned(),
        None if info.config.get_password().is_none() && is_about_configuration(error) => PASSWORD_REMEDY.to_owned(),
        None => without_code(info, error),
    };
    CaptureError::Refused { place: info.place(), problem: problem(error), remedy }
}

/// What a failed connection says. A TLS error has the words of its library.
fn problem(error: &tokio_postgres::Error) -> String {
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(certificate)) => format!("its certificate is not valid: {certificate}"),
        Some(error) => format!("TLS failed: {error}"),
        None if error.as_db_error().is_none() && std::error::Error::source(error).is_none() => error.to_string(),
        None => text(error),
    }
}

fn without_code(info: &Conninfo, error: &tokio_postgres::Error) -> String {
    if let Some(error) = tls_error(error) {
        use rustls::CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
        };
        return match error {
            rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
                "renew the server's certificate".to_owned()
            }
            rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
                "connect by the name that the certificate is for, or use sslmode=verify-ca".to_owned()
            }
            rustls::Error::InvalidCertificate(UnknownIssuer) => {
                "give the certificate of the authority that signed it as sslrootcert".to_owned()
            }
            _ => "see the server's log, and docs/live.md for sslmode and sslrootcert".to_owned(),
        };
    }
    let io = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => "is the server running, and is this the folder of its socket?".to_owned(),
        Some(_) => "is the server running, and are host and port right?".to_owned(),
        None if info.sslmode != SslMode::Disable => {
            "turn `ssl` on in the server, or say sslmode=disable if clear text will do".to_owned()
        }
        None => "see docs/live.md".to_owned(),
    }
}

/// The error of the TLS library, wherever it is in the chain.
fn tls_error(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            return Some(tls);
        }
        cause = error.source();
    }
    None
}
