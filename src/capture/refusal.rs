use std::error::Error;
use std::io;

/// Why nobody is let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The role may do everything.
    #[error("role `{role}` is a superuser, and an observer needs no such power")]
    Superuser {
        /// The role.
        role: String,
    },
    /// The server says no.
    #[error("{message} (SQLSTATE {code}){}", if *.pooler { POOLER } else { "" })]
    Server {
        /// What it says, the start of it.
        message: String,
        /// Its code.
        code: String,
        /// Whether it is a pooler that speaks like that.
        pooler: bool,
    },
    /// The server's certificate is not taken.
    #[error("its certificate is not valid")]
    Certificate {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no encrypted connection.
    #[error("TLS failed")]
    Tls {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What a client of the server says of it.
    #[error("{0}")]
    Client(String),
    /// Nobody answers.
    #[error("no answer within {seconds} s")]
    NoAnswer {
        /// So long.
        seconds: u64,
    },
    /// The name of the server has no address in time.
    #[error("its name was not looked up within {seconds} s")]
    NoAddress {
        /// So long.
        seconds: u64,
    },
    /// The answer is not taken.
    #[error(transparent)]
    Unsafe(#[from] UnsafeAnswer),
}

const POOLER: &str = "; is a pooler such as PgBouncer in between? connect to the server itself";

/// What a server sends and a capture does not take: it ends the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsafeAnswer {
    /// More bytes than an answer may have.
    #[error("{what} of the server has more than {} (--max-answer)", bytesize(*.most))]
    TooLarge {
        /// What has.
        what: &'static str,
        /// Bytes that it may have.
        most: u64,
    },
    /// The role is let in without a proof.
    #[error("the server asks for no password at all, which require_auth does not allow")]
    NothingAsked,
    /// A way of asking that somebody has excluded.
    #[error("the server asks for `{method}`, but require_auth allows {allowed}")]
    Method {
        /// The way.
        method: String,
        /// The value of `require_auth`.
        allowed: String,
    },
    /// Whoever asks could log in with the answer elsewhere.
    #[error(
        "the server, whose identity is not verified, asks for the password {}",
        if .method == "password" { "in clear text" } else { "hashed by MD5" }
    )]
    PasswordShown {
        /// The way.
        method: String,
    },
}

impl UnsafeAnswer {
    /// What helps.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::TooLarge { .. } => "is this a PostgreSQL server?".to_owned(),
            Self::NothingAsked => "is this the right server?".to_owned(),
            Self::Method { .. } => "see require_auth in docs/live.md".to_owned(),
            Self::PasswordShown { method } => format!(
                "use sslmode=verify-full, let the server use scram-sha-256, or accept the risk by require_auth={method}"
            ),
        }
    }
}

/// Why a server is gone for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoneReason {
    /// It did not come back. What the last attempt said, as the recording has it.
    #[error("{0}")]
    Away(String),
    /// It never answered.
    #[error("it answered no poll; see the gaps of the recording")]
    NoPoll,
    /// Its counters are of something else.
    #[error("another server answers: its system identifier is {now}, not {before}")]
    OtherServer {
        /// The identifier at the beginning.
        before: String,
        /// That of the server which answers.
        now: String,
    },
    /// Its counters may mean something else.
    #[error("another version answers: {now}, not {before}; begin a new recording")]
    OtherVersion {
        /// Kind, version and extensions at the beginning.
        before: String,
        /// Those of the server which answers.
        now: String,
    },
}

fn bytesize(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        bytes => format!("{bytes} bytes"),
    }
}
