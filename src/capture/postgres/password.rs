//! Passwords from a pgpass file.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::conninfo::{Conninfo, Environment, ServerAddress};
use crate::capture::UsageProblem;

/// The lines of a pgpass file, of which each server gets its own.
#[derive(Clone, Default)]
pub(super) struct Pgpass {
    lines: Vec<String>,
    /// Lines that cannot be read, and what is not as it should be.
    pub(super) warnings: Vec<String>,
}

/// Bytes of a pgpass file that are read.
const LARGEST: u64 = 1 << 20;

impl Pgpass {
    /// Reads the pgpass file where the connection string and the environment have no password.
    ///
    /// # Errors
    /// When the file is one that others may read, or one that was asked for and cannot be read.
    pub(super) fn read(info: &Conninfo, environment: Environment<'_>) -> Result<Self, UsageProblem> {
        if info.password.is_some() {
            return Ok(Self::default());
        }
        let default = || environment("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
        let Some(path) = info.passfile.clone().or_else(default) else { return Ok(Self::default()) };
        match std::fs::metadata(&path) {
            Err(error) if info.passfile.is_some() => {
                let problem = format!("passfile `{}` cannot be read: {error}", path.display());
                return Ok(Self { warnings: vec![problem], ..Self::default() });
            }
            Err(_) => return Ok(Self::default()),
            Ok(found) if !found.is_file() => {
                let problem = format!("`{}` is not used for passwords: it is not a file", path.display());
                return Ok(Self { warnings: vec![problem], ..Self::default() });
            }
            Ok(_) if !is_private(&path) => {
                return Err(UsageProblem::Shared { key: "passfile", path });
            }
            Ok(_) => {}
        }
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
        Ok(match read {
            Ok(_) => Self::parse(&bytes, &path),
            Err(error) => {
                Self { warnings: vec![format!("`{}` cannot be read: {error}", path.display())], ..Self::default() }
            }
        })
    }

    fn parse(bytes: &[u8], path: &Path) -> Self {
        let mut pgpass = Self::default();
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            match std::str::from_utf8(line) {
                Ok(line) => pgpass.lines.push(line.trim_end_matches('\r').to_owned()),
                Err(_) => pgpass.warnings.push(format!("`{}:{number}` is not UTF-8 and is not used", path.display())),
            }
        }
        pgpass
    }

    /// The password for a server.
    pub(super) fn password(&self, info: &Conninfo, server: &ServerAddress) -> Option<String> {
        lookup(&self.lines, [&server.pgpass_name(), &server.port.to_string(), info.database(), info.user()])
    }
}

/// Whether nobody else may read a file.
#[cfg(unix)]
pub(super) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
pub(super) fn is_private(_: &Path) -> bool {
    true
}

/// The password of the first line whose four fields are these or `*`.
fn lookup(lines: &[String], wanted: [&str; 4]) -> Option<String> {
    lines.iter().filter(|line| !line.starts_with('#')).find_map(|line| {
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
        let text = b"# a comment\nother:*:*:*:no\ndb:5432:app:me:a\\:b\\\\c:d\n*:*:*:*:last\r\nbroken\n";
        let pgpass = Pgpass::parse(text, Path::new("x"));
        assert_eq!(lookup(&pgpass.lines, ["db", "5432", "app", "me"]).as_deref(), Some("a:b\\c:d"));
        assert_eq!(lookup(&pgpass.lines, ["db", "5433", "app", "me"]).as_deref(), Some("last"));
        assert_eq!(lookup(&["db:5432:app:me".to_owned()], ["db", "5432", "app", "me"]), None);
        assert!(pgpass.warnings.is_empty());
    }

    #[test]
    fn a_line_that_is_not_utf8_is_named_and_the_others_are_used() {
        let pgpass = Pgpass::parse(b"\xef\xbb\xbf# caf\xe9\n*:*:*:*:x\n", Path::new("pass"));
        assert_eq!(lookup(&pgpass.lines, ["db", "1", "a", "b"]).as_deref(), Some("x"));
        assert_eq!(pgpass.warnings, ["`pass:1` is not UTF-8 and is not used"]);
    }
}
