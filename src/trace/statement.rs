//! The name of a SQL statement: its text without literals, comments and layout, so that all its executions have one name and
//! no other statement has it.
//!
//! One pass, by the lexical rules that the common systems share. What is quoted as a name is kept as it is; other words are
//! lower case. A text that is no SQL is passed through by the same rules.

mod dialect;
mod outline;

use std::borrow::Cow;

pub(crate) use self::dialect::Dialect;
use self::dialect::{Brackets, Rules};
pub(crate) use self::outline::outline;
use super::read::Unknown;

/// Words behind which a value or a parenthesis may come, so that a sign there belongs to a number; sorted.
const KEYWORDS: [&str; 40] = [
    "all",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "distinct",
    "else",
    "except",
    "exists",
    "from",
    "group",
    "having",
    "ilike",
    "in",
    "intersect",
    "into",
    "is",
    "join",
    "like",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "returning",
    "select",
    "set",
    "some",
    "then",
    "top",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Words behind which a name follows and no value, so that `@name` there is a table variable.
const BEFORE_TABLES: [&str; 7] = ["delete", "insert", "into", "join", "merge", "update", "using"];

/// Functions with `from` among their arguments, behind which a value stands.
const WITH_FROM: [&str; 4] = ["extract", "overlay", "substring", "trim"];

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

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    /// A literal or a parameter.
    Value,
    /// A name or a keyword.
    Word(Cow<'a, str>),
    /// Punctuation.
    Sign(&'a str),
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Value => false,
            Self::Word(own) => own == text,
            Self::Sign(own) => *own == text,
        }
    }

    fn is_keyword(&self) -> bool {
        matches!(self, Self::Word(word) if KEYWORDS.binary_search(&word.as_ref()).is_ok())
    }

    /// Whether a value ends here, so that a sign behind it is an operation.
    fn ends_value(&self) -> bool {
        match self {
            Self::Value => true,
            Self::Word(_) => !self.is_keyword(),
            Self::Sign(sign) => matches!(*sign, ")" | "]"),
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    rules: &'static Rules,
    /// Within a comment that is executed.
    in_executed: bool,
    tokens: Vec<Token<'a>>,
    /// Where the parentheses that are open stand among the tokens.
    open: Vec<usize>,
    /// Whether a literal goes to the end of the text, for nothing closes it.
    is_open: bool,
}

impl<'a> Lexer<'a> {
    fn read(text: &'a str, dialect: Dialect) -> Self {
        let rules = dialect.rules();
        let (tokens, open) = (Vec::new(), Vec::new());
        let mut lexer = Self { text, at: 0, rules, in_executed: false, tokens, open, is_open: false };
        while lexer.step() {}
        lexer
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes one token, or what is none; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        let second = rest[first.len_utf8()..].chars().next().unwrap_or(' ');
        match first {
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            _ if self.rules.starts_line_comment(rest) => self.skip_line(),
            '/' if second == '*' => self.comment(),
            '*' if second == '/' && self.in_executed => {
                self.in_executed = false;
                self.at += 2;
            }
            '-' if second == '-' => self.sign(1),
            '\'' | '"' if self.rules.triple_quotes && is_tripled(rest) => self.skip_tripled(),
            '\'' => self.skip_literal(0, '\'', self.rules.backslash),
            '"' if self.rules.double_quotes => self.skip_literal(0, '"', self.rules.backslash),
            '"' | '`' => self.quoted(first),
            '[' if !self.is_subscript() => self.quoted(']'),
            '?' => self.value(1),
            '$' => self.dollar(),
            ':' if second == ':' => self.sign(2),
            '@' if is_word(second) && self.expects_table() => self.word(1),
            ':' | '@' if is_word(second) && !self.follows_word() => self.parameter(),
            '@' if second == '@' => self.word(2),
            '%' if named_parameter(rest).is_some() => self.value(named_parameter(rest).unwrap_or(1)),
            '%' if second == 's'
                && !rest[2..].starts_with(is_word)
                && !self.tokens.last().is_some_and(Token::ends_value) =>
            {
                self.value(2);
            }
            '0'..='9' => self.number(),
            '.' if second.is_ascii_digit() && !self.follows_word() => self.number(),
            _ if is_word(first) => self.word(0),
            '(' => {
                self.open.push(self.tokens.len());
                self.sign(1);
            }
            ')' => {
                self.sign(1);
                self.close();
            }
            ',' | ';' | '.' | '[' | ']' | '{' | '}' => self.sign(1),
            _ => {
                let length = operator_length(rest, self.rules);
                self.sign(length);
            }
        }
        true
    }

    fn skip_line(&mut self) {
        self.at = self.rest().find(['\n', '\r']).map_or(self.text.len(), |end| self.at + end);
    }

    /// Skips a comment, or the start of one that is executed.
    fn comment(&mut self) {
        let rest = self.rest();
        let executed = ["/*!", "/*M!"].iter().find(|start| rest.starts_with(**start));
        if let (true, Some(start)) = (self.rules.executes_comments, executed) {
            // A version may stand there, below which it is not executed.
            let digits = rest[start.len()..].bytes().take_while(u8::is_ascii_digit).count();
            self.at += start.len() + digits;
            self.in_executed = true;
            return;
        }
        let length = self.rules.nests.then(|| nested_length(rest)).flatten();
        let length = length.or_else(|| rest[2..].find("*/").map(|end| end + 4));
        self.at += length.unwrap_or(rest.len());
    }

    /// Takes a literal between three quotes.
    fn skip_tripled(&mut self) {
        let rest = self.rest();
        let quotes = &rest[..3];
        let mut end = 3;
        while end < rest.len() && !rest[end..].starts_with(quotes) {
            let escaped = usize::from(rest[end..].starts_with('\\'));
            end += rest[end..].chars().take(1 + escaped).map(char::len_utf8).sum::<usize>();
        }
        self.value((end + 3).min(rest.len()));
    }

    /// Takes a literal whose quote stands behind `prefix` bytes.
    fn skip_literal(&mut self, prefix: usize, quote: char, escapes: bool) {
        let bytes = self.text.as_bytes();
        let mut at = self.at + prefix + 1;
        let mut is_closed = false;
        while at < bytes.len() {
            if escapes && bytes[at] == b'\\' {
                at += 2;
            } else if bytes[at] == quote as u8 {
                at += 1;
                // A doubled quote stands for one in it.
                if bytes.get(at) != Some(&(quote as u8)) {
                    is_closed = true;
                    break;
                }
                at += 1;
            } else {
                at += 1;
            }
        }
        self.is_open |= !is_closed;
        let mut end = at.min(bytes.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.value(end - self.at);
    }

    /// Takes a quoted name with its quotes.
    fn quoted(&mut self, close: char) {
        let rest = self.rest();
        let mut at = 1;
        let end = loop {
            let Some(found) = rest[at..].find(close) else { break rest.len() };
            at += found + 1;
            if !rest[at..].starts_with(close) {
                break at;
            }
            at += 1;
        };
        self.tokens.push(Token::Word(rest[..end].into()));
        self.at += end;
    }

    /// Whether a bracket here starts no name. Where it may be either, it is behind a name or value, as in `a[1]` or
    /// `array[1]`, but not in `select[a]`.
    fn is_subscript(&self) -> bool {
        match self.rules.brackets {
            Brackets::Name => return false,
            Brackets::Array => return true,
            Brackets::Either => {}
        }
        if self.tokens.last().is_some_and(Token::is_keyword) {
            return false;
        }
        let before = self.text[..self.at].chars().next_back();
        before.is_some_and(|before| is_word(before) || matches!(before, ']' | ')' | '"'))
    }

    fn follows_word(&self) -> bool {
        self.text[..self.at].chars().next_back().is_some_and(is_word)
    }

    /// Whether a table is named here, so that `@name` is one and no parameter.
    fn expects_table(&self) -> bool {
        let is_any = |token: Option<&Token<'_>>, words: &[&str]| {
            token.is_some_and(|token| words.iter().any(|word| token.is(word)))
        };
        let tokens = &self.tokens[..];
        match tokens.last() {
            Some(token) if token.is("from") => {
                let is_distinct_from = is_any(tokens.iter().nth_back(1), &["distinct"]);
                let function = self.open.last().and_then(|open| tokens[..*open].last());
                !is_distinct_from && !is_any(function, &WITH_FROM)
            }
            Some(token) if token.is(",") => self.is_in_list_of_tables(),
            last => is_any(last, &BEFORE_TABLES),
        }
    }

    /// Whether the keyword before, outside of parentheses that are closed, is that of a list of tables.
    fn is_in_list_of_tables(&self) -> bool {
        let mut closed = 0_usize;
        for token in self.tokens.iter().rev() {
            if token.is(")") {
                closed += 1;
            } else if token.is("(") {
                let Some(left) = closed.checked_sub(1) else { return false };
                closed = left;
            } else if closed == 0 && token.is_keyword() && !token.is("as") {
                return token.is("from") || token.is("join");
            }
        }
        false
    }

    /// Takes `$1`, `$name`, or a literal between two `$tag$`.
    fn dollar(&mut self) {
        let rest = self.rest();
        let tag = rest[1..].find(|c: char| !is_word(c) || c == '$').map_or(rest.len(), |end| end + 1);
        let is_tag = rest[tag..].starts_with('$') && !rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if is_tag && !self.follows_word() {
            let tag = &rest[..=tag];
            let end = rest[tag.len()..].find(tag).map_or(rest.len(), |end| end + 2 * tag.len());
            self.value(end);
        } else if tag > 1 {
            self.value(tag);
        } else {
            self.sign(1);
        }
    }

    /// Takes `:name` or `@name`.
    fn parameter(&mut self) {
        let rest = self.rest();
        let end = rest[1..].find(|c: char| !is_word(c)).map_or(rest.len(), |end| end + 1);
        self.value(end);
    }

    /// Takes a number, or a name that starts with digits.
    fn number(&mut self) {
        let Some(length) = number_length(self.rest()) else { return self.word(0) };
        if let [.., before, Token::Sign(sign)] = &self.tokens[..]
            && matches!(*sign, "-" | "+")
            && !before.ends_value()
        {
            self.tokens.pop();
        }
        self.value(length);
    }

    /// Takes a name or keyword whose letters start behind `start` bytes, or the literal that it stands before.
    fn word(&mut self, start: usize) {
        let rest = self.rest();
        let end = start + word_length(&rest[start..]);
        let word = &rest[..end];
        let prefixes = ["e", "n", "b", "x", "r", "_utf8", "_utf8mb4"];
        let is_prefix = || prefixes.iter().any(|prefix| word.eq_ignore_ascii_case(prefix));
        if rest[end..].starts_with('\'') && is_prefix() {
            let escapes = word.eq_ignore_ascii_case("e") || self.rules.backslash;
            self.skip_literal(end, '\'', escapes);
        } else if let Some(length) = self.rules.q_quotes.then(|| q_quoted_length(rest)).flatten() {
            self.value(length);
        } else if rest[end..].starts_with("&'") && word.eq_ignore_ascii_case("u") {
            self.skip_literal(end + 1, '\'', false);
        } else {
            self.tokens.push(Token::Word(lower_case(word)));
            self.at += end;
        }
    }

    /// Takes a literal or parameter of `length` bytes. In the list of an `in` all values are one.
    fn value(&mut self, length: usize) {
        self.at += length;
        if let [.., word, open, Token::Value, comma] = &self.tokens[..]
            && word.is("in")
            && open.is("(")
            && comma.is(",")
        {
            self.tokens.pop();
        } else {
            self.tokens.push(Token::Value);
        }
    }

    fn sign(&mut self, length: usize) {
        self.tokens.push(Token::Sign(&self.rest()[..length]));
        self.at += length;
    }

    /// After a closing parenthesis: a list of values that is as the one before it is one with it, as in `values (1), (2)`.
    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let (before, list) = self.tokens.split_at(open);
        let is_list =
            list.len() > 2 && list[1..list.len() - 1].iter().all(|token| *token == Token::Value || token.is(","));
        let lists = before.strip_suffix(&[Token::Sign(",")]).and_then(|before| before.strip_suffix(list));
        // Not the arguments of a function.
        let is_again = lists.is_some_and(|before| {
            before.last().is_none_or(|token| token.is_keyword() || matches!(token, Token::Sign(_)))
        });
        if is_list && is_again {
            self.tokens.truncate(open - 1);
        }
    }
}

/// Bytes of the comment that a text starts with, and of those in it; none if they are not all closed.
fn nested_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// Whether a text starts with three quotes of one kind.
fn is_tripled(text: &str) -> bool {
    text.starts_with("'''") || text.starts_with("\"\"\"")
}

/// Bytes of a literal like `q'[it's]'` or `nq'!it's!'` at the start of a text.
fn q_quoted_length(text: &str) -> Option<usize> {
    let quote = ["q'", "nq'"].iter().find(|start| {
        text.as_bytes().get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()))
    })?;
    let open = text[quote.len()..].chars().next()?;
    let close = match open {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let start = quote.len() + open.len_utf8();
    let end = text[start..].find(&format!("{close}'"))?;
    Some(start + end + close.len_utf8() + 1)
}

