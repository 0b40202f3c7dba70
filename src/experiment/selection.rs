//! Which experiments a command works on.

use std::path::{Path, PathBuf};

#[cfg(feature = "capture")]
use super::live_file::LiveExperiment;
use super::{Experiment, ExperimentError, FileProblem, Project, Setting};
use crate::diagnostics::UnknownName;
use crate::store::{GlobError, StoreError, glob, is_glob};

impl Project {
    /// The experiments that `arguments` ask for: names, paths or globs; none means all of `experiments/*.toml`.
    ///
    /// # Errors
    /// When there is none of a name, a glob matches nothing, or a file is not an experiment, or is a live one.
    pub fn select(&self, arguments: &[String]) -> Result<Selection, ExperimentError> {
        let selection = self.select_all(arguments)?;
        #[cfg(feature = "capture")]
        if let Some(live) = selection.live.first() {
            return Err(FileProblem::Live.in_whole(&live.path));
        }
        Ok(selection)
    }

    /// As [`Project::select`], with live experiments.
    ///
    /// # Errors
    /// When there is none of a name, a glob matches nothing, or a file is not an experiment.
    pub fn select_all(&self, arguments: &[String]) -> Result<Selection, ExperimentError> {
        let folder = self.root().join("experiments");
        let mut paths = Vec::new();
        for argument in arguments {
            paths.extend(self.resolve(&folder, argument)?);
        }
        if arguments.is_empty() {
            paths = toml_files(&folder)?;
            if paths.is_empty() {
                return Err(ExperimentError::NoneThere { folder });
            }
        }
        let mut experiments = Vec::new();
        #[cfg(feature = "capture")]
        let mut live: Vec<LiveExperiment> = Vec::new();
        for path in paths {
            let text = Experiment::text(&path)?;
            let text = if self.settings().is_empty() { text } else { self.set(&path, &text)? };
            #[cfg(feature = "capture")]
            if is_live(&text) {
                live.push(LiveExperiment::read(&path, &text, self.root())?);
                continue;
            }
            #[cfg(not(feature = "capture"))]
            if is_live(&text) {
                return Err(FileProblem::LiveNotBuilt.in_whole(&path));
            }
            let experiment = Experiment::parse(&path, &text, self.root());
            // Lines of a text that nobody has seen say nothing.
            let unseen = ExperimentError::with_settings;
            let experiment = if self.settings().is_empty() { experiment } else { experiment.map_err(unseen) }?;
            let same = |path: &Path| path.canonicalize().ok();
            match experiments.iter().find(|other: &&Experiment| other.name == experiment.name) {
                None => experiments.push(experiment),
                Some(other) if same(&other.path) == same(&path) => {}
                Some(other) => {
                    return Err(FileProblem::SameName { other: other.path.clone() }.in_whole(&path));
                }
            }
        }
        let orphans = if arguments.is_empty() { self.orphans(&experiments)? } else { Vec::new() };
        Ok(Selection {
            experiments,
            #[cfg(feature = "capture")]
            live,
            orphans,
        })
    }

    fn set(&self, path: &Path, text: &str) -> Result<String, ExperimentError> {
        Setting::apply(self.settings(), text).map_err(|problem| problem.in_whole(path))
    }

    fn resolve(&self, folder: &Path, argument: &str) -> Result<Vec<PathBuf>, ExperimentError> {
        let exact = folder.join(format!("{argument}.toml"));
        if !argument.contains('/') && exact.is_file() {
            return Ok(vec![exact]);
        }
        if is_glob(argument) {
            // A bare pattern is one of names.
            let paths = if argument.contains('/') {
                glob(Path::new(""), argument)
            } else {
                let ending = if argument.ends_with(".toml") { "" } else { ".toml" };
                let names = glob(folder, &format!("{argument}{ending}"));
                names.map(|names| names.into_iter().map(|name| folder.join(name)).collect())
            };
            let paths: Vec<PathBuf> = paths.map_err(|error| match error {
                GlobError::Store(error) => error.into(),
                GlobError::Pattern { source, .. } => FileProblem::Pattern(source).in_whole(Path::new(argument)),
            })?;
            if paths.is_empty() {
                return Err(ExperimentError::NoMatch { glob: argument.to_owned(), known: names(&toml_files(folder)?) });
            }
            return Ok(paths);
        }
        if argument.ends_with(".toml") {
            return Ok(vec![PathBuf::from(argument)]);
        }
        if exact.is_file() {
            return Ok(vec![exact]);
        }
        // By its name an experiment is asked for, too, in whichever folder it is.
        let below = folders(folder)?.into_iter().map(|folder| folder.join(format!("{argument}.toml")));
        let below: Vec<PathBuf> = below.filter(|path| !argument.contains('/') && path.is_file()).collect();
        if !below.is_empty() {
            return Ok(below);
        }
        Err(UnknownName::new("experiment", argument, names(&toml_files(folder)?)).into())
    }

    /// Expected results that none of the experiments claims.
    fn orphans(&self, experiments: &[Experiment]) -> Result<Vec<String>, ExperimentError> {
        let folder = self.root().join("results");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StoreError::read(&folder))?,
        };
        let claimed = further(&self.root().join("experiments"))?;
        let mut orphans = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::read(&folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_claimed = claimed.contains(&name) || experiments.iter().any(|experiment| experiment.name == name);
            if entry.path().is_dir() && !is_claimed {
                orphans.push(name);
            }
        }
        orphans.sort();
        Ok(orphans)
    }
}

/// Experiments to work on.
#[derive(Debug)]
pub struct Selection {
    /// In the order asked for; all of them in order of name.
    pub experiments: Vec<Experiment>,
    /// Those that start a server, in the order asked for.
    #[cfg(feature = "capture")]
    pub live: Vec<LiveExperiment>,
    /// If all were asked for: names under `results/` that belong to none.
    pub orphans: Vec<String>,
}

/// Whether an experiment file is one of a live experiment. What cannot be read is not.
fn is_live(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok_and(|table| table.contains_key("fault"))
}

/// Names of the experiments in folders below that of all: they run only when they are asked for, and their results are theirs.
fn further(folder: &Path) -> Result<Vec<String>, ExperimentError> {
    let mut claimed = Vec::new();
    for folder in folders(folder)? {
        claimed.extend(names(&toml_files(&folder)?));
    }
    Ok(claimed)
}

/// The folders in the folder of all experiments, in order of name.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| FileProblem::UnreadableFolder(error).in_whole(folder))?;
    for entry in entries {
        let path = entry.map_err(StoreError::read(folder))?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let mut paths = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| FileProblem::UnreadableFolder(error).in_whole(folder))?;
    for entry in entries {
        let path = entry.map_err(StoreError::read(folder))?.path();
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        // A link to nothing is an experiment that would be left out in silence.
        if is_toml && std::fs::metadata(&path).map_err(StoreError::read(&path))?.is_file() {
            paths.push(path);
        }
    }
    // By name: as paths, `a-b.toml` would come before `a.toml`.
    paths.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    Ok(paths)
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect()
}
