//! The one reader of connection strings: what connects and what conceals the password see the same parameters.

use std::ops::Range;

use super::keywords;
use crate::capture::StringProblem;

/// A parameter as it was given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConnectionParameter {
    /// Its key, decoded.
    pub(super) key: String,
    /// Its value, decoded.
    pub(super) value: String,
    /// The bytes of the string that are left out to be rid of it, whatever separates it from the next one included.
    pub(super) span: Range<usize>,
}

/// The parameters of a connection string, in the order in which they stand there.
///
/// A URL may have several hosts; `host` and `port` are then lists, as they are in `key=value` pairs.
pub(super) fn parameters(text: &str) -> Result<Vec<ConnectionParameter>, StringProblem> {
    if let Some(scheme) = foreign_scheme(text) {
        return Err(scheme);
    }
    match ["postgresql://", "postgres://"].into_iter().find(|scheme| text.starts_with(scheme)) {
        Some(scheme) => url(text, scheme.len()),
        None => pairs(text),
    }
}

/// Keys whose values are free text, in which any letter may be meant.
const FREE_TEXT: [&str; 10] = [
    "password",
    "options",
    "application_name",
    "fallback_application_name",
    "passfile",
    "servicefile",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
];

/// An error where a value, as it was written, has what separates options elsewhere: it may hold the password.
fn check_separators(key: &str, written: &str) -> Result<(), StringProblem> {
    if !FREE_TEXT.contains(&key) && written.contains([';', '&', '#']) {
        return Err(StringProblem::Separator);
    }
    Ok(())
}

/// Whether something in a value may be a password: an option of that name, or a URL with credentials.
pub(super) fn has_password(value: &str) -> bool {
    let lower = value.to_lowercase();
    let is_named = ["password", "passwd", "pwd", "pass", "passphrase", "secret"].iter().any(|word| {
        let behind = lower.match_indices(word).map(|(at, _)| lower[at + word.len()..].trim_start());
        behind.into_iter().any(|behind| behind.starts_with(['=', ':']))
    });
    let has_url = lower.split_once("://").is_some_and(|(_, behind)| behind.contains('@'));
    is_named || has_url
}

/// Schemes of other clients and frameworks for the same servers.
const FRAMEWORKS: [&str; 13] = [
    "ecto",
    "cockroachdb",
    "cockroach",
    "postgis",
    "pgsql",
    "psql",
    "pg",
    "pq",
    "pgx",
    "asyncpg",
    "timescaledb",
    "yugabytedb",
    "r2dbc",
];

/// What helps somebody whose string is one of another client.
fn foreign_scheme(text: &str) -> Option<StringProblem> {
    let lower = text.trim_start().to_ascii_lowercase();
    if lower.starts_with("pgsql:") && !lower.starts_with("pgsql://") {
        return Some(StringProblem::Pdo);
    }
    let (scheme, _) = text.split_once("://").or_else(|| text.strip_prefix("jdbc:").map(|_| ("jdbc:", "")))?;
    let lower = scheme.to_ascii_lowercase();
    if matches!(scheme, "postgres" | "postgresql") || scheme.contains(['=', '\'', ' ']) {
        return None;
    }
    Some(match lower.as_str() {
        jdbc if jdbc.starts_with("jdbc:") => StringProblem::Jdbc,
        sqlalchemy
            if sqlalchemy
                .split_once('+')
                .is_some_and(|(server, _)| server.starts_with("postgres") || FRAMEWORKS.contains(&server)) =>
        {
            StringProblem::SqlAlchemy
        }
        framework if framework.split(':').next().is_some_and(|first| FRAMEWORKS.contains(&first)) => {
            StringProblem::FrameworkScheme
        }
        "postgres" | "postgresql" => StringProblem::UpperCase,
        "http" | "https" => StringProblem::WebPage,
        _ => StringProblem::OtherScheme,
    })
}

/// Whether a key is one that may be repeated in messages, because it cannot be a part of a password.
fn is_word(key: &str) -> bool {
    keywords::find(key).is_some() || keywords::instead(key).is_some()
}