/// Bytes of the number that a text starts with; none if it is a name that starts with digits, as `2023_sales` is.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count();
    let word = word_length(text);
    if let [b'0', b'x' | b'X' | b'b' | b'B' | b'o' | b'O', digits @ ..] = &bytes[..word]
        && digits.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'_')
    {
        return Some(word);
    }
    let whole = digits(0);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end = digits(end + 1);
    }
    if let [b'e' | b'E', rest @ ..] = &bytes[end..] {
        let sign = usize::from(matches!(rest, [b'+' | b'-', ..]));
        if rest.get(sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    (end > whole || !text[end..].starts_with(is_word)).then_some(end)
}

/// Bytes of a parameter like `%(name)s` at the start of a text.
fn named_parameter(text: &str) -> Option<usize> {
    let name = text.strip_prefix("%(")?;
    let end = name.find(|c: char| !is_word(c))?;
    name[end..].starts_with(")s").then_some(end + 4)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The bytes of the word that a text starts with.
fn word_length(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let plain = text.bytes().take_while(is_plain).count();
    // Most words are of ASCII alone.
    if text.as_bytes().get(plain).is_none_or(u8::is_ascii) {
        return plain;
    }
    text[plain..].find(|c: char| !is_word(c)).map_or(text.len(), |end| plain + end)
}

/// A word in lower case; most are already.
fn lower_case(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        word.into()
    } else {
        word.to_lowercase().into()
    }
}

/// Bytes of the operator that a text starts with; a comment ends it, and so does a sign before a number.
fn operator_length(text: &str, rules: &Rules) -> usize {
    let first = text.chars().next().map_or(1, char::len_utf8);
    let is_operator = |c: char| "+-*/<>=~!@#%^&|:".contains(c);
    if !text.starts_with(is_operator) {
        return first;
    }
    let mut end = first;
    for c in text[first..].chars() {
        let rest = &text[end..];
        if !is_operator(c)
            || rest.starts_with("--")
            || rest.starts_with("/*")
            || rules.starts_line_comment(rest)
            || matches!(c, '-' | '+' | '@' | ':' | '%') && !text.starts_with('-')
        {
            break;
        }
        end += c.len_utf8();
    }
    end
}

/// The tokens with blanks where a reader expects them, whatever stood between them.
fn written(tokens: &[Token<'_>]) -> String {
    let parts = tokens.iter().map(|token| if let Token::Word(word) = token { word.len() + 1 } else { 2 });
    let mut text = String::with_capacity(parts.sum());
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let joins = before.is_none_or(|before| {
            before.is("(")
                || before.is(".")
                || before.is("[")
                || before.is("::")
                || match token {
                    Token::Sign(sign) => match *sign {
                        "," | ")" | "." | ";" | "[" | "]" | "::" => true,
                        "(" => matches!(before, Token::Word(_)) && !before.is_keyword(),
                        _ => false,
                    },
                    Token::Value | Token::Word(_) => false,
                }
        });
        if !joins {
            text.push(' ');
        }
        match token {
            Token::Value => text.push('?'),
            Token::Word(word) => text.push_str(word),
            Token::Sign(sign) => text.push_str(sign),
        }
    }
    text
}

#[cfg(test)]
mod tests;
