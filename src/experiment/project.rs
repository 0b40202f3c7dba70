use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ExperimentError, Setting};
use crate::store::{FolderLock, LockError, StoreError, VerifyingKey, is_inside};
use crate::trace::{Catalogue, TraceError};

/// The folders of a project: `experiments`, `data` and `results` under its root, and where outputs go.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    out: PathBuf,
    caches: bool,
    settings: Vec<Setting>,
    key: Option<Arc<VerifyingKey>>,
}

impl Project {
    /// The project in the current folder, with outputs in `out`.
    #[must_use]
    pub fn here(out: impl Into<PathBuf>) -> Self {
        Self::in_folder(PathBuf::new(), out)
    }

    /// The project in a folder, with outputs in `out`.
    #[must_use]
    pub fn in_folder(root: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
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
    pub fn with_key(self, key: Option<VerifyingKey>) -> Self {
        Self { key: key.map(Arc::new), ..self }
    }

    /// The key that has to have signed every expected result, if there is one.
    #[must_use]
    pub fn key(&self) -> Option<&VerifyingKey> {
        self.key.as_deref()
    }

    /// Keys of every experiment that are set to other values.
    pub(super) fn settings(&self) -> &[Setting] {
        &self.settings
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
}
