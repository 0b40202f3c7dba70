//! What a connection that did not come about means, and what helps.

use tokio_postgres::Config;
use tokio_postgres::error::{DbError, SqlState};

use super::conninfo::{Conninfo, ServerAddress, SslMode, Transport};
use crate::capture::{CaptureError, Refusal, RefusalReason};

/// Characters that are kept of what a server says. A recording has a line for each such text.
const LONGEST_REASON: usize = 1000;

/// The start of a text from outside.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the server or the system says, without repeating which call failed.
pub(super) fn text(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return said_by_server(error).to_string();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    cut(&text)
}

/// Whether an error is one that poolers give: they know few parameters of a session, and give a statement to another back end
/// than the one that has prepared it.
fn is_of_pooler(code: &SqlState, message: &str) -> bool {
    *code == SqlState::PROTOCOL_VIOLATION
        && (message.contains("startup") || message.contains("pgbouncer") || message.contains("protocol"))
        || *code == SqlState::INVALID_SQL_STATEMENT_NAME
        || *code == SqlState::DUPLICATE_PSTATEMENT
        || message.contains("pgbouncer")
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
pub(super) fn refused(
    info: &Conninfo,
    server: &ServerAddress,
    config: &Config,
    error: &tokio_postgres::Error,
) -> CaptureError {
    let user = info.user();
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
        Some(code) if error.as_db_error().is_some_and(|error| is_of_pooler(code, error.message())) => {
            "give host and port of PostgreSQL; a capture needs a session of its own, read-only by its startup parameters".to_owned()
        }
        Some(_) => "see the server's log".to_owned(),
        None if config.get_password().is_none() && is_about_configuration(error) => PASSWORD_REMEDY.to_owned(),
        None => without_code(info, error),
    };
    CaptureError::Refused { place: info.place(), refusal: refusal_of(info, server, reason(error)), remedy }
}

/// The error of a server that does not answer.
pub(super) fn without_answer(info: &Conninfo, server: &ServerAddress, reason: RefusalReason) -> CaptureError {
    CaptureError::Refused {
        place: info.place(),
        refusal: refusal_of(info, server, reason),
        remedy: match server.transport {
            Transport::Socket(_) => "is the server running, and is this the folder of its socket?",
            _ => "is the server running, are host and port right, and does a firewall let it through?",
        }
        .to_owned(),
    }
}

/// A refusal, with the server whose it is where there are several.
fn refusal_of(info: &Conninfo, server: &ServerAddress, reason: RefusalReason) -> Box<Refusal> {
    Box::new(Refusal { server: (info.servers.len() > 1).then(|| server.to_string()), reason })
}

/// What a failed connection says. A TLS error has the words of its library.
fn reason(error: &tokio_postgres::Error) -> RefusalReason {
    match (tls_error(error), error.as_db_error()) {
        (Some(rustls::Error::InvalidCertificate(certificate)), _) => {
            RefusalReason::Certificate { source: certificate.to_string().into() }
        }
        (Some(error), _) => RefusalReason::Tls { source: error.clone().into() },
        (None, Some(error)) => said_by_server(error),
        (None, None) => RefusalReason::Client(text(error)),
    }
}

fn said_by_server(error: &DbError) -> RefusalReason {
    RefusalReason::Server {
        message: cut(error.message()),
        code: error.code().code().to_owned(),
        pooler: is_of_pooler(error.code(), error.message()),
    }
}

/// What helps where the server has given no code.
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