fn url(text: &str, start: usize) -> Result<Vec<ConnectionParameter>, StringProblem> {
    let mut found = Vec::new();
    let mut add = |key: &str, range: Range<usize>, span: Range<usize>| -> Result<(), StringProblem> {
        check_separators(key, &text[range.clone()])?;
        found.push(ConnectionParameter { key: key.to_owned(), value: decoded(&text[range])?, span });
        Ok(())
    };
    // As libpq: the credentials end at the first @ before any slash; a @ in them is written as %40. Where that gives a host
    // with a @ in it, the last one is meant.
    let authority_end = text[start..].find(['/', '?']).map_or(text.len(), |at| start + at);
    let host_start = match text[start..authority_end].rfind('@') {
        Some(at) => {
            let end = start + at;
            let colon = text[start..end].find(':').map(|at| start + at);
            add("user", start..colon.unwrap_or(end), start..colon.unwrap_or(end))?;
            if let Some(colon) = colon {
                add("password", colon + 1..end, colon..end)?;
            }
            end + 1
        }
        None => start,
    };
    let hosts = &text[host_start..authority_end];
    check_separators("host", hosts)?;
    let stray = text[authority_end..].contains('@');
    if !hosts.is_empty() {
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in hosts.split(',') {
            let (name, port) = host_and_port(host)?;
            if stray && !port.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(StringProblem::StrayAt);
            }
            names.push(decoded(name)?);
            ports.push(decoded(port)?);
        }
        let span = host_start..authority_end;
        found.push(ConnectionParameter { key: "host".to_owned(), value: names.join(","), span: span.clone() });
        if ports.iter().any(|port| !port.is_empty()) {
            found.push(ConnectionParameter { key: "port".to_owned(), value: ports.join(","), span });
        }
    }
    let query_start = text[authority_end..].find('?').map(|at| authority_end + at);
    let path = authority_end..query_start.unwrap_or(text.len());
    if text[path.clone()].contains('@') {
        return Err(StringProblem::StrayAt);
    }
    if path.len() > 1 {
        check_separators("dbname", &text[path.clone()])?;
        let value = decoded(&text[path.start + 1..path.end])?;
        found.push(ConnectionParameter { key: "dbname".to_owned(), value, span: path });
    }
    let mut at = query_start.map_or(text.len(), |query| query + 1);
    while at < text.len() {
        let end = text[at..].find('&').map_or(text.len(), |length| at + length);
        let next = (end + 1).min(text.len());
        if end > at {
            let Some(equals) = text[at..end].find('=').map(|length| at + length) else {
                return Err(StringProblem::ParameterWithoutEquals);
            };
            let key = decoded(&text[at..equals])?;
            if stray && !is_word(&key) {
                return Err(StringProblem::StrayAt);
            }
            check_separators(&key, &text[equals + 1..end])?;
            found.push(ConnectionParameter { key, value: decoded(&text[equals + 1..end])?, span: at..next });
        }
        at = next;
    }
    Ok(found)
}

/// A name and a port, either of which may be empty; an address of IPv6 stands in brackets.
fn host_and_port(host: &str) -> Result<(&str, &str), StringProblem> {
    if let Some(rest) = host.strip_prefix('[') {
        let (name, rest) = rest.split_once(']').ok_or(StringProblem::OpenBracket)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((name, port)),
            None if rest.is_empty() => Ok((name, "")),
            None => Err(StringProblem::BehindBracket),
        };
    }
    match host.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(StringProblem::NoBrackets),
        Some((name, port)) => Ok((name, port)),
        None => Ok((host, "")),
    }
}

/// Text of a URL with its percent escapes taken out.
fn decoded(text: &str) -> Result<String, StringProblem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().ok_or(StringProblem::Escape)?, rest.next().ok_or(StringProblem::Escape)?];
                hex::decode(digits).map_err(|_| StringProblem::Escape)?[0]
            }
            byte => byte,
        });
    }
    if bytes.contains(&0) {
        return Err(StringProblem::Nul);
    }
    String::from_utf8(bytes).map_err(|_| StringProblem::Escape)
}

