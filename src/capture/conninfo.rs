//! Connection strings, as `psql` takes them: URLs and `key=value` pairs, the environment behind them.

use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::CaptureError;

/// How far the server is trusted: the modes of libpq that do not fall back to clear text in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Clear text.
    Disable,
    /// Encrypted, to whoever answers.
    Require,
    /// Encrypted, to somebody with a certificate of the authority.
    VerifyCa,
    /// Encrypted, to the host that was asked for. The default, but for a local socket.
    VerifyFull,
}

impl SslMode {
    const ALL: [(&'static str, Self); 4] = [
        ("disable", Self::Disable),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// Its name in connection strings.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    fn parse(text: &str) -> Result<Self, CaptureError> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, mode)| mode).ok_or_else(|| {
            let why = match text {
                "allow" | "prefer" => " may fall back to clear text in silence, and is not taken",
                _ => " is not known",
            };
            CaptureError::usage(format!("sslmode `{text}`{why}; known: disable, require, verify-ca, verify-full"))
        })
    }
}

/// Where to connect, and as whom. It prints without its password.
#[derive(Clone)]
pub struct Conninfo {
    pub(super) config: Config,
    pub(super) sslmode: SslMode,
    pub(super) sslrootcert: Option<PathBuf>,
    pub(super) passfile: Option<PathBuf>,
}

impl std::fmt::Debug for Conninfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conninfo")
            .field("server", &self.place())
            .field("sslmode", &self.sslmode)
            .finish_non_exhaustive()
    }
}

/// Looks a variable of the environment up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Conninfo {
    /// Reads a connection string; what it leaves out is taken from `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE`, `PGPASSWORD`,
    /// `PGPASSFILE`, `PGSSLMODE` and `PGSSLROOTCERT`.
    ///
    /// # Errors
    /// When it is none, or says something that a capture cannot do. No message repeats any part of the string that could be a
    /// password.
    pub fn new(text: &str, environment: Environment<'_>) -> Result<Self, CaptureError> {
        let (rest, own) = take_own(text)?;
        let mut config = Config::from_str(&rest).map_err(|error| CaptureError::usage(not_a_string(&error)))?;
        fill(&mut config, environment)?;
        let local = config.get_hosts().iter().all(is_local);
        let variable = |key: &str, name: &str| {
            own.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone()).or_else(|| environment(name))
        };
        let sslmode = match variable("sslmode", "PGSSLMODE") {
            Some(mode) => SslMode::parse(&mode)?,
            None if local => SslMode::Disable,
            None => SslMode::VerifyFull,
        };
        config.ssl_mode(match sslmode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            _ if local => tokio_postgres::config::SslMode::Disable,
            _ => tokio_postgres::config::SslMode::Require,
        });
        Ok(Self {
            config,
            sslmode,
            sslrootcert: variable("sslrootcert", "PGSSLROOTCERT").map(PathBuf::from),
            passfile: variable("passfile", "PGPASSFILE").map(PathBuf::from),
        })
    }

    /// The role, the hosts and the database, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}@{}/{}", self.user(), self.hosts().join(","), self.database())
    }

    /// The hosts with their ports.
    fn hosts(&self) -> Vec<String> {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate();
        hosts
            .map(|(index, host)| {
                let port = port(ports, index);
                match host {
                    Host::Tcp(name) => format!("{name}:{port}"),
                    Host::Unix(path) => format!("{}:{port}", path.display()),
                }
            })
            .collect()
    }

    /// The role.
    #[must_use]
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// The database: that of the role's name without one.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or(self.user())
    }

    /// The string without the password in it, and the password; `None` if there is none in it.
    #[must_use]
    pub fn without_password(text: &str) -> Option<(String, String)> {
        let (rest, _) = take_own(text).ok()?;
        let password = Config::from_str(&rest).ok()?.get_password().map(<[u8]>::to_vec)?;
        let password = String::from_utf8(password).ok()?;
        let is_password = |pair: &str| pair.split('=').next() == Some("password");
        let concealed = match text.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, query) =
                    rest.split_once('?').map_or((rest, None), |(authority, query)| (authority, Some(query)));
                // The last @ ends the credentials; the first colon in them begins the password.
                let authority = match authority.rsplit_once('@') {
                    Some((credentials, host)) => {
                        format!("{}@{host}", credentials.split(':').next().unwrap_or_default())
                    }
                    None => authority.to_owned(),
                };
                let query =
                    query.map(|query| query.split('&').filter(|pair| !is_password(pair)).collect::<Vec<_>>().join("&"));
                format!("{scheme}://{authority}{}", query.map_or_else(String::new, |query| format!("?{query}")))
            }
            None => {
                let kept = pairs(text).ok()?.into_iter().filter(|(key, ..)| key != "password");
                kept.map(|(.., written)| written).collect::<Vec<_>>().join(" ")
            }
        };
        Some((concealed, password))
    }
}

