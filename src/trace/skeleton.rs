//! SQL texts without their literals.

use sha2::{Digest, Sha256};

use super::statement::{Dialect, code, name};

/// The system that SQLShare is.
const DIALECT: Dialect = Dialect::SqlServer;

/// How many bytes of a skeleton a channel shows at most.
const SHOWN_BYTES: usize = 64;

/// The first 64 bytes of a skeleton; fewer, where the 64th would cut a character.
pub(crate) fn start_of(skeleton: &str) -> &str {
    let end = (0..=skeleton.len().min(SHOWN_BYTES)).rev().find(|end| skeleton.is_char_boundary(*end));
    &skeleton[..end.unwrap_or(0)]
}

/// The channel of `rest` in what is called `owner`. The first `#` ends the owner: one with a `#` stands in quotes.
pub(crate) fn owned(owner: &str, rest: &str) -> String {
    if owner.contains('#') || owner.starts_with('"') {
        return format!("\"{}\"#{rest}", owner.replace('"', "\"\""));
    }
    format!("{owner}#{rest}")
}

/// What a channel shows of a skeleton: its start, and if that is not all of it, the first 8 digits of its SHA-256, so that two
/// skeletons are two channels.
pub(crate) fn abbreviated(skeleton: &str) -> String {
    let shown = start_of(skeleton);
    if shown.len() == skeleton.len() {
        return shown.to_owned();
    }
    format!("{shown}#{}", &hex::encode(Sha256::digest(skeleton.as_bytes()))[..8])
}

/// Our skeleton: the statement without its literals, comments and layout.
pub(crate) fn skeleton(sql: &str) -> String {
    name(sql, DIALECT)
}

/// The published skeleton: literals and digits become `?`, runs of blanks one blank, letters lower case.
///
/// `'` and `"` both open and close a literal and leave a `?` each; what stands between them is skipped. Comments are text.
pub(crate) fn published_skeleton(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let (mut literal, mut blank) = (false, false);
    for c in sql.chars() {
        if c == '\'' || c == '"' {
            literal = !literal;
            out.push('?');
        } else if literal {
        } else if c.is_ascii_digit() {
            out.push('?');
            blank = false;
        } else if c.is_whitespace() {
            if !blank {
                out.push(' ');
            }
            blank = true;
        } else {
            blank = false;
            if c.is_ascii() { out.push(c.to_ascii_lowercase()) } else { out.extend(c.to_lowercase()) }
        }
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    let blanks = kept - out.trim_start().len();
    out.drain(..blanks);
    out
}

/// The clauses that say what a query is for; a divergence over sets of them has 64 keys at most.
const CLAUSES: [&str; 6] = ["case", "group", "join", "order", "union", "where"];

/// Which of the words `case`, `group`, `join`, `order`, `union` and `where` stand in a query, outside of literals, comments
/// and names: coarser than the skeleton, so that the mixes of two sets of queries can be compared.
pub(crate) fn clauses(sql: &str) -> String {
    let code = code(sql, DIALECT);
    let mut found = [false; CLAUSES.len()];
    let mut rest = code.as_str();
    let mut is_member = false;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '#');
        let length = match first {
            '"' | '`' => quoted_length(rest, first),
            '[' => quoted_length(rest, ']'),
            _ if is_word(first) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, behind) = rest.split_at(length);
        if let Some(clause) = CLAUSES.iter().position(|clause| *clause == word)
            && !is_member
        {
            found[clause] = true;
        }
        is_member = first == '.';
        rest = behind;
    }
    let words: Vec<&str> = CLAUSES.iter().zip(found).filter(|(_, found)| *found).map(|(clause, _)| *clause).collect();
    words.join(" ")
}

/// Bytes of the quoted name that a text starts with; a doubled quote stands for one in it.
fn quoted_length(text: &str, close: char) -> usize {
    let mut length = 1;
    while let Some(end) = text[length..].find(close) {
        length += end + 1;
        if !text[length..].starts_with(close) {
            return length;
        }
        length += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_rules() {
        for (sql, expected) in [
            ("", ""),
            ("  SELECT  *\n\tFROM T12 ", "select * from t??"),
            ("a 'x y' b", "a ??b"),
            ("a'x\" b", "a?? b"),
            ("a ''  b", "a ??b"),
            ("a\u{a0}\u{2003}B", "a b"),
            ("İ ß Σ", "i\u{307} ß σ"),
            ("x 'never closed 12", "x ?"),
            ("1 2", "? ?"),
            (" ' ' ", "??"),
        ] {
            assert_eq!(published_skeleton(sql), expected, "{sql:?}");
        }
    }

    #[test]
    fn clauses_are_words_outside_of_literals_comments_and_names() {
        for (sql, expected) in [
            ("SELECT 1", ""),
            ("select a from t Join u WHERE x = 'group by' ORDER BY 1", "join order where"),
            ("select [order by], wherever from [case].[t] where\n1=1", "where"),
            ("union union UNION", "union"),
            ("-- group by where", ""),
            ("select count(*)[where 1] from t", ""),
            ("select [never closed where", ""),
            ("select 'case', t.order, \"a\"\" where\", [b]] where] -- don't join\nfrom t /* union /* */ group */", ""),
            ("select a -- isn't it\nfrom t where b = 'x'group by a", "group where"),
        ] {
            assert_eq!(clauses(sql), expected, "{sql:?}");
        }
    }
}
