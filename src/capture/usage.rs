use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::diagnostics::{Place, UnknownName, counted};

/// A connection string, or an option or a file behind it, that cannot be used. No message repeats what could be a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsageProblem {
    /// The text is no connection string.
    #[error(
        "not a connection string: {0}; write postgres://ROLE@HOST:PORT/DATABASE or 'host=… port=… user=… dbname=…', \
         with % and two hexadecimal digits for letters like @ : / in a URL"
    )]
    NotAString(StringProblem),
    /// A keyword that nobody has.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A keyword of another client.
    #[error("unknown option `{key}` in {by}; {instead}")]
    Foreign {
        /// The keyword.
        key: String,
        /// What has given it.
        by: String,
        /// What to write instead.
        instead: &'static str,
    },
    /// A keyword that a capture honours with some values only.
    #[error("`{key}` of {by} may only be {}: {}", .values.join(" or "), only_remedy(.key))]
    OtherValue {
        /// The keyword.
        key: &'static str,
        /// What has given it.
        by: String,
        /// The values.
        values: &'static [&'static str],
    },
    /// A keyword that a capture cannot honour.
    #[error("`{key}` of {by} is not taken: {remedy}")]
    NotTaken {
        /// The keyword.
        key: &'static str,
        /// What has given it.
        by: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A value that its keyword does not have.
    #[error("`{key}` of {by}: {problem}")]
    Value {
        /// The keyword.
        key: &'static str,
        /// What has given it.
        by: String,
        /// What is wrong with the value.
        problem: ValueProblem,
    },
    /// A value of `sslmode` that is not taken; one that is no word may be a part of a password, and is not shown.
    #[error("sslmode{}; known: disable, require, verify-ca, verify-full", why_no_sslmode(.mode))]
    SslMode {
        /// The value.
        mode: String,
    },
    /// Nobody says who connects.
    #[error("no role is given; write postgres://ROLE@HOST/DATABASE")]
    NoRole,
    /// The authorities of the system, and no look at the host.
    #[error("sslrootcert=system needs sslmode=verify-full: anybody has a certificate of a public authority")]
    SystemWithoutHost,
    /// An authority is to be verified, and none is given.
    #[error("sslmode=verify-ca needs sslrootcert, or use verify-full: anybody has a certificate of a public authority")]
    NoAuthority,
    /// Lists of servers of different lengths.
    #[error("{} and {addresses} of hostaddr: give as many of each", counted(*.hosts, "host"))]
    AddressCount {
        /// Entries of `host`.
        hosts: usize,
        /// Entries of `hostaddr`.
        addresses: usize,
    },
    /// Neither one port nor one for each server.
    #[error("{} and {}: give one port, or one for each", counted(*.ports, "port"), counted(*.hosts, "host"))]
    PortCount {
        /// Entries of `port`.
        ports: usize,
        /// Servers.
        hosts: usize,
    },
    /// Not shown: in a URL without a host it is the password.
    #[error("a port is not a number from 1 to 65535")]
    Port,
    /// A name where an address should be.
    #[error("hostaddr is not an IP address; give a name as host")]
    Address,
    /// A socket without a file.
    #[error("sockets in the abstract namespace are not known; give the folder of a socket file")]
    AbstractSocket,
    /// There is no server to try.
    #[error("no server is named")]
    NoServer,
    /// A service file that somebody has named.
    #[error("service file `{}` cannot be read", .path.display())]
    ServiceFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No service file has the service.
    #[error("there is no service {}; looked at: {}", name_service(.service), list_files(.looked))]
    NoService {
        /// Its name.
        service: String,
        /// The files in which it was looked for, and whether they are there.
        looked: Vec<(PathBuf, bool)>,
    },
    /// A line of a service file.
    #[error("{place}: {problem}")]
    ServiceLine {
        /// Where.
        place: Place,
        /// What is wrong with it.
        problem: ServiceLineProblem,
    },
    /// A file of secrets that is open to others.
    #[error("{key} `{path}` may be read by others, so it is not used; `chmod 600 {path}`", path = .path.display())]
    Shared {
        /// The keyword that gives such a file.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A certificate is nothing without its key.
    #[error("sslcert needs its key; give sslkey, too")]
    NoKey,
    /// Certificate and key of the client, together.
    #[error("sslcert and sslkey cannot be used")]
    ClientCertificate {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The authorities, together.
    #[error("the certificates of sslrootcert cannot be used")]
    Authorities {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file of certificates.
    #[error("cannot use {key} `{}` (give a file of certificates in PEM)", .path.display())]
    Certificates {
        /// The keyword.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file of certificates without any.
    #[error("{key} `{}` has no certificate in it; give a file of certificates in PEM", .path.display())]
    NoCertificate {
        /// The keyword.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The key of the client.
    #[error("cannot use sslkey `{}` (give a key in PEM)", .path.display())]
    PrivateKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The log of plans.
    #[error(
        "cannot follow the log `{}`; give the .json file that the server writes with log_destination = 'jsonlog' and \
         logging_collector = on, or its folder", .path.display()
    )]
    Log {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl UsageProblem {
    /// Where, as far as it is about a file.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::ServiceLine { place, .. } => Some(place.clone()),
            Self::ServiceFile { path, .. }
            | Self::Shared { path, .. }
            | Self::Certificates { path, .. }
            | Self::NoCertificate { path, .. }
            | Self::PrivateKey { path, .. }
            | Self::Log { path, .. } => Some(Place::file(path)),
            _ => None,
        }
    }
}

/// Why a text is no connection string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StringProblem {
    /// A URL of JDBC.
    #[error("it is a JDBC URL; leave out `jdbc:` and put the role before the host")]
    Jdbc,
    /// A data source name of PDO.
    #[error("it is a DSN of PDO; leave out `pgsql:`, and separate options by blanks instead of `;`")]
    Pdo,
    /// A URL whose scheme is one of a framework.
    #[error("its scheme is one of another client or framework; write `postgres://` in its place")]
    FrameworkScheme,
    /// Options between which there is something else than blanks or `&`.
    #[error(
        "there is a `;`, `&` or `#` in a value; options are separated by `&` behind one `?` in a URL, and by blanks in \
         key=value pairs (`;` separates them in strings of Npgsql and ODBC); one that is meant is written as %3B, %26 or \
         %23 in a URL, and in quotes elsewhere"
    )]
    Separator,
    /// A key that is no word, and may be a part of a password.
    #[error(
        "a key has other letters than those of words; options are separated by `&` in a URL, and by blanks elsewhere"
    )]
    OddKey,
    /// A URL of SQLAlchemy.
    #[error("it is a URL of SQLAlchemy; leave out the driver, which is from `+` to `:`")]
    SqlAlchemy,
    /// `POSTGRES://`.
    #[error("the scheme is written in lower case")]
    UpperCase,
    /// An address of HTTP.
    #[error("it is the address of a web page")]
    WebPage,
    /// Another scheme.
    #[error("its scheme is not `postgres` or `postgresql`, and a capture reads no other server")]
    OtherScheme,
    /// A part of the password may have been read as something else; nothing of it is repeated.
    #[error("there is a `@` where none is expected: in a password, / and ? and @ are written as %2F and %3F and %40")]
    StrayAt,
    /// A parameter of a URL without a value.
    #[error("a parameter behind `?` has no `=`")]
    ParameterWithoutEquals,
    /// `[::1`.
    #[error("a `[` of an IPv6 address is not closed")]
    OpenBracket,
    /// `[::1]x`.
    #[error("there is something between `]` and the port")]
    BehindBracket,
    /// `::1`.
    #[error("an IPv6 address in a URL stands in brackets, as in `[::1]`")]
    NoBrackets,
    /// `%4`.
    #[error("a percent escape in it is none")]
    Escape,
    /// `%00`.
    #[error("there is a NUL in it")]
    Nul,
    /// A key of a pair without a value.
    #[error("a key has no `=` behind it")]
    KeyWithoutEquals,
    /// An apostrophe too few.
    #[error("a quote is not closed")]
    OpenQuote,
    /// The password had white space in it.
    #[error("what follows the password is not a known key; a value with white space is quoted")]
    BehindPassword,
}

