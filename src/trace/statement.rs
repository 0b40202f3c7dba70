//! The name of a SQL statement: its text without literals, comments and layout, so that all its executions have one name and
//! no other statement has it.
//!
//! One pass, by the lexical rules that the common systems share. What is quoted as a name is kept as it is; other words are
//! lower case. A text that is no SQL is passed through by the same rules.

/// Where systems disagree on what a text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `"` quotes names, and a backslash in a literal is a character.
    #[default]
    Standard,
    /// `"` quotes literals, a backslash escapes, `#` starts a comment.
    MySql,
}

impl Dialect {
    /// That of a system by its name as `db.system.name`.
    pub(crate) fn of_system(system: &str) -> Self {
        match system {
            "mysql" | "mariadb" | "gcp.spanner" | "gcp.bigquery" | "hive" | "spark" => Self::MySql,
            _ => Self::Standard,
        }
    }
}

/// Words behind which a value or a parenthesis may come, so that a sign there belongs to a number.
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

/// The name of the statement; empty if there is nothing but blanks and comments.
pub(crate) fn name(sql: &str, dialect: Dialect) -> String {
    let mut lexer = Lexer { text: sql, at: 0, dialect, tokens: Vec::new(), open: Vec::new() };
    while lexer.step() {}
    while lexer.tokens.last().is_some_and(|token| token.is(";")) {
        lexer.tokens.pop();
    }
    written(&lexer.tokens)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A literal or a parameter.
    Value,
    /// A name or a keyword.
    Word(String),
    /// Punctuation.
    Sign(String),
}