/// The port of host number `index`: one stands for all.
pub(super) fn port(ports: &[u16], index: usize) -> u16 {
    ports.get(index).or(ports.first()).copied().unwrap_or(5432)
}

fn is_local(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

/// What the reader of connection strings says, without what it quotes: that may be a password.
fn not_a_string(error: &tokio_postgres::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    let what = ["unknown option", "invalid value", "unexpected", "invalid connection string"];
    let problem = match what.into_iter().find(|known| text.contains(known)) {
        // The name of an option is between backticks, and only that.
        Some(known @ ("unknown option" | "invalid value")) => {
            let name: String = text.split('`').nth(1).unwrap_or_default().chars().take(40).collect();
            format!("{known} `{name}`")
        }
        _ => "it cannot be read".to_owned(),
    };
    format!(
        "not a connection string: {problem}; write postgres://ROLE@HOST:PORT/DATABASE or 'host=… port=… user=… dbname=…', \
         with % and two hexadecimal digits for letters like @ : / in a URL"
    )
}

/// What the connection string leaves out.
fn fill(config: &mut Config, environment: Environment<'_>) -> Result<(), CaptureError> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        match environment("PGHOST") {
            Some(host) => config.host(host),
            None => config.host("localhost"),
        };
    }
    if config.get_ports().is_empty()
        && let Some(port) = environment("PGPORT")
    {
        config.port(port.parse().map_err(|_| CaptureError::usage("PGPORT is not a port number".to_owned()))?);
    }
    if config.get_user().is_none() {
        match environment("PGUSER").or_else(|| environment("USER")) {
            Some(user) => config.user(user),
            None => {
                return Err(CaptureError::usage("no role is given; write postgres://ROLE@HOST/DATABASE".to_owned()));
            }
        };
    }
    if config.get_dbname().is_none()
        && let Some(database) = environment("PGDATABASE")
    {
        config.dbname(database);
    }
    if config.get_password().is_none()
        && let Some(password) = environment("PGPASSWORD")
    {
        config.password(password);
    }
    Ok(())
}

/// A connection string without the parameters that the client library does not know, and those.
type Own = Vec<(String, String)>;
const OWN: [&str; 3] = ["sslmode", "sslrootcert", "passfile"];

fn take_own(text: &str) -> Result<(String, Own), CaptureError> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let Some((url, query)) = text.split_once('?') else { return Ok((text.to_owned(), Own::new())) };
        let mut own = Own::new();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some((key, value)) if OWN.contains(&key) => own.push((key.to_owned(), decoded(value)?)),
                _ => rest.push(pair),
            }
        }
        let rest = if rest.is_empty() { url.to_owned() } else { format!("{url}?{}", rest.join("&")) };
        return Ok((rest, own));
    }
    let mut own = Own::new();
    let mut rest = String::new();
    for (key, value, written) in pairs(text)? {
        if OWN.contains(&key.as_str()) {
            own.push((key, value));
        } else {
            rest.push_str(&written);
            rest.push(' ');
        }
    }
    Ok((rest, own))
}

