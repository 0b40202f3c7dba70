use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of the largest file that is read whole for what it says about other files: manifests, experiments, grammars,
/// digests. Real ones have some thousand.
const LARGEST_SMALL_FILE: u64 = 16 << 20;

/// Reads a small text.
///
/// # Errors
/// As for [`read_small`], and when it is not UTF-8.
pub fn read_small_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_small(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8: {}", error.utf8_error())))
}

/// Reads a small file.
///
/// # Errors
/// When it cannot be read, or is larger than 16 MiB.
pub fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_SMALL_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_SMALL_FILE {
        let problem = format!("it is larger than {} MiB; is this the right file?", LARGEST_SMALL_FILE >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read_small(&path).unwrap(), b"abc");
        File::create(&path).unwrap().set_len(LARGEST_SMALL_FILE + 1).unwrap();
        assert!(read_small(&path).unwrap_err().to_string().contains("larger than 16 MiB"));
    }
}
