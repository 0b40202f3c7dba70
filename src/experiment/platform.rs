use std::process::Command;
use std::sync::OnceLock;

/// Which C library computes the logarithms of `math = "system"`: name, version and processor, as `glibc 2.36 x86_64`.
///
/// Asked once, of `getconf`; where that does not know, the operating system's name stands in.
#[must_use]
pub fn libm() -> &'static str {
    static LIBM: OnceLock<String> = OnceLock::new();
    LIBM.get_or_init(|| {
        let asked = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok();
        let named =
            asked.filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
        let library = named.map_or_else(|| std::env::consts::OS.to_owned(), |name| name.trim().to_owned());
        format!("{library} {}", std::env::consts::ARCH)
    })
}
