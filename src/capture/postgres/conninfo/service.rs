//! Connection service files, as libpq reads them: `~/.pg_service.conf`, then `pg_service.conf` of `PGSYSCONFDIR`.

use std::path::{Path, PathBuf};

use super::Environment;
use crate::capture::{ServiceLineProblem, UsageProblem};
use crate::diagnostics::Place;
use crate::store::read_small_text;

/// The parameters of a service.
///
/// # Errors
/// When no file has it, or a file that should cannot be read.
pub(super) fn parameters(
    service: &str,
    file: Option<&str>,
    environment: Environment<'_>,
) -> Result<Vec<(String, String)>, UsageProblem> {
    let mut looked = Vec::new();
    let own = match file {
        Some(file) => Some((PathBuf::from(file), true)),
        None => environment("HOME").map(|home| (Path::new(&home).join(".pg_service.conf"), false)),
    };
    let of_system = environment("PGSYSCONFDIR").map(|folder| (Path::new(&folder).join("pg_service.conf"), false));
    for (path, needed) in own.into_iter().chain(of_system) {
        let text = match read_small_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !needed => {
                looked.push((path, false));
                continue;
            }
            Err(source) => return Err(UsageProblem::ServiceFile { path, source }),
        };
        if let Some(found) = section(&text, service, &path)? {
            return Ok(found);
        }
        looked.push((path, true));
    }
    Err(UsageProblem::NoService { service: service.to_owned(), looked })
}

fn section(text: &str, service: &str, path: &Path) -> Result<Option<Vec<(String, String)>>, UsageProblem> {
    let mut inside = false;
    let mut found: Option<Vec<(String, String)>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == service && found.is_none();
            if inside {
                found = Some(Vec::new());
            }
            continue;
        }
        if !inside {
            continue;
        }
        let bad = |problem| UsageProblem::ServiceLine { place: Place::file(path).at_line(number), problem };
        let (key, value) = line.split_once('=').ok_or_else(|| bad(ServiceLineProblem::NoEquals))?;
        if key == "service" || key == "servicefile" {
            return Err(bad(ServiceLineProblem::AnotherService));
        }
        found.get_or_insert_default().push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_the_first_section_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services");
        std::fs::write(&path, "# c\n[a]\nhost=x\n\n[b]\nhost = y\nport=7\n[b]\nport=8\n[c]\nnonsense\n").unwrap();
        let file = path.to_str().unwrap();
        let read = |service: &str| parameters(service, Some(file), &|_| None).map_err(|error| error.to_string());
        assert_eq!(read("a").unwrap(), [("host".to_owned(), "x".to_owned())]);
        assert_eq!(read("b").unwrap().len(), 2);
        assert!(read("c").unwrap_err().contains("services:11`: there is no `=`"));
        assert!(read("d").unwrap_err().contains("there is no service `d`; looked at"));
        let odd = read("d password=hunter2").unwrap_err();
        assert!(odd.contains("not repeated") && !odd.contains("hunter2"), "{odd}");
        assert!(parameters("d", None, &|_| None).unwrap_err().to_string().contains("HOME is not set"));
    }
}