impl Token {
    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Word(own) | Self::Sign(own) if own == text)
    }

    fn is_keyword(&self) -> bool {
        matches!(self, Self::Word(word) if KEYWORDS.contains(&word.as_str()))
    }

    /// Whether a value ends here, so that a sign behind it is an operation.
    fn ends_value(&self) -> bool {
        match self {
            Self::Value => true,
            Self::Word(_) => !self.is_keyword(),
            Self::Sign(sign) => sign == ")" || sign == "]",
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    tokens: Vec<Token>,
    /// Where the parentheses that are open stand among the tokens.
    open: Vec<usize>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes one token, or what is none; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        let is_mysql = self.dialect == Dialect::MySql;
        let second = rest[first.len_utf8()..].chars().next().unwrap_or(' ');
        match first {
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            '-' if second == '-' => self.skip_line(),
            '#' if is_mysql => self.skip_line(),
            '/' if second == '*' => self.skip_comment(),
            '\'' => self.skip_literal(0, '\'', is_mysql),
            '"' if is_mysql => self.skip_literal(0, '"', true),
            '"' | '`' => self.quoted(first),
            '[' if !self.is_subscript() => self.quoted(']'),
            '?' => self.value(1),
            '$' => self.dollar(),
            ':' if second == ':' => self.sign(2),
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
                let length = operator_length(rest);
                self.sign(length);
            }
        }
        true
    }

    fn skip_line(&mut self) {
        self.at = self.rest().find(['\n', '\r']).map_or(self.text.len(), |end| self.at + end);
    }

    /// Skips a comment with those in it.
    fn skip_comment(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while self.at < bytes.len() {
            match &bytes[self.at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.text.len();
    }

    /// Takes a literal whose quote stands behind `prefix` bytes.
    fn skip_literal(&mut self, prefix: usize, quote: char, escapes: bool) {
        let bytes = self.text.as_bytes();
        let mut at = self.at + prefix + 1;
        while at < bytes.len() {
            if escapes && bytes[at] == b'\\' {
                at += 2;
            } else if bytes[at] == quote as u8 {
                at += 1;
                // A doubled quote stands for one in it.
                if bytes.get(at) != Some(&(quote as u8)) {
                    break;
                }
                at += 1;
            } else {
                at += 1;
            }
        }
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
        self.tokens.push(Token::Word(rest[..end].to_owned()));
        self.at += end;
    }

    /// Whether a bracket here is behind a name or value, as in `a[1]` or `array[1]`, but not in `select[a]`.
    fn is_subscript(&self) -> bool {
        if self.tokens.last().is_some_and(Token::is_keyword) {
            return false;
        }
        let before = self.text[..self.at].chars().next_back();
        before.is_some_and(|before| is_word(before) || matches!(before, ']' | ')' | '"'))
    }

    fn follows_word(&self) -> bool {
        self.text[..self.at].chars().next_back().is_some_and(is_word)
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
            && matches!(sign.as_str(), "-" | "+")
            && !before.ends_value()
        {
            self.tokens.pop();
        }
        self.value(length);
    }

    /// Takes a name or keyword whose letters start behind `start` bytes, or the literal that it stands before.
    fn word(&mut self, start: usize) {
        let rest = self.rest();
        let end = rest[start..].find(|c: char| !is_word(c)).map_or(rest.len(), |end| start + end);
        let word = &rest[..end];
        let prefixes = ["e", "n", "b", "x", "r", "_utf8", "_utf8mb4"];
        let is_prefix = prefixes.iter().any(|prefix| word.eq_ignore_ascii_case(prefix));
        if rest[end..].starts_with('\'') && is_prefix {
            let escapes = word.eq_ignore_ascii_case("e") || self.dialect == Dialect::MySql;
            self.skip_literal(end, '\'', escapes);
        } else if rest[end..].starts_with("&'") && word.eq_ignore_ascii_case("u") {
            self.skip_literal(end + 1, '\'', false);
        } else {
            self.tokens.push(Token::Word(word.to_lowercase()));
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
        self.tokens.push(Token::Sign(self.rest()[..length].to_owned()));
        self.at += length;
    }

    /// After a closing parenthesis: a list of values that is as the one before it is one with it, as in `values (1), (2)`.
    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let (before, list) = self.tokens.split_at(open);
        let is_list =
            list.len() > 2 && list[1..list.len() - 1].iter().all(|token| *token == Token::Value || token.is(","));
        let lists = before.strip_suffix(&[Token::Sign(",".to_owned())]).and_then(|before| before.strip_suffix(list));
        // Not the arguments of a function.
        let is_again = lists.is_some_and(|before| {
            before.last().is_none_or(|token| token.is_keyword() || matches!(token, Token::Sign(_)))
        });
        if is_list && is_again {
            self.tokens.truncate(open - 1);
        }
    }
}

/// Bytes of the number that a text starts with; none if it is a name that starts with digits, as `2023_sales` is.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count();
    let word = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
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

/// Bytes of the operator that a text starts with; a comment ends it, and so does a sign before a number.
fn operator_length(text: &str) -> usize {
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
            || matches!(c, '-' | '+' | '@' | ':' | '%') && !text.starts_with('-')
        {
            break;
        }
        end += c.len_utf8();
    }
    end
}