/// What is wrong with the value of a keyword.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// Not one of a few.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// No whole number.
    #[error("it is not a number of seconds")]
    Seconds,
    /// Something that may be a password; nothing of it is shown.
    #[error(
        "there is a password or another URL in it; options are separated by `&` behind one `?` in a URL, and by blanks in \
         key=value pairs"
    )]
    HasPassword,
    /// Methods that are allowed, and others that are not.
    #[error("`require_auth` cannot have methods with and without `!`")]
    MixedMethods,
}

/// What is wrong with a line of a service file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceLineProblem {
    /// It is no pair.
    #[error("there is no `=`; write `key=value`")]
    NoEquals,
    /// It leads to another service.
    #[error("a service cannot name another one")]
    AnotherService,
}

fn only_remedy(key: &str) -> &'static str {
    match key {
        "sslnegotiation" | "target_session_attrs" => "connect to the server itself",
        _ => "a capture cannot do otherwise",
    }
}

fn why_no_sslmode(mode: &str) -> String {
    let why = match mode {
        "allow" | "prefer" => "may fall back to clear text in silence, and is not taken",
        "no-verify" => "is a word of Node; write require",
        _ => "is not known",
    };
    let is_word = mode.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
    if is_word { format!(" `{mode}` {why}") } else { format!(" {why}") }
}

/// The name of a service, unless it may be what was left of a connection string: that can hold a password.
fn name_service(service: &str) -> String {
    if service.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character)) {
        format!("`{service}`")
    } else {
        "of this name (not repeated: names have letters, digits, `_`, `-` and `.`)".to_owned()
    }
}

fn list_files(files: &[(PathBuf, bool)]) -> String {
    if files.is_empty() {
        return "nowhere: HOME is not set".to_owned();
    }
    let shown = files.iter().map(|(path, is_there)| {
        let missing = if *is_there { "" } else { " (not there)" };
        format!("`{}`{missing}", path.display())
    });
    shown.collect::<Vec<_>>().join(", ")
}
