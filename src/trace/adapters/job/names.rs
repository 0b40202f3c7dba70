//! Which query and iteration a file is of, by its name.

use super::problem::JobProblem;

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedRun {
    pub(super) query: String,
    pub(super) iteration: Option<u64>,
    /// Whether the name says by a word or by folders which part is the iteration. If it does not, `1a_2` might be a query, too.
    pub(super) is_certain: bool,
}

/// Words before the number of an iteration.
const WORDS: [&str; 11] =
    ["iteration", "iter", "run", "rep", "repeat", "repetition", "round", "trial", "try", "execution", "it"];

const ENDINGS: [&str; 3] = [".json", ".jsonl", ".ndjson"];

/// The name of a file without its endings, if they are those of JSON.
pub(super) fn stem(name: &str) -> Option<&str> {
    let bare = [".gz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let stem = ENDINGS.iter().find_map(|ending| bare.strip_suffix(ending))?;
    // As `telltape` and psql scripts name them: `1a.explain.json`.
    Some([".explain", ".plan"].iter().find_map(|ending| stem.strip_suffix(ending)).unwrap_or(stem))
}

/// What the path of a file says, relative to the folder of them all and with `/` between its parts; an error names what would be
/// clear.
pub(super) fn of_path(path: &str) -> Result<NamedRun, JobProblem> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = stem(name).unwrap_or(name);
    let (above, last) = folders.rsplit_once('/').unwrap_or(("", folders));
    let join = |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let certain = |query: String, iteration| Ok(NamedRun { query, iteration: Some(iteration), is_certain: true });
    if last.is_empty() {
        return Ok(of_stem(stem));
    }
    match (iteration(last), iteration(stem)) {
        // `1a/run2.json`, `run2/1a.json`.
        (None | Some(Iteration::Number(_)), Some(Iteration::Word(number))) => certain(folders.to_owned(), number),
        (Some(Iteration::Word(number)), None | Some(Iteration::Number(_))) => certain(join(above, stem), number),
        // `1a/2.json`, `2/1a.json`.
        (None, Some(Iteration::Number(number))) => certain(folders.to_owned(), number),
        (Some(Iteration::Number(number)), None) => certain(join(above, stem), number),
        (Some(_), Some(_)) => Err(JobProblem::Iterations { folder: last.to_owned(), file: stem.to_owned() }),
        (None, None) => {
            let named = of_stem(stem);
            Ok(NamedRun { query: join(folders, &named.query), ..named })
        }
    }
}

/// What a name alone says: `1a`, `1a_2`, `1a_run2`.
fn of_stem(stem: &str) -> NamedRun {
    let is_separator = |letter: char| matches!(letter, '_' | '-' | '.');
    let before = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let named = |query: &str, iteration, is_certain| NamedRun { query: query.to_owned(), iteration, is_certain };
    let Ok(number) = stem[before.len()..].parse() else { return named(stem, None, false) };
    let word = before.trim_end_matches(is_separator).to_ascii_lowercase();
    let queries = WORDS.iter().filter_map(|known| word.strip_suffix(known));
    let query =
        queries.map(|query| &stem[..query.len()]).find(|query| query.ends_with(is_separator) && query.len() > 1);
    if let Some(query) = query {
        return named(query.trim_end_matches(is_separator), Some(number), true);
    }
    // `query_1` and `q-17` are queries: the number that tells them apart is not that of an iteration.
    match before.strip_suffix(is_separator) {
        Some(query) if query.bytes().any(|byte| byte.is_ascii_digit()) => named(query, Some(number), false),
        _ => named(stem, None, false),
    }
}

/// The number of an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Iteration {
    /// `run2`
    Word(u64),
    /// `2`
    Number(u64),
}

fn iteration(text: &str) -> Option<Iteration> {
    let lower = text.to_ascii_lowercase();
    let start = lower.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = lower[start.len()..].parse().ok()?;
    match start.trim_end_matches(['_', '-', '.', '=']) {
        "" if start.is_empty() => Some(Iteration::Number(number)),
        word if WORDS.contains(&word) => Some(Iteration::Word(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_query_and_iteration() {
        for (path, query, iteration, is_certain) in [
            ("1a.json", "1a", None, false),
            ("1a.json.gz", "1a", None, false),
            ("1a.explain.json", "1a", None, false),
            ("1a_2.json", "1a", Some(2), false),
            ("1a-2.json", "1a", Some(2), false),
            ("1a.2.json", "1a", Some(2), false),
            ("1a_run2.json", "1a", Some(2), true),
            ("1a_run_2.json", "1a", Some(2), true),
            ("1a-iter-02.json", "1a", Some(2), true),
            ("query_1.json", "query_1", None, false),
            ("q-17.json", "q-17", None, false),
            ("query_1_3.json", "query_1", Some(3), false),
            ("query_run3.json", "query", Some(3), true),
            ("query_run_3.json", "query", Some(3), true),
            ("17.json", "17", None, false),
            ("_2.json", "_2", None, false),
            ("1a/run1.json", "1a", Some(1), true),
            ("1a/1.json", "1a", Some(1), true),
            ("run1/1a.json", "1a", Some(1), true),
            ("1/1a.json", "1a", Some(1), true),
            ("17/run2.json", "17", Some(2), true),
            ("run2/17.json", "17", Some(2), true),
            ("tpch/1a/run1.json", "tpch/1a", Some(1), true),
            ("tpch/run1/1a.json", "tpch/1a", Some(1), true),
            ("plans/1a_2.json", "plans/1a", Some(2), false),
            ("runner.json", "runner", None, false),
            ("return1.json", "return1", None, false),
        ] {
            let expected = NamedRun { query: query.to_owned(), iteration, is_certain };
            assert_eq!(of_path(path), Ok(expected), "{path}");
        }
        for path in ["1/2.json", "run1/run2.json"] {
            assert!(of_path(path).unwrap_err().to_string().contains("could be the iteration"), "{path}");
        }
    }
}