/// `key = value`, separated by white space; a value with white space in it is quoted, and `\` takes the next letter as it is.
fn pairs(text: &str) -> Result<Vec<ConnectionParameter>, StringProblem> {
    let mut found: Vec<ConnectionParameter> = Vec::new();
    let mut letters = text.char_indices().peekable();
    loop {
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        let Some((start, _)) = letters.peek().copied() else { return Ok(found) };
        let mut key = String::new();
        while let Some((_, letter)) = letters.next_if(|(_, letter)| *letter != '=' && !letter.is_whitespace()) {
            key.push(letter);
        }
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        letters.next_if(|(_, letter)| *letter == '=').ok_or(StringProblem::KeyWithoutEquals)?;
        while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        let quoted = letters.next_if(|(_, letter)| *letter == '\'').is_some();
        let mut value = String::new();
        let end = loop {
            match letters.next() {
                Some((at, '\'')) if quoted => break at + 1,
                Some((at, letter)) if !quoted && letter.is_whitespace() => break at,
                Some((_, '\\')) => value.extend(letters.next().map(|(_, letter)| letter)),
                Some((_, letter)) => value.push(letter),
                None if quoted => return Err(StringProblem::OpenQuote),
                None => break text.len(),
            }
        };
        if !quoted {
            check_separators(&key, &value)?;
        }
        if !is_word(&key) && found.iter().any(|parameter| parameter.key == "password") {
            return Err(StringProblem::BehindPassword);
        }
        found.push(ConnectionParameter { key, value, span: start..end });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parameters(text).unwrap().into_iter().map(|parameter| (parameter.key, parameter.value)).collect()
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        for (text, expected) in [
            ("postgres://", ""),
            ("postgresql:///app", "dbname=app"),
            ("postgres://me@/app", "user=me dbname=app"),
            ("postgres://me:se%40cret@db:6432/app", "user=me password=se@cret host=db port=6432 dbname=app"),
            ("postgres://me:p@ss@db/app", "user=me password=p@ss host=db dbname=app"),
            ("postgres://a%3Ab:c:d@db", "user=a:b password=c:d host=db"),
            ("postgres://[::1]:7000,db2/app", "host=::1,db2 port=7000, dbname=app"),
            ("postgres://%2Frun%2Fpg/app?user=me", "host=/run/pg dbname=app user=me"),
            ("postgres://db?%70assword=x&sslmode=require", "host=db password=x sslmode=require"),
            ("postgres:///a?b", "!"),
            ("postgres://::1/app", "!"),
            ("postgres://[::1/app", "!"),
            ("postgres://me%4@db", "!"),
            ("postgres://me%00@db", "!"),
        ] {
            let found = parameters(text).map_or("!".to_owned(), |found| {
                let pairs = found.iter().map(|parameter| format!("{}={}", parameter.key, parameter.value));
                pairs.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn pairs_are_read_as_libpq_reads_them() {
        let expected = [("host", "db"), ("password", "a 'b\\"), ("user", ""), ("dbname", "x")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(read(r"host=db password = 'a \'b\\'  user='' dbname=x"), expected);
    }

    #[test]
    fn a_string_of_another_client_gets_the_sentence_that_helps() {
        for (text, sentence) in [
            ("jdbc:postgresql://db/app", "leave out `jdbc:`"),
            ("postgresql+psycopg2://me@db/app", "leave out the driver"),
            ("POSTGRES://me@db/app", "lower case"),
            ("mysql://me@db/app", "not `postgres`"),
            ("mysql+pymysql://me@db/app", "not `postgres`"),
            ("oracle+cx_oracle://me@db/app", "not `postgres`"),
            ("cockroachdb+asyncpg://me@db/app", "leave out the driver"),
            ("ecto://me@db/app", "write `postgres://` in its place"),
            ("cockroachdb://me@db/app", "write `postgres://` in its place"),
            ("pgsql:host=db;dbname=app;password=hunter2", "leave out `pgsql:`"),
            ("Host=db;Username=me;Database=app;Password=hunter2", "Npgsql"),
            ("Host=db; Username=me; Database=app", "Npgsql"),
        ] {
            let problem = parameters(text).unwrap_err().to_string();
            assert!(problem.contains(sentence), "{text}: {problem}");
        }
    }
}
