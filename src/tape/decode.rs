//! Lines of a tape to samples: a fast path for the canonical line, and a JSON parser for every other legal one.

use serde::Deserialize;

use crate::residual::{Class, StreamBuilder};
use crate::store::without_place;

/// The samples of a block of whole lines.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) samples: StreamBuilder,
    /// Lines seen, blank ones included.
    pub(super) lines: u64,
    /// The first line that is no sample, from 1 within the block, and why; nothing behind it was decoded.
    pub(super) bad: Option<BadLine>,
}

/// A line that is not a sample.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) column: Option<u64>,
    pub(super) problem: String,
}

/// Decodes a block of whole lines.
pub(super) fn decode(block: &[u8]) -> Decoded {
    // A canonical line has about 80 bytes; a wrong guess costs a reallocation.
    let mut decoded = Decoded { samples: StreamBuilder::with_capacity(block.len() / 64), ..Decoded::default() };
    let mut rest = block;
    while !rest.is_empty() {
        decoded.lines += 1;
        rest = match canonical(rest, &mut decoded.samples) {
            Some(next) => next,
            None => match other(rest, &mut decoded.samples) {
                Ok(next) => next,
                Err((column, problem)) => {
                    decoded.bad = Some(BadLine { line: decoded.lines, column, problem });
                    return decoded;
                }
            },
        };
    }
    decoded
}

/// Takes one canonical line off `text` and appends its sample; `None`, with nothing appended, if it is not one.
fn canonical<'a>(text: &'a [u8], samples: &mut StreamBuilder) -> Option<&'a [u8]> {
    let rest = text.strip_prefix(b"{\"t\":")?;
    let (t, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",\"class\":\"")?;
    let (class, rest) = class(rest)?;
    let rest = rest.strip_prefix(b"\",\"value\":")?;
    let (value, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",\"channel\":")?;
    let (channel, rest) = match rest.strip_prefix(b"\"") {
        Some(rest) => {
            // Control characters, the line feed among them, and escapes are the other path's business.
            let end = rest.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20)?;
            let (name, rest) = rest.split_at(end);
            let rest = rest.strip_prefix(b"\"")?;
            let id = match samples.known_channel(name) {
                Some(id) => id,
                None => samples.channel(std::str::from_utf8(name).ok()?),
            };
            (Some(id), rest)
        }
        None => (None, rest.strip_prefix(b"null")?),
    };
    let rest = rest.strip_prefix(b"}")?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(b"\n")? };
    samples.push_id(t, class, value, channel).ok()?;
    Some(rest)
}

fn class(text: &[u8]) -> Option<(Class, &[u8])> {
    Class::ALL.into_iter().find_map(|class| Some((class, text.strip_prefix(class.name().as_bytes())?)))
}

/// Powers of ten that are exact in binary64.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Moves `at` over a run of digits, appends them to `mantissa`, and returns how many there were.
fn digits(text: &[u8], at: &mut usize, mantissa: &mut u64) -> usize {
    let start = *at;
    while let Some(digit) = text.get(*at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        // Wraps only for more than 19 digits, which are not taken from here.
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
    *at - start
}

/// A JSON number, correctly rounded, and what follows it; `None` if the text is not JSON's number grammar.
fn number(text: &[u8]) -> Option<(f64, &[u8])> {
    let negative = text.first() == Some(&b'-');
    let mut at = usize::from(negative);
    let mut mantissa = 0_u64;
    let start = at;
    let whole = digits(text, &mut at, &mut mantissa);
    if whole == 0 || (whole > 1 && text[start] == b'0') {
        return None;
    }
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(text, &mut at, &mut mantissa);
        if fraction == 0 {
            return None;
        }
    }
    let plain = !matches!(text.get(at), Some(b'e' | b'E'));
    // Clinger's fast path: both operands are exact, so the one division rounds correctly.
    if plain && whole + fraction <= 19 && mantissa <= 1 << 53 && fraction < EXACT_POWERS.len() {
        let value = mantissa as f64 / EXACT_POWERS[fraction];
        return Some((if negative { -value } else { value }, &text[at..]));
    }
    if !plain {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        if digits(text, &mut at, &mut mantissa) == 0 {
            return None;
        }
    }
    let value = fast_float2::parse::<f64, _>(&text[..at]).ok()?;
    Some((value, &text[at..]))
}

/// A line in any legal JSON.
#[derive(Deserialize)]
struct Line {
    t: f64,
    class: Class,
    value: f64,
    #[serde(default)]
    channel: Option<String>,
}

type Problem = (Option<u64>, String);

/// Takes one line off `text` by the rules of JSON and appends its sample; a blank line has none.
fn other<'a>(text: &'a [u8], samples: &mut StreamBuilder) -> Result<&'a [u8], Problem> {
    // A carriage return belongs to the line's end only where a line feed follows, as for the published reader.
    let (line, rest) = match memchr::memchr(b'\n', text) {
        Some(end) => (text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]), &text[end + 1..]),
        None => (text, &[][..]),
    };
    if line.is_empty() {
        return Ok(rest);
    }
    let line = std::str::from_utf8(line)
        .map_err(|error| (Some(error.valid_up_to() as u64 + 1), "the line is not UTF-8".to_owned()))?;
    let sample: Line = serde_json::from_str(line).map_err(|error| {
        let problem = without_place(&error.to_string(), error.line(), error.column());
        (Some(error.column() as u64), format!("the line is not a sample: {problem}"))
    })?;
    let channel = sample.channel.map(|name| samples.channel(&name));
    samples.push_id(sample.t, sample.class, sample.value, channel).map_err(|error| (None, error.to_string()))?;
    Ok(rest)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
