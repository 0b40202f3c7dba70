//! Passwords from a pgpass file, and keeping them out of every message.

use std::path::{Path, PathBuf};

use tokio_postgres::config::Host;

use super::CaptureError;
use super::conninfo::{Conninfo, Environment, port};

/// Takes a password from the pgpass file where the connection string and the environment have none.
///
/// # Errors
/// When the file is one that others may read.
pub(super) fn from_file(info: &mut Conninfo, environment: Environment<'_>) -> Result<(), CaptureError> {
    if info.config.get_password().is_some() {
        return Ok(());
    }
    let default = || environment("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    let Some(path) = info.passfile.clone().or_else(default) else { return Ok(()) };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    if !is_private(&path) {
        let path = path.display();
        return Err(CaptureError::usage(format!(
            "`{path}` may be read by others, so it is not used; `chmod 600 {path}`"
        )));
    }
    let user = info.config.get_user().unwrap_or_default().to_owned();
    let database = info.config.get_dbname().unwrap_or(&user).to_owned();
    let ports = info.config.get_ports().to_vec();
    let found = info.config.get_hosts().iter().enumerate().find_map(|(index, host)| {
        let host = match host {
            Host::Tcp(name) => name.as_str(),
            // As libpq has it: a socket in the usual folder is the local host.
            Host::Unix(path) if path == Path::new("/var/run/postgresql") || path == Path::new("/tmp") => "localhost",
            Host::Unix(path) => path.to_str().unwrap_or_default(),
        };
        let port = port(&ports, index).to_string();
        lookup(&text, [host, &port, &database, &user])
    });
    if let Some(password) = found {
        info.config.password(password);
    }
    Ok(())
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

/// The password of the first line whose four fields are these or `*`.
fn lookup(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = split(line);
        let password = (fields.len() == 5).then(|| fields.pop())??;
        let fits = fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
        fits.then_some(password)
    })
}

/// Fields between colons, with a backslash before a colon or a backslash that is meant.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // The password is the last field and may have colons.
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut().expect("there is always one").extend(letters.next()),
            letter => fields.last_mut().expect("there is always one").push(letter),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# a comment\nother:*:*:*:no\ndb:5432:app:me:a\\:b\\\\c:d\n*:*:*:*:last\nbroken\n";
        assert_eq!(lookup(text, ["db", "5432", "app", "me"]).as_deref(), Some("a:b\\c:d"));
        assert_eq!(lookup(text, ["db", "5433", "app", "me"]).as_deref(), Some("last"));
        assert_eq!(lookup("db:5432:app:me", ["db", "5432", "app", "me"]), None);
    }
}
