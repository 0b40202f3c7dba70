//! No circle between the files of the library: each can be read without those that use it.
//!
//! A folder's `mod.rs` names its parts and hands on what they define; that it does so is no use of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Circles that are left, each with the reason: its files, or a folder within which it is.
const EXCEPTIONS: [(&str, &[&str]); 2] = [
    (
        "the list of engines is asked by an engine for its entry, and an entry makes engines",
        &[
            "motif/engine.rs",
            "motif/episode.rs",
            "motif/excursion/mod.rs",
            "motif/machine.rs",
            "motif/online.rs",
            "motif/reference/mod.rs",
        ],
    ),
    (
        "a data set is an entry of the list of adapters, and an adapter is given the options of a data set",
        &[
            "trace/adapter.rs",
            "trace/adapters/mod.rs",
            "trace/error.rs",
            "trace/input.rs",
            "trace/option.rs",
            "trace/options.rs",
        ],
    ),
];

/// A module by the names on the way to it.
type Module = Vec<String>;

/// The code of a module, and what its names lead to.
struct Source {
    /// Below `src`, with slashes.
    file: String,
    /// Without comments and its tests.
    code: String,
    /// What it uses, as paths.
    uses: Vec<Vec<String>>,
    /// What it hands on, by the name under which it does.
    handed_on: BTreeMap<String, Vec<String>>,
}

impl Source {
    fn read(file: String, text: &str) -> Self {
        let code = code_of(text);
        let (mut uses, mut handed_on) = (Vec::new(), BTreeMap::new());
        let mut rest = String::new();
        let mut statements = code.split(';').peekable();
        while let Some(statement) = statements.next() {
            let start = statement.rfind("use ").filter(|at| is_use(&statement[..*at]));
            match start {
                Some(at) if statements.peek().is_some() => {
                    let is_handed_on = statement[..at].lines().last().unwrap_or("").contains("pub");
                    for path in paths_of(&statement[at + 4..]) {
                        if is_handed_on {
                            handed_on.insert(path.last().unwrap().clone(), path.clone());
                        } else {
                            uses.push(path);
                        }
                    }
                    rest.push_str(&statement[..at]);
                }
                _ => rest.push_str(statement),
            }
            rest.push(';');
        }
        uses.extend(inline_paths(&rest));
        Self { file, code, uses, handed_on }
    }

    /// Whether it defines an item of this name.
    fn defines(&self, name: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "union", "macro_rules!"];
        kinds.iter().any(|kind| {
            self.code.match_indices(&format!("{kind} {name}")).any(|(at, found)| {
                let before = self.code[..at].chars().next_back();
                let after = self.code[at + found.len()..].chars().next();
                !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
            })
        })
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether what stands before `use` is a place where one can stand: nothing, an attribute, or a visibility.
fn is_use(before: &str) -> bool {
    let line = before.lines().last().unwrap_or("").trim();
    before.ends_with('\n') || before.is_empty() || line.is_empty() || line.starts_with("pub")
}

/// A text without comments and without the tests at its end.
fn code_of(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..tests].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The paths of a tree of uses.
fn paths_of(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((before, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap();
        return vec![path.split("::").map(|part| part.trim().to_owned()).collect()];
    };
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for letter in list.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(letter);
    }
    parts.push(part);
    let whole = parts.iter().filter(|part| !part.trim().is_empty());
    whole.flat_map(|part| paths_of(&format!("{before}{part}"))).collect()
}

/// Paths in code: words with `::` between them.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let words = code.split(|letter: char| !is_letter(letter) && letter != ':');
    let paths = words.filter(|word| word.contains("::") && !word.starts_with(':'));
    paths.map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()).collect()
}

/// The modules of the library. What only tests use is left out.
fn sources() -> BTreeMap<Module, Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let mut sources = BTreeMap::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let Some(name) = file.strip_suffix(".rs") else { continue };
        if name == "main" || name.contains("tests") {
            continue;
        }
        let module: Module = match name.strip_suffix("/mod").unwrap_or(name) {
            "lib" => Vec::new(),
            name => name.split('/').map(str::to_owned).collect(),
        };
        sources.insert(module, Source::read(file.clone(), &fs::read_to_string(&path).unwrap()));
    }
    sources
}

