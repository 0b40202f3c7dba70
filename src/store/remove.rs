use std::fs;
use std::io;
use std::path::Path;

use super::StoreError;

/// Removes a file, if it is there.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(StoreError::write(path)(error))
        }
        _ => Ok(()),
    }
}
