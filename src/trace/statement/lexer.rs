//! From text to tokens, by the lexical rules of a dialect.

use super::dialect::{Brackets, Dialect, Rules};
use super::lengths::{
    is_tripled, is_word, lower_case, named_parameter, nested_length, number_length, operator_length, q_quoted_length,
    word_length,
};
use super::token::Token;

/// Words behind which a name follows and no value, so that `@name` there is a table variable.
const BEFORE_TABLES: [&str; 7] = ["delete", "insert", "into", "join", "merge", "update", "using"];

/// Functions with `from` among their arguments, behind which a value stands.
const WITH_FROM: [&str; 4] = ["extract", "overlay", "substring", "trim"];

/// Reads the tokens of a statement.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    rules: &'static Rules,
    /// Within a comment that is executed.
    in_executed: bool,
    pub(super) tokens: Vec<Token<'a>>,
    /// Where the parentheses that are open stand among the tokens.
    open: Vec<usize>,
    /// Whether a literal goes to the end of the text, for nothing closes it.
    pub(super) is_open: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn read(text: &'a str, dialect: Dialect) -> Self {
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
