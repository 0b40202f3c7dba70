use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "signatures")]
use minisign_verify::{PublicKey, Signature};

use super::{StoreError, read_small_text};
use crate::diagnostics::{Diagnose, FailureKind, Place, with_causes};

/// Without the feature `signatures` there is no key that files could be held against.
#[cfg(not(feature = "signatures"))]
type PublicKey = std::convert::Infallible;

/// A public key of minisign that files can be held against.
pub struct VerifyingKey {
    path: PathBuf,
    key: PublicKey,
}

/// A file that nobody vouches for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The key is none.
    #[error("`{path}` is not a public key of minisign")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no signature, or it is of another key, or of another file.
    #[error("`{path}` is not signed by the key `{key}`: {}; sign it with `minisign -S -m {path}`", with_causes(.problem))]
    Unsigned {
        /// What should be signed.
        path: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        problem: UnsignedReason,
    },
    /// It is signed, but as something else.
    #[error(
        "`{path}` is signed as that of `{named}`, and stands in the place of that of `{subject}`; put the right one there"
    )]
    OtherSubject {
        /// What is signed.
        path: PathBuf,
        /// What it says that it is of.
        named: String,
        /// What it should be of.
        subject: String,
    },
    /// It is signed, but does not say what it is of.
    #[error(
        "`{path}` is signed, but does not name its experiment `{subject}`, so it could be that of any; accept the result with this version of telltape, and sign it again"
    )]
    NoSubject {
        /// What is signed.
        path: PathBuf,
        /// What it should be of.
        subject: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a file is not signed by a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnsignedReason {
    /// Its signature cannot be read.
    #[error("its signature")]
    NoSignature(#[source] io::Error),
    /// Its signature is not one, or is of something else.
    #[error(transparent)]
    OtherSignature(Box<dyn Error + Send + Sync>),
}

impl Diagnose for SignatureError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Key { .. } => FailureKind::Key,
            Self::Unsigned { .. } | Self::OtherSubject { .. } | Self::NoSubject { .. } => FailureKind::Signature,
            Self::Store(error) => error.kind(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Key { path, .. }
            | Self::Unsigned { path, .. }
            | Self::OtherSubject { path, .. }
            | Self::NoSubject { path, .. } => Some(Place::file(path)),
            Self::Store(error) => error.place(),
        }
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.path).finish()
    }
}

impl VerifyingKey {
    /// Reads a public key file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    #[cfg(feature = "signatures")]
    pub fn read(path: &Path) -> Result<Self, SignatureError> {
        let text = read_small_text(path).map_err(StoreError::read(path))?;
        let key = PublicKey::decode(&text)
            .map_err(|error| SignatureError::Key { path: path.to_path_buf(), source: error.into() })?;
        Ok(Self { path: path.to_path_buf(), key })
    }

    /// Checks that `FILE.minisig` is a signature by this key of `bytes`, which were read from `file`; gives its trusted
    /// comment, which is signed, too.
    ///
    /// The file itself is not read: whoever uses what it says has read it, and passes on what was read.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, file: &Path, bytes: &[u8]) -> Result<String, SignatureError> {
        let unsigned = |problem| SignatureError::Unsigned { path: file.to_path_buf(), key: self.path.clone(), problem };
        let mut beside = file.as_os_str().to_owned();
        beside.push(".minisig");
        let text = read_small_text(Path::new(&beside)).map_err(|error| unsigned(UnsignedReason::NoSignature(error)))?;
        self.trusted_comment(bytes, &text).map_err(unsigned)
    }

    /// The trusted comment of `signature`, if it is one of `bytes` by this key.
    #[cfg(feature = "signatures")]
    fn trusted_comment(&self, bytes: &[u8], signature: &str) -> Result<String, UnsignedReason> {
        let other = |error: minisign_verify::Error| UnsignedReason::OtherSignature(error.into());
        let signature = Signature::decode(signature).map_err(other)?;
        self.key.verify(bytes, &signature, false).map_err(other)?;
        Ok(signature.trusted_comment().to_owned())
    }

    #[cfg(not(feature = "signatures"))]
    fn trusted_comment(&self, _: &[u8], _: &str) -> Result<String, UnsignedReason> {
        match self.key {}
    }

    /// As [`VerifyingKey::verify`], of the manifest at `manifest` of `file`; `named` is the name that the manifest says that the file
    /// has, with as many folders as it says.
    ///
    /// A manifest that says none, as others and earlier versions write it, has the name that minisign puts into the
    /// trusted comment of the signature.
    ///
    /// # Errors
    /// When it is not signed, or is signed as that of a file of another name.
    pub fn verify_manifest(
        &self,
        (manifest, bytes): (&Path, &[u8]),
        file: &Path,
        named: Option<&str>,
    ) -> Result<(), SignatureError> {
        let comment = self.verify(manifest, bytes)?;
        let other = |named: &str| SignatureError::OtherSubject {
            path: manifest.to_path_buf(),
            named: named.to_owned(),
            subject: file.display().to_string(),
        };
        if let Some(named) = named {
            // The folder in which a program runs is a part of the name of a file without folders.
            let whole = std::path::absolute(file).map_err(StoreError::read(file))?;
            return if !named.is_empty() && whole.ends_with(named) { Ok(()) } else { Err(other(named)) };
        }
        let manifest_name = manifest.file_name().unwrap_or_default().to_string_lossy();
        match commented_manifest(&comment) {
            Some(named) if named != manifest_name => Err(other(named)),
            _ => Ok(()),
        }
    }

    /// As [`VerifyingKey::verify`], of a result that says that it is of the experiment `named`.
    ///
    /// # Errors
    /// When it is not signed, or not as the result of `experiment`.
    pub fn verify_result(
        &self,
        (file, bytes): (&Path, &[u8]),
        experiment: &str,
        named: Option<&str>,
    ) -> Result<(), SignatureError> {
        self.verify(file, bytes)?;
        let (path, subject) = (file.to_path_buf(), experiment.to_owned());
        match named {
            Some(named) if named == experiment => Ok(()),
            Some(named) => Err(SignatureError::OtherSubject { path, named: named.to_owned(), subject }),
            None => Err(SignatureError::NoSubject { path, subject }),
        }
    }
}

/// The name of a manifest in a trusted comment as minisign writes it: parts with tabs between, one of which
/// is `file:t.jsonl.hash`.
fn commented_manifest(comment: &str) -> Option<&str> {
    let named = comment.split('\t').find_map(|part| part.strip_prefix("file:"))?;
    named.ends_with(".hash").then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_comment_names_a_manifest_or_nothing() {
        for (comment, named) in [
            ("timestamp:1700000000\tfile:t.jsonl.hash\thashed", Some("t.jsonl.hash")),
            ("timestamp:1700000000\tfile:a b.jsonl.hash", Some("a b.jsonl.hash")),
            ("timestamp:1 file:x", None),
            ("timestamp:1\tfile:x", None),
            ("the tapes of May", None),
            ("", None),
        ] {
            assert_eq!(commented_manifest(comment), named, "{comment}");
        }
    }
}
