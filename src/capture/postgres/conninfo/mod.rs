//! Connection strings, as `psql` takes them: URLs and `key=value` pairs, the environment behind them.

mod keywords;
mod parameters;
mod server;
mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::ChannelBinding;

use super::require_auth::RequireAuth;
use crate::capture::{CaptureError, StringProblem, UsageProblem, ValueProblem};
use crate::diagnostics::UnknownName;
use keywords::{Handling, KEYWORDS};
use parameters::{has_password, parameters};
pub(super) use server::{ServerAddress, Transport};

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
        found.map(|(_, mode)| mode).ok_or_else(|| UsageProblem::SslMode { mode: text.to_owned() }.into())
    }
}

/// Where to connect, and as whom. It prints without its password.
#[derive(Clone)]
pub struct Conninfo {
    /// At least one.
    pub(super) servers: Vec<ServerAddress>,
    user: String,
    dbname: Option<String>,
    pub(super) password: Option<String>,
    /// Options of the session that somebody asked for, as the server takes them.
    pub(super) options: String,
    pub(super) application_name: String,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) channel_binding: ChannelBinding,
    pub(super) require_auth: RequireAuth,
    /// Of TCP connections; a local socket has none.
    pub(super) sslmode: SslMode,
    pub(super) sslrootcert: Option<PathBuf>,
    pub(super) sslcert: Option<PathBuf>,
    pub(super) sslkey: Option<PathBuf>,
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

/// The variable that carries a password which was taken out of a connection string, to the program started anew without it.
pub const CONCEALED_PASSWORD: &str = "TELLTAPE_CONCEALED_PASSWORD";

/// Settings of a session that libpq takes from the environment.
const SESSION: [(&str, &str); 3] = [("PGDATESTYLE", "DateStyle"), ("PGTZ", "TimeZone"), ("PGGEQO", "geqo")];

impl Conninfo {
    /// Reads a connection string; what it leaves out is taken from the service that it names, and then from the variables of
    /// libpq, `PGHOST` and so on.
    ///
    /// # Errors
    /// When it is none, or says something that a capture cannot do. No message repeats any part of the string that could be a
    /// password.
    pub fn new(text: &str, environment: Environment<'_>) -> Result<Self, CaptureError> {
        let mut given = Given::default();
        for parameter in parameters(text).map_err(UsageProblem::NotAString)? {
            given.set(&parameter.key, parameter.value, "the connection string")?;
        }
        // Ranks as it did in the string that it was taken out of: before services and PGPASSWORD.
        if let Some(password) = environment(CONCEALED_PASSWORD) {
            given.set("password", password, "the connection string")?;
        }
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        if let Some(service) = given.take("service").or_else(|| variable("PGSERVICE")) {
            let file = given.take("servicefile").or_else(|| variable("PGSERVICEFILE"));
            let known = std::mem::take(&mut given);
            for (key, value) in service::parameters(&service, file.as_deref(), environment)? {
                given.set(key.trim(), value.trim().to_owned(), &format!("service `{service}`"))?;
            }
            given.0.extend(known.0);
        }
        for keyword in &KEYWORDS {
            if let Some(name) = keyword.variable
                && !given.0.contains_key(keyword.key)
                && let Some(value) = variable(name)
            {
                given.set(keyword.key, value, name)?;
            }
        }
        given.into_conninfo(environment)
    }

    /// The role, the hosts and the database, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        let hosts: Vec<String> = self.servers.iter().map(ToString::to_string).collect();
        format!("{}@{}/{}", self.user(), hosts.join(","), self.database())
    }

    /// The role.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database: that of the role's name without one.
    #[must_use]
    pub fn database(&self) -> &str {
        self.dbname.as_deref().unwrap_or(&self.user)
    }

    /// The string without the password in it, and the password; `None` if there is none in it.
    #[must_use]
    pub fn without_password(text: &str) -> Option<(String, String)> {
        let found = parameters(text).ok()?;
        let passwords: Vec<_> = found.into_iter().filter(|parameter| parameter.key == "password").collect();
        let password = passwords.last()?.value.clone();
        let mut concealed = text.to_owned();
        for parameter in passwords.into_iter().rev() {
            concealed.replace_range(parameter.span, "");
        }
        Some((concealed, password))
    }
}

