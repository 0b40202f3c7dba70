//! Lines of a tape to samples: a fast path for the canonical line, and a JSON parser for every other legal one.

use serde::Deserialize;

use super::decimal::number;
use super::problem::LineProblem;
use crate::diagnostics::problem_of_parser;
use crate::residual::{ChannelId, Class, StreamBuilder};

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
#[derive(Debug, PartialEq)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) column: Option<u64>,
    pub(super) problem: LineProblem,
}

/// Decodes a block of whole lines.
pub(super) fn decode(block: &[u8]) -> Decoded {
    // A canonical line has about 80 bytes; a wrong guess costs a reallocation.
    let mut decoded = Decoded { samples: StreamBuilder::with_capacity(block.len() / 64), ..Decoded::default() };
    let mut order = ChannelOrder::default();
    let mut rest = block;
    while !rest.is_empty() {
        decoded.lines += 1;
        rest = match canonical(rest, &mut decoded.samples, &mut order) {
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
fn canonical<'a>(text: &'a [u8], samples: &mut StreamBuilder, order: &mut ChannelOrder) -> Option<&'a [u8]> {
    let rest = text.strip_prefix(b"{\"t\":")?;
    let (t, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",\"class\":\"")?;
    let (class, rest) = class(rest)?;
    let rest = rest.strip_prefix(b"\",\"value\":")?;
    let (value, rest) = number(rest)?;
    let rest = rest.strip_prefix(b",\"channel\":")?;
    let (channel, rest) = match rest.strip_prefix(b"\"") {
        Some(rest) => {
            let (id, rest) = order.channel(rest, samples)?;
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
    // The fourth letter tells the names apart.
    let class = Class::ALL.into_iter().find(|class| class.name().as_bytes().get(3) == text.get(3))?;
    Some((class, text.strip_prefix(class.name().as_bytes())?))
}

/// Which channel came after which: most tapes go round their channels in turn, so that a name is usually the one before, or
/// the one that followed it last time, and need not be looked up.
#[derive(Default)]
struct ChannelOrder {
    last: Option<ChannelId>,
    /// By channel: the other one that followed it last.
    followers: Vec<Option<ChannelId>>,
}

impl ChannelOrder {
    /// Takes a channel's name and the closing quote off `text`. A name with an escape is the other path's business and
    /// never remembered here, so that what is compared with the text is spelled as it is.
    fn channel<'a>(&mut self, text: &'a [u8], samples: &mut StreamBuilder) -> Option<(ChannelId, &'a [u8])> {
        let follower = self.last.and_then(|last| *self.followers.get(last.index())?);
        for expected in [self.last, follower].into_iter().flatten() {
            let name = samples.channel_name(expected).as_bytes();
            if let Some(rest) = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"\"")) {
                self.last = Some(expected);
                return Some((expected, rest));
            }
        }
        // Control characters, the line feed among them, are the other path's business, too.
        let end = text.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20)?;
        let (name, rest) = text.split_at(end);
        let rest = rest.strip_prefix(b"\"")?;
        let id = match samples.known_channel(name) {
            Some(id) => id,
            None => samples.channel(std::str::from_utf8(name).ok()?),
        };
        if let Some(last) = self.last.replace(id) {
            if self.followers.len() <= last.index() {
                self.followers.resize(last.index() + 1, None);
            }
            self.followers[last.index()] = Some(id);
        }
        Some((id, rest))
    }
}

/// A line in any legal JSON.
#[derive(Deserialize)]
struct SampleLine {
    t: f64,
    class: Class,
    value: f64,
    #[serde(default)]
    channel: Option<String>,
}

type Problem = (Option<u64>, LineProblem);

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
    let line =
        std::str::from_utf8(line).map_err(|error| (Some(error.valid_up_to() as u64 + 1), LineProblem::NotUtf8))?;
    let sample: SampleLine = serde_json::from_str(line).map_err(|error| {
        let problem = problem_of_parser(&error.to_string(), error.line(), error.column());
        (Some(error.column() as u64), LineProblem::NotSample(problem))
    })?;
    let channel = sample.channel.map(|name| samples.channel(&name));
    samples.push_id(sample.t, sample.class, sample.value, channel).map_err(|error| (None, error.into()))?;
    Ok(rest)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
