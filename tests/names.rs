//! One name, one type: a type that other files can see is the only one of its name, so that nobody has to ask which is meant.
//!
//! Types that one file keeps to itself may be called alike, as `Row` may be in many: what it is stands above it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Names that are left to several types, each with the reason.
const ALLOWED: [(&str, &str); 3] = [
    (
        "Input",
        "the table [input] of an experiment is called so in its file, and by errors that name the type they expect",
    ),
    ("Output", "a command writes to the one, an adapter to the other; no file knows both"),
    ("Series", "a detector is given the one; a trial of injected faults keeps the other to itself"),
];

/// What a definition can be seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    File,
    Folder,
    Crate,
}

/// The types that a text defines, in functions and modules too. What a trait or an implementation calls its own is none.
fn definitions(text: &str) -> Vec<(String, Sight)> {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let definition = |line: &str| {
        let code = line.trim_start();
        let (sight, code) = match code.strip_prefix("pub") {
            Some(rest) if rest.starts_with("(super) ") || rest.starts_with("(in ") => {
                (Sight::Folder, rest.split_once(") ")?.1)
            }
            Some(rest) => (Sight::Crate, rest.strip_prefix("(crate)").unwrap_or(rest).strip_prefix(' ')?),
            None => (Sight::File, code),
        };
        let (kind, rest) = code.split_once(' ')?;
        let is_type = match kind {
            "struct" | "enum" | "trait" | "union" => true,
            "type" => line.len() == line.trim_start().len(),
            _ => false,
        };
        let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric()).collect();
        (is_type && name.starts_with(char::is_uppercase)).then_some((name, sight))
    };
    text[..tests].lines().filter_map(definition).collect()
}

/// All types of the library and the program: where each is defined, and what can see it.
fn types() -> BTreeMap<String, Vec<(String, Sight)>> {
    fn walk(folder: &Path, types: &mut BTreeMap<String, Vec<(String, Sight)>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, types);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.to_string_lossy().contains("tests")
            {
                for (name, sight) in definitions(&fs::read_to_string(&path).unwrap()) {
                    types.entry(name).or_default().push((path.display().to_string(), sight));
                }
            }
        }
    }
    let mut types = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut types);
    types
}

/// Whether a reader has to ask which one is meant: where one is seen everywhere, or two beyond their files.
fn is_confusing(definitions: &[(String, Sight)]) -> bool {
    let seen = |by: Sight| definitions.iter().filter(|(_, sight)| *sight == by).count();
    definitions.len() > 1 && (seen(Sight::Crate) > 0 || seen(Sight::Folder) > 1)
}

#[test]
fn a_type_that_other_files_can_see_is_the_only_one_of_its_name() {
    let types = types();
    assert!(types.len() > 600, "{}: are they still read?", types.len());
    let mut found = String::new();
    for (name, definitions) in types.iter().filter(|(_, definitions)| is_confusing(definitions)) {
        if !ALLOWED.iter().any(|(allowed, _)| allowed == name) {
            found += &format!("{name}: {definitions:?}\n");
        }
    }
    assert!(found.is_empty(), "types of one name; qualify all but one:\n{found}");
    for (name, reason) in ALLOWED {
        assert!(types.get(name).is_some_and(|definitions| is_confusing(definitions)), "{name} is one type: {reason}");
    }
}

#[test]
fn definitions_are_found_with_what_can_see_them() {
    let text = "pub struct A;\npub(crate) enum B {}\n    pub(super) trait C {}\nstruct D<'a>(&'a str);\ntype E = u8;\n\
                impl F for A {\n    type Value = u8;\n}\n// struct G;\n#[cfg(test)]\nmod tests {\n    struct H;\n}\n";
    let expected =
        [("A", Sight::Crate), ("B", Sight::Crate), ("C", Sight::Folder), ("D", Sight::File), ("E", Sight::File)];
    assert_eq!(definitions(text), expected.map(|(name, sight)| (name.to_owned(), sight)));
}
