//! The name of a SQL statement: its text without literals, comments and layout, so that all its executions have one name and
//! no other statement has it.
//!
//! One pass, by the lexical rules that the common systems share. What is quoted as a name is kept as it is; other words are
//! lower case. A text that is no SQL is passed through by the same rules.

mod dialect;
mod lengths;
mod lexer;
mod outline;
mod token;

pub(crate) use self::dialect::Dialect;
use self::lexer::Lexer;
pub(crate) use self::outline::outline;
use self::token::written;
use super::read::Unknown;

/// What tools write where they keep a statement to themselves, without the brackets or asterisks around it.
const WITHHELD: [&str; 10] = [
    "",
    "backend information not available",
    "command string not enabled",
    "filtered",
    "hidden",
    "insufficient privilege",
    "masked",
    "obfuscated",
    "redacted",
    "sanitized",
];

/// Bytes of the longest text that can be one of [`WITHHELD`].
const LONGEST_WITHHELD: usize = 48;

/// Whether a text says that the statement is not known: all statements that are not would be one.
pub(crate) fn is_unknown(text: &str) -> bool {
    let text = text.trim();
    let is_withheld = || {
        let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
        text.len() <= LONGEST_WITHHELD && WITHHELD.contains(&bare.to_ascii_lowercase().as_str())
    };
    Unknown::of(text).is_some() || is_withheld()
}

/// The name of the statement. That of nothing but comments is the text itself: two comments are no one statement.
pub(crate) fn name(sql: &str, dialect: Dialect) -> String {
    let name = code(sql, dialect);
    if name.is_empty() { sql.split_whitespace().collect::<Vec<_>>().join(" ") } else { name }
}

/// The statement without literals, comments and layout; empty if there is nothing else.
pub(crate) fn code(sql: &str, dialect: Dialect) -> String {
    let mut lexer = Lexer::read(sql, dialect);
    // A statement that was executed closes its literals. One that does not by rules that are a guess may be MySQL's, where an
    // apostrophe can stand behind a backslash, and in a comment behind `#`.
    if lexer.is_open && matches!(dialect, Dialect::Unknown | Dialect::SqlServer) {
        let other = Lexer::read(sql, Dialect::MySql);
        if !other.is_open {
            lexer = other;
        }
    }
    while lexer.tokens.last().is_some_and(|token| token.is(";")) {
        lexer.tokens.pop();
    }
    written(&lexer.tokens)
}

#[cfg(test)]
mod tests;
