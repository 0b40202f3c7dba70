//! The catalogue `data/datasets.toml`: which traces there are, where they come from, and what their bytes hash to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::problem::CatalogueProblem;
use super::{Dataset, Options, TraceError, input_digest};
use crate::diagnostics::{Place, UnknownName, line_and_column, reword_unknown_name};
use crate::store::{StoreError, line_ends_rewritten, read_small_text};

/// One trace of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// The format it is in.
    pub adapter: Dataset,
    /// One line for people.
    pub title: String,
    /// Where the file stands, relative to `data/`.
    pub file: PathBuf,
    /// SHA-256 of the file's bytes.
    pub sha256: String,
    /// Rows (records, queries, spans) in it.
    pub rows: u64,
    /// The licence of the data.
    pub licence: String,
    /// The paper to cite.
    pub citation: String,
    /// Where the full corpus is published.
    pub origin: String,
    /// The package that the file ships in; without it the file is committed here.
    pub package: Option<Package>,
    /// The files that it is made from, which other people publish; it is fetched only by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
}

/// Files that other people publish and that are not part of this project: they are fetched one by one, each by its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Parts {
    /// The list of files, relative to `data/`: a SHA-256 and a path a line, as `sha256sum` writes it.
    pub list: PathBuf,
    /// Where they are put, relative to `data/`.
    pub folder: PathBuf,
    /// What stands before their paths in a URL; without it nobody publishes them in this form.
    pub base: Option<String>,
}

/// A file inside a published package, which cargo fetches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Package {
    /// Name of the package.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// The file inside it.
    pub path: PathBuf,
}

/// All traces of a project, by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    folder: PathBuf,
    entries: BTreeMap<String, CatalogueEntry>,
}

impl Catalogue {
    /// As [`Catalogue::read`]; without the file there are no data sets of the catalogue.
    ///
    /// # Errors
    /// When the file is there, and cannot be read or is no catalogue.
    pub fn read_if_there(data: &Path) -> Result<Self, TraceError> {
        match data.join("datasets.toml").symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { folder: data.to_path_buf(), entries: BTreeMap::new() })
            }
            _ => Self::read(data),
        }
    }

    /// Reads `datasets.toml` in the folder `data`.
    ///
    /// # Errors
    /// When it cannot be read or is no catalogue.
    pub fn read(data: &Path) -> Result<Self, TraceError> {
        let path = data.join("datasets.toml");
        let text = read_small_text(&path).map_err(StoreError::read(&path))?;
        let wrong = |problem| TraceError::Catalogue { place: Place::file(&path), problem: Box::new(problem) };
        let entries: BTreeMap<String, CatalogueEntry> = toml::from_str(&text).map_err(|error| {
            let place = Place::file(&path);
            let place = error.span().map_or(place.clone(), |span| place.at(line_and_column(&text, span.start)));
            let problem = CatalogueProblem::Malformed(reword_unknown_name(error.message()));
            TraceError::Catalogue { place, problem: Box::new(problem) }
        })?;
        for (name, entry) in &entries {
            // The name becomes a folder.
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(wrong(CatalogueProblem::Name(name.clone())));
            }
            let of_parts = entry.parts.iter().flat_map(|parts| [&parts.list, &parts.folder]);
            let mut paths = [Some(&entry.file), entry.package.as_ref().map(|package| &package.path)]
                .into_iter()
                .flatten()
                .chain(of_parts);
            if paths.any(|path| !stays_inside(path)) {
                return Err(wrong(CatalogueProblem::Outside(name.clone())));
            }
        }
        Ok(Self { folder: data.to_path_buf(), entries })
    }

    /// Names and entries in order of name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &CatalogueEntry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// The error of whoever works on all entries where there is none.
    #[must_use]
    pub fn nothing_in_it(&self) -> TraceError {
        self.problem(CatalogueProblem::Nothing)
    }

    /// The entry called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<&CatalogueEntry, UnknownName> {
        self.entries
            .get(name)
            .ok_or_else(|| UnknownName::new("data set", name, self.entries.keys()).in_context("in the catalogue"))
    }

    /// Something wrong with the file of the catalogue, or with what is looked for in it.
    #[must_use]
    pub fn problem(&self, problem: impl Into<CatalogueProblem>) -> TraceError {
        TraceError::Catalogue {
            place: Place::file(self.folder.join("datasets.toml")),
            problem: Box::new(problem.into()),
        }
    }

    /// The folder of the data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether an entry is left out where all are meant: its file is somebody else's, and has not been asked for.
    #[must_use]
    pub fn is_left_out(&self, entry: &CatalogueEntry) -> bool {
        entry.parts.is_some() && self.path(entry).symlink_metadata().is_err()
    }

    /// The files that an entry is made from: SHA-256 and path of each.
    ///
    /// # Errors
    /// When the list cannot be read, or is none.
    pub fn parts(&self, parts: &Parts) -> Result<Vec<(String, PathBuf)>, TraceError> {
        let path = self.folder.join(&parts.list);
        let text = read_small_text(&path).map_err(StoreError::read(&path))?;
        let line = |(at, line): (usize, &str)| {
            let part = line.split_once("  ").map(|(digest, path)| (digest.to_owned(), PathBuf::from(path)));
            part.filter(|(digest, path)| digest.len() == 64 && stays_inside(path)).ok_or_else(|| {
                let place = Place::file(&path).at_line(at as u64 + 1);
                TraceError::Catalogue { place, problem: Box::new(CatalogueProblem::PartLine) }
            })
        };
        text.lines().enumerate().map(line).collect()
    }

    /// Where the file of an entry stands.
    #[must_use]
    pub fn path(&self, entry: &CatalogueEntry) -> PathBuf {
        self.folder.join(&entry.file)
    }

    /// Compares the file of an entry with its SHA-256.
    ///
    /// # Errors
    /// When it is missing or is another.
    pub fn verify(&self, entry: &CatalogueEntry) -> Result<(), TraceError> {
        self.expect(entry, &input_digest(&self.path(entry), &Options::new(entry.adapter))?.sha256)
    }

    /// Compares a SHA-256 that was taken while the file of an entry was read with the recorded one.
    ///
    /// # Errors
    /// When it is another.
    pub fn expect(&self, entry: &CatalogueEntry, sha256: &str) -> Result<(), TraceError> {
        expect_digest(&self.path(entry), &entry.sha256, sha256)
    }
}

/// An error if a file's SHA-256 is not the recorded one.
pub(super) fn expect_digest(path: &Path, recorded: &str, actual: &str) -> Result<(), TraceError> {
    if recorded == actual {
        return Ok(());
    }
    if line_ends_rewritten(path, recorded) {
        return Err(TraceError::Catalogue { place: Place::file(path), problem: Box::new(CatalogueProblem::LineEnds) });
    }
    let problem = CatalogueProblem::OtherDigest { actual: actual.to_owned(), recorded: recorded.to_owned() };
    Err(TraceError::Catalogue { place: Place::file(path), problem: Box::new(problem) })
}

fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}
