//! How long the tokens are that a text may start with.

use std::borrow::Cow;

use super::dialect::Rules;

/// Bytes of the comment that a text starts with, and of those in it; none if they are not all closed.
pub(super) fn nested_length(text: &str) -> Option<usize> {
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
pub(super) fn is_tripled(text: &str) -> bool {
    text.starts_with("'''") || text.starts_with("\"\"\"")
}

/// Bytes of a literal like `q'[it's]'` or `nq'!it's!'` at the start of a text.
pub(super) fn q_quoted_length(text: &str) -> Option<usize> {
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
pub(super) fn number_length(text: &str) -> Option<usize> {
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
pub(super) fn named_parameter(text: &str) -> Option<usize> {
    let name = text.strip_prefix("%(")?;
    let end = name.find(|c: char| !is_word(c))?;
    name[end..].starts_with(")s").then_some(end + 4)
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The bytes of the word that a text starts with.
pub(super) fn word_length(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let plain = text.bytes().take_while(is_plain).count();
    // Most words are of ASCII alone.
    if text.as_bytes().get(plain).is_none_or(u8::is_ascii) {
        return plain;
    }
    text[plain..].find(|c: char| !is_word(c)).map_or(text.len(), |end| plain + end)
}

/// A word in lower case; most are already.
pub(super) fn lower_case(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        word.into()
    } else {
        word.to_lowercase().into()
    }
}

/// Bytes of the operator that a text starts with; a comment ends it, and so does a sign before a number.
pub(super) fn operator_length(text: &str, rules: &Rules) -> usize {
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
