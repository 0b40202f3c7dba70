//! The canonical line of a tape. Its bytes are hashed: see [`crate::tape::FORMAT`] before changing anything here.

use crate::residual::{Class, Sample, number};

/// Writes lines, each of which may begin as the one before: samples of many channels at one time do.
#[derive(Default)]
pub(super) struct LineEncoder {
    /// The bits of the last time, and its class.
    last: Option<(u64, Class)>,
    /// How the last line begins, up to its value.
    start: Vec<u8>,
}

impl LineEncoder {
    /// Appends the canonical line of a sample, line feed included. Time and value must be finite.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, sample: &Sample<'_>) {
        let now = (sample.t.to_bits(), sample.class);
        if self.last != Some(now) {
            self.last = Some(now);
            self.start.clear();
            write_start(&mut self.start, sample);
        }
        out.extend_from_slice(&self.start);
        write_end(out, sample);
    }
}

fn write_start(out: &mut Vec<u8>, sample: &Sample<'_>) {
    out.extend_from_slice(b"{\"t\":");
    number::write_tape(out, sample.t);
    out.extend_from_slice(b",\"class\":\"");
    out.extend_from_slice(sample.class.name().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
}

fn write_end(out: &mut Vec<u8>, sample: &Sample<'_>) {
    number::write_tape(out, sample.value);
    out.extend_from_slice(b",\"channel\":");
    match sample.channel {
        Some(channel) => write_string(out, channel),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b"}\n");
}

/// A JSON string in which only what JSON requires is escaped.
fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    // Most names need no escape, and are copied as they are.
    let is_escaped = |byte: u8| matches!(byte, b'"' | b'\\' | 0x00..=0x1f);
    if !text.bytes().fold(false, |found, byte| found | is_escaped(byte)) {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn lines_are_spelled_as_the_format_says() {
        let cases = [
            (None, r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":null}"#),
            (Some(""), r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":""}"#),
            (Some("a/b é 日本"), r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":"a/b é 日本"}"#),
            (
                Some("\"\\\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}"),
                "{\"t\":1.5,\"class\":\"CacheIo\",\"value\":-0.25,\"channel\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\u{7f}\"}",
            ),
        ];
        for (channel, expected) in cases {
            let mut out = Vec::new();
            LineEncoder::default().write(&mut out, &Sample { t: 1.5, class: Class::CacheIo, value: -0.25, channel });
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
        }
    }

    #[test]
    fn lines_one_after_the_other_are_those_of_each_sample_alone() {
        let times = [1.5, 1.5, 1.5, 0.0, -0.0, 2.0];
        let classes = [Class::CacheIo, Class::CacheIo, Class::Contention];
        let samples = times.iter().zip(classes.iter().cycle()).map(|(t, class)| Sample {
            t: *t,
            class: *class,
            value: 0.25,
            channel: Some("a"),
        });
        let (mut lines, mut together, mut alone) = (LineEncoder::default(), Vec::new(), Vec::new());
        for sample in samples {
            lines.write(&mut together, &sample);
            LineEncoder::default().write(&mut alone, &sample);
        }
        assert_eq!(String::from_utf8(together).unwrap(), String::from_utf8(alone).unwrap());
    }
}
