//! The bytes of this program, however it was started.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::file_digest;

/// SHA-256 of the file that this code was loaded from, or `None` where that file cannot be told for certain.
///
/// It is not the file that the process was started from: under `ld.so`, an emulator or another wrapper that is the wrapper's.
#[must_use]
pub fn program_digest() -> Option<&'static str> {
    static DIGEST: OnceLock<Option<String>> = OnceLock::new();
    DIGEST.get_or_init(|| Some(file_digest(&program_file()?).ok()?.sha256)).as_deref()
}

/// The file that stands behind an address of our own code.
#[cfg(target_os = "linux")]
fn program_file() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let maps = std::fs::read("/proc/self/maps").ok()?;
    let mapped = mapped_at(&maps, program_digest as fn() -> Option<&'static str> as usize as u64)?;
    // A program that has been replaced since it was started is another one. Devices are not compared: layered file systems
    // give other ones in `maps` than for the file.
    let found = std::fs::metadata(&mapped.path).ok()?;
    (found.is_file() && found.ino() == mapped.inode).then_some(mapped.path)
}

#[cfg(not(target_os = "linux"))]
fn program_file() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// A mapped file, as `/proc/PID/maps` has it.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq)]
struct Mapped {
    path: PathBuf,
    inode: u64,
}

/// The file that is mapped at an address; `None` for memory without a file, and for a file that has been removed.
#[cfg(target_os = "linux")]
fn mapped_at(maps: &[u8], address: u64) -> Option<Mapped> {
    use std::os::unix::ffi::OsStrExt;
    for line in maps.split(|byte| *byte == b'\n') {
        // START-END PERMISSIONS OFFSET DEVICE INODE PATH; the path may have blanks in it.
        let mut fields = line.splitn(6, |byte| *byte == b' ');
        let (Some(range), Some(inode), Some(path)) = (fields.next(), fields.nth(3), fields.next()) else { continue };
        let number = |text: &[u8], radix| u64::from_str_radix(std::str::from_utf8(text).ok()?, radix).ok();
        let at = range.iter().position(|byte| *byte == b'-')?;
        if !(number(&range[..at], 16)?..number(&range[at + 1..], 16)?).contains(&address) {
            continue;
        }
        let path = path.trim_ascii_start();
        let is_file = path.starts_with(b"/") && !path.ends_with(b" (deleted)");
        return is_file.then_some(Mapped { path: std::ffi::OsStr::from_bytes(path).into(), inode: number(inode, 10)? });
    }
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_one_that_runs() {
        let running = file_digest(&std::env::current_exe().unwrap()).unwrap().sha256;
        assert_eq!(program_digest(), Some(running.as_str()));
    }

    #[test]
    fn an_address_is_of_the_file_that_is_mapped_there() {
        let maps = b"\
5000-6000 r--p 00000000 fe:01 11                         /lib/ld.so
7000-8000 r-xp 00001000 fe:01 12                         /opt/a b/telltape
8000-9000 r-xp 00000000 00:00 0 \n9000-a000 r-xp 00000000 fe:01 13   /opt/telltape (deleted)
a000-b000 r-xp 00000000 00:00 0                          [vdso]
b000-c000 r-xp 00000000 00:01 14                         /memfd:x (deleted)
c000-d000 r-xp 00000000 fe:01 15 /last";
        let file = |path: &str, inode| Some(Mapped { path: path.into(), inode });
        for (address, expected) in [
            (0x4fff, None),
            (0x5000, file("/lib/ld.so", 11)),
            (0x6000, None),
            (0x7fff, file("/opt/a b/telltape", 12)),
            (0x8000, None),
            (0x9000, None),
            (0xa000, None),
            (0xb000, None),
            (0xc001, file("/last", 15)),
        ] {
            assert_eq!(mapped_at(maps, address), expected, "{address:x}");
        }
        assert_eq!(mapped_at(b"", 1), None);
        assert_eq!(mapped_at(b"nonsense of five or more fields\n", 1), None);
    }
}
