use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

use super::{StoreError, read_small, read_small_text};

/// A public key of minisign that files can be held against.
pub struct Key {
    path: PathBuf,
    key: PublicKey,
}

/// A file that nobody vouches for.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The key is none.
    #[error("`{path}` is no public key of minisign: {problem}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no signature, or it is of another key, or of another file.
    #[error("`{path}` is not signed by the key `{key}`: {problem}; sign it with `minisign -S -m {path}`")]
    Unsigned {
        /// What should be signed.
        path: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Key {
    /// Reads a public key file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, SignatureError> {
        let text = read_small_text(path).map_err(StoreError::read(path))?;
        let key = PublicKey::decode(&text)
            .map_err(|error| SignatureError::Key { path: path.to_path_buf(), problem: error.to_string() })?;
        Ok(Self { path: path.to_path_buf(), key })
    }

    /// Checks that `FILE.minisig` is a signature of `file` by this key.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, file: &Path) -> Result<(), SignatureError> {
        let unsigned =
            |problem: String| SignatureError::Unsigned { path: file.to_path_buf(), key: self.path.clone(), problem };
        let mut beside = file.as_os_str().to_owned();
        beside.push(".minisig");
        let text = read_small_text(Path::new(&beside)).map_err(|error| unsigned(format!("its signature: {error}")))?;
        let signature = Signature::decode(&text).map_err(|error| unsigned(error.to_string()))?;
        let bytes = read_small(file).map_err(StoreError::read(file))?;
        self.key.verify(&bytes, &signature, false).map_err(|error| unsigned(error.to_string()))
    }
}
