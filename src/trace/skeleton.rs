//! SQL texts without their literals.

/// The published skeleton: literals and digits become `?`, runs of blanks one blank, letters lower case.
///
/// `'` and `"` both open and close a literal and leave a `?` each; what stands between them is skipped.
pub(crate) fn skeleton(sql: &str) -> String {
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

/// Which of the words `case`, `group`, `join`, `order`, `union` and `where` stand in a query, outside of literals and of
/// names in brackets: coarser than the skeleton, so that the mixes of two sets of queries can be compared.
pub(crate) fn clauses(sql: &str) -> String {
    let skeleton = skeleton(sql);
    let mut found = [false; CLAUSES.len()];
    for (index, part) in skeleton.split('[').enumerate() {
        // What follows a bracket is a name up to the closing one, if there is one.
        let text = if index == 0 { part } else { part.split_once(']').map_or("", |(_, text)| text) };
        for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '?')) {
            // A blank between a literal and a word is lost where one stood before the literal.
            if let Some(clause) = CLAUSES.iter().position(|clause| *clause == word.trim_start_matches('?')) {
                found[clause] = true;
            }
        }
    }
    let words: Vec<&str> = CLAUSES.iter().zip(found).filter(|(_, found)| *found).map(|(clause, _)| *clause).collect();
    words.join(" ")
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
            assert_eq!(skeleton(sql), expected, "{sql:?}");
        }
    }

    #[test]
    fn clauses_are_words_outside_of_literals_and_brackets() {
        for (sql, expected) in [
            ("SELECT 1", ""),
            ("select a from t Join u WHERE x = 'group by' ORDER BY 1", "join order where"),
            ("select [order by], wherever from [case].[t] where\n1=1", "where"),
            ("union union UNION", "union"),
            ("select [never closed where", ""),
        ] {
            assert_eq!(clauses(sql), expected, "{sql:?}");
        }
    }
}
