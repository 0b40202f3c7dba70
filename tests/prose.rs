//! Prose is a sentence a line, and no line of it is longer than a screen is wide.

use std::fs;
use std::path::{Path, PathBuf};

/// In characters, of a line of prose.
const WIDTH: usize = 100;

/// The Markdown files of the project, not what builds and runs have left in it.
fn markdown_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_ours = !name.starts_with('.') && !["target", "out", "cache"].contains(&name.as_str());
            if is_ours && !path.is_symlink() {
                markdown_files(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// Lines of prose that are too long, as `number: text`. A row of a table, a line of code and the target of a link
/// cannot be broken.
fn long_lines(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let is_table = line.trim_start().starts_with('|');
        let is_target = line.starts_with('[') && line.contains("]: ");
        if !is_code && !is_table && !is_target && !line.starts_with("    ") && line.chars().count() > WIDTH {
            found.push(format!("{}: {line}", index + 1));
        }
    }
    found
}

#[test]
fn lines_of_prose_are_at_most_100_characters_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    markdown_files(root, &mut files);
    assert!(files.contains(&root.join("README.md")) && files.contains(&root.join("docs/method.md")));
    files.sort();
    let long: Vec<_> = files
        .iter()
        .flat_map(|path| {
            let file = path.strip_prefix(root).unwrap().display().to_string();
            long_lines(&fs::read_to_string(path).unwrap()).into_iter().map(move |line| format!("{file}:{line}"))
        })
        .collect();
    assert!(long.is_empty(), "break at a sentence or a clause:\n{}", long.join("\n"));
}

#[test]
fn only_what_can_be_broken_counts() {
    let long = "word ".repeat(25);
    for (text, count) in [
        (format!("{long}\n"), 1),
        (format!("short\n{long}\n{long}\n"), 2),
        (format!("| {long} |\n"), 0),
        (format!("```sh\n{long}\n```\n{long}\n"), 1),
        (format!("    {long}\n"), 0),
        (format!("[name]: {long}\n"), 0),
        ("é".repeat(WIDTH), 0),
        ("é".repeat(WIDTH + 1), 1),
    ] {
        assert_eq!(long_lines(&text).len(), count, "{text}");
    }
}
