//! A module of the library uses only modules below it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, from the top.
const ORDER: [&str; 13] = [
    "cli",
    "report",
    "pipeline",
    "experiment",
    "live",
    "capture",
    "evaluate",
    "trace",
    "motif",
    "tape",
    "residual",
    "store",
    "diagnostics",
];

/// Uses of a module above that are left, as `file uses module`. Each is a debt.
const EXCEPTIONS: [&str; 0] = [];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let nested = entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The modules that a text names behind `crate::`, one by one or as a list in braces, beside those of its comments.
fn used(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let word =
        |text: &str| text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>();
    let mut modules = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (at, letter) in list.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    letter if start && letter.is_alphabetic() => {
                        modules.insert(word(&list[at..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            modules.insert(word(rest));
        }
    }
    modules
}

#[test]
fn uses_are_read_in_all_their_forms() {
    let text = "use crate::tape::recording::{Cell};\nuse crate::{residual::{Class, Math}, store};\n// crate::cli\nlet x = crate::motif::csv();\n";
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), ["motif", "residual", "store", "tape"]);
}

#[test]
fn every_module_of_the_library_has_its_place() {
    let text = fs::read_to_string(sources().join("lib.rs")).unwrap();
    let declared: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let without: Vec<&str> = declared.difference(&ORDER.into()).copied().collect();
    assert!(declared.len() >= 12 && without.is_empty(), "{without:?} have no place in the order of this test");
}

#[test]
fn a_module_uses_only_modules_below_it() {
    let mut wrong = BTreeSet::new();
    let modules = ORDER.iter().enumerate().filter(|(_, module)| sources().join(module).is_dir());
    for (place, module) in modules {
        for file in files(&sources().join(module)) {
            for other in used(&fs::read_to_string(&file).unwrap()) {
                if ORDER[..place].contains(&other.as_str()) {
                    let file = file.strip_prefix(sources()).unwrap();
                    wrong.insert(format!("{} uses {other}", file.display()));
                }
            }
        }
    }
    let allowed: BTreeSet<String> = EXCEPTIONS.iter().map(|exception| (*exception).to_owned()).collect();
    assert_eq!(wrong, allowed, "a module may use only those named behind it in the order of this test");
}
