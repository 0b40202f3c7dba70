//! What a statement is made up of.

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

/// A part of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A literal or a parameter.
    Value,
    /// A name or a keyword.
    Word(String),
    /// Punctuation.
    Sign(String),
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self, Self::Word(own) | Self::Sign(own) if own == text)
    }

    pub(super) fn is_keyword(&self) -> bool {
        matches!(self, Self::Word(word) if KEYWORDS.contains(&word.as_str()))
    }

    /// Whether a value ends here, so that a sign behind it is an operation.
    pub(super) fn ends_value(&self) -> bool {
        match self {
            Self::Value => true,
            Self::Word(_) => !self.is_keyword(),
            Self::Sign(sign) => sign == ")" || sign == "]",
        }
    }
}

/// The tokens with blanks where a reader expects them, whatever stood between them.
pub(super) fn written(tokens: &[Token]) -> String {
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