/// Values by keyword, with what has given them.
#[derive(Default)]
struct Given(BTreeMap<&'static str, (String, String)>);

impl Given {
    fn set(&mut self, key: &str, value: String, by: &str) -> Result<(), CaptureError> {
        let Some(keyword) = keywords::find(key) else {
            if !key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ' ')) {
                return Err(UsageProblem::NotAString(StringProblem::OddKey).into());
            }
            let shown: String = key.chars().take(40).collect();
            let problem = match keywords::instead(key) {
                Some(instead) => UsageProblem::Foreign { key: shown, by: by.to_owned(), instead },
                None => keywords::unknown(&shown).in_context(format!("in {by}")).into(),
            };
            return Err(problem.into());
        };
        if value.is_empty() {
            // As libpq has it: an empty value is none, but stands before the environment.
            self.0.insert(keyword.key, (value, by.to_owned()));
            return Ok(());
        }
        if keyword.key != "password" && has_password(&value) {
            let problem = ValueProblem::HasPassword;
            return Err(UsageProblem::Value { key: keyword.key, by: by.to_owned(), problem }.into());
        }
        match keyword.handling {
            Handling::Used => {}
            Handling::Only(values) if values.contains(&value.as_str()) => {}
            Handling::Only(values) => {
                return Err(UsageProblem::OtherValue { key: keyword.key, by: by.to_owned(), values }.into());
            }
            Handling::Refused(remedy) => {
                return Err(UsageProblem::NotTaken { key: keyword.key, by: by.to_owned(), remedy }.into());
            }
        }
        self.0.insert(keyword.key, (value, by.to_owned()));
        Ok(())
    }

    fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key).map(|(value, _)| value).filter(|value| !value.is_empty())
    }

    /// A value that has to be one of a few.
    fn parse<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, ValueProblem>,
    ) -> Result<Option<T>, UsageProblem> {
        let Some((value, by)) = self.0.remove(key).filter(|(value, _)| !value.is_empty()) else { return Ok(None) };
        parse(&value).map(Some).map_err(|problem| UsageProblem::Value { key, by, problem })
    }

    fn into_conninfo(mut self, environment: Environment<'_>) -> Result<Conninfo, CaptureError> {
        let servers = server::servers(self.take("host"), self.take("hostaddr"), self.take("port"))?;
        let user = self.take("user").or_else(|| environment("USER").filter(|user| !user.is_empty()));
        let user = user.ok_or(UsageProblem::NoRole)?;
        let mut options = self.take("options").unwrap_or_default();
        for (variable, setting) in SESSION {
            if let Some(value) = environment(variable).filter(|value| !value.is_empty()) {
                let escaped = value.replace('\\', "\\\\").replace(' ', "\\ ");
                options = format!("-c {setting}={escaped} {options}");
            }
        }
        let sslmode = self.take("sslmode").map_or(Ok(SslMode::VerifyFull), |mode| SslMode::parse(&mode))?;
        let sslrootcert = self.take("sslrootcert").map(PathBuf::from);
        let system = sslrootcert.as_deref().is_some_and(|path| path.as_os_str() == "system");
        if system && matches!(sslmode, SslMode::Require | SslMode::VerifyCa) {
            return Err(UsageProblem::SystemWithoutHost.into());
        }
        let application_name = self.take("application_name").or_else(|| self.take("fallback_application_name"));
        let timeout =
            self.parse("connect_timeout", |text| text.trim().parse::<i32>().map_err(|_| ValueProblem::Seconds))?;
        Ok(Conninfo {
            servers,
            user,
            dbname: self.take("dbname"),
            password: self.take("password"),
            options,
            application_name: application_name.unwrap_or_else(|| "telltape".to_owned()),
            connect_timeout: timeout
                .and_then(|seconds| u64::try_from(seconds).ok())
                .filter(|seconds| *seconds > 0)
                .map(Duration::from_secs),
            channel_binding: self
                .parse("channel_binding", |text| match text {
                    "disable" => Ok(ChannelBinding::Disable),
                    "prefer" => Ok(ChannelBinding::Prefer),
                    "require" => Ok(ChannelBinding::Require),
                    other => Err(UnknownName::new("value", other, ["disable", "prefer", "require"]).into()),
                })?
                .unwrap_or(ChannelBinding::Prefer),
            require_auth: self.parse("require_auth", str::parse)?.unwrap_or_default(),
            sslmode,
            sslrootcert,
            sslcert: self.take("sslcert").map(PathBuf::from),
            sslkey: self.take("sslkey").map(PathBuf::from),
            passfile: self.take("passfile").map(PathBuf::from),
        })
    }
}

#[cfg(test)]
mod tests;