/// A value of a URL with its percent escapes taken out.
fn decoded(value: &str) -> Result<String, CaptureError> {
    let bad = || CaptureError::usage("not a connection string: a percent escape in it is none".to_owned());
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                hex::decode(digits).map_err(|_| bad())?[0]
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

/// Key, value, and both as they are written, of a string of `key=value` pairs.
fn pairs(text: &str) -> Result<Vec<(String, String, String)>, CaptureError> {
    let bad = |problem: &str| {
        let hint = "write postgres://ROLE@HOST:PORT/DATABASE or 'host=… port=… user=… dbname=…'";
        CaptureError::usage(format!("not a connection string: {problem}; {hint}"))
    };
    let mut pairs = Vec::new();
    let mut letters = text.char_indices().peekable();
    loop {
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        let Some((start, _)) = letters.peek().copied() else { return Ok(pairs) };
        let mut key = String::new();
        while let Some((_, letter)) = letters.next_if(|(_, letter)| *letter != '=' && !letter.is_whitespace()) {
            key.push(letter);
        }
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        letters.next_if(|(_, letter)| *letter == '=').ok_or_else(|| bad("a key has no `=` behind it"))?;
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        let quoted = letters.next_if(|(_, letter)| *letter == '\'').is_some();
        let mut value = String::new();
        let end = loop {
            match letters.next() {
                Some((at, '\'')) if quoted => break at + 1,
                Some((at, letter)) if !quoted && letter.is_whitespace() => break at,
                Some((_, '\\')) => value.extend(letters.next().map(|(_, letter)| letter)),
                Some((_, letter)) => value.push(letter),
                None if quoted => return Err(bad("a quote is not closed")),
                None => break text.len(),
            }
        };
        pairs.push((key, value, text[start..end].to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Conninfo, String> {
        Conninfo::new(text, &|_| None).map_err(|error| error.to_string())
    }

    #[test]
    fn urls_and_pairs_say_the_same() {
        for text in [
            "postgres://observer:se%40cret@db.example:6432/app?sslmode=verify-ca&sslrootcert=/etc/ca%20x.pem",
            "host=db.example port=6432 user=observer password='se@cret' dbname=app sslmode = verify-ca sslrootcert='/etc/ca x.pem'",
        ] {
            let info = read(text).unwrap();
            assert_eq!(info.place(), "observer@db.example:6432/app");
            assert_eq!(info.sslmode, SslMode::VerifyCa);
            assert_eq!(info.sslrootcert, Some(PathBuf::from("/etc/ca x.pem")));
            assert_eq!(info.config.get_password(), Some(b"se@cret".as_slice()));
            assert!(!format!("{info:?}").contains("cret"));
            let (concealed, password) = Conninfo::without_password(text).unwrap();
            assert_eq!(password, "se@cret");
            assert!(!concealed.contains("cret"), "{concealed}");
            let again = read(&concealed).unwrap();
            assert_eq!(
                (again.place(), again.sslmode, again.sslrootcert),
                (info.place(), info.sslmode, info.sslrootcert)
            );
            assert_eq!(Conninfo::without_password(&concealed), None);
        }
    }

    #[test]
    fn what_is_left_out_comes_from_the_environment_and_certificates_are_verified() {
        let environment = |name: &str| {
            let value = match name {
                "PGHOST" => "db",
                "PGPORT" => "7000",
                "PGUSER" => "me",
                "PGPASSWORD" => "secret",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let info = Conninfo::new("", &environment).unwrap();
        assert_eq!((info.place(), info.sslmode), ("me@db:7000/me".to_owned(), SslMode::VerifyFull));
        let socket = read("postgres://me@%2Frun%2Fpostgresql/app").unwrap();
        assert_eq!((socket.place(), socket.sslmode), ("me@/run/postgresql:5432/app".to_owned(), SslMode::Disable));
    }

    #[test]
    fn what_is_none_is_refused_and_not_repeated() {
        for (text, problem) in [
            ("postgres://me:hunter2@db:port/app", "not a connection string"),
            ("postgres://me:hunter2@db/app?sslmode=prefer", "may fall back to clear text"),
            ("postgres://me:hunter2@db/app?sslmode=verify", "known: disable, require"),
            ("postgres://me:hunter2@db/app?sslrootcert=%zz", "percent escape"),
            ("postgres://me:hunter2@db/app?nonsense=1", "unknown option `nonsense`"),
            ("user=me password=hunter2 host", "a key has no `=`"),
            ("user=me password='hunter2", "a quote is not closed"),
            ("user=me password=hunter2 port=x", "invalid value"),
            ("hunter2", "a key has no `=`"),
            ("host=db", "no role is given"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
