//! The servers that a connection string names, in the order in which they are tried.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::capture::UsageProblem;

/// Folders where a local server has its socket, as distributions have it.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// A server to try.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::capture) struct ServerAddress {
    pub(in crate::capture) transport: Transport,
    pub(in crate::capture) port: u16,
}

/// How a server is reached. Only a socket of this machine goes without TLS unless sslmode=disable is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::capture) enum Transport {
    /// The folder of its socket.
    Socket(PathBuf),
    /// TCP, to the addresses of a name.
    Name(String),
    /// TCP, to an address; certificates are for the name, if there is one.
    Address(IpAddr, Option<String>),
}

impl ServerAddress {
    /// What a pgpass file calls it.
    pub(in crate::capture) fn pgpass_name(&self) -> String {
        match &self.transport {
            // As libpq has it: a socket in the usual folder is the local host.
            Transport::Socket(folder) if SOCKET_FOLDERS.iter().any(|usual| folder == Path::new(usual)) => {
                "localhost".to_owned()
            }
            Transport::Socket(folder) => folder.to_string_lossy().into_owned(),
            Transport::Name(name) | Transport::Address(_, Some(name)) => name.clone(),
            Transport::Address(address, None) => address.to_string(),
        }
    }

    /// The file of its socket.
    pub(in crate::capture) fn socket(folder: &Path, port: u16) -> PathBuf {
        folder.join(format!(".s.PGSQL.{port}"))
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Socket(folder) => write!(f, "{}:{}", folder.display(), self.port),
            Transport::Name(name) | Transport::Address(_, Some(name)) => write!(f, "{name}:{}", self.port),
            Transport::Address(address, None) => write!(f, "{address}:{}", self.port),
        }
    }
}

/// The servers of the lists `host`, `hostaddr` and `port`.
pub(super) fn servers(
    host: Option<String>,
    hostaddr: Option<String>,
    port: Option<String>,
) -> Result<Vec<ServerAddress>, UsageProblem> {
    let split = |list: &Option<String>| -> Vec<String> {
        list.as_ref().map_or_else(Vec::new, |list| list.split(',').map(|entry| entry.trim().to_owned()).collect())
    };
    let (hosts, addresses, ports) = (split(&host), split(&hostaddr), split(&port));
    let count = hosts.len().max(addresses.len()).max(1);
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(UsageProblem::AddressCount { hosts: hosts.len(), addresses: addresses.len() });
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(UsageProblem::PortCount { ports: ports.len(), hosts: count });
    }
    (0..count)
        .map(|index| {
            let port = match ports.get(index).or(ports.first()).map(String::as_str) {
                None | Some("") => DEFAULT_PORT,
                Some(text) => text.parse().ok().filter(|port| *port > 0).ok_or(UsageProblem::Port)?,
            };
            let name = hosts.get(index).filter(|name| !name.is_empty());
            let transport = match (addresses.get(index).filter(|address| !address.is_empty()), name) {
                (Some(address), name) => {
                    let address = address.parse().map_err(|_| UsageProblem::Address)?;
                    Transport::Address(address, name.filter(|name| !name.starts_with(['/', '@'])).cloned())
                }
                (None, Some(name)) if name.starts_with('/') => Transport::Socket(PathBuf::from(name)),
                (None, Some(name)) if name.starts_with('@') => {
                    return Err(UsageProblem::AbstractSocket);
                }
                (None, Some(name)) => {
                    name.parse().map_or(Transport::Name(name.clone()), |address| Transport::Address(address, None))
                }
                (None, None) => usual(port),
            };
            Ok(ServerAddress { transport, port })
        })
        .collect()
}

/// The server of this machine: by its socket, where there is one in a usual folder.
fn usual(port: u16) -> Transport {
    let found = SOCKET_FOLDERS.into_iter().map(Path::new).find(|folder| ServerAddress::socket(folder, port).exists());
    found.map_or_else(|| Transport::Name("localhost".to_owned()), |folder| Transport::Socket(folder.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_go_together() {
        let read = |host: &str, hostaddr: &str, port: &str| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            servers(given(host), given(hostaddr), given(port))
                .map(|servers| servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
                .map_err(|error| error.to_string())
        };
        for (host, hostaddr, port, expected) in [
            ("db", "", "", "db:5432"),
            ("a,b", "", "7", "a:7 b:7"),
            ("a,b", "", "7,", "a:7 b:5432"),
            ("/run/pg,b", "", "1,2", "/run/pg:1 b:2"),
            ("", "127.0.0.1,::1", "", "127.0.0.1:5432 ::1:5432"),
            ("a,b", "127.0.0.1,::1", "", "a:5432 b:5432"),
        ] {
            assert_eq!(read(host, hostaddr, port).as_deref(), Ok(expected), "{host} {hostaddr} {port}");
        }
        for (host, hostaddr, port, problem) in [
            ("a,b", "127.0.0.1", "", "2 hosts and 1 of hostaddr"),
            ("a", "", "1,2", "2 ports and 1 host:"),
            ("a", "", "0", "a port is not a number"),
            ("a", "", "65536", "a port is not a number"),
            ("a", "db", "", "hostaddr is not an IP address"),
            ("@x", "", "", "abstract namespace"),
        ] {
            let error = read(host, hostaddr, port).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
