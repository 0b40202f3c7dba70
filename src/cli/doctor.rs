use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, TextLine, Tone, table};
use super::{Exit, Out, Outcome};
use crate::diagnostics::counted;
use crate::experiment::{Project, libm, rewritten_tables};
#[cfg(feature = "capture")]
use crate::live;
use crate::store::{FolderLock, LINE_ENDS_REMEDY};
use crate::trace::Catalogue;

/// Bytes of free disk below which `telltape run` may not end well.
const ENOUGH: u64 = 1 << 30;

/// Look whether everything is there that commands need, and say what to do where it is not
#[derive(clap::Args)]
#[command(after_help = "Exits with 12 if something is wrong; what only some commands need is a note.")]
pub(super) struct Doctor {
    #[command(flatten)]
    out: Out,
}

/// One thing that was looked at.
#[derive(Serialize, JsonSchema)]
pub(super) struct DoctorCheckJson {
    check: String,
    /// `ok`, `note` or `bad`.
    state: &'static str,
    found: String,
    remedy: Option<String>,
}

fn check(check: &str, found: Result<String, (String, &str)>, bad: &'static str) -> DoctorCheckJson {
    let (state, found, remedy) = match found {
        Ok(found) => ("ok", found, None),
        Err((found, remedy)) => (bad, found, Some(remedy.to_owned())),
    };
    DoctorCheckJson { check: check.to_owned(), state, found, remedy }
}

impl Doctor {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let mut checks = vec![check("program", Ok(format!("telltape {}", env!("CARGO_PKG_VERSION"))), "bad")];
        checks.push(check("libm of math = \"system\"", Ok(libm().to_owned()), "note"));
        checks.push(check("experiments", experiments(&self.out.unchecked), "bad"));
        checks.push(check("line ends of results", line_ends(&self.out.unchecked), "bad"));
        checks.extend(data());
        checks.push(check("outputs", outputs(&self.out.unchecked), "bad"));
        checks.push(check("disk", disk(), "bad"));
        #[cfg(feature = "capture")]
        checks.push(check("PostgreSQL server for live experiments", server(), "note"));
        #[cfg(feature = "report")]
        checks.push(check("chromedriver for the test of the report", on_path("chromedriver"), "note"));
        output.data(&checks, || {
            let rows = checks.iter().map(|check| {
                let tone = match check.state {
                    "ok" => Tone::Good,
                    "note" => Tone::Note,
                    _ => Tone::Bad,
                };
                let remedy = check.remedy.as_ref().map_or(String::new(), |remedy| format!("; {remedy}"));
                vec![
                    output.paint(tone, check.state),
                    TextLine::cell(&check.check),
                    format!("{}{remedy}", check.found).into(),
                ]
            });
            table(&["state", "what", "found"], &[false, false, false], &rows.collect::<Vec<_>>())
        });
        Ok(if checks.iter().any(|check| check.state == "bad") { Exit::Input } else { Exit::Ok })
    }
}

fn experiments(out: &Path) -> Result<String, (String, &'static str)> {
    match Project::here(out).select_all(&[]) {
        Err(error) => Err((error.to_string(), "mend it, or run this in the root of a project")),
        Ok(selection) if selection.orphans.is_empty() => Ok(format!("{} of them", selection.experiments.len())),
        Ok(selection) => Err((
            format!("results without an experiment: {}", selection.orphans.join(", ")),
            "remove them from results/, or restore their experiments",
        )),
    }
}

/// Digests are of bytes, and git may be told to change them.
fn line_ends(out: &Path) -> Result<String, (String, &'static str)> {
    let rewritten = rewritten_tables(&Project::here(out));
    match rewritten.first() {
        None => Ok("as they were written".to_owned()),
        Some(first) => Err((
            format!("CRLF in {}, the first is `{}`", counted(rewritten.len(), "table"), first.display()),
            LINE_ENDS_REMEDY,
        )),
    }
}

fn data() -> Vec<DoctorCheckJson> {
    let catalogue = match Catalogue::read(Path::new("data")) {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![check("data", Err((error.to_string(), "run this in the root of a project")), "bad")],
    };
    let entries = catalogue.entries().filter(|(_, entry)| !catalogue.is_left_out(entry)).map(|(name, entry)| {
        let found = match catalogue.verify(entry) {
            Ok(()) => Ok(format!("SHA-256 {}… as recorded", entry.sha256.get(..12).unwrap_or_default())),
            Err(error) => Err((error.to_string(), "telltape data fetch")),
        };
        check(&format!("data {name}"), found, "bad")
    });
    entries.collect()
}

fn outputs(out: &Path) -> Result<String, (String, &'static str)> {
    if let Err(error) = Project::here(out).check_output() {
        return Err((error.to_string(), "give another --out"));
    }
    match FolderLock::take(out) {
        Ok(_) => Ok(format!("`{}` can be written", out.display())),
        Err(error) => Err((error.to_string(), "give another --out, or wait")),
    }
}

#[cfg(unix)]
fn disk() -> Result<String, (String, &'static str)> {
    let free = rustix::fs::statvfs(".").map(|found| found.f_bavail.saturating_mul(found.f_frsize));
    match free {
        Ok(free) if free >= ENOUGH => Ok(format!("{} GiB free", free >> 30)),
        Ok(free) => {
            Err((format!("{} MiB free", free >> 20), "make room: a run of all experiments writes some 100 MiB"))
        }
        Err(error) => Err((error.to_string(), "look at the file system")),
    }
}

#[cfg(not(unix))]
fn disk() -> Result<String, (String, &'static str)> {
    Ok("not looked at on this system".to_owned())
}

#[cfg(feature = "capture")]
fn server() -> Result<String, (String, &'static str)> {
    match live::find_server() {
        Ok(folder) => Ok(format!("`{}`", folder.display())),
        Err(error) => Err((error.to_string(), "install postgresql, or set PG_BIN to a folder with its programs")),
    }
}

#[cfg(feature = "report")]
fn on_path(name: &str) -> Result<String, (String, &'static str)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.map(|path| format!("`{}`", path.display())).ok_or(("none".to_owned(), "install chromium and chromium-driver"))
}
