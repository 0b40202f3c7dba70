//! What of the detectors that are commands is hashed before they run: their arguments, and their files in the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::evaluate::CommandDetector;
use crate::experiment::ExperimentError;
use crate::store::{StoreError, file_digest, is_inside};

/// The files of a command that decide what it answers, besides those that its arguments name.
pub(in crate::experiment) type FurtherFiles = BTreeMap<String, Vec<PathBuf>>;

/// Adds what is hashed of a command: its arguments as JSON, and SHA-256 of its files. What lies outside of the project, as
/// interpreters do, is the machine's.
pub(super) fn hash(
    detector: &CommandDetector,
    further: &[PathBuf],
    root: &Path,
    pairs: &mut BTreeMap<String, String>,
) -> Result<(), ExperimentError> {
    let CommandDetector { name, command, folder, .. } = detector;
    let json = serde_json::to_string(command).expect("texts are JSON");
    pairs.insert(format!("detector.{name}.command"), json);
    let named = command.iter().enumerate().filter_map(|(place, part)| {
        // A program without a slash is looked for on PATH. Behind it a file may be the value of an option.
        let file = part.split_once('=').filter(|_| part.starts_with('-')).map_or(part.as_str(), |(_, value)| value);
        (place > 0 || part.contains('/')).then_some(file)
    });
    let mut insert = |file: &Path| -> Result<(), ExperimentError> {
        let digest = file_digest(&folder.join(file))?.sha256;
        pairs.insert(format!("detector.{name}.file.{}", file.to_string_lossy().escape_default()), digest);
        Ok(())
    };
    for file in named.map(Path::new) {
        let path = folder.join(file);
        if path.is_file() && is_inside(&path, root).map_err(StoreError::read(&path))? {
            insert(file)?;
        }
    }
    further.iter().try_for_each(|file| insert(file))
}
