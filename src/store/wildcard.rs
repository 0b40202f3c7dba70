//! Globs that leave nothing out in silence: a folder that cannot be read is an error, and not a folder without matches.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::StoreError;
use crate::diagnostics::{Diagnose, FailureKind, Place};

/// Why nobody knows what a glob matches.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GlobError {
    /// It is not a glob.
    #[error("`{pattern}` is not a glob")]
    Pattern {
        /// What was given.
        pattern: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something on its way cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Diagnose for GlobError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Pattern { .. } => FailureKind::Usage,
            Self::Store(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Pattern { .. } => None,
            Self::Store(error) => error.place(),
        }
    }
}

/// A part of a pattern between two slashes.
enum Part {
    /// A name without wildcards.
    Name(String),
    /// A pattern of names.
    Pattern(Pattern),
    /// `**`: any number of folders, also none.
    Folders,
}

/// Whether a text is meant as a glob.
#[must_use]
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What a pattern matches below a folder, in order, relative to the folder. What an absolute pattern matches is absolute.
///
/// # Errors
/// When it is not a glob, or a folder or link on its way cannot be read: what is in there would be left out.
pub fn glob(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, GlobError> {
    let bad = |error: glob::PatternError| GlobError::Pattern { pattern: pattern.to_owned(), source: error.into() };
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").map(|part| match part {
        "**" => Ok(Part::Folders),
        part if is_glob(part) => Pattern::new(part).map(Part::Pattern).map_err(bad),
        part => Ok(Part::Name(part.to_owned())),
    });
    let parts: Vec<Part> = parts.collect::<Result<_, _>>()?;
    let start = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
    let mut found = Vec::new();
    walk(folder, start, &parts, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, at: PathBuf, parts: &[Part], found: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    let Some((part, rest)) = parts.split_first() else {
        found.push(at);
        return Ok(());
    };
    match part {
        Part::Name(name) => {
            let next = at.join(name);
            match fs::symlink_metadata(folder.join(&next)) {
                Ok(_) => walk(folder, next, rest, found),
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
                Err(error) => Err(StoreError::read(&folder.join(&next))(error)),
            }
        }
        Part::Pattern(pattern) => {
            // Names that are not UTF-8 match as they are shown.
            let options = MatchOptions::new();
            let names = names(&folder.join(&at))?.into_iter();
            let mut names = names.filter(|name| pattern.matches_with(&name.to_string_lossy(), options));
            names.try_for_each(|name| walk(folder, at.join(name), rest, found))
        }
        Part::Folders => {
            let below = names(&folder.join(&at))?;
            walk(folder, at.clone(), rest, found)?;
            for name in below {
                let next = at.join(name);
                let path = folder.join(&next);
                // Links are not followed here: they may lead in a circle.
                if fs::symlink_metadata(&path).map_err(StoreError::read(&path))?.is_dir() {
                    walk(folder, next, parts, found)?;
                }
            }
            Ok(())
        }
    }
}

/// The names in a folder; none in what is not a folder.
fn names(folder: &Path) -> Result<Vec<OsString>, StoreError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry.map_err(StoreError::read(folder))?.file_name())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(error) => Err(StoreError::read(folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/1.jsonl", "a/2.jsonl", "a/2.csv", "b/c/3.jsonl", "b[1]/4.jsonl", "top.jsonl"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn names_of(folder: &Path, pattern: &str) -> Vec<String> {
        glob(folder, pattern).unwrap().iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn what_matches_comes_in_order_and_relative() {
        let folder = tree();
        for (pattern, expected) in [
            ("*.jsonl", &["top.jsonl"][..]),
            ("*/*.jsonl", &["a/1.jsonl", "a/2.jsonl", "b[1]/4.jsonl"]),
            ("./a//[12].*", &["a/1.jsonl", "a/2.csv", "a/2.jsonl"]),
            ("**/*.jsonl", &["a/1.jsonl", "a/2.jsonl", "b/c/3.jsonl", "b[1]/4.jsonl", "top.jsonl"]),
            ("b/**/3.jsonl", &["b/c/3.jsonl"]),
            ("a/../*.jsonl", &["a/../top.jsonl"]),
            ("nosuch/*.jsonl", &[]),
            ("top.jsonl/*", &[]),
            ("?/c/*", &["b/c/3.jsonl"]),
        ] {
            assert_eq!(names_of(folder.path(), pattern), expected, "{pattern}");
        }
        let absolute = format!("{}/top.*", folder.path().display());
        assert_eq!(
            names_of(Path::new("elsewhere"), &absolute),
            [folder.path().join("top.jsonl").display().to_string()]
        );
    }

    #[test]
    fn what_is_not_a_glob_is_said_before_anything_is_read() {
        for pattern in ["[a", "x/[", "***", "a**b"] {
            let error = glob(Path::new("nosuch"), pattern).unwrap_err();
            assert!(matches!(error, GlobError::Pattern { .. }), "{pattern}: {error}");
        }
        assert!(matches!(glob(Path::new("nosuch"), "*").unwrap_err(), GlobError::Store(_)));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_that_cannot_be_followed_is_an_error_and_not_left_out() {
        use std::os::unix::fs::symlink;
        for target in ["gone", "link"] {
            let folder = tree();
            symlink(target, folder.path().join("link")).unwrap();
            let error = glob(folder.path(), "*/*.jsonl").unwrap_err().to_string();
            assert!(error.contains("link`"), "{target}: {error}");
            // It matches itself: whoever opens it is told.
            assert_eq!(names_of(folder.path(), "l*"), ["link"]);
        }
        let folder = tree();
        symlink("a", folder.path().join("link")).unwrap();
        assert_eq!(names_of(folder.path(), "l*/1.*"), ["link/1.jsonl"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_not_utf8_is_found() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tree();
        let name = std::ffi::OsStr::from_bytes(b"\xff.jsonl");
        fs::write(folder.path().join(name), "").unwrap();
        assert_eq!(glob(folder.path(), "*.jsonl").unwrap(), [Path::new("top.jsonl"), Path::new(name)]);
    }
}
