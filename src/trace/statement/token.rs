//! What a statement is made up of.

use std::borrow::Cow;

/// Words behind which a value or a parenthesis may come, so that a sign there belongs to a number; sorted.
pub(super) const KEYWORDS: [&str; 40] = [
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
pub(super) enum Token<'a> {
    /// A literal or a parameter.
    Value,
    /// A name or a keyword.
    Word(Cow<'a, str>),
    /// Punctuation.
    Sign(&'a str),
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Self::Value => false,
            Self::Word(own) => own == text,
            Self::Sign(own) => *own == text,
        }
    }

    pub(super) fn is_keyword(&self) -> bool {
        matches!(self, Self::Word(word) if KEYWORDS.binary_search(&word.as_ref()).is_ok())
    }

    /// Whether a value ends here, so that a sign behind it is an operation.
    pub(super) fn ends_value(&self) -> bool {
        match self {
            Self::Value => true,
            Self::Word(_) => !self.is_keyword(),
            Self::Sign(sign) => matches!(*sign, ")" | "]"),
        }
    }
}

/// The tokens with blanks where a reader expects them, whatever stood between them.
pub(super) fn written(tokens: &[Token<'_>]) -> String {
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
