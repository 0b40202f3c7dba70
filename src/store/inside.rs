//! Where a path leads, links and all, even if there is nothing yet.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Links that are followed one after the other: more are a loop.
const MOST_LINKS: usize = 40;

/// Whether what is written at `path` is written into `folder`, whichever links lead there, and whether they are there yet or not.
///
/// # Errors
/// When a link on the way cannot be read.
pub fn is_inside(path: &Path, folder: &Path) -> io::Result<bool> {
    let (path, folder) = (resolved(path)?, resolved(folder)?);
    Ok(path.ancestors().any(|part| part == folder || is_same(part, &folder)))
}

/// The path without links. What does not exist yet is taken for folders that are to be made.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::env::current_dir()?.join(path);
    for _ in 0..MOST_LINKS {
        let there = path.ancestors().find(|part| fs::symlink_metadata(part).is_ok()).unwrap_or(Path::new("/"));
        let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
        match there.canonicalize() {
            Ok(mut real) => {
                let mut climbs = false;
                for part in rest.components() {
                    match part {
                        Component::ParentDir => {
                            real.pop();
                            climbs = true;
                        }
                        part => real.push(part),
                    }
                }
                // Behind a `..` there may be links again.
                if !climbs {
                    return Ok(real);
                }
                path = real;
            }
            // A link to what is not there yet.
            Err(error) => match fs::read_link(there) {
                Ok(target) => {
                    let target = there.parent().unwrap_or(there).join(target);
                    // Joined to nothing it would end in a slash, which asks for what is behind the link.
                    path = if rest.as_os_str().is_empty() { target } else { target.join(rest) };
                }
                Err(_) => return Err(error),
            },
        }
    }
    Err(io::Error::other("too many links"))
}

/// Whether both are one folder, by whatever names.
#[cfg(unix)]
fn is_same(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    identity(a).is_ok_and(|a| identity(b).is_ok_and(|b| a == b))
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_hides_where_a_path_leads() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("results/job")).unwrap();
        fs::create_dir_all(at("out/x")).unwrap();
        for (link, target) in [
            ("l", "results"),
            ("l2", "l"),
            ("deep", "results/job"),
            ("dangling", "results/new/one"),
            ("dangling2", "dangling/more"),
            ("out/up", ".."),
            ("elsewhere", "out"),
            ("loop", "loop"),
        ] {
            symlink(target, at(link)).unwrap();
        }
        for inside in [
            "results",
            "results/",
            "results/job/deeper/still",
            "./out/../results",
            "out/none/../../results/x",
            "l",
            "l2/x",
            "deep",
            "dangling",
            "dangling2/x",
            "out/up/results",
            "nothing/../l/x",
        ] {
            assert!(is_inside(&at(inside), &at("results")).unwrap(), "{inside}");
        }
        for outside in ["out", "out/x/y", "resultsx", "elsewhere", "results/../out", "l/../out", "none/results", "."] {
            assert!(!is_inside(&at(outside), &at("results")).unwrap(), "{outside}");
        }
        assert!(is_inside(&at("loop"), &at("results")).is_err());
        // The folder may be the link.
        assert!(is_inside(&at("out/x"), &at("elsewhere")).unwrap());
        assert!(!is_inside(&at("out"), &at("not-there")).unwrap());
    }
}
