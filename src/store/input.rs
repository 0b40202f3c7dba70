use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::StoreError;

/// SHA-256 and size of a file's bytes as stored (compressed, if it is).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputDigest {
    /// Lowercase hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}

impl InputDigest {
    /// That of an input in several files, by theirs in their order: of one file its own; of several the SHA-256 of a line a file,
    /// which is its SHA-256. Names decide the order alone.
    #[must_use]
    pub fn of_list(files: &[Self]) -> Self {
        match files {
            [one] => one.clone(),
            several => {
                let text: String = several.iter().map(|digest| format!("{}\n", digest.sha256)).collect();
                let bytes = several.iter().map(|digest| digest.bytes).sum();
                Self { sha256: hex::encode(Sha256::digest(text)), bytes }
            }
        }
    }
}

/// A file, or bytes from anywhere, for one pass: the stored bytes can be hashed while they are read, and gzip and zstd, known
/// by their first bytes, are decompressed on the way.
pub struct Input<'a> {
    path: PathBuf,
    /// What was looked at and is still to be read.
    peeked: io::Cursor<Vec<u8>>,
    reader: Box<dyn Read + Send + 'a>,
    hashed: Option<Arc<Mutex<Hashed>>>,
    /// The file, if it is one and is not compressed.
    file: Option<File>,
    is_packed: bool,
}

#[derive(Default)]
struct Hashed {
    hasher: Sha256,
    bytes: u64,
}

/// Times the stored bytes that a compressed file may give. Traces and tapes give some five to thirty times.
#[cfg(feature = "compression")]
const MOST_EXPANSION: u64 = 250;

/// Bytes up to which it may give more: a small file of one line a thousand times over is harmless.
#[cfg(feature = "compression")]
const HARMLESS: u64 = 64 << 20;

/// Bytes of the largest text that is taken whole into memory.
const LARGEST_WHOLE: u64 = 512 << 20;

/// How a file is compressed.
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// The first bytes of a file that gzip compressed.
const GZIP: &[u8] = b"\x1f\x8b";

/// The first bytes of a file that zstd compressed.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Counts what passes through, and hashes it.
struct Tee<R> {
    reader: R,
    stored: Arc<AtomicU64>,
    hashed: Option<Arc<Mutex<Hashed>>>,
}

/// Refuses what a compressed file gives beyond all measure: a few kilobytes would fill every memory.
#[cfg(feature = "compression")]
struct BoundedReader<R> {
    reader: R,
    stored: Arc<AtomicU64>,
    given: u64,
}

#[cfg(feature = "compression")]
impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.given += count as u64;
        if self.given > HARMLESS && self.given / MOST_EXPANSION > self.stored.load(Ordering::Relaxed) {
            let problem = format!(
                "it expands to more than {MOST_EXPANSION} times its size, which no trace does; decompress it yourself if you trust it"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(count)
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.stored.fetch_add(count as u64, Ordering::Relaxed);
        if let Some(hashed) = &self.hashed {
            let mut hashed = hashed.lock().expect("the lock is only ever held here and in finish");
            hashed.hasher.update(&buffer[..count]);
            hashed.bytes += count as u64;
        }
        Ok(count)
    }
}

