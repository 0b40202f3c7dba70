//! Making the one connection: which server, which address, with TLS or without, is decided here, on what is really connected to.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::SslMode as WireMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, NoTls, TlsConnect};
use tokio_postgres::{Client, Config, Error};

use super::conninfo::{Conninfo, ServerAddress, Transport};
use super::guard::{Guard, Guarded};
use super::password::Pgpass;
use super::refusal::{refused, without_answer};
use super::tls::Tls;
use crate::capture::{CaptureError, RefusalReason, UsageProblem};

/// How long a connection may take, if nothing else is asked for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// All that it takes to connect.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) info: Conninfo,
    /// `None`: clear text on TCP, too.
    pub(super) tls: Option<Tls>,
    pub(super) pgpass: Pgpass,
    /// Bytes that an answer may have.
    pub(super) max_answer: u64,
}

/// What reads from the connection, until it ends.
pub(super) type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A connection that has come about.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) driver: Driver,
    pub(super) guard: Arc<Guard>,
}

/// Why an attempt at one address came to nothing.
enum Failed {
    /// Nobody is there; the next one may be.
    Absent(CaptureError),
    /// Somebody is there and says no, as libpq has it: then no other server is tried.
    Refused(CaptureError),
}

impl Access {
    /// Connects to the first server that answers.
    ///
    /// # Errors
    /// When none answers, or the first that does refuses.
    pub(super) async fn connect(&self, options: &str) -> Result<Connected, CaptureError> {
        let mut last = None;
        for server in &self.info.servers {
            let deadline = self.info.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
            let addresses = match addresses(server, deadline).await {
                Ok(addresses) => addresses,
                Err(problem) => {
                    last = Some(without_answer(&self.info, server, problem));
                    continue;
                }
            };
            for address in addresses {
                let attempt = tokio::time::timeout(deadline, self.attempt(server, &address, options)).await;
                match attempt {
                    Ok(Ok(connected)) => return Ok(connected),
                    Ok(Err(Failed::Refused(error))) => return Err(error),
                    Ok(Err(Failed::Absent(error))) => last = Some(error),
                    Err(_) => {
                        let problem = RefusalReason::NoAnswer { seconds: deadline.as_secs() };
                        last = Some(without_answer(&self.info, server, problem));
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| UsageProblem::NoServer.into()))
    }

    async fn attempt(&self, server: &ServerAddress, address: &Address, options: &str) -> Result<Connected, Failed> {
        let mut config = Config::new();
        config
            .user(self.info.user())
            .dbname(self.info.database())
            .options(options)
            .application_name(&self.info.application_name)
            .channel_binding(self.info.channel_binding);
        if let Some(password) = self.info.password.clone().or_else(|| self.pgpass.password(&self.info, server)) {
            config.password(password);
        }
        let absent = |error: std::io::Error| Failed::Absent(without_answer(&self.info, server, error.into()));
        let guard = |trusted: bool| Guard::new(self.max_answer, self.info.require_auth.clone(), trusted);
        let (guard, result) = match (address, &self.tls) {
            (Address::Socket(path), _) => {
                let guard = guard(true);
                let stream = Guarded::new(UnixStream::connect(path).await.map_err(absent)?, Arc::clone(&guard));
                let result = config.ssl_mode(WireMode::Disable).connect_raw(stream, NoTls).await;
                (guard, result.map(|(client, connection)| (client, Box::pin(connection) as Driver)))
            }
            (Address::Tcp(address), None) => {
                let guard = guard(false);
                let stream = Guarded::new(tcp(*address).await.map_err(absent)?, Arc::clone(&guard));
                let result = config.ssl_mode(WireMode::Disable).connect_raw(stream, NoTls).await;
                (guard, result.map(|(client, connection)| (client, Box::pin(connection) as Driver)))
            }
            (Address::Tcp(address), Some(tls)) => {
                let guard = guard(tls.verifies);
                let stream = tcp(*address).await.map_err(absent)?;
                let mut connector = tls.connector.clone();
                let connector =
                    MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, &certificate_name(server))
                        .map_err(|error| absent(std::io::Error::other(error)))?;
                let connector = GuardedTls { inner: connector, guard: Arc::clone(&guard) };
                let result = config.ssl_mode(WireMode::Require).connect_raw(stream, connector).await;
                (guard, result.map(|(client, connection)| (client, Box::pin(connection) as Driver)))
            }
        };
        match result {
            Ok((client, driver)) => Ok(Connected { client, driver, guard }),
            Err(error) => Err(self.failed(&config, server, &error, &guard)),
        }
    }

    fn failed(&self, config: &Config, server: &ServerAddress, error: &Error, guard: &Guard) -> Failed {
        if let Some(answer) = guard.refusal() {
            let (place, remedy) = (self.info.place(), answer.remedy());
            return Failed::Refused(CaptureError::Refused {
                place,
                refusal: RefusalReason::Unsafe(answer).into(),
                remedy,
            });
        }
        let starting = error.code() == Some(&SqlState::CANNOT_CONNECT_NOW);
        let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
        // The library keeps what TLS says within an input error.
        let away = cause.is_some_and(|cause| cause.get_ref().is_none());
        let refusal = refused(&self.info, server, config, error);
        if starting || away { Failed::Absent(refusal) } else { Failed::Refused(refusal) }
    }
}

/// Where a server is, after its name was looked up.
enum Address {
    Socket(std::path::PathBuf),
    Tcp(SocketAddr),
}

async fn addresses(server: &ServerAddress, deadline: Duration) -> Result<Vec<Address>, RefusalReason> {
    let of = |address: IpAddr| Address::Tcp(SocketAddr::new(address, server.port));
    match &server.transport {
        Transport::Socket(folder) => Ok(vec![Address::Socket(ServerAddress::socket(folder, server.port))]),
        Transport::Address(address, _) => Ok(vec![of(*address)]),
        Transport::Name(name) => {
            match tokio::time::timeout(deadline, tokio::net::lookup_host((name.as_str(), server.port))).await {
                Ok(Ok(found)) => Ok(found.map(Address::Tcp).collect()),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(RefusalReason::NoAddress { seconds: deadline.as_secs() }),
            }
        }
    }
}

async fn tcp(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the server's certificate has to be for: its name, or without one its address.
fn certificate_name(server: &ServerAddress) -> String {
    match &server.transport {
        Transport::Name(name) | Transport::Address(_, Some(name)) => name.clone(),
        Transport::Address(address, None) => address.to_string(),
        Transport::Socket(folder) => folder.to_string_lossy().into_owned(),
    }
}

/// TLS with a guard within it: messages can be looked at there only.
struct GuardedTls<T> {
    inner: T,
    guard: Arc<Guard>,
}

impl<S, T> TlsConnect<S> for GuardedTls<T>
where
    S: Send + 'static,
    T: TlsConnect<S> + Send + 'static,
    T::Future: Send + 'static,
    T::Stream: Send + 'static,
{
    type Stream = Guarded<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = self.inner.connect(stream);
        Box::pin(async move { Ok(Guarded::new(connecting.await?, self.guard)) })
    }
}