/// The tokens with blanks where a reader expects them, whatever stood between them.
fn written(tokens: &[Token]) -> String {
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let joins = before.is_none_or(|before| {
            before.is("(")
                || before.is(".")
                || before.is("[")
                || before.is("::")
                || match token {
                    Token::Sign(sign) => match sign.as_str() {
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
            Token::Word(word) | Token::Sign(word) => text.push_str(word),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn statements_have_the_names_that_readers_expect() {
        for (sql, expected) in [
            ("SELECT * FROM items WHERE id = $1", "select * from items where id = ?"),
            ("select  *\n from Items where ID=42 ;", "select * from items where id = ?"),
            ("SELECT \"Id\" FROM \"orders\" WHERE \"n\" = 'it''s'", "select \"Id\" from \"orders\" where \"n\" = ?"),
            ("SELECT [order id], a[1] FROM [dbo].[T]", "select [order id], a[?] from [dbo].[T]"),
            ("SELECT `a``b` FROM `t`", "select `a``b` from `t`"),
            ("SELECT 1 -- don't cache\n, 2 /* a /* b */ ' */ FROM t", "select ?, ? from t"),
            ("SELECT E'it\\'s', N'x', X'1F', u&'\\0061', $$a'b$$, $t$a$$b$t$ FROM t", "select ?, ?, ?, ?, ?, ? from t"),
            ("SELECT 'C:\\' , a FROM t", "select ?, a from t"),
            (
                "select -1, a-1, a - -1, 1.5e-3, .5, 0x1F, 1e5+2 from t12",
                "select ?, a - ?, a - ?, ?, ?, ?, ? + ? from t12",
            ),
            ("select :a, @b, %s, %(c)s, a % b, ?::int, @@rowcount", "select ?, ?, ?, ?, a % b, ?::int, @@rowcount"),
            (
                "SELECT count(*), t.* FROM t WHERE a IN (1,2, 3) AND b IN ('x')",
                "select count(*), t.* from t where a in (?) and b in (?)",
            ),
            ("INSERT INTO t(a,b) VALUES (1,2),(3,4), (5,6)", "insert into t(a, b) values (?, ?)"),
            ("INSERT INTO t (a, b) VALUES (1,2)", "insert into t(a, b) values (?, ?)"),
            ("SELECT f(1), f(2), (1), (2)", "select f(?), f(?), (?)"),
            (
                "select a::text->>'k', b || 'x' from t where c<=5 and d!=6",
                "select a::text ->> ?, b || ? from t where c <= ? and d != ?",
            ),
            (
                "select a--1\r, b from[t 1],2023_sales, 1_000, 1e5, 1. from 1e",
                "select a, b from [t 1], 2023_sales, ?, ?, ? from 1e",
            ),
            ("SELECT 'unclosed", "select ?"),
            ("select \"unclosed", "select \"unclosed"),
            ("/* ping */ -- x", ""),
            ("GET user:1234", "get user : ?"),
            ("Straße = 'ß'", "straße = ?"),
        ] {
            assert_eq!(name(sql, Dialect::Standard), expected, "{sql}");
        }
        let mysql = "SELECT \"it\\\"s\", 'a\\'b' # rest's\nFROM t";
        assert_eq!(name(mysql, Dialect::of_system("mysql")), "select ?, ? from t");
    }

    #[test]
    fn what_names_another_table_is_another_statement() {
        let of = |sql| name(sql, Dialect::Standard);
        assert_ne!(of("select * from \"orders\""), of("select * from \"customers\""));
        assert_ne!(of("select * from t1"), of("select * from t2"));
        assert_ne!(of("select * from 2023_sales"), of("select * from 2024_sales"));
        assert_ne!(of("select[a 1]"), of("select[a 2]"));
        assert_ne!(of("select 1, 2 from t"), of("select 1 from t"));
        assert_ne!(of("select \"a\""), of("select \"A\""));
    }

    proptest! {
        #[test]
        fn any_text_has_a_name(text in "[a-z0-9 '\"$(),.*/\\-\\[\\]?:@%=;éE\\\\`\n]{0,60}") {
            for dialect in [Dialect::Standard, Dialect::MySql] {
                let once = name(&text, dialect);
                prop_assert_eq!(name(&format!("{text}\n"), dialect).is_empty(), once.is_empty());
            }
        }

        #[test]
        fn layout_comments_case_and_literals_have_no_say(gaps in prop::collection::vec(0..5_usize, 13), number in any::<u32>(), text in "[a-z ,();-]*") {
            let words = ["select", "a", ".", "b", ",", "f", "(", "1", ")", "from", "t", "where", "c", "=", "'x'"];
            let expected = name(&words.join(" "), Dialect::Standard);
            let gap = [" ", "\n\t", " /* it's (1, */ ", " -- don't\n", "  "];
            let mut sql = String::new();
            for (at, word) in words.iter().enumerate() {
                sql += &word.to_uppercase().replace('1', &number.to_string()).replace('X', &text);
                sql += gap[gaps.get(at).copied().unwrap_or_default()];
            }
            prop_assert_eq!(name(&sql, Dialect::Standard), expected);
        }
    }
}