impl<'a> Input<'a> {
    /// Opens `path`; its first bytes decide whether it is decompressed, `digest` whether it is hashed.
    ///
    /// # Errors
    /// When there is no such file, it is a folder, or it cannot be read.
    pub fn open(path: &Path, digest: bool) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::read(path))?;
        let metadata = file.metadata().map_err(StoreError::read(path))?;
        if metadata.is_dir() {
            return Err(StoreError::read(path)(io::ErrorKind::IsADirectory.into()));
        }
        let again = file.try_clone().map_err(StoreError::read(path))?;
        let mut input = Self::new(file, path, digest)?;
        input.file = Some(again).filter(|_| !input.is_packed && metadata.is_file());
        Ok(input)
    }

    /// What `reader` gives; errors call it `path`. Its first bytes decide whether it is decompressed; what they say is no
    /// gzip or zstd must not be called `.gz` or `.zst`.
    ///
    /// # Errors
    /// When it cannot be read or decompressed.
    pub fn new(reader: impl Read + Send + 'a, path: &Path, digest: bool) -> Result<Self, StoreError> {
        let hashed = digest.then(|| Arc::new(Mutex::new(Hashed::default())));
        let stored = Arc::new(AtomicU64::new(0));
        let mut tee = Tee { reader, stored: Arc::clone(&stored), hashed: hashed.clone() };
        let mut start = Vec::new();
        (&mut tee).take(ZSTD.len() as u64).read_to_end(&mut start).map_err(StoreError::read(path))?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        let (is_gzip, is_zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
        let reader = io::Cursor::new(start).chain(tee);
        let packing = if is_gzip || ending == Some("gz") && !is_zstd {
            Packing::Gzip
        } else if is_zstd || ending == Some("zst") {
            Packing::Zstd
        } else {
            Packing::Plain
        };
        let is_packed = !matches!(packing, Packing::Plain);
        let reader: Box<dyn Read + Send + 'a> = match packing {
            #[cfg(feature = "compression")]
            Packing::Gzip => {
                let reader = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, reader));
                Box::new(BoundedReader { reader, stored, given: 0 })
            }
            #[cfg(feature = "compression")]
            Packing::Zstd => {
                let reader = zstd::Decoder::new(reader).map_err(StoreError::read(path))?;
                Box::new(BoundedReader { reader, stored, given: 0 })
            }
            #[cfg(not(feature = "compression"))]
            Packing::Gzip | Packing::Zstd => {
                let problem = "it is compressed, and this build lacks the feature `compression`; decompress it first";
                return Err(StoreError::read(path)(io::Error::new(io::ErrorKind::Unsupported, problem)));
            }
            Packing::Plain => Box::new(reader),
        };
        Ok(Self { path: path.to_path_buf(), peeked: io::Cursor::default(), reader, hashed, file: None, is_packed })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for whoever reads it from several places at once, if it is one and is not compressed. It is the one that is read
    /// here, so that whoever moves in it has to move back.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The first bytes of what is left, decompressed, `count` of them if there are so many; they stay the next ones.
    ///
    /// # Errors
    /// When reading or decompressing fails.
    pub fn peek(&mut self, count: usize) -> Result<&[u8], StoreError> {
        let mut start = Vec::new();
        self.peeked.read_to_end(&mut start).map_err(StoreError::read(&self.path))?;
        let missing = count.saturating_sub(start.len()) as u64;
        (&mut self.reader).take(missing).read_to_end(&mut start).map_err(StoreError::read(&self.path))?;
        self.peeked = io::Cursor::new(start);
        let start = self.peeked.get_ref();
        Ok(&start[..start.len().min(count)])
    }

    /// Everything that is left, decompressed.
    ///
    /// # Errors
    /// When reading or decompressing fails, or there is too much of it.
    pub fn read_to_end(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        let read = (&mut *self).take(LARGEST_WHOLE + 1).read_to_end(&mut bytes);
        read.map_err(StoreError::read(&self.path))?;
        if bytes.len() as u64 > LARGEST_WHOLE {
            let problem = format!("it has more than {} MiB, and this format is read whole", LARGEST_WHOLE >> 20);
            return Err(StoreError::read(&self.path)(io::Error::new(io::ErrorKind::InvalidData, problem)));
        }
        Ok(bytes)
    }

    /// The digest of the stored bytes, all of them, if it was asked for: what has not been read yet is read now.
    ///
    /// # Errors
    /// When reading fails.
    pub fn finish(mut self) -> Result<Option<InputDigest>, StoreError> {
        let Some(hashed) = self.hashed.take() else { return Ok(None) };
        io::copy(&mut self.reader, &mut io::sink()).map_err(StoreError::read(&self.path))?;
        let hashed = std::mem::take(&mut *hashed.lock().expect("nothing panics while holding it"));
        Ok(Some(InputDigest { sha256: hex::encode(hashed.hasher.finalize()), bytes: hashed.bytes }))
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.peeked.read(buffer)? {
            0 => self.reader.read(buffer),
            count => Ok(count),
        }
    }
}

/// SHA-256 and size of a file's bytes as stored.
///
/// # Errors
/// When it cannot be read.
pub fn file_digest(path: &Path) -> Result<InputDigest, StoreError> {
    let file = File::open(path).map_err(StoreError::read(path))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    loop {
        let block = reader.fill_buf().map_err(StoreError::read(path))?;
        if block.is_empty() {
            return Ok(InputDigest { sha256: hex::encode(hasher.finalize()), bytes });
        }
        hasher.update(block);
        let count = block.len();
        bytes += count as u64;
        reader.consume(count);
    }
}

/// The name that labels an input: the last component of its path, without `.gz` or `.zst`, so that a compressed
/// trace gives the same tape.
#[must_use]
pub fn label(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bare = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending));
    bare.unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn compressed_inputs_give_the_same_bytes_and_the_digest_of_what_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"a,b\n1,2\n".repeat(5000);
        let gz = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::Write::write_all(&mut encoder, &text).unwrap();
            encoder.finish().unwrap()
        };
        let zst = zstd::encode_all(text.as_slice(), 1).unwrap();
        for (name, stored) in [
            ("x.csv", text.clone()),
            ("x.csv.gz", gz.clone()),
            ("x.csv.zst", zst.clone()),
            ("gzip/x.csv", gz.clone()),
            ("zstd/x.csv", zst),
            ("wrong/x.csv.zst", gz),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &stored).unwrap();
            let mut input = Input::open(&path, true).unwrap();
            assert!(input.read_to_end().unwrap() == text, "{name}");
            let digest = input.finish().unwrap().unwrap();
            assert_eq!(digest, file_digest(&path).unwrap(), "{name}");
            assert_eq!(digest.bytes, stored.len() as u64, "{name}");
            assert_eq!(label(&path), "x.csv");
        }
    }

    #[test]
    fn what_is_named_gz_but_is_not_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv.gz");
        fs::write(&path, b"not gzip at all").unwrap();
        let mut input = Input::open(&path, true).unwrap();
        let error = input.read_to_end().unwrap_err();
        assert!(matches!(error, StoreError::Read { .. }));
    }

    #[test]
    fn a_folder_is_not_an_input() {
        let folder = tempfile::tempdir().unwrap();
        let error = Input::open(folder.path(), true).err().unwrap();
        assert!(matches!(error, StoreError::Read { .. }), "{error}");
    }
}
