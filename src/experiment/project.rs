use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "capture")]
use super::live_file::LiveExperiment;
use super::{Experiment, ExperimentError, Setting};
use crate::diagnostics::{Place, UnknownName};
use crate::store::{FolderLock, GlobError, Key, LockError, StoreError, glob, is_glob, is_inside};
use crate::trace::{Catalogue, TraceError};

/// The folders of a project: `experiments`, `data` and `results` under its root, and where outputs go.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    out: PathBuf,
    caches: bool,
    settings: Vec<Setting>,
    key: Option<Arc<Key>>,
}

impl Project {
    /// The project in the current folder, with outputs in `out`.
    #[must_use]
    pub fn here(out: impl Into<PathBuf>) -> Self {
        Self::at(PathBuf::new(), out)
    }

    /// The project in a folder, with outputs in `out`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), out: out.into(), caches: true, settings: Vec::new(), key: None }
    }

    /// The same, where every stage runs, whatever the last run left.
    #[must_use]
    pub fn without_cache(self) -> Self {
        Self { caches: false, ..self }
    }

    /// The same, with keys of every experiment set to other values.
    #[must_use]
    pub fn with_settings(self, settings: Vec<Setting>) -> Self {
        Self { settings, ..self }
    }

    /// The same, where a key has to have signed every expected result.
    #[must_use]
    pub fn with_key(self, key: Option<Key>) -> Self {
        Self { key: key.map(Arc::new), ..self }
    }

    /// The key that has to have signed every expected result, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        self.key.as_deref()
    }

    /// Whether stages whose inputs are unchanged are skipped.
    #[must_use]
    pub fn caches(&self) -> bool {
        self.caches
    }

    /// The folder that relative paths in experiments start from.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The right to write the folder of outputs, which one program has at a time.
    ///
    /// # Errors
    /// When another one has it.
    pub fn lock(&self) -> Result<FolderLock, LockError> {
        FolderLock::take(&self.out)
    }

    /// An error if outputs would be written into the folder of accepted results, by whichever links.
    ///
    /// # Errors
    /// When they would, or it cannot be told.
    pub fn check_output(&self) -> Result<(), ExperimentError> {
        self.keep_apart(&self.out, &self.root.join("results"))
    }

    /// Where the outputs of an experiment are to be written.
    ///
    /// # Errors
    /// When it is in the folder of accepted results, by whichever links.
    pub fn output_of(&self, experiment: &str) -> Result<PathBuf, ExperimentError> {
        let folder = self.out(experiment);
        self.keep_apart(&folder, &self.root.join("results"))?;
        // The accepted result may be a link, too.
        self.keep_apart(&folder, &self.results(experiment))?;
        Ok(folder)
    }

    fn keep_apart(&self, out: &Path, results: &Path) -> Result<(), ExperimentError> {
        match is_inside(out, results) {
            Ok(false) => Ok(()),
            Ok(true) => Err(ExperimentError::OutInResults { out: out.to_path_buf(), results: results.to_path_buf() }),
            Err(error) => Err(StoreError::write(out)(error).into()),
        }
    }

    /// Where the last result of an experiment is.
    #[must_use]
    pub fn out(&self, experiment: &str) -> PathBuf {
        self.out.join(experiment)
    }

    /// Where the expected result of an experiment is.
    #[must_use]
    pub fn results(&self, experiment: &str) -> PathBuf {
        self.root.join("results").join(experiment)
    }

    /// The catalogue of data sets.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn catalogue(&self) -> Result<Catalogue, TraceError> {
        Catalogue::read_if_there(&self.root.join("data"))
    }

    /// The experiments that `arguments` ask for: names, paths or globs; none means all of `experiments/*.toml`.
    ///
    /// # Errors
    /// When there is none of a name, a glob matches nothing, or a file is not an experiment, or is a live one.
    pub fn select(&self, arguments: &[String]) -> Result<Selection, ExperimentError> {
        let selection = self.select_all(arguments)?;
        #[cfg(feature = "capture")]
        if let Some(live) = selection.live.first() {
            let problem = "this is a live experiment: it has limits and no digests, and only `telltape run` takes it";
            return Err(ExperimentError::File { place: Place::file(&live.path), problem: problem.to_owned() });
        }
        Ok(selection)
    }

    /// As [`Project::select`], with live experiments.
    ///
    /// # Errors
    /// When there is none of a name, a glob matches nothing, or a file is not an experiment.
    pub fn select_all(&self, arguments: &[String]) -> Result<Selection, ExperimentError> {
        let folder = self.root.join("experiments");
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
            let text = if self.settings.is_empty() { text } else { self.set(&path, &text)? };
            #[cfg(feature = "capture")]
            if is_live(&text) {
                live.push(LiveExperiment::read(&path, &text, &self.root)?);
                continue;
            }
            #[cfg(not(feature = "capture"))]
            if is_live(&text) {
                let problem = "this is a live experiment, and this build lacks the feature `capture`";
                return Err(ExperimentError::File { place: Place::file(&path), problem: problem.to_owned() });
            }
            let experiment = Experiment::parse(&path, &text, &self.root);
            // Lines of a text that nobody has seen say nothing.
            let unseen = |error: ExperimentError| error.without_line("with --set: ");
            let experiment = if self.settings.is_empty() { experiment } else { experiment.map_err(unseen) }?;
            let same = |path: &Path| path.canonicalize().ok();
            match experiments.iter().find(|other: &&Experiment| other.name == experiment.name) {
                None => experiments.push(experiment),
                Some(other) if same(&other.path) == same(&path) => {}
                Some(other) => {
                    let problem = format!("`{}` has the same name, and results go by it", other.path.display());
                    return Err(ExperimentError::File { place: Place::file(&path), problem });
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
        Setting::apply(&self.settings, text)
            .map_err(|problem| ExperimentError::File { place: Place::file(path), problem })
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
                GlobError::Pattern { problem, .. } => {
                    ExperimentError::File { place: Place::file(argument), problem: format!("not a glob: {problem}") }
                }
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
        Err(UnknownName::new("experiment", argument, names(&toml_files(folder)?)).into())
    }

    /// Expected results that none of the experiments claims.
    fn orphans(&self, experiments: &[Experiment]) -> Result<Vec<String>, ExperimentError> {
        let folder = self.root.join("results");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StoreError::read(&folder))?,
        };
        let mut orphans = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::read(&folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && experiments.iter().all(|experiment| experiment.name != name) {
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

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let mut paths = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| ExperimentError::File {
        place: Place::file(folder),
        problem: format!("the folder of experiments cannot be read ({error}); run this in the root of a project"),
    })?;
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