/// The module in which an item is defined that `path` leads to from `from`; `None` where that is not in the library.
fn resolve(sources: &BTreeMap<Module, Source>, from: &Module, path: &[String], depth: usize) -> Option<Module> {
    let (mut at, mut rest) = (from.clone(), path);
    match path.first()?.as_str() {
        "crate" => (at, rest) = (Vec::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        first => {
            let mut child = at.clone();
            child.push(first.to_owned());
            if !sources.contains_key(&child) {
                return None;
            }
        }
    }
    while let Some(name) = rest.first() {
        let mut child = at.clone();
        child.push(name.clone());
        if sources.contains_key(&child) {
            (at, rest) = (child, &rest[1..]);
            continue;
        }
        let source = sources.get(&at)?;
        return match source.handed_on.get(name) {
            Some(further) if depth < 8 && !source.defines(name) => resolve(sources, &at, further, depth + 1),
            _ => Some(at),
        };
    }
    Some(at)
}

/// Which files each file uses.
fn graph(sources: &BTreeMap<Module, Source>) -> BTreeMap<&str, BTreeSet<&str>> {
    let edges = sources.iter().map(|(module, source)| {
        let used = source.uses.iter().filter_map(|path| resolve(sources, module, path, 0));
        let is_part = |other: &Module| source.file.ends_with("mod.rs") && other.starts_with(module);
        let used = used.filter(|other| other != module && !other.is_empty() && !is_part(other));
        (source.file.as_str(), used.map(|other| sources[&other].file.as_str()).collect())
    });
    edges.collect()
}

/// The files that can be reached from one.
fn reached<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = graph[from].iter().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(&graph[file]);
        }
    }
    reached
}

/// Files of which each can be reached from each other, in order of their first.
fn circles<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|file| (*file, reached(graph, file))).collect();
    let in_circle = graph.keys().filter(|file| reached[*file].contains(*file));
    let circle = |file: &&'a str| -> Vec<&'a str> {
        let others = graph.keys().filter(|other| reached[file].contains(*other) && reached[*other].contains(file));
        others.copied().collect()
    };
    in_circle.map(circle).collect()
}

fn is_in(file: &str, places: &[&str]) -> bool {
    places.iter().any(|place| file == *place || place.ends_with('/') && file.starts_with(place))
}

#[test]
fn uses_are_read_in_all_their_forms() {
    let text = "use super::{a::{B, c}, D as E};\n// use crate::no::One;\npub(super) use f::G;\n\nfn h() {\n    crate::i::j();\n}\n\n#[cfg(test)]\nmod tests {\n    use crate::k::L;\n}\n";
    let source = Source::read("x.rs".to_owned(), text);
    let uses: Vec<String> = source.uses.iter().map(|path| path.join("::")).collect();
    assert_eq!(uses, ["super::a::B", "super::a::c", "super::D", "crate::i::j"]);
    assert_eq!(source.handed_on["G"], ["f", "G"]);
    assert!(source.defines("h") && !source.defines("j"));
}

#[test]
fn a_circle_is_found_wherever_it_is_entered() {
    let graph = BTreeMap::from([
        ("a", BTreeSet::from(["b"])),
        ("b", BTreeSet::from(["c"])),
        ("c", BTreeSet::from(["b", "d"])),
        ("d", BTreeSet::new()),
    ]);
    assert_eq!(circles(&graph), BTreeSet::from([vec!["b", "c"]]));
}

#[test]
fn no_file_of_the_library_is_in_a_circle() {
    let sources = sources();
    let graph = graph(&sources);
    let count: usize = graph.values().map(BTreeSet::len).sum();
    assert!(graph.len() > 200 && count > 600, "{} files, {count} uses: are they still read?", graph.len());
    let mut found: Vec<String> = Vec::new();
    for circle in circles(&graph) {
        let excused = EXCEPTIONS.iter().any(|(_, places)| circle.iter().all(|file| is_in(file, places)));
        if !excused {
            let uses = circle.iter().map(|file| {
                let others: Vec<&str> = graph[file].iter().copied().filter(|other| circle.contains(other)).collect();
                format!("  {file} uses {}", others.join(", "))
            });
            found.push(uses.collect::<Vec<_>>().join("\n"));
        }
    }
    assert!(found.is_empty(), "files that use each other:\n{}", found.join("\n\n"));
    let circles = circles(&graph);
    for (reason, places) in EXCEPTIONS {
        assert!(circles.iter().any(|circle| circle.iter().all(|file| is_in(file, places))), "no circle: {reason}");
    }
}
